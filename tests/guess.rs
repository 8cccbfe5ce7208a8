//! E7: no mail goes out in the name of a domain that nobody configured.

use crate::bench::{Bench, Sent};
use crate::deliver::FIRST;
use std::fs;

/// A desk without a domain, and the domain that it guesses.
fn desk() -> (Bench, String) {
    let b = Bench::new();
    set_domain(&b, None);
    let said = b.run(&["init", "--exim"], b"").stderr;
    let (_, guess) = said.split_once("configured, and ").unwrap();
    let (guess, _) = guess.split_once(" is only").unwrap();
    (b, guess.to_owned())
}

fn set_domain(b: &Bench, domain: Option<&str>) {
    let text = format!(
        "{}admins = \"steve@example.net\"\ndir = {:?}\nsendmail = {:?}\n",
        domain.map_or(String::new(), |domain| format!("domain = {domain:?}\n")),
        b.path("tickets"),
        b.path("sendmail")
    );
    b.put("config.toml", text.as_bytes());
}

fn kinds(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(Sent::in_short).collect()
}

/// E6, E7, E4, C9
#[test]
fn answers_wait_for_a_domain() {
    let (b, guess) = desk();
    let config = b.path("config.toml").display().to_string();
    let why = format!("no domain is configured, and {guess} is only a guess");
    let mend = format!("write `domain = \"{guess}\"` into {config}");
    // The mail is filed, and the MTA hears nothing of it.
    b.deliver("submit@anywhere.example", FIRST).silent();
    assert_eq!(b.names(), ["1"]);
    let args = ["deliver", "-v", "-f", "bob@example.net", "submit@x"];
    let second = FIRST.replace("1@", "2@").replace("alice@", "bob@");
    let said = format!(
        "ticket 2 opened: {}; acknowledgement queued for bob@example.net; copy queued for steve@example.net\n\
         tickets: 2 mails wait in the outbox: {why}; {mend}\n",
        b.ticket("2").display()
    );
    b.run(&args, second.as_bytes()).is(0, "", &said);
    assert_eq!((b.outbox().len(), b.sent()), (4, vec![]));
    let said = format!("tickets: 4 mails wait in the outbox: {why}; {mend}\n");
    b.run(&["flush"], b"").is(75, "0 sent, 4 waiting\n", &said);
    // What writes to somebody does nothing; anything else works.
    let before = (b.mbox("1"), b.outbox());
    let refused = format!("tickets: {why}\nhint: {mend}\n");
    for args in [
        &["close", "1"][..],
        &["close", "1", "-m", "Done."],
        &["reopen", "1"],
        &["reply", "1"],
        &["init", "--exim"],
        &["init", "--postfix"],
        &["init", "--mutt"],
    ] {
        b.run(args, b"").is(78, "", &refused);
    }
    assert_eq!((b.mbox("1"), b.outbox()), before);
    b.says("list -q", "2\n1\n");
    b.says("close --quiet 2", "closed 2  Printer on fire\n");
    let check = b.run(&["check"], b"").stdout;
    let line = format!(
        "FAIL  config: no domain is configured, so that no mail is sent: {guess} is only a guess"
    );
    assert!(check.lines().any(|l| l == line), "{check}");
    assert_eq!(b.sent(), []);
    // As it was guessed: everything goes out, and nothing in it says that anybody guessed.
    set_domain(&b, Some(&guess));
    b.says("flush", "4 sent, 0 waiting\n");
    let sent = b.take_sent();
    assert_eq!(
        kinds(&sent),
        [
            "ack <> -- alice@example.net",
            "ack <> -- bob@example.net",
            "copy <> -- steve@example.net",
            "copy <> -- steve@example.net",
        ]
    );
    for mail in &sent {
        assert!(!mail.mail.contains("X-Tickets-Guess"), "{}", mail.mail);
        let from = mail.field("From").unwrap();
        assert!(from.ends_with(&format!("@{guess}>")), "{from}");
    }
    b.says("close 1", "closed 1  Printer on fire\n");
    assert_eq!(kinds(&b.take_sent()), ["closed <> -- alice@example.net"]);
}

/// E7, C9: what was written in the name of a guess that was wrong is given up, and the admins are told.
#[test]
fn a_wrong_guess_is_never_sent() {
    for by_delivery in [false, true] {
        let (b, guess) = desk();
        b.deliver("submit@anywhere.example", FIRST).silent();
        assert_eq!(b.outbox().len(), 2);
        set_domain(&b, Some("example.org"));
        let reason = format!(
            "was given up: it was written as from {guess}, when that was only a guess; the domain is example.org"
        );
        if by_delivery {
            // An old mail is tried when it is due, which is after a minute.
            for name in b.outbox() {
                let path = b.ticket(".tickets/outbox").join(&name);
                let (dir, name) = name.split_once('/').unwrap();
                let (since, rest) = name.split_once('.').unwrap();
                let since = since.parse::<i64>().unwrap() - 100;
                let old = b
                    .ticket(".tickets/outbox")
                    .join(dir)
                    .join(format!("{since}.{rest}"));
                let file = fs::File::options().write(true).open(&path).unwrap();
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(since as u64);
                file.set_modified(time).unwrap();
                fs::rename(path, old).unwrap();
            }
            b.file(
                "submit",
                FIRST.replace("1@", "2@").replace("alice@", "bob@"),
            );
            let sent = kinds(&b.take_sent());
            assert_eq!(
                sent,
                ["ack <> -- bob@example.net", "copy <> -- steve@example.net"]
            );
        } else {
            let ran = b.run(&["flush"], b"");
            assert_eq!(
                (ran.status, ran.stdout.as_str()),
                (75, "2 sent, 0 waiting\n"),
                "the two that say so to the admins"
            );
            let mut lines: Vec<&str> = ran.stderr.lines().collect();
            lines.sort_unstable();
            assert_eq!(
                lines,
                [
                    format!("tickets: the ack of ticket 1 for alice@example.net {reason}"),
                    format!("tickets: the copy of ticket 1 for steve@example.net {reason}"),
                ]
            );
        }
        let failed = |b: &Bench| {
            b.outbox()
                .iter()
                .filter(|name| name.starts_with("failed/"))
                .count()
        };
        // A delivery stops at the first mail that fails; a flush does not.
        assert_eq!(failed(&b), if by_delivery { 1 } else { 2 });
        for _ in 0..2 {
            assert!(!b.run(&["flush"], b"").stderr.contains("waits"));
        }
        assert_eq!((failed(&b), b.outbox().len()), (2, 2));
        let sent = b.take_sent();
        assert_eq!(sent.len(), 2, "{:?}", kinds(&sent));
        for notice in &sent {
            assert!(
                notice.in_short().ends_with(" <> -- steve@example.net"),
                "{notice:?}"
            );
            let words = notice.mail.replace('\n', " ");
            assert!(
                words.contains("was given up: it was written as from"),
                "{words}"
            );
            assert!(notice.field("From").unwrap().ends_with("@example.org>"));
        }
        b.says("flush", "0 sent, 0 waiting\n");
    }
}
