//! Which tickets hold a message: as it came, as another copy, or by its Message-ID.

use super::{Index, Result};
use crate::ticket::TicketId;
use crate::ticket::identity::Identity;
use rusqlite::{OptionalExtension, params};

/// What a ticket holds of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The position (from 0) of this very message; `None` if it is not filed there (A5). It may be there twice, without
    /// a proof and with one: then it is the last one's.
    pub at: Option<u64>,
    /// Another copy of it was filed before: by way of a list, say, that adds a footer.
    pub is_copy: bool,
}

impl Presence {
    /// What some entries hold, by their identities and origins in the order of the mbox.
    pub fn among(
        entries: impl Iterator<Item = (Identity, i64)>,
        identity: &Identity,
        origin: i64,
    ) -> Presence {
        let mut presence = Presence::default();
        for (at, (other, other_origin)) in (0..).zip(entries) {
            presence.note(at, other == *identity, other_origin == origin);
        }
        presence
    }

    /// Takes in the entry at a position.
    fn note(&mut self, at: u64, is_same: bool, is_copy: bool) {
        match is_same {
            true => self.at = Some(at),
            false => self.is_copy |= is_copy && self.at.is_none(),
        }
    }
}

/// An entry that is a copy of a message, or the message itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldCopy {
    pub ticket: TicketId,
    /// Its position in the ticket, from 0.
    pub seq: u64,
    /// It is this very message.
    pub is_same: bool,
}

impl Index {
    /// The position (from 0) of the message in a ticket; `None` if it is not filed there (A5).
    pub fn position(&self, id: TicketId, message: &Identity) -> Result<Option<u64>> {
        let sql = "SELECT seq FROM entry WHERE key = ?1 AND ticket = ?2 AND digest = ?3";
        let mut select = self.db.prepare(sql)?;
        let at = params![message.key, id.get(), message.digest];
        let seq: Option<i64> = select.query_row(at, |r| r.get(0)).optional()?;
        Ok(seq.map(|seq| seq as u64))
    }

    /// What a ticket holds of a message (A5).
    pub fn presence(&self, id: TicketId, message: &Identity, origin: i64) -> Result<Presence> {
        let sql = "SELECT seq, digest FROM entry
                   WHERE key = ?1 AND ticket = ?2 AND origin = ?3 ORDER BY seq";
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query(params![message.key, id.get(), origin])?;
        let mut presence = Presence::default();
        while let Some(row) = rows.next()? {
            let is_same = row.get::<_, [u8; 16]>(1)? == message.digest;
            presence.note(row.get::<_, i64>(0)? as u64, is_same, true);
        }
        Ok(presence)
    }

    /// Every entry that is a copy of the message, in order of tickets.
    pub fn copies(&self, message: &Identity, origin: i64) -> Result<Vec<HeldCopy>> {
        let sql = "SELECT ticket, seq, digest FROM entry WHERE key = ?1 AND origin = ?2";
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query(params![message.key, origin])?;
        let mut copies = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(ticket) = TicketId::new(row.get(0)?) {
                copies.push(HeldCopy {
                    ticket,
                    seq: row.get::<_, i64>(1)? as u64,
                    is_same: row.get::<_, [u8; 16]>(2)? == message.digest,
                });
            }
        }
        for change in self.pending_with(|added| added.summary.origin == origin) {
            copies.extend(change.added.iter().map(|added| HeldCopy {
                ticket: change.ticket,
                seq: added.seq,
                is_same: added.summary.identity == *message,
            }));
        }
        copies.sort_unstable();
        copies.dedup();
        Ok(copies)
    }

    /// True if a message with this digest is filed in a ticket.
    pub fn holds(&self, id: TicketId, digest: &[u8]) -> Result<bool> {
        let sql = "SELECT 1 FROM entry WHERE ticket = ?1 AND digest = ?2";
        let mut select = self.db.prepare(sql)?;
        let mut pending = self.pending_with(|added| added.summary.identity.digest == digest);
        Ok(
            pending.any(|change| change.ticket == id)
                || select.exists(params![id.get(), digest])?,
        )
    }

    /// The tickets that hold the message, highest number first.
    pub fn holding(&self, message: &Identity) -> Result<Vec<TicketId>> {
        let sql = "SELECT DISTINCT ticket FROM entry WHERE key = ?1 AND digest = ?2";
        let mut ids = self.ids(sql, params![message.key, message.digest])?;
        let pending = self.pending_with(|added| added.summary.identity == *message);
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        Ok(ids)
    }

    /// The tickets that the message opened, lowest first.
    pub fn opened_by(&self, message: &Identity) -> Result<Vec<TicketId>> {
        let sql = "SELECT ticket FROM entry WHERE key = ?1 AND seq = 0 AND digest = ?2";
        let mut ids = self.ids(sql, params![message.key, message.digest])?;
        let pending =
            self.pending_with(|added| added.seq == 0 && added.summary.identity == *message);
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The tickets that hold a message with this key, highest number first (B5).
    pub fn holders(&self, key: i64) -> Result<Vec<TicketId>> {
        let sql = "SELECT DISTINCT ticket FROM entry WHERE key = ?1";
        let mut ids = self.ids(sql, params![key])?;
        let pending = self.pending_with(|added| added.summary.identity.key == key);
        ids.extend(pending.map(|change| change.ticket));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        Ok(ids)
    }
}
