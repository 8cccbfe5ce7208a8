//! Whether a machine wrote a message: RFC 3834, and what robots send in spite of it.
//!
//! A program that answers mail must know, or two programs answer each other for ever.
//!
//! ```
//! use tickets_mail::automatic::{Degree, degree};
//! use tickets_mail::{envelope::Sender, message::Message};
//!
//! let ann = Sender::Address("ann@example.org".into());
//! let vacation = Message::new(b"From: ann@example.org\nAuto-Submitted: auto-replied\n\nAway.\n");
//! assert_eq!(degree(&vacation, &ann, &[]), Degree::Automatic("Auto-Submitted"));
//!
//! let list = Message::new(b"From: ann@example.org\nList-Id: <chat.example.org>\n\nHello.\n");
//! assert!(!degree(&list, &ann, &[]).is_automatic());
//! assert_ne!(degree(&list, &ann, &[]), Degree::Person);
//! assert!(degree(&list, &Sender::Null, &[]).is_automatic());
//! ```

use crate::decode;
use crate::envelope::Sender;
use crate::message::{Field, Message};

/// How far a message may be answered. The reasons are names of header fields, or a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Degree {
    /// Nothing says that a machine wrote it.
    Person,
    /// A person may have written it, but it should get no automatic answer, such as bulk mail and
    /// mail by way of a mailing list. Holds the reason.
    Unanswered(&'static str),
    /// A machine wrote it, so no answer of any kind may go back. Holds the reason.
    Automatic(&'static str),
    /// The calling program wrote it, and it came back.
    Ours,
}

impl Degree {
    /// True if a machine wrote it, the calling program or another.
    pub fn is_automatic(&self) -> bool {
        matches!(self, Degree::Automatic(_) | Degree::Ours)
    }

    /// Why it is not [`Degree::Person`].
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Degree::Person => None,
            Degree::Unanswered(reason) | Degree::Automatic(reason) => Some(reason),
            Degree::Ours => Some("our own mail came back"),
        }
    }
}

/// Fields that only responders write, whatever their value.
const RESPONDER_FIELDS: [&str; 4] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Failed-Recipients",
];

/// Says how far `message`, which came from `sender`, may be answered.
///
/// `own_marks` are names of header fields that stand in every mail the calling program sends. A
/// message with all of them is [`Degree::Ours`]; without names none is.
pub fn degree(message: &Message, sender: &Sender, own_marks: &[&str]) -> Degree {
    let carries = |mark: &&str| message.first(mark).is_some();
    if !own_marks.is_empty() && own_marks.iter().all(carries) {
        return Degree::Ours;
    }
    match machine(message, sender) {
        Some(reason) => Degree::Automatic(reason),
        None => match unanswered(message) {
            Some(reason) => Degree::Unanswered(reason),
            None => Degree::Person,
        },
    }
}

fn machine(message: &Message, sender: &Sender) -> Option<&'static str> {
    if *sender == Sender::Null {
        return Some("null sender");
    }
    let says_no = |value: &[u8]| keyword(value).is_none_or(|word| word == "no");
    if message.all("Auto-Submitted").any(|f| !says_no(f.value)) {
        return Some("Auto-Submitted");
    }
    if let Some(field) = RESPONDER_FIELDS.iter().find(|f| message.first(f).is_some()) {
        return Some(field);
    }
    let report = |value: &[u8]| keyword(value).is_some_and(|t| t == "multipart/report");
    if message
        .first("Content-Type")
        .is_some_and(|f| report(f.value))
    {
        return Some("multipart/report");
    }
    let daemon = |address: &str| {
        let local = address.split('@').next().unwrap_or_default();
        local.eq_ignore_ascii_case("mailer-daemon") || local.eq_ignore_ascii_case("postmaster")
    };
    // `MAILER-DAEMON (Mail Delivery System)` and `Mail System <MAILER-DAEMON>` are no addresses, but
    // MTAs write them.
    let bare = message.first("From").is_some_and(|from| {
        let text = from.text();
        let in_brackets = text.rsplit_once('<').map(|(_, rest)| rest);
        let in_brackets = in_brackets.and_then(|rest| rest.strip_suffix('>'));
        keyword(from.value).is_some_and(|word| daemon(&word)) || in_brackets.is_some_and(daemon)
    });
    if message.from().iter().any(|m| daemon(&m.address)) || bare {
        return Some("From a mail daemon");
    }
    if sender.address().is_some_and(daemon) {
        return Some("sent by a mail daemon");
    }
    None
}

fn unanswered(message: &Message) -> Option<&'static str> {
    let bulk = |value: &[u8]| {
        let word = keyword(value).unwrap_or_default();
        matches!(word.as_str(), "bulk" | "junk" | "list" | "auto_reply")
    };
    if message.all("Precedence").any(|f| bulk(f.value)) {
        return Some("Precedence");
    }
    let list = |f: &Field| f.name.len() > 5 && f.name[..5].eq_ignore_ascii_case(b"List-");
    if message.fields().iter().any(list) {
        return Some("mailing list");
    }
    // Exchange writes it into people's mail as well, so it does not make a mail automatic.
    if message.first("X-Auto-Response-Suppress").is_some() {
        return Some("X-Auto-Response-Suppress");
    }
    None
}

/// The first word of a structured value, in lower case and without comments (RFC 3834, 5).
fn keyword(value: &[u8]) -> Option<String> {
    let text = decode::without_comments(&decode::text(value));
    let word = text.split(';').next()?.split_whitespace().next()?;
    Some(word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_degrees() {
        // C6
        use Degree::{Automatic, Ours, Person, Unanswered};
        let from = "From: Ann <ann@x.org>\n";
        for (header, want) in [
            ("Subject: hello\n", Person),
            ("Auto-Submitted: no\n", Person),
            ("Auto-Submitted: (by hand) No; x=1\n", Person),
            ("Auto-Submitted: (by (my\\) own) hand; yes) no\n", Person),
            ("Auto-Submitted:\n", Person),
            (
                "auto-submitted: Auto-Replied\n",
                Automatic("Auto-Submitted"),
            ),
            (
                "Auto-Submitted: (vacation) auto-replied; owner=x\n",
                Automatic("Auto-Submitted"),
            ),
            (
                "Auto-Submitted: auto-generated\n",
                Automatic("Auto-Submitted"),
            ),
            (
                "Content-Type: Multipart/Report; boundary=x\n",
                Automatic("multipart/report"),
            ),
            ("Content-Type: multipart/mixed; boundary=report\n", Person),
            (
                "X-Failed-Recipients: a@x\n",
                Automatic("X-Failed-Recipients"),
            ),
            ("X-Autoreply: yes\n", Automatic("X-Autoreply")),
            ("X-Autorespond: x\n", Automatic("X-Autorespond")),
            ("X-Autoresponder: x\n", Automatic("X-Autoresponder")),
            ("Precedence: Bulk\n", Unanswered("Precedence")),
            ("Precedence: list\n", Unanswered("Precedence")),
            ("Precedence: first-class\n", Person),
            ("List-Id: <x>\n", Unanswered("mailing list")),
            ("List-Unsubscribe: <x>\n", Unanswered("mailing list")),
            (
                "X-Auto-Response-Suppress: DR, OOF\n",
                Unanswered("X-Auto-Response-Suppress"),
            ),
            ("X-Desk-Ticket: 4\n", Person),
            ("X-Desk-Ticket: 4\nx-desk-kind: ack\n", Ours),
        ] {
            let raw = format!("{from}{header}\nhello\n");
            let got = degree(
                &Message::new(raw.as_bytes()),
                &Sender::Address("ann@x.org".into()),
                &["X-Desk-Ticket", "X-Desk-Kind"],
            );
            assert_eq!(got, want, "{header}");
        }
    }

    #[test]
    fn daemons_and_the_null_sender() {
        // C6
        for (from, sender, want) in [
            ("Ann <ann@x.org>", Sender::Null, Some("null sender")),
            ("Ann <ann@x.org>", Sender::Unknown, None),
            (
                "Mail System <MAILER-DAEMON@x.org>",
                Sender::Unknown,
                Some("From a mail daemon"),
            ),
            (
                "MAILER-DAEMON (Mail Delivery System)",
                Sender::Unknown,
                Some("From a mail daemon"),
            ),
            ("Mailer-Daemon", Sender::Unknown, Some("From a mail daemon")),
            (
                "Mail Delivery System <MAILER-DAEMON>",
                Sender::Unknown,
                Some("From a mail daemon"),
            ),
            (
                "PostMaster@x.org",
                Sender::Unknown,
                Some("From a mail daemon"),
            ),
            ("postmasters@x.org", Sender::Unknown, None),
            (
                "a@x",
                Sender::Address("MAILER-DAEMON@x".into()),
                Some("sent by a mail daemon"),
            ),
        ] {
            let raw = format!("From: {from}\n\n");
            let got = degree(&Message::new(raw.as_bytes()), &sender, &[]);
            assert_eq!(got.reason(), want, "{from}");
        }
    }
}
