//! The counting.

use super::calendar::{self, Day, Local, Unit};
use super::top::Submitters;
use super::{Counts, Large, Period, Scope, Stats, Times};
use crate::ticket::TicketId;
use crate::ticket::event::{Event, HistoryEntry};
use std::collections::BTreeMap;

/// 1971-01-01: what is dated before was filed by a machine without a clock, or has no date.
const FIRST_DATE: i64 = 365 * 86_400;

/// Adds up entries.
pub struct Tally<'a> {
    scope: Scope<'a>,
    /// The ticket whose entries are coming in.
    course: Option<Course>,
    days: BTreeMap<Day, OneDay>,
    /// Tickets open before the first second of the stretch.
    open_before: i64,
    first_replies: Vec<(Day, u32)>,
    closings: Vec<(Day, u32)>,
    submitters: Submitters,
    /// In order, the largest first.
    largest: Vec<Large>,
    stats: Stats,
}

#[derive(Default)]
struct OneDay {
    counts: Counts,
    /// How many more tickets were open at its end than at its beginning.
    more_open: i64,
}

/// What is known of a ticket so far.
struct Course {
    ticket: TicketId,
    subject: String,
    /// Where its mbox lies now.
    archived: bool,
    /// It is in the numbers about tickets.
    counts: bool,
    /// When it was, before the end of the stretch.
    opened: Option<i64>,
    /// By what its mail says, at the end of the stretch.
    is_open: bool,
    last_closed: Option<i64>,
    /// When a customer first wrote.
    asked: Option<i64>,
    answered: bool,
    /// Date of the last entry in the stretch or before.
    last: i64,
    /// It has entries that are dated after the stretch.
    goes_on: bool,
    messages: u64,
    bytes: u64,
}

impl<'a> Tally<'a> {
    /// Nothing yet.
    pub fn new(scope: Scope<'a>) -> Tally<'a> {
        Tally {
            course: None,
            days: BTreeMap::new(),
            open_before: 0,
            first_replies: Vec::new(),
            closings: Vec::new(),
            submitters: Submitters::new(scope.most),
            largest: Vec::new(),
            stats: Stats {
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

    /// Counts an entry of a ticket whose mbox is among the closed ones now, or is not. Those of
    /// one ticket come together, in the order of its mbox.
    pub fn add(&mut self, it: &HistoryEntry, archived: bool) {
        let mut course = match self.course.take() {
            Some(course) if course.ticket == it.ticket => course,
            before => {
                if let Some(before) = before {
                    self.end(before);
                }
                self.begin(it, archived)
            }
        };
        self.count(&mut course, it);
        self.course = Some(course);
    }

    fn begin(&self, it: &HistoryEntry, archived: bool) -> Course {
        Course {
            ticket: it.ticket,
            subject: it.subject.clone(),
            archived,
            counts: self.scope.automatic || !it.automatic,
            opened: None,
            is_open: false,
            last_closed: None,
            asked: None,
            answered: false,
            last: i64::MIN,
            goes_on: false,
            messages: 0,
            bytes: 0,
        }
    }

    fn count(&mut self, course: &mut Course, it: &HistoryEntry) {
        if it.at >= self.scope.until {
            course.goes_on = true;
            self.stats.future += u64::from(it.at > self.scope.now);
            return;
        }
        course.last = course.last.max(it.at);
        if it.at < FIRST_DATE {
            self.stats.undated += 1;
        }
        let day = self.day(it.at);
        let mut counts = Counts::default();
        if course.opened.is_none() {
            course.opened = Some(it.at);
            course.is_open = true;
            counts.opened = 1;
            self.opens(course, it.at, 1);
            if day.is_some() {
                self.opened(course, it);
            }
        }
        match it.event {
            Event::Closed if course.is_open => {
                course.is_open = false;
                course.last_closed = Some(it.at);
                counts.closed = 1;
                self.opens(course, it.at, -1);
            }
            Event::Reopened if !course.is_open => {
                course.is_open = true;
                counts.reopened = 1;
                self.opens(course, it.at, 1);
            }
            _ => {}
        }
        if !course.counts {
            counts = Counts::default();
        }
        let by_staff = (it.author.as_ref()).is_some_and(|a| self.scope.staff.has(&a.address));
        match (it.automatic, by_staff) {
            (true, _) => counts.automatic = 1,
            (_, true) => counts.replies = 1,
            _ => counts.mail = 1,
        }
        self.ask_or_answer(course, it, counts);
        let Some(Local { day, hour }) = day else {
            return;
        };
        if counts.mail == 1 {
            let weekday = usize::from(calendar::weekday(day));
            self.stats.hours[weekday][usize::from(hour)] += 1;
        }
        self.stats.tickets += u64::from(course.messages == 0);
        course.messages += 1;
        course.bytes += it.size;
        self.stats.bytes += it.size;
        self.stats.attachments += u64::from(it.attachments);
        self.days.entry(day).or_default().counts.add(&counts);
    }

    /// Counts who opened a ticket in the stretch.
    fn opened(&mut self, course: &Course, it: &HistoryEntry) {
        self.stats.by_machines += u64::from(it.automatic);
        match &it.author {
            Some(author) if course.counts => self.submitters.add(author),
            _ => {}
        }
    }

    /// Where a moment lies, if it is dated and in the stretch.
    fn day(&self, at: i64) -> Option<Local> {
        let from = self.scope.since.unwrap_or(FIRST_DATE).max(FIRST_DATE);
        (from..self.scope.until)
            .contains(&at)
            .then(|| Local::of(at, &self.scope.zone))
    }

    /// From `at` on, `more` tickets are open.
    fn opens(&mut self, course: &Course, at: i64, more: i64) {
        if !course.counts {
            return;
        }
        match self.day(at) {
            Some(Local { day, .. }) => self.days.entry(day).or_default().more_open += more,
            None => self.open_before += more,
        }
    }

    fn ask_or_answer(&mut self, course: &mut Course, it: &HistoryEntry, counts: Counts) {
        let quiet = it.event == Event::Quiet;
        let Some(asked) = course.asked else {
            if counts.mail == 1 && !quiet {
                course.asked = Some(it.at);
            }
            return;
        };
        if counts.replies == 0 || quiet || std::mem::replace(&mut course.answered, true) {
            return;
        }
        if let (true, Some(day), Some(took)) = (course.counts, self.day(it.at), took(asked, it.at))
        {
            self.first_replies.push((day.day, took));
        }
    }

    /// Counts a ticket as a whole.
    fn end(&mut self, mut course: Course) {
        let Some(opened) = course.opened else {
            return;
        };
        if self.scope.until > self.scope.now || !course.goes_on {
            self.moved_by_hand(&mut course);
        }
        if course.counts {
            let unanswered = course.is_open && course.asked.is_some() && !course.answered;
            self.stats.unanswered += u64::from(unanswered);
            if !course.is_open
                && let Some(closed) = course.last_closed
                && let (Some(local), Some(took)) = (self.day(closed), took(opened, closed))
            {
                self.closings.push((local.day, took));
            }
        }
        if course.messages > 0 {
            self.keep_if_large(course);
        }
    }

    /// Where the mbox lies is the truth (D1), whatever the last entry did.
    fn moved_by_hand(&mut self, course: &mut Course) {
        let is_open = !course.archived;
        if is_open != course.is_open {
            course.is_open = is_open;
            self.opens(course, course.last, if is_open { 1 } else { -1 });
        }
    }

    fn keep_if_large(&mut self, course: Course) {
        let rank = |it: &Large| (std::cmp::Reverse(it.bytes), it.ticket);
        let it = Large {
            ticket: course.ticket,
            subject: course.subject,
            messages: course.messages,
            bytes: course.bytes,
        };
        let at = self.largest.partition_point(|l| rank(l) < rank(&it));
        if at < self.scope.most {
            self.largest.insert(at, it);
            self.largest.truncate(self.scope.most);
        }
    }
}

impl Tally<'_> {
    /// The sum of all that came in.
    pub fn finish(mut self) -> Stats {
        if let Some(course) = self.course.take() {
            self.end(course);
        }
        let mut stats = self.stats;
        (stats.submitters, stats.top) = self.submitters.finish();
        stats.largest = self.largest;
        let since = self
            .scope
            .since
            .map(|at| Local::of(at, &self.scope.zone).day);
        let seen = |day: Option<(&Day, _)>| day.map(|(&day, _)| day);
        let seen = (
            seen(self.days.first_key_value()),
            seen(self.days.last_key_value()),
        );
        let today = Local::of(self.scope.now, &self.scope.zone).day;
        let end = Local::of(self.scope.until - 1, &self.scope.zone).day;
        // Of the future only what has entries.
        let last = end.min(today.max(seen.1.unwrap_or(today)));
        let first = since.or(seen.0).unwrap_or(last + 1);
        stats.days = (first <= last).then_some((first, last));
        let days = i64::from(last) - i64::from(first) + 1;
        stats.unit = self.scope.unit.unwrap_or(Unit::for_days(days));

        self.first_replies.sort_unstable();
        self.closings.sort_unstable();
        let mut open = self.open_before;
        let mut start = stats.unit.start(first);
        while start <= last {
            let next = stats.unit.next(start);
            let mut counts = Counts::default();
            for (_, day) in self.days.range(start..next) {
                counts.add(&day.counts);
                open += day.more_open;
            }
            stats.total.add(&counts);
            stats.periods.push(Period {
                start,
                counts,
                open: u64::try_from(open).unwrap_or(0),
                first_reply: times(&self.first_replies, start, next),
                closing: times(&self.closings, start, next),
            });
            start = next;
        }
        stats.open = u64::try_from(open).unwrap_or(0);
        stats.first_reply = times(&self.first_replies, Day::MIN, Day::MAX);
        stats.closing = times(&self.closings, Day::MIN, Day::MAX);
        stats
    }
}

/// Those of the days from `start` to the one before `next`; `all` is in order of days.
fn times(all: &[(Day, u32)], start: Day, next: Day) -> Times {
    let at = |day| all.partition_point(|(d, _)| *d < day);
    let mut seconds: Vec<u32> = all[at(start)..at(next)].iter().map(|(_, s)| *s).collect();
    Times::of(&mut seconds)
}

/// The seconds between two moments, if they are dated, and in this order.
fn took(from: i64, to: i64) -> Option<u32> {
    let dated = from >= FIRST_DATE && to >= from;
    dated.then(|| u32::try_from(to - from).ok()).flatten()
}
