//! What an invitation says (iCalendar, RFC 5545; its methods, RFC 5546): what, when, where, who.

use std::fmt::Write;

use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

/// More people are only counted.
const PEOPLE: usize = 50;

/// The invitation in a calendar file as a few lines of text; `None` if there is no event in it. With
/// `description` its longer text stands below.
pub(crate) fn summary(calendar: &str, description: bool) -> Option<String> {
    let event = Event::read(calendar)?;
    let mut out = String::new();
    let title = match event.method.as_str() {
        "REQUEST" => "Invitation",
        "REPLY" => "Answer to an invitation",
        "CANCEL" => "Cancelled",
        "COUNTER" => "Another time is proposed",
        _ if event.status == "CANCELLED" => "Cancelled",
        _ => "Event",
    };
    let _ = writeln!(out, "{title}: {}", event.summary);
    if let Some(start) = &event.start {
        let except = match event.exceptions {
            true => ", with exceptions",
            false => "",
        };
        let when = event.when(start);
        let _ = writeln!(out, "When: {when}{}{except}", event.repeats);
    }
    if event.is_one_of_many {
        let _ = writeln!(out, "Only this date of a series");
    }
    if !event.place.is_empty() {
        let _ = writeln!(out, "Where: {}", event.place);
    }
    let more = event.people.len().saturating_sub(PEOPLE);
    let mut people = event.people;
    people.truncate(PEOPLE);
    if more > 0 {
        people.push(format!("and {more} more"));
    }
    if !people.is_empty() {
        let _ = writeln!(out, "Who: {}", people.join(", "));
    }
    if !event.comment.is_empty() {
        let _ = writeln!(out, "Comment: {}", event.comment);
    }
    if event.others > 0 {
        let _ = writeln!(out, "(and {} more in this file)", event.others);
    }
    if description && !event.description.is_empty() {
        let _ = write!(out, "\n{}", event.description);
    }
    Some(out)
}

/// When something begins or ends.
struct Moment {
    date: Date,
    /// `None` for a whole day.
    time: Option<Time>,
    /// The time zone: `UTC`, or its name in the file; empty if the file names none.
    zone: String,
}

/// The first event of a calendar.
#[derive(Default)]
struct Event {
    method: String,
    status: String,
    summary: String,
    place: String,
    description: String,
    /// Some of its dates are left out.
    exceptions: bool,
    /// It concerns a single date of a series.
    is_one_of_many: bool,
    /// What somebody adds to their answer.
    comment: String,
    start: Option<Moment>,
    end: Option<Moment>,
    duration: Option<Span>,
    repeats: String,
    people: Vec<String>,
    /// How many other events there are.
    others: usize,
}

impl Event {
    fn read(calendar: &str) -> Option<Event> {
        let mut event = Event::default();
        let mut events = 0_usize;
        // Components that are open, such as an alarm within an event.
        let mut depth = 0_usize;
        for line in unfolded(calendar) {
            let Some((name, parameters, value)) = property(&line) else {
                continue;
            };
            match (name.as_str(), value.to_ascii_uppercase().as_str()) {
                ("BEGIN", "VCALENDAR") | ("END", "VCALENDAR") => depth = 0,
                ("BEGIN", "VEVENT") => {
                    events += 1;
                    depth = 1;
                }
                ("BEGIN", _) => depth += 2,
                ("END", "VEVENT") => depth = 0,
                ("END", _) => depth = depth.saturating_sub(2),
                ("METHOD", method) if depth == 0 => method.clone_into(&mut event.method),
                _ if depth == 1 && events == 1 => event.take(&name, parameters, value),
                _ => {}
            }
        }
        event.others = events.checked_sub(1)?;
        Some(event)
    }

    fn take(&mut self, name: &str, parameters: &str, value: &str) {
        match name {
            "SUMMARY" => self.summary = text(value).replace('\n', " "),
            "LOCATION" => self.place = text(value).replace('\n', " "),
            "DESCRIPTION" => self.description = text(value),
            "COMMENT" => self.comment = text(value),
            "EXDATE" => self.exceptions = true,
            "RECURRENCE-ID" => self.is_one_of_many = true,
            "STATUS" => self.status = value.to_ascii_uppercase(),
            "DTSTART" => self.start = moment(parameters, value),
            "DTEND" => self.end = moment(parameters, value),
            "DURATION" => self.duration = value.parse().ok(),
            "RRULE" => self.repeats = repeats(value),
            "ORGANIZER" => self
                .people
                .insert(0, person(parameters, value, "organizer")),
            "ATTENDEE" => {
                let answer = match parameter(parameters, "PARTSTAT").as_deref() {
                    Some("ACCEPTED") => "accepted",
                    Some("DECLINED") => "declined",
                    Some("TENTATIVE") => "tentative",
                    Some("DELEGATED") => "delegated",
                    _ => "",
                };
                self.people.push(person(parameters, value, answer));
            }
            _ => {}
        }
    }

    fn when(&self, start: &Moment) -> String {
        let Some(time) = start.time else {
            let end = self.end.as_ref().map(|end| end.date);
            // A whole day ends where the next one begins.
            let last = end.and_then(|end| end.yesterday().ok());
            return match last.filter(|last| *last > start.date) {
                Some(last) => format!("{} to {last}", start.date),
                None => start.date.to_string(),
            };
        };
        let begin = DateTime::from_parts(start.date, time);
        let said = self
            .end
            .as_ref()
            .and_then(|end| Some((DateTime::from_parts(end.date, end.time?), &end.zone)));
        let lasting = || Some((begin.checked_add(self.duration?).ok()?, &start.zone));
        let (end, zone) = said.or_else(lasting).unwrap_or((begin, &start.zone));
        let zone_of = |zone: &str| match zone {
            "" => String::new(),
            zone => format!(" ({zone})"),
        };
        let mut when = begin.strftime("%Y-%m-%d %H:%M").to_string();
        if *zone != start.zone {
            when += &zone_of(&start.zone);
        }
        if end > begin || *zone != start.zone {
            let form = match end.date() == begin.date() {
                true => " to %H:%M",
                false => " to %Y-%m-%d %H:%M",
            };
            when += &end.strftime(form).to_string();
        }
        when + &zone_of(zone)
    }
}

/// The lines of a calendar, with folded ones joined (RFC 5545, 3.1).
fn unfolded(calendar: &str) -> impl Iterator<Item = String> {
    let mut lines = calendar.lines().peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?.to_owned();
        while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
            line.push_str(&more[1..]);
        }
        Some(line)
    })
}

/// The name of a property in capitals, its parameters, and its value.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((name.to_ascii_uppercase(), parameters, value.trim()))
}

fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut quoted = false;
    let mut all = parameters.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    all.find_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| value.trim_matches('"').to_owned())
    })
}

/// A text without its escapes (RFC 5545, 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut escaped = false;
    for c in value.chars() {
        match (std::mem::take(&mut escaped), c) {
            (false, '\\') => escaped = true,
            (true, 'n' | 'N') => out.push('\n'),
            (_, c) => out.push(c),
        }
    }
    out
}

fn moment(parameters: &str, value: &str) -> Option<Moment> {
    let (value, utc) = match value.strip_suffix(['Z', 'z']) {
        Some(value) => (value, true),
        None => (value, false),
    };
    let digits = |text: &str, from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
        digits.parse::<i16>().ok()
    };
    let (date, time) = value.split_once(['T', 't']).unwrap_or((value, ""));
    let small = |text, from| digits(text, from, from + 2).and_then(|n| i8::try_from(n).ok());
    let day = Date::new(digits(date, 0, 4)?, small(date, 4)?, small(date, 6)?).ok()?;
    let clock = || Time::new(small(time, 0)?, small(time, 2)?, 0, 0).ok();
    Some(Moment {
        date: day,
        time: clock(),
        zone: match utc {
            true => "UTC".to_owned(),
            false => parameter(parameters, "TZID").unwrap_or_default(),
        },
    })
}

/// `TU` as `Tuesday`, `2TU` as `the 2. Tuesday`, `-1FR` as `the last Friday`.
fn day(word: &str) -> Option<String> {
    const DAYS: [(&str, &str); 7] = [
        ("MO", "Monday"),
        ("TU", "Tuesday"),
        ("WE", "Wednesday"),
        ("TH", "Thursday"),
        ("FR", "Friday"),
        ("SA", "Saturday"),
        ("SU", "Sunday"),
    ];
    let word = word.trim().to_ascii_uppercase();
    let (number, name) = word.split_at_checked(word.len().checked_sub(2)?)?;
    let (_, day) = DAYS.iter().find(|(short, _)| *short == name)?;
    match number.trim_start_matches('+').parse::<i8>() {
        Ok(-1) => Some(format!("the last {day}")),
        Ok(number @ 1..) => Some(format!("the {number}. {day}")),
        _ if number.is_empty() => Some((*day).to_owned()),
        _ => None,
    }
}

/// How often something happens: `, every week on Tuesday`.
fn repeats(rule: &str) -> String {
    let part = |wanted: &str| {
        let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
        let found = parts.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value)
    };
    let unit = match part("FREQ")
        .unwrap_or_default()
        .to_ascii_uppercase()
        .as_str()
    {
        "DAILY" => "day",
        "WEEKLY" => "week",
        "MONTHLY" => "month",
        "YEARLY" => "year",
        _ => return ", again and again".to_owned(),
    };
    let mut out = match part("INTERVAL").and_then(|n| n.parse::<u32>().ok()) {
        Some(count @ 2..) => format!(", every {count} {unit}s"),
        _ => format!(", every {unit}"),
    };
    let days = part("BYDAY").unwrap_or_default();
    let days: Vec<String> = days.split(',').take(7).filter_map(day).collect();
    if !days.is_empty() {
        let _ = write!(out, " on {}", days.join(", "));
    }
    if let Some(count) = part("COUNT").and_then(|n| n.parse::<u32>().ok()) {
        let _ = write!(out, ", {count} times");
    } else if let Some(until) = part("UNTIL").and_then(|until| moment("", until)) {
        let _ = write!(out, " until {}", until.date);
    }
    out
}

/// `Ann <ann@example.net> (accepted)`.
fn person(parameters: &str, value: &str, role: &str) -> String {
    let scheme = value.get(.."mailto:".len());
    let address = match scheme.is_some_and(|s| s.eq_ignore_ascii_case("mailto:")) {
        true => &value["mailto:".len()..],
        false => value,
    };
    let name = parameter(parameters, "CN").filter(|name| name != address && !name.is_empty());
    let who = match name {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    };
    match role {
        "" => who,
        role => format!("{who} ({role})"),
    }
}

#[cfg(test)]
#[path = "invitation_tests.rs"]
mod tests;
