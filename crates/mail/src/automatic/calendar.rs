//! Answers to invitations (iTIP, RFC 5546).
//!
//! A person pressed a button, so such a mail is no machine's: it may re-open a ticket, and is passed on. But
//! it asks for nothing, and an acknowledgement would say "we got your request" to an "Accepted".

use crate::message::Message;
use memchr::memmem;

/// The parameters of `text/calendar` are looked for within this many bytes after it.
const PARAMETERS: usize = 200;

/// At most this many occurrences of `text/calendar` are looked at.
const LOOKS: usize = 16;

/// True if `message` is an answer to an invitation, or has one as a part (RFC 6047, 2.4: the method is a
/// parameter of the type).
pub(super) fn is_reply(message: &Message) -> bool {
    let Some(kind) = message.first("Content-Type") else {
        return false;
    };
    let kind = kind.value.trim_ascii_start();
    if begins(kind, b"text/calendar") {
        return has_method(kind);
    }
    // Outlook puts the answer beside its text. In the text of a mail these words are no sign.
    begins(kind, b"multipart/")
        && memmem::find_iter(message.body(), "text/calendar")
            .take(LOOKS)
            .any(|at| has_method(&message.body()[at..]))
}

fn begins(value: &[u8], with: &[u8]) -> bool {
    let head = value.get(..with.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(with))
}

fn has_method(parameters: &[u8]) -> bool {
    let near = &parameters[..parameters.len().min(PARAMETERS)];
    let near = String::from_utf8_lossy(near).to_ascii_lowercase();
    // The parameters end where the field does.
    let mut field = String::new();
    for (nth, line) in near.lines().enumerate() {
        if nth > 0 && !line.starts_with([' ', '\t']) {
            break;
        }
        field.push_str(line);
    }
    let field = field.replace([' ', '\t', '"'], "");
    field.contains(";method=reply")
}
