//! What the log says of a message (L7).

use crate::desk::{Deed, Outcome, trace_sender};
use crate::error::Status;
use crate::log::{self, LogLine, Severity};
use crate::privilege;
use mail::envelope::{Envelope, Sender};
use mail::message::Message;

/// The most tickets that a line names.
const MOST_TICKETS: usize = 10;

/// Who gives a command.
pub(super) fn by() -> LogLine {
    LogLine::default().name("by", &privilege::caller().unwrap_or_default())
}

/// The fields of a message, for all lines of the process that files it. `size` is `None` where it was not read.
pub(super) fn is_about(message: &Message, envelope: &Envelope, size: Option<usize>) {
    let author = match envelope.sender {
        // As the From_ line has it.
        Sender::Unknown => message.from().into_iter().next(),
        _ => None,
    };
    let author = author.map(|it| it.address).unwrap_or_default();
    let sender = trace_sender(&envelope.sender, &author).unwrap_or_default();
    let line = LogLine::default().name("from", sender);
    let msg_id = message.message_id().unwrap_or_default();
    let msg_id = msg_id.trim_start_matches('<').trim_end_matches('>');
    log::is_about(match size {
        Some(size) => line.name("msgid", msg_id).number("size", size),
        None => line,
    });
}

/// What became of a message that is filed, after `line`.
pub(super) fn filed(mut line: LogLine, outcome: &Outcome) {
    for filed in outcome.filed.iter().take(MOST_TICKETS) {
        line = line.number("ticket", filed.ticket).word(match filed.deed {
            Deed::Opened => "opened",
            Deed::Filed => "filed",
            Deed::Closed => "closed",
            Deed::Reopened => "re-opened",
            Deed::Duplicate => "duplicate",
        });
    }
    if let Some(held) = &outcome.quarantined {
        line = line.word("quarantined").name("module", &held.by);
        line = line.text("reason", &held.reason);
    } else if outcome.filed.is_empty() && outcome.refusals.is_empty() {
        // A test mail is in no ticket.
        line = line.word("tested");
    }
    let answers: usize = outcome.filed.iter().map(|it| it.answers.len()).sum();
    let line = line
        .count("more", outcome.filed.len().saturating_sub(MOST_TICKETS))
        .count("refused", outcome.refusals.len())
        .count("unsent", outcome.unsent.len())
        .number("answers", answers);
    let mut warnings = outcome.filed.iter().flat_map(|filed| &filed.warnings);
    match warnings.next().or(outcome.unsent.first()) {
        Some(why) => line.text("warning", why).write(Severity::Warning),
        None => line.write(Severity::Info),
    }
}

/// A message that was refused.
pub(super) fn refused(status: Status, envelope: &Envelope, why: &str) {
    let to = envelope.recipients.first();
    let line = LogLine::default().word("refused");
    let line = line.number("status", status as u8);
    let line = line.name("to", to.map_or("", String::as_str));
    line.text("reason", why).write(Severity::Info);
}
