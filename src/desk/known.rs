//! What routing asks of a desk: which tickets there are, and which of them holds a message.

use super::Desk;
use super::answers::from_hex;
use crate::ticket::identity::{self, Identity};
use crate::ticket::{TicketId, compose, route};
use anyhow::{Context, Result};
use mail::entry;
use mail::mbox::FileEntries;
use mail::message::Message;

/// A larger mbox is not searched because of a msg-id that anybody can make up; in bytes.
const LARGE: u64 = 1 << 20;

impl Desk {
    /// True if a ticket holds the message with this digest. In a msg-id or a file name it may be one that
    /// version 0.1.0 made; then the mbox is searched, if it has at most `largest` bytes.
    pub(super) fn holds(&self, id: TicketId, digest: &[u8], largest: u64) -> Result<bool> {
        if self.index_to_read()?.holds(id, digest)? {
            return Ok(true);
        }
        let Some(mbox) = self.store.open(id)? else {
            return Ok(false);
        };
        if mbox.stamp.size > largest {
            return Ok(false);
        }
        let doing = || format!("cannot read ticket {id}");
        let mut entries = FileEntries::new(mbox.file(), mbox.stamp.size).with_context(doing)?;
        let mut bytes = Vec::new();
        while let Some(found) = entries.next_into(&mut bytes).with_context(doing)? {
            let decoded = entry::decode(found.content);
            if Identity::old_digest(&Message::new(&decoded.raw)) == digest {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl route::Known for Desk {
    fn exists(&self, id: TicketId) -> Result<bool> {
        Ok(self.store.locate(id)?.is_some())
    }

    fn is_put_away(&self, id: TicketId) -> Result<bool> {
        Ok(self.store.put_away(id)?.is_some())
    }

    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>> {
        let addresses = &self.config.addresses;
        if let Some((id, digest)) = compose::ticket_of_msg_id(msg_id, addresses.domain()) {
            // Anybody can make up a msg-id that looks like one of ours. The digest in it is that of
            // a filed message, and only someone who got the answer to that message knows it.
            let is_known = || match from_hex(digest) {
                Some(digest) => self.holds(id, &digest, LARGE),
                None => Ok(false),
            };
            if addresses.secret().is_none() || is_known()? {
                return Ok(Some(id));
            }
        }
        for id in self.index_to_read()?.holders(identity::key(msg_id))? {
            if self.exists(id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
