//! What routing asks of a desk: which tickets there are, and which of them holds a message.

use super::Desk;
use super::answers::from_hex;
use crate::ticket::{TicketId, compose, route, summary};
use anyhow::Result;

impl route::Known for Desk {
    fn exists(&self, id: TicketId) -> Result<bool> {
        Ok(self.store.locate(id)?.is_some())
    }

    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>> {
        let addresses = &self.config.addresses;
        if let Some((id, digest)) = compose::ticket_of_msg_id(msg_id, addresses.domain()) {
            // Anybody can make up a msg-id that looks like one of ours. The digest in it is that of
            // a filed message, and only someone who got the answer to that message knows it.
            let is_known = || match from_hex(digest) {
                Some(digest) => Ok::<_, anyhow::Error>(self.index_to_read()?.holds(id, &digest)?),
                None => Ok(false),
            };
            if addresses.secret().is_none() || is_known()? {
                return Ok(Some(id));
            }
        }
        for id in self.index_to_read()?.holders(summary::key(msg_id))? {
            if self.exists(id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
