//! Finds messages by their words, and reads those that were found.

use crate::desk::{Desk, TEXT_LOCK, Watch};
use crate::parts::search::find::{Hits, Question};
use crate::index::{Index, Overview};
use crate::ticket::State;
use crate::parts::search::query::{Query, Standing};
use anyhow::Result;
use mail::entry;
use mail::mbox;
use mail::words::{self, Contents};

impl Desk {
    /// The tickets that fit `query`, at most `most` of them, the best first; all of them, those with the
    /// newest activity first, if `most` is `None`. What was changed in the files since the last look
    /// is read first, and `watch` is told how far that is.
    pub fn search(&mut self, query: &Query, most: Option<usize>, watch: Watch) -> Result<Hits> {
        let try_to_search = |desk: &mut Desk| desk.try_to_search(query, most, watch);
        self.despite_index(try_to_search, |desk, index| {
            let _one = desk.store.lock_file(TEXT_LOCK)?;
            Index::remove(index);
            Index::remove_text(index);
            Ok(())
        })
    }

    fn try_to_search(&mut self, query: &Query, most: Option<usize>, watch: Watch) -> Result<Hits> {
        self.complete_text(watch)?;
        let mut waiting = Vec::new();
        if query.any(&|part| *part == Query::Is(Standing::Waiting)) {
            self.index()?.each(State::Open, |row| {
                if self.is_waiting(&row) {
                    waiting.push(row.id);
                }
                Ok::<_, anyhow::Error>(())
            })?;
        }
        let question = Question {
            query,
            waiting: &waiting,
            most,
        };
        Ok(self.index()?.search(&question)?)
    }

    /// What the `seq`th message (from 0) of a ticket says; `None` if the ticket's file is not what
    /// `row` says of it any more.
    pub fn said(&self, row: &Overview, seq: u64) -> Result<Option<Contents>> {
        let extent = self.index()?.extent(row.id, seq)?;
        let file = self.store.open(row.id)?;
        let (Some((offset, size)), Some(file)) = (extent, file) else {
            return Ok(None);
        };
        if file.stamp != row.stamp {
            return Ok(None);
        }
        let bytes = file.read_part(offset, size)?;
        let found = mbox::entries(&bytes, offset).next();
        Ok(found.map(|found| words::contents(&entry::decode(found.content).raw)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use jiff::tz::TimeZone;
    use std::fs;

    fn entry(text: &str) -> String {
        format!("From ann@x Mon Jan  1 00:00:00 2024\nFrom: ann@x.org\n\n{text}\n\n")
    }

    #[test]
    fn a_file_that_changes_in_the_middle_of_a_search_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        fs::write(
            &config,
            "domain = \"example.org\"\nadmins = \"a@example.org\"\n",
        )
        .unwrap();
        let mut desk = Desk::look(Config::load(&Overrides {
            config: Some(config),
            dir: Some(dir.path().join("store")),
        }).unwrap())
        .unwrap();
        desk.store.create_directories().unwrap();
        let path = dir.path().join("store/1");
        fs::write(&path, entry("one") + &entry("two")).unwrap();
        let mut search = |typed: &str| {
            let query = Query::parse(typed, desk.now(), &TimeZone::UTC).unwrap();
            let hits = desk.search(&query, Some(5), &mut |_| ()).unwrap();
            let hit = hits.best.first()?.clone();
            let row = desk.index().unwrap().ticket(hit.ticket).unwrap()?;
            let said = |row: &Overview| {
                let said = desk.said(row, hit.messages[0]).unwrap();
                said.map(|said| said.passages[0].text.clone())
            };
            let before = said(&row);
            fs::write(&path, entry("three, and something longer") + &entry("two")).unwrap();
            Some((before, said(&row)))
        };
        assert_eq!(search("two"), Some((Some("two\n".into()), None)));
        assert_eq!(search("one"), None);
        let (text, _) = search("three").unwrap();
        assert_eq!(text.as_deref(), Some("three, and something longer\n"));
    }
}
