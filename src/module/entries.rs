//! The tables of a manifest, the names in it, and its spans of time. Pure.

use crate::ticket::cron::{cron, distance};
use jiff::SignedDuration;
use serde::Deserialize;
use std::time::Duration;

/// `[timeline]`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TimelineTable {
    /// The kinds of lines that it has.
    #[serde(default)]
    pub filters: Vec<KindEntry>,
}

/// `[[timeline.filters]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct KindEntry {
    /// One lower-case word.
    pub name: String,
    /// What people read.
    pub label: String,
}

/// `[[command]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct NamedEntry {
    /// One lower-case word.
    pub name: String,
    /// What it does, in a few words.
    pub summary: String,
}

/// `[[job]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct JobEntry {
    /// One lower-case word.
    pub name: String,
    /// When it runs, as cron says it.
    pub at: Option<String>,
    /// How often it runs instead.
    pub every: Option<String>,
    /// How long it may take.
    pub timeout: Option<String>,
}

/// `[[page]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct PageEntry {
    /// Its path below that of the module.
    pub path: String,
    /// What people read.
    pub title: String,
    /// It stands in the navigation.
    #[serde(default)]
    #[allow(dead_code)] // it is read to be checked; there are no pages in the program yet
    pub nav: bool,
}

/// `[[verb]]`.
#[derive(Clone, Debug, Deserialize)]
pub struct VerbEntry {
    /// One lower-case word.
    pub name: String,
    /// What it takes, for people.
    #[serde(default)]
    pub args: String,
    /// Who may say it.
    #[serde(default)]
    #[allow(dead_code)] // it is read to be checked; nobody says verbs by mail yet
    pub by: VerbBy,
}

/// Who may have a verb carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerbBy {
    /// The people of the desk.
    #[default]
    Admins,
    /// The participants of the ticket, too.
    Participants,
}

impl JobEntry {
    /// How often it runs.
    pub fn every(&self) -> Option<Duration> {
        self.every.as_deref().and_then(duration)
    }

    /// # Errors
    /// What is wrong with it.
    pub(super) fn expect_sound(&self) -> Result<(), String> {
        let JobEntry { name, .. } = self;
        if !is_name(name) {
            return Err(format!("the job {name:?} has more than 32 letters"));
        }
        for (key, text) in [("every", &self.every), ("timeout", &self.timeout)] {
            if let Some(text) = text.as_ref().filter(|text| duration(text).is_none()) {
                return Err(format!(
                    "{key} of the job {name} is {text:?}, no span of time such as \"10 min\""
                ));
            }
        }
        if let Some(at) = &self.at {
            cron(at).map_err(|why| format!("at of the job {name}: {why}"))?;
        }
        if let Some(every) = self.every() {
            distance(every.as_secs()).map_err(|why| format!("every of the job {name}: {why}"))?;
        }
        match (&self.at, &self.every) {
            (Some(_), Some(_)) => Err(format!("the job {name} has at and every; one is enough")),
            _ => Ok(()),
        }
    }
}

/// What [`is_name`] wants.
pub const NAME_RULE: &str = "a name begins with a letter, and has at most 32 of a-z, 0-9 and -";

/// True if `name` may be that of a module: what it is called is part of paths, of messages and of header fields.
pub fn is_name(name: &str) -> bool {
    name.len() <= 32 && is_word(name)
}

/// True for a lower-case word.
pub(super) fn is_word(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|c| c.is_ascii_lowercase())
        && bytes.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

/// A span of time such as `10 s` or `5 min`.
pub fn duration(text: &str) -> Option<Duration> {
    let span: SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero())
}
