//! Ids of feeds and of their items (RFC 4151).
//!
//! An item's id is made of what stays when its ticket is edited, so that a feed reader does not show it
//! twice.

use crate::ticket::identity::hex;
use crate::ticket::timeline::{TimelineItem, Wanted};
use crate::ticket::when::rfc3339;
use sha2::{Digest, Sha256};

/// The id of a feed; a feed of other events is another feed.
pub(super) fn feed_id(domain: &str, wanted: &Wanted) -> String {
    let mut query = Vec::new();
    if let Some(ticket) = wanted.ticket {
        query.push(format!("ticket={ticket}"));
    }
    if let Some(kinds) = &wanted.kinds {
        query.push(format!("events={}", percent(&kinds.join("."), b"")));
    }
    if let Some(from) = &wanted.from {
        query.push(format!("from={}", percent(from, b"")));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    format!(
        "tag:{domain},2026:tickets/timeline{mark}{}",
        query.join("&")
    )
}

/// Gives out the ids of items, each once.
pub(super) struct ItemIds<'a> {
    domain: &'a str,
    /// The second of the last item, and the ids that were given out for it.
    at: i64,
    given: Vec<String>,
}

impl<'a> ItemIds<'a> {
    pub(super) fn new(domain: &'a str) -> Self {
        ItemIds {
            domain,
            at: i64::MIN,
            given: Vec::new(),
        }
    }

    /// The id of an item. Neither its number in the ticket nor its size is in it: they change when another
    /// message is deleted, or when a mail program notes that it was read.
    pub(super) fn id(&mut self, item: &TimelineItem) -> String {
        let mut digest = Sha256::new();
        digest.update(item.at.to_be_bytes());
        if let Some(author) = &item.author {
            digest.update(&author.address);
        }
        digest.update(b"\n");
        digest.update(&item.subject);
        let key = hex(&digest.finalize()[..8]);
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

/// `text` as part of a URI: every byte is percent-encoded, except for unreserved ones (RFC 3986, 2.3) and
/// those of `safe`.
pub(super) fn percent(text: &str, safe: &[u8]) -> String {
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
