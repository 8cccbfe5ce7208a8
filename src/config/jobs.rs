//! `[job.NAME]`: what is to happen at which times. It is read when somebody asks for it, so that a mistake there keeps no
//! mail waiting (I1).

use super::explain::{known, wrong};
use super::keys::Config;
use super::lines::place;
use super::value::{OneOrMore, TimeSpan};
use crate::error::{Fault, Status, wrong_value};
use crate::module::Module;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The part that jobs are.
pub const JOBS: &str = "jobs";

/// The keys of a table.
const KEYS: [&str; 9] = [
    "run", "at", "every", "zone", "jitter", "timeout", "missed", "late", "enabled",
];

/// The longest NAME, in bytes.
const LONGEST_NAME: usize = 32;

/// A table `[job.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTable {
    pub name: String,
    /// What is run, and its arguments; nothing if it is what has the name NAME.
    pub run: Vec<String>,
    /// Five fields as in cron, or a word such as `@daily`.
    pub at: Option<String>,
    /// The distance between two runs.
    pub every: Option<Duration>,
    /// The time zone of `at`; that of the machine if none is named.
    pub zone: Option<String>,
    /// The most by which each run is delayed.
    pub jitter: Duration,
    /// How long it may run, if it says so.
    pub timeout: Option<Duration>,
    /// What becomes of a time that was missed.
    pub missed: Missed,
    /// How long ago a time may be that is caught up.
    pub late: Duration,
    /// False if it is not run.
    pub enabled: bool,
    /// The configuration file in which it stands.
    file: Option<PathBuf>,
}

/// What becomes of times that were missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// The last one is caught up.
    #[default]
    Once,
    /// Nothing.
    Skip,
}

impl JobTable {
    /// The job of this name, with nothing else said.
    pub fn named(name: &str) -> JobTable {
        JobTable {
            name: name.to_owned(),
            run: Vec::new(),
            at: None,
            every: None,
            zone: None,
            jitter: Duration::ZERO,
            timeout: None,
            missed: Missed::Once,
            late: Duration::from_secs(12 * 3600),
            enabled: true,
            file: None,
        }
    }

    /// The mistake in a key of it.
    pub fn wrong(&self, key: &str, why: &str) -> Fault {
        let place = place(self.file.as_deref(), &["job", &self.name, key]);
        wrong(&format!("{place}job.{}.{key}", self.name), why)
    }

    fn read(name: &str, table: &Value, file: Option<&Path>) -> Result<JobTable, Fault> {
        let whole = || format!("{}job.{name}", place(file, &["job", name]));
        if !is_name(name) {
            let why = "a name has 32 ASCII letters, digits, - and _ at most, and begins with a letter or digit";
            let place = place(file, &["job", name]);
            return Err(wrong(&format!("{place}job.{name:?}"), why));
        }
        let Value::Object(table) = table else {
            return Err(wrong(&whole(), "expected a table"));
        };
        let mut job = JobTable::named(name);
        job.file = file.map(Path::to_owned);
        for (key, value) in table {
            let span = || read::<TimeSpan>(&job, key, value).map(|TimeSpan(span)| span);
            match key.as_str() {
                "run" => job.run = words(&job, read(&job, key, value)?)?,
                "at" => job.at = Some(read(&job, key, value)?),
                "every" => job.every = Some(span()?),
                "zone" => job.zone = Some(read(&job, key, value)?),
                "jitter" => job.jitter = span()?,
                "timeout" => job.timeout = Some(span()?),
                "missed" => job.missed = read(&job, key, value)?,
                "late" => job.late = span()?,
                "enabled" => job.enabled = read(&job, key, value)?,
                _ => {
                    let place = place(file, &["job", name, key]);
                    let text = format!("{place}job.{name}: unknown key `{key}`");
                    let fault = Fault::new(Status::Config, text);
                    let hint = match value.is_object() {
                        true => format!("of a job of the module {name}: [job.\"{name}.{key}\"]"),
                        false => known(key, &KEYS),
                    };
                    return Err(fault.hint(hint));
                }
            }
        }
        match (&job.at, &job.every) {
            (Some(_), Some(_)) => Err(wrong(&whole(), "it has `at` and `every`; one is enough")),
            _ if job.timeout.is_some_and(|it| it.is_zero()) => {
                Err(job.wrong("timeout", "it would have no time at all"))
            }
            _ => Ok(job),
        }
    }
}

/// The job that tells the people of the desk what a day brought.
const DIGEST: &str = "digest";

/// True if that job runs, as far as the tables say: without a word of it, it does where somebody wants it.
pub(super) fn run_the_digest(tables: Option<&Value>) -> bool {
    let tables = tables.and_then(Value::as_object);
    let tables = tables.into_iter().flatten();
    // What is wrong with a table is a mistake of its own.
    let tables: Vec<JobTable> = tables
        .filter_map(|(name, table)| JobTable::read(name, table, None).ok())
        .collect();
    let is_it = |table: &&JobTable| match table.run.first() {
        Some(run) => run == DIGEST,
        None => table.name == DIGEST,
    };
    let mut its_own = tables.iter().filter(is_it).peekable();
    match its_own.peek() {
        Some(_) => its_own.any(|table| table.enabled),
        // Another job may have its name.
        None => tables.iter().all(|table| table.name != DIGEST),
    }
}

impl Config {
    /// True if somebody is to hear of the day by a job of its own.
    pub fn wants_digest(&self) -> bool {
        self.wants_digest
    }

    /// True if somebody is to hear of the day, and no job tells them, so that they get copies as others do.
    pub fn misses_the_digest(&self) -> bool {
        self.wants_digest && self.people.iter().all(|person| !person.digest)
    }

    /// True if the configuration says anything of jobs, or a module brings some, so that somebody expects time to pass.
    pub fn has_jobs(&self) -> bool {
        self.has_jobs_of_its_own()
            || (self.modules_found().iter().flatten()).any(|it| self.runs_jobs_of(it))
    }

    /// True if it has jobs, whatever modules there are.
    pub fn has_jobs_of_its_own(&self) -> bool {
        self.jobs.is_some() || self.wants_digest
    }

    /// True if a module that is switched on has jobs that run without a word in the configuration, be it that it rests
    /// or needs an upgrade.
    pub fn runs_jobs_of(&self, module: &Module) -> bool {
        let is_off = self.parts_off.iter().any(|part| part == JOBS);
        let mut jobs = module.manifest.jobs();
        !is_off && jobs.any(|job| job.at.is_some() || job.every.is_some())
    }

    /// True if a table runs the job of this name.
    pub fn has_table_for(&self, job: &str) -> bool {
        let tables = self.jobs();
        tables
            .iter()
            .flatten()
            .any(|table| match table.run.first() {
                Some(run) => run == job,
                None => table.name == job,
            })
    }

    /// The tables `[job.NAME]` in the order of their names, or what is wrong with them: 78, naming file, line
    /// and key.
    pub fn jobs(&self) -> Vec<Result<JobTable, Fault>> {
        match &self.jobs {
            None => Vec::new(),
            Some(Value::Object(tables)) => (tables.iter())
                .map(|(name, table)| JobTable::read(name, table, self.file.as_deref()))
                .collect(),
            Some(_) => {
                let whole = format!("{}job", place(self.file.as_deref(), &["job"]));
                vec![Err(wrong(&whole, "expected a table for each job"))]
            }
        }
    }

    /// What the configuration says of jobs, for those who show it.
    pub fn job_tables(&self) -> Option<&Value> {
        self.jobs.as_ref()
    }
}

/// True for a name that can be typed as it is, and be a part of a file's. That of a module's job has a dot.
fn is_name(name: &str) -> bool {
    match name.split_once('.') {
        Some((module, job)) => is_word(module) && is_word(job),
        None => is_word(name),
    }
}

fn is_word(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(plain)
}

fn read<T: DeserializeOwned>(job: &JobTable, key: &str, value: &Value) -> Result<T, Fault> {
    serde_json::from_value(value.clone()).map_err(|e| {
        let message = e.to_string();
        job.wrong(key, &wrong_value(&message).unwrap_or(message))
    })
}

/// Name and arguments; a single string is split at blanks.
fn words(job: &JobTable, OneOrMore(words): OneOrMore) -> Result<Vec<String>, Fault> {
    let words = match &words[..] {
        [line] => line.split_whitespace().map(str::to_owned).collect(),
        _ => words,
    };
    match words.is_empty() {
        true => Err(job.wrong("run", "expected the name of a job, and its arguments")),
        false => Ok(words),
    }
}
