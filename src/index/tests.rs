use super::*;
use crate::mail::envelope::Sender;
use crate::mail::message::Message;

fn id(n: u32) -> TicketId {
    TicketId::new(n).unwrap()
}

fn summary(raw: &str, at: i64) -> Summary {
    Summary::of(&Message::new(raw.as_bytes()), &Sender::Unknown, at)
}

const STAMP: Stamp = Stamp {
    inode: u64::MAX,
    size: 10,
    ctime: 7,
};

fn filled(path: &Path) -> Index {
    let mut index = Index::open(path).unwrap();
    let first = summary(
        "Message-ID: <1@x>\nFrom: Ann <ann@x.org>\nSubject: s\n\nx\n",
        100,
    );
    let second = summary("Message-ID: <2@x>\nFrom: Bob <Bob@x.org>\n\ny\n", 200);
    index.add(id(3), Place::Open, STAMP, 0, &first).unwrap();
    index.add(id(3), Place::Open, STAMP, 1, &second).unwrap();
    index
}

#[test]
fn what_is_noted_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = filled(&dir.path().join("index.db"));
    let row = index.ticket(id(3)).unwrap().unwrap();
    assert_eq!((row.entries, row.opened, row.active), (2, 100, 200));
    assert_eq!(row.submitter.as_ref().unwrap().address, "ann@x.org");
    assert_eq!(
        (row.subject.as_str(), row.last_from.as_str()),
        ("s", "bob@x.org")
    );
    assert_eq!((row.stamp, row.sound), (STAMP, true));
    assert_eq!(index.highest().unwrap(), 3);
    assert_eq!(index.people(id(3)).unwrap(), ["ann@x.org", "bob@x.org"]);
    assert_eq!(
        index.holders(crate::ticket::summary::key("<2@x>")).unwrap(),
        [id(3)]
    );
    assert_eq!(index.opened_since("Ann@x.org", 100).unwrap(), 1);
    assert_eq!(index.opened_since("ann@x.org", 101).unwrap(), 0);
    let (first, second) = (
        summary("Message-ID: <1@x>\n\nx\n", 0).identity,
        summary("Message-ID: <2@x>\n\ny\n", 0).identity,
    );
    assert_eq!(index.position(id(3), &second).unwrap(), Some(1));
    assert!(index.holds(id(3), &second.digest).unwrap());
    assert!(!index.holds(id(4), &second.digest).unwrap());
    assert_eq!(index.opened_by(&first).unwrap(), [id(3)]);
    assert_eq!(
        index.opened_by(&second).unwrap(),
        [],
        "it did not open the ticket"
    );
    index.moved(id(3), Place::Archived, STAMP).unwrap();
    assert_eq!(index.tickets(Some(Place::Open)).unwrap(), []);
    assert_eq!(index.tickets(Some(Place::Archived)).unwrap().len(), 1);
    index.gone(id(3)).unwrap();
    assert_eq!(index.tickets(None).unwrap(), []);
    assert_eq!(index.highest().unwrap(), 3, "B7");
    assert_eq!(index.position(id(3), &second).unwrap(), None);
}

#[test]
fn another_version_and_garbage_are_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    let index = filled(&path);
    index.set_complete().unwrap();
    assert!(index.is_complete().unwrap());
    index.db.pragma_update(None, "user_version", 99).unwrap();
    drop(index);
    let index = Index::open(&path).unwrap();
    assert!(!index.is_complete().unwrap());
    assert_eq!(index.highest().unwrap(), 0);
    drop(index);
    std::fs::write(&path, vec![b'x'; 5000]).unwrap();
    assert_eq!(Index::open(&path).unwrap().highest().unwrap(), 0);
}

#[test]
fn leaving_keeps_what_was_noted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index.db");
    filled(&path).leave();
    assert_eq!(Index::open(&path).unwrap().highest().unwrap(), 3);
}
