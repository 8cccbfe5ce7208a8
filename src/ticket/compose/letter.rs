//! A reply that a person writes with `tickets reply`: the draft, its form in an editor, and the
//! finished mail.

use super::head::{Head, mail_addresses, references, unencoded};
use super::{Mailbox, ascii_domain};
use mail::decode::{clean, clean_block};
use mail::message::Message;

/// A reply that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// The ticket, under the desk's name.
    pub from: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    /// Includes the ticket's address, which files the reply.
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    /// In one line.
    pub subject: String,
    /// Msg-ids of the answered message and those before it, oldest first.
    pub references: Vec<String>,
    /// With LF line ends.
    pub body: String,
}

impl Letter {
    /// A reply to `original` with its thread, its Subject with `tag`, and its `text` quoted. `when` is the
    /// date in the line above the quotation.
    #[must_use]
    pub fn answering(original: &Message, tag: &str, text: &str, when: &str) -> Self {
        let author = match clean(&original.author_name()) {
            author if author.is_empty() => "somebody".into(),
            author => author,
        };
        let quoted: String = text.lines().map(quote).collect();
        Letter {
            subject: subject(&original.subject(), tag),
            references: references(original),
            body: format!("\nOn {when}, {author} wrote:\n{quoted}"),
            ..Letter::default()
        }
    }

    /// The addresses of all recipients, each once; unusable ones are left out.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        mail_addresses(self.to.iter().chain(&self.cc).chain(&self.bcc))
    }

    /// The text for an editor: decoded fields, an empty line, the body.
    #[must_use]
    pub fn readable(&self) -> String {
        let mut out = String::new();
        for (name, people) in [("From", &self.from), ("To", &self.to), ("Cc", &self.cc)] {
            let people: Vec<String> = people.iter().map(readable).collect();
            out.push_str(&format!("{name}: {}\n", people.join(", ")));
        }
        out.push_str(&format!(
            "Subject: {}\n\n{}",
            unencoded(&clean(&self.subject)),
            self.body
        ));
        out
    }

    /// Takes over the text that the editor saved. The references stay as they are.
    pub fn edited(&mut self, text: &str) {
        let message = Message::new(text.as_bytes());
        self.from = message.from();
        self.to = message.mailboxes("To");
        self.cc = message.mailboxes("Cc");
        self.bcc = message.mailboxes("Bcc");
        self.subject = message.subject();
        self.body = String::from_utf8_lossy(message.body()).into_owned();
    }

    /// True if it has no text apart from quoted lines and a signature.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        let mut lines = self.body.lines().map(str::trim_end).peekable();
        while let Some(line) = lines.next() {
            let introduces =
                line.ends_with(" wrote:") && lines.peek().is_some_and(|next| next.starts_with('>'));
            if !line.is_empty() && !line.starts_with('>') && !introduces {
                // The signature begins here.
                return line == "--";
            }
        }
        true
    }

    /// The mail, with LF line ends. `unique` makes its msg-id, `now` is in seconds since 1970.
    #[must_use]
    pub fn mail(&self, unique: &str, domain: &str, now: i64) -> Vec<u8> {
        let mut head = Head::default();
        head.date(now);
        self.fields(&mut head);
        head.plain(
            "Message-ID",
            &format!("<{unique}@{}>", ascii_domain(domain)),
        );
        head.with_text(clean_block(&self.body).trim_start_matches('\n'))
    }

    /// A draft for a mail program, which adds the date and the msg-id. The body is not encoded.
    #[must_use]
    pub fn unfinished(&self) -> Vec<u8> {
        let mut head = Head::default();
        self.fields(&mut head);
        head.plain("MIME-Version", "1.0");
        head.plain("Content-Type", "text/plain; charset=utf-8");
        head.plain("Content-Transfer-Encoding", "8bit");
        format!("{}\n{}", head.as_str(), self.body).into_bytes()
    }

    fn fields(&self, head: &mut Head) {
        head.people("From", &self.from);
        head.recipients("To", &self.to);
        head.recipients("Cc", &self.cc);
        head.text("Subject", &self.subject);
        if let Some(answered) = self.references.last() {
            head.msg_ids("In-Reply-To", std::slice::from_ref(answered));
        }
        head.msg_ids("References", &self.references);
    }
}

/// `[issue12] Re: Drucker`, without the tags and reply prefixes of the original.
fn subject(original: &str, tag: &str) -> String {
    let words = clean(original).replace(tag, " ");
    let mut words = words.trim();
    loop {
        let before = words;
        for prefix in ["re:", "aw:", "sv:", "antw:"] {
            let head = words.get(..prefix.len()).unwrap_or_default();
            if head.eq_ignore_ascii_case(prefix) {
                words = words[prefix.len()..].trim_start();
            }
        }
        if words == before {
            return format!("{tag} Re: {words}").trim().to_owned();
        }
    }
}

/// Quotes a line. If it is a quotation already, no blank comes between its marks.
fn quote(line: &str) -> String {
    let blank = if line.starts_with('>') { "" } else { " " };
    format!(">{blank}{line}").trim_end().to_owned() + "\n"
}

/// A mailbox as a person types it and as `mailboxes` parses it.
fn readable(mailbox: &Mailbox) -> String {
    let name = unencoded(&clean(&mailbox.name)).replace(['"', '\\'], "'");
    let plain = |c: char| c.is_alphanumeric() || " -_'".contains(c);
    match name.as_str() {
        "" => mailbox.address.clone(),
        name if name.chars().all(plain) => format!("{name} <{}>", mailbox.address),
        name => format!("\"{name}\" <{}>", mailbox.address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"From: =?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <j@example.net>\n\
        Subject: RE: [issue12] AW: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <2@x>\n\
        References: <0@x> <1@x>\nIn-Reply-To: <1@x>\n\nHallo\n";

    fn mailbox(name: &str, address: &str) -> Mailbox {
        Mailbox {
            name: name.into(),
            address: address.into(),
        }
    }

    fn draft() -> Letter {
        let text = "Hallo\n\n> alt\nEnde";
        Letter {
            from: vec![mailbox("Büro, Nord", "ticket-12@example.org")],
            to: vec![mailbox("Jürgen Groß", "j@example.net")],
            cc: vec![mailbox("", "ticket-12@example.org")],
            ..Letter::answering(&Message::new(MAIL), "[issue12]", text, "2026-11-22 10:00")
        }
    }

    #[test]
    fn an_editor_shows_decoded_text_and_gives_it_back() {
        let mut again = draft();
        let text = draft().readable();
        assert_eq!(
            text,
            "From: \"Büro, Nord\" <ticket-12@example.org>\nTo: Jürgen Groß <j@example.net>\n\
             Cc: ticket-12@example.org\nSubject: [issue12] Re: Grüße\n\n\n\
             On 2026-11-22 10:00, Jürgen Groß wrote:\n> Hallo\n>\n>> alt\n> Ende\n"
        );
        assert!(again.says_nothing());
        again.edited(&text);
        assert_eq!(again, draft());
        again.edited(
            &text
                .replace("\n\nOn ", "\nDanke!\n\nOn ")
                .replace("Cc:", "Bcc:"),
        );
        assert!(!again.says_nothing());
        assert_eq!(
            again.recipients(),
            ["j@example.net", "ticket-12@example.org"]
        );
    }

    #[test]
    fn text_that_looks_encoded_is_not_decoded_again() {
        // C8: the decoded Subject is `=?utf-8?Q?a?=`.
        let mail = b"From: =?utf-8?Q?=3D=3Futf-8=3FQ=3Fb=3F=3D?= <b@x>\n\
            Subject: =?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=\n\n";
        let original = Message::new(mail);
        let mut draft = Letter {
            to: original.from(),
            ..Letter::answering(&original, "[issue12]", "", "2026-11-22 10:00")
        };
        draft.edited(&draft.readable());
        assert_eq!(draft.subject, "[issue12] Re: = ?utf-8?Q?a?=");
        assert_eq!(draft.to, [mailbox("= ?utf-8?Q?b?=", "b@x")]);
        let sent = draft.mail("u", "example.org", 0);
        let sent = Message::new(&sent);
        assert_eq!(sent.subject(), draft.subject);
        assert_eq!(sent.mailboxes("To"), draft.to);
        // A name that was never shown in an editor is encoded, so it may stay.
        let draft = Letter {
            to: original.from(),
            ..draft
        };
        let sent = draft.mail("u", "example.org", 0);
        assert_eq!(Message::new(&sent).mailboxes("To"), original.from());
    }

    #[test]
    fn it_becomes_a_mail_in_the_thread() {
        let mail = String::from_utf8(draft().mail("u", "example.org", 0)).unwrap();
        assert_eq!(
            mail,
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\n\
             From: =?utf-8?b?QsO8cm8sIE5vcmQ=?= <ticket-12@example.org>\n\
             To: =?utf-8?b?SsO8cmdlbiBHcm/Dnw==?= <j@example.net>\nCc: ticket-12@example.org\n\
             Subject: [issue12] Re: =?utf-8?b?R3LDvMOfZQ==?=\nIn-Reply-To: <2@x>\n\
             References: <0@x>\n <1@x>\n <2@x>\nMessage-ID: <u@example.org>\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: quoted-printable\n\nOn 2026-11-22 10:00, \
             J=C3=BCrgen Gro=C3=9F wrote:\n> Hallo\n>\n>> alt\n> Ende\n"
        );
    }

    #[test]
    fn subjects_keep_one_tag_and_one_re() {
        for (original, want) in [
            ("Printer", "[issue12] Re: Printer"),
            ("Re: AW: re: [issue12] Printer", "[issue12] Re: Printer"),
            ("[issue12] Re: Fwd: Printer", "[issue12] Re: Fwd: Printer"),
            ("Rê: x", "[issue12] Re: Rê: x"),
            ("", "[issue12] Re:"),
        ] {
            assert_eq!(subject(original, "[issue12]"), want, "{original}");
        }
    }

    #[test]
    fn a_reply_must_say_something() {
        for (body, want) in [
            ("", true),
            ("\n\n", true),
            ("On x, Al wrote:\n> a\n", true),
            ("> a\n-- \nBob\n", true),
            ("On x, Al wrote:\n> a\nYes.\n", false),
            ("She wrote:\nnothing", false),
        ] {
            let draft = Letter {
                body: body.into(),
                ..Letter::default()
            };
            assert_eq!(draft.says_nothing(), want, "{body:?}");
        }
    }
}
