//! `tickets check --send`: a mail that must come back, and is taken away.

use crate::bench::{Bench, Ran, binary};
use crate::check::{MAIL, desk};
use std::fs;
use std::path::Path;

/// The test mails that lie in the store.
fn probes(b: &Bench) -> Vec<String> {
    let names = fs::read_dir(b.ticket(".tickets/check"))
        .into_iter()
        .flatten();
    let mut names: Vec<String> = names
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A mail server that hands each mail to the desk at once, and does with it what `change` does.
fn brings(b: &Bench, change: &str) {
    let tickets = binary();
    let (tickets, config) = (tickets.display(), b.path("config.toml"));
    b.sendmail(&format!(
        "#!/bin/sh\nfor to do :; done\n{change} | {tickets} --config {} deliver --sender= --recipient=$to\n",
        config.display()
    ));
}

/// What `check --send` says of it, and its status. Times are left out.
#[track_caller]
fn sends(b: &Bench) -> (Vec<String>, i32) {
    let etc = b.path("etc").display().to_string();
    let Ran {
        status,
        stdout,
        stderr,
    } = b.run(&["check", "--etc", &etc, "--send", "--wait", "0"], b"");
    assert_eq!(stderr, "");
    let lines: Vec<&str> = stdout.lines().collect();
    let of_send = lines
        .iter()
        .enumerate()
        .filter(|(_, it)| it.contains("  send: "));
    let with_mend = of_send.flat_map(|(at, line)| {
        let mend = lines.get(at + 1).filter(|it| it.contains(" mend: "));
        [Some(line), mend].into_iter().flatten()
    });
    let plain = |line: &&str| match line.split_once(", after ") {
        Some((text, _)) => text.to_owned(),
        None => (*line).to_owned(),
    };
    (with_mend.map(plain).collect(), status)
}

/// L7: the delivery of a test mail is a line with a verb, too.
#[test]
fn a_test_mail_is_logged() {
    let b = desk("");
    b.configure(&format!("log = {:?}\n", b.path("log")));
    brings(&b, "cat");
    sends(&b);
    let log = fs::read_to_string(b.path("log")).unwrap();
    let fields: Vec<&str> = log
        .lines()
        .map(|line| line.split("]: ").nth(1).unwrap())
        .collect();
    assert_eq!(fields.len(), 1, "{log}");
    assert!(
        fields[0].starts_with("tested answers=0 from=<> msgid=<"),
        "{log}"
    );
}

/// The store, less what every delivery into a new one leaves.
fn store(b: &Bench) -> [Vec<String>; 2] {
    let names = |dir: &Path| {
        let names = fs::read_dir(dir).into_iter().flatten();
        let mut names: Vec<String> = names
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    [names(&b.ticket("")), names(&b.ticket(".tickets"))]
}

// E3, B7
#[test]
fn a_mail_comes_back_and_is_taken_away() {
    let b = desk("");
    b.file("submit", MAIL);
    let mbox = fs::read(b.ticket("1")).unwrap();
    let sent = b.sent().len();
    brings(&b, "cat");
    let good = "ok    send: a mail to submit@example.org was filed as it was sent".to_owned();
    // There is no mail server, which is a warning of its own.
    assert_eq!(sends(&b), (vec![good.clone()], 1));
    assert_eq!(probes(&b), [""; 0]);
    let after = store(&b);
    assert_eq!(sends(&b), (vec![good], 1));
    assert_eq!(store(&b), after);
    assert_eq!(after[0], [".tickets", "1", "archived"]);
    assert_eq!(fs::read(b.ticket("1")).unwrap(), mbox);
    assert_eq!(
        (b.sent().len(), b.outbox()),
        (sent, Vec::new()),
        "nobody is told"
    );
    b.mend_sendmail();
    // No number is skipped.
    b.file("submit", MAIL.replace("1@x", "2@x"));
    assert!(b.ticket("2").exists());
}

// E3
#[test]
fn what_does_not_come_as_it_was_sent_is_a_fault() {
    let b = desk("");
    let mend = "      mend: sudo mailq, and the log of the mail server".to_owned();
    brings(&b, "sed 's/^From here/>&/'");
    let changed = "FAIL  send: a mail to submit@example.org was filed, but line 2 of its text is another than in \
                   the one that was sent";
    assert_eq!(sends(&b), (vec![changed.into()], 2));
    assert_eq!(probes(&b), [""; 0]);

    b.sendmail("#!/bin/sh\necho 'no queue' >&2\nexit 70\n");
    let refused = "FAIL  send: sendmail exited with status 70: no queue".to_owned();
    assert_eq!(sends(&b), (vec![refused, mend.clone()], 2));
    assert_eq!(probes(&b), [""; 0]);

    b.sendmail(
        "#!/bin/sh\ncat >late\n"
            .replace("late", b.path("late").to_str().unwrap())
            .as_str(),
    );
    let never = "FAIL  send: a mail to submit@example.org was not filed within 0 s".to_owned();
    assert_eq!(sends(&b), (vec![never.clone(), mend.clone()], 2));
    assert_eq!(probes(&b).len(), 1);

    // It comes later, and still opens no ticket.
    let late = fs::read(b.path("late")).unwrap();
    let recipient = ["deliver", "--sender", "", "submit@example.org"];
    b.run(&recipient, &late).is(0, "", "");
    let late_one = probes(&b);
    assert!(
        late_one.len() == 1 && !late_one[0].ends_with(".due"),
        "{late_one:?}"
    );
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let file = fs::File::options()
        .write(true)
        .open(b.ticket(".tickets/check").join(&late_one[0]));
    file.unwrap().set_modified(hours_ago).unwrap();
    let warned = "warn  send: 1 mail of an earlier test came more than an hour late".to_owned();
    assert_eq!(sends(&b), (vec![never, mend.clone(), warned, mend], 2));
    assert_eq!(store(&b)[0], [".tickets", "archived"]);

    let b = desk("");
    let dir = format!(
        "dir = {:?}\nsendmail = {:?}\n",
        b.ticket(""),
        b.path("sendmail")
    );
    b.put("config.toml", dir.as_bytes());
    let (found, status) = sends(&b);
    assert_eq!(found, ["note  send: not tried, because of what fails"]);
    assert_eq!((status, b.sent().len()), (2, 0));
}

// E3: the mark is of no use to a stranger.
#[test]
fn a_mark_that_is_not_expected_marks_nothing() {
    let b = desk("");
    let kept = b.path("kept");
    brings(&b, &format!("tee {}", kept.display()));
    assert_eq!(sends(&b).1, 1);
    b.mend_sendmail();
    let used = fs::read_to_string(kept).unwrap();
    let token = used
        .lines()
        .find(|it| it.starts_with("X-Tickets-Check: "))
        .unwrap();
    let mail = |n: u32, mark: &str| {
        let mail = MAIL.replace("1@x", &format!("{n}@x"));
        format!("{mark}\n{mail}")
    };
    // It was valid once.
    b.file("submit", mail(1, token));
    let guess = format!("X-Tickets-Check: {}", "0".repeat(32));
    b.file("submit", mail(2, &guess));
    b.file("submit", mail(3, "X-Tickets-Check: ../../1"));
    for n in 1..=3 {
        let text = fs::read_to_string(b.ticket(&n.to_string())).unwrap();
        assert!(text.contains(&format!("<{n}@x>")), "{text}");
    }
    // Each is acknowledged, and told to the admin.
    assert_eq!(b.sent().len(), 6);

    // Whoever saw a token that is expected, or in use, silences no mail with it: not the first, nor any after the test.
    b.sendmail(&format!("#!/bin/sh\ncat >{}\n", b.path("seen").display()));
    assert_eq!(sends(&b).1, 2);
    b.mend_sendmail();
    let seen = fs::read_to_string(b.path("seen")).unwrap();
    let token = seen
        .lines()
        .find(|it| it.starts_with("X-Tickets-Check: "))
        .unwrap();
    b.file("submit", mail(4, token));
    for _ in 0..2 {
        b.run(
            &["deliver", "--sender", "", "submit@example.org"],
            seen.as_bytes(),
        )
        .is(0, "", "");
    }
    b.file("submit", mail(5, token));
    let again = seen.replace("Subject: Test", "Subject: Another");
    b.run(
        &["deliver", "--sender", "", "submit@example.org"],
        again.as_bytes(),
    )
    .is(0, "", "");
    for (n, text) in [(4, "<4@x>"), (5, "<5@x>"), (6, "Subject: Another")] {
        let there = fs::read_to_string(b.ticket(&n.to_string())).unwrap();
        assert!(there.contains(text), "{there}");
    }
    assert!(!b.ticket("7").exists());

    // One that is expected at submit@ is an ordinary mail in a ticket.
    b.sendmail(&format!("#!/bin/sh\ncat >{}\n", b.path("held").display()));
    assert_eq!(sends(&b).1, 2);
    b.mend_sendmail();
    let held = fs::read(b.path("held")).unwrap();
    b.run(&["deliver", "--sender", "", "ticket-1@example.org"], &held)
        .is(0, "", "");
    let text = fs::read_to_string(b.ticket("1")).unwrap();
    assert!(text.contains("Subject: Test of tickets"), "{text}");
}
