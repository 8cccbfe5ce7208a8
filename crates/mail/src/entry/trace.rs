//! The three trace fields at the top of an entry of ours, and what modules said between them.

use data_encoding::HEXLOWER;
use memchr::memchr;
use sha2::{Digest, Sha256};

use super::ends::{Ends, parse_list};
use super::fields::is_steering;

const RETURN_PATH: &str = "Return-Path: ";
const DELIVERED_TO: &str = "Delivered-To: ";
const RECORD: &str = "X-Tickets-Entry: ";
/// Name of a field that may stand above the trace fields, and is skipped on reading. A program that
/// exports entries may note there where they come from; an entry that is copied back is still intact.
pub const EXPORT_MARK: &str = "X-Tickets-Export:";
/// Name of a field before `X-Tickets-Entry`, which notes what somebody who was asked about the message said of it. One in
/// the message itself stands behind that field, and says nothing.
pub(super) const MODULE: &str = "X-Tickets-Module:";
/// Bytes of such a field's value, so that no line is longer than RFC 5322, 2.1.1 permits.
const LONGEST_NOTE: usize = 900;
/// Columns that a field of ours fills before it is folded (RFC 5322, 2.1.1).
const WIDTH: usize = 78;

/// What is recorded of a message beside its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'a> {
    /// The envelope sender; `None` is the null sender.
    pub sender: Option<&'a str>,
    /// The address it was delivered to.
    pub filed_under: &'a str,
    /// When it came in, in seconds since 1970, UTC.
    pub at: i64,
}

/// The parameters of `X-Tickets-Entry`: which bytes came in, and what was done to store them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub size: u64,
    pub sha256: String,
    pub ends: Ends,
    /// The last line had no line end, and got one.
    pub no_end: bool,
    /// The first line is no header field. An empty line was put before it, since readers expect a
    /// header.
    pub no_header: bool,
    /// Where the header had NULs, each counted from the one before.
    pub nuls: Vec<u64>,
}

/// The trace fields of an entry, and where the message begins behind them.
#[derive(Debug)]
pub(super) struct TraceFields {
    pub return_path: String,
    pub delivered_to: String,
    pub modules: Vec<String>,
    pub record: Record,
    pub message: usize,
}

/// What stands at the top of an entry's header.
#[derive(Debug)]
pub(super) enum Top {
    /// The three fields, whole.
    Ours(TraceFields),
    /// The bytes end inside what could have become the three fields.
    CutShort,
    /// Something else, so another program wrote this entry.
    Foreign,
}

/// SHA-256 in lower-case hexadecimal, as in `X-Tickets-Entry`.
pub(super) fn sha256_hex(raw: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(raw))
}

/// The three fields as they are written, and one for each of `modules` before the last.
///
/// The digest comes last, so that a record without it is known to be cut short.
pub(super) fn write(trace: &Trace<'_>, modules: &[String], record: &Record) -> String {
    let mut params = vec![format!("size={};", record.size)];
    let ends = record.ends.to_string();
    let nuls = record
        .nuls
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(",");
    for (name, list) in [("eol", &ends), ("nul", &nuls)] {
        if !list.is_empty() {
            params.extend(
                format!("{name}={list};")
                    .split_inclusive(',')
                    .map(str::to_owned),
            );
        }
    }
    if record.no_end {
        params.push("end=none;".to_owned());
    }
    if record.no_header {
        params.push("head=none;".to_owned());
    }
    params.push(format!("sha256={}", record.sha256));

    let mut text = format!(
        "{RETURN_PATH}<{}>\n{DELIVERED_TO}{}\n",
        on_one_line(trace.sender.unwrap_or_default()),
        on_one_line(trace.filed_under)
    );
    for said in modules {
        let said = on_one_line(&said[..said.floor_char_boundary(LONGEST_NOTE)]);
        text.push_str(&format!("{MODULE} {said}\n"));
    }
    let mut column = RECORD.len();
    text.push_str(RECORD.trim_end());
    for param in params {
        // Blanks stand between parameters, but not between the numbers of a list.
        let glued = text.ends_with(',');
        if column + param.len() > WIDTH {
            text.push_str("\n ");
            column = 1;
        } else if !glued {
            text.push(' ');
            column += 1;
        }
        text.push_str(&param);
        column += param.len();
    }
    text.push('\n');
    text
}

/// `value` on one line, with `?` for each control character.
fn on_one_line(value: &str) -> String {
    value
        .trim()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// Reads the top of a header. Fields that mail programs added may stand between the three.
pub(super) fn read(header: &[u8]) -> Top {
    let mut rest = header;
    let mut values = [const { String::new() }; 3];
    let mut modules = Vec::new();
    for (value, name) in values.iter_mut().zip([RETURN_PATH, DELIVERED_TO, RECORD]) {
        loop {
            let is_note = rest.starts_with(MODULE.as_bytes());
            if !is_note && !is_steering(rest) && !rest.starts_with(EXPORT_MARK.as_bytes()) {
                break;
            }
            let (field, behind) = rest.split_at(field_len(rest));
            if is_note {
                modules.push(text_of(&field[MODULE.len()..]));
            }
            rest = behind;
        }
        // A program that trims lines removes the blank before an empty value.
        let name = name.trim_end().as_bytes();
        if !rest.starts_with(name) {
            let begun = [name, MODULE.as_bytes(), EXPORT_MARK.as_bytes()];
            return if begun.iter().any(|name| name.starts_with(rest)) {
                Top::CutShort
            } else {
                Top::Foreign
            };
        }
        let (field, behind) = rest.split_at(field_len(rest));
        if !field.ends_with(b"\n") {
            return Top::CutShort;
        }
        *value = text_of(&field[name.len()..]);
        rest = behind;
    }
    let [return_path, delivered_to, record] = values;
    match parse_record(&record) {
        Some(record) => Top::Ours(TraceFields {
            return_path: return_path
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned(),
            delivered_to,
            modules,
            record,
            message: header.len() - rest.len(),
        }),
        None if rest.is_empty() => Top::CutShort,
        None => Top::Foreign,
    }
}

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim().to_owned()
}

/// The length of the header field at the start of `header`, with its continuation lines.
pub fn field_len(header: &[u8]) -> usize {
    let mut len = 0;
    loop {
        len = memchr(b'\n', &header[len..]).map_or(header.len(), |lf| len + lf + 1);
        if !matches!(header.get(len), Some(b' ' | b'\t')) {
            return len;
        }
    }
}

fn parse_record(value: &str) -> Option<Record> {
    let value: String = value.split_ascii_whitespace().collect();
    let mut sha256 = None;
    let mut size = None;
    let (mut ends, mut no_end, mut no_header, mut nuls) = (Ends::Lf, false, false, Vec::new());
    for param in value.split(';') {
        match param.split_once('=')? {
            ("sha256", hex) => sha256 = Some(hex.to_owned()).filter(|hex| hex.len() == 64),
            ("size", number) => size = number.parse().ok(),
            ("eol", how) => ends = Ends::parse(how)?,
            ("nul", list) => nuls = parse_list(list)?,
            ("end", _) => no_end = true,
            ("head", _) => no_header = true,
            _ => {} // A later version wrote it.
        }
    }
    Some(Record {
        size: size?,
        sha256: sha256?,
        ends,
        no_end,
        no_header,
        nuls,
    })
}
