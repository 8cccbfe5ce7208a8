//! What the admins are told of what a message did, or did not do.

use super::Desk;
use crate::error::quoted_path;
use crate::store::PutAway;
use crate::ticket::TicketId;
use crate::ticket::plan::{Plan, Remark};

impl Desk {
    /// What is said of what was not done.
    pub(super) fn remark(&self, remark: Remark) -> String {
        let limit = self.config.ack_limit;
        match remark {
            Remark::AckLimit => format!(
                "Its author has had {limit} answers in the last hour, and gets no more until the hour \
                 is over."
            ),
            Remark::AckDomain => format!(
                "Addresses of its author's domain have had {} answers in the last hour, half of \
                 ack_total. Nobody else there is answered until the hour is over.",
                self.plan_rules().domain_limit()
            ),
            Remark::AckTotal => format!(
                "The limit of {} answers an hour (ack_total) has been reached. Customers get no \
                 more acknowledgements until the hour is over.",
                self.config.ack_total
            ),
            Remark::PassLimit => format!(
                "{} messages came into this ticket within an hour, as if machines wrote to each \
                 other. For the rest of the hour mail of admins is filed in it, but not passed on: \
                 please write to the submitter.",
                self.plan_rules().pass_limit()
            ),
            Remark::TellLimit => format!(
                "{} messages came into this ticket within an hour, as if machines wrote to each \
                 other. For the rest of the hour mail of machines, and answers of others to what was \
                 sent to you, are filed in it without telling you.",
                self.plan_rules().pass_limit()
            ),
            Remark::ClosingUnproven => format!(
                "It asked to close the ticket, and {}. The ticket stays open.",
                self.unproven()
            ),
            Remark::Unproven => format!(
                "It bears an admin's name, or the ticket's, and {}. It was not passed on to the \
                 submitter.",
                self.unproven()
            ),
            Remark::ThirdParty => "It answers the submitter, but To or Cc also name somebody who is \
                 not of the desk. So it was not passed on to the submitter. To pass it on all the \
                 same, send it to the ticket's address that ends in -submitter."
                .to_owned(),
            Remark::OpenedByMachine => "A machine opened this ticket, and machines are not written \
                 to: neither mail of admins nor a closing is passed on to the submitter. To write to \
                 a person there, name them in To."
                .to_owned(),
            Remark::Unanswerable => "It gives no address to reply to, so it was not \
                 acknowledged."
                .to_owned(),
            Remark::Unreachable => "There is no address at which its submitter can be written to. So \
                 nothing was sent to them."
                .to_owned(),
            Remark::Unclear(why) => format!(
                "It was to open a ticket for somebody else, but {}. So the ticket is in the name of \
                 whoever forwarded it. To correct this, close it with `tickets close --quiet` and \
                 forward the mail again: as an attachment to {}, or with a first line such as \
                 \"Submitter: ann@example.net\".",
                why.reason(),
                self.config.addresses.submit_for()
            ),
            Remark::ClosedAlready => {
                "It asked to close the ticket, which was already closed. The ticket stays closed.".to_owned()
            }
            Remark::InBothPlaces => "It asked to close the ticket, but archived/ holds another file of \
                 its number. The ticket stays open, and its submitter was told nothing. `tickets \
                 check --store` shows the command that joins the two; then close it again."
                .to_owned(),
            Remark::ClosingRefused => "It asked to close the ticket, but its author is not allowed \
                 to. The ticket stays open."
                .to_owned(),
        }
    }

    /// That a message is about a ticket that was put away, and where it lies; `None` if nobody knows.
    pub(super) fn remark_put_away(&self, id: TicketId) -> Option<String> {
        // Mail need not wait because the list cannot be read now.
        let away = self.store.put_away(id).ok()??;
        let (where_to, path) = (self.put_away_in(&away), self.store.year_path(away.year));
        Some(format!(
            "It was written to ticket {id}, which {where_to}. `mutt -f {}` shows it.",
            quoted_path(&path)
        ))
    }

    /// The remark for a desk without tickets: how to open the first one, or where those are that it had.
    pub fn no_tickets_yet(&self) -> String {
        let root = self.store.root().display();
        // What cannot be read now is said by whoever needs it.
        if let Ok(years @ [_, ..]) = self.store.years_put_away().as_deref() {
            let path = |year: &u16| quoted_path(&self.store.year_path(*year));
            let paths: Vec<String> = years.iter().map(path).collect();
            let paths = paths.join(" and ");
            return format!(
                "all tickets in {root} were put away, into {paths}, which any mail program reads"
            );
        }
        let is_set_up = self.config.file.is_some() || !matches!(self.is_begun(), Ok(false));
        match is_set_up {
            true => format!(
                "no tickets in {root} yet; the first mail to {} opens one",
                self.config.addresses.submit()
            ),
            false => format!("no tickets in {root} yet; {}", self.how_to_get_one()),
        }
    }

    /// `was put away on 2026-11-29 into /home/steve/tickets/archived/2024.mbox`.
    pub(super) fn put_away_in(&self, away: &PutAway) -> String {
        let on = away.on.map_or_else(String::new, |on| format!(" on {on}"));
        let path = self.store.year_path(away.year);
        format!("was put away{on} into {}", path.display())
    }
}

/// What admins should see at once of what a message did.
/// With `is_unproven` it bears the name of somebody of the desk, and nothing proves that.
pub(super) fn label(plan: &Plan, reopens: bool, is_unproven: bool) -> &'static str {
    match plan.remark {
        Some(Remark::ClosingRefused) => "closing refused",
        Some(Remark::ClosingUnproven) => "closing not proven",
        Some(Remark::ClosedAlready) => "stays closed",
        Some(Remark::InBothPlaces) => "could not be closed",
        Some(Remark::Unanswerable) => "no address to answer",
        _ if plan.closes => "closed",
        _ if reopens && is_unproven => "re-opened, not proven",
        _ if reopens => "re-opened",
        _ if is_unproven => "not proven",
        _ => "",
    }
}

/// The sentences in a note to admins: whether the message closed or re-opened the ticket, and `remark`.
pub(super) fn reason(plan: &Plan, reopens: bool, remark: &str) -> String {
    let did = match (plan.closes, reopens) {
        (true, _) => return "This mail closed the ticket.".into(),
        (_, true) => "This mail re-opened the ticket. ",
        _ => "",
    };
    format!("{did}{remark}").trim_end().to_owned()
}

/// The most tickets that a message by somebody not of the desk can do something in (A6).
pub(super) const MOST_TICKETS: usize = 5;

/// More numbers than this are not listed.
const MOST_NUMBERS: usize = 50;

/// That a message did nothing in `quieted`; `None` if there are none.
pub(super) fn in_too_many(quieted: &[TicketId]) -> Option<String> {
    if quieted.is_empty() {
        return None;
    }
    let listed = quieted.iter().take(MOST_NUMBERS).map(TicketId::to_string);
    let listed = listed.collect::<Vec<_>>().join(", ");
    let more = match quieted.len() > MOST_NUMBERS {
        true => " and others",
        false => "",
    };
    Some(format!(
        "It names more than {MOST_TICKETS} tickets. In these it was filed, but did nothing, and nobody is told: \
         {listed}{more}. Nor is anybody told of any further one."
    ))
}
