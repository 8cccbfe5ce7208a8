//! The outbox on a real disk, with fake sendmails.

mod clock;
mod events;
mod held;
mod sending;

use super::*;
use crate::sendmail::Sendmail;
use crate::ticket::compose::Kind;
use std::fs;
use std::time::Duration;

const NOW: i64 = 1_732_240_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

struct Bench {
    dir: tempfile::TempDir,
    outbox: Outbox,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::at(dir.path());
        Self { dir, outbox }
    }

    /// A sendmail that runs `script`, in which `$OUT` is a directory and `$last` the last recipient.
    fn sendmail(&self, script: &str) -> Sendmail {
        let path = self.dir.path().join("sendmail.sh");
        let out = self.dir.path().join("out");
        fs::create_dir_all(&out).unwrap();
        let script = format!(
            "OUT={}\nfor last in \"$@\"; do :; done\n{script}",
            out.display()
        );
        fs::write(&path, script).unwrap();
        let args = vec![path.to_str().unwrap().to_owned()];
        Sendmail {
            program: "/bin/sh".into(),
            args,
            timeout: Duration::from_secs(60),
        }
    }

    /// What the recording sendmail got, in the order of names.
    fn sent(&self) -> Vec<(String, String)> {
        let mut sent: Vec<_> = fs::read_dir(self.dir.path().join("out"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|e| {
                (
                    e.file_name().into_string().unwrap(),
                    fs::read_to_string(e.path()).unwrap(),
                )
            })
            .collect();
        sent.sort();
        sent
    }

    /// All files, as `new/NAME`, sorted.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for sub in [
            "tmp",
            "new",
            "cur",
            "failed/tmp",
            "failed/new",
            "failed/cur",
        ] {
            let places = self.outbox.places(sub).unwrap();
            files.extend(places.iter().map(|p| format!("{sub}/{}", p.name())));
        }
        files.sort();
        files
    }

    /// Stages and releases one mail to each recipient.
    fn put(&self, ticket: u32, to: &[&str], now: i64) -> Released {
        let mails: Vec<Outgoing> = to.iter().map(|to| mail(to)).collect();
        let staged = self.outbox.stage(&key(ticket), &mails, now).unwrap();
        self.outbox.release(staged.of_filed_message(), now).unwrap()
    }
}

fn key(ticket: u32) -> Key {
    Key {
        ticket: TicketId::new(ticket).unwrap(),
        digest: "abc123".into(),
    }
}

fn mail(to: &str) -> Outgoing {
    Outgoing {
        kind: Kind::Ack,
        sender: None,
        recipients: vec![to.into()],
        bytes: format!("To: {to}\n\nhello\n").into_bytes(),
        held_until: None,
    }
}

/// Leaves staged mail behind, as a killed process does.
fn killed(staged: Staged) {
    std::mem::forget(staged);
}

fn recipients<'a>(mails: impl IntoIterator<Item = &'a Mail>) -> Vec<&'a str> {
    mails
        .into_iter()
        .flat_map(|mail| &mail.recipients)
        .map(String::as_str)
        .collect()
}

const RECORD: &str = r#"{ printf '%s ' "$@"; echo; cat; } >>$OUT/$last"#;

#[test]
fn staged_mail_is_inert_until_it_is_released() {
    let bench = Bench::new();
    let copy = Outgoing {
        kind: Kind::Copy,
        sender: Some("ticket-7@x".into()),
        ..mail("b@x")
    };
    let staged = bench
        .outbox
        .stage(&key(7), &[mail("a@x"), copy], NOW)
        .unwrap();
    assert_eq!(bench.files(), ["tmp/7.abc123.0.ack", "tmp/7.abc123.1.copy"]);
    let sendmail = bench.sendmail(RECORD);
    let report = bench.outbox.flush(&sendmail, NOW + DAY).unwrap();
    assert!(report.sent.is_empty() && bench.sent().is_empty());

    let released = bench
        .outbox
        .release(staged.of_filed_message(), NOW)
        .unwrap();
    assert_eq!(
        bench.files(),
        [
            "new/1732240000.7.abc123.0.ack",
            "new/1732240000.7.abc123.1.copy"
        ]
    );
    let report = bench.outbox.send(&sendmail, &released, NOW).unwrap();
    assert_eq!(recipients(&report.sent), ["a@x", "b@x"]);
    assert!(bench.files().is_empty());
    let want = [
        ("a@x", "-i -f <> -- a@x \nTo: a@x\n\nhello\n"),
        ("b@x", "-i -f ticket-7@x -- b@x \nTo: b@x\n\nhello\n"),
    ];
    assert_eq!(
        bench.sent(),
        want.map(|(to, got)| (to.to_owned(), got.to_owned()))
    );
}

#[test]
fn nobody_else_may_read_it() {
    // D8
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let _staged = bench.outbox.stage(&key(7), &[mail("a@x")], NOW).unwrap();
    let mode = |sub: &str| {
        fs::metadata(bench.outbox.path(sub))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode("tmp/7.abc123.0.ack"), mode("tmp"), mode("failed/new")),
        (0o600, 0o700, 0o700)
    );
}

#[test]
fn no_directory_is_created_before_the_first_mail() {
    // E6
    let bench = Bench::new();
    let _staged = bench.outbox.stage(&key(7), &[], NOW).unwrap();
    let nobody = Outgoing {
        recipients: vec![],
        ..mail("")
    };
    let _staged = bench.outbox.stage(&key(7), &[nobody], NOW).unwrap();
    assert!(
        bench.outbox.waiting().unwrap().is_empty() && bench.outbox.failed().unwrap().is_empty()
    );
    assert!(bench.outbox.adopt(&key(7), NOW).unwrap().0.is_empty());
    assert_eq!(
        bench.outbox.recover(&|_, _| Ok(true), NOW).unwrap(),
        Recovered::default()
    );
    assert!(!bench.dir.path().join(".tickets").exists());
}

#[test]
fn a_retry_writes_the_same_file_and_never_a_second() {
    // C9, A5: a delivery dies after each step; the next one sends its mail once.
    let sent_once = |bench: &Bench, released: &Released| {
        let report = bench
            .outbox
            .send(&bench.sendmail(RECORD), released, NOW + 5)
            .unwrap();
        assert_eq!((report.sent.len(), bench.files().len()), (1, 0));
        assert_eq!(bench.sent().len(), 1);
    };
    let bench = Bench::new();
    let two = [mail("a@x"), mail("b@x")];
    killed(bench.outbox.stage(&key(7), &two, NOW).unwrap());
    fs::write(bench.outbox.path("tmp/7.abc123.0.ack"), "half a ma").unwrap();
    let staged = bench
        .outbox
        .stage(&key(7), &[mail("a@x")], NOW + 5)
        .unwrap();
    sent_once(
        &bench,
        &bench
            .outbox
            .release(staged.of_filed_message(), NOW + 5)
            .unwrap(),
    );

    let bench = Bench::new();
    killed(bench.outbox.stage(&key(7), &[mail("a@x")], NOW).unwrap());
    let of_another = bench.outbox.stage(&key(71), &[mail("c@x")], NOW).unwrap();
    let adopted = bench.outbox.adopt(&key(7), NOW + 5).unwrap();
    assert_eq!(
        bench.files(),
        ["new/1732240005.7.abc123.0.ack", "tmp/71.abc123.0.ack"]
    );
    // Dropping staged mail removes it, and nothing else.
    drop(of_another);
    assert_eq!(bench.files(), ["new/1732240005.7.abc123.0.ack"]);
    sent_once(&bench, &adopted);

    let bench = Bench::new();
    bench.put(7, &["a@x"], NOW);
    let adopted = bench.outbox.adopt(&key(7), NOW + 5).unwrap();
    sent_once(&bench, &adopted);
}

#[test]
fn releasing_twice_is_harmless() {
    let bench = Bench::new();
    let staged = bench.outbox.stage(&key(7), &[mail("a@x")], NOW).unwrap();
    let by_a_retry = bench.outbox.adopt(&key(7), NOW).unwrap();
    assert_eq!(
        (
            by_a_retry.len(),
            bench
                .outbox
                .release(staged.of_filed_message(), NOW)
                .unwrap()
                .len()
        ),
        (1, 0)
    );
    assert_eq!(bench.files().len(), 1);
}

#[test]
fn an_interrupted_release_sends_once() {
    let two_names = || {
        let bench = Bench::new();
        let released = bench.put(7, &["a@x"], NOW);
        let staged = bench.outbox.path("tmp/7.abc123.0.ack");
        fs::hard_link(released.0[0].path(), staged).unwrap();
        (bench, released)
    };
    let (bench, released) = two_names();
    let sendmail = bench.sendmail(RECORD);
    let report = bench.outbox.send(&sendmail, &released, NOW).unwrap();
    assert_eq!((report.sent.len(), bench.sent().len()), (1, 1));
    assert_eq!(bench.files(), [""; 0]);
    // The next attempt at its delivery finds both names.
    let (bench, _) = two_names();
    let sendmail = bench.sendmail(RECORD);
    let adopted = bench.outbox.adopt(&key(7), NOW + 5).unwrap();
    bench.outbox.send(&sendmail, &adopted, NOW + 5).unwrap();
    bench.outbox.flush(&sendmail, NOW + DAY).unwrap();
    assert_eq!(bench.sent()[0].1.matches("To: a@x").count(), 1);
    assert_eq!(bench.files(), [""; 0]);
}

#[test]
fn abandoned_mail_is_released_or_removed() {
    // C9: nothing is sent for a message that was not filed.
    let table = [
        ("young, filed", true, MINUTE, "tmp/7.abc123.0.ack", 0, 0),
        (
            "old, filed",
            true,
            11 * MINUTE,
            "new/1732240660.7.abc123.0.ack",
            1,
            0,
        ),
        (
            "old, not filed",
            false,
            11 * MINUTE,
            "tmp/7.abc123.0.ack",
            0,
            0,
        ),
        ("a day, not filed", false, DAY, "", 0, 1),
    ];
    for (case, filed, age, left, released, removed) in table {
        let bench = Bench::new();
        killed(bench.outbox.stage(&key(7), &[mail("a@x")], NOW).unwrap());
        let is_filed =
            |ticket: TicketId, digest: &str| Ok(filed && ticket.get() == 7 && digest == "abc123");
        let got = bench.outbox.recover(&is_filed, NOW + age).unwrap();
        assert_eq!(got, Recovered { released, removed }, "{case}");
        assert_eq!(bench.files().join(" "), left, "{case}");
    }
}

#[test]
fn an_envelope_is_what_was_put_in() {
    // C8, C10
    let bench = Bench::new();
    let refused = [
        (
            "newline in a recipient",
            Outgoing {
                recipients: vec!["a@x\nX-Tickets-Recipient: b@x".into()],
                ..mail("")
            },
        ),
        (
            "newline in the sender",
            Outgoing {
                sender: Some("a\n".into()),
                ..mail("a@x")
            },
        ),
        (
            "a mail that looks like one",
            Outgoing {
                bytes: b"X-Tickets-Recipient: b@x\n\n".to_vec(),
                ..mail("a@x")
            },
        ),
    ];
    for (case, bad) in refused {
        assert!(
            bench
                .outbox
                .stage(&key(7), &[mail("a@x"), bad], NOW)
                .is_err(),
            "{case}"
        );
        assert!(bench.files().is_empty(), "{case}: nothing is left");
    }
    let odd = Key {
        digest: "../x".into(),
        ..key(7)
    };
    assert!(bench.outbox.stage(&odd, &[mail("a@x")], NOW).is_err());

    let many: Vec<String> = (0..300).map(|n| format!("\"a b {n}\"@x")).collect();
    let big = Outgoing {
        recipients: many.clone(),
        bytes: vec![b'x'; 2 << 20],
        ..mail("")
    };
    let staged = bench.outbox.stage(&key(7), &[big], NOW).unwrap();
    let released = bench
        .outbox
        .release(staged.of_filed_message(), NOW)
        .unwrap();
    let count = bench.sendmail("echo $# $(wc -c) >$OUT/count");
    assert_eq!(
        bench.outbox.send(&count, &released, NOW).unwrap().sent[0].recipients,
        many
    );
    assert_eq!(
        bench.sent(),
        [("count".to_owned(), "304 2097152\n".to_owned())]
    );
}

#[test]
fn an_outbox_that_cannot_be_read_is_not_an_empty_one() {
    // C9
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    assert!(Outbox::at(&store).waiting().unwrap().is_empty());
    fs::write(&store, "no directory").unwrap();
    assert!(Outbox::at(&store).waiting().is_err());
}
