//! What the entries of a desk add up to: how many tickets, how fast, when, from whom, how large.
//!
//! Entries come in ticket by ticket, each ticket's in the order of its mbox ([`StatsCounter::add`]),
//! and are not kept. What is kept is a number or two for each ticket, and a few for each day.
//!
//! What counts, and as what:
//! - A ticket that a machine opened (a bounce, a cron job) is not a customer's. Unless
//!   [`Scope::automatic`] is set, it is counted as such and is in no other number about tickets.
//!   Its messages are counted as messages.
//! - The date of an entry is the time at which it was filed. A date before 1971 is that of a machine
//!   without a clock: the entry opens or closes its ticket, and counts in nothing else. What is dated
//!   after [`Scope::until`] has not happened yet.
//! - First reply: from the first mail of a customer in a ticket to the desk's next message that the
//!   customer gets (a closing is one, `-quiet` is none).
//! - Closing: from a ticket's opening to its last closing in the stretch, if it is closed at the end.
//!   A ticket that was re-opened in between counts once, with all the time.
//! - A time that would be negative (entries were copied in by hand) does not count.
//! - A ticket whose mbox was moved by hand is closed, or open again, from its last entry on; a better
//!   time is not known. No mail closed it, so it is in no other number.

mod calendar;
mod numbers;
mod tally;
#[cfg(test)]
mod tests;
mod times;
mod top;

pub(crate) use calendar::{Unit, WEEKDAYS};
pub(crate) use numbers::{Counts, DeskStats, Period, Scope};
pub(crate) use tally::StatsCounter;
pub(crate) use times::Times;
