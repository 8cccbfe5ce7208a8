//! What follows from the words of filters, once the message has its turn: where it goes in the end (G5).

use crate::desk::Desk;
use crate::desk::parcel::{Judged, Parcel, Settled};
use crate::index::{Index, note_moved};
use crate::limits;
use crate::ticket::address::Verb;
use crate::ticket::filter::{self, Go};
use crate::ticket::route::Destination;
use anyhow::Result;

impl Desk {
    /// Where a message goes in the end. Its turn is taken, so that nobody else files it meanwhile. Whatever was said of
    /// it now: what an earlier attempt has filed stays filed, and what it put into quarantine stays there.
    ///
    /// # Errors
    /// That cannot be told, or it cannot be put into quarantine.
    pub(in crate::desk) fn settle(
        &mut self,
        parcel: &mut Parcel,
        judged: &Judged,
        route: Vec<Destination>,
    ) -> Result<Settled> {
        parcel.modules.clone_from(&judged.said);
        if judged.is_released {
            return Ok(Settled::Tickets(route));
        }
        if let Some(held) = self.held_in_quarantine(parcel)? {
            limits::all_is_filed();
            return Ok(Settled::Quarantine(held));
        }
        if let Some(sent) = self.sent_by_filter(parcel, &route)? {
            return Ok(Settled::Tickets(vec![sent]));
        }
        if judged.go == Go::On || self.is_filed_in_one_of(parcel, &route)? {
            return Ok(Settled::Tickets(route));
        }
        if let Go::Ticket(_) | Go::New | Go::Quarantine(_) = judged.go {
            note_moved(&self.index_path(), &[parcel.summary.identity.digest])?;
        }
        if let Go::Quarantine(_) = judged.go {
            let held = self.quarantine(parcel, judged)?;
            // --- It is ours: what ends the process now is no reason to bring it again (A4). ---
            limits::all_is_filed();
            return Ok(Settled::Quarantine(held));
        }
        parcel.quiet |= judged.go == Go::Quiet;
        parcel.put_away = judged.put_away.or(parcel.put_away);
        Ok(Settled::Tickets(judged.go.reroute(route)))
    }

    /// True if the table beside the index notes this message as moved by a filter. Rarely the note is another message's;
    /// [`Desk::settle`] finds out.
    pub(in crate::desk) fn may_have_been_moved(&self, parcel: &Parcel) -> bool {
        Index::is_noted_as_moved(&self.index_path(), &parcel.summary.identity.digest)
    }

    /// Where the word of a filter has brought this very message at an earlier attempt to deliver it to these destinations.
    fn sent_by_filter(
        &mut self,
        parcel: &Parcel,
        route: &[Destination],
    ) -> Result<Option<Destination>> {
        let digest = &parcel.summary.identity.digest;
        // Hardly any message ever was, and the index costs a good part of a delivery.
        if !Index::may_be_moved(&self.index_path(), digest) {
            return Ok(None);
        }
        self.complete_newest()?;
        // An attempt may have died before it could note in the journal where it has filed the message.
        for id in self.outbox.tickets_of(&parcel.digest())? {
            self.known(id)?;
        }
        let copies = {
            let _read = self.ends_read();
            let index = self.index_to_read()?;
            index.copies(&parcel.summary.identity, parcel.summary.origin)?
        };
        for copy in copies.iter().filter(|copy| copy.is_same) {
            let Some(ticket) = self.conversation(copy.ticket)? else {
                continue;
            };
            let mut sent = None;
            ticket.each(|filed| {
                if filed.number as u64 == copy.seq + 1 {
                    sent = filed
                        .modules()
                        .iter()
                        .find_map(|said| filter::sent_to(said, route));
                }
                Ok(())
            })?;
            match sent {
                Some(Go::Ticket(id)) if id == copy.ticket => {
                    return Ok(Some(Destination::Ticket(id, Verb::Update)));
                }
                Some(Go::New) if copy.seq == 0 => return Ok(Some(Destination::Open)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// True if this very message is filed already where it would go.
    fn is_filed_in_one_of(&mut self, parcel: &Parcel, route: &[Destination]) -> Result<bool> {
        for to in route {
            let is_filed = match *to {
                Destination::Open => self.has_opened(parcel)?,
                Destination::Ticket(id, verb) => match self.view(id)? {
                    Some(view) => self.presence(&view, parcel, verb)?.at.is_some(),
                    None => false,
                },
            };
            if is_filed {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
