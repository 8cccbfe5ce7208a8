use super::journal::ArchiveChange;
use super::journal::Journal;
use super::open::again_if_removed;
use super::*;
use crate::ticket::address::Addresses;
use crate::ticket::staff::Authorship;
use crate::ticket::summary::Summary;
use mail::envelope::Sender;
use mail::message::Message;

pub(super) fn id(n: u32) -> TicketId {
    TicketId::new(n).unwrap()
}

fn summary(raw: &str, at: i64) -> Summary {
    let message = Message::new(raw.as_bytes());
    let domain = ["example.org".to_owned()];
    let addresses = Addresses::new(&domain, false, &[], "ticket-{n}").unwrap();
    let by = Authorship::of(&message);
    Summary::of(&message, &Sender::Unknown, &by, at, &addresses)
}

pub(super) const STAMP: Stamp = Stamp {
    inode: u64::MAX,
    size: 10,
    ctime: 7,
};
const LATER: Stamp = Stamp { size: 20, ..STAMP };
const MOVED: Stamp = Stamp { ctime: 9, ..LATER };

pub(super) fn added(seq: u64, raw: &str, at: i64) -> Option<Added> {
    Some(Added {
        seq,
        summary: summary(raw, at),
        moved: false,
        asked: None,
        offset: 10 * seq,
        size: 10,
    })
}

fn change(
    n: u32,
    state: State,
    before: Option<Stamp>,
    after: Stamp,
    added: Option<Added>,
) -> Change {
    Change {
        ticket: id(n),
        state,
        before,
        after,
        added,
    }
}

const FIRST: &str = "Message-ID: <1@x>\nFrom: Ann <ann@x.org>\nSubject: s\n\nx\n";
const SECOND: &str = "Message-ID: <2@x>\nFrom: Bob <Bob@x.org>\n\ny\n";

/// Writes the journal of ticket 3, which is opened and gets a reply.
fn write_journal(dir: &Path) {
    let journal = Journal::at(dir);
    let opened = change(3, State::Open, None, STAMP, added(0, FIRST, 100));
    let answered = change(3, State::Open, Some(STAMP), LATER, added(1, SECOND, 200));
    journal.append(&opened).unwrap();
    journal.append(&answered).unwrap();
}

fn all(index: &Index, state: State) -> Vec<Overview> {
    let mut rows = Vec::new();
    let visit = |row| {
        rows.push(row);
        Ok::<_, IndexError>(())
    };
    index.each(state, visit).unwrap();
    rows
}

#[test]
fn pending_lines_are_found_before_and_after_they_are_applied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    drop(Index::open(&path, Patience::default()).unwrap());
    write_journal(dir.path());
    let (first, second) = (summary(FIRST, 0).identity, summary(SECOND, 0).identity);
    for (case, index) in [
        (
            "pending",
            Index::open_to_read(&path, Patience::default()).unwrap(),
        ),
        ("applied", Index::open(&path, Patience::default()).unwrap()),
        (
            "applied before",
            Index::open_to_read(&path, Patience::default()).unwrap(),
        ),
    ] {
        assert_eq!(index.highest().unwrap(), 3, "{case}");
        let bobs = crate::ticket::identity::key("<2@x>");
        assert_eq!(index.holders(bobs).unwrap(), [id(3)], "{case}");
        assert_eq!(index.opened_by(&first).unwrap(), [id(3)], "{case}");
        assert!(index.holds(id(3), &second.digest).unwrap(), "{case}");
        assert!(!index.holds(id(4), &second.digest).unwrap(), "{case}");
        let nothing = index.opened_by(&second).unwrap();
        assert_eq!(nothing, [], "{case}: it did not open the ticket");
        for (ticket, digest, want) in [
            (3, &second.digest, true),
            (4, &second.digest, false),
            (3, &[0; 16], false),
        ] {
            let held = index.holds(id(ticket), digest).unwrap();
            assert_eq!(held, want, "{case}: {ticket} {digest:?}");
        }
    }
    let index = Index::open(&path, Patience::default()).unwrap();
    let row = index.ticket(id(3)).unwrap().unwrap();
    assert_eq!((row.entries, row.opened, row.active), (2, 100, 200));
    assert_eq!(row.submitter.as_ref().unwrap().address, "ann@x.org");
    assert_eq!(
        (row.subject.as_str(), row.last_from.as_str()),
        ("s", "bob@x.org")
    );
    assert_eq!((row.stamp, row.whole), (LATER, true));
    let asked = ["ann@x.org", "bob@x.org", "carl@x.org"]
        .map(String::from)
        .into();
    let people = ["ann@x.org", "bob@x.org"].map(String::from).into();
    assert_eq!(index.people(id(3), &asked).unwrap(), people);
    assert_eq!(index.position(id(3), &second).unwrap(), Some(1));
    assert!(index.holds(id(3), &second.digest).unwrap());
    assert!(!index.holds(id(4), &second.digest).unwrap());
    index.set_gone(id(3)).unwrap();
    assert_eq!(
        (all(&index, State::Open), all(&index, State::Closed)),
        (vec![], vec![])
    );
    assert_eq!(index.highest().unwrap(), 3, "B7");
    assert_eq!(index.position(id(3), &second).unwrap(), None);
}

#[test]
fn lines_can_be_applied_twice_and_only_where_they_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let journal = Journal::at(dir.path());
    write_journal(dir.path());
    let moved = change(3, State::Closed, Some(LATER), MOVED, None);
    // Its stamp before is not that of the row: mutt has changed the file.
    let unknown = change(3, State::Open, Some(STAMP), LATER, added(2, FIRST, 300));
    for line in [&moved, &unknown] {
        journal.append(line).unwrap();
    }
    let lines = std::fs::read(dir.path().join("journal")).unwrap();
    for _ in 0..2 {
        let index = Index::open(&path, Patience::default()).unwrap();
        assert!(!dir.path().join("journal").exists());
        assert!(!dir.path().join("journal.old").exists());
        assert_eq!(all(&index, State::Open), []);
        let rows = all(&index, State::Closed);
        assert_eq!((rows[0].stamp, rows[0].entries), (MOVED, 2));
        // As if the process had died before it could remove them.
        std::fs::write(dir.path().join("journal.old"), &lines).unwrap();
    }
}

#[test]
fn the_first_message_of_an_emptied_file_counts_as_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let journal = Journal::at(dir.path());
    let empty = TicketFile {
        id: id(3),
        state: State::Open,
        stamp: STAMP,
        entries: Vec::new(),
        whole: true,
        moved: Vec::new(),
    };
    Index::open(&path, Patience::default())
        .unwrap()
        .replace(&empty)
        .unwrap();
    let first = change(3, State::Open, Some(STAMP), LATER, added(0, FIRST, 100));
    journal.append(&first).unwrap();
    let row = Index::open(&path, Patience::default())
        .unwrap()
        .ticket(id(3))
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.entries, row.opened, row.subject.as_str()),
        (1, 100, "s")
    );
}

#[test]
fn our_own_changes_of_archived_need_no_check() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let journal = Journal::at(dir.path());
    Index::open(&path, Patience::default())
        .unwrap()
        .set_archive_mtime(100)
        .unwrap();
    for (case, archived_before, archived_after, want) in [
        ("ours", 100, 120, 120),
        ("ours again", 120, 130, 130),
        ("somebody else changed it before us", 140, 150, 130),
    ] {
        let change = ArchiveChange {
            archived_before,
            archived_after,
        };
        journal.append_archive_change(&change).unwrap();
        let index = Index::open(&path, Patience::default()).unwrap();
        assert_eq!(index.archive_mtime().unwrap(), Some(want), "{case}");
    }
}

#[test]
fn a_damaged_line_spoils_no_other_and_all_tickets_are_checked_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    Index::open(&path, Patience::default())
        .unwrap()
        .set_complete(true)
        .unwrap();
    std::fs::write(dir.path().join("journal"), "{\"ticket\":1").unwrap();
    write_journal(dir.path());
    let index = Index::open_to_read(&path, Patience::default()).unwrap();
    assert_eq!(index.ticket(id(3)).unwrap().unwrap().entries, 2);
    assert!(!index.is_complete().unwrap());
}

#[test]
fn a_partial_file_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    drop(Index::open(&path, Patience::default()).unwrap());
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    // Pages are written one by one, and the first contains the version.
    for pages in 0..whole.len() / 4096 {
        let begun = &whole[..pages * 4096];
        std::fs::write(dir.path().join("index.db-new"), begun).unwrap();
        write_journal(dir.path());
        let index = Index::open(&path, Patience::default()).unwrap();
        assert_eq!(index.highest().unwrap(), 3, "{pages}");
        drop(index);
        let names = std::fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["index.db", "index.lock", "moved"], "{pages}");
        std::fs::remove_file(&path).unwrap();
    }
}

/// D9: a process that still has the old file open gets an error, and does not harm the new file.
#[test]
fn a_removal_is_not_mistaken_for_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    write_journal(dir.path());
    let removed = Index::open(&path, Patience::default()).unwrap();
    std::fs::remove_file(&path).unwrap();
    write_journal(dir.path());
    let new = Index::open(&path, Patience::default()).unwrap();
    let mut tries = 0;
    let done = again_if_removed(|| {
        tries += 1;
        let index = if tries == 1 { &removed } else { &new };
        Ok(index.set_gone(id(5))?)
    });
    done.unwrap();
    assert_eq!(tries, 2);
    assert_eq!(new.ticket(id(3)).unwrap().unwrap().entries, 2);
    let error = removed.set_gone(id(3)).unwrap_err();
    assert!(error.is_removal() && !error.is_damage(), "{error}");
}

#[test]
fn a_draft_becomes_an_index_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let tables = |index: &Index| -> Vec<(String, Option<String>)> {
        let sql = "SELECT name, sql FROM sqlite_master ORDER BY name";
        let mut select = index.db.prepare(sql).unwrap();
        let rows = select
            .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    };
    let path = dir.path().join("index.db");
    let draft = draft::IndexDraft::begin(&path, true).unwrap();
    draft.finish(|_| Ok(()), || Ok(())).unwrap();
    let finished = tables(&Index::open(&path, Patience::default()).unwrap());
    Index::remove(&path);
    let new = tables(&Index::open(&path, Patience::default()).unwrap());
    let named = |name: &str| new.iter().any(|(n, _)| n == name);
    assert!(named("ticket") && named("entry_key"), "{new:?}");
    assert_eq!(finished, new);
}

#[test]
fn another_version_and_garbage_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    write_journal(dir.path());
    let index = Index::open(&path, Patience::default()).unwrap();
    index.set_complete(true).unwrap();
    assert!(index.is_complete().unwrap());
    index.db.pragma_update(None, "user_version", 99).unwrap();
    drop(index);
    for open in [Index::open, Index::open_to_read] {
        let index = open(&path, Patience::default()).unwrap();
        assert!(!index.is_complete().unwrap());
        assert_eq!(index.highest().unwrap(), 0);
        drop(index);
        std::fs::write(&path, vec![b'x'; 5000]).unwrap();
    }
}

#[test]
fn a_message_is_found_among_thousands_with_its_message_id() {
    // A8: SQLite goes straight to it.
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&dir.path().join("index.db"), Patience::default()).unwrap();
    let sql = "EXPLAIN QUERY PLAN SELECT ticket FROM entry WHERE key = 1 AND digest = x'00'";
    let plan: String = index.db.query_row(sql, [], |row| row.get(3)).unwrap();
    assert!(plan.contains("entry_key (key=? AND digest=?)"), "{plan}");
}
