//! What an export may take the place of: an export of this desk, and nothing else. So a backup can be made every night
//! at the same place.

use crate::parts::archive::mark;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Result};
use std::path::Path;

/// The longest line that is looked at; a From_ line and those of the mark are much shorter.
const LINE: u64 = 4096;

/// True if every entry of the mbox is one that the desk of this domain exported, and there is one.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_our_mbox(path: &Path, desk: &str) -> Result<bool> {
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
            if !is_marked(read, desk) {
                return Ok(false);
            }
            head = None;
        }
        if end {
            return Ok(entries > 0);
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
pub(super) fn is_our_maildir(path: &Path, desk: &str) -> Result<bool> {
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
            if !is_marked(&begins, desk) {
                return Ok(false);
            }
            mails += 1;
        }
    }
    Ok(mails > 0)
}

fn is_marked(head: &[u8], desk: &str) -> bool {
    mark::read(head).is_some_and(|(mark, _)| mark.desk == desk)
}
