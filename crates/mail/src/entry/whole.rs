//! Whether the last entry of a file is whole, since the file may have been cut off anywhere.

use super::fields::is_steering;
use super::trace::{self, Record, Top};
use super::{Rewrite, Verdict, header_end, is_blank, mend_end, undo};
use crate::mbox;

/// The state of the last entry of a file; for [`super::tail()`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wholeness {
    /// Another program wrote or rewrote it, or somebody edited it.
    Other,
    /// It is one of ours with the whole message; so many newlines are missing at the end.
    Ours { missing: usize },
    /// It is one of ours, with less than came in.
    Short,
    /// It is the beginning of our trace fields, and nothing else.
    OnlyTrace,
}

/// Judges the last entry of a file. `stored` reaches from its header to the end of the file.
pub(super) fn wholeness(stored: &[u8]) -> Wholeness {
    let top = match trace::read(stored) {
        Top::Ours(top) => top,
        Top::CutShort => return Wholeness::OnlyTrace,
        Top::Foreign => return Wholeness::Other,
    };
    let (message, record) = (&stored[top.message..], &top.record);
    if was_rewritten(message) {
        return Wholeness::Other;
    }
    let plain = undo(message, record, Rewrite::default());
    let found = plain.len() as u64;
    let (raw, verdict) = mend_end(plain, record);
    if verdict == Verdict::Intact {
        let no_empty_line = !record.no_header && header_end(&raw, &record.ends).is_none();
        let wanted =
            final_newlines(&raw) + usize::from(record.no_end) + usize::from(no_empty_line) + 1;
        let missing = wanted.saturating_sub(final_newlines(message));
        // The digest fits, but a CR at the very end may be lost, which newlines cannot bring back.
        return match missing == 0 || comes_back(message, missing, record) {
            true => Wholeness::Ours { missing },
            false => Wholeness::Short,
        };
    }
    // Half a quote (`>Fro`) or prefix (`X-He`) is not undone, so the message may seem too long.
    let cut_in_a_line = !message.ends_with(b"\n");
    let slack = if cut_in_a_line {
        1 + message.len() / mbox::PIECE
    } else {
        0
    } as u64;
    if found < record.size + slack || (found == record.size && cut_in_a_line) {
        Wholeness::Short
    } else {
        Wholeness::Other
    }
}

/// Whether the message is the one that came in once so many newlines are appended.
fn comes_back(message: &[u8], missing: usize, record: &Record) -> bool {
    let mut mended = message.to_vec();
    mended.resize(message.len() + missing, b'\n');
    mend_end(undo(&mended, record, Rewrite::default()), record).1 == Verdict::Intact
}

/// Whether a mail program added a field of its own.
fn was_rewritten(message: &[u8]) -> bool {
    mbox::lines(message)
        .take_while(|line| !is_blank(line.trim_ascii_end()))
        .any(is_steering)
}

fn final_newlines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rev()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .filter(|&&b| b == b'\n')
        .count()
}
