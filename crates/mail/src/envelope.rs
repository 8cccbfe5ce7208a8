//! The envelope of a message (RFC 5321): who sent it, and to whom.
//!
//! An MTA that pipes mail into a program says so in options or in environment variables. Where it
//! says nothing, the trace fields of the message do, or at last its address fields.
//!
//! ```
//! use tickets_mail::envelope::{Envelope, Given, RecipientSource, Sender};
//! use tickets_mail::message::Message;
//!
//! let message = Message::new(b"Return-Path: <>\nTo: help@example.org, ann@example.net\n\n");
//! let exim = |name: &str| (name == "RECIPIENT").then(|| "help@example.org".to_owned());
//! let envelope = Envelope::find(&Given::default(), None, &exim, &message, &|_| true);
//! assert_eq!(envelope.sender, Sender::Null);
//! assert_eq!(envelope.recipients, ["help@example.org"]);
//!
//! let envelope = Envelope::find(&Given::default(), None, &|_| None, &message, &|_| true);
//! assert_eq!(envelope.recipients, ["help@example.org", "ann@example.net"]);
//! assert_eq!(envelope.recipients_from, RecipientSource::Header);
//! ```

use crate::decode;
use crate::message::Message;

/// The reverse-path (RFC 5321, 4.1.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// `<>`: a bounce or an automatic answer, which must not be answered.
    Null,
    /// An address, without angle brackets.
    Address(String),
    /// Neither the MTA nor the message names one.
    Unknown,
}

impl Sender {
    /// Reads the value of an option, an environment variable or a `Return-Path`, with angle brackets
    /// or without. `MAILER-DAEMON` is the null sender, since Postfix's pipe(8) writes it so unless
    /// configured otherwise. Control characters are dropped.
    pub fn parse(text: &str) -> Sender {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let text = text.trim();
        let bare = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
        let bare = bare.unwrap_or(text).trim();
        if bare.is_empty() || bare.eq_ignore_ascii_case("MAILER-DAEMON") {
            return Sender::Null;
        }
        Sender::Address(bare.to_owned())
    }

    /// The address; `None` for [`Sender::Null`] and [`Sender::Unknown`].
    pub fn address(&self) -> Option<&str> {
        match self {
            Sender::Address(address) => Some(address),
            Sender::Null | Sender::Unknown => None,
        }
    }
}

/// Where the recipients are known from, and so how far they can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientSource {
    /// Options, the MTA's environment or trace fields: this message was delivered to them.
    Envelope,
    /// To, Cc and the like: a hint. Others may be among them, and a blind copy names none of them.
    Header,
}

/// Sender and recipients of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse-path: where bounces go. Need not be the author.
    pub sender: Sender,
    /// The recipients in order, each once.
    pub recipients: Vec<String>,
    /// Where `recipients` come from.
    pub recipients_from: RecipientSource,
}

/// What the caller knows of the envelope already, from its command line for example.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The sender, as [`Sender::parse`] reads it; counts before all other sources.
    pub sender: Option<String>,
    /// The recipients. If there are any, no other source is asked.
    pub recipients: Vec<String>,
}

impl Envelope {
    /// Finds the envelope of `message`: what is `given`, else the environment (`env` returns the
    /// value of a variable), else the topmost trace fields, else `from_line_sender` for the sender
    /// and the address fields for the recipients.
    ///
    /// An MTA has several names for one recipient if an alias rewrote it; `is_ours` picks the one
    /// that the caller knows.
    pub fn find(
        given: &Given,
        from_line_sender: Option<&[u8]>,
        env: &dyn Fn(&str) -> Option<String>,
        message: &Message,
        is_ours: &dyn Fn(&str) -> bool,
    ) -> Envelope {
        let sender = given
            .sender
            .clone()
            .or_else(|| env("SENDER"))
            .or_else(|| message.first("Return-Path").map(|f| f.text()))
            .or_else(|| from_line_sender.map(|s| String::from_utf8_lossy(s).into_owned()));
        let sender = sender.map_or(Sender::Unknown, |text| Sender::parse(&text));
        let (recipients, recipients_from) = recipients(given, env, message, is_ours);
        let mut once: Vec<String> = Vec::new();
        for recipient in recipients {
            let recipient = recipient.trim().trim_matches(['<', '>']).to_owned();
            if !recipient.is_empty() && !once.iter().any(|r| r.eq_ignore_ascii_case(&recipient)) {
                once.push(recipient);
            }
        }
        Envelope {
            sender,
            recipients: once,
            recipients_from,
        }
    }
}

fn recipients(
    given: &Given,
    env: &dyn Fn(&str) -> Option<String>,
    message: &Message,
    is_ours: &dyn Fn(&str) -> bool,
) -> (Vec<String>, RecipientSource) {
    if !given.recipients.is_empty() {
        return (given.recipients.clone(), RecipientSource::Envelope);
    }
    let names = from_environment(env);
    if let Some(name) = names.iter().find(|n| is_ours(n)).or(names.first()) {
        return (vec![name.clone()], RecipientSource::Envelope);
    }
    for field in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        if let Some(field) = message.first(field) {
            let people = decode::mailboxes(field.value);
            let known: Vec<String> = people.into_iter().map(|m| m.address).collect();
            // Delivered-To may name an account that the mail went through, not the address.
            if known.iter().any(|r| is_ours(r)) {
                return (known, RecipientSource::Envelope);
            }
        }
    }
    (in_header(message), RecipientSource::Header)
}

/// The names of the one recipient, as Exim's pipe or Postfix's local(8) set them, best first.
fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let local_and_domain = || Some(format!("{}@{}", env("LOCAL_PART")?, env("DOMAIN")?));
    let whole = |r: &String| {
        // For several recipients at once, Exim sets RECIPIENT=@example.org and LOCAL_PART=NULL.
        !r.starts_with('@') && !r.starts_with("NULL@") && !r.is_empty()
    };
    let names = [
        env("ORIGINAL_RECIPIENT"),
        env("RECIPIENT"),
        local_and_domain(),
    ];
    let mut names: Vec<String> = names.into_iter().flatten().filter(whole).collect();
    // Mail to help+12@ arrives at the user `help` with the extension `12`, whatever the delimiter.
    if let (Some(user), Some(detail)) = (env("USER"), env("EXTENSION"))
        && !detail.is_empty()
        && env("LOCAL").is_some()
    {
        names.push(format!("{user}+{detail}"));
    }
    names
}

/// The addresses in Resent-To and Resent-Cc; if there are none, those in To, Cc and X-Original-To.
pub fn in_header(message: &Message) -> Vec<String> {
    let fields = |names: &[&str]| -> Vec<String> {
        let people = names.iter().flat_map(|n| message.mailboxes(n));
        people.map(|m| m.address).collect()
    };
    let resent = fields(&["Resent-To", "Resent-Cc"]);
    match resent.is_empty() {
        true => fields(&["To", "Cc", "X-Original-To"]),
        false => resent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        name: &'static str,
        options: &'static [&'static str],
        env: &'static [(&'static str, &'static str)],
        message: &'static str,
        want: (&'static [&'static str], RecipientSource),
    }

    #[test]
    fn the_best_source_counts() {
        // A1
        use RecipientSource::{Envelope as E, Header as H};
        let exim = &[
            ("RECIPIENT", "submit@example.org"),
            ("LOCAL_PART", "submit"),
        ];
        let postfix = &[
            ("RECIPIENT", "bob+ticket-1@localhost"),
            ("ORIGINAL_RECIPIENT", "ticket-1@example.org"),
        ];
        let to = "To: Desk <submit@example.org>, ann@x.org\nCc: ticket-3@example.org\n\n";
        for case in [
            Case {
                name: "options first",
                options: &["a@x", "A@X", "b@x"],
                env: exim,
                message: to,
                want: (&["a@x", "b@x"], E),
            },
            Case {
                name: "Exim",
                options: &[],
                env: exim,
                message: to,
                want: (&["submit@example.org"], E),
            },
            Case {
                name: "Postfix alias",
                options: &[],
                env: postfix,
                message: to,
                want: (&["ticket-1@example.org"], E),
            },
            Case {
                name: "Postfix, rewritten to us",
                options: &[],
                env: &[
                    ("ORIGINAL_RECIPIENT", "office@example.org"),
                    ("RECIPIENT", "submit@example.org"),
                ],
                message: "",
                want: (&["submit@example.org"], E),
            },
            Case {
                name: "extension",
                options: &[],
                env: &[
                    ("USER", "help"),
                    ("LOCAL", "help+12"),
                    ("EXTENSION", "12"),
                    ("RECIPIENT", "x@y"),
                ],
                message: "",
                want: (&["help+12"], E),
            },
            Case {
                name: "Exim's batch",
                options: &[],
                env: &[
                    ("RECIPIENT", "@example.org"),
                    ("LOCAL_PART", "NULL"),
                    ("DOMAIN", "example.org"),
                ],
                message: "Envelope-To: submit@example.org,\n ticket-3@example.org\n\n",
                want: (&["submit@example.org", "ticket-3@example.org"], E),
            },
            Case {
                name: "trace field",
                options: &[],
                env: &[],
                message: "Delivered-To: ticket-3@example.org\nTo: list@x.org\n\n",
                want: (&["ticket-3@example.org"], E),
            },
            Case {
                name: "trace field of an account",
                options: &[],
                env: &[],
                message: "Delivered-To: steve@x.org\nTo: submit@example.org\n\n",
                want: (&["submit@example.org"], H),
            },
            Case {
                name: "header",
                options: &[],
                env: &[],
                message: to,
                want: (
                    &["submit@example.org", "ann@x.org", "ticket-3@example.org"],
                    H,
                ),
            },
            Case {
                name: "resent",
                options: &[],
                env: &[],
                message: "Resent-To: ticket-4@example.org\nTo: ann@x.org\n\n",
                want: (&["ticket-4@example.org"], H),
            },
            Case {
                name: "nothing",
                options: &[],
                env: &[],
                message: "\n",
                want: (&[], H),
            },
        ] {
            let given = Given {
                sender: None,
                recipients: case.options.iter().map(|s| s.to_string()).collect(),
            };
            let env = |name: &str| {
                let found = case.env.iter().find(|(n, _)| *n == name);
                found.map(|(_, v)| v.to_string())
            };
            let ours = |a: &str| {
                a.starts_with("submit@") || a.starts_with("ticket-") || a.starts_with("help+")
            };
            let message = Message::new(case.message.as_bytes());
            let got = Envelope::find(&given, None, &env, &message, &ours);
            let want: Vec<String> = case.want.0.iter().map(|s| s.to_string()).collect();
            assert_eq!(
                (got.recipients, got.recipients_from),
                (want, case.want.1),
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn senders() {
        let address = |a: &str| Sender::Address(a.into());
        let find = |option: Option<&str>, env: Option<&str>, message: &str| {
            let given = Given {
                sender: option.map(str::to_owned),
                recipients: vec![],
            };
            let env = |n: &str| (n == "SENDER").then(|| env.map(str::to_owned)).flatten();
            let message = Message::new(message.as_bytes());
            Envelope::find(&given, Some(b"f@x"), &env, &message, &|_| true).sender
        };
        let path = "Return-Path: <r@x>\n\n";
        assert_eq!(find(Some("o@x"), Some("e@x"), path), address("o@x"));
        assert_eq!(find(Some("<>"), Some("e@x"), path), Sender::Null);
        assert_eq!(find(None, Some(""), path), Sender::Null);
        assert_eq!(find(Some("MAILER-DAEMON"), None, path), Sender::Null);
        assert_eq!(find(Some("<\0\0>"), None, path), Sender::Null);
        assert_eq!(find(Some("\u{7f} <o\n@x>"), None, path), address("o@x"));
        assert_eq!(find(None, Some("e@x"), path), address("e@x"));
        assert_eq!(find(None, None, path), address("r@x"));
        assert_eq!(find(None, None, "Return-Path: <>\n\n"), Sender::Null);
        assert_eq!(find(None, None, "To: a@x\n\n"), address("f@x"));
    }
}
