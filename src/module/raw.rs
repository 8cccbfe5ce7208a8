//! A message as a module reads it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// A message that a module is given as it came in.
#[derive(Clone, Copy, Debug)]
pub enum RawMail<'a> {
    /// It is in memory.
    Bytes(&'a [u8]),
    /// It stands in this file, from this place to the end. It is never in memory as a whole.
    Rest(&'a File, u64),
}

impl RawMail<'_> {
    /// How many bytes it has.
    pub(super) fn size(self) -> io::Result<u64> {
        match self {
            RawMail::Bytes(bytes) => Ok(bytes.len() as u64),
            RawMail::Rest(file, from) => Ok(file.metadata()?.len().saturating_sub(from)),
        }
    }

    /// Writes it to where `to` stands.
    pub(super) fn copy(self, to: &mut File) -> io::Result<()> {
        match self {
            RawMail::Bytes(bytes) => to.write_all(bytes),
            RawMail::Rest(mut file, from) => {
                file.seek(SeekFrom::Start(from))?;
                io::copy(&mut file, to).map(drop)
            }
        }
    }
}
