//! A mail as text for people: what it says, and what is attached.
//!
//! For display only; nothing here decides where a mail goes. Whatever the mail, the result is
//! harmless to a terminal, bounded in size, and there in bounded time (E2).

pub(super) mod html;
pub(super) mod parts;

use super::decode::{clean_block, in_charset};
use super::message::Message;
use parts::{Disposition, Node, Part, walk};

/// How much of a mail is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text that are shown at most, of all parts together.
    pub text: usize,
    /// Bytes of HTML that are converted at most, of one part.
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

/// What a mail says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text, with LF; no control characters but LF and TAB; no blank lines at either end.
    pub text: String,
    /// The parts that are not in `text`.
    pub attachments: Vec<Attachment>,
}

/// A part of a mail that is not shown as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The P of `--part K.P`; the parts of a mail that are no multiparts count from 1.
    pub number: usize,
    /// Its name, safe to be one of a file; an enclosed mail has its subject.
    pub name: Option<String>,
    /// `type/subtype` in lower case.
    pub mime: String,
    /// Decoded bytes.
    pub size: usize,
}

/// The text that stands where the limit cut.
const CUT: &str = "[the rest is left out here]";

/// Reads a mail (without a From_ line) as text.
///
/// Shows text/plain in order, HTML as text where there is no plain alternative to it, and lists
/// all else. A mail that cannot be understood is shown as it is. Never fails, and never takes
/// long: neither memory nor time depend on what the mail claims to be.
pub fn render(raw: &[u8], limits: &Limits) -> Rendered {
    let mut page = Page {
        limits,
        text: String::new(),
        attachments: Vec::new(),
        full: false,
    };
    let node = walk(raw);
    page.node(&node);
    let text = tidy(&page.text);
    if text.is_empty() && page.attachments.is_empty() {
        let body = Message::new(raw).body();
        page.text.clear();
        page.append(&in_charset("utf-8", &body[..body.len().min(limits.text)]));
        return Rendered {
            text: tidy(&page.text),
            attachments: Vec::new(),
        };
    }
    Rendered {
        text,
        attachments: page.attachments,
    }
}

/// The name and the decoded bytes of part `number` (the P of `--part K.P`); `None` if there is
/// no such part. Every part that is no multipart has a number, shown as text or not.
pub fn part(raw: &[u8], number: usize) -> Option<(Option<String>, Vec<u8>)> {
    fn find<'n, 'a>(node: &'n Node<'a>, number: usize) -> Option<&'n Part<'a>> {
        match node {
            Node::Leaf(part) => (part.number == number).then_some(part),
            Node::Multi { nodes, .. } => nodes.iter().find_map(|node| find(node, number)),
        }
    }
    find(&walk(raw), number).map(|part| (part.name.clone(), part.decoded()))
}

/// How many parts of a mail are neither its text nor a signature of it. Costs next to nothing for
/// a mail that is plain text.
pub fn attachments(message: &Message) -> usize {
    let starts = |field: &str, word: &str| {
        let value = message.first(field).map(|f| f.value.trim_ascii_start());
        value.is_some_and(|v| {
            v.len() >= word.len() && v[..word.len()].eq_ignore_ascii_case(word.as_bytes())
        })
    };
    let simple = message.first("Content-Type").is_none() || starts("Content-Type", "text/plain");
    if simple && message.first("Content-Disposition").is_none() {
        return 0;
    }
    fn count(node: &Node<'_>) -> usize {
        match node {
            Node::Leaf(part) if shown_as(part).is_some() => 0,
            Node::Leaf(part) => usize::from(!SIGNATURES.contains(&part.mime.as_str())),
            Node::Multi { nodes, .. } => nodes.iter().map(count).sum(),
        }
    }
    count(&walk(message.raw()))
}

/// Parts that say something of the mail they stand in, not something of their own.
const SIGNATURES: [&str; 4] = [
    "application/pgp-signature",
    "application/pgp-encrypted",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
];

/// The first `lines` lines of what the author of a mail wrote, for a short note.
///
/// Empty lines, quoted lines, the line that introduces them, and all from the signature or a
/// forwarded mail on are skipped; long lines are cut. Empty if the author wrote nothing.
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

/// What is being put together for one mail.
struct Page<'l> {
    limits: &'l Limits,
    text: String,
    attachments: Vec<Attachment>,
    full: bool,
}

impl Page<'_> {
    fn node(&mut self, node: &Node<'_>) {
        match node {
            Node::Leaf(part) => match shown_as(part) {
                Some(kind) => self.show(part, kind),
                None => self.attach(part),
            },
            Node::Multi {
                alternative: true,
                nodes,
            } => {
                let of_kind = |wanted| nodes.iter().position(|node| has_text(node, wanted));
                let best = of_kind(Kind::Plain).or_else(|| of_kind(Kind::Html));
                for (index, node) in nodes.iter().enumerate() {
                    if Some(index) == best {
                        self.node(node);
                    } else {
                        self.list(node);
                    }
                }
            }
            Node::Multi { nodes, .. } => nodes.iter().for_each(|node| self.node(node)),
        }
    }

    /// Lists the attachments of a version that is not shown, but not its text.
    fn list(&mut self, node: &Node<'_>) {
        match node {
            Node::Leaf(part) if shown_as(part).is_none() => self.attach(part),
            Node::Leaf(_) => {}
            Node::Multi { nodes, .. } => nodes.iter().for_each(|node| self.list(node)),
        }
    }

    fn attach(&mut self, part: &Part<'_>) {
        self.attachments.push(Attachment {
            number: part.number,
            name: part.name.clone(),
            mime: part.mime.clone(),
            size: part.decoded_len(),
        });
    }

    fn show(&mut self, part: &Part<'_>, kind: Kind) {
        if self.full {
            return;
        }
        let limit = match kind {
            Kind::Plain => self.limits.text,
            Kind::Html => self.limits.html,
        };
        let bytes = part.decoded_head(limit.saturating_add(1));
        let cut = bytes.len() > limit;
        let text = in_charset(&part.charset, &bytes[..bytes.len().min(limit)]);
        let text = match kind {
            Kind::Plain => text,
            Kind::Html => html::to_text(&text),
        };
        // Pictures only, perhaps: there is something, so it must not vanish.
        if kind == Kind::Html && text.trim().is_empty() && !part.is_blank() {
            return self.attach(part);
        }
        self.append(&text);
        if cut && !self.full {
            self.text.push('\n');
            self.text.push_str(CUT);
            // Without room for more, nothing more is said of what is left out.
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

/// The two kinds of text that are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Html,
}

/// How a part is shown; `None` if it is an attachment.
pub(super) fn shown_as(part: &Part<'_>) -> Option<Kind> {
    let kind = match part.mime.as_str() {
        "text/plain" => Kind::Plain,
        "text/html" => Kind::Html,
        _ => return None,
    };
    let is_body = match part.disposition {
        Disposition::Attachment => false,
        Disposition::Inline => true,
        Disposition::Unsaid => part.name.is_none() || part.number == 1,
    };
    is_body.then_some(kind)
}

pub(super) fn has_text(node: &Node<'_>, wanted: Kind) -> bool {
    match node {
        Node::Leaf(part) => shown_as(part) == Some(wanted) && !part.is_blank(),
        Node::Multi { nodes, .. } => nodes.iter().any(|node| has_text(node, wanted)),
    }
}

/// Takes blanks off the end of lines, and empty lines off both ends; leaves at most two in a row.
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
