//! A mail as text for people: what it says, and what is attached (RFC 2045 to 2049, 2183, 2231).
//!
//! Whatever the mail, the result is harmless to a terminal and bounded in size, and takes time that
//! is linear in the length of the mail.
//!
//! ```
//! use tickets_mail::render::{Limits, part, render};
//!
//! let mail = b"Content-Type: multipart/mixed; boundary=b\n\n\
//!     --b\nContent-Type: text/html; charset=iso-8859-1\n\n<p>Hello J\xf6rg<br>see below\n\
//!     --b\nContent-Type: application/pdf\n\
//!     Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.pdf\n\
//!     Content-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n";
//! let rendered = render(mail, &Limits::default());
//! assert_eq!(rendered.text, "Hello J\u{f6}rg\nsee below");
//!
//! let pdf = &rendered.attachments[0];
//! assert_eq!(pdf.name.as_deref(), Some("na\u{ef}ve.pdf"));
//! let (_, bytes) = part(mail, pdf.number).unwrap();
//! assert_eq!(bytes, b"%PDF");
//! ```

mod entity_header;
pub(crate) mod html;
pub(crate) mod parts;
mod pieces;

use crate::decode::{clean_block, in_charset, uuencode};
use crate::message::Message;
use parts::{BodyPart, Disposition, Entity, walk};

/// How much of a mail is shown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text, of all parts together. 1 MiB by default.
    pub text: usize,
    /// Bytes of HTML that are converted, of each part. 256 KiB by default.
    pub html: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            text: 1 << 20,
            html: 256 << 10,
        }
    }
}

/// What a mail says, and what is attached to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text. LF and TAB are its only control characters, and no line at its ends is blank.
    pub text: String,
    /// The parts that are not in `text`, in order.
    pub attachments: Vec<Attachment>,
}

/// A part of a mail that is not shown as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its number for [`part`].
    pub number: usize,
    /// A name that is safe as a file name. An enclosed mail is named after its Subject.
    pub name: Option<String>,
    /// `type/subtype` in lower case.
    pub mime: String,
    /// Its length in bytes, decoded.
    pub size: usize,
}

/// Stands in the text where it was cut.
const CUT: &str = "[the rest is left out here]";

/// Reads a mail (without a From_ line) as text.
///
/// Shows text/plain in order, and HTML as text where there is no plain alternative to it. All other
/// parts are listed. A mail that cannot be understood is shown as it is.
pub fn render(raw: &[u8], limits: &Limits) -> Rendered {
    let mut renderer = Renderer {
        limits,
        text: String::new(),
        attachments: Vec::new(),
        full: false,
    };
    let entity = walk(raw);
    renderer.entity(&entity);
    let text = tidy(&renderer.text);
    if text.is_empty() && renderer.attachments.is_empty() {
        let body = Message::new(raw).body();
        renderer.text.clear();
        renderer.append(&in_charset("utf-8", &body[..body.len().min(limits.text)]));
        return Rendered {
            text: tidy(&renderer.text),
            attachments: Vec::new(),
        };
    }
    Rendered {
        text,
        attachments: renderer.attachments,
    }
}

/// The name and the decoded bytes of part `number`; `None` if there is no such part. All parts that
/// are no multiparts are numbered from 1, those that [`render`] shows as text, too.
pub fn part(raw: &[u8], number: usize) -> Option<(Option<String>, Vec<u8>)> {
    fn find<'n, 'a>(entity: &'n Entity<'a>, number: usize) -> Option<&'n BodyPart<'a>> {
        match entity {
            Entity::Leaf(part) => (part.number == number).then_some(part),
            Entity::Multi { entities, .. } => {
                entities.iter().find_map(|entity| find(entity, number))
            }
        }
    }
    find(&walk(raw), number).map(|part| (part.name.clone(), part.decoded()))
}

/// How many parts of a mail are neither its text nor a signature of it. If the header says that it is
/// plain text, its body is only searched for files in uuencode.
pub fn attachments(message: &Message) -> usize {
    let starts = |field: &str, word: &str| {
        let value = message.first(field).map(|f| f.value.trim_ascii_start());
        value.is_some_and(|v| {
            v.len() >= word.len() && v[..word.len()].eq_ignore_ascii_case(word.as_bytes())
        })
    };
    let simple = message.first("Content-Type").is_none() || starts("Content-Type", "text/plain");
    let simple = simple && message.first("Content-Disposition").is_none();
    if simple && uuencode::block(message.body(), 0).is_none() {
        return 0;
    }
    fn count(entity: &Entity<'_>) -> usize {
        match entity {
            Entity::Leaf(part) if shown_as(part).is_some() => 0,
            Entity::Leaf(part) => usize::from(!SIGNATURES.contains(&part.mime.as_str())),
            Entity::Multi { entities, .. } => entities.iter().map(count).sum(),
        }
    }
    count(&walk(message.raw()))
}

/// Parts that only serve the mail they stand in.
const SIGNATURES: [&str; 4] = [
    "application/pgp-signature",
    "application/pgp-encrypted",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
];

/// The first `lines` lines of what the author of a mail wrote, as a summary.
///
/// Skips empty lines, quoted lines and the line that introduces them, and ends at the signature or at
/// a forwarded mail. Lines are cut after 400 characters. Empty if the author wrote nothing.
pub fn first_lines(raw: &[u8], lines: usize, limits: &Limits) -> String {
    let text = render(raw, limits).text;
    let mut all = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .peekable();
    let mut found: Vec<String> = Vec::new();
    while let Some(line) = all.next() {
        let signature = line == "--" || line.starts_with("-----");
        if signature || found.len() >= lines {
            break;
        }
        let is_quote = |line: &str| line.trim_start().starts_with('>');
        let introduces = line.ends_with(':') && all.peek().is_some_and(|next| is_quote(next));
        if !is_quote(line) && !introduces {
            found.push(match line.char_indices().nth(400) {
                Some((end, _)) => format!("{}…", &line[..end]),
                None => line.to_owned(),
            });
        }
    }
    found.join("\n")
}

/// Builds the [`Rendered`] of one mail.
struct Renderer<'l> {
    limits: &'l Limits,
    text: String,
    attachments: Vec<Attachment>,
    /// There is no room for more text.
    full: bool,
}

impl Renderer<'_> {
    fn entity(&mut self, entity: &Entity<'_>) {
        match entity {
            Entity::Leaf(part) => match shown_as(part) {
                Some(kind) => self.show(part, kind),
                None => self.attach(part),
            },
            Entity::Multi {
                alternative: true,
                entities,
            } => {
                let of_kind = |wanted| entities.iter().position(|entity| has_text(entity, wanted));
                let best = of_kind(TextKind::Plain).or_else(|| of_kind(TextKind::Html));
                for (index, entity) in entities.iter().enumerate() {
                    if Some(index) == best {
                        self.entity(entity);
                    } else {
                        self.list(entity);
                    }
                }
            }
            Entity::Multi { entities, .. } => {
                for entity in entities {
                    self.entity(entity);
                }
            }
        }
    }

    /// Lists the attachments in an alternative that is not shown.
    fn list(&mut self, entity: &Entity<'_>) {
        match entity {
            Entity::Leaf(part) if shown_as(part).is_none() => self.attach(part),
            Entity::Leaf(_) => {}
            Entity::Multi { entities, .. } => entities.iter().for_each(|entity| self.list(entity)),
        }
    }

    fn attach(&mut self, part: &BodyPart<'_>) {
        self.attachments.push(Attachment {
            number: part.number,
            name: part.name.clone(),
            mime: part.mime.clone(),
            size: part.decoded_len(),
        });
    }

    fn show(&mut self, part: &BodyPart<'_>, kind: TextKind) {
        if self.full {
            return;
        }
        let limit = match kind {
            TextKind::Plain => self.limits.text,
            TextKind::Html => self.limits.html,
        };
        let bytes = part.decoded_head(limit.saturating_add(1));
        let cut = bytes.len() > limit;
        let text = in_charset(&part.charset, &bytes[..bytes.len().min(limit)]);
        let text = match kind {
            TextKind::Plain => text,
            TextKind::Html => html::to_text(&text),
        };
        // It may consist of pictures. Listed, so that the reader knows of it.
        if kind == TextKind::Html && text.trim().is_empty() && !part.is_blank() {
            return self.attach(part);
        }
        self.append(&text);
        if cut && !self.full {
            self.text.push('\n');
            self.text.push_str(CUT);
            // One such line is enough if no more text fits.
            self.full = self.text.len() >= self.limits.text;
        }
    }

    /// Appends text as a paragraph of its own, as far as there is room.
    fn append(&mut self, text: &str) {
        let block = tidy(&clean_block(text));
        let room = self.limits.text.saturating_sub(self.text.len());
        let mut end = block.len().min(room);
        while !block.is_char_boundary(end) {
            end -= 1;
        }
        self.full = end < block.len();
        if !self.text.is_empty() && !block.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(&block[..end]);
        if self.full {
            self.text.push('\n');
            self.text.push_str(CUT);
        }
    }
}

/// The kinds of text that are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    Plain,
    Html,
}

/// How a part is shown; `None` if it is an attachment.
pub(crate) fn shown_as(part: &BodyPart<'_>) -> Option<TextKind> {
    let kind = match part.mime.as_str() {
        "text/plain" => TextKind::Plain,
        "text/html" => TextKind::Html,
        _ => return None,
    };
    let is_body = match part.disposition {
        Disposition::Attachment => false,
        Disposition::Inline => true,
        Disposition::Unsaid => part.name.is_none() || part.number == 1,
    };
    is_body.then_some(kind)
}

/// True if `entity` holds text of a kind that is not blank.
pub(crate) fn has_text(entity: &Entity<'_>, wanted: TextKind) -> bool {
    match entity {
        Entity::Leaf(part) => shown_as(part) == Some(wanted) && !part.is_blank(),
        Entity::Multi { entities, .. } => entities.iter().any(|entity| has_text(entity, wanted)),
    }
}

/// Removes blanks at the ends of lines and empty lines at both ends, and leaves at most two empty
/// lines in a row.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.extend(std::iter::repeat_n('\n', 1 + empty.min(2)));
        }
        empty = 0;
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests;
