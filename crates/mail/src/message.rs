//! One mail as header fields and a body (RFC 5322), without a copy and without an error.
//!
//! What cannot be parsed is still a mail, with fewer fields. The fields are given byte for byte, and
//! decoded where asked, by [`crate::decode`].
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

use crate::decode::{self, Mailbox};

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
                // The header ends without an empty line. This line is the first of the body.
                break;
            };
            let mut end = at + line.len();
            while let Some(b' ' | b'\t') = raw.get(end) {
                end += first_line(&raw[end..]).len();
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
        let people = self.all(name).flat_map(|f| decode::mailboxes(f.value));
        people.take(PEOPLE).collect()
    }

    /// The mailboxes in From, of which there may be several.
    pub fn from(&self) -> Vec<Mailbox> {
        self.mailboxes("From")
    }

    /// Where answers go: the first mailbox in Reply-To, else in From. `None` if neither has one.
    pub fn reply_to(&self) -> Option<Mailbox> {
        let mut asked = self.mailboxes("Reply-To").into_iter();
        asked.next().or_else(|| self.from().into_iter().next())
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

/// Where the colon stands, if `line` begins a header field: a name of printable characters
/// (RFC 5322, 2.2), with blanks before the colon allowed (4.5). Names in 8 bits are accepted.
fn field_name_end(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let printable = |&b: &u8| b > b' ' && b != 127;
    (!name.is_empty() && name.iter().all(printable)).then_some(colon)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(raw: &[u8]) -> (Vec<(String, String)>, String) {
        let m = Message::new(raw);
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let fields = m.fields().iter().map(|f| (text(f.name), text(f.value)));
        (fields.collect(), text(m.body()))
    }

    #[test]
    fn headers_are_split_wherever_they_end() {
        type Case = (
            &'static str,
            &'static str,
            &'static [(&'static str, &'static str)],
            &'static str,
        );
        let table: &[Case] = &[
            (
                "ordinary",
                "A: 1\nB: 2\n\ntext\n",
                &[("A", " 1"), ("B", " 2")],
                "text\n",
            ),
            ("folded", "A: 1\n\t2\n 3\n\nx", &[("A", " 1\n\t2\n 3")], "x"),
            (
                "CRLF",
                "A: 1\r\n 2\r\n\r\nx\r\n",
                &[("A", " 1\r\n 2")],
                "x\r\n",
            ),
            (
                "no empty line",
                "A: 1\njust text\n",
                &[("A", " 1")],
                "just text\n",
            ),
            ("no header", "just text\n", &[], "just text\n"),
            ("empty line first", "\nA: 1\n", &[], "A: 1\n"),
            ("header only", "A: 1", &[("A", " 1")], ""),
            ("blank before colon", "A : 1\n\n", &[("A", " 1")], ""),
            ("blank in name", "A B: 1\n\n", &[], "A B: 1\n\n"),
            ("begins folded", " x\nA: 1\n\n", &[], " x\nA: 1\n\n"),
            ("a line of blanks", "A: 1\n \n\nx", &[("A", " 1\n ")], "x"),
            ("empty", "", &[], ""),
        ];
        for (case, raw, fields, body) in table {
            let (got, rest) = split(raw.as_bytes());
            let got: Vec<(&str, &str)> =
                got.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!((got.as_slice(), rest.as_str()), (*fields, *body), "{case}");
        }
    }

    #[test]
    fn nothing_is_dropped() {
        for raw in ["A: 1\n\ntext", "A: 1\ntext", "text", "A: 1\n \n\nx", "\n\n"] {
            let m = Message::new(raw.as_bytes());
            let header: usize = m.fields().iter().map(|f| f.line.len()).sum();
            let gap = raw.len() - header - m.body().len();
            assert!(gap <= 2, "{raw:?} lost {gap} bytes");
        }
    }

    #[test]
    fn nearest_parent_first() {
        let m = b"References: <a@x> <b@x>\n <c@x>\nIn-Reply-To: <c@x>\n\n";
        assert_eq!(Message::new(m).parents(), ["<c@x>", "<b@x>", "<a@x>"]);
    }

    #[test]
    fn the_nearest_hundred_parents() {
        // The ends count: of the text of a field, of the fields, of the list.
        let ids = |range: std::ops::Range<u32>| range.map(|n| format!(" <{n}@x>\n"));
        let ids = |range| ids(range).collect::<String>();
        let m = format!(
            "References:\n{}References:\n{}\n",
            ids(0..20),
            ids(20..20_000)
        );
        let parents = Message::new(m.as_bytes()).parents();
        assert_eq!((parents.len(), &*parents[0]), (100, "<19999@x>"));
        assert_eq!(parents[99], "<19900@x>");
        let m = format!("References:\n{}References: <y@x>\n\n", ids(0..3));
        let want = ["<y@x>", "<2@x>", "<1@x>", "<0@x>"];
        assert_eq!(Message::new(m.as_bytes()).parents(), want);
    }

    #[test]
    fn many_fields_are_still_a_header() {
        let m = format!("{}Subject: x\n\nbody\n", "a:\n".repeat(FIELDS));
        let m = Message::new(m.as_bytes());
        assert_eq!((m.fields().len(), m.body()), (FIELDS, &b"body\n"[..]));
        assert_eq!(m.subject(), "");
        let m = format!("{}\n", "Cc: a@x\n".repeat(PEOPLE + 1));
        assert_eq!(Message::new(m.as_bytes()).to_cc().len(), PEOPLE);
    }

    #[test]
    fn answers_go_to_reply_to() {
        let m = b"From: Ann <ann@x.org>\nReply-To: List <list@x.org>\n\n";
        assert_eq!(Message::new(m).reply_to().unwrap().address, "list@x.org");
        let m = b"From: Ann <ann@x.org>\nReply-To: nonsense\n\n";
        assert_eq!(Message::new(m).reply_to().unwrap().address, "ann@x.org");
        assert_eq!(Message::new(b"To: a@x\n\n").reply_to(), None);
    }
}
