//! One mail as header fields and a body (RFC 5322), without a copy and without an error.
//!
//! What cannot be parsed is still a mail, with fewer fields. The fields are given byte for byte, and
//! decoded where asked, by [`crate::decode`]. A From_ line inside the header, which some programs leave
//! there, is passed over.
//!
//! ```
//! use tickets_mail::message::Message;
//!
//! let message = Message::new(
//!     b"From: =?utf-8?Q?J=C3=B6rg?= <Joerg@EXAMPLE.org>\n\
//!       Subject: Printer\n on fire\nReferences: <1@example.net> <2@example.net>\n\nHelp!\n",
//! );
//! assert_eq!(message.subject(), "Printer on fire");
//! assert_eq!(message.from()[0].name, "J\u{f6}rg");
//! assert_eq!(message.from()[0].address, "Joerg@example.org");
//! assert_eq!(message.parents(), ["<2@example.net>", "<1@example.net>"]);
//! assert_eq!(message.body(), b"Help!\n");
//! ```

use std::sync::OnceLock;

use crate::decode::{self, Mailbox};
use crate::mbox;

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written, without blanks before the colon.
    pub name: &'a [u8],
    /// All that follows the colon, folded as it came, without the last line end.
    pub value: &'a [u8],
    /// The whole field, from its name to its last line end.
    pub line: &'a [u8],
}

impl Field<'_> {
    /// True if this is the field called `name`, in any letter case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value as one line of text, as [`decode::text`] reads it.
    pub fn text(&self) -> String {
        decode::text(self.value)
    }
}

/// More fields than this are not looked at. Each costs memory, though it may be three bytes long.
const FIELDS: usize = 50_000;

/// More mailboxes than this in all fields of one name are not looked at.
const PEOPLE: usize = 1000;

/// More parents of a message than this are not looked at.
const PARENTS: usize = 100;

/// A read-only view of one mail.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    raw: &'a [u8],
    fields: Vec<Field<'a>>,
    body: usize,
    people: People,
}

/// The mailboxes of a mail. Decoding them takes longer than all the rest, and they are asked for again and again.
#[derive(Clone, Debug, Default)]
struct People {
    from: OnceLock<Vec<Mailbox>>,
    reply_to: OnceLock<Vec<Mailbox>>,
    to: OnceLock<Vec<Mailbox>>,
    cc: OnceLock<Vec<Mailbox>>,
}

impl<'a> Message<'a> {
    /// A view of `raw`, which has no From_ line: see [`crate::mbox::strip_from_line`].
    pub fn new(raw: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        let mut at = 0;
        loop {
            let rest = &raw[at..];
            let line = first_line(rest);
            if line == b"\n" || line == b"\r\n" {
                at += line.len();
                break;
            }
            let Some(colon) = field_name_end(line) else {
                if let Some(len) = from_lines(rest, fields.is_empty()) {
                    at += len;
                    continue;
                }
                // The header ends without an empty line. This line is the first of the body.
                break;
            };
            let mut end = folded_end(raw, at + line.len());
            if is_of_mime(line) {
                while raw[at..end].trim_ascii_end().ends_with(b";") && is_parameter(&raw[end..]) {
                    end = folded_end(raw, end + first_line(&raw[end..]).len());
                }
            }
            let value = &raw[at + colon + 1..end];
            let value = value.strip_suffix(b"\n").unwrap_or(value);
            if fields.len() < FIELDS {
                fields.push(Field {
                    name: line[..colon].trim_ascii_end(),
                    value: value.strip_suffix(b"\r").unwrap_or(value),
                    line: &raw[at..end],
                });
            }
            at = end;
        }
        Message {
            raw,
            fields,
            body: at,
            people: People::default(),
        }
    }

    /// The bytes this is a view of.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// What follows the header and its empty line.
    pub fn body(&self) -> &'a [u8] {
        &self.raw[self.body..]
    }

    /// The header fields in order, at most 50,000.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The topmost field called `name`.
    pub fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|f| f.is(name))
    }

    /// All fields called `name`, topmost first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.fields.iter().filter(move |f| f.is(name))
    }

    /// The decoded Subject in one line, empty if there is none.
    pub fn subject(&self) -> String {
        self.first("Subject").map(Field::text).unwrap_or_default()
    }

    /// The mailboxes in all fields called `name`, at most 1000.
    pub fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        let known = match name {
            "From" => &self.people.from,
            "Reply-To" => &self.people.reply_to,
            "To" => &self.people.to,
            "Cc" => &self.people.cc,
            _ => return self.decoded(name),
        };
        known.get_or_init(|| self.decoded(name)).clone()
    }

    fn decoded(&self, name: &str) -> Vec<Mailbox> {
        let people = self.all(name).flat_map(|f| decode::mailboxes(f.value));
        people.take(PEOPLE).collect()
    }

    /// The mailboxes in From, of which there may be several.
    pub fn from(&self) -> Vec<Mailbox> {
        self.mailboxes("From")
    }

    /// What From says of the author where it holds no address, as [`decode::nominal`] reads it; empty if
    /// it has one, or says nothing. Nobody can be written to by it.
    pub fn author_text(&self) -> String {
        match self.from().is_empty() {
            true => {
                let mut texts = self.all("From").take(10).map(|f| decode::nominal(f.value));
                texts.find(|text| !text.is_empty()).unwrap_or_default()
            }
            false => String::new(),
        }
    }

    /// Who wrote it, for people: the first name in From, else the first address, else
    /// [`Message::author_text`]. Empty if From says nothing.
    pub fn author_name(&self) -> String {
        match self.from().into_iter().next() {
            Some(author) if author.name.is_empty() => author.address,
            Some(author) => author.name,
            None => self.author_text(),
        }
    }

    /// The mailboxes in To, then those in Cc.
    pub fn to_cc(&self) -> Vec<Mailbox> {
        let mut people = self.mailboxes("To");
        people.extend(self.mailboxes("Cc"));
        people
    }

    /// The first msg-id in Message-ID, with its angle brackets.
    pub fn message_id(&self) -> Option<String> {
        let field = self.first("Message-ID")?;
        decode::msg_ids(field.value).into_iter().next()
    }

    /// The msg-ids of the messages that this one answers, nearest first: those in In-Reply-To, then
    /// those in References from its end. Each once, at most 100.
    pub fn parents(&self) -> Vec<String> {
        let replied = self.all("In-Reply-To").map(|f| decode::msg_ids(f.value));
        let references = self.fields.iter().rev().filter(|f| f.is("References"));
        let references = references.map(|f| {
            let mut ids = decode::last_msg_ids(f.value);
            ids.reverse();
            ids
        });
        let mut parents: Vec<String> = Vec::new();
        for id in replied.chain(references).flatten() {
            if parents.len() == PARENTS {
                break;
            }
            if !parents.contains(&id) {
                parents.push(id);
            }
        }
        parents
    }

    /// When it was written, by its Date, in seconds since 1970.
    pub fn date(&self) -> Option<i64> {
        self.first("Date").and_then(|f| decode::date(f.value))
    }
}

/// The bytes up to and including the first line feed.
fn first_line(bytes: &[u8]) -> &[u8] {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => &bytes[..=end],
        None => bytes,
    }
}

/// Where the field ends whose first line ends at `end`.
fn folded_end(raw: &[u8], mut end: usize) -> usize {
    while let Some(b' ' | b'\t') = raw.get(end) {
        end += first_line(&raw[end..]).len();
    }
    end
}

/// The length of the From_ lines at the start of `rest`, quoted or not, if they stand in a header: a
/// field follows, or the header ends and is more than these lines.
pub(crate) fn from_lines(rest: &[u8], at_top: bool) -> Option<usize> {
    let mut len = 0;
    let mut dated = true;
    loop {
        let line = first_line(&rest[len..]);
        let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
        let Some(sender) = line[quotes..].strip_prefix(b"From ") else {
            break;
        };
        if !mbox::is_from_line(&line[quotes..]) {
            // Without a date it is one word. Prose has more.
            if sender.trim_ascii().is_empty() || sender.trim_ascii().contains(&b' ') {
                break;
            }
            dated = false;
        }
        len += line.len();
    }
    let next = first_line(&rest[len..]);
    let ends = dated && !at_top && matches!(next, b"\n" | b"\r\n");
    (len > 0 && (ends || field_name_end(next).is_some())).then_some(len)
}

/// True if `line` begins one of the fields that have parameters.
fn is_of_mime(line: &[u8]) -> bool {
    let name = b"content-";
    line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name)
}

/// True if `rest` begins with a parameter, where a field that ends in a semicolon was folded without a
/// blank.
fn is_parameter(rest: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'*');
    let name = rest
        .iter()
        .take(40)
        .take_while(|byte| is_name(byte))
        .count();
    name > 0 && rest.get(name) == Some(&b'=')
}

/// Where the colon stands, if `line` begins a header field: a name of printable characters
/// (RFC 5322, 2.2), with blanks before the colon allowed (4.5). Names in 8 bits are accepted.
fn field_name_end(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let printable = |&b: &u8| b > b' ' && b != 127;
    (!name.is_empty() && name.iter().all(printable)).then_some(colon)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
