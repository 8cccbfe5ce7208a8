//! Which answers strangers got of late (C7).
//!
//! A line for each of them, appended once the message is filed. It is a count and no record: if the file is lost,
//! strangers get up to the full number of answers again.

use crate::files::{Dir, Place, absent};
use crate::patience::{Patience, Share, flock};
use anyhow::{Context, Result};
use nix::fcntl::OFlag;
use std::io::{Read, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// A file longer than this, in bytes, is shortened to the lines that still count.
const LONG: u64 = 32 << 10;

/// How long an answer counts, in seconds.
const HOUR: i64 = 3600;

/// No delivery takes longer, in seconds.
const LONGEST: i64 = 5 * 60;

/// What has happened within the last hour, as of `now`, both in seconds since 1970. Another delivery may have looked at
/// the clock later than this one, and still be done before it; what lies further in the future was dated by a clock that
/// was wrong, and would count for years.
pub fn the_last_hour(now: i64) -> RangeInclusive<i64> {
    now.saturating_sub(HOUR - 1)..=now.saturating_add(LONGEST)
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// An answer to the mailbox with this key.
    Answer(String),
    /// The admins were notified that one was not given, with a word for the limit, and the mailbox or domain that it is
    /// about.
    Reported(&'static str, String),
}

impl Line {
    fn text(&self) -> String {
        let plain = |key: &str| key.replace(|c: char| c.is_whitespace() || c.is_control(), "_");
        match self {
            Line::Answer(key) => format!("answer {}", plain(key)),
            Line::Reported(limit, key) => format!("{limit} {}", plain(key)),
        }
    }
}

/// The file, in the directory of this path.
#[derive(Clone, Debug)]
pub struct Ledger(PathBuf, &'static str);

/// Its name.
const NAME: &str = "answered";

/// What it says of the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent(Vec<String>);

impl Recent {
    /// The keys of the mailboxes that were answered, one for each answer.
    pub fn answers(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|line| line.strip_prefix("answer "))
    }

    /// True if `line` is in it.
    pub fn has(&self, line: &Line) -> bool {
        let wanted = line.text();
        self.0.contains(&wanted)
    }
}

impl Ledger {
    /// The file in the private directory `dir` of a store.
    pub fn at(dir: &Path) -> Ledger {
        Ledger::named(dir, NAME)
    }

    /// Another one there, which counts something else in the same way.
    pub fn named(dir: &Path, name: &'static str) -> Ledger {
        Ledger(dir.to_owned(), name)
    }

    /// What counts at `now`, in seconds since 1970. Lines that a wrong clock dated into the future do not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn recent(&self, now: i64) -> Result<Recent> {
        match self.place().and_then(|place| place.read()) {
            Err(e) if absent(&e) => Ok(Recent::default()),
            bytes => {
                let path = self.0.join(self.1);
                let bytes = bytes.with_context(|| format!("cannot read {}", path.display()))?;
                Ok(Recent(counting(&bytes, now)))
            }
        }
    }

    /// Appends lines.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, lines: &[Line], now: i64) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = self.0.join(self.1);
        let doing = || format!("cannot write {}", path.display());
        let text: String = lines
            .iter()
            .map(|it| format!("{now} {}\n", it.text()))
            .collect();
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
        let file = self.place().and_then(|place| place.open(flags));
        let mut file = file.with_context(doing)?;
        // Whoever shortens it may not lose what others append.
        flock(&file, &path, Share::Exclusive, Patience::brief())?;
        if file.metadata().with_context(doing)?.len() > LONG {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).with_context(doing)?;
            file.set_len(0).with_context(doing)?;
            let recent = counting_lines(&bytes, now);
            file.write_all(recent.concat().as_bytes())
                .with_context(doing)?;
        }
        file.write_all(text.as_bytes()).with_context(doing)
    }

    fn place(&self) -> std::io::Result<Place> {
        Ok(Dir::open(&self.0)?.at(self.1))
    }
}

fn counting(bytes: &[u8], now: i64) -> Vec<String> {
    let lines = counting_lines(bytes, now).into_iter();
    let said = lines.filter_map(|line| Some(line.trim_end().split_once(' ')?.1.to_owned()));
    said.collect()
}

/// The lines of the last hour, whole.
fn counting_lines(bytes: &[u8], now: i64) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let counted = the_last_hour(now);
    let counts = |line: &&str| {
        let at = line.split_once(' ').and_then(|(at, _)| at.parse().ok());
        at.is_some_and(|at: i64| counted.contains(&at))
    };
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole.filter(counts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hour_counts() {
        // C7
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(dir.path());
        assert_eq!(ledger.recent(5000).unwrap(), Recent::default());
        let answer = |key: &str| Line::Answer(key.into());
        ledger.append(&[answer("old@x")], 1000).unwrap();
        ledger
            .append(&[answer("a b@x"), answer("ann@x")], 5000)
            .unwrap();
        let reported = Line::Reported("mailbox", "ann@x".into());
        ledger
            .append(std::slice::from_ref(&reported), 5001)
            .unwrap();
        ledger.append(&[answer("future@x")], 9000).unwrap();
        let recent = ledger.recent(5001).unwrap();
        assert_eq!(recent.answers().collect::<Vec<_>>(), ["a_b@x", "ann@x"]);
        assert!(recent.has(&reported));
        assert!(!recent.has(&Line::Reported("domain", "ann@x".into())));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(dir.path());
        for n in 0..2000 {
            let key = format!("somebody-with-a-long-name-{n}@example.net");
            ledger.append(&[Line::Answer(key)], n * 60).unwrap();
        }
        let size = std::fs::metadata(dir.path().join("answered"))
            .unwrap()
            .len();
        assert!(size < 2 * LONG, "{size}");
        assert_eq!(ledger.recent(1999 * 60).unwrap().answers().count(), 60);
    }
}
