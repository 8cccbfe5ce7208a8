//! Mailboxes that an export writes: they appear whole or not at all, so that nobody takes half of one
//! for a backup. What is there already is never overwritten.

use crate::files::sync_directory;
use crate::store::Store;
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use crate::parts::archive::exported::Exported;
use anyhow::{Context, Result};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// A mailbox that is being written.
#[derive(Debug)]
pub enum Target {
    /// An mbox on standard output.
    Stdout(BufWriter<io::Stdout>),
    /// An mbox, which gets its name when it is complete.
    Mbox(BufWriter<NamedTempFile>, PathBuf),
    /// The same for a Maildir.
    Maildir(TempDir, PathBuf),
}

impl Target {
    /// An mbox at `path`; `-` is standard output.
    ///
    /// # Errors
    /// Something is there already.
    pub fn mbox(path: &Path, store: &Store) -> Result<Target> {
        if path == Path::new("-") {
            return Ok(Target::Stdout(BufWriter::new(io::stdout())));
        }
        if path.symlink_metadata().is_ok() {
            return Err(exists(path, "there is such a file already"));
        }
        let doing = || format!("cannot create {}", path.display());
        let file = tempfile::Builder::new()
            .prefix(".export.")
            .tempfile_in(place_for(path, store)?)
            .with_context(doing)?;
        Ok(Target::Mbox(BufWriter::new(file), path.to_owned()))
    }

    /// A Maildir at `path`, which may be an empty directory.
    ///
    /// # Errors
    /// Something is there already.
    pub fn maildir(path: &Path, store: &Store) -> Result<Target> {
        let doing = || format!("cannot create {}", path.display());
        match fs::read_dir(path).map(Iterator::count) {
            Ok(1..) => return Err(exists(path, "the directory is not empty")),
            Err(_) if path.symlink_metadata().is_ok() => {
                return Err(exists(path, "there is such a file already"));
            }
            Ok(_) | Err(_) => {}
        }
        let dir = tempfile::Builder::new()
            .prefix(".export.")
            .tempdir_in(place_for(path, store)?)
            .with_context(doing)?;
        for part in ["cur", "new", "tmp"] {
            let mut part_dir = DirBuilder::new();
            let created = part_dir.mode(0o700).create(dir.path().join(part));
            created.with_context(doing)?;
        }
        Ok(Target::Maildir(dir, path.to_owned()))
    }

    /// Adds a message; `name` tells it from all others.
    pub fn add(&mut self, message: &Exported, name: &str) -> Result<()> {
        match self {
            Target::Stdout(out) => write_entry(out, message).context(STDOUT),
            Target::Mbox(out, path) => write_entry(out, message)
                .with_context(|| format!("cannot write {}", path.display())),
            Target::Maildir(dir, path) => {
                // Read already: nobody is told of new mail.
                let file = format!("cur/{}.{name}:2,S", message.at.max(0));
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

    /// Makes what was written last, and gives it its name.
    pub fn finish(self) -> Result<()> {
        match self {
            Target::Stdout(mut out) => out.flush().context(STDOUT),
            Target::Mbox(out, path) => {
                let doing = || format!("cannot write {}", path.display());
                let file = out.into_inner().map_err(io::IntoInnerError::into_error);
                let file = file.with_context(doing)?;
                file.as_file().sync_all().with_context(doing)?;
                match file.persist_noclobber(&path) {
                    Ok(_) => sync_directory(directory_of(&path)),
                    Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                        Err(exists(&path, "there is such a file already"))
                    }
                    Err(e) => Err(e.error).with_context(doing),
                }
            }
            Target::Maildir(dir, path) => {
                let doing = || format!("cannot write {}", path.display());
                let all = File::open(dir.path()).with_context(doing)?;
                let synced = nix::unistd::syncfs(&all).map_err(io::Error::from);
                synced.with_context(doing)?;
                // Only an empty directory gives way.
                fs::rename(dir.path(), &path).with_context(doing)?;
                let _ = dir.keep();
                sync_directory(directory_of(&path))
            }
        }
    }
}

const STDOUT: &str = "cannot write standard output";

/// The directory in which `path` is to appear.
fn place_for<'p>(path: &'p Path, store: &Store) -> Result<&'p Path> {
    let dir = directory_of(path);
    if !dir.is_dir() {
        let text = format!("cannot export to {}: there is no directory", path.display());
        let fault = Fault::new(Status::Usage, format!("{text} {}", dir.display()));
        return Err(fault.hint(format!("mkdir -p {}", dir.display())).into());
    }
    let number = path.file_name().and_then(|name| name.to_str());
    let number = number.filter(|name| name.parse::<TicketId>().is_ok());
    let same = |other: &Path| fs::canonicalize(dir).ok() == fs::canonicalize(other).ok();
    let root = store.root();
    match number {
        Some(_) if same(root) || same(&root.join("archived")) => {
            Err(exists(path, "it would be a ticket"))
        }
        _ => Ok(dir),
    }
}

fn write_entry(out: &mut impl Write, message: &Exported) -> io::Result<()> {
    out.write_all(&message.from_line)?;
    out.write_all(b"\n")?;
    out.write_all(&message.content)?;
    out.write_all(b"\n")
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

fn exists(path: &Path, why: &str) -> anyhow::Error {
    let text = format!("cannot export to {}: {why}", path.display());
    let fault = Fault::new(Status::Usage, text);
    fault.hint("remove it first, or give another name").into()
}
