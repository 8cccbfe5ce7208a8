//! The mailbox that an export writes. It appears whole or not at all, so that half
//! of one is never taken for a backup. It may take the place of an export of before, of nothing else.

use super::entry::ExportedEntry;
use super::place::{
    cannot_create, directory_for, directory_of, named, refused, remove_leftovers, unfinished,
};
use super::replaced::{Whole, is_our_maildir, is_our_mbox};
use crate::error::{Fault, Status};
use crate::files::sync_directory;
use crate::screen::RawOutput;
use crate::store::Store;
use anyhow::{Context, Result};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// A mailbox that is being written.
#[derive(Debug)]
pub(crate) enum OutputMailbox {
    /// An mbox on standard output.
    Stdout(BufWriter<io::Stdout>, RawOutput),
    /// An mbox, which gets its name when it is complete, and the desk of whose export it takes that.
    Mbox(BufWriter<NamedTempFile>, PathBuf, Option<String>),
    /// A Maildir, likewise, and the lock of whoever writes it.
    Maildir(TempDir, File, PathBuf, Option<String>),
}

impl OutputMailbox {
    /// An mbox at `path`; `-` is standard output. It may take the place of an export of the
    /// desk `again`.
    ///
    /// # Errors
    /// Status 64 if the path exists, lies in no directory, or would be that of a ticket.
    pub(crate) fn mbox(path: &Path, store: &Store, again: Option<&str>) -> Result<OutputMailbox> {
        if path == Path::new("-") {
            return Ok(OutputMailbox::Stdout(
                BufWriter::new(io::stdout()),
                RawOutput::new("tickets export --mbox -"),
            ));
        }
        let path = &named(path)?;
        let doing = || format!("cannot create {}", path.display());
        let dir = directory_for(path, store)?;
        let there = path.symlink_metadata().is_ok();
        let ours = || again.map_or(Ok(false), |desk| is_our_mbox(path, desk, Whole::Yes));
        if there && !ours().with_context(doing)? {
            return Err(refused(path, "there is such a file already"));
        }
        if let Some(desk) = again {
            remove_leftovers(path, desk);
        }
        let file =
            unfinished(path, |names| names.tempfile_in(dir)).map_err(|e| cannot_create(path, e))?;
        // So it is no leftover. Nobody else knows it.
        let _ = file.as_file().try_lock();
        let file = BufWriter::new(file);
        let replaces = again.filter(|_| there).map(str::to_owned);
        Ok(OutputMailbox::Mbox(file, path.to_owned(), replaces))
    }

    /// A Maildir at `path`, which may be an empty directory. It may take the place of an export of the
    /// desk `again`.
    ///
    /// # Errors
    /// As for [`OutputMailbox::mbox`].
    pub(crate) fn maildir(
        path: &Path,
        store: &Store,
        again: Option<&str>,
    ) -> Result<OutputMailbox> {
        let path = &named(path)?;
        let doing = || format!("cannot create {}", path.display());
        let parent = directory_for(path, store)?;
        if path.is_symlink() {
            return Err(refused(path, "it is a link"));
        }
        let ours = || again.map_or(Ok(false), |desk| is_our_maildir(path, desk, Whole::Yes));
        let mut replaces = None;
        match fs::read_dir(path).map(Iterator::count) {
            Ok(1..) if ours().with_context(doing)? => replaces = again.map(str::to_owned),
            Ok(1..) => return Err(refused(path, "the directory is not empty")),
            Err(_) if path.symlink_metadata().is_ok() => {
                return Err(refused(path, "there is such a file already"));
            }
            Ok(_) | Err(_) => {}
        }
        if let Some(desk) = again {
            remove_leftovers(path, desk);
        }
        let own = fs::Permissions::from_mode(0o700);
        let dir = unfinished(path, |names| names.permissions(own).tempdir_in(parent))
            .map_err(|e| cannot_create(path, e))?;
        // So it is no leftover. Nobody else knows it.
        let lock = File::open(dir.path()).with_context(doing)?;
        let _ = lock.try_lock();
        for part in ["cur", "new", "tmp"] {
            let mut part_dir = DirBuilder::new();
            let created = part_dir.mode(0o700).create(dir.path().join(part));
            created.with_context(doing)?;
        }
        Ok(OutputMailbox::Maildir(dir, lock, path.to_owned(), replaces))
    }

    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, OutputMailbox::Stdout(..))
    }

    pub(crate) fn add(&mut self, message: &ExportedEntry) -> Result<()> {
        match self {
            OutputMailbox::Stdout(out, raw) => {
                raw.check(&message.from_line)?;
                raw.check(&message.content)?;
                write_entry(out, message).context(STDOUT)
            }
            OutputMailbox::Mbox(out, path, _) => write_entry(out, message)
                .with_context(|| format!("cannot write {}", path.display())),
            OutputMailbox::Maildir(dir, _, path, _) => {
                // Marked as read, so that no mail program announces new mail.
                let file = format!("cur/{}.{}:2,S", message.at.max(0), message.name);
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(dir.path().join(file))
                    .and_then(|mut file| file.write_all(&message.content))
                    .with_context(|| format!("cannot write {}", path.display()))
            }
        }
    }

    /// Makes sure that no backup with mail in it is given up for an empty one.
    ///
    /// # Errors
    /// Status 66: it would be.
    pub(crate) fn expect_messages(&self, messages: usize) -> Result<()> {
        match self {
            OutputMailbox::Mbox(_, path, Some(_)) | OutputMailbox::Maildir(_, _, path, Some(_))
                if messages == 0 =>
            {
                let path = path.display();
                let text = format!(
                    "cannot export to {path}: the store has no messages, and what is there has"
                );
                let hint = "`tickets check` says which store it is";
                Err(Fault::new(Status::NoInput, text).hint(hint).into())
            }
            _ => Ok(()),
        }
    }

    /// Syncs the mailbox to the disk, and then gives it its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            OutputMailbox::Stdout(mut out, _) => out.flush().context(STDOUT),
            OutputMailbox::Mbox(out, path, replaces) => {
                let doing = || format!("cannot write {}", path.display());
                let file = out.into_inner().map_err(io::IntoInnerError::into_error);
                let mut file = file.with_context(doing)?;
                file.as_file().sync_all().with_context(doing)?;
                if let Some(desk) = replaces {
                    let made = file.path().to_owned();
                    let is_ours = |was: &Path| is_our_mbox(was, &desk, Whole::Yes);
                    exchange(&made, &path, is_ours, &mut |on| file.disable_cleanup(!on))?;
                    // What has its name now is the export of before.
                    return file.close().context("cannot remove the export of before");
                }
                match file.persist_noclobber(&path) {
                    Ok(_) => sync_directory(directory_of(&path)),
                    Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(refused(&path, "there is such a file already"))
                    }
                    Err(e) => Err(e.error).with_context(doing),
                }
            }
            OutputMailbox::Maildir(mut dir, all, path, replaces) => {
                let doing = || format!("cannot write {}", path.display());
                let synced = nix::unistd::syncfs(&all).map_err(io::Error::from);
                synced.with_context(doing)?;
                if let Some(desk) = replaces {
                    let made = dir.path().to_owned();
                    let is_ours = |was: &Path| is_our_maildir(was, &desk, Whole::Yes);
                    exchange(&made, &path, is_ours, &mut |on| dir.disable_cleanup(!on))?;
                    return dir.close().context("cannot remove the export of before");
                }
                // rename(2) replaces nothing but an empty directory.
                fs::rename(dir.path(), &path).with_context(doing)?;
                let _ = dir.keep();
                sync_directory(directory_of(&path))
            }
        }
    }
}

/// Gives `made` the name `path`, at no moment of which there is nothing, and what was there the name of `made`, unless
/// something else has come there since it was looked at: a mail, say, which is not lost then.
/// `removes` says whether what is at `made` may be removed, whatever happens.
fn exchange(
    made: &Path,
    path: &Path,
    is_ours: impl FnOnce(&Path) -> io::Result<bool>,
    removes: &mut dyn FnMut(bool),
) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    let swap = || {
        let flags = RenameFlags::RENAME_EXCHANGE;
        renameat2(AT_FDCWD, made, AT_FDCWD, path, flags).with_context(doing)
    };
    // Whoever may read the one of before may read this one.
    let mode = fs::metadata(path).with_context(doing)?.permissions();
    fs::set_permissions(made, mode).with_context(doing)?;
    swap()?;
    removes(false);
    sync_directory(directory_of(path))?;
    match is_ours(made) {
        Ok(true) => {
            removes(true);
            Ok(())
        }
        other => {
            swap()?;
            removes(true);
            sync_directory(directory_of(path))?;
            other.with_context(doing)?;
            Err(refused(
                path,
                "something else came there while it was written",
            ))
        }
    }
}

const STDOUT: &str = "cannot write standard output";

/// Writes an entry of an mbox, with the empty line behind it.
pub(crate) fn write_entry(
    out: &mut (impl Write + ?Sized),
    message: &ExportedEntry,
) -> io::Result<()> {
    out.write_all(&message.from_line)?;
    out.write_all(b"\n")?;
    out.write_all(&message.content)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3: what came while an export was written is not lost with the one of before.
    #[test]
    fn what_came_meanwhile_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (made, path) = (dir.path().join("made"), dir.path().join("night"));
        for ours in [true, false] {
            fs::write(&made, "new").unwrap();
            fs::write(&path, "old").unwrap();
            let mut may_go = Vec::new();
            let is_ours = |was: &Path| {
                assert_eq!(fs::read_to_string(was)?, "old");
                Ok(ours)
            };
            let done = exchange(&made, &path, is_ours, &mut |on| may_go.push(on));
            assert_eq!((done.is_ok(), &may_go[..]), (ours, &[false, true][..]));
            let (there, aside) = if ours { ("new", "old") } else { ("old", "new") };
            assert_eq!(fs::read_to_string(&path).unwrap(), there);
            assert_eq!(fs::read_to_string(&made).unwrap(), aside);
        }
    }
}
