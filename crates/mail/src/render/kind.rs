//! What is shown of a part, and how its bytes become text.

use super::body::BodyPart;
use super::entity_header::Disposition;
use super::parts::Entity;
use super::{flowed, html};
use crate::decode::in_charset;

/// A page may be this many times as long with its pictures.
const PICTURES: usize = 16;

/// Types of text whose source means nothing to a reader.
const READ_OTHERWISE: [&str; 7] = [
    "text/rfc822-headers",
    "text/calendar",
    "text/vcard",
    "text/x-vcard",
    "text/directory",
    "text/rtf",
    "text/x-amp-html",
];

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
        // A text of an unknown kind is to be read as it is (RFC 2046, 4.1.4). Calendars and cards have
        // readers of their own.
        mime if mime.starts_with("text/") && !READ_OTHERWISE.contains(&mime) => TextKind::Plain,
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

/// True for a text with a name of its own: it is shown, and can be saved as well.
pub(crate) fn is_file(part: &BodyPart<'_>) -> bool {
    part.name.is_some() && part.disposition == Disposition::Inline && part.number > 1
}

/// At most `limit` bytes of a part as text, and whether there are more. What pictures take that are
/// written into a page does not count.
pub(crate) fn text_of(part: &BodyPart<'_>, kind: TextKind, limit: usize) -> (String, bool) {
    match kind {
        TextKind::Plain => {
            let bytes = part.decoded_head(limit.saturating_add(1));
            let cut = bytes.len() > limit;
            let text = in_charset(&part.charset, &bytes[..bytes.len().min(limit)]);
            match part.flowed {
                Some(del_sp) => (flowed::unfold(&text, del_sp), cut),
                None => (text, cut),
            }
        }
        TextKind::Html => {
            let (mut page, cut) = page_of(part, limit);
            // A tag that was cut is no text.
            if cut && let Some(at) = page.rfind('<').filter(|at| !page[*at..].contains('>')) {
                page.truncate(at);
            }
            (html::to_text(&page), cut)
        }
    }
}

/// At most `limit` bytes of an HTML part, and whether there are more.
pub(crate) fn page_of(part: &BodyPart<'_>, limit: usize) -> (String, bool) {
    let most = limit.saturating_mul(PICTURES);
    let bytes = part.decoded_head(most.saturating_add(1));
    let unread = bytes.len() > most;
    let bytes = html::without_data(bytes);
    let cut = bytes.len() > limit;
    let bytes = &bytes[..bytes.len().min(limit)];
    let stated = match std::str::from_utf8(bytes) {
        // Japanese mail is written in ASCII, too.
        Ok(text) if !text.contains('\u{1b}') => None,
        _ => html::stated_charset(bytes),
    };
    let charset = match (part.charset.as_str(), &stated) {
        ("" | "utf-8" | "us-ascii", Some(stated)) => stated,
        (charset, _) => charset,
    };
    (in_charset(charset, bytes), cut || unread)
}
