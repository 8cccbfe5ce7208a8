//! Every mail of the corpus in a Maildir: imported, exported and imported again, not a byte is lost
//! (D6).

use crate::bench::Bench;
use crate::corpus;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tickets::mail::entry::{self, Verdict};
use tickets::mail::mbox;
use tickets::mail::message::Message;
use tickets::ticket::identity::Identity;

/// How often each message lies in a store, by its digest.
fn digests(bench: &Bench) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for name in bench.names() {
        let file = fs::read(bench.ticket(&name)).unwrap();
        for message in mbox::entries(&file, 0) {
            let decoded = entry::decode(message.content);
            assert_eq!(decoded.verdict, Verdict::Intact, "{name}");
            *found.entry(entry::digest(&decoded.raw)).or_default() += 1;
        }
    }
    found
}

#[test]
fn no_mail_of_the_corpus_is_changed() {
    let bench = Bench::with("max_size = \"1 GiB\"\n");
    for part in ["", "/cur", "/new", "/tmp"] {
        bench.make_dir(&format!("Mail{part}"));
    }
    let mut want: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = HashSet::new();
    for (nth, case) in corpus::all().iter().enumerate() {
        let path = bench.path(&format!("Mail/cur/{}.{nth}.host:2,S", 1_700_000_000 + nth));
        fs::write(&path, &case.mail).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        // An MTA's From_ line is not the message's; and the same message is filed once (A5).
        let (_, raw) = mbox::strip_from_line(&case.mail);
        let identity = Identity::of(&Message::new(raw));
        if seen.insert((identity.key, identity.digest)) {
            *want.entry(entry::digest(raw)).or_default() += 1;
        }
    }
    let count = want.values().sum::<usize>();
    assert!(count > 400, "{count}");
    let ran = bench.run(&["import", "--with-deleted", "Mail"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout
            .starts_with(&format!("filed {count} messages in ")),
        "{ran:?}"
    );
    assert_eq!(digests(&bench), want);

    let there = bench.path("there");
    let there = ["--dir", there.to_str().unwrap()];
    for (form, name) in [("--mbox", "all.mbox"), ("--maildir", "all")] {
        bench
            .run(&["export", form, name], b"")
            .silent_but_for_output(name);
        let ran = bench.run(&[&there[..], &["import", "-k", name]].concat(), b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{name}");
        for name in bench.names() {
            let (old, new) = (
                fs::read(bench.ticket(&name)),
                fs::read(bench.path("there").join(&name)),
            );
            assert!(old.unwrap() == new.unwrap(), "{name}");
        }
        fs::remove_dir_all(bench.path("there")).unwrap();
    }
}
