//! The full text follows the index: it is made anew in the same pass over the mboxes, and catches up
//! before each search.

use super::fulltext::{self, FullText};
use crate::desk::build::PassProgress;
use crate::desk::bulk::{BATCH, Extract, ReadJob};
use crate::desk::{Desk, Follower, Watch};
use crate::index::{Index, Unread};
use crate::patience::Patience;
use crate::ticket::TicketId;
use anyhow::Result;
use mail::words::{Words, words};
use std::path::Path;

/// Held by whoever writes the full text.
pub(super) const LOCK: &str = "text.lock";

/// With more tickets than this to read, the full text is prepared for many words.
const MANY: usize = 2000;

impl Extract for Words {
    fn size(&self) -> usize {
        let texts = [
            &self.subject,
            &self.author,
            &self.people,
            &self.files,
            &self.body,
        ];
        texts.iter().map(|text| text.len()).sum()
    }
}

impl Follower for FullText {
    type Extract = Words;

    fn begin(draft: &Path) -> Result<Self> {
        let text = FullText::create(draft)?;
        text.do_not_sync()?;
        text.expect_many(true)?;
        Ok(text)
    }

    fn resume(draft: &Path) -> Result<Option<Self>> {
        let text = FullText::open(draft)?;
        if let Some(text) = &text {
            text.do_not_sync()?;
            text.expect_many(true)?;
        }
        Ok(text)
    }

    fn extract(message: &[u8]) -> Words {
        words(message)
    }

    fn in_transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        FullText::in_transaction(self, work)
    }

    fn note(&self, ticket: TicketId, from: u64, extracts: &[Words]) -> Result<()> {
        Ok(FullText::note(self, ticket, from, extracts)?)
    }

    fn complete(&self) -> Result<()> {
        self.expect_many(false)?;
        Ok(self.sync()?)
    }

    fn replace(self, index: &Path) -> Result<()> {
        Ok(FullText::replace(self, index)?)
    }
}

/// Brings the index and then the full text up to date, and attaches the full text to the index:
/// afterwards `words.text` can be asked through [`crate::index::Index::db`].
pub(super) fn catch_up(desk: &mut Desk, watch: Watch) -> Result<()> {
    desk.make_complete(watch)?;
    desk.reconcile_all()?;
    let index = desk.index()?;
    // Two processes would do all of it twice, and each might remove what the other has begun.
    let _one = desk.lock_beside_index(LOCK, Patience::default())?;
    let text = match FullText::open(index.path())? {
        Some(text) if !is_mostly_unread(index)? => text,
        _ => {
            // In this order: after a crash in between, the next search begins here again.
            index.fill_backlog()?;
            FullText::create(index.path())?
        }
    };
    let all = index.backlog_len()? as usize;
    if all > MANY || text.expects_many()? {
        text.expect_many(all > MANY)?;
    }
    let mut done = 0;
    loop {
        let backlog = index.backlog(BATCH)?;
        if backlog.is_empty() {
            break;
        }
        let job = |unread: &Unread| ReadJob {
            ticket: unread.ticket,
            extract_from: Some(unread.seq),
        };
        let jobs: Vec<ReadJob> = backlog.iter().map(job).collect();
        text.in_transaction(|| {
            desk.read_many(&jobs, &words, |tickets, jobs| {
                for (read, job) in tickets.iter().zip(jobs) {
                    // The words of a ticket that is gone go, too.
                    let from = job.extract_from.filter(|_| read.reading.is_some());
                    let note =
                        |from, extracts: &[Words]| Ok(text.note(job.ticket, from, extracts)?);
                    note(from.unwrap_or(0), &read.extracts)?;
                    desk.read_rest(read, job, &words, note)?;
                }
                done += jobs.len();
                watch(PassProgress {
                    done: done.min(all),
                    all,
                });
                Ok(())
            })
        })?;
        index.remove_from_backlog(&backlog)?;
    }
    if all > MANY {
        text.expect_many(false)?;
    } else if all > 0 {
        text.merge_some()?;
    }
    drop(text);
    Ok(index.attach(&fulltext::path_beside(index.path()), "words")?)
}

/// True if so many messages are unread that it is quicker, and takes less room, to begin anew than to
/// replace what is there.
fn is_mostly_unread(index: &Index) -> Result<bool> {
    let unread = index.backlog_len()?;
    Ok(unread > MANY as u64 && 2 * unread > index.count()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use crate::desk::build::NoFollower;
    use crate::index::draft::IndexDraft;
    use crate::parts::search::ask::search;
    use crate::parts::search::query::Query;
    use jiff::tz::TimeZone;
    use std::fs;

    fn desk(dir: &Path) -> Desk {
        let config = dir.join("config.toml");
        fs::write(&config, "domain = \"example.org\"\n").unwrap();
        let overrides = Overrides {
            config: Some(config),
            dir: Some(dir.join("store")),
        };
        Desk::open(Config::load(&overrides).unwrap()).unwrap()
    }

    fn put(desk: &Desk, number: u32, word: &str) {
        let entry =
            format!("From ann@x Mon Jan  1 00:00:00 2024\nFrom: ann@x.org\n\n{word} text\n\n");
        fs::write(desk.store.root().join(number.to_string()), entry).unwrap();
    }

    /// The tickets that are found, newest first.
    fn found(desk: &mut Desk, word: &str) -> Vec<u32> {
        let query = Query::parse(word, 0, &TimeZone::UTC).unwrap();
        let hits = search(desk, &query, None, &mut |_| ()).unwrap();
        hits.best.iter().map(|hit| hit.ticket.get()).collect()
    }

    #[test]
    fn what_comes_in_while_all_is_read_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = desk(dir.path());
        put(&desk, 1, "one");
        put(&desk, 2, "two");
        let root = desk.store.root().to_owned();
        let late = desk.store.root().join("3");
        desk.rebuild::<FullText>(&mut |_| {
            fs::copy(root.join("2"), &late).unwrap();
            fs::write(root.join("1"), fs::read(&late).unwrap().repeat(2)).unwrap();
        })
        .unwrap();
        assert_eq!(found(&mut desk, "two"), [3, 2, 1]);
        assert_eq!(found(&mut desk, "one"), [0; 0]);
    }

    #[test]
    fn an_index_that_nobody_followed_is_caught_up_with() {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = desk(dir.path());
        put(&desk, 1, "one");
        put(&desk, 2, "two");
        desk.rebuild::<FullText>(&mut |_| ()).unwrap();
        put(&desk, 3, "three");
        fs::remove_file(desk.store.root().join("2")).unwrap();
        desk.rebuild::<NoFollower>(&mut |_| ()).unwrap();
        assert_eq!(found(&mut desk, "text"), [3, 1]);
        put(&desk, 2, "another");
        assert_eq!(found(&mut desk, "two"), [0; 0]);
        assert_eq!(found(&mut desk, "text"), [3, 2, 1]);
    }

    #[test]
    fn a_draft_whose_full_text_was_lost_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = desk(dir.path());
        put(&desk, 1, "one");
        put(&desk, 2, "two");
        let path = desk.store.private().join("index.db");
        let draft = IndexDraft::begin(&path, true).unwrap();
        draft.set_done(1).unwrap();
        drop(draft);
        desk.rebuild::<FullText>(&mut |_| ()).unwrap();
        assert_eq!(found(&mut desk, "text"), [2, 1]);
    }

    #[test]
    fn a_full_text_that_is_mostly_unread_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = desk(dir.path());
        for number in 1..=2100 {
            put(&desk, number, "some");
        }
        desk.rebuild::<FullText>(&mut |_| ()).unwrap();
        let size = || {
            let path = dir.path().join("store/.tickets/text.db");
            fs::metadata(path).unwrap().len()
        };
        let before = size();
        desk.rebuild::<NoFollower>(&mut |_| ()).unwrap();
        assert_eq!(found(&mut desk, "some").len(), 2100);
        assert!(size() <= before, "{before} {}", size());
    }
}
