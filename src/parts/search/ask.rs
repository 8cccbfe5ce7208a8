//! Finds messages by their words, and reads those that were found.

use super::find::{Hits, Question, find};
use super::query::{Query, Standing};
use super::{follow, fulltext};
use crate::desk::{Desk, Watch, first_entry};
use crate::index::{Index, Overview};
use crate::patience::Patience;
use crate::ticket::State;
use anyhow::Result;
use mail::words::{self, Contents};
use rusqlite::{OptionalExtension, params};

/// The tickets that fit `query`. With `most`, at most so many of them, the best first; else all of them,
/// those with the newest activity first. What was changed in the files since the last search is read
/// first, and `watch` hears how far that is.
///
/// # Errors
/// The index or a ticket cannot be read.
pub(super) fn search(
    desk: &mut Desk,
    query: &Query,
    most: Option<usize>,
    watch: Watch,
) -> Result<Hits> {
    let try_to_search = |desk: &mut Desk| try_to_search(desk, query, most, watch);
    desk.despite_index_and(try_to_search, |desk, index| {
        let _one = desk.lock_beside_index(follow::LOCK, Patience::default())?;
        Index::remove(index);
        fulltext::remove(index);
        Ok(())
    })
}

fn try_to_search(
    desk: &mut Desk,
    query: &Query,
    most: Option<usize>,
    watch: Watch,
) -> Result<Hits> {
    follow::catch_up(desk, watch)?;
    let index = desk.index()?;
    let mut waiting = Vec::new();
    if query.any(&|part| *part == Query::Is(Standing::Waiting)) {
        index.each(State::Open, |row| {
            if desk.is_waiting(&row) {
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
    Ok(find(index, &question)?)
}

/// The text of a ticket's message `seq` (from 0); `None` if the ticket's file has changed since `row`.
///
/// # Errors
/// The index or the ticket cannot be read.
pub(super) fn read_message(desk: &Desk, row: &Overview, seq: u64) -> Result<Option<Contents>> {
    let extent = extent(desk.index()?, row, seq)?;
    let file = desk.store.open(row.id)?;
    let (Some((offset, size)), Some(file)) = (extent, file) else {
        return Ok(None);
    };
    if file.stamp != row.stamp {
        return Ok(None);
    }
    let bytes = file.read_part(offset, size)?;
    Ok(first_entry(&bytes).map(|entry| words::contents(&entry.raw)))
}

/// Where a message lies in its ticket's file: its first byte, and its length.
fn extent(index: &Index, row: &Overview, seq: u64) -> crate::index::Result<Option<(u64, u64)>> {
    let sql = "SELECT offset, size FROM entry WHERE ticket = ?1 AND seq = ?2";
    let mut select = index.db().prepare_cached(sql)?;
    let extent = |row: &rusqlite::Row| {
        let (offset, size): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((offset as u64, size as u64))
    };
    let values = params![row.id.get(), seq as i64];
    Ok(select.query_row(values, extent).optional()?)
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
        let mut desk = Desk::look(
            Config::load(&Overrides {
                config: Some(config),
                dir: Some(dir.path().join("store")),
            })
            .unwrap(),
        )
        .unwrap();
        desk.store.create_directories().unwrap();
        let path = dir.path().join("store/1");
        fs::write(&path, entry("one") + &entry("two")).unwrap();
        let mut search = |typed: &str| {
            let query = Query::parse(typed, desk.now(), &TimeZone::UTC).unwrap();
            let hits = super::search(&mut desk, &query, Some(5), &mut |_| ()).unwrap();
            let hit = hits.best.first()?.clone();
            let row = desk.index().unwrap().ticket(hit.ticket).unwrap()?;
            let said = |row: &Overview| {
                let said = read_message(&desk, row, hit.messages[0]).unwrap();
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
