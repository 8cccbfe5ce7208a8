//! Whether the last entry of a file is whole, for the file may have been cut off anywhere (D7).

use super::fields::is_steering;
use super::trace::{self, Found, Record};
use super::{Rewrite, Verdict, header_end, is_blank, settle, undo};
use crate::mbox;

/// What the last entry of a file is, if the file may have been cut off anywhere; for [`mbox::tail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wholeness {
    /// Another program wrote it, or rewrote it, or somebody edited it.
    Other,
    /// Ours, and the message is all there; so many newlines are missing at the end.
    Ours { missing: usize },
    /// Ours, and there is less than came in.
    Short,
    /// The beginning of our trace fields, and nothing else.
    OnlyTrace,
}

/// Judges the last entry of a file; `stored` goes from its header to the end of the file.
pub(crate) fn wholeness(stored: &[u8]) -> Wholeness {
    let top = match trace::read(stored) {
        Found::Ours(top) => top,
        Found::CutShort => return Wholeness::OnlyTrace,
        Found::Foreign => return Wholeness::Other,
    };
    let (message, record) = (&stored[top.message..], &top.record);
    if was_rewritten(message) {
        return Wholeness::Other;
    }
    let plain = undo(message, record, Rewrite::default());
    let found = plain.len() as u64;
    let (raw, verdict) = settle(plain, record);
    if verdict == Verdict::Intact {
        let no_empty_line = !record.no_header && header_end(&raw, &record.ends).is_none();
        let wanted =
            final_newlines(&raw) + usize::from(record.no_end) + usize::from(no_empty_line) + 1;
        let missing = wanted.saturating_sub(final_newlines(message));
        // The digest also proves what nothing but newlines cannot bring back: a CR at the very end.
        return match missing == 0 || comes_back(message, missing, record) {
            true => Wholeness::Ours { missing },
            false => Wholeness::Short,
        };
    }
    // What was cut off inside `>From ` or `X-Held-` comes back with bytes that were never there.
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

/// Whether the message is still the one that came in when so many newlines follow it.
fn comes_back(message: &[u8], missing: usize, record: &Record) -> bool {
    let mut mended = message.to_vec();
    mended.resize(message.len() + missing, b'\n');
    settle(undo(&mended, record, Rewrite::default()), record).1 == Verdict::Intact
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
