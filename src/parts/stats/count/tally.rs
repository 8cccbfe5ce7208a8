//! Counts entries.

use super::calendar::{Unit, local};
use super::numbers::{Counts, DeskStats, LargeTicket, Period, Scope};
use super::times::Times;
use super::top::Submitters;
use crate::ticket::TicketId;
use crate::ticket::event::{Event, HistoryEntry};
use jiff::civil::{Date, DateTime};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// 1971-01-01: what is dated before was filed by a machine without a clock, or has no date.
const FIRST_DATE: i64 = 365 * 86_400;

/// Adds up entries.
pub(crate) struct StatsCounter<'a> {
    scope: Scope<'a>,
    /// The ticket whose entries are coming in.
    current: Option<TicketCount>,
    days: BTreeMap<Date, DayCount>,
    /// Tickets that were open before the first second of the stretch.
    open_before: i64,
    first_replies: Vec<(Date, u32)>,
    closings: Vec<(Date, u32)>,
    submitters: Submitters,
    /// In order, the largest first.
    largest: Vec<LargeTicket>,
    stats: DeskStats,
}

#[derive(Default)]
struct DayCount {
    counts: Counts,
    /// How many more tickets were open at its end than at its beginning.
    more_open: i64,
}

/// What is known of a ticket so far.
struct TicketCount {
    ticket: TicketId,
    subject: String,
    /// It is closed now.
    closed: bool,
    /// It is in the numbers about tickets.
    counts: bool,
    /// When it was opened, before the end of the stretch.
    opened: Option<i64>,
    /// It is open at the end of the stretch, by what its mail says.
    is_open: bool,
    last_closed: Option<i64>,
    /// When a customer first wrote.
    asked: Option<i64>,
    /// The desk has replied since, or closed it.
    replied: bool,
    /// It has replied in words that reached somebody.
    answered: bool,
    /// Date of the last entry in the stretch or before it.
    last: i64,
    /// It has entries that are dated after the stretch.
    goes_on: bool,
    messages: u64,
    bytes: u64,
}

impl TicketCount {
    fn begin(first: &HistoryEntry, closed: bool, counts: bool) -> TicketCount {
        TicketCount {
            ticket: first.ticket,
            subject: first.subject.clone(),
            closed,
            counts,
            opened: None,
            is_open: false,
            last_closed: None,
            asked: None,
            replied: false,
            answered: false,
            last: i64::MIN,
            goes_on: false,
            messages: 0,
            bytes: 0,
        }
    }
}

impl<'a> StatsCounter<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> StatsCounter<'a> {
        StatsCounter {
            current: None,
            days: BTreeMap::new(),
            open_before: 0,
            first_replies: Vec::new(),
            closings: Vec::new(),
            submitters: Submitters::new(scope.most),
            largest: Vec::new(),
            stats: DeskStats {
                days: None,
                unit: Unit::Day,
                periods: Vec::new(),
                total: Counts::default(),
                open: 0,
                unanswered: 0,
                tickets: 0,
                by_machines: 0,
                automatic: scope.automatic,
                bytes: 0,
                attachments: 0,
                first_reply: Times::default(),
                closing: Times::default(),
                hours: [[0; 24]; 7],
                submitters: 0,
                top: Vec::new(),
                largest: Vec::new(),
                undated: 0,
                future: 0,
            },
            scope,
        }
    }

    /// Counts an entry of a ticket that is `closed` now, or is not. The entries of one ticket must come
    /// together, in the order of its mbox.
    pub(crate) fn add(&mut self, entry: &HistoryEntry, closed: bool) {
        let mut ticket = match self.current.take() {
            Some(ticket) if ticket.ticket == entry.ticket => ticket,
            before => {
                if let Some(before) = before {
                    self.end(before);
                }
                let counts = self.scope.automatic || !entry.automatic;
                TicketCount::begin(entry, closed, counts)
            }
        };
        self.count(&mut ticket, entry);
        self.current = Some(ticket);
    }

    fn count(&mut self, ticket: &mut TicketCount, entry: &HistoryEntry) {
        if entry.at >= self.scope.until {
            ticket.goes_on = true;
            self.stats.future += u64::from(entry.at > self.scope.now);
            return;
        }
        ticket.last = ticket.last.max(entry.at);
        if entry.at < FIRST_DATE {
            self.stats.undated += 1;
        }
        let local = self.local(entry.at);
        let mut counts = self.what_it_did(ticket, entry, local.is_some());
        if !ticket.counts {
            counts = Counts::default();
        }
        let author = entry.author.as_ref();
        let by_staff = author.is_some_and(|author| self.scope.staff.has(&author.address));
        match (entry.automatic, by_staff) {
            (true, _) => counts.automatic = 1,
            (_, true) => counts.replies = 1,
            _ => counts.mail = 1,
        }
        self.ask_or_answer(ticket, entry, counts);
        let Some(local) = local else {
            return;
        };
        if counts.mail == 1 {
            let weekday = local.weekday().to_monday_zero_offset();
            self.stats.hours[weekday as usize][local.hour() as usize] += 1;
        }
        self.stats.tickets += u64::from(ticket.messages == 0);
        ticket.messages += 1;
        ticket.bytes += entry.size;
        self.stats.bytes += entry.size;
        self.stats.attachments += u64::from(entry.attachments);
        self.days
            .entry(local.date())
            .or_default()
            .counts
            .add(&counts);
    }

    /// What an entry did to its ticket.
    fn what_it_did(
        &mut self,
        ticket: &mut TicketCount,
        entry: &HistoryEntry,
        in_stretch: bool,
    ) -> Counts {
        let mut counts = Counts::default();
        if ticket.opened.is_none() {
            ticket.opened = Some(entry.at);
            ticket.is_open = true;
            counts.opened = 1;
            self.change_open(ticket, entry.at, 1);
            if in_stretch {
                self.opened(ticket, entry);
            }
        }
        match entry.event {
            Event::Closed if ticket.is_open => {
                ticket.is_open = false;
                ticket.last_closed = Some(entry.at);
                counts.closed = 1;
                self.change_open(ticket, entry.at, -1);
            }
            Event::Reopened if !ticket.is_open => {
                ticket.is_open = true;
                counts.reopened = 1;
                self.change_open(ticket, entry.at, 1);
            }
            _ => {}
        }
        counts
    }

    /// Counts who opened a ticket in the stretch.
    fn opened(&mut self, ticket: &TicketCount, entry: &HistoryEntry) {
        self.stats.by_machines += u64::from(entry.automatic);
        match &entry.author {
            Some(author) if ticket.counts => self.submitters.add(author),
            _ => {}
        }
    }

    /// The local time of a moment, if it is a date in the stretch.
    fn local(&self, at: i64) -> Option<DateTime> {
        let from = self.scope.since.unwrap_or(FIRST_DATE).max(FIRST_DATE);
        let is_in = (from..self.scope.until).contains(&at);
        is_in.then(|| local(at, &self.scope.zone))
    }

    /// From `at` on, `more` tickets are open.
    fn change_open(&mut self, ticket: &TicketCount, at: i64, more: i64) {
        if !ticket.counts {
            return;
        }
        match self.local(at) {
            Some(local) => self.days.entry(local.date()).or_default().more_open += more,
            None => self.open_before += more,
        }
    }

    fn ask_or_answer(&mut self, ticket: &mut TicketCount, entry: &HistoryEntry, counts: Counts) {
        let Some(asked) = ticket.asked else {
            if counts.mail == 1 && !entry.silent {
                ticket.asked = Some(entry.at);
            }
            return;
        };
        // Who is told that the ticket is closed has got something, and may wait for more.
        let closes = counts.closed > 0;
        if counts.replies == 0 || entry.silent && !closes {
            return;
        }
        ticket.answered |= !entry.silent;
        if std::mem::replace(&mut ticket.replied, true) {
            return;
        }
        if ticket.counts
            && let Some(local) = self.local(entry.at)
            && let Some(took) = took(asked, entry.at)
        {
            self.first_replies.push((local.date(), took));
        }
    }

    /// Counts a ticket as a whole.
    fn end(&mut self, mut ticket: TicketCount) {
        let Some(opened) = ticket.opened else {
            return;
        };
        if self.scope.until > self.scope.now || !ticket.goes_on {
            self.moved_by_hand(&mut ticket);
        }
        if ticket.counts {
            let unanswered = ticket.is_open && ticket.asked.is_some() && !ticket.answered;
            self.stats.unanswered += u64::from(unanswered);
            if !ticket.is_open
                && let Some(closed) = ticket.last_closed
                && let Some(local) = self.local(closed)
                && let Some(took) = took(opened, closed)
            {
                self.closings.push((local.date(), took));
            }
        }
        if ticket.messages > 0 {
            self.keep_if_large(ticket);
        }
    }

    /// The place of the mbox is the truth (D1), whatever the last entry did.
    fn moved_by_hand(&mut self, ticket: &mut TicketCount) {
        let is_open = !ticket.closed;
        if is_open != ticket.is_open {
            ticket.is_open = is_open;
            self.change_open(ticket, ticket.last, if is_open { 1 } else { -1 });
        }
    }

    fn keep_if_large(&mut self, ticket: TicketCount) {
        let rank = |it: &LargeTicket| (Reverse(it.bytes), it.ticket);
        let large = LargeTicket {
            ticket: ticket.ticket,
            subject: ticket.subject,
            messages: ticket.messages,
            bytes: ticket.bytes,
        };
        let at = self.largest.partition_point(|it| rank(it) < rank(&large));
        if at < self.scope.most {
            self.largest.insert(at, large);
            self.largest.truncate(self.scope.most);
        }
    }

    /// The numbers of all that came in.
    pub(crate) fn finish(mut self) -> DeskStats {
        if let Some(ticket) = self.current.take() {
            self.end(ticket);
        }
        self.first_replies.sort_unstable();
        self.closings.sort_unstable();
        self.stats.days = self.stretch();
        let length = self.stats.days.map_or(0, |(first, last)| {
            first.duration_until(last).as_hours() / 24 + 1
        });
        self.stats.unit = self.scope.unit.unwrap_or(Unit::for_days(length));
        self.add_periods();
        let StatsCounter {
            mut stats,
            first_replies,
            closings,
            ..
        } = self;
        stats.first_reply = times(&first_replies);
        stats.closing = times(&closings);
        (stats.submitters, stats.top) = self.submitters.finish();
        stats.largest = self.largest;
        stats
    }

    /// The first and the last day that the numbers are about.
    fn stretch(&self) -> Option<(Date, Date)> {
        let day = |at| local(at, &self.scope.zone).date();
        let first_seen = self.days.first_key_value().map(|(&day, _)| day);
        let last_seen = self.days.last_key_value().map(|(&day, _)| day);
        let today = day(self.scope.now);
        // Days in the future are shown up to the last entry.
        let last = today.max(last_seen.unwrap_or(today));
        let last = last.min(day(self.scope.until - 1));
        let first = self.scope.since.map(day).or(first_seen)?;
        (first <= last).then_some((first, last))
    }

    /// Adds up the days by the unit, and all of them.
    fn add_periods(&mut self) {
        let mut open = self.open_before;
        let first = self.stats.days.map(|(first, _)| first);
        let mut next = first.map(|first| self.stats.unit.start(first));
        while let Some(start) = next
            && self.stats.days.is_some_and(|(_, last)| start <= last)
        {
            next = self.stats.unit.next(start);
            let is_in = |day: Date| day >= start && next.is_none_or(|next| day < next);
            let mut counts = Counts::default();
            for (_, day) in self.days.range(start..).take_while(|(day, _)| is_in(**day)) {
                counts.add(&day.counts);
                open += day.more_open;
            }
            self.stats.total.add(&counts);
            self.stats.periods.push(Period {
                start,
                counts,
                open: u64::try_from(open).unwrap_or(0),
                first_reply: times(days_of(&self.first_replies, start, next)),
                closing: times(days_of(&self.closings, start, next)),
            });
        }
        self.stats.open = u64::try_from(open).unwrap_or(0);
    }
}

/// The days from `start` to the one before `next`; `all` is in order of days.
fn days_of(all: &[(Date, u32)], start: Date, next: Option<Date>) -> &[(Date, u32)] {
    let begin = all.partition_point(|(day, _)| *day < start);
    let end = all.partition_point(|(day, _)| next.is_none_or(|next| *day < next));
    &all[begin..end]
}

fn times(days: &[(Date, u32)]) -> Times {
    let mut seconds: Vec<u32> = days.iter().map(|(_, seconds)| *seconds).collect();
    Times::of(&mut seconds)
}

/// The seconds between two moments, if they have dates and lie in this order.
fn took(from: i64, to: i64) -> Option<u32> {
    let dated = from >= FIRST_DATE && to >= from;
    dated.then(|| u32::try_from(to - from).ok()).flatten()
}
