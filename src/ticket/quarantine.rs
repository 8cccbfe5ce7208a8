//! A message in quarantine as a file: what is known of it, in fields above it, and below them its bytes as they came in
//! (G5). A mail program that opens the file sees one mail.
//!
//! ```text
//! X-Tickets-Sender: <ann@example.net>
//! X-Tickets-Recipient: submit@example.org
//! X-Tickets-Module: rspamd; go=quarantine; reason="a virus was found"
//! X-Tickets-Quarantine: 1764408000; from=envelope
//! <the message>
//! ```
//!
//! The last of them ends what is ours, whatever the message begins with. None is folded.

use mail::envelope::{Envelope, RecipientSource, Sender};

const SENDER: &str = "X-Tickets-Sender:";
const RECIPIENT: &str = "X-Tickets-Recipient:";
const MODULE: &str = "X-Tickets-Module:";
const END: &str = "X-Tickets-Quarantine:";

/// What is known of a message in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Who sent it, and to whom.
    pub envelope: Envelope,
    /// What modules said of it, as their trace fields say it.
    pub modules: Vec<String>,
    /// When it came in, in seconds since 1970.
    pub at: i64,
}

impl Slip {
    /// The fields.
    pub fn write(&self) -> String {
        let mut text = match &self.envelope.sender {
            Sender::Address(address) => format!("{SENDER} <{}>\n", escaped(address)),
            Sender::Null => format!("{SENDER} <>\n"),
            Sender::Unknown => String::new(),
        };
        for recipient in &self.envelope.recipients {
            text.push_str(&format!("{RECIPIENT} {}\n", escaped(recipient)));
        }
        for said in &self.modules {
            text.push_str(&format!("{MODULE} {}\n", escaped(said)));
        }
        let from = match self.envelope.recipients_from {
            RecipientSource::Envelope => "envelope",
            RecipientSource::Header => "header",
        };
        text.push_str(&format!("{END} {}; from={from}\n", self.at));
        text
    }

    /// Reads the fields that `bytes` begin with, and how long they are; `None` if these are others.
    pub fn read(bytes: &[u8]) -> Option<(Slip, usize)> {
        let mut slip = Slip {
            envelope: Envelope {
                sender: Sender::Unknown,
                recipients: Vec::new(),
                recipients_from: RecipientSource::Envelope,
            },
            modules: Vec::new(),
            at: 0,
        };
        let mut length = 0;
        for line in bytes.split_inclusive(|&c| c == b'\n') {
            length += line.len();
            let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
            if let Some(sender) = line.strip_prefix(SENDER) {
                let sender = unescaped(sender.trim().strip_prefix('<')?.strip_suffix('>')?);
                slip.envelope.sender = match sender.is_empty() {
                    true => Sender::Null,
                    false => Sender::Address(sender),
                };
            } else if let Some(recipient) = line.strip_prefix(RECIPIENT) {
                slip.envelope.recipients.push(unescaped(recipient.trim()));
            } else if let Some(said) = line.strip_prefix(MODULE) {
                slip.modules.push(unescaped(said.trim()));
            } else {
                let (at, from) = line.strip_prefix(END)?.split_once("; from=")?;
                slip.at = at.trim().parse().ok()?;
                if from.trim() == "header" {
                    slip.envelope.recipients_from = RecipientSource::Header;
                }
                return Some((slip, length));
            }
        }
        None
    }

    /// Which module put it there, and why, as far as its trace fields say so.
    pub fn why(&self) -> (&str, &str) {
        let last = self.modules.last().map_or("", String::as_str);
        let (module, rest) = last.split_once("; ").unwrap_or((last, ""));
        let quoted = |key: &str| Some(rest.split_once(key)?.1.split_once('"')?.0);
        let why = quoted("reason=\"").or_else(|| quoted("failed=\""));
        (module, why.unwrap_or(""))
    }
}

/// `text` in one line without blanks at its ends, from which [`unescaped`] makes it again.
fn escaped(text: &str) -> String {
    let last = text.len().saturating_sub(1);
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let at_an_end = at == 0 || at == last;
        if c == '%' || c.is_control() || (c.is_whitespace() && (at_an_end || c != ' ')) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&c, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| c == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(c));
        rest = match byte {
            Some(_) => &behind[2..],
            None => behind,
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip(sender: Sender, recipients: &[&str], modules: &[&str]) -> Slip {
        Slip {
            envelope: Envelope {
                sender,
                recipients: recipients.iter().map(|it| (*it).to_owned()).collect(),
                recipients_from: RecipientSource::Header,
            },
            modules: modules.iter().map(|it| (*it).to_owned()).collect(),
            at: 1_764_408_000,
        }
    }

    #[test]
    fn an_envelope_comes_back_whatever_the_message_begins_with() {
        // G5
        let odd = "a\nX-Tickets-Recipient: evil@x\r\u{85}%0A\u{2028} b@c";
        let slips = [
            slip(
                Sender::Address("ann@x".into()),
                &["submit@y", "ticket-1@y"],
                &["f; go=quarantine"],
            ),
            slip(Sender::Null, &[], &[]),
            slip(
                Sender::Unknown,
                &[odd, " blanks ", "%", "ü", "\u{a0}"],
                &[odd, ""],
            ),
            slip(Sender::Address(odd.into()), &["x@y"], &[]),
        ];
        let messages: [&[u8]; 6] = [
            b"",
            b"X-Tickets-Recipient: evil@x\nX-Tickets-Quarantine: 1; from=header\n\nx",
            b" folded\n\nx",
            b"\n",
            b"no header",
            b"\xff\0\r\n",
        ];
        for slip in &slips {
            for message in messages {
                let text = slip.write();
                let file = [text.as_bytes(), message].concat();
                let read = Slip::read(&file);
                assert_eq!(read, Some((slip.clone(), text.len())), "{text}");
            }
            // Half of it is none.
            let text = slip.write();
            for end in 0..text.len() {
                assert_eq!(Slip::read(&text.as_bytes()[..end]), None, "{text}");
            }
        }
        for foreign in [
            "",
            "Subject: x\n\n",
            "X-Tickets-Sender: x\n",
            "X-Tickets-Quarantine: x; from=y\n",
        ] {
            assert_eq!(Slip::read(foreign.as_bytes()), None, "{foreign}");
        }
    }

    #[test]
    fn it_says_who_put_it_there_and_why() {
        let why = |said: &[&str]| {
            let slip = slip(Sender::Null, &[], said);
            let (module, why) = slip.why();
            format!("{module}: {why}")
        };
        let said = [
            "a; go=on; note=\"x\"",
            "b; go=quarantine; reason=\"a virus\"; score=1",
        ];
        assert_eq!(why(&said), "b: a virus");
        assert_eq!(why(&["b; failed=\"it hung\"; go=quarantine"]), "b: it hung");
        assert_eq!(why(&["b"]), "b: ");
        assert_eq!(why(&[]), ": ");
    }
}
