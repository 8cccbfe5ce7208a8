//! The messages of all tickets, from the index.

use super::kind;
use crate::desk::Desk;
use crate::index::history::{HistoryCursor, Window};
use crate::ticket::timeline::{EventKind, Items, Provider, Wanted};
use anyhow::Result;

/// Messages that are read from the index at a time.
const SOME: usize = 500;

/// The messages of all tickets of a desk. The index is taken as it is; [`Desk::reconcile_all`] brings it up
/// to date.
pub(super) struct TicketMessages<'a>(pub &'a Desk);

impl Provider for TicketMessages<'_> {
    fn kinds(&self) -> Vec<EventKind> {
        kind::kinds()
    }

    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>> {
        let window = Window {
            since: wanted.since,
            until: wanted.until,
            ticket: wanted.ticket,
        };
        let index = self.0.index()?;
        let staff = self.0.staff();
        let mut cursor = None;
        let mut some = Vec::new().into_iter();
        Ok(Box::new(std::iter::from_fn(move || {
            if some.len() == 0 {
                match index.newest(&window, cursor, SOME) {
                    Ok(more) => some = more.into_iter(),
                    Err(e) => return Some(Err(e.into())),
                }
            }
            let entry = some.next()?;
            cursor = Some(HistoryCursor::of(&entry));
            Some(Ok(kind::item(entry, &staff)))
        })))
    }
}
