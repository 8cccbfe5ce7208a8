//! `tickets modules check`: tries a module with what strangers may send, and with what a later program may say.

use super::named::{asked_again, desk_to_try, is_on, named};
use super::remarks::{remarks, warnings};
use super::sample::mails;
use super::switch::conflicts;
use super::trial::{End, ask, begin, end, finish, timed, timeline, too_slow};
use crate::error::{Fault, Status, harmless, quoted_path};
use crate::module::{
    FindingLevel, Host, Module, ModuleFinding, PageRequest, Point, Runnable, VerbCall, found,
};
use crate::part::Context;
use crate::screen::progress::Doing;
use crate::screen::say;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The largest mail of a corpus, and the one that is made up, in bytes.
const LARGE: usize = 16 << 20;

/// How many are asked at the same time.
const AT_ONCE: usize = 8;

/// Questions whose time is not that of one.
const EIGHT: &str = "eight at once";
const TWICE: &str = "the same twice";

/// Try a module: does it keep the promises of the protocol?
///
/// Its manifest and the owner of its files are looked at. Then each of its points is asked: about made-up mail (a Subject
/// `$(reboot)`, a header of 1 MB, no mail at all, 16 MiB), with a field that it does not know, the same twice, eight at
/// once, without a home. It works in an empty store of its own, and TICKETS_TRIAL=1 in its environment tells it that nobody
/// is to be called. Jobs and commands are not run. Status 1 if a promise is broken.
#[derive(clap::Args)]
pub(super) struct CheckModule {
    /// The module
    #[arg(value_name = "NAME")]
    name: String,
    /// Also ask filters and observers about each mail in this directory
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
}

/// What came of some questions of one kind.
struct Trial {
    point: Point,
    what: String,
    times: Vec<Duration>,
    end: End,
}

/// A module in a store of its own.
struct TrialBench {
    module: Module,
    mails: Vec<(String, Vec<u8>)>,
    trials: Vec<Trial>,
    /// What it finds to be bad itself, and what mends that.
    lacks: Option<ModuleFinding>,
    /// What it finds odd.
    warned: Vec<String>,
    doing: Option<Doing>,
}

impl CheckModule {
    pub(super) fn run(self, cx: &Context) -> Result<Status> {
        let desk = desk_to_try(cx)?;
        let module = named(cx, &desk, &self.name)?;
        let store = tempfile::tempdir().context("cannot make a store for the trial")?;
        let found = Runnable {
            manifest: module.manifest.clone(),
            dir: module.dir.clone(),
        };
        let host = Host {
            store: store.path().to_owned(),
            ..desk.config.host()
        };
        let built_in = mails()
            .into_iter()
            .map(|(name, mail)| (name.to_owned(), mail));
        let mut mails: Vec<(String, Vec<u8>)> = built_in.collect();
        if let Some(dir) = &self.corpus {
            mails.extend(corpus(dir)?);
        }
        let mut bench = TrialBench {
            module: Module::new(found, module.switched.clone(), &host),
            mails,
            trials: Vec::new(),
            lacks: None,
            warned: Vec::new(),
            doing: Some(Doing::begin()),
        };
        bench.module.trial = true;
        bench.try_all();
        bench.doing = None;
        say(format_args!(
            "{}: {}",
            module.dir.display(),
            "its manifest and the owner of its files are right"
        ))?;
        for it in remarks(&module)
            .into_iter()
            .chain(conflicts(cx, &desk, &module))
            .chain(bench.warned.iter().cloned())
        {
            say(harmless(&it))?;
        }
        let status = bench.tell()?;
        match module.expect_data() {
            // What it was tried on is new. Nobody asks it as long as its own is of another version.
            Err(why) if is_on(&desk, module.name()) => say(harmless(&why))?,
            _ if status == Status::Ok => asked_again(&desk, &module)?,
            _ => {}
        }
        Ok(status)
    }
}

impl TrialBench {
    fn try_all(&mut self) {
        // Its data first: the others need it.
        if self.module.manifest.has(Point::Setup) {
            self.begins(Point::Setup, "new data");
            let begun = Instant::now();
            let done = self.module.set_up().map(|_| None);
            self.add(Point::Setup, "new data", vec![(begun.elapsed(), done)]);
        }
        if self.module.manifest.has(Point::Check) {
            let found = found(self.module.ask_for_findings()).unwrap_or_default();
            self.warned = warnings(&found);
            let mut bad = found.into_iter();
            self.lacks = bad.find(|it| it.level == FindingLevel::Bad);
        }
        for point in self.points() {
            match point {
                Point::Filter | Point::Observer => self.try_mails(point),
                Point::Check => self.try_heads(point),
                Point::Timeline => {
                    self.begins(point, "all events");
                    let asked = (0..2).map(|_| timed(|| timeline(&self.module))).collect();
                    self.add(point, "all events", asked);
                }
                Point::Page => self.try_pages(),
                Point::Verb => self.try_verbs(),
                Point::Setup | Point::Job | Point::Command => {}
            }
        }
    }

    /// What it is asked: without what it needs, only what that is.
    fn points(&self) -> Vec<Point> {
        let points = self.module.manifest.points();
        points
            .filter(|point| self.lacks.is_none() || *point == Point::Check)
            .collect()
    }

    /// Says on a terminal what is tried now: it may take long.
    fn begins(&self, point: Point, what: &str) {
        if let Some(doing) = &self.doing {
            doing.say(&format!("{point}: {what}"));
        }
    }

    fn add(&mut self, point: Point, what: &str, asked: Vec<(Duration, End)>) {
        let (times, ends): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        // Those at once may wait for each other, and two in a row are one question more.
        let slow = match what {
            EIGHT | TWICE => None,
            _ => too_slow(point, &times),
        };
        self.trials.push(Trial {
            point,
            what: what.to_owned(),
            times,
            end: first_of(ends).map(|odd| odd.or(slow)),
        });
    }

    /// Asks about all mail; after a first fault nothing more is asked, since each may take as long as it may.
    fn try_mails(&mut self, point: Point) {
        let what = format!("{} mails", self.mails.len());
        self.begins(point, &what);
        let mut asked = Vec::new();
        for (name, mail) in &self.mails {
            let (time, ended) = timed(|| end(point, ask(&self.module, point, mail, |_| ())));
            let is_broken = ended.is_err();
            asked.push((
                time,
                ended.map_err(|why| format!("about the mail {name:?}: {why}")),
            ));
            if is_broken {
                break;
            }
        }
        let is_broken = asked.iter().any(|(_, ended)| ended.is_err());
        self.add(point, &what, asked);
        if is_broken {
            return;
        }
        self.begins(point, "16 MiB");
        let large = vec![b'\n'; LARGE];
        let asked = timed(|| end(point, ask(&self.module, point, &large, |_| ())));
        self.add(point, "16 MiB", vec![asked]);
        self.try_heads(point);
    }

    /// What does not depend on the mail.
    fn try_heads(&mut self, point: Point) {
        let plain = self.mails[0].1.clone();
        let twice = || -> End {
            let [one, two] = [(); 2].map(|()| ask(&self.module, point, &plain, |_| ()));
            match one? == two? {
                true => Ok(None),
                false => Err("it answers otherwise the second time".into()),
            }
        };
        self.begins(point, TWICE);
        let twice = timed(twice);
        let no_home = |command: &mut Command| {
            command.env_remove("HOME");
        };
        self.begins(point, "without a home");
        let homeless = timed(|| end(point, ask(&self.module, point, &plain, no_home)));
        self.begins(point, EIGHT);
        let many: Vec<_> = (0..AT_ONCE)
            .map(|_| (Instant::now(), begin(&self.module, point, &plain, |_| ())))
            .collect();
        let many = many.into_iter().map(|(begun, asking)| {
            let ended = end(point, finish(point, asking));
            (begun.elapsed(), ended)
        });
        let many: Vec<_> = many.collect();
        self.add(point, TWICE, vec![twice]);
        self.add(point, "without a home", vec![homeless]);
        self.add(point, EIGHT, many);
    }

    fn try_pages(&mut self) {
        self.begins(Point::Page, "each page");
        let hostile = "a=$(reboot)&b=%00%0a<script>";
        let mut asked = Vec::new();
        for page in &self.module.manifest.pages {
            for query in ["", hostile] {
                let request = PageRequest {
                    method: "GET",
                    path: &page.path,
                    query,
                    ..PageRequest::default()
                };
                let got = || {
                    self.module
                        .page(&request)
                        .map(|_| None)
                        .map_err(|e| e.to_string())
                };
                asked.push(timed(got));
            }
        }
        self.add(Point::Page, "each page", asked);
    }

    fn try_verbs(&mut self) {
        self.begins(Point::Verb, "each verb");
        let hostile = ["$(reboot)", "-rf", "'\"", ""].map(str::to_owned);
        let mut asked = Vec::new();
        for verb in &self.module.manifest.verbs {
            for args in [&[][..], &hostile] {
                let call = VerbCall {
                    verb: &verb.name,
                    args,
                    ticket: Some(12),
                    author: None,
                    proof: None,
                    role: "participant",
                };
                let said = || self.module.carry_out(&call).map(|_| None);
                asked.push(timed(|| said().map_err(|e| e.to_string())));
            }
        }
        self.add(Point::Verb, "each verb", asked);
    }

    /// Prints the table.
    fn tell(&self) -> Result<Status> {
        let wide = self
            .trials
            .iter()
            .map(|trial| trial.what.len())
            .max()
            .unwrap_or(0);
        let mut status = Status::Ok;
        say(format_args!(
            "{:8}  {:wide$}  {:>7}  {:>7}  ms (median, longest)",
            "", "", "", ""
        ))?;
        for trial in &self.trials {
            let mut times: Vec<u128> = trial.times.iter().map(Duration::as_millis).collect();
            times.sort_unstable();
            let median = times.get(times.len() / 2).copied().unwrap_or(0);
            let longest = times.last().copied().unwrap_or(0);
            let ended = match &trial.end {
                Ok(None) => "ok".to_owned(),
                Ok(Some(odd)) => format!("ok, but {}", harmless(odd)),
                Err(why) => {
                    status = Status::WARNING;
                    format!("BROKEN: {}", harmless(why))
                }
            };
            say(format_args!(
                "{:8}  {:wide$}  {median:>7}  {longest:>7}  {ended}",
                trial.point.word(),
                trial.what,
            ))?;
        }
        let tried = self.points();
        for point in self.module.manifest.points() {
            match point {
                Point::Job | Point::Command => say(format_args!("{:8}  not run", point.word()))?,
                Point::Setup => {}
                _ if tried.contains(&point) => {}
                _ => say(format_args!("{:8}  not tried", point.word()))?,
            }
        }
        if let Some(bad) = &self.lacks {
            status = Status::WARNING;
            say(format_args!("it cannot be used yet: {}", bad.what))?;
            if let Some(mend) = &bad.mend {
                say(format_args!("mend: {mend}"))?;
            }
        }
        Ok(status)
    }
}

/// The first fault among several ends, else the first remark.
fn first_of(ends: Vec<End>) -> End {
    let ends: Result<Vec<Option<String>>, String> = ends.into_iter().collect();
    Ok(ends?.into_iter().flatten().next())
}

/// The mails of a directory, with their names.
fn corpus(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let doing = || format!("cannot read {}", dir.display());
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).with_context(doing)? {
        let path = entry.with_context(doing)?.path();
        if path.is_file() {
            names.insert(path);
        }
    }
    let mut mails = Vec::new();
    for path in names {
        let mail = crate::files::read_plain(&path);
        let mail = mail.with_context(|| format!("cannot read {}", path.display()))?;
        if mail.len() <= LARGE {
            mails.push((path.display().to_string(), mail));
        }
    }
    match mails.is_empty() {
        true => {
            let text = format!("there is no mail in {}", quoted_path(dir));
            Err(Fault::new(Status::NoInput, text).into())
        }
        false => Ok(mails),
    }
}
