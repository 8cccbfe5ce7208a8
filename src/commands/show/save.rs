//! Writes attachments into a directory (E2): under safe names, and never over anything.

use crate::desk::FiledMessage;
use crate::error::{self, Fault, Status};
use crate::privilege;
use crate::screen;
use anyhow::{Context, Result};
use mail::decode::clean;
use mail::render::{self, Attachment};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Any file system takes a name of this many bytes, with a number added to it.
const LONGEST: usize = 200;

/// Writes what is attached to messages into the directory `path`, and says where. `show` is the command that shows their
/// ticket.
///
/// # Errors
/// As for [`Folder::open`]; and a file cannot be written.
pub(super) fn all(path: &Path, show: &str, messages: &[FiledMessage]) -> Result<()> {
    let begun = Folder::open(path);
    let saved = begun.and_then(|mut folder| {
        for message in messages {
            folder.save(message)?;
        }
        Ok(folder)
    });
    // Root works as the desk's user, who may write in few places, and whose files others may not read.
    let became = privilege::became();
    match (saved, became) {
        (Ok(folder), _) if folder.files == 0 => screen::remark("nothing is attached"),
        (Ok(folder), Some(user)) if folder.is_new => {
            let dir = clean(&path.display().to_string());
            let way = way_out(show, messages);
            screen::remark(format_args!("{dir} is open to {user} alone; {way}"));
        }
        (Ok(_), _) => {}
        (Err(why), Some(user)) if error::is_denied(&why) => {
            let fault = Fault::new(Status::NoPerm, error::line(&why));
            let way = way_out(show, messages);
            let hint = format!("{way}; DIR needs to be one in which {user} may write");
            return Err(fault.hint(hint).into());
        }
        (Err(why), _) => return Err(why),
    }
    Ok(())
}

/// How root gets at what is attached, where the desk's user gets nothing to its place.
fn way_out(show: &str, messages: &[FiledMessage]) -> String {
    let first = messages.iter().find_map(|message| {
        let mut number = None;
        render::attached(&message.decode().ok()?.raw, &mut |attachment, _| {
            number = Some(attachment.number);
            false
        });
        Some(format!("{}.{}", message.number, number?))
    });
    let part = first.unwrap_or_else(|| "MESSAGE.PART".into());
    format!("`{show} --part {part} >FILE` writes where you may")
}

/// A directory that attachments are written into.
struct Folder {
    path: PathBuf,
    /// Held open, so that all files come into one directory, whatever its path means meanwhile.
    dir: File,
    /// For each name that was taken, the last number that was added to it.
    taken: HashMap<String, u32>,
    /// How many files were written.
    files: usize,
    /// It was made for them.
    is_new: bool,
    /// Standard output takes no more.
    unheard: bool,
}

impl Folder {
    /// Opens the directory; makes it if it does not exist.
    ///
    /// # Errors
    /// Status 66 if the directory above it does not exist, or if it is no directory; 77 without the
    /// permission.
    fn open(path: &Path) -> Result<Folder> {
        let shown = clean(&path.display().to_string());
        let fault = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                let text = format!("cannot save to {shown}: {e}");
                Fault::new(Status::NoInput, text).into()
            }
            _ => anyhow::Error::new(e).context(format!("cannot save to {shown}")),
        };
        let is_new = match fs::create_dir(path) {
            Ok(()) => true,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => false,
            Err(e) => return Err(fault(e)),
        };
        let dir = File::open(path).map_err(fault)?;
        if !dir.metadata().map_err(fault)?.is_dir() {
            return Err(fault(Errno::ENOTDIR.into()));
        }
        Ok(Folder {
            path: path.to_owned(),
            dir,
            taken: HashMap::new(),
            files: 0,
            is_new,
            unheard: false,
        })
    }

    /// Writes what is attached to a message, and says where.
    fn save(&mut self, message: &FiledMessage) -> Result<()> {
        let raw = message.decode()?.raw;
        let mut result = Ok(());
        render::attached(&raw, &mut |attachment, bytes| {
            result = self.write(message.number, attachment, bytes);
            result.is_ok()
        });
        result
    }

    fn write(&mut self, message: usize, attachment: &Attachment, bytes: &[u8]) -> Result<()> {
        let part = format!("{message}.{}", attachment.number);
        let name = match &attachment.name {
            Some(name) => short(&clean(name)),
            None => format!("part-{part}"),
        };
        let (name, mut file) = self.create(name)?;
        let path = clean(&self.path.join(&name).display().to_string());
        if let Err(e) = file.write_all(bytes) {
            // Half an attachment under its name would be taken for the whole.
            let _ = unlinkat(&self.dir, name.as_str(), UnlinkatFlags::NoRemoveDir);
            return Err(e).with_context(|| format!("cannot write {path}"));
        }
        self.files += 1;
        let size = screen::size(attachment.size);
        // The remaining files are written even if nobody reads the list any more.
        if !self.unheard {
            let mime = clean(&attachment.mime);
            let said = screen::say(format_args!("{part}: {path}, {mime}, {size}"));
            self.unheard = said.is_err();
        }
        Ok(())
    }

    /// A new file of that name, or of one made from it if it is taken. No link is followed.
    fn create(&mut self, wanted: String) -> Result<(String, File)> {
        let flags =
            OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        // The umask decides who may read it.
        let mode = Mode::from_bits_truncate(0o666);
        let mut name = wanted.clone();
        loop {
            match openat(&self.dir, name.as_str(), flags, mode) {
                Ok(file) => return Ok((name, File::from(file))),
                Err(Errno::EEXIST) => {
                    let number = self.taken.entry(wanted.clone()).or_insert(1);
                    *number += 1;
                    name = numbered(&wanted, *number);
                }
                Err(e) => {
                    let path = clean(&self.path.join(&name).display().to_string());
                    let error = anyhow::Error::new(std::io::Error::from(e));
                    return Err(error.context(format!("cannot write {path}")));
                }
            }
        }
    }
}

/// `bill.pdf` as `bill-2.pdf`.
fn numbered(name: &str, number: u32) -> String {
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => format!("{stem}-{number}.{end}"),
        _ => format!("{name}-{number}"),
    }
}

/// `name` in at most [`LONGEST`] bytes. Its end stays, which says what kind of file it is.
fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let start = (0..=LONGEST - 40)
        .rev()
        .find(|&at| name.is_char_boundary(at));
    let end = (name.len() - 39..name.len()).find(|&at| name.is_char_boundary(at));
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(name.len()));
    format!("{}~{}", &name[..start], &name[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_are_told_apart() {
        let table = [
            ("bill.pdf", "bill-2.pdf"),
            ("README", "README-2"),
            ("a.tar.gz", "a.tar-2.gz"),
            ("_bashrc", "_bashrc-2"),
        ];
        for (name, want) in table {
            assert_eq!(numbered(name, 2), want);
            assert_eq!(short(name), name);
        }
        let long = format!("{}.pdf", "\u{1f5a8}".repeat(116));
        let short = short(&long);
        assert!(
            short.len() <= LONGEST && short.ends_with("\u{1f5a8}.pdf"),
            "{short}"
        );
        assert!(
            short.starts_with("\u{1f5a8}") && short.contains('~'),
            "{short}"
        );
    }
}
