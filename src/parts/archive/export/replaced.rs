//! What an export may take the place of: an export of before, and nothing else. So a backup can be made every night at
//! the same place.

use mail::entry::EXPORT_MARK;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Result};
use std::path::Path;

/// The longest line that is looked at; a From_ line and the field are much shorter.
const LINE: u64 = 4096;

/// True if every entry of the mbox is one that an export wrote, and there is one.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_our_mbox(path: &Path) -> Result<bool> {
    if !path.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    let mut file = BufReader::new(File::open(path)?);
    let (mut line, mut entries) = (Vec::new(), 0);
    let (mut starts, mut expects) = (true, false);
    loop {
        line.clear();
        // Of a longer line the rest is read as others, which begin nothing.
        if file.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(entries > 0 && !expects);
        }
        let begins = starts && line.starts_with(b"From ");
        if expects && !is_marked(&line) || entries == 0 && !begins {
            return Ok(false);
        }
        entries += usize::from(begins);
        (expects, starts) = (begins, line.ends_with(b"\n"));
    }
}

/// True if the directory is a Maildir in which there is nothing but what an export wrote, and there is something.
///
/// # Errors
/// It cannot be read.
pub(super) fn is_our_maildir(path: &Path) -> Result<bool> {
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
            if !is_marked(&begins) {
                return Ok(false);
            }
            mails += 1;
        }
    }
    Ok(mails > 0)
}

fn is_marked(line: &[u8]) -> bool {
    line.starts_with(EXPORT_MARK.as_bytes())
}
