//! The log of a bug as Debbugs keeps it (`db-h/34/1234.log`): records that are delimited by lines with
//! a single control character.
//!
//! ```text
//! ^G  received mail                  ^C
//! ^B  recipients  ^E  sent mail      ^C
//! ^F  an action, described in HTML   ^C
//! ^A  an obsolete format             ^C
//! ```
//!
//! Only received mail is imported: what was sent is a copy of it or an acknowledgement. A line that
//! begins with one of these characters or with ^X is escaped by a ^X before it. If a mail has no line
//! end at its end, the ^C stands on its last line. Debbugs itself cannot read such a log; here the mail
//! ends at that ^C if the next line begins a record.

use mail::mbox;
use memchr::memchr;
use std::borrow::Cow;
use std::io::{self, BufRead};

const OBSOLETE: u8 = 1;
const RECIPIENTS: u8 = 2;
const END: u8 = 3;
const SENT: u8 = 5;
const HTML: u8 = 6;
const RECEIVED: u8 = 7;
const ESCAPE: u8 = 0x18;

/// The contents of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    /// Start and end of each received mail, which is still escaped, in bytes from the start of the file.
    pub(crate) received: Vec<(u64, u64)>,
    /// The number of sent mails.
    pub(crate) sent: usize,
    /// The log ends within a record, or has text outside of records.
    pub(crate) broken: bool,
}

/// True if a file that begins with `bytes` is a log.
pub(crate) fn is_log(bytes: &[u8]) -> bool {
    matches!(bytes, [first, b'\n', ..] if begins_record(*first))
}

fn begins_record(byte: u8) -> bool {
    matches!(byte, OBSOLETE | RECIPIENTS | HTML | RECEIVED)
}

/// What needs to be known of a line.
#[derive(Clone, Copy, Default)]
struct LogLine {
    start: u64,
    /// Without its line end.
    length: u64,
    first: u8,
    last: u8,
}

/// Where the next line stands.
enum LinePosition {
    Outside,
    Recipients,
    /// In a record of `kind` whose text begins at `start`. The record ends at `end` if that is given
    /// and the next line begins another one.
    Record {
        kind: u8,
        start: u64,
        end: Option<u64>,
    },
}

/// Finds the records of a log, without keeping their text in memory.
///
/// # Errors
/// `input` cannot be read.
pub(crate) fn records(mut input: impl BufRead) -> io::Result<Log> {
    let mut log = Log::default();
    let mut position = LinePosition::Outside;
    let mut line = LogLine::default();
    let mut pos = 0;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if bytes.is_empty() {
            break;
        }
        let lf = memchr(b'\n', bytes);
        let piece = &bytes[..lf.unwrap_or(bytes.len())];
        if let (Some(first), Some(last)) = (piece.first(), piece.last()) {
            line.first = if line.length == 0 { *first } else { line.first };
            line.last = *last;
        }
        line.length += piece.len() as u64;
        let taken = piece.len() + usize::from(lf.is_some());
        input.consume(taken);
        pos += taken as u64;
        if lf.is_some() {
            position = log.line(position, line, pos);
            line = LogLine {
                start: pos,
                ..LogLine::default()
            };
        }
    }
    if line.length > 0 {
        position = log.line(position, line, pos);
    }
    match position {
        LinePosition::Outside => {}
        LinePosition::Record {
            kind,
            start,
            end: Some(end),
        } => log.add(kind, start, end),
        _ => log.broken = true,
    }
    Ok(log)
}

impl Log {
    /// Processes a line; the next one begins at `next`.
    fn line(&mut self, position: LinePosition, line: LogLine, next: u64) -> LinePosition {
        let marker = (line.length == 1).then_some(line.first);
        let record = |kind| LinePosition::Record {
            kind,
            start: next,
            end: None,
        };
        match (position, marker) {
            (LinePosition::Outside, Some(RECIPIENTS)) => LinePosition::Recipients,
            (LinePosition::Outside, Some(kind)) if begins_record(kind) => record(kind),
            (LinePosition::Outside, _) => {
                self.broken |= line.length > 0;
                LinePosition::Outside
            }
            (LinePosition::Recipients, Some(SENT)) => record(SENT),
            (LinePosition::Recipients, _) => LinePosition::Recipients,
            (LinePosition::Record { kind, start, .. }, Some(END)) => {
                self.add(kind, start, line.start);
                LinePosition::Outside
            }
            (
                LinePosition::Record {
                    kind,
                    start,
                    end: Some(end),
                },
                Some(new),
            ) if begins_record(new) => {
                self.add(kind, start, end);
                self.line(LinePosition::Outside, line, next)
            }
            (LinePosition::Record { kind, start, .. }, _) => LinePosition::Record {
                kind,
                start,
                end: (line.length > 1 && line.last == END).then(|| line.start + line.length - 1),
            },
        }
    }

    fn add(&mut self, kind: u8, start: u64, end: u64) {
        match kind {
            RECEIVED => self.received.push((start, end)),
            SENT => self.sent += 1,
            _ => {}
        }
    }
}

/// The From_ line and the mail of a record. Debbugs puts its own `Received` field above the From_ line
/// that the MTA wrote, if there is one.
pub(crate) fn mail(record: &[u8]) -> (Option<Vec<u8>>, Vec<u8>) {
    let text = unescape(record);
    let second = memchr(b'\n', &text).map_or(text.len(), |lf| lf + 1);
    let line = mbox::lines(&text[second..]).next().unwrap_or_default();
    if !mbox::is_from_line(line) {
        return (None, text.into_owned());
    }
    let from_line = line.trim_ascii_end().to_vec();
    let rest = &text[second + line.len()..];
    (Some(from_line), [&text[..second], rest].concat())
}

fn unescape(record: &[u8]) -> Cow<'_, [u8]> {
    if memchr(ESCAPE, record).is_none() {
        return Cow::Borrowed(record);
    }
    let lines = mbox::lines(record);
    let plain = lines.flat_map(|line| line.strip_prefix(&[ESCAPE]).unwrap_or(line));
    Cow::Owned(plain.copied().collect())
}

/// The address that a mail was sent to, from the value of the `Received` field that Debbugs adds:
/// `(at 123-done) by bugs.example.org; ...`.
pub(crate) fn address(received: &str) -> Option<String> {
    let (local, rest) = received.trim().strip_prefix("(at ")?.split_once(')')?;
    let domain = rest.trim_start().strip_prefix("by ")?;
    let domain = domain.split([';', ' ']).next()?;
    Some(format!("{}@{domain}", local.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a log whose control characters are written `^G`.
    fn read(log: &str) -> (Vec<String>, usize, bool) {
        let mut bytes = log.as_bytes().to_vec();
        for (name, byte) in [
            ("^A", 1),
            ("^B", 2),
            ("^C", 3),
            ("^E", 5),
            ("^F", 6),
            ("^G", 7),
        ] {
            let text = String::from_utf8(bytes).unwrap();
            bytes = text
                .replace(name, &char::from(byte).to_string())
                .into_bytes();
        }
        bytes = String::from_utf8(bytes)
            .unwrap()
            .replace("^X", "\u{18}")
            .into_bytes();
        let found = records(&bytes[..]).unwrap();
        // Reads of a single byte make no difference.
        let slow = io::BufReader::with_capacity(1, &bytes[..]);
        assert_eq!(records(slow).unwrap(), found, "{log}");
        let mails = found.received.iter().map(|&(from, to)| {
            let (from_line, mail) = mail(&bytes[from as usize..to as usize]);
            let from_line = from_line.map(|l| format!("[{}] ", String::from_utf8(l).unwrap()));
            from_line.unwrap_or_default() + &String::from_utf8(mail).unwrap()
        });
        (mails.collect(), found.sent, found.broken)
    }

    #[test]
    fn what_came_in_is_read() {
        let first = "Received: (at submit) by x; now\nSubject: a\n\ntext\n";
        for (case, log, mails, sent, broken) in [
            ("empty", String::new(), vec![], 0, false),
            ("one", format!("^G\n{first}^C\n"), vec![first.to_owned()], 0, false),
            (
                "with what went out, and what was done",
                format!("^G\n{first}^C\n^B\na@x\u{4}b@x\n^E\nTo: a@x\n\nack\n^C\n^B\n-t\n^E\nx\n^C\n^F\n<b>ok</b>\n^C\n^G\nA: 2\n\n^C\n"),
                vec![first.to_owned(), "A: 2\n\n".to_owned()],
                2,
                false,
            ),
            (
                "escaped lines",
                "^G\nA: 1\n\n^X^C\n^X^G\n^X^Xb\nc^X\n^C\n".into(),
                vec!["A: 1\n\n\u{3}\n\u{7}\n\u{18}b\nc\u{18}\n".into()],
                0,
                false,
            ),
            (
                "a control character in a line",
                "^G\nA: 1\n\nx^C\n^Cx\n^C\n".into(),
                vec!["A: 1\n\nx\u{3}\n\u{3}x\n".into()],
                0,
                false,
            ),
            (
                "no last line end",
                "^G\nA: 1\n\nx^C\n^G\nB: 2\n\ny^C\n".into(),
                vec!["A: 1\n\nx".into(), "B: 2\n\ny".into()],
                0,
                false,
            ),
            (
                "a From_ line",
                "^G\nReceived: (at 1) by x; now\nFrom a@x Mon Jan  1 00:00:00 2024\nA: 1\n\nx\n^C\n".into(),
                vec!["[From a@x Mon Jan  1 00:00:00 2024] Received: (at 1) by x; now\nA: 1\n\nx\n".into()],
                0,
                false,
            ),
            ("torn off", format!("^G\n{first}^C\n^G\nA: 1\n"), vec![first.to_owned()], 0, true),
            ("old records", "^A\nX\n^C\n^G\nA: 1\n\n^C\n".into(), vec!["A: 1\n\n".into()], 0, false),
            ("junk", "^G\nA: 1\n\n^C\njunk\n^G\nB: 1\n\n^C\n".into(), vec!["A: 1\n\n".into(), "B: 1\n\n".into()], 0, true),
        ] {
            assert_eq!(read(&log), (mails, sent, broken), "{case}");
        }
    }

    #[test]
    fn a_log_is_recognized() {
        assert!(is_log(b"\x07\nReceived: (at 1) by x; now\n"));
        assert!(is_log(b"\x06\n<b>"));
        for other in [&b""[..], b"\x07", b"\x07x\n", b"From a@x", b"\x03\n"] {
            assert!(!is_log(other));
        }
    }

    #[test]
    fn debbugs_says_whom_it_was_for() {
        for (received, want) in [
            (
                "(at 12-done) by bugs.example.org; 1 Jan 2024",
                Some("12-done@bugs.example.org"),
            ),
            (
                " (at submit) by bugs.example.org; x",
                Some("submit@bugs.example.org"),
            ),
            ("from a by b; x", None),
            ("(at 1)", None),
        ] {
            assert_eq!(address(received).as_deref(), want, "{received}");
        }
    }
}
