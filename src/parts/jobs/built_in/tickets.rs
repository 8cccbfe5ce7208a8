//! Tickets in the text of a mail.

use crate::desk::Desk;
use crate::listing::Listed;
use crate::screen::{age, cut, plural};
use crate::ticket::State;
use anyhow::Result;

/// The most tickets that a mail names.
const MOST: usize = 100;

/// The most columns of a Subject.
const SUBJECT: usize = 50;

/// The open tickets in which somebody has waited for at least so many seconds, the longest first.
pub(super) fn waiting(desk: &Desk, since: i64, now: i64) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    desk.rows(State::Open, |row| {
        let ticket = Listed::of(desk, row);
        if ticket.is_waiting() && now.saturating_sub(ticket.active()) >= since {
            found.push(ticket);
        }
        Ok(())
    })?;
    found.sort_by_key(|ticket| (ticket.active(), ticket.id()));
    Ok(found)
}

/// A line for each: number, how long nothing has happened, who, Subject.
pub(super) fn lines(tickets: &[Listed], now: i64) -> String {
    let mut text = String::new();
    for ticket in tickets.iter().take(MOST) {
        text.push_str(&format!(
            "{:>6}  {:>3}  {}: {}\n",
            ticket.id(),
            age(now.saturating_sub(ticket.active())),
            mail::decode::clean(&cut(ticket.who(), SUBJECT)),
            mail::decode::clean(&cut(ticket.subject(), SUBJECT)),
        ));
    }
    if tickets.len() > MOST {
        let more = plural(tickets.len() - MOST, "more ticket");
        text.push_str(&format!("        and {more}\n"));
    }
    text
}
