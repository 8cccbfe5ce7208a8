//! The text of a mail for a full-text index.
//!
//! Beside what [`crate::render`] shows, it holds attached texts, enclosed mails and names of files, and
//! quoted text as well, which may be quoted from a mail that is not indexed. Made for millions of
//! mails: of a large part only the beginning is decoded.
//!
//! [`searchable`] brings text, and a query for it, into the form that the `unicode61` tokenizer of
//! SQLite's FTS5 finds words in, in any script.
//!
//! ```
//! let mail = b"Subject: =?utf-8?Q?Stra=C3=9Fe?=\nFrom: Ann <ann@example.org>\n\nHello\n";
//! let words = tickets_mail::words::words(mail);
//! assert_eq!(words.subject, "Strasse");
//! assert_eq!(words.author, "Ann ann@example.org\n");
//! assert_eq!(words.body, "Hello\n\n");
//! ```

mod letters;

pub use letters::{composed, marks, searchable, stands_alone};

use crate::decode::{Mailbox, in_charset};
use crate::message::Message;
use crate::render::body::BodyPart;
use crate::render::enclosed::{Content, Packing};
use crate::render::kind::{TextKind, has_text, shown_as, text_of};
use crate::render::parts::{Entity, walk};

/// Bytes of text of one mail that are read at most.
const TEXT: usize = 256 << 10;

/// Bytes of one attachment that are read at most, since log files are large.
const ATTACHED: usize = 64 << 10;

/// Bytes of people's names and addresses that are kept at most.
const PEOPLE: usize = 64 << 10;

/// Bytes of a Subject that are kept at most.
const SUBJECT: usize = 4 << 10;

/// Names of files that are kept at most.
const FILES: usize = 500;

/// Mails that are enclosed deeper than this are attachments whose text is not read.
const DEPTH: usize = 4;

/// A plain version of at most so many bytes may only say that there is no plain version.
const STUB: usize = 200;

/// The text of a mail as the index takes it: see [`searchable`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The Subject.
    pub subject: String,
    /// The names and addresses in From and Reply-To, one mailbox a line.
    pub author: String,
    /// The names and addresses in To and Cc, one mailbox a line.
    pub people: String,
    /// The names of attachments, those in enclosed mails among them, one a line.
    pub files: String,
    /// The text of the mail and its attachments, and enclosed mails with their Subject, From, To and
    /// Cc. Without PGP signatures, keys and certificates.
    pub body: String,
}

/// The words of a mail (without a From_ line); at most some 500 KB of them.
pub fn words(raw: &[u8]) -> Words {
    let contents = contents(raw);
    let mut body = String::new();
    for passage in &contents.passages {
        for text in readable(&passage.text) {
            body.push_str(&searchable(&composed(text)));
            body.push('\n');
        }
    }
    Words {
        subject: searchable(&composed(&contents.subject)).into_owned(),
        author: people(&contents.authors),
        people: people(&contents.others),
        files: searchable(&composed(&contents.files.join("\n"))).into_owned(),
        body,
    }
}

fn people(people: &[Mailbox]) -> String {
    let mut text = String::new();
    for Mailbox { name, address } in people {
        text.push_str(&format!("{name} {address}\n"));
        if text.len() > PEOPLE {
            break;
        }
    }
    searchable(&composed(&text)).into_owned()
}

/// The decoded text of a mail, as a person reads it: what [`Words`] are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The Subject in one line, at most 4 KiB of it.
    pub subject: String,
    /// The mailboxes in From, then those in Reply-To. If From holds no address, what it says instead is a
    /// name without one.
    pub authors: Vec<Mailbox>,
    /// The mailboxes in To, then those in Cc.
    pub others: Vec<Mailbox>,
    /// The names of attachments, those in enclosed mails among them; at most 500.
    pub files: Vec<String>,
    /// The texts in the order of the mail, together at most 256 KiB.
    pub passages: Vec<Passage>,
}

/// A text in a mail or in an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The attachment it comes from, by its name or else its MIME type; `None` for the text of the
    /// mail itself.
    pub file: Option<String>,
    /// The text. It may hold any character, control characters among them.
    pub text: String,
}

/// Reads a mail (without a From_ line) as [`words`] does, but keeps the text as it was written.
pub fn contents(raw: &[u8]) -> Contents {
    let message = Message::new(raw);
    let mut subject = message.subject();
    cut(&mut subject, SUBJECT);
    let mut authors = message.from();
    let said = message.author_text();
    authors.extend((!said.is_empty()).then_some(Mailbox {
        name: said,
        address: String::new(),
    }));
    authors.extend(message.mailboxes("Reply-To"));
    let mut collector = Collector {
        room: TEXT,
        depth: 0,
        contents: Contents {
            subject,
            authors,
            others: message.to_cc(),
            ..Contents::default()
        },
    };
    collector.entity(&walk(raw), None);
    let contents = &mut collector.contents;
    if contents.passages.is_empty() && contents.files.is_empty() {
        // The mail was not understood, so all of it is text, as in `render`.
        let body = message.body();
        let text = in_charset("utf-8", &body[..body.len().min(TEXT)]);
        contents.passages.push(Passage { file: None, text });
    }
    collector.contents
}

/// Collects the [`Contents`] of a mail.
struct Collector {
    /// Bytes of text that may still be taken.
    room: usize,
    depth: usize,
    contents: Contents,
}

impl Collector {
    /// Reads an entity of the mail itself, or of the enclosed mail called `within`.
    fn entity(&mut self, entity: &Entity<'_>, within: Option<&str>) {
        match entity {
            Entity::Leaf(part) => self.part(part, within),
            Entity::Multi {
                alternative: true,
                entities,
            } => {
                let of_kind = |wanted| entities.iter().position(|entity| has_text(entity, wanted));
                let (plain, html) = (of_kind(TextKind::Plain), of_kind(TextKind::Html));
                for (index, entity) in entities.iter().enumerate() {
                    if Some(index) == plain.or(html) || (Some(index) == html && is_stub(entities)) {
                        self.entity(entity, within);
                    } else {
                        self.files(entity);
                    }
                }
            }
            Entity::Multi { entities, .. } => entities
                .iter()
                .for_each(|entity| self.entity(entity, within)),
        }
    }

    /// Notes the names of files in an alternative whose text is not read.
    fn files(&mut self, entity: &Entity<'_>) {
        match entity {
            Entity::Leaf(part) => self.file(part),
            Entity::Multi { entities, .. } => entities.iter().for_each(|entity| self.files(entity)),
        }
    }

    fn file(&mut self, part: &BodyPart<'_>) {
        if let Some(name) = &part.name
            && self.contents.files.len() < FILES
        {
            self.contents.files.push(name.clone());
        }
    }

    fn part(&mut self, part: &BodyPart<'_>, within: Option<&str>) {
        self.file(part);
        let shown = shown_as(part);
        let file = match shown {
            Some(_) => within,
            None => part.name.as_deref().or(within).or(Some(&part.mime)),
        };
        let kind = match shown {
            _ if self.room == 0 => return,
            Some(kind) => kind,
            None if matches!(Packing::of(part), Some(Packing::Mail)) && self.depth < DEPTH => {
                return self.mail(&part.decoded_head(2 * self.room), file);
            }
            None if let Some(packing) = Packing::of(part)
                && self.depth < DEPTH =>
            {
                if let Some(Content::Signed(entity) | Content::Winmail(entity)) =
                    packing.open(part.content(), &mut 0)
                {
                    self.depth += 1;
                    self.entity(&entity, within);
                    self.depth -= 1;
                }
                return;
            }
            None if part.mime == "text/html" => TextKind::Html,
            None if is_text(part) => TextKind::Plain,
            None => return,
        };
        let limit = match (shown, kind) {
            (None, _) => ATTACHED.min(self.room),
            // Much of it is markup.
            (Some(_), TextKind::Html) => TEXT,
            (Some(_), TextKind::Plain) => self.room,
        };
        let (text, _) = text_of(part, kind, limit);
        if shown.is_none() && text.contains('\0') {
            // It is a binary file, whatever its type says.
            return;
        }
        self.push(text, file);
    }

    /// Reads an enclosed mail: a few of its fields, then its text.
    fn mail(&mut self, raw: &[u8], file: Option<&str>) {
        let message = Message::new(raw);
        let mut fields = String::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                fields.push_str(&format!("{name}: {value}\n"));
            }
        };
        add("Subject", &message.subject());
        for name in ["From", "To", "Cc"] {
            let written = |who: &Mailbox| match who.name.as_str() {
                "" => who.address.clone(),
                name => format!("{name} <{}>", who.address),
            };
            let people: Vec<String> = message.mailboxes(name).iter().map(written).collect();
            add(name, &people.join(", "));
        }
        self.push(fields, file);
        self.depth += 1;
        self.entity(&walk(raw), file);
        self.depth -= 1;
    }

    /// Adds a text, as far as there is room.
    fn push(&mut self, mut text: String, file: Option<&str>) {
        cut(&mut text, self.room);
        self.room -= text.len();
        if !text.is_empty() {
            let file = file.map(str::to_owned);
            self.contents.passages.push(Passage { file, text });
        }
    }
}

/// True if the plain version among `entities` is so short that it may only point to the other one.
fn is_stub(entities: &[Entity<'_>]) -> bool {
    entities.iter().any(|entity| match entity {
        Entity::Leaf(part) if shown_as(part) == Some(TextKind::Plain) => {
            let head = part.decoded_head(STUB + 1);
            head.trim_ascii().len() <= STUB
        }
        _ => false,
    })
}

/// True for an attachment that is plain text by its type, or by its name if the type is unknown:
/// many mailers have no type for `.log`.
fn is_text(part: &BodyPart<'_>) -> bool {
    match part.mime.as_str() {
        "text/rtf" | "text/richtext" | "text/css" | "text/javascript" => false,
        "message/delivery-status" | "application/json" | "application/xml" => true,
        "application/octet-stream" => part.name.as_deref().is_some_and(|name| {
            let end = name.rsplit_once('.').map_or("", |(_, end)| end);
            let known = ["txt", "log", "csv", "md", "json", "xml", "ini", "conf"];
            known.iter().any(|known| end.eq_ignore_ascii_case(known))
        }),
        mime => mime.starts_with("text/"),
    }
}

/// Cuts `text` to at most `limit` bytes.
fn cut(text: &mut String, limit: usize) {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// The pieces of `text` between armoured blocks (PGP signatures, keys, certificates), in which nobody
/// searches.
fn readable(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (before, after) = match block(text) {
            Some((start, end)) => (&text[..start], Some(&text[end..])),
            None => (text, None),
        };
        rest = after;
        Some(before)
    })
}

/// Where the first armoured block begins and ends.
fn block(text: &str) -> Option<(usize, usize)> {
    const BEGIN: &str = "-----BEGIN ";
    let mut from = 0;
    loop {
        let start = from + text[from..].find(BEGIN)?;
        let label = &text[start + BEGIN.len()..];
        let label = label.get(..label.find("-----")?)?;
        from = start + BEGIN.len();
        // A signed text is still a text.
        if label.len() > 40 || label == "PGP SIGNED MESSAGE" {
            continue;
        }
        let end = format!("-----END {label}-----");
        let at = text[from..].find(&end)?;
        return Some((start, from + at + end.len()));
    }
}

#[cfg(test)]
mod tests;
