//! What a module says of itself: the text of its `module.toml`. Pure.

use super::entries::{
    JobEntry, NamedEntry, PageEntry, TimelineTable, VerbEntry, duration, is_word,
};
use super::known::{missing_key, unknown_keys};
use crate::error::{nearest, toml_in_words};
use crate::ticket::kind::MessageKind;
use serde::Deserialize;
use std::collections::HashSet;
use std::fmt;
use std::path::{Component, Path};
use std::time::Duration;

/// The version of the protocol between the program and modules. Within one version there are only additions.
pub const PROTOCOL: u32 = 1;

/// The oldest version that the program still speaks.
const OLDEST: u32 = 1;

/// Where a module can join in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// It is asked about a message before that is filed.
    Filter,
    /// It is told what happened.
    Observer,
    /// It has lines for the timeline.
    Timeline,
    /// It does something at times of its own.
    Job,
    /// It brings subcommands.
    Command,
    /// It brings pages for the web.
    Page,
    /// It looks whether what it needs is in order.
    Check,
    /// It carries out words of control mail.
    Verb,
    /// It makes and upgrades data of its own.
    Setup,
}

impl Point {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Point; 9] = [
        Point::Filter,
        Point::Observer,
        Point::Timeline,
        Point::Job,
        Point::Command,
        Point::Page,
        Point::Check,
        Point::Verb,
        Point::Setup,
    ];

    /// Its name, in manifests and on the command line of a module.
    pub const fn word(self) -> &'static str {
        match self {
            Point::Filter => "filter",
            Point::Observer => "observer",
            Point::Timeline => "timeline",
            Point::Job => "job",
            Point::Command => "command",
            Point::Page => "page",
            Point::Check => "check",
            Point::Verb => "verb",
            Point::Setup => "setup",
        }
    }

    /// The point of this name.
    pub fn of(word: &str) -> Option<Point> {
        Point::ALL.into_iter().find(|point| point.word() == word)
    }

    /// How long a module may take there if it does not say, and at most.
    pub const fn limits(self) -> (Duration, Duration) {
        const fn s(seconds: u64) -> Duration {
            Duration::from_secs(seconds)
        }
        match self {
            Point::Filter => (s(10), s(60)),
            Point::Observer => (s(60), s(60)),
            Point::Timeline | Point::Page | Point::Check | Point::Verb => (s(10), s(60)),
            Point::Job => (s(300), s(24 * 3600)),
            Point::Setup => (s(300), s(3600)),
            // Whoever typed it decides.
            Point::Command => (Duration::MAX, Duration::MAX),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The manifest of a module.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Its name, that of its directory.
    pub name: String,
    /// Its own version, for people.
    pub version: String,
    /// The version of the protocol that it speaks.
    pub protocol: u32,
    /// What it is for, in a few words.
    pub summary: String,
    /// Its program, below its directory.
    pub run: String,
    /// Where it joins in; a word that is no point is told, and is no reason to refuse it: see [`PROTOCOL`].
    #[serde(default)]
    points: Vec<String>,
    #[serde(default)]
    timeout: Option<String>,
    /// Never two of it at once.
    #[serde(default)]
    pub serial: bool,
    /// As an observer, it gets the message as well.
    #[serde(default)]
    pub raw: bool,
    /// As an observer, the kinds of events that it wants; all if there are none.
    #[serde(default)]
    pub events: Vec<String>,
    /// The version of its own data; `None` if it keeps none.
    #[serde(default)]
    pub data_version: Option<u32>,
    #[serde(default)]
    pub timeline: TimelineTable,
    #[serde(default, rename = "command")]
    pub commands: Vec<NamedEntry>,
    #[serde(default, rename = "job")]
    pub jobs: Vec<JobEntry>,
    #[serde(default, rename = "page")]
    pub pages: Vec<PageEntry>,
    #[serde(default, rename = "verb")]
    pub verbs: Vec<VerbEntry>,
    /// What is said of its keys that this program does not know.
    #[serde(skip)]
    pub unknown_keys: Vec<String>,
}

impl Manifest {
    /// Reads the manifest of the module whose directory is called `name`.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(name: &str, text: &str) -> Result<Manifest, String> {
        let mut manifest: Manifest = toml::from_str(text).map_err(|e| in_one_line(text, &e))?;
        if manifest.name != name {
            return Err(format!(
                "name is {:?}, but its directory is {name:?}",
                manifest.name
            ));
        }
        let protocol = manifest.protocol;
        if protocol > PROTOCOL {
            return Err(format!(
                "it speaks protocol {protocol}, and this program only {PROTOCOL}: it needs a newer one"
            ));
        }
        if protocol < OLDEST {
            return Err(format!(
                "there is no protocol {protocol}; write protocol = {PROTOCOL}"
            ));
        }
        let is_inside = |part| matches!(part, Component::Normal(_));
        if manifest.run.is_empty() || !Path::new(&manifest.run).components().all(is_inside) {
            return Err(format!(
                "run is {:?}, no name below its directory",
                manifest.run
            ));
        }
        manifest.expect_point()?;
        for (key, text) in manifest.lines() {
            if text.chars().any(char::is_control) || text.chars().count() > 200 {
                return Err(format!("{key} is no line of at most 200 characters"));
            }
        }
        if let Some(odd) = manifest.names().find(|name| !is_word(name)) {
            return Err(format!("{odd:?} is no lower-case word"));
        }
        if let Some(text) = &manifest.timeout {
            duration(text)
                .ok_or_else(|| format!("timeout is {text:?}, no span of time such as \"10 s\""))?;
        }
        manifest.jobs.iter().try_for_each(JobEntry::expect_sound)?;
        if let Some(page) = manifest
            .pages
            .iter()
            .find(|page| !page.path.starts_with('/'))
        {
            return Err(format!(
                "the path {:?} of a page does not begin with /",
                page.path
            ));
        }
        manifest.unknown_keys = unknown_keys(text);
        Ok(manifest)
    }

    /// Says no to one that can do nothing: it is asked nowhere. Nobody means that, and whoever misspelt the point of a
    /// filter would take every mail for looked at.
    fn expect_point(&self) -> Result<(), String> {
        if self.points().next().is_some() {
            return Ok(());
        }
        match self.unknown_points().next() {
            Some(_) => {
                let unknown: Vec<String> = self.unknown_points().map(unknown_point).collect();
                Err(format!("points: {}", unknown.join("; ")))
            }
            None => {
                let there = Point::ALL.map(Point::word).join(", ");
                Err(format!(
                    "`points` does not say what it is asked: one or more of {there}"
                ))
            }
        }
    }

    /// What people are shown of it, each with its key.
    fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = [("version", &self.version), ("summary", &self.summary)];
        let own = own.into_iter().map(|(key, text)| (key, text.as_str()));
        let kinds = self.timeline.filters.iter();
        let kinds = kinds.map(|it| ("label", it.label.as_str()));
        let commands = self.commands.iter();
        let commands = commands.map(|it| ("summary", it.summary.as_str()));
        let pages = self.pages.iter();
        let pages = pages.flat_map(|it| [("title", it.title.as_str()), ("path", it.path.as_str())]);
        let verbs = self.verbs.iter().map(|it| ("args", it.args.as_str()));
        own.chain(kinds).chain(commands).chain(pages).chain(verbs)
    }

    /// Every name that it brings.
    fn names(&self) -> impl Iterator<Item = &str> {
        let kinds = self
            .timeline
            .filters
            .iter()
            .map(|entry| entry.name.as_str());
        let commands = self.commands.iter().map(|entry| entry.name.as_str());
        let jobs = self.jobs.iter().map(|entry| entry.name.as_str());
        let verbs = self.verbs.iter().map(|entry| entry.name.as_str());
        kinds.chain(commands).chain(jobs).chain(verbs)
    }

    /// What is said of each of `events` that is no kind of event.
    pub fn unknown_events(&self) -> impl Iterator<Item = String> {
        let kinds = self.events.iter().cloned();
        kinds.filter_map(|name| MessageKind::try_from(name).err())
    }

    /// What it has more than once: what that is, and its name.
    pub fn repeated(&self) -> Vec<(&'static str, &str)> {
        let kinds = self.timeline.filters.iter().map(|it| ("event", &*it.name));
        let commands = self.commands.iter().map(|it| ("command", &*it.name));
        let jobs = self.jobs.iter().map(|it| ("job", &*it.name));
        let pages = self.pages.iter().map(|it| ("page", &*it.path));
        let verbs = self.verbs.iter().map(|it| ("verb", &*it.name));
        let (mut seen, mut repeated) = (HashSet::new(), Vec::new());
        for it in kinds.chain(commands).chain(jobs).chain(pages).chain(verbs) {
            if !seen.insert(it) && !repeated.contains(&it) {
                repeated.push(it);
            }
        }
        repeated
    }

    /// True if it joins in at `point`.
    pub fn has(&self, point: Point) -> bool {
        self.points.iter().any(|word| word == point.word())
    }

    /// Where it joins in.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        Point::ALL.into_iter().filter(|point| self.has(*point))
    }

    /// What it calls a point and this program does not know.
    pub fn unknown_points(&self) -> impl Iterator<Item = &str> {
        let unknown = |word: &&String| Point::of(word).is_none();
        self.points.iter().filter(unknown).map(String::as_str)
    }

    /// Its jobs: the first of each name.
    pub fn jobs(&self) -> impl Iterator<Item = &JobEntry> {
        let entries = self.jobs.iter().filter(|_| self.has(Point::Job));
        entries.enumerate().filter_map(|(at, entry)| {
            let before = &self.jobs[..at];
            (!before.iter().any(|it| it.name == entry.name)).then_some(entry)
        })
    }

    /// How long a job of it may take, unless the configuration says more or less.
    pub fn job_limit(&self, job: &JobEntry) -> Duration {
        let own = job.timeout.as_deref().and_then(duration);
        own.map_or_else(
            || self.limit(Point::Job),
            |own| own.min(Point::Job.limits().1),
        )
    }

    /// How long it says that it may take.
    pub fn own_timeout(&self) -> Option<Duration> {
        self.timeout.as_deref().and_then(duration)
    }

    /// How long it may take at `point`.
    pub fn limit(&self, point: Point) -> Duration {
        let (default, most) = point.limits();
        self.own_timeout().unwrap_or(default).min(most)
    }
}

/// What is said of a `word` that is no point.
pub fn unknown_point(word: &str) -> String {
    let there = Point::ALL.map(Point::word);
    let meant = match nearest(word, &there) {
        Some(right) => format!("; is {right:?} meant?"),
        None => String::new(),
    };
    let word = super::head::clean(word, 32);
    format!("this program knows no point {word:?}{meant}")
}

/// What a parser says of `text`, with the line that it means.
fn in_one_line(text: &str, e: &toml::de::Error) -> String {
    // What is missing above all tables is missing in no line.
    let is_above = e.span().is_none_or(|span| span.start == 0);
    let missing = e.message().strip_prefix("missing field `");
    match missing.and_then(|rest| rest.strip_suffix('`')) {
        Some(key) if is_above => missing_key(text, key),
        _ => {
            let (line, said) = toml_in_words(text, e);
            format!("line {line}: {said}")
        }
    }
}
