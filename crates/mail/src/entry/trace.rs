//! The three trace fields at the top of an entry of ours (D3).

use std::fmt::Write;

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::Trace;
use super::ends::Ends;
use super::fields::is_steering;

const RETURN_PATH: &str = "Return-Path: ";
const DELIVERED_TO: &str = "Delivered-To: ";
const RECORD: &str = "X-Tickets-Entry: ";
/// Name of the field that an export puts above the three: an entry that is copied back from there is
/// still one of ours.
pub const EXPORT_MARK: &str = "X-Tickets-Export:";
/// Columns a field of ours fills before it is folded (RFC 5322 2.1.1).
const WIDTH: usize = 78;

/// What `X-Tickets-Entry` says: which bytes came in, and what was done to store them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub size: u64,
    pub sha256: String,
    pub ends: Ends,
    /// The last line came without a line end and got one.
    pub no_end: bool,
    /// The first line is no header field; an empty line stands before it, for readers want a header.
    pub no_header: bool,
    /// Where the header had NULs, each counted from the one before.
    pub nuls: Vec<u64>,
}

/// The trace fields as they were found, and where the message begins behind them.
#[derive(Debug)]
pub(super) struct Top {
    pub return_path: String,
    pub delivered_to: String,
    pub record: Record,
    pub message: usize,
}

/// What stands at the top of an entry's header.
#[derive(Debug)]
pub(super) enum Found {
    /// The three fields, whole.
    Ours(Top),
    /// The bytes end inside what could have become the three fields.
    CutShort,
    /// Something else: another program wrote this entry.
    Foreign,
}

/// SHA-256 in lower-case hexadecimal, as `X-Tickets-Entry` has it.
pub(super) fn sha256_hex(raw: &[u8]) -> String {
    Sha256::digest(raw)
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The three fields as they are written.
///
/// The digest comes last, so that a record that was cut short is known by its absence.
pub(super) fn write(trace: &Trace<'_>, record: &Record) -> String {
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
    let mut column = RECORD.len();
    text.push_str(RECORD.trim_end());
    for param in params {
        // Numbers of one list stand together; between parameters there is a blank.
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

/// A value that cannot end its header line, whatever was in it.
fn on_one_line(value: &str) -> String {
    value
        .trim()
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// Reads the top of a header. Fields that mail programs add may stand in between.
pub(super) fn read(header: &[u8]) -> Found {
    let mut rest = header;
    let mut values = [const { String::new() }; 3];
    for (value, name) in values.iter_mut().zip([RETURN_PATH, DELIVERED_TO, RECORD]) {
        while is_steering(rest) || rest.starts_with(EXPORT_MARK.as_bytes()) {
            rest = &rest[field_len(rest)..];
        }
        // A program that trims lines takes the blank of an empty value.
        let name = name.trim_end().as_bytes();
        if !rest.starts_with(name) {
            return if name.starts_with(rest) {
                Found::CutShort
            } else {
                Found::Foreign
            };
        }
        let (field, behind) = rest.split_at(field_len(rest));
        if !field.ends_with(b"\n") {
            return Found::CutShort;
        }
        *value = String::from_utf8_lossy(&field[name.len()..])
            .trim()
            .to_owned();
        rest = behind;
    }
    let [return_path, delivered_to, record] = values;
    match parse_record(&record) {
        Some(record) => Found::Ours(Top {
            return_path: return_path
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned(),
            delivered_to,
            record,
            message: header.len() - rest.len(),
        }),
        None if rest.is_empty() => Found::CutShort,
        None => Found::Foreign,
    }
}

/// Length of the field at the start of `header`, its continuation lines included.
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
            _ => {} // of a later version
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

/// Reads numbers with commas between them.
pub(super) fn parse_list(list: &str) -> Option<Vec<u64>> {
    list.split(',').map(|number| number.parse().ok()).collect()
}
