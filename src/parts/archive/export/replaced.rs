//! What an export may take the place of: an export of this desk, and nothing else. So a backup can be made every night
//! at the same place.

use crate::parts::archive::mark;
use mail::entry::EXPORT_MARK;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Result};
use std::path::Path;

/// The longest line that is looked at; a From_ line and those of the mark are much shorter.
const LINE: u64 = 4096;

/// Whether an export has to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    /// It may have been cut off, even before the first message.
    No,
}

/// True if every entry of the mbox is one that the desk of this domain exported, and there is one.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_our_mbox(path: &Path, desk: &str, whole: Whole) -> Result<bool> {
    if !path.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    let mut file = BufReader::new(File::open(path)?);
    let (mut line, mut entries) = (Vec::new(), 0);
    // The mark at the top of an entry, as far as it is read.
    let (mut starts, mut head) = (true, None::<Vec<u8>>);
    loop {
        line.clear();
        // Of a longer line the rest is read as others, which begin nothing.
        let end = file.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0;
        if let Some(read) = &mut head {
            if !end && (read.is_empty() || line.starts_with(b" ")) && (read.len() as u64) < LINE {
                read.extend_from_slice(&line);
                starts = line.ends_with(b"\n");
                continue;
            }
            let is_cut = end && whole == Whole::No && may_be_mark(read);
            if !is_cut && !is_marked(read, desk) {
                return Ok(false);
            }
            head = None;
        }
        if end {
            return Ok(entries > 0 || whole == Whole::No);
        }
        let begins = starts && line.starts_with(b"From ");
        if entries == 0 && !begins {
            return Ok(false);
        }
        if begins {
            (entries, head) = (entries + 1, Some(Vec::new()));
        }
        starts = line.ends_with(b"\n");
    }
}

/// True if the directory is a Maildir in which there is nothing but what the desk of this domain exported, and there is
/// something.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_our_maildir(path: &Path, desk: &str, whole: Whole) -> Result<bool> {
    if !path.symlink_metadata()?.is_dir() {
        return Ok(false);
    }
    let mut mails = 0;
    for part in fs::read_dir(path)? {
        let part = part?.path();
        let name = part.file_name().and_then(|name| name.to_str());
        if !matches!(name, Some("cur" | "new" | "tmp")) || !part.symlink_metadata()?.is_dir() {
            return Ok(false);
        }
        for mail in fs::read_dir(&part)? {
            let mail = mail?;
            let mut begins = Vec::new();
            if !mail.file_type()?.is_file() {
                return Ok(false);
            }
            File::open(mail.path())?
                .take(LINE)
                .read_to_end(&mut begins)?;
            let is_cut = whole == Whole::No && may_be_mark(&begins);
            if !is_cut && !is_marked(&begins, desk) {
                return Ok(false);
            }
            mails += 1;
        }
    }
    Ok(mails > 0 || whole == Whole::No)
}

/// True if no more than the beginning of a mark was written.
fn may_be_mark(head: &[u8]) -> bool {
    EXPORT_MARK.as_bytes().starts_with(head)
        || head.starts_with(EXPORT_MARK.as_bytes()) && !head.contains(&b'\n')
}

fn is_marked(head: &[u8], desk: &str) -> bool {
    mark::read(head).is_some_and(|(mark, _)| mark.desk == desk)
}
