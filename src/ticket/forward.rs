//! Mail that one of the staff forwards, to open a ticket for whoever wrote it.
//!
//! The person is named by a line `Submitter: ann@example.net` on top of the text, as in Debbugs'
//! pseudo-header, or by the only mail that is enclosed.

use super::reach;
use super::staff::{Authorship, Staff};
use super::summary::{Summary, local_signs};
use mail::automatic::{self, is_unread};
use mail::decode::{self, Mailbox};
use mail::enclosed::enclosed;
use mail::envelope::Sender;
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

/// Why it is unclear for whom a forwarded mail opens a ticket.
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
    /// A machine wrote the enclosed mail.
    Machine,
}

impl Unclear {
    /// The reason in words, to follow "It was to open a ticket for somebody else, but".
    pub fn reason(self) -> &'static str {
        match self {
            Unclear::BadLine => {
                "its line \"Submitter:\" does not contain exactly one address outside of the desk"
            }
            Unclear::NoMail => {
                "it encloses no mail, and its text does not begin with a line such as \
                 \"Submitter: ann@example.net\""
            }
            Unclear::SeveralMails => "it encloses several mails",
            Unclear::Machine => "a machine wrote the mail that it encloses",
            Unclear::NoAuthor => "the mail that it encloses has no author outside of the desk",
        }
    }
}

impl Forwarded {
    /// What `summary`, that of the mail that forwards it, says of the ticket that it opens: it is the submitter's, and has
    /// the Subject that they know, if their mail is enclosed.
    pub fn opening(&self, summary: Summary, forwarding: &Message) -> Summary {
        let summary = summary.written_by(forwarding, &self.authorship());
        match &self.original {
            Some(original) => summary.about(&Message::new(original)),
            None => summary,
        }
    }

    /// The authorship of the entry: the words in it are the submitter's.
    pub fn authorship(&self) -> Authorship {
        Authorship {
            author: Some(self.submitter.clone()),
            writer: Some(self.submitter.clone()),
            speakers: vec![self.submitter.address.to_ascii_lowercase()],
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
/// It is unclear.
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
        let named = named(&line).filter(is_foreign);
        let named = named.filter(|m| !is_unread(&m.address));
        let mut submitter = named.ok_or(Unclear::BadLine)?;
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
    let signs = local_signs(staff.addresses, &[]);
    let is_machines =
        |mail: &Vec<u8>| automatic::is_automatic(&Message::new(mail), &Sender::Unknown, &signs);
    if only.as_ref().is_some_and(is_machines) || is_unread(&submitter.address) {
        return Err(Unclear::Machine);
    }
    Ok(Forwarded {
        submitter,
        original: only,
    })
}

/// What follows `Submitter:` in the first line of the text, as mail programs write it: in HTML it may be
/// bold.
fn line(message: &Message) -> Option<String> {
    const NAME: &str = "submitter";
    let first = render::first_lines(message.raw(), 1, &Limits::default());
    let first = first.trim_start_matches(['*', '_', ' ']);
    let name = first.get(..NAME.len())?;
    let rest = first[name.len()..].trim_start_matches(['*', '_', ' ']);
    let value = rest.strip_prefix(':')?;
    let value = value.trim_matches(['*', '_', ' ']);
    name.eq_ignore_ascii_case(NAME).then(|| value.to_owned())
}

/// The one mailbox that `value` names. Mail programs put links behind addresses:
/// `ann@example.net<mailto:ann@example.net>`.
fn named(value: &str) -> Option<Mailbox> {
    let value = value.trim_end_matches(['.', ',', ';']);
    if let [one] = &decode::mailboxes(value.as_bytes())[..] {
        return Some(one.clone());
    }
    let mut found: Vec<Mailbox> = Vec::new();
    let ends = |c: char| c.is_whitespace() || "<>[]()\",;".contains(c);
    for word in value.split(ends) {
        let word = word
            .strip_prefix("mailto:")
            .unwrap_or(word)
            .trim_end_matches('.');
        let [one] = &decode::mailboxes(word.as_bytes())[..] else {
            continue;
        };
        if !found
            .iter()
            .any(|m| m.address.eq_ignore_ascii_case(&one.address))
        {
            found.push(one.clone());
        }
    }
    let mut one = match found.len() {
        1 => found.pop()?,
        _ => return None,
    };
    let at = value
        .find(ends)
        .filter(|_| !value.starts_with(&one.address));
    if at.is_some() && value.find('@') > value.find(['<', '[', '(']) {
        let name = value.split(['<', '[', '(']).next().unwrap_or_default();
        one.name = decode::clean(name.trim().trim_matches('"'));
    }
    Some(one)
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
            people: &[crate::ticket::person::Person::with_address("steve@d.org")],
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
            (
                "nobody reads it",
                "\nSubmitter: noreply@x.org\n".into(),
                "BadLine",
            ),
            (
                "a blank",
                "\nSubmitter : ann@x.org\n".into(),
                " <ann@x.org> false",
            ),
            (
                "bold",
                "\n*Submitter:* ann@x.org\n".into(),
                " <ann@x.org> false",
            ),
            (
                "a full stop",
                "\nSubmitter: ann@x.org.\n".into(),
                " <ann@x.org> false",
            ),
            (
                "Outlook",
                "\nSubmitter: ann@x.org<mailto:ann@x.org>\n".into(),
                " <ann@x.org> false",
            ),
            (
                "older Outlook",
                "\nSubmitter: Ann [mailto:ann@x.org]\n".into(),
                "Ann <ann@x.org> false",
            ),
            (
                "enclosed, of a machine",
                enclosing(
                    "see",
                    &["Auto-Submitted: auto-generated\nFrom: a@x.org\n\nx\n"],
                ),
                "Machine",
            ),
            (
                "enclosed, of noreply",
                enclosing("see", &["From: noreply@x.org\n\nx\n"]),
                "Machine",
            ),
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
