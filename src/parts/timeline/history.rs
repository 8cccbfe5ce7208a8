//! What happened on the desk: the entries of its tickets, from the index.

use crate::desk::Desk;
use crate::index::history::{Mark, Window};
use crate::parts::timeline::entries;
use crate::ticket::timeline::{Filter, Items, Provider, Wanted};
use anyhow::Result;

/// So many entries are read from the index at a time.
const SOME: usize = 500;

/// The entries of the tickets, for the timeline. The index is taken as it is; see
/// [`Desk::reconcile_all`].
pub struct Entries<'a>(pub &'a Desk);

impl Provider for Entries<'_> {
    fn filters(&self) -> Vec<Filter> {
        entries::filters()
    }

    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>> {
        let window = Window {
            since: wanted.since,
            until: wanted.until,
            ticket: wanted.ticket,
        };
        let index = self.0.index()?;
        let staff = self.0.staff();
        let mut mark = None;
        let mut some = Vec::new().into_iter();
        Ok(Box::new(std::iter::from_fn(move || {
            if some.len() == 0 {
                match index.newest(&window, mark, SOME) {
                    Ok(more) => some = more.into_iter(),
                    Err(e) => return Some(Err(e.into())),
                }
            }
            let it = some.next()?;
            mark = Some(Mark::of(&it));
            Some(Ok(entries::item(it, &staff)))
        })))
    }
}
