//! A mail that closes its ticket though it is filed there already: a delivery of it died, or the MTA brought it to
//! another of the ticket's addresses first.

use super::Desk;
use super::delivery::{Deed, Filed};
use super::parcel::{Incoming, Parcel};
use super::view::View;
use crate::ticket::State;
use crate::ticket::address::Verb;
use crate::ticket::compose::letter::Letter;
use crate::ticket::summary::Summary;
use crate::ticket::trust::Proof;
use anyhow::Result;
use mail::envelope::{Envelope, RecipientSource};
use mail::message::Message;

impl Desk {
    /// What a message does that is the entry `at` of the ticket in `view` already, and comes to the address that
    /// closes it.
    pub(super) fn closes_after_all(
        &mut self,
        parcel: &Parcel,
        view: &View,
        at: u64,
    ) -> Result<Filed> {
        let row = &view.row;
        let is_last = at + 1 == row.entries;
        let finishes = is_last && view.ends_closed;
        // The entry after it may be the letter of a delivery that died before it moved the file. What the operator
        // brings on the shell came to that address only. Of a stranger's mail nobody can say whether they meant to
        // close the ticket, or answered to all addresses that they saw.
        let begins = (is_last || (at + 2 == row.entries && view.ends_closed))
            && parcel.by.is_staff
            && !parcel.by_operator;
        let may_close = row.state == Some(State::Open) && (finishes || begins);
        if !may_close || !self.plan_update(parcel, view, Verb::Done)?.closes {
            return self.duplicate(parcel, row.id, Deed::Duplicate);
        }
        if finishes {
            let deed = match self.finish_closing(parcel, view)? {
                true => Deed::Closed,
                false => Deed::Duplicate,
            };
            return self.duplicate(parcel, row.id, deed);
        }
        let filed = self.duplicate(parcel, row.id, Deed::Duplicate)?;
        let mut closed = self.close_by_letter(parcel, view)?;
        closed.warnings.extend(filed.warnings);
        closed.released.append(filed.released);
        Ok(closed)
    }

    /// Completes the work of a delivery that died between filing a closing and moving the file: its
    /// message is the ticket's last one then, and the ticket still open. True if this closed it.
    fn finish_closing(&mut self, parcel: &Parcel, view: &View) -> Result<bool> {
        let row = &view.row;
        let store = self.store.clone();
        let Some(mut mbox) = store.lock(row.id, parcel.patience)? else {
            return Ok(false);
        };
        let before = mbox.stamp()?;
        // Somebody else may have filed meanwhile. A new ctime alone says no such thing.
        if (before.inode, before.size) == (row.stamp.inode, row.stamp.size) {
            mbox.move_to(State::Closed)?;
            self.note_in_journal(&mbox, before, None);
        }
        Ok(mbox.state() == State::Closed)
    }

    /// Closes a ticket for a message of the desk that came to the ticket's own address first, and is filed under that:
    /// with a letter in its author's name, without a text, as `tickets close` files one (D4). Else no entry would show
    /// the closing. The letter is the same at every attempt, so it is filed once.
    fn close_by_letter(&mut self, parcel: &Parcel, view: &View) -> Result<Filed> {
        let id = view.row.id;
        let (message, envelope) = (parcel.incoming.message, parcel.incoming.envelope);
        let addresses = &self.config.addresses;
        let letter = Letter {
            from: message.from(),
            to: message.mailboxes("To"),
            cc: message.mailboxes("Cc"),
            body: String::new(),
            ..Letter::answering(message, &self.config.tag(id), "", "")
        };
        let unique = format!("closing.{id}.{}", parcel.summary.identity.hex());
        let mail = letter.mail(
            &unique,
            addresses.domain(),
            message.date().unwrap_or_default(),
        );
        let mail = Message::new(&mail);
        let envelope = Envelope {
            sender: envelope.sender.clone(),
            recipients: vec![addresses.ticket(id, Verb::Done)],
            recipients_from: RecipientSource::Envelope,
        };
        let by = self.staff().authorship(&mail);
        let closing = Parcel {
            incoming: Incoming {
                message: &mail,
                envelope: &envelope,
            },
            summary: Summary::of(&mail, &envelope.sender, &by, parcel.now, addresses),
            by,
            degree: parcel.degree.clone(),
            // What the message asks was believed, and this asks the same.
            proof: Proof::LoggedIn,
            modules: Vec::new(),
            addressed: vec![id],
            forwarded: None,
            put_away: None,
            by_operator: true,
            quiet: parcel.quiet,
            is_last: parcel.is_last,
            now: parcel.now,
            patience: parcel.patience,
        };
        self.update_ticket(&closing, id, Verb::Done)
    }
}
