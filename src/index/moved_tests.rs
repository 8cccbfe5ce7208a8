use super::*;
use crate::index::draft::IndexDraft;
use crate::index::journal::{Change, Journal};
use crate::index::tests::{STAMP, added, id};
use crate::patience::Patience;
use crate::ticket::State;

// G5
#[test]
fn what_was_noted_may_be_moved_and_hardly_anything_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let table = dir.path().join("moved");
    let digest = |n: u8| std::array::from_fn(|at| if at == 12 { n } else { 7 });
    let may_be = |n| Index::may_be_moved(&path, &digest(n));
    let note = |digests: &[[u8; 16]]| note_moved(&path, digests).unwrap();
    // Where there is no index, nobody knows; and it is not made for that.
    note(&[digest(3)]);
    assert!(may_be(3) && !table.exists());
    let index = Index::open(&path, Patience::default()).unwrap();
    assert!(may_be(3), "it has read nothing yet");
    index.set_complete(true).unwrap();
    drop(index);
    assert!(!may_be(3));
    note(&[]);
    let bytes = std::fs::read(&table).unwrap();
    assert!(bytes[16..].iter().all(|byte| *byte == 0));
    note(&[digest(3), digest(9)]);
    let moved = (0..12).filter(|&n| may_be(n));
    assert_eq!(moved.collect::<Vec<_>>(), [3, 9]);
    // Another one that has the same place.
    let mut same = digest(3);
    same[0] = 1;
    assert!(Index::may_be_moved(&path, &same));
    // It stays within its bounds.
    note(&[[255; 16]]);
    assert_eq!(table.metadata().unwrap().len(), (1 << 20) + 16);
    assert!(Index::may_be_moved(&path, &[255; 16]));
    // What is removed is not made by whoever notes a message: of others nothing would be known.
    std::fs::remove_file(&table).unwrap();
    note(&[digest(3)]);
    assert!(may_be(3) && may_be(4) && !table.exists());
    // What is no table is no reason to say no, nor to make no index.
    std::fs::create_dir(&table).unwrap();
    note(&[digest(4)]);
    assert!(may_be(4));
    Index::remove(&path);
    let index = Index::open(&path, Patience::default()).unwrap();
    index.set_complete(true).unwrap();
    assert!(may_be(4) && table.is_dir());
}

/// G5, D9: only the table that was made with an index says what is not in it, and what stood in another one is carried over.
#[test]
fn a_table_of_what_was_moved_is_that_of_one_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let table = dir.path().join("moved");
    let digest = |n: u8| std::array::from_fn(|at| if at == 12 { n } else { 7 });
    let noted = || {
        let may_be = |n: &u8| Index::may_be_moved(&path, &digest(*n));
        (0..6).filter(may_be).collect::<Vec<_>>()
    };
    let complete = || {
        let index = Index::open(&path, Patience::default()).unwrap();
        index.set_complete(true).unwrap();
    };
    complete();
    note_moved(&path, &[digest(1)]).unwrap();
    assert_eq!(noted(), [1]);
    // Cut off, it says nothing, and is not made to look whole.
    let whole = std::fs::read(&table).unwrap();
    let all = [0, 1, 2, 3, 4, 5];
    for length in [0, 15, 16, 17, 5000, whole.len() - 1] {
        std::fs::write(&table, &whole[..length]).unwrap();
        note_moved(&path, &[[255; 16]]).unwrap();
        assert_eq!(noted(), all, "{length}");
        assert_eq!(table.metadata().unwrap().len(), length as u64);
    }
    let mut longer = whole.clone();
    longer.push(0);
    std::fs::write(&table, &longer).unwrap();
    assert_eq!(noted(), all);
    // One of another index.
    std::fs::write(&table, &whole).unwrap();
    assert_eq!(noted(), [1]);
    Index::remove(&path);
    assert_eq!(noted(), all);
    complete();
    assert_eq!(noted(), [1], "carried over");
    let other = std::fs::read(&table).unwrap();
    assert_ne!(whole, other);
    std::fs::write(&table, &whole).unwrap();
    assert_eq!(noted(), all);
    std::fs::write(&table, &other).unwrap();
    // A new index that takes over, and what is noted meanwhile in either.
    let draft = IndexDraft::begin(&path, false).unwrap();
    note_moved(&path, &[digest(2)]).unwrap();
    note_moved(draft.index().path(), &[digest(4)]).unwrap();
    assert_eq!(noted(), [1, 2]);
    let draft = {
        drop(draft);
        IndexDraft::resume(&path, false).unwrap().unwrap()
    };
    draft.finish(|_| Ok(()), || Ok(())).unwrap();
    assert_eq!(noted(), [1, 2, 4]);
    // A draft that has lost its table is begun anew.
    let draft = IndexDraft::begin(&path, false).unwrap();
    drop(draft);
    std::fs::remove_file(dir.path().join("moved.new")).unwrap();
    assert!(IndexDraft::resume(&path, false).unwrap().is_none());
    // The line of a delivery that was not applied yet says so, too.
    let mut change = added(0, "Message-ID: <9@x>\n\nx\n", 9).unwrap();
    change.moved = true;
    let digest = change.summary.identity.digest;
    let journal = Journal::at(dir.path());
    let line = Change {
        ticket: id(1),
        state: State::Open,
        before: None,
        after: STAMP,
        added: Some(change),
    };
    journal.append(&line).unwrap();
    assert!(!Index::may_be_moved(&path, &digest), "it was not noted");
    Index::remove(&path);
    std::fs::remove_file(&table).unwrap();
    complete();
    assert!(Index::may_be_moved(&path, &digest));
}
