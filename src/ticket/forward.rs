//! Mail that one of the staff forwards, to open a ticket for whoever wrote it.
//!
//! The person is named by a line `Submitter: ann@example.net` on top of the text, as in Debbugs'
//! pseudo-header, or by the only mail that is enclosed.

use super::reach;
use super::staff::{Authorship, Staff};
use mail::decode::{self, Mailbox};
use mail::enclosed::enclosed;
use mail::message::Message;
use mail::render::{self, Limits};

/// Forwarded mail of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Whose ticket it opens.
    pub submitter: Mailbox,
    /// The enclosed mail, if the submitter is its author.
    pub original: Option<Vec<u8>>,
}

/// Why it cannot be told whose ticket a forwarded mail opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// The line `Submitter:` does not hold one address that can be written to.
    BadLine,
    /// There is no such line and no enclosed mail.
    NoMail,
    /// Several mails are enclosed.
    SeveralMails,
    /// The enclosed mail does not say who wrote it, or one of the staff did.
    NoAuthor,
}

impl Unclear {
    /// It in words, after "It was to open a ticket for somebody else, but".
    pub fn reason(self) -> &'static str {
        match self {
            Unclear::BadLine => "its line \"Submitter:\" does not hold one address of theirs",
            Unclear::NoMail => {
                "it encloses no mail, and its text does not begin with a line such as \
                 \"Submitter: ann@example.net\""
            }
            Unclear::SeveralMails => "it encloses several mails",
            Unclear::NoAuthor => "the mail that it encloses has no author outside of the desk",
        }
    }
}

impl Forwarded {
    /// The authorship of the entry: the words in it are the submitter's.
    pub fn authorship(&self) -> Authorship {
        Authorship {
            author: Some(self.submitter.clone()),
            writer: Some(self.submitter.clone()),
            speakers: vec![self.submitter.address.to_lowercase()],
            is_staff: false,
            is_desk: false,
        }
    }
}

/// True if the text of `message` begins with a line `Submitter:`.
pub fn names_submitter(message: &Message) -> bool {
    line(message).is_some()
}

/// Whose ticket `message` opens, which one of the staff forwarded.
///
/// # Errors
/// It cannot be told.
pub fn submitter(staff: &Staff, message: &Message) -> Result<Forwarded, Unclear> {
    let is_foreign = |m: &Mailbox| {
        reach::mail_address(&m.address).is_some() && !staff.has(&reach::mailbox_key(&m.address))
    };
    let mut mails = enclosed(message.raw());
    let only = match mails.len() {
        1 => mails.pop(),
        _ => None,
    };
    let author = only
        .as_ref()
        .and_then(|mail| staff.authorship(&Message::new(mail)).author);
    if let Some(line) = line(message) {
        let named = decode::mailboxes(line.as_bytes());
        let [submitter] = &named[..] else {
            return Err(Unclear::BadLine);
        };
        let mut submitter = Some(submitter.clone())
            .filter(is_foreign)
            .ok_or(Unclear::BadLine)?;
        let author = author.filter(|a| a.address.eq_ignore_ascii_case(&submitter.address));
        if submitter.name.is_empty() {
            submitter.name = author.as_ref().map(|a| a.name.clone()).unwrap_or_default();
        }
        return Ok(Forwarded {
            submitter,
            original: only.filter(|_| author.is_some()),
        });
    }
    if only.is_none() {
        return Err(match mails.is_empty() {
            true => Unclear::NoMail,
            false => Unclear::SeveralMails,
        });
    }
    let submitter = author.filter(is_foreign).ok_or(Unclear::NoAuthor)?;
    Ok(Forwarded {
        submitter,
        original: only,
    })
}

/// What follows `Submitter:` in the first line of the text.
fn line(message: &Message) -> Option<String> {
    const NAME: &str = "submitter:";
    let first = render::first_lines(message.raw(), 1, &Limits::default());
    let name = first.get(..NAME.len())?;
    name.eq_ignore_ascii_case(NAME)
        .then(|| first[NAME.len()..].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::address::Addresses;

    /// The submitter and whether the enclosed mail is theirs, or why it is unclear.
    fn found(mail: &str) -> String {
        let addresses =
            Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}").unwrap();
        let staff = Staff {
            admins: &["steve@d.org".into()],
            addresses: &addresses,
        };
        match submitter(&staff, &Message::new(mail.as_bytes())) {
            Ok(it) => {
                let Mailbox { name, address } = it.submitter;
                format!("{name} <{address}> {}", it.original.is_some())
            }
            Err(why) => format!("{why:?}"),
        }
    }

    fn enclosing(text: &str, mails: &[&str]) -> String {
        let mails = mails
            .iter()
            .map(|m| format!("--b\nContent-Type: message/rfc822\n\n{m}\n"));
        let mails: String = mails.collect();
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{text}\n{mails}--b--\n")
    }

    #[test]
    fn the_submitter_is_named() {
        let ann = "From: Ann <ann@x.org>\n\nhelp\n";
        let form = "From: shop@x.org\nReply-To: Ann <ann@x.org>\n\nhelp\n";
        for (case, mail, want) in [
            (
                "a line",
                "\nSubmitter: Ann <ann@x.org>\n\nhelp\n".into(),
                "Ann <ann@x.org> false",
            ),
            (
                "its letter case",
                "\n\nSUBMITTER:ann@x.org\nhelp\n".into(),
                " <ann@x.org> false",
            ),
            (
                "not the first line",
                "\nhello\nSubmitter: ann@x.org\n".into(),
                "NoMail",
            ),
            ("an admin", "\nSubmitter: steve@d.org\n".into(), "BadLine"),
            ("the desk", "\nSubmitter: submit@d.org\n".into(), "BadLine"),
            (
                "two",
                "\nSubmitter: ann@x.org, bob@x.org\n".into(),
                "BadLine",
            ),
            ("none", "\nSubmitter: Ann\n".into(), "BadLine"),
            ("no mail", "\nhello\n".into(), "NoMail"),
            ("enclosed", enclosing("see", &[ann]), "Ann <ann@x.org> true"),
            (
                "a form, enclosed",
                enclosing("see", &[form]),
                "Ann <ann@x.org> true",
            ),
            (
                "two enclosed",
                enclosing("see", &[ann, ann]),
                "SeveralMails",
            ),
            (
                "enclosed without author",
                enclosing("see", &["Subject: x\n\nx\n"]),
                "NoAuthor",
            ),
            (
                "an admin's, enclosed",
                enclosing("see", &["From: steve@d.org\n\nx\n"]),
                "NoAuthor",
            ),
            (
                "both agree",
                enclosing("Submitter: ann@x.org", &[ann]),
                "Ann <ann@x.org> true",
            ),
            (
                "the line decides",
                enclosing("Submitter: bob@x.org", &[ann]),
                " <bob@x.org> false",
            ),
        ] {
            assert_eq!(found(&mail), want, "{case}");
        }
    }
}
