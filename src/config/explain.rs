//! Mistakes in the configuration, explained.

use super::keys::Keys;
use crate::error::{Fault, Status, mixed_up, nearest, toml_in_words};
use jiff::tz::TimeZone;
use std::path::Path;

/// So many keys are read at a glance: those of a table such as `[[alert]]`, but not all that there are.
const FEW_KEYS: usize = 12;

/// What helps whoever wrote the key `wrong` where `there` are: the nearest of them, else all; or where it belongs, if
/// it was put below a table, as at the end of the file.
pub(super) fn known(wrong: &str, there: &[&str]) -> String {
    if is_above_tables(wrong) {
        let there = there.join(", ");
        return format!(
            "`{wrong}` stands above all tables, before the first line that begins with `[`; here the keys are {there}"
        );
    }
    let only = match there {
        [only] => Some(*only),
        _ => None,
    };
    match nearest(wrong, there).or(only) {
        Some(right) => format!("the key is `{right}`"),
        None => format!("the keys are {}", there.join(", ")),
    }
}

/// True for the keys that belong to no table.
fn is_above_tables(key: &str) -> bool {
    let odd = toml::from_str::<Keys>("\"\" = 0").err();
    let message = odd.map(|e| e.message().to_owned()).unwrap_or_default();
    let mut keys = message.split('`').skip(3).step_by(2);
    keys.any(|known| known == key)
}

/// An error that names the file, the line and, for a misspelt key, the nearest right one.
pub(super) fn explain(file: Option<&Path>, text: &str, error: &toml::de::Error) -> Fault {
    let (line, said) = toml_in_words(text, error);
    let name = file.map_or_else(|| "configuration".into(), |f| f.display().to_string());
    if let Some((line, said)) = mixed_up(text, line) {
        return Fault::new(Status::Config, format!("{name}:{line}: {said}"));
    }
    let message = error.message();
    let mut words = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field")
        && let Some(wrong) = words.next()
    {
        let fault = Fault::new(
            Status::Config,
            format!("{name}:{line}: unknown key `{wrong}`"),
        );
        let there: Vec<&str> = words.collect();
        return fault.hint(match nearest(wrong, &there) {
            // Here are those that stand above all tables.
            None if there.len() > FEW_KEYS => {
                "`tickets init --print-config` shows every key".into()
            }
            _ => known(wrong, &there),
        });
    }
    let fault = Fault::new(Status::Config, format!("{name}:{line}: {said}"));
    match message {
        "duplicate key" if said != message => fault.hint("one of the two has to go"),
        _ => fault,
    }
}

/// An error about the value of a key.
pub(super) fn wrong(key: &str, why: &str) -> Fault {
    Fault::new(Status::Config, format!("{key}: {why}"))
}

/// The time zone of this name; `wrong` tells which key has it, and what is wrong.
///
/// # Errors
/// Status 78 if there is none.
pub fn time_zone(name: &str, wrong: impl FnOnce(&str) -> Fault) -> Result<TimeZone, Fault> {
    TimeZone::get(name).map_err(|_| {
        wrong(&format!("{name:?} is no time zone")).hint(
            "a name such as \"Europe/Berlin\" or \"UTC\"; `timedatectl list-timezones` lists them",
        )
    })
}
