//! How a module fares: its faults, and whether it rests. It is kept in the store, in `.tickets/modules/NAME/state`.
//!
//! Three faults in a row make it rest, so that a service that is dead costs three messages their time, and not each.
//! It never is switched off for good.

use super::found::MANIFEST;
use super::home::Home;
use super::one::Module;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::MetadataExt;

/// So many faults in a row make a module rest.
const FAULTS: u32 = 3;

/// The first rest, and the longest, in seconds.
const REST: i64 = 5 * 60;
const LONGEST: i64 = 3600;

/// How a module fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Faults since it last did what it was asked.
    pub faults: u32,
    /// What the last one was.
    pub last_fault: Option<String>,
    /// When that was, in seconds since 1970, as all times here.
    pub last_fault_at: Option<i64>,
    /// Until when it rests.
    pub rests_until: Option<i64>,
    /// How long its last rest was.
    rest: i64,
    /// The admins know that it fails.
    told: bool,
}

/// What the admins are to be told of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It rests for the first time, because of this.
    Rests(String),
    /// It does what it is asked again.
    IsWell,
}

impl Health {
    /// True if it is not to be asked now.
    pub fn rests(&self, now: i64) -> bool {
        // A clock that was set back does not make it rest for longer than a rest.
        self.rests_until
            .is_some_and(|until| now < until && until <= now + LONGEST)
    }

    /// True if the last that it was asked went wrong.
    pub fn fails(&self) -> bool {
        self.faults > 0
    }

    /// As if it had not failed; what the admins know of it stays.
    fn afresh(self) -> Health {
        Health {
            last_fault: self.last_fault,
            last_fault_at: self.last_fault_at,
            told: self.told,
            ..Health::default()
        }
    }

    /// What follows from how it did; `None` is without fault.
    fn after(mut self, fault: Option<&str>, now: i64) -> (Health, Option<News>) {
        let Some(fault) = fault else {
            let news = self.told.then_some(News::IsWell);
            let well = Health {
                told: false,
                ..self.afresh()
            };
            return (well, news);
        };
        self.faults = self.faults.saturating_add(1);
        self.last_fault = Some(fault.to_owned());
        self.last_fault_at = Some(now);
        let mut news = None;
        // Several that asked it at once count as one failure: what fails while it rests makes no rest longer.
        if self.faults >= FAULTS && !self.rests(now) {
            self.rest = (self.rest * 2).clamp(REST, LONGEST);
            self.rests_until = Some(now + self.rest);
            news = (!self.told).then(|| News::Rests(fault.to_owned()));
        }
        (self, news)
    }
}

impl Home {
    /// How the module fares; as new if nothing is known.
    pub fn state(&self) -> Health {
        let text = self.read("state").unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Notes how it did, and returns what the admins are to be told; no other process that notes the same is told so. As
    /// long as it is not noted that they were ([`Home::admins_know`]), they are to be told at the next rest, so that they
    /// hear of it though a process be killed in between.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn note(&self, fault: Option<&str>, now: i64) -> io::Result<Option<News>> {
        // Most of the time nothing changes, and nothing is written.
        if fault.is_none() {
            let state = self.state();
            if state.faults == 0 && !state.told {
                return Ok(None);
            }
        }
        let _lock = self.lock("state.lock")?;
        let (state, news) = self.state().after(fault, now);
        self.write("state", &serde_json::to_vec(&state)?)?;
        Ok(news)
    }

    /// Notes that the admins know that it fails.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn admins_know(&self) -> io::Result<()> {
        let _lock = self.lock("state.lock")?;
        let state = Health {
            told: true,
            ..self.state()
        };
        self.write("state", &serde_json::to_vec(&state)?)
    }

    /// Ends a rest: somebody has looked after it. It has three faults again; that it works, its next right answer says.
    /// True if it rested.
    ///
    /// # Errors
    /// It cannot be noted.
    pub fn end_rest(&self, now: i64) -> io::Result<bool> {
        if self.state().faults == 0 {
            return Ok(false);
        }
        let _lock = self.lock("state.lock")?;
        let state = self.state();
        let rested = state.rests(now);
        self.write("state", &serde_json::to_vec(&state.afresh())?)?;
        Ok(rested)
    }
}

impl Module {
    /// True if it is not to be asked now: it rests, and none of its files was changed since it failed.
    pub fn rests(&self, now: i64) -> bool {
        self.home.state().rests(now) && !self.is_changed()
    }

    /// True if its manifest, its program or its directory was changed after a fault was noted: those in any way, which
    /// nobody can hide. What was noted counts by when it was written, since who may use it can change without any fault.
    fn is_changed(&self) -> bool {
        let stat = |path: &std::path::Path| path.symlink_metadata().ok();
        let Some(noted) = stat(&self.home.path().join("state")) else {
            return false;
        };
        let noted = (noted.mtime(), noted.mtime_nsec());
        let own = [
            self.dir.clone(),
            self.dir.join(MANIFEST),
            self.dir.join(&self.manifest.run),
        ];
        own.iter()
            .filter_map(|path| stat(path))
            .any(|stat| (stat.ctime(), stat.ctime_nsec()) > noted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_faults_in_a_row_make_it_rest_and_one_success_makes_it_well() {
        // G5. Each line: when, the fault, until when it rests then, and the news.
        let rests = || Some(News::Rests("hung".into()));
        let table = [
            (0, Some("hung"), None, None),
            (1, None, None, None),
            (2, Some("hung"), None, None),
            (3, Some("hung"), None, None),
            (4, Some("hung"), Some(304), rests()),
            (4, Some("hung"), Some(304), None),
            (303, Some("hung"), Some(304), None),
            (304, Some("hung"), Some(904), None),
            (904, Some("hung"), Some(2104), None),
            (2104, Some("hung"), Some(4504), None),
            (4504, Some("hung"), Some(8104), None),
            (8104, Some("hung"), Some(11704), None),
            (11704, None, None, Some(News::IsWell)),
            (11705, None, None, None),
            (11706, Some("hung"), None, None),
        ];
        let mut state = Health::default();
        for (now, fault, until, news) in table {
            let (next, told) = state.after(fault, now);
            assert_eq!((next.rests_until, &told), (until, &news), "at {now}");
            assert_eq!(next.rests(now), until.is_some(), "at {now}");
            state = next;
            state.told |= matches!(told, Some(News::Rests(_)));
        }
    }

    #[test]
    fn admins_who_were_not_told_of_a_rest_are_told_of_the_next() {
        // G5: whoever was to tell them may have been killed.
        let store = tempfile::tempdir().unwrap();
        let home = Home::new(store.path(), "f");
        let rests = || Some(News::Rests("hung".into()));
        let note = |now| home.note(Some("hung"), now).unwrap();
        assert_eq!([1, 2, 3, 4].map(note), [None, None, rests(), None]);
        assert_eq!([303, 304].map(note), [rests(), None]);
        home.admins_know().unwrap();
        assert_eq!([903, 904].map(note), [None, None]);
        assert_eq!(home.note(None, 5000).unwrap(), Some(News::IsWell));
        assert_eq!(home.note(None, 5001).unwrap(), None);
        // Of what nobody was told it is not told that it is over.
        assert_eq!([5002, 5003, 5004].map(note), [None, None, rests()]);
        assert_eq!(home.note(None, 9000).unwrap(), None);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_rest_longer() {
        let state = Health {
            rests_until: Some(1_000_000),
            ..Health::default()
        };
        let table = [
            (999_999, true),
            (1_000_000, false),
            (996_400, true),
            (996_399, false),
            (0, false),
        ];
        for (now, rests) in table {
            assert_eq!(state.rests(now), rests, "at {now}");
        }
    }
}
