//! Writes the text of a mail, and lists what is attached.

use std::collections::BTreeMap;

use super::body::BodyPart;
use super::enclosed::Content;
use super::kind::{TextKind, has_text, is_file, page_of, shown_as, text_of};
use super::parts::Entity;
use super::{html, invitation};
use crate::decode::{clean_block, in_charset};

/// How much of a mail is shown.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text, of all parts together. 1 MiB by default.
    pub text: usize,
    /// Bytes of HTML that are converted, of each part, less pictures in `data:` addresses. 1 MiB by
    /// default.
    pub html: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            text: 1 << 20,
            html: 1 << 20,
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
    /// Its number for [`super::part`].
    pub number: usize,
    /// A name that is safe as a file name. An enclosed mail is named after its Subject.
    pub name: Option<String>,
    /// `type/subtype` in lower case.
    pub mime: String,
    /// Its length in bytes, decoded.
    pub size: usize,
}

/// Stands above an enclosed mail.
const MAIL: &str = "----- Enclosed mail -----";

/// Stands below an enclosed mail if something follows.
const MAIL_END: &str = "----- End of the enclosed mail -----";

/// Stands below what was signed.
const SIGNED: &str = "[signed with S/MIME; the signature was not verified]";

/// Stands for what cannot be read.
const ENCRYPTED: &str = "[encrypted: only its recipient can read it]";

/// At most this many bytes of a calendar are read.
const CALENDAR: usize = 256 << 10;

/// Stands in the text where it was cut.
pub(super) const CUT: &str = "[the rest is left out here]";

/// Builds the [`Rendered`] of one mail.
pub(crate) struct Renderer<'l, 'a> {
    limits: &'l Limits,
    contents: &'l BTreeMap<usize, Content<'a>>,
    text: String,
    attachments: Vec<Attachment>,
    /// There is no room for more text.
    full: bool,
    /// An enclosed mail has ended; a line says so if something follows.
    ended: bool,
    /// An invitation was shown.
    invited: bool,
    /// Only the author's own words are written, without remarks of ours.
    only_author: bool,
}

/// A text as it is, for want of anything better.
pub(crate) fn as_it_is(body: &[u8], limits: &Limits) -> Rendered {
    let contents = BTreeMap::new();
    let mut renderer = Renderer::new(limits, &contents);
    renderer.append(&in_charset("utf-8", &body[..body.len().min(limits.text)]));
    renderer.rendered()
}

impl<'l, 'a> Renderer<'l, 'a> {
    pub(crate) fn new(limits: &'l Limits, contents: &'l BTreeMap<usize, Content<'a>>) -> Self {
        Renderer {
            limits,
            contents,
            text: String::new(),
            attachments: Vec::new(),
            full: false,
            ended: false,
            invited: false,
            only_author: false,
        }
    }

    /// The same, without remarks of ours.
    pub(crate) fn only_author(self) -> Self {
        Renderer {
            only_author: true,
            ..self
        }
    }

    /// The text and the attachments of a mail.
    pub(crate) fn render(mut self, whole: &Entity<'_>) -> Rendered {
        self.entity(whole);
        self.rendered()
    }

    fn rendered(mut self) -> Rendered {
        self.attachments.sort_by_key(|attachment| attachment.number);
        Rendered {
            text: tidy(&self.text),
            attachments: self.attachments,
        }
    }

    fn entity(&mut self, entity: &Entity<'_>) {
        match entity {
            Entity::Leaf(part) => self.part(part),
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
                        entity.each(&mut |part| self.aside(part));
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

    /// Shows a part of an alternative that is not shown: not its text, but files and what is packed.
    fn aside(&mut self, part: &BodyPart<'_>) {
        if shown_as(part).is_none() || is_file(part) {
            self.part(part);
        }
    }

    fn part(&mut self, part: &BodyPart<'_>) {
        let shown = shown_as(part);
        if let Some(kind) = shown {
            self.show(part, kind);
        }
        let content = self.contents.get(&part.number);
        // What was in it is listed, and nobody else can read it.
        let unpacked = matches!(content, Some(Content::Winmail(_)));
        if (shown.is_none() && !unpacked) || is_file(part) {
            self.attach(part);
        }
        match part.mime.as_str() {
            "text/calendar" | "application/ics" => self.invitation(part),
            "application/pgp-encrypted" => self.remark(ENCRYPTED),
            _ => {}
        }
        if let Some(content) = content {
            self.content(content);
        }
    }

    fn content(&mut self, content: &Content<'_>) {
        match content {
            Content::Mail(fields, entity) => {
                self.append(MAIL);
                self.append_line(fields);
                self.entity(entity);
                self.ended = true;
            }
            Content::Signed(entity) => {
                self.entity(entity);
                self.remark(SIGNED);
            }
            Content::Encrypted => self.remark(ENCRYPTED),
            // Outlook packs the text into it once more.
            Content::Winmail(entity) if self.text.is_empty() => self.entity(entity),
            Content::Winmail(entity) => entity.each(&mut |part| {
                if part.name.is_some() || shown_as(part).is_none() {
                    self.part(part);
                }
            }),
        }
    }

    /// Says something in our own words, unless only the author's are wanted.
    fn remark(&mut self, words: &str) {
        if !self.only_author {
            self.append(words);
        }
    }

    /// Shows what an invitation says. Many mails have it twice.
    fn invitation(&mut self, part: &BodyPart<'_>) {
        let bytes = part.decoded_head(CALENDAR);
        let calendar = in_charset(&part.charset, &bytes[..bytes.len().min(CALENDAR)]);
        let nothing_else = self.text.is_empty();
        if !self.invited
            && let Some(summary) = invitation::summary(&calendar, nothing_else)
        {
            self.invited = true;
            self.append(&summary);
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
        let (text, cut) = text_of(part, kind, limit);
        // It may consist of pictures. Listed, so that the reader knows of it.
        if kind == TextKind::Html && !cut && text.trim().is_empty() {
            if html::has_pictures(&page_of(part, limit).0) && !is_file(part) {
                self.attach(part);
            }
            return;
        }
        self.append(&text);
        if cut && !self.full {
            self.text.push('\n');
            self.text.push_str(CUT);
            // One such line is enough if no more text fits.
            self.full = self.text.len() >= self.limits.text;
        }
    }

    /// Appends lines that follow the last one without an empty line.
    fn append_line(&mut self, lines: &str) {
        let before = self.text.len();
        self.append(lines);
        if self.text[before..].starts_with("\n\n") {
            self.text.remove(before);
        }
    }

    /// Appends text as a paragraph of its own, as far as there is room.
    fn append(&mut self, text: &str) {
        if self.full {
            return;
        }
        let mut block = tidy(&clean_block(text));
        if !block.is_empty() && std::mem::take(&mut self.ended) {
            block.insert_str(0, "\n\n");
            block.insert_str(0, MAIL_END);
        }
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

/// Removes blanks at the ends of lines and empty lines at both ends, and leaves at most two empty
/// lines in a row.
pub(super) fn tidy(text: &str) -> String {
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
