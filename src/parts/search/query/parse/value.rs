//! What stands behind the colon of a key.

use super::{Parser, QUOTES, mistake};
use crate::parts::search::query::keys::{KEYS, Key};
use crate::parts::search::query::{Field, Mistake, Query, Standing};
use crate::ticket::when::When;

pub(in crate::parts::search::query) const STATES: &str = "is:open, is:closed or is:waiting";

impl Parser<'_> {
    /// The value of a key, which stands at `at`.
    pub(super) fn value(
        &mut self,
        key: Key,
        name: &str,
        at: usize,
    ) -> Result<Option<Query>, Mistake> {
        let value_at = self.at;
        let (value, prefix) = match self.rest().starts_with(QUOTES) {
            true => (self.quoted()?, self.take_star()),
            false => (self.run(), false),
        };
        if value.trim().is_empty() {
            let example = KEYS
                .iter()
                .find(|(_, known)| *known == key)
                .map_or(name, |(name, _)| *name);
            let example = match key {
                Key::From | Key::To => format!("{example}:ann"),
                Key::Subject => format!("{example}:printer"),
                Key::File => format!("{example}:invoice"),
                Key::Is => STATES.to_owned(),
                Key::Has => "has:attachment".to_owned(),
                Key::Before | Key::After => format!("{example}:2026-11-01 or {example}:3d"),
                Key::Ticket => format!("{example}:12"),
            };
            let what = format!("nothing stands after {name}:");
            return Err(mistake(at, what, format!("{example}, without a blank")));
        }
        let field = match key {
            Key::From => Field::From,
            Key::To => Field::To,
            Key::Subject => Field::Subject,
            Key::File => Field::File,
            Key::Is => {
                let state = match value.to_ascii_lowercase().as_str() {
                    "open" => Standing::Open,
                    "closed" => Standing::Closed,
                    "waiting" => Standing::Waiting,
                    _ => {
                        return Err(mistake(value_at, format!("no ticket is {value}"), STATES));
                    }
                };
                return Ok(Some(Query::Is(state)));
            }
            Key::Has => {
                let known = ["attachment", "attachments", "file", "files"];
                if known.iter().any(|word| value.eq_ignore_ascii_case(word)) {
                    return Ok(Some(Query::HasAttachment));
                }
                let what = format!("no message has {value}");
                return Err(mistake(value_at, what, "has:attachment"));
            }
            Key::Before | Key::After => {
                let hint = format!("{name}:2026-11-01, or {name}:3d for three days ago");
                let wrong = |what: &str| mistake(value_at, format!("{value} is {what}"), &hint);
                let when: When = value.parse().map_err(wrong)?;
                let far = |_| wrong("beyond every calendar");
                let at = when.start(self.now, self.zone).map_err(far)?;
                return Ok(Some(match key {
                    Key::Before => Query::Before(at),
                    _ => Query::After(at),
                }));
            }
            Key::Ticket => {
                let id = value.parse().map_err(|_| {
                    mistake(
                        value_at,
                        format!("{value} is no ticket's number"),
                        format!("{name}:12"),
                    )
                })?;
                return Ok(Some(Query::Ticket(id)));
            }
        };
        self.phrases(field, value, prefix, value_at)
    }
}
