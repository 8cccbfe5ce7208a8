//! What is packed into a part: an enclosed mail (RFC 2046, 5.2.1), what S/MIME signed
//! (RFC 8551), or what Outlook packs into `winmail.dat`.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use super::body::BodyPart;
use super::cms::{self, Cms};
use super::entity_header::file_name;
use super::parts::{Entity, PARTS, walk_on};
use super::tnef::{self, Winmail};
use crate::message::Message;

/// Packages that lie deeper than this are not opened.
const DEPTH: usize = 5;

/// The fields of an enclosed mail that are shown.
const FIELDS: [&str; 5] = ["From", "To", "Cc", "Date", "Subject"];

/// A mail, and what is packed into its parts.
pub(crate) struct Opened<'a> {
    pub(crate) whole: Entity<'a>,
    /// By the number of the part that holds it.
    pub(crate) contents: BTreeMap<usize, Content<'a>>,
}

/// What a part holds.
pub(crate) enum Content<'a> {
    /// A mail: the fields that are shown, one a line, and its body.
    Mail(String, Entity<'a>),
    /// What was signed. The signature was not verified.
    Signed(Entity<'a>),
    /// Something that only its recipient can read.
    Encrypted,
    /// What Outlook packed: its text and files.
    Winmail(Entity<'a>),
}

impl<'a> Content<'a> {
    fn entity(&self) -> Option<&Entity<'a>> {
        match self {
            Content::Mail(_, entity) | Content::Signed(entity) | Content::Winmail(entity) => {
                Some(entity)
            }
            Content::Encrypted => None,
        }
    }
}

impl<'a> Opened<'a> {
    /// Finds the parts of a mail, and opens what is packed into them.
    ///
    /// The parts of the mail itself are numbered first, then those of what is packed into them, and so
    /// on, so that a part's number does not depend on which packages can be opened.
    pub(crate) fn new(raw: &'a [u8]) -> Opened<'a> {
        let mut parts = 0;
        let whole = walk_on(raw, &mut parts);
        let mut contents = BTreeMap::new();
        let mut queue = VecDeque::new();
        // Bytes that are decoded to be opened are kept, together no more than the mail itself has.
        let mut room = raw.len();
        gather(&whole, 1, &mut queue);
        while let Some(sealed) = queue.pop_front() {
            if parts >= PARTS {
                break;
            }
            if let Cow::Owned(bytes) = &sealed.bytes {
                if bytes.len() > room {
                    continue;
                }
                room -= bytes.len();
            }
            let Some(content) = sealed.packing.open(sealed.bytes, &mut parts) else {
                continue;
            };
            if let Some(entity) = content.entity() {
                gather(entity, sealed.depth + 1, &mut queue);
            }
            contents.insert(sealed.number, content);
        }
        Opened { whole, contents }
    }

    /// All parts that are no multiparts, those of what is packed into them last.
    pub(crate) fn find(&self, number: usize) -> Option<&BodyPart<'a>> {
        let packed = self.contents.values().filter_map(Content::entity);
        let mut all = std::iter::once(&self.whole).chain(packed);
        all.find_map(|entity| entity.find(number))
    }

    /// Closes the enclosed mails again.
    pub(crate) fn keep_closed(&mut self) {
        self.contents
            .retain(|_, content| !matches!(content, Content::Mail(..)));
    }

    /// Hands out all parts that are no multiparts, in the order of their numbers.
    pub(crate) fn each(&self, visit: &mut impl FnMut(&BodyPart<'a>)) {
        let packed = self.contents.values().filter_map(Content::entity);
        // What is packed into a part of a lower number has lower numbers, too.
        let all = std::iter::once(&self.whole).chain(packed);
        all.for_each(|entity| entity.each(visit));
    }
}

/// A part that can be opened.
struct Sealed<'a> {
    number: usize,
    packing: Packing,
    depth: usize,
    bytes: Cow<'a, [u8]>,
}

/// In which way something is packed.
#[derive(Clone, Copy)]
pub(crate) enum Packing {
    Mail,
    Smime,
    Winmail,
}

impl Packing {
    /// In which way `part` packs something; `None` if it does not.
    pub(crate) fn of(part: &BodyPart<'_>) -> Option<Packing> {
        match part.mime.as_str() {
            "message/rfc822" | "message/global" => Some(Packing::Mail),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some(Packing::Smime),
            "application/ms-tnef" | "application/vnd.ms-tnef" => Some(Packing::Winmail),
            _ if part.name.as_deref() == Some("winmail.dat") => Some(Packing::Winmail),
            // RFC 8551, 3.9
            "application/octet-stream" if part.name.as_deref().is_some_and(is_p7m) => {
                Some(Packing::Smime)
            }
            _ => None,
        }
    }

    /// What is in `bytes`; its parts are numbered on from `parts`.
    pub(crate) fn open<'a>(self, bytes: Cow<'a, [u8]>, parts: &mut usize) -> Option<Content<'a>> {
        match self {
            Packing::Mail => {
                let fields = fields(&Message::new(&bytes));
                Some(Content::Mail(fields, walk(bytes, parts)))
            }
            Packing::Smime => match cms::read(&bytes)? {
                Cms::Signed(bytes) => Some(Content::Signed(walk(Cow::Owned(bytes), parts))),
                Cms::Encrypted => Some(Content::Encrypted),
            },
            Packing::Winmail => {
                let found = tnef::read(&bytes)?;
                of_winmail(found, parts).map(Content::Winmail)
            }
        }
    }
}

/// The text and files of a `winmail.dat` as if they were parts of a mail; `None` if there are none.
fn of_winmail(found: Winmail, parts: &mut usize) -> Option<Entity<'static>> {
    let mut entities = Vec::new();
    let mut add = |mime: &str, name: Option<String>, bytes| {
        if *parts < PARTS {
            *parts += 1;
            entities.push(Entity::Leaf(BodyPart::new(*parts, mime, name, bytes)));
        }
    };
    if !found.html.is_empty() {
        add("text/html", None, found.html);
    } else if !found.text.trim().is_empty() {
        add("text/plain", None, found.text.into_bytes());
    }
    for file in found.files {
        let mime = file.mime.to_ascii_lowercase();
        let mime = match is_mime(&mime) {
            true => &mime,
            false => "application/octet-stream",
        };
        let name = file_name(&file.name).unwrap_or_else(|| "attachment".to_owned());
        add(mime, Some(name), file.bytes);
    }
    (!entities.is_empty()).then_some(Entity::Multi {
        alternative: false,
        entities,
    })
}

/// True for the names of S/MIME's files.
fn is_p7m(name: &str) -> bool {
    let end = name.len().saturating_sub(4);
    name.get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(".p7m"))
}

/// True for `type/subtype`.
fn is_mime(mime: &str) -> bool {
    let token = |part: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-+._".contains(&b);
        !part.is_empty() && part.len() < 128 && part.bytes().all(fits)
    };
    mime.split_once('/')
        .is_some_and(|(main, sub)| token(main) && token(sub))
}

/// Puts the parts of `entity` that can be opened into the queue.
fn gather<'a>(entity: &Entity<'a>, depth: usize, queue: &mut VecDeque<Sealed<'a>>) {
    if depth > DEPTH {
        return;
    }
    entity.each(&mut |part| {
        if let Some(packing) = Packing::of(part) {
            queue.push_back(Sealed {
                number: part.number,
                packing,
                depth,
                bytes: part.content(),
            });
        }
    });
}

fn walk<'a>(bytes: Cow<'a, [u8]>, parts: &mut usize) -> Entity<'a> {
    match bytes {
        Cow::Borrowed(bytes) => walk_on(bytes, parts),
        Cow::Owned(bytes) => walk_on(&bytes, parts).into_owned(),
    }
}

/// The fields of an enclosed mail that say what it is.
fn fields(message: &Message<'_>) -> String {
    let line = |name: &&str| {
        let text = message.first(name)?.text();
        // Longer ones are lists of people.
        let end = text
            .char_indices()
            .nth(1000)
            .map_or(text.len(), |(at, _)| at);
        (!text.is_empty()).then(|| format!("{name}: {}", &text[..end]))
    };
    FIELDS
        .iter()
        .filter_map(line)
        .collect::<Vec<_>>()
        .join("\n")
}
