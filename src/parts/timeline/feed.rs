//! The timeline as a feed: RSS 2.0, and Atom (RFC 4287).
//!
//! What strangers wrote is text in an element and nothing else: escaped, and without characters
//! that XML does not have. An item's id is made of what does not change when its ticket is
//! edited, so that no reader shows it twice.

use super::command::{untagged, who};
use crate::ticket::when::rfc3339;
use crate::screen::size;
use crate::ticket::address::{Addresses, Verb};
use crate::ticket::timeline::{Item, Items, Wanted};
use anyhow::Result;
use jiff::Timestamp;
use mail::decode::clean;
use sha2::{Digest, Sha256};
use std::io::Write;

/// What a feed says of itself.
pub(crate) struct Head<'a> {
    /// Its title.
    pub title: String,
    /// What the desk's tags in Subjects look like.
    pub tag: Option<&'a String>,
    /// The desk's addresses.
    pub addresses: &'a Addresses,
    /// What it was asked for.
    pub wanted: &'a Wanted,
    /// The present, in seconds since 1970.
    pub now: i64,
}

/// Writes an RSS 2.0 feed.
pub(crate) fn rss(out: &mut dyn Write, head: &Head, items: Items) -> Result<()> {
    let mut items = items.peekable();
    let updated = updated(head, items.peek());
    let link = mailto(&head.addresses.submit());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
    )?;
    writeln!(out, "<channel>")?;
    element(out, 1, "title", &head.title)?;
    element(out, 1, "link", &link)?;
    element(out, 1, "description", "What happened on the desk")?;
    element(out, 1, "generator", "tickets")?;
    element(out, 1, "lastBuildDate", &rfc2822(updated))?;
    let mut ids = Ids::new(head.addresses.domain());
    for item in items {
        let item = item?;
        writeln!(out, " <item>")?;
        element(out, 2, "title", &title(head, &item))?;
        if let Some(id) = item.ticket {
            element(
                out,
                2,
                "link",
                &mailto(&head.addresses.ticket(id, Verb::Update)),
            )?;
        }
        let id = escape(&ids.of(&item));
        writeln!(out, "  <guid isPermaLink=\"false\">{id}</guid>")?;
        element(out, 2, "pubDate", &rfc2822(item.at))?;
        element(out, 2, "category", &item.kind)?;
        if let Some(author) = &item.author {
            element(out, 2, "dc:creator", &who(author))?;
        }
        element(out, 2, "description", &escape(&description(&item)))?;
        writeln!(out, " </item>")?;
    }
    writeln!(out, "</channel>")?;
    Ok(writeln!(out, "</rss>")?)
}

/// Writes an Atom feed.
pub(crate) fn atom(out: &mut dyn Write, head: &Head, items: Items) -> Result<()> {
    let mut items = items.peekable();
    let updated = updated(head, items.peek());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<feed xmlns=\"http://www.w3.org/2005/Atom\">")?;
    element(out, 1, "id", &feed_id(head))?;
    element(out, 1, "title", &head.title)?;
    element(out, 1, "updated", &rfc3339(updated))?;
    element(out, 1, "generator", "tickets")?;
    let link = escape(&mailto(&head.addresses.submit()));
    writeln!(out, " <link rel=\"related\" href=\"{link}\"/>")?;
    let mut ids = Ids::new(head.addresses.domain());
    for item in items {
        let item = item?;
        writeln!(out, " <entry>")?;
        element(out, 2, "id", &ids.of(&item))?;
        element(out, 2, "title", &title(head, &item))?;
        element(out, 2, "updated", &rfc3339(item.at))?;
        element(out, 2, "published", &rfc3339(item.at))?;
        writeln!(out, "  <author>")?;
        let name = item.author.as_ref().map_or_else(|| "nobody".into(), who);
        element(out, 3, "name", &name)?;
        if let Some(author) = &item.author
            && is_address(&author.address)
        {
            element(out, 3, "email", &author.address)?;
        }
        writeln!(out, "  </author>")?;
        writeln!(out, "  <category term=\"{}\"/>", escape(&item.kind))?;
        if let Some(id) = item.ticket {
            let link = escape(&mailto(&head.addresses.ticket(id, Verb::Update)));
            writeln!(out, "  <link rel=\"related\" href=\"{link}\"/>")?;
        }
        element(out, 2, "content", &description(&item))?;
        writeln!(out, " </entry>")?;
    }
    Ok(writeln!(out, "</feed>")?)
}

fn element(out: &mut dyn Write, depth: usize, name: &str, text: &str) -> Result<()> {
    let text = escape(text);
    Ok(writeln!(out, "{:depth$}<{name}>{text}</{name}>", "")?)
}

/// `Ticket 12, opened: Printer on fire`.
fn title(head: &Head, item: &Item) -> String {
    let subject = untagged(item, head.tag);
    let what = match item.ticket {
        Some(id) => format!("Ticket {id}, {}", item.kind),
        None => item.kind.to_string(),
    };
    match subject.is_empty() {
        true => what,
        false => format!("{what}: {subject}"),
    }
}

fn description(item: &Item) -> String {
    let mut lines = Vec::new();
    if let Some(author) = &item.author {
        lines.push(match author.name.as_str() {
            "" => format!("From {}.", author.address),
            name => format!("From {name} <{}>.", author.address),
        });
    }
    if let (Some(id), Some(entry)) = (item.ticket, &item.entry) {
        let bytes = size(usize::try_from(entry.size).unwrap_or(usize::MAX));
        let attachments = match entry.attachments {
            0 => String::new(),
            1 => ", one attachment".to_owned(),
            many => format!(", {many} attachments"),
        };
        let number = entry.message;
        lines.push(format!(
            "Message {number} of ticket {id}, {bytes}{attachments}: tickets show {id} {number}"
        ));
    }
    lines.join(" ")
}

/// When the feed was last changed: with its newest item.
fn updated(head: &Head, first: Option<&Result<Item>>) -> i64 {
    match first {
        Some(Ok(item)) => item.at,
        _ => head.now,
    }
}

/// A feed of other items is another feed.
fn feed_id(head: &Head) -> String {
    let mut id = format!("tag:{},2026:tickets/timeline", head.addresses.domain());
    let wanted = head.wanted;
    let mut separator = '?';
    let mut add = |name: &str, value: &str| {
        let value = percent(value, b"");
        id.push_str(&format!("{separator}{name}={value}"));
        separator = '&';
    };
    if let Some(ticket) = wanted.ticket {
        add("ticket", &ticket.to_string());
    }
    if let Some(kinds) = &wanted.kinds {
        add("events", &kinds.join("."));
    }
    if let Some(from) = &wanted.from {
        add("from", from);
    }
    id
}

/// Gives out ids (RFC 4151), each once.
struct Ids<'a> {
    domain: &'a str,
    /// Those of the second that was met last.
    at: i64,
    given: Vec<String>,
}

impl<'a> Ids<'a> {
    fn new(domain: &'a str) -> Self {
        Ids {
            domain,
            at: i64::MIN,
            given: Vec::new(),
        }
    }

    /// The id of an item. Its number in the ticket is not in it, nor its size: both change when
    /// another message is deleted, or mutt notes that it was read.
    fn of(&mut self, item: &Item) -> String {
        let mut digest = Sha256::new();
        digest.update(item.at.to_be_bytes());
        if let Some(author) = &item.author {
            digest.update(&author.address);
        }
        digest.update(b"\n");
        digest.update(&item.subject);
        let digest = digest.finalize();
        let key: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let day = &rfc3339(item.at)[..10];
        let what = match item.ticket {
            Some(id) => format!("ticket-{id}"),
            None => percent(&item.kind, b""),
        };
        let id = format!("tag:{},{day}:{what}/{key}", self.domain);
        if item.at != self.at {
            self.at = item.at;
            self.given.clear();
        }
        let same = self.given.iter().filter(|given| **given == id).count();
        self.given.push(id.clone());
        match same {
            0 => id,
            n => format!("{id}-{}", n + 1),
        }
    }
}

fn mailto(address: &str) -> String {
    format!("mailto:{}", percent(address, b"@+"))
}

/// `text` as part of a URI: every byte but unreserved ones (RFC 3986, 2.3) and those of `safe` as
/// `%41`.
fn percent(text: &str, safe: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match plain || safe.contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// RFC 4287, 3.2.3: something on both sides of an `@`.
fn is_address(address: &str) -> bool {
    let halves = address.rsplit_once('@');
    halves.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// `text` as the content of an element or a quoted attribute of XML 1.0.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not one of XML's characters.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The nearest moment whose year has four digits, as both formats want it.
fn moment(at: i64) -> Timestamp {
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_9999: i64 = 253_402_207_200;
    Timestamp::from_second(at.clamp(YEAR_0, YEAR_9999)).unwrap_or_default()
}


fn rfc2822(at: i64) -> String {
    let format = "%a, %d %b %Y %H:%M:%S +0000";
    moment(at).strftime(format).to_string()
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
