//! What stands after the colon of a key that takes no words.

use super::keys::QueryKey;
use super::mistake::Mistake;
use super::tree::{Query, Standing};
use crate::ticket::numbers;
use crate::ticket::when::When;
use jiff::tz::TimeZone;

pub(super) const STATES: &str = "is:open, is:closed or is:waiting";

/// The condition that `value`, which stands at `at`, makes with `key`, typed as `name`.
pub(super) fn condition(
    (key, name): (QueryKey, &str),
    (value, at): (&str, usize),
    (now, zone): (i64, &TimeZone),
) -> Result<Query, Mistake> {
    match key {
        QueryKey::Is => match value.to_ascii_lowercase().as_str() {
            "open" => Ok(Query::Is(Standing::Open)),
            "closed" => Ok(Query::Is(Standing::Closed)),
            "waiting" => Ok(Query::Is(Standing::Waiting)),
            _ => Err(Mistake::new(at, format!("no ticket is {value}"), STATES)),
        },
        QueryKey::Before | QueryKey::After => {
            let hint = format!("{name}:2026-11-01, or {name}:3d for three days ago");
            let wrong = |what: &str| Mistake::new(at, format!("{value} is {what}"), &hint);
            let when: When = value.parse().map_err(wrong)?;
            let start = when.start(now, zone);
            let start = start.map_err(|_| wrong("beyond every calendar"))?;
            Ok(match key {
                QueryKey::Before => Query::Before(start),
                _ => Query::After(start),
            })
        }
        QueryKey::Ticket => {
            let what = || format!("{value} is no ticket's number");
            let id = numbers::one(value);
            id.map(Query::Ticket)
                .map_err(|_| Mistake::new(at, what(), format!("{name}:12")))
        }
        QueryKey::Has => {
            let known = ["attachment", "attachments", "file", "files"];
            match known.iter().any(|word| value.eq_ignore_ascii_case(word)) {
                true => Ok(Query::HasAttachment),
                false => {
                    let what = format!("no message has {value}");
                    Err(Mistake::new(at, what, "has:attachment"))
                }
            }
        }
        // These take words.
        QueryKey::From | QueryKey::To | QueryKey::Subject | QueryKey::File => {
            Err(missing(key, name, at))
        }
    }
}

/// The mistake of a key, typed as `name`, after which nothing stands.
pub(super) fn missing(key: QueryKey, name: &str, at: usize) -> Mistake {
    let known = key.name();
    let example = match key {
        QueryKey::From | QueryKey::To => format!("{known}:ann"),
        QueryKey::Subject => format!("{known}:printer"),
        QueryKey::File => format!("{known}:invoice"),
        QueryKey::Is => STATES.to_owned(),
        QueryKey::Has => "has:attachment".to_owned(),
        QueryKey::Before | QueryKey::After => format!("{known}:2026-11-01 or {known}:3d"),
        QueryKey::Ticket => format!("{known}:12"),
    };
    let what = format!("nothing stands after {name}:");
    Mistake::new(at, what, format!("{example}, without a blank"))
}
