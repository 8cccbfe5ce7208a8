//! The times of a job as people write them: five fields as in cron, or a distance. Both the configuration and the
//! manifests of modules say them, and a mistake is told in the words of whoever wrote it. Pure.

use crate::error::{harmless, nearest};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment after which every time that comes at all has come again, in seconds since 1970: the beginning of 2026.
const SOME_TIME: i64 = 1_767_225_600;

/// The words that stand for five fields.
const WORDS: [&str; 7] = [
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@yearly",
    "@annually",
];

/// One of the five fields.
struct Field {
    name: &'static str,
    low: u64,
    high: u64,
    /// What it may say instead of numbers, the first of which is `low`.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field::of("minute", 0, 59, &[]),
    Field::of("hour", 0, 23, &[]),
    Field::of("day", 1, 31, &[]),
    Field::of(
        "month",
        1,
        12,
        &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
    ),
    Field::of(
        "weekday",
        0,
        7,
        &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    ),
];

/// The times that five fields say, or a word such as `@daily`.
///
/// # Errors
/// It is something else, or no time ever fits.
pub fn cron(fields: &str) -> Result<Cron, String> {
    let shown = format!("\"{}\"", harmless(fields));
    let words: Vec<&str> = fields.split_whitespace().collect();
    let is_word = words.first().is_some_and(|word| word.starts_with('@'));
    if words.len() != FIELDS.len() && !is_word {
        let count = match words.len() {
            1 => "1 field".to_owned(),
            count => format!("{count} fields"),
        };
        return Err(format!(
            "{shown} has {count}, not five: minute, hour, day, month, weekday"
        ));
    }
    let parser = CronParser::builder();
    // A field of seconds would be taken for one of minutes.
    let parser = parser.seconds(Seconds::Disallowed).year(Year::Disallowed);
    // As in cron(8): a day of the month and a weekday that are both named are alternatives, but one that begins with a
    // star only narrows down the other: "*/2" and "1" is a Monday whose day is odd.
    let narrows = |at: usize| words.get(at).is_some_and(|field| field.starts_with('*'));
    let parser = parser.dom_and_dow(narrows(2) || narrows(4));
    let text = match fields.trim() {
        word if word.eq_ignore_ascii_case("@midnight") => "@daily",
        text => text,
    };
    let cron = parser.build().parse(text).map_err(|_| {
        let why = match is_word {
            true => no_such_word(fields.trim()),
            false => words
                .iter()
                .zip(&FIELDS)
                .find_map(|(text, of)| of.mistake(text)),
        };
        let why = why.unwrap_or_else(|| "see crontab(5)".to_owned());
        format!("{shown} is no time as in cron: {}", harmless(&why))
    })?;
    let from = Timestamp::from_second(SOME_TIME).map(|at| at.to_zoned(TimeZone::UTC));
    match from.is_ok_and(|from| cron.find_next_occurrence(&from, false).is_ok()) {
        true => Ok(cron),
        false => Err(format!("{shown} never comes")),
    }
}

/// A distance in seconds that a job may have: once a minute, or less often.
///
/// # Errors
/// That is too often.
pub fn distance(seconds: u64) -> Result<i64, String> {
    match i64::try_from(seconds) {
        Ok(seconds @ 60..) => Ok(seconds),
        Ok(seconds) => Err(format!(
            "once a minute is the most, and not every {seconds} s"
        )),
        Err(_) => Err("that is for ever".to_owned()),
    }
}

fn no_such_word(word: &str) -> Option<String> {
    if word.eq_ignore_ascii_case("@reboot") {
        return Some("nobody tells the desk that the machine has started".to_owned());
    }
    let (last, others) = WORDS.split_last()?;
    let meant = match nearest(&word.to_ascii_lowercase(), &WORDS) {
        Some(right) => format!("is {right} meant? "),
        None => String::new(),
    };
    Some(format!("{meant}there are {} and {last}", others.join(", ")))
}

impl Field {
    const fn of(name: &'static str, low: u64, high: u64, names: &'static [&'static str]) -> Field {
        Field {
            name,
            low,
            high,
            names,
        }
    }

    /// What is wrong with `text`, which is the field or a list of what it may be.
    fn mistake(&self, text: &str) -> Option<String> {
        text.split(',').find_map(|item| self.mistake_in(item))
    }

    /// The same of one element: `5`, `5-9`, `*`, and the last two with a step such as `/2`.
    fn mistake_in(&self, item: &str) -> Option<String> {
        let Field {
            name, low, high, ..
        } = self;
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        if let Some(step) = step
            && !step.parse().is_ok_and(|step: u16| step > 0)
        {
            return Some(format!(
                "the step {step:?} of the {name} is no number above 0, as in */5"
            ));
        }
        let Some((from, to)) = range.split_once('-') else {
            let is_range = range == "*";
            return match step {
                Some(step) if !is_range => Some(format!(
                    "in the {name}, a step follows * or a range: */{step}, or {low}-{high}/{step}"
                )),
                _ if is_range || range.is_empty() => None,
                _ => self.value(range).err(),
            };
        };
        match (self.value(from), self.value(to)) {
            (Err(why), _) | (_, Err(why)) => Some(why),
            (Ok(Some(first)), Ok(Some(last))) if first > last => Some(format!(
                "the {name} {from}-{to} runs backwards: {from}-{high},{low}-{to}"
            )),
            _ => None,
        }
    }

    /// The number that `text` is, or stands for; `None` if it says something that has no number, such as the last day.
    fn value(&self, text: &str) -> Result<Option<u64>, String> {
        let Field {
            name,
            low,
            high,
            names,
        } = self;
        if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) {
            return match text.parse().ok().filter(|at| (low..=high).contains(&at)) {
                Some(number) => Ok(Some(number)),
                None => Err(format!("the {name} {text} is not {low} to {high}")),
            };
        }
        let same = |known: &&str| known.eq_ignore_ascii_case(text);
        if let Some(at) = names.iter().position(same) {
            return Ok(Some(low + at as u64));
        }
        // What cron(8) does not have everywhere: the last day, the nearest weekday, the second Monday.
        let is_special = ["day", "weekday"].contains(name)
            && (text == "?" || text.to_ascii_uppercase().contains(['L', 'W', '#']));
        match names {
            _ if is_special => Ok(None),
            [first, .., last] => Err(format!(
                "the {name} {text:?} is neither {low} to {high} nor {first} to {last}"
            )),
            _ => Err(format!("the {name} {text:?} is not {low} to {high}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I1
    #[test]
    fn a_mistake_names_the_field_and_what_it_may_be() {
        let table = [
            ("0 25 * * *", "the hour 25 is not 0 to 23"),
            ("60 * * * *", "the minute 60 is not 0 to 59"),
            ("0 0 0 * *", "the day 0 is not 1 to 31"),
            ("0 0 1 13 *", "the month 13 is not 1 to 12"),
            ("0 0 * * 8", "the weekday 8 is not 0 to 7"),
            (
                "0 99999999999999999999 * * *",
                "the hour 99999999999999999999 is not 0 to 23",
            ),
            ("0 1,2,24 * * *", "the hour 24 is not 0 to 23"),
            ("0 8-24 * * *", "the hour 24 is not 0 to 23"),
            ("0 17-9 * * *", "the hour 17-9 runs backwards: 17-23,0-9"),
            (
                "*/0 * * * *",
                "the step \"0\" of the minute is no number above 0, as in */5",
            ),
            (
                "*/x * * * *",
                "the step \"x\" of the minute is no number above 0, as in */5",
            ),
            (
                "5/10 * * * *",
                "in the minute, a step follows * or a range: */10, or 0-59/10",
            ),
            ("half 8 * * *", "the minute \"half\" is not 0 to 59"),
            (
                "0 0 * * MOO",
                "the weekday \"MOO\" is neither 0 to 7 nor SUN to SAT",
            ),
            (
                "0 0 1 Janu *",
                "the month \"Janu\" is neither 1 to 12 nor JAN to DEC",
            ),
            ("L 0 * * *", "the minute \"L\" is not 0 to 59"),
            ("0 0 * * 1#9", "see crontab(5)"),
            (
                "@dayly",
                "is @daily meant? there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually",
            ),
            (
                "@every 5m",
                "there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually",
            ),
            (
                "@reboot",
                "nobody tells the desk that the machine has started",
            ),
        ];
        for (fields, why) in table {
            let want = format!("\"{fields}\" is no time as in cron: {why}");
            assert_eq!(cron(fields).err(), Some(want), "{fields}");
        }
        assert_eq!(
            cron("soon").err().as_deref(),
            Some("\"soon\" has 1 field, not five: minute, hour, day, month, weekday")
        );
    }

    // I1
    #[test]
    fn what_cron_reads_is_read() {
        for fields in [
            "0 7 * * *",
            "*/15 9-17 * * 1-5",
            "0 0 1,15 * MON",
            "0 0 L * *",
            "0 0 1W * *",
            "0 0 ? * 1#2",
            "0 0 * jan-mar sun",
            "@Daily",
            "@midnight",
        ] {
            assert!(cron(fields).is_ok(), "{fields}: {:?}", cron(fields).err());
        }
    }

    // I1
    #[test]
    fn a_day_and_a_weekday_are_joined_as_cron_does() {
        let table = [
            ("0 0 13 * 5", ["06", "13", "20", "27"]),
            ("0 0 */2 * 1", ["09", "23", "07", "21"]),
            ("0 0 1-31/2 * 1", ["01", "02", "03", "05"]),
            ("0 0 9 * */3", ["09", "09", "09", "09"]),
            ("0 0 * * 1", ["02", "09", "16", "23"]),
            ("0 0 9 * *", ["09", "09", "09", "09"]),
            ("@midnight", ["01", "02", "03", "04"]),
        ];
        // The second before November 2026 begins, whose first day is a Sunday.
        let begin = Timestamp::from_second(1_793_491_199).unwrap();
        for (fields, want) in table {
            let times = cron(fields).unwrap();
            let mut at = begin.to_zoned(TimeZone::UTC);
            let days = want.map(|_| {
                at = times.find_next_occurrence(&at, false).unwrap();
                at.strftime("%d").to_string()
            });
            assert_eq!(days, want, "{fields}");
        }
    }
}
