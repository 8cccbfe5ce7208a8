//! How what was found is told: to a person, in one line, and to a monitor.

use super::answers::Outbox;
use super::diagnosis::{Diagnosis, Level, count};
use crate::error::{Status, harmless};
use crate::screen::say;
use anyhow::Result;

/// What a monitor counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    pub(super) outbox: Outbox,
    /// Mails to the desk that wait in the mail server's queue, if that is known.
    pub(super) queued: Option<usize>,
    pub(super) open: usize,
    pub(super) closed: usize,
    pub(super) quarantine: usize,
    /// What a part counts, by its name.
    pub(super) of_part: Option<(&'static str, usize)>,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Every finding, the worst first; then the values in force.
    Whole,
    /// One line.
    Line,
    /// One line as monitoring plugins print it, with numbers.
    Plugin,
}

/// The exit status for these findings.
pub(super) fn status(found: &[Diagnosis]) -> Status {
    match found.iter().map(|finding| finding.level).max() {
        Some(Level::Fail) => Status::Fault,
        Some(Level::Warn) => Status::WARNING,
        _ => Status::Ok,
    }
}

/// Tells what was found. `values` is what is in force, as far as it is known.
pub(super) fn tell(
    mut found: Vec<Diagnosis>,
    manner: Manner,
    numbers: Numbers,
    values: Option<String>,
) -> Result<Status> {
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let status = status(&found);
    match manner {
        Manner::Line => say(harmless(&line(&found)))?,
        Manner::Plugin => say(harmless(&plugin(&found, numbers)))?,
        Manner::Whole => {
            for finding in &found {
                let word = match finding.level {
                    Level::Ok => "ok  ",
                    Level::Note => "note",
                    Level::Warn => "warn",
                    Level::Fail => "FAIL",
                };
                say(format_args!("{word}  {}", harmless(&finding.text)))?;
                if let Some(mend) = &finding.mend {
                    let word = match finding.level {
                        Level::Note => "look",
                        _ => "mend",
                    };
                    say(format_args!("      {word}: {}", harmless(mend)))?;
                }
            }
            if let Some(values) = values {
                say("")?;
                // The values are those of the desk's user, and this may be another one's terminal.
                for line in values.lines() {
                    say(harmless(line))?;
                }
            }
        }
    }
    Ok(status)
}

/// How many of them are bad, and the first of these.
fn summary(found: &[Diagnosis]) -> Option<String> {
    let of = |level| found.iter().filter(|it| it.level == level).count();
    let (faults, warnings) = (of(Level::Fail), of(Level::Warn));
    let first = found.first().filter(|it| it.level >= Level::Warn)?;
    let mut counts = Vec::new();
    if faults > 0 {
        counts.push(count(faults, "fault", "faults"));
    }
    if warnings > 0 {
        counts.push(count(warnings, "warning", "warnings"));
    }
    Some(format!("{}: {}", counts.join(", "), first.text))
}

fn line(found: &[Diagnosis]) -> String {
    match (status(found), summary(found)) {
        (Status::Fault, Some(text)) => format!("tickets: FAIL: {text}"),
        (_, Some(text)) => format!("tickets: warn: {text}"),
        (_, None) => "tickets: ok".to_owned(),
    }
}

/// The line of a monitoring plugin: `NAME STATE - text|label=value;warn;crit;min`.
fn plugin(found: &[Diagnosis], numbers: Numbers) -> String {
    let word = match status(found) {
        Status::Fault => "CRITICAL",
        Status::WARNING => "WARNING",
        _ => "OK",
    };
    let text = summary(found).unwrap_or_else(|| "mail is taken, filed and answered".to_owned());
    // U is what plugins say for a number that is not known.
    let queued = numbers.queued.map_or("U".to_owned(), |it| it.to_string());
    let Numbers {
        outbox,
        open,
        closed,
        quarantine,
        of_part,
        ..
    } = numbers;
    let of_part = of_part.map(|(name, number)| format!(" {name}={number};0;;0"));
    format!(
        "TICKETS {word} - {}|waiting={};0;;0 failed={};0;;0 queued={queued};0;;0 open={open};;;0 closed={closed};;;0 \
         quarantine={quarantine};;;0{}",
        plain(&text),
        outbox.waiting,
        outbox.failed,
        of_part.unwrap_or_default(),
    )
}

/// What is said if the desk could not be looked at.
pub(super) fn unknown(text: &str) -> String {
    format!("TICKETS UNKNOWN - {}", plain(text))
}

/// A text without the mark that ends it.
fn plain(text: &str) -> String {
    text.replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn lines_for_people_and_monitors() {
        let ok = || Diagnosis::ok("a");
        let note = || Diagnosis::note("b");
        let warn = || Diagnosis::warn("c|d");
        let fail = || Diagnosis::fail("e");
        let counts =
            "|waiting=0;0;;0 failed=0;0;;0 queued=U;0;;0 open=0;;;0 closed=0;;;0 quarantine=0;;;0";
        for (found, want, line_of, plugin_of) in [
            (
                vec![note(), ok()],
                Status::Ok,
                "tickets: ok",
                "OK - mail is taken, filed and answered",
            ),
            (
                vec![warn(), ok()],
                Status::WARNING,
                "tickets: warn: 1 warning: c|d",
                "WARNING - 1 warning: c/d",
            ),
            (
                vec![fail(), fail(), warn()],
                Status::Fault,
                "tickets: FAIL: 2 faults, 1 warning: e",
                "CRITICAL - 2 faults, 1 warning: e",
            ),
        ] {
            assert_eq!(status(&found), want);
            assert_eq!(line(&found), line_of);
            let plugin = plugin(&found, Numbers::default());
            assert_eq!(plugin, format!("TICKETS {plugin_of}{counts}"));
        }
    }
}
