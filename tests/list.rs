//! `tickets list` (E1).

use crate::bench::{Bench, Ran, finish};
use crate::transcript::Transcript;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};
use tickets::mail::entry::{Trace, encode};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// 2026-11-01 00:00 UTC.
const NOVEMBER: i64 = 1_793_491_200;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs() as i64
}

/// An entry as we would have filed it.
fn entry(at: i64, from: &str, subject: &str) -> Vec<u8> {
    let trace = Trace {
        sender: Some("alice@example.net"),
        filed_under: "submit@example.org",
        at,
    };
    let id = format!("{at}.{}@example.net", subject.len());
    let raw = format!("Message-ID: <{id}>\nFrom: {from}\nSubject: {subject}\n\ntext\n");
    encode(&trace, raw.as_bytes())
}

/// A desk with an empty store.
fn desk() -> Bench {
    let b = Bench::new();
    b.make_store();
    b
}

/// Four tickets, put there by hand (D9): 3 newest, 1 waits, 12 and 4 are closed.
fn four() -> Bench {
    let b = desk();
    let alice = "Alice Example <alice@example.net>";
    let steve = "Steve <steve@example.org>";
    b.put(
        "tickets/1",
        &entry(now() - 3 * DAY - HOUR, alice, "Printer on fire"),
    );
    let thread = [
        entry(
            NOVEMBER,
            "bob@example.net",
            "Drucker läßt sich nicht öffnen",
        ),
        entry(
            now() - 5 * HOUR - 60,
            steve,
            "Re: Drucker läßt sich nicht öffnen",
        ),
    ];
    b.put("tickets/3", &thread.concat());
    b.put("tickets/archived/4", &entry(NOVEMBER - 60, alice, "Old"));
    b.put(
        "tickets/archived/12",
        &entry(now() - 15 * DAY, "山田 <yamada@example.net>", "請求書"),
    );
    b
}

fn list(b: &Bench, args: &[&str]) -> Ran {
    let mut command = b.command(&["list"]);
    command.args(args).env("TZ", "UTC");
    finish(command, b"")
}

fn numbers(b: &Bench, args: &[&str]) -> String {
    let ran = list(b, &[args, &["-q"]].concat());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout.replace('\n', " ").trim_end().to_owned()
}

// E1
#[test]
fn manual() {
    let b = four();
    let mut t = Transcript::new(&b);
    t.step(
        "The open tickets, newest activity first. In ticket 1 somebody waits: the last word is a customer's.",
        "tickets list",
    );
    t.step(
        "Closed ones are marked.",
        "tickets list --closed --from YAMADA",
    );
    t.step("Lines fit the terminal.", "COLUMNS=40 tickets list");
    t.step("Numbers alone are for pipes.", "tickets list --all --quiet");
    b.put("tickets/5", b"");
    t.step(
        "A file without a message is a ticket, too.",
        "tickets list --sort messages",
    );

    let b = desk();
    let joerg = "\"Müßig, Jörg\" <joerg@example.net>";
    b.put("tickets/1", &entry(NOVEMBER, joerg, "Größe \"3\""));
    let nobody = entry(NOVEMBER - 1, "nobody we can read", "x");
    b.put("tickets/archived/2", &nobody);
    t.at(&b).step(
        "Objects are for programs, one a line.",
        "tickets list --all --json",
    );
    let b = Bench::new();
    b.make_dir("tickets");
    t.at(&b).step(
        "An empty list says why. In the forms for programs it is just empty.",
        "tickets list\ntickets list --all --waiting\ntickets list --quiet\ntickets list --json",
    );
    assert!(!b.ticket(".tickets").exists(), "looking creates nothing");
    let hi = "From: alice@example.net\nSubject: Hi\n\nHi\n";
    b.file("submit", hi);
    t.run("tickets list --from bob\ntickets list --closed\ntickets close 1\ntickets list");
    // E4
    t.step(
        "Mistakes name the way out.",
        "tickets list --since soon\ntickets list --closed --waiting\ntickets list --json -q\ntickets list 12",
    );
    insta::assert_snapshot!("list", t);
}

#[test]
fn choosing_and_ordering() {
    // E1
    let b = four();
    for (args, want) in [
        (&[][..], "3 1"),
        (&["--all"], "3 1 12 4"),
        (&["-a", "--sort", "opened"], "1 12 3 4"),
        (&["-a", "--sort", "number"], "12 4 3 1"),
        (&["-a", "--sort", "messages"], "3 12 4 1"),
        (&["-a", "--sort", "from"], "4 1 3 12"),
        (&["-a", "--sort", "subject", "--reverse"], "12 1 4 3"),
        (&["--closed"], "12 4"),
        (&["--waiting"], "1"),
        (&["-a", "--waiting"], "1"),
        (&["--from", "alice"], "1"),
        (&["--from", "EXAMPLE.NET"], "3 1"),
        (&["-a", "--from", "alice example"], "1 4"),
        (&["--since", "1d"], "3"),
        (&["--since", "2 days ago"], "3"),
        (&["-a", "--since", "3 weeks"], "3 1 12"),
        (&["-a", "--since", "2026-11-01"], "3 1 12"),
        (&["-a", "--since", "2026-10-31 23:59"], "3 1 12 4"),
        (&["-a", "--since", "2026-10-31T23:59:01Z"], "3 1 12"),
        (&["--from", "nobody"], ""),
    ] {
        assert_eq!(numbers(&b, args), want, "{args:?}");
    }
}

#[test]
fn somebody_waits_while_the_last_word_is_a_customers() {
    let b = desk();
    let alice = "alice@example.net";
    for (case, last, want) in [
        ("the submitter", "alice@example.net", "1"),
        ("another customer", "Bob <bob@example.net>", "1"),
        ("an admin", "Steve@Example.org", ""),
        ("the operator's mutt", "Support <ticket-1@example.org>", ""),
        ("the desk", "submit@example.org", ""),
        (
            "a robot, which answers nobody",
            "mailer-daemon@example.net",
            "1",
        ),
        ("nobody", "(none)", "1"),
    ] {
        let thread = [
            entry(NOVEMBER, alice, "Hi"),
            entry(NOVEMBER + 1, last, "Re: Hi"),
        ];
        b.put("tickets/1", &thread.concat());
        assert_eq!(numbers(&b, &["--waiting"]), want, "{case}");
    }
}

// D9: what is done to the files by hand is the truth from then on.
#[test]
fn files_changed_by_hand_are_seen() {
    let b = four();
    assert_eq!(numbers(&b, &["--all"]), "3 1 12 4");
    fs::remove_file(b.ticket("3")).unwrap();
    fs::rename(b.ticket("archived/12"), b.ticket("12")).unwrap();
    fs::rename(b.ticket("1"), b.ticket("archived/1")).unwrap();
    b.put("tickets/7", &entry(now(), "carol@example.net", "Copied in"));
    assert_eq!(numbers(&b, &[]), "7 12");
    assert_eq!(numbers(&b, &["--closed"]), "1 4");
    let edited = String::from_utf8(fs::read(b.ticket("7")).unwrap()).unwrap();
    b.put(
        "tickets/7",
        edited.replace("Copied in", "Edited").as_bytes(),
    );
    list(&b, &["--from", "carol"]).is(0, " 7 * now  1  carol@example.net  Edited\n", "");
}

// D9
#[test]
fn only_plain_numbers_are_tickets() {
    let b = desk();
    let mail = entry(NOVEMBER, "alice@example.net", "Hi");
    for name in [
        "1",
        "01",
        "0",
        "2.lock",
        "3~",
        ".4.swp",
        "five",
        "1000000000",
    ] {
        b.put(&format!("tickets/{name}"), &mail);
    }
    fs::create_dir(b.ticket("6")).unwrap();
    std::os::unix::fs::symlink(b.ticket("1"), b.ticket("8")).unwrap();
    assert_eq!(numbers(&b, &["--all"]), "1");
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = four();
    for form in ["--all", "--json", "-q"] {
        b.run_into_closed_pipe(&["list", form]);
    }
}

/// E1: a mail of ours that came back is seen in the list, until something else happens in the ticket. A warning that it
/// is still on its way, and what other machines write, is no such thing.
#[test]
fn an_answer_that_did_not_arrive_is_marked() {
    let report = |action: &str| {
        format!(
            "From: Mail System <MAILER-DAEMON@mx.example>\nTo: ticket-1@example.org\nMessage-ID: <{action}@mx>\n\
             Subject: Mail\nContent-Type: multipart/report;\n report-type=delivery-status; boundary=b\n\n\
             --b\n\nAction: failed\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n\
             Final-Recipient: rfc822; alice@example.net\nACTION: {action}\n\n--b\n\
             Content-Type: text/rfc822-headers\n\nAction: failed\n--b--\n"
        )
    };
    let exims = "From: Mailer-Daemon@mx.example\nX-Failed-Recipients: alice@example.net\nMessage-ID: <x@mx>\n\nNo.\n";
    let vacation =
        "From: alice@example.net\nAuto-Submitted: auto-replied\nMessage-ID: <v@x>\n\nAway.\n";
    for (case, bounce, mark) in [
        ("failed", report("failed").as_str(), "!"),
        ("delayed", &report("delayed"), ""),
        ("of Exim", exims, "!"),
        ("a vacation", vacation, ""),
    ] {
        let b = Bench::new();
        b.file(
            "submit",
            "From: alice@example.net\nMessage-ID: <1@x>\nSubject: S\n\nHelp\n",
        );
        b.file(
            "ticket-1",
            "From: steve@example.org\nMessage-ID: <2@x>\n\nSo.\n",
        );
        b.deliver_bounce("ticket-1@example.org", bounce)
            .is(0, "", "");
        let said = |b: &Bench| {
            let line = b.run(&["list"], b"").stdout;
            let json = b.run(&["list", "--json"], b"").stdout;
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            let mark = line
                .split_whitespace()
                .nth(1)
                .unwrap()
                .trim_matches(|c: char| c.is_ascii_alphanumeric());
            (mark.to_owned(), json["undelivered"].as_bool())
        };
        let want = (mark.to_owned(), Some(mark == "!"));
        assert_eq!(said(&b), want, "{case}");
        b.works("reindex");
        assert_eq!(said(&b), want, "{case}, from the mbox");
        // Somebody has to act: the customer has no answer.
        let acts = if mark == "!" { "1" } else { "" };
        assert_eq!(numbers(&b, &["--waiting"]), acts, "{case}");
        let shown = b.run(&["search", "help"], b"").stdout;
        assert_eq!(shown.contains('!'), mark == "!", "{case} {shown}");
        b.file(
            "ticket-1",
            "From: steve@example.org\nMessage-ID: <3@x>\n\nOnce more.\n",
        );
        assert_eq!(said(&b), (String::new(), Some(false)), "{case}");
    }
}
