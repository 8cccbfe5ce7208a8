//! What a run that died has left, and a list that was lost.

use super::year::each_entry;
use crate::desk::Desk;
use crate::patience::Patience;
use crate::store::{PutAway, PutAwayList, YearMbox};
use crate::ticket::TicketId;
use crate::ticket::identity::Identity;
use anyhow::{Context, Result};
use mail::entry::{self, Tail};
use mail::message::Message;
use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom};

/// Ends what a run has begun that died, and makes a list anew that was lost.
///
/// # Errors
/// The list or an mbox cannot be read or written.
pub(super) fn mend(desk: &Desk, list: &mut PutAwayList) -> Result<()> {
    desk.store.clear_left_locks()?;
    if list.is_empty()? {
        let found = found(desk)?;
        if !found.is_empty() {
            list.end(&found)?;
        }
    }
    let Some((year, size)) = list.unfinished()? else {
        return Ok(());
    };
    if desk.store.open_year(year)?.is_some() {
        let mut mbox = desk.store.lock_year(year, Patience::default())?;
        cut(desk, &mut mbox, (year, size))?;
    }
    list.end(&[])
}

/// Takes away what is torn behind the first `size` bytes. The tickets are still there that it was copied from.
fn cut(desk: &Desk, mbox: &mut YearMbox, (year, size): (u16, u64)) -> Result<()> {
    let doing = || format!("cannot read {}", desk.store.year_path(year).display());
    loop {
        let tail = entry::tail_of_file(&mut mbox.file(), mbox.stamp()?.size).with_context(doing)?;
        match tail {
            Tail::Torn { keep } if keep >= size => mbox.truncate(keep)?,
            // It might be mail that somebody else has put there.
            Tail::SetAside { keep } if keep >= size => {
                let mut torn = mbox.file();
                torn.seek(SeekFrom::Start(keep)).with_context(doing)?;
                let name = format!("{year}.mbox.{}", desk.now());
                desk.store.save_torn(&name, torn)?;
                mbox.truncate(keep)?;
            }
            _ => return Ok(()),
        }
    }
}

/// What the list would say of the tickets in the mboxes of all years.
fn found(desk: &Desk) -> Result<Vec<PutAway>> {
    let mut found: BTreeMap<TicketId, PutAway> = BTreeMap::new();
    for year in desk.store.years()? {
        // Where each ticket's first message stands.
        let mut first: BTreeMap<TicketId, (u32, PutAway)> = BTreeMap::new();
        each_entry(desk, year, &mut |mark, content| {
            let is_first = |(at, _): &(u32, PutAway)| mark.entry < *at;
            if first.get(&mark.ticket).is_none_or(is_first) {
                let raw = entry::decode(content).raw;
                let away = PutAway {
                    ticket: mark.ticket,
                    year,
                    on: None,
                    opening: Identity::of(&Message::new(&raw)).digest,
                };
                first.insert(mark.ticket, (mark.entry, away));
            }
        })?;
        // A later year has the whole of a ticket that came back.
        found.extend(first.into_iter().map(|(id, (_, away))| (id, away)));
    }
    Ok(found.into_values().collect())
}
