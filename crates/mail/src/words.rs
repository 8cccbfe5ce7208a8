//! The words of a mail, for the full-text index, and the text they stand in.
//!
//! What [`super::render`] shows is found, and more: attached texts, enclosed mails, names of files. It
//! is made for a million mails, so it never reads more than it keeps; and whatever the mail, it ends soon.
//! Quoted text counts, too: what somebody quotes need not be anywhere else in the ticket.

mod letters;

pub use letters::{composed, marks, searchable, stands_alone};

use super::decode::{Mailbox, in_charset};
use super::message::Message;
use super::render::html;
use super::render::parts::{Node, Part, walk};
use super::render::{Kind, has_text, shown_as};

/// Bytes of text of one mail that are read at most.
const TEXT: usize = 256 << 10;

/// Bytes of one attachment that are read at most: a log file is no mail.
const ATTACHED: usize = 64 << 10;

/// Bytes of people's names and addresses that are kept at most.
const PEOPLE: usize = 64 << 10;

/// Bytes of a Subject that are kept at most.
const SUBJECT: usize = 4 << 10;

/// Names of files that are kept at most.
const FILES: usize = 500;

/// Mails enclosed in mails enclosed... deeper ones are files to us.
const DEPTH: usize = 4;

/// A plain text of at most so many bytes may only say that there is no plain text.
const STUB: usize = 200;

/// The words of a mail, as the index wants them: see [`searchable`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Of its Subject.
    pub subject: String,
    /// Of the names and addresses in From and Reply-To.
    pub author: String,
    /// Of those in To and Cc.
    pub people: String,
    /// Of the names of what is attached.
    pub files: String,
    /// Of its text, of attached texts, and of all of that in enclosed mails.
    pub body: String,
}

/// The words of a mail (without a From_ line); at most some 500 KB of them. Never fails.
pub fn words(raw: &[u8]) -> Words {
    let said = contents(raw);
    let mut body = String::new();
    for piece in &said.passages {
        for text in readable(&piece.text) {
            body.push_str(&searchable(&composed(text)));
            body.push('\n');
        }
    }
    Words {
        subject: searchable(&composed(&said.subject)).into_owned(),
        author: people(&said.authors),
        people: people(&said.others),
        files: searchable(&composed(&said.files.join("\n"))).into_owned(),
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

/// What a mail says, decoded, nothing left out but what is too much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its Subject in one line.
    pub subject: String,
    /// From and Reply-To.
    pub authors: Vec<Mailbox>,
    /// To and Cc.
    pub others: Vec<Mailbox>,
    /// The names of what is attached, to enclosed mails, too.
    pub files: Vec<String>,
    /// Its text, then that of attachments.
    pub passages: Vec<Passage>,
}

/// A text in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The attachment it comes from; `None` for what the mail itself says.
    pub file: Option<String>,
    /// The text; may hold anything, control characters and CRLF among it.
    pub text: String,
}

/// Reads a mail (without a From_ line). Never fails; see [`words`] for what it reads.
pub fn contents(raw: &[u8]) -> Contents {
    let message = Message::new(raw);
    let mut subject = message.subject();
    cut(&mut subject, SUBJECT);
    let mut authors = message.from();
    authors.extend(message.mailboxes("Reply-To"));
    let mut reader = Reader {
        room: TEXT,
        depth: 0,
        said: Contents {
            subject,
            authors,
            others: message.to_cc(),
            ..Contents::default()
        },
    };
    reader.node(&walk(raw), None);
    let said = &mut reader.said;
    if said.passages.is_empty() && said.files.is_empty() {
        // Not understood; then all of it is text, as `render` has it.
        let body = message.body();
        let text = in_charset("utf-8", &body[..body.len().min(TEXT)]);
        said.passages.push(Passage { file: None, text });
    }
    reader.said
}

/// A mail being read.
struct Reader {
    room: usize,
    depth: usize,
    said: Contents,
}

impl Reader {
    /// Reads what stands in a mail, which is the attachment `within` of another, or the mail itself.
    fn node(&mut self, node: &Node<'_>, within: Option<&str>) {
        match node {
            Node::Leaf(part) => self.part(part, within),
            Node::Multi {
                alternative: true,
                nodes,
            } => {
                let of_kind = |wanted| nodes.iter().position(|node| has_text(node, wanted));
                let (plain, html) = (of_kind(Kind::Plain), of_kind(Kind::Html));
                for (index, node) in nodes.iter().enumerate() {
                    if Some(index) == plain.or(html) || (Some(index) == html && is_stub(nodes)) {
                        self.node(node, within);
                    } else {
                        self.files(node);
                    }
                }
            }
            Node::Multi { nodes, .. } => nodes.iter().for_each(|node| self.node(node, within)),
        }
    }

    /// Notes the files of a version whose text is read elsewhere.
    fn files(&mut self, node: &Node<'_>) {
        match node {
            Node::Leaf(part) => self.file(part),
            Node::Multi { nodes, .. } => nodes.iter().for_each(|node| self.files(node)),
        }
    }

    fn file(&mut self, part: &Part<'_>) {
        if let Some(name) = &part.name
            && self.said.files.len() < FILES
        {
            self.said.files.push(name.clone());
        }
    }

    fn part(&mut self, part: &Part<'_>, within: Option<&str>) {
        self.file(part);
        let shown = shown_as(part);
        let file = match shown {
            Some(_) => within,
            None => part.name.as_deref().or(within).or(Some(&part.mime)),
        };
        let kind = match shown {
            _ if self.room == 0 => return,
            Some(kind) => kind,
            None if part.mime == "message/rfc822" && self.depth < DEPTH => {
                return self.mail(&part.decoded_head(2 * self.room), file);
            }
            None if part.mime == "text/html" => Kind::Html,
            None if is_text(part) => Kind::Plain,
            None => return,
        };
        let limit = match (shown, kind) {
            (None, _) => ATTACHED.min(self.room),
            // Markup takes its share.
            (Some(_), Kind::Html) => TEXT,
            (Some(_), Kind::Plain) => self.room,
        };
        let bytes = part.decoded_head(limit);
        let text = in_charset(&part.charset, &bytes[..bytes.len().min(limit)]);
        let text = match kind {
            Kind::Plain => text,
            Kind::Html => html::to_text(&text),
        };
        if shown.is_none() && text.contains('\0') {
            // No text, whatever it is called.
            return;
        }
        self.push(text, file);
    }

    /// Reads an enclosed mail as a text with a few fields above it.
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
        self.node(&walk(raw), file);
        self.depth -= 1;
    }

    /// Takes a text, as far as there is room.
    fn push(&mut self, mut text: String, file: Option<&str>) {
        cut(&mut text, self.room);
        self.room -= text.len();
        if !text.is_empty() {
            let file = file.map(str::to_owned);
            self.said.passages.push(Passage { file, text });
        }
    }
}

/// True if the plain version among `nodes` is too short to be one.
fn is_stub(nodes: &[Node<'_>]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Leaf(part) if shown_as(part) == Some(Kind::Plain) => {
            let head = part.decoded_head(STUB + 1);
            head.trim_ascii().len() <= STUB
        }
        _ => false,
    })
}

/// True for an attachment that is plain text, or whose name says so: mailers do not know `.log`.
fn is_text(part: &Part<'_>) -> bool {
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

/// `text` without its armoured blocks (PGP signatures, keys, certificates), which nobody reads.
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
        // What is only signed is text.
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
