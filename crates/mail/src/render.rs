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

pub(crate) mod body;
mod cms;
pub(crate) mod enclosed;
mod entity_header;
mod flowed;
pub(crate) mod html;
mod invitation;
pub(crate) mod kind;
pub(crate) mod parts;
mod pieces;
mod renderer;
mod rtf;
mod tnef;

pub use renderer::{Attachment, Limits, Rendered};

use crate::decode::uuencode;
use crate::message::Message;
use enclosed::Opened;
use kind::{is_file, shown_as};
use parts::{Entity, walk};
use renderer::Renderer;

/// Reads a mail (without a From_ line) as text.
///
/// Shows text/plain in order, and HTML as text where there is no plain alternative to it. Enclosed
/// mails are shown with a few fields of their header. All other parts are listed, and so are files
/// that are shown. A mail that cannot be understood is shown as it is.
pub fn render(raw: &[u8], limits: &Limits) -> Rendered {
    rendered(raw, &Opened::new(raw), limits, false)
}

fn rendered(raw: &[u8], opened: &Opened<'_>, limits: &Limits, only_author: bool) -> Rendered {
    let renderer = Renderer::new(limits, &opened.contents);
    let renderer = match only_author {
        true => renderer.only_author(),
        false => renderer,
    };
    let rendered = renderer.render(&opened.whole);
    let is_plain = matches!(&opened.whole, Entity::Leaf(part) if part.mime == "text/plain");
    if is_plain && rendered.text.is_empty() && rendered.attachments.is_empty() {
        return renderer::as_it_is(Message::new(raw).body(), limits);
    }
    rendered
}

/// The text of [`render`] without the enclosed mails and our own remarks: what may be quoted or passed on as the words of the
/// author.
pub fn own_text(raw: &[u8], limits: &Limits) -> String {
    let mut opened = Opened::new(raw);
    opened.keep_closed();
    rendered(raw, &opened, limits, true).text
}

/// The name and the decoded bytes of part `number`; `None` if there is no such part.
///
/// All parts that are no multiparts are numbered from 1, including those that [`render`] shows as text.
/// The parts of enclosed mails follow.
pub fn part(raw: &[u8], number: usize) -> Option<(Option<String>, Vec<u8>)> {
    let of = |part: &body::BodyPart<'_>| (part.name.clone(), part.decoded());
    // Most often it is not packed into another one.
    if let Some(part) = walk(raw).find(number) {
        return Some(of(part));
    }
    Opened::new(raw).find(number).map(of)
}

/// Hands out what [`render`] lists, with the decoded bytes of each, until `visit` says false.
pub fn attached(raw: &[u8], visit: &mut dyn FnMut(&Attachment, &[u8]) -> bool) {
    let opened = Opened::new(raw);
    let limits = Limits::default();
    let rendered = Renderer::new(&limits, &opened.contents).render(&opened.whole);
    let mut listed = rendered.attachments.iter().peekable();
    // Both are in the order of their numbers.
    opened.each(&mut |part| {
        if let Some(attachment) = listed.next_if(|it| it.number == part.number)
            && !visit(attachment, &part.content())
        {
            listed.by_ref().for_each(drop);
        }
    });
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
            Entity::Leaf(part) if shown_as(part).is_some() && !is_file(part) => 0,
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
    let text = own_text(raw, limits);
    let mut all = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .peekable();
    let mut found: Vec<String> = Vec::new();
    while let Some(line) = all.next() {
        let signature = line == "--" || line.starts_with("-----") || line.starts_with("_____");
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

#[cfg(test)]
use renderer::{CUT, tidy};

#[cfg(test)]
mod tests;
