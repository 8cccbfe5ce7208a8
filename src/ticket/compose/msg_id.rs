//! Recognizing the msg-ids of our own mail.

use super::ascii_domain;
use crate::ticket::TicketId;

/// A msg-id of ours (B5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnMsgId<'a> {
    /// The ticket that the mail belongs to.
    pub ticket: TicketId,
    /// What the mail is for, for instance [`super::Kind::word`].
    pub word: &'a str,
    /// Digest of the message that it is about, in hexadecimal.
    pub digest: &'a str,
}

impl<'a> OwnMsgId<'a> {
    /// `None` if `id` is none of ours. `domain` is the domain used in answers.
    #[must_use]
    pub fn parse(id: &'a str, domain: &str) -> Option<Self> {
        let (local, host) = id.strip_prefix('<')?.strip_suffix('>')?.rsplit_once('@')?;
        let mut parts = local.strip_prefix("ticket-")?.split('.');
        let (ticket, word, digest) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = word.bytes().all(|b| b.is_ascii_lowercase())
            && digest.bytes().all(|b| b.is_ascii_alphanumeric());
        let ours =
            host.eq_ignore_ascii_case(&ascii_domain(domain)) && plain && parts.next().is_none();
        let ticket = ticket.parse().ok().filter(|_| ours)?;
        Some(OwnMsgId {
            ticket,
            word,
            digest,
        })
    }
}

/// The ticket in a msg-id of ours (B5), and the digest of the message that it answers. `domain` is the domain used in
/// answers.
#[must_use]
pub fn ticket_of_msg_id<'a>(id: &'a str, domain: &str) -> Option<(TicketId, &'a str)> {
    let own = OwnMsgId::parse(id, domain)?;
    Some((own.ticket, own.digest))
}
