//! Appends messages to tickets that exist.

use super::entry::NewEntry;
use super::filing::Filing;
use super::group::{Group, Groups};
use super::report::TicketChange;
use crate::desk::Desk;
use crate::error::Status;
use crate::store::Store;
use crate::store::lock::{PATIENCE, Patience};
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};

/// This many bytes are appended at once. A ticket stays locked no longer than that takes.
const PORTION: usize = 4 << 20;

/// Removes the locks of an import that died, since mutt would ask the operator about them.
pub(crate) fn clear_stale_locks(store: &Store, groups: &Groups) {
    let records = &groups.survey.records;
    let mut ids: Vec<TicketId> = records.iter().filter_map(|record| record.filed).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        for state in [State::Open, State::Closed] {
            store.clear_stale_lock(id, state);
        }
    }
}

/// Appends those messages of a group to ticket `id` that it does not hold.
pub(crate) fn append(filing: &mut Filing, group: &Group, id: TicketId) -> Result<()> {
    let Some(row) = filing.desk.despite_index(|desk| desk.known(id))? else {
        let text = format!("cannot file in ticket {id}: it is gone, import again");
        filing.report.left_out(Status::TempFail, &text);
        return Ok(());
    };
    let mut missing = Vec::new();
    for record in filing.groups.messages(group) {
        let identity = filing.groups.survey.identity(record);
        match filing.desk.index()?.position(id, &identity)? {
            Some(_) => filing.report.totals.known += 1,
            None => missing.push(record),
        }
    }
    let old_state = row.state.unwrap_or(State::Closed);
    let mut change = TicketChange::existing(id, old_state, row.subject);
    let mut missing = missing.into_iter().peekable();
    let mut failed = None;
    while failed.is_none() && missing.peek().is_some() {
        let mut portion: Vec<NewEntry> = Vec::new();
        let mut size = 0;
        while size < PORTION
            && let Some(record) = missing.next()
        {
            match filing.entries.read(record, id, false) {
                Ok(entry) => {
                    size += entry.bytes.len();
                    portion.push(entry);
                }
                Err(e) => {
                    failed = Some(e);
                    break;
                }
            }
            // A message that is older than the ticket's last one does not change its state.
            if record.at >= row.active {
                change.state = filing.state.after(change.state, record);
            }
        }
        // If the import does not change the state, the ticket stays where others may just have moved it.
        let new_state = Some(change.state).filter(|state| *state != old_state);
        let filed = match filing.dry_run {
            true => Ok(portion),
            false => append_portion(filing.desk, id, portion, new_state),
        };
        match filed {
            Ok(filed) => filed
                .into_iter()
                .for_each(|entry| change.add(entry.author, entry.subject, entry.edited)),
            Err(e) => failed = Some(e),
        }
    }
    if let Some(e) = failed {
        filing.report.failure(&e);
    }
    if change.messages > 0 {
        filing.report.ticket(&change);
    }
    Ok(())
}

/// Appends entries to a ticket and returns those that it did not hold by then. A change of state comes
/// first: after a crash in between, the messages are still missing, and the next import does all of it
/// again.
fn append_portion(
    desk: &mut Desk,
    id: TicketId,
    portion: Vec<NewEntry>,
    new_state: Option<State>,
) -> Result<Vec<NewEntry>> {
    if portion.is_empty() {
        return Ok(portion);
    }
    let store = desk.store.clone();
    let locked = store.lock(id, Patience::new(PATIENCE))?;
    let mut mbox = locked.with_context(|| format!("cannot file in ticket {id}: it is gone"))?;
    let held = desk.despite_index(|desk| {
        desk.known_locked(&mut mbox)?;
        let index = desk.index()?;
        let is_held = |entry: &NewEntry| Ok(index.position(id, &entry.identity)?.is_some());
        portion.iter().map(is_held).collect::<Result<Vec<bool>>>()
    })?;
    let mut fresh = Vec::new();
    let mut bytes = Vec::new();
    for (mut entry, held) in portion.into_iter().zip(held) {
        if !held {
            bytes.append(&mut entry.bytes);
            fresh.push(entry);
        }
    }
    if fresh.is_empty() {
        return Ok(fresh);
    }
    let old_state = mbox.state();
    mbox.move_to(new_state.unwrap_or(old_state))?;
    if let Err(e) = mbox.append(&bytes) {
        let _ = mbox.move_to(old_state);
        return Err(e.cause);
    }
    drop(mbox);
    desk.despite_index(|desk| desk.known(id))?;
    Ok(fresh)
}
