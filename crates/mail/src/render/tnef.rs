//! What Outlook packs into `winmail.dat` (MS-OXTNEF): the text of a mail and its attachments.

use super::rtf;
use crate::decode::{guess, in_charset};

const SIGNATURE: u32 = 0x223e_9f78;

/// More properties of one object are not read.
const PROPERTIES: u32 = 2000;

/// More attachments are not read.
const FILES: usize = 1000;

/// What one file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Winmail {
    /// Plain text.
    pub(crate) text: String,
    /// HTML as it is, in a charset that it states itself.
    pub(crate) html: Vec<u8>,
    pub(crate) files: Vec<PackedFile>,
}

/// An attachment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PackedFile {
    pub(crate) name: String,
    /// As the file states it; empty if it states none.
    pub(crate) mime: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads a file, as far as it goes if it was cut off. `None` if it is something else.
pub(crate) fn read(bytes: &[u8]) -> Option<Winmail> {
    let mut input = Input(bytes);
    if input.u32()? != SIGNATURE {
        return None;
    }
    input.take(2)?;
    let mut found = Winmail::default();
    let mut codepage = String::from("windows-1252");
    while attribute(&mut input, &mut found, &mut codepage).is_some() {}
    Some(found)
}

/// Reads the next attribute (MS-OXTNEF, 2.1.3.2).
fn attribute(input: &mut Input<'_>, found: &mut Winmail, codepage: &mut String) -> Option<()> {
    input.take(1)?;
    let id = input.u32()?;
    let length = input.u32()?;
    let data = input.take_some(length);
    match id & 0xffff {
        // attOemCodepage
        0x9007 => {
            if let Some(number) = Input(data).u32() {
                *codepage = format!("windows-{number}");
            }
        }
        // attBody
        0x800c if found.text.is_empty() => found.text = string8(data, codepage),
        // attMsgProps
        0x9003 => message_properties(data, codepage, found),
        // attAttachRendData begins an attachment.
        0x9002 if found.files.len() < FILES => found.files.push(PackedFile::default()),
        0x9002 => return None,
        id => {
            let file = found.files.last_mut();
            match (id, file) {
                // attAttachTitle
                (0x8010, Some(file)) if file.name.is_empty() => file.name = string8(data, codepage),
                // attAttachData
                (0x800f, Some(file)) => data.clone_into(&mut file.bytes),
                // attAttachment
                (0x9005, Some(file)) => file_properties(data, codepage, file),
                _ => {}
            }
        }
    }
    input.take(2)?;
    Some(())
}

fn message_properties(data: &[u8], codepage: &str, found: &mut Winmail) {
    let mut rtf = None;
    properties(data, &mut |id, kind, value| match id {
        0x1000 => found.text = string(kind, value, codepage),
        0x1009 => rtf = rtf::decompressed(value),
        0x1013 => match kind {
            UNICODE => found.html = string(kind, value, codepage).into_bytes(),
            _ => value.clone_into(&mut found.html),
        },
        _ => {}
    });
    if let Some(rtf) = rtf
        && found.html.is_empty()
        && found.text.trim().is_empty()
    {
        found.text = rtf::to_text(&rtf);
    }
}

fn file_properties(data: &[u8], codepage: &str, file: &mut PackedFile) {
    properties(data, &mut |id, kind, value| match id {
        // The long name counts.
        0x3707 => file.name = string(kind, value, codepage),
        0x3001 | 0x3704 if file.name.is_empty() => file.name = string(kind, value, codepage),
        0x370e => file.mime = string(kind, value, codepage),
        0x3701 if file.bytes.is_empty() => value.clone_into(&mut file.bytes),
        _ => {}
    });
}

const STRING8: u16 = 0x1e;
const UNICODE: u16 = 0x1f;
const MULTIPLE: u16 = 0x1000;

/// Hands out the properties in `data` (MS-OXTNEF, 2.1.3.4): id, type, and value. Of several values, the
/// last.
fn properties(data: &[u8], visit: &mut dyn FnMut(u16, u16, &[u8])) -> Option<()> {
    let mut input = Input(data);
    let count = input.u32()?.min(PROPERTIES);
    for _ in 0..count {
        let (kind, id) = (input.u16()?, input.u16()?);
        if id >= 0x8000 {
            // A property with a name of its own.
            input.take(16)?;
            if input.u32()? == 1 {
                let length = input.u32()?;
                input.padded(length)?;
            } else {
                input.take(4)?;
            }
        }
        let sized = matches!(kind & !MULTIPLE, STRING8 | UNICODE | 0x102 | 0x0d);
        let values = match sized || kind & MULTIPLE != 0 {
            true => input.u32()?,
            false => 1,
        };
        for _ in 0..values {
            let length = match kind & !MULTIPLE {
                _ if sized => input.u32()?,
                0x02 | 0x03 | 0x04 | 0x0a | 0x0b => 4,
                0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
                0x48 => 16,
                _ => return None,
            };
            let value = input.padded(length)?;
            if sized {
                visit(id, kind, value);
            }
        }
    }
    Some(())
}

fn string(kind: u16, value: &[u8], codepage: &str) -> String {
    match kind {
        UNICODE => {
            let units = value
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let chars = char::decode_utf16(units.take_while(|unit| *unit != 0));
            chars
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        STRING8 => string8(value, codepage),
        _ => guess(value),
    }
}

fn string8(value: &[u8], codepage: &str) -> String {
    let end = memchr::memchr(0, value).unwrap_or(value.len());
    in_charset(codepage, &value[..end])
}

/// Bytes that are read from front to end; numbers begin with their lowest byte.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next `count` bytes, or fewer at the end.
    fn take_some(&mut self, count: u32) -> &'a [u8] {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// `count` bytes, and those behind them up to a multiple of four.
    fn padded(&mut self, count: u32) -> Option<&'a [u8]> {
        let taken = self.take(usize::try_from(count).ok()?)?;
        let padding = (4 - taken.len() % 4) % 4;
        self.take(padding.min(self.0.len()))?;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
#[path = "tnef_tests.rs"]
mod tests;
