//! What a delivery takes of memory (A8), and where the size limit stands (A3).
//!
//! The fake sendmail asks the kernel for the peak of the process that started it: by then all is
//! composed, filed and hashed, and no other process of the test is counted with it.

use crate::bench::Bench;
use crate::corpus_gen::ordinary;
use crate::filter::{install, switch_on};
use crate::limits::under;
use crate::observers::{self, kept, module};
use std::fs;
use std::io::Write;

const SENDMAIL: &str = r#"#!/bin/sh
cat >/dev/null
grep VmHWM /proc/$PPID/status >>"$(dirname "$0")/sent/peaks"
"#;

const MIB: usize = 1 << 20;

fn desk() -> Bench {
    let bench = Bench::new();
    bench.sendmail(SENDMAIL);
    bench
}

/// The largest peak since the last look, in bytes, and how many mails were sent.
fn peak(bench: &Bench) -> (usize, usize) {
    let path = bench.path("sent/peaks");
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(path).unwrap();
    let peaks: Vec<usize> = text
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap().parse().unwrap())
        .collect();
    (1024 * peaks.iter().max().unwrap(), peaks.len())
}

#[track_caller]
fn within(name: &str, peak: usize, size: usize) {
    // The code counts as well. Twenty MiB of it lie in memory in a build for tests, and eleven in one for use.
    let code = if cfg!(debug_assertions) { 9 * MIB } else { 0 };
    let most = 3 * size + 16 * MIB + code;
    let mib = |bytes: usize| bytes as f64 / MIB as f64;
    println!(
        "{name:<34} {:>6.1} MiB of mail, {:>6.1} MiB at the peak, {:>6.1} allowed",
        mib(size),
        mib(peak),
        mib(most)
    );
    assert!(peak <= most, "{name}: {peak} bytes for {size}");
}

// A8
#[test]
fn a_mail_of_60_mebibytes() {
    let bench = desk();
    let mail = ordinary(60 * MIB);
    bench.file("submit", &mail);
    let (bytes, sent) = peak(&bench);
    assert_eq!(sent, 2, "an acknowledgement and a copy");
    within("a new ticket", bytes, mail.len());

    // Another body, so that it is another message.
    let update = [&mail, &b"More.\n"[..]].concat();
    bench.file("ticket-1", &update);
    let (bytes, sent) = peak(&bench);
    assert_eq!(sent, 1, "a copy");
    within("an update", bytes, update.len());

    let text = memchr::memmem::find(&mail, b"\n\n").unwrap();
    let reply = [&b"From: Steve <steve@example.org>\n"[..], &mail[text..]].concat();
    bench.file("ticket-1", &reply);
    let (bytes, sent) = peak(&bench);
    assert_eq!(sent, 1, "passed on to Ann");
    within("a reply that is passed on", bytes, reply.len());
}

// A8, G5: what is made for a filter is gone before the message is filed.
#[test]
fn a_mail_of_60_mebibytes_and_a_filter() {
    let bench = desk();
    install(&bench, "f", b"#!/bin/sh\nread -r head\n", "");
    switch_on(&bench, &["f"], "");
    let mail = ordinary(60 * MIB);
    bench.file("submit", &mail);
    let (bytes, sent) = peak(&bench);
    assert_eq!(sent, 2, "an acknowledgement and a copy");
    within("a new ticket, and a filter", bytes, mail.len());
}

// A8, G6: none of those who want the message has a copy of it in our memory.
#[test]
fn a_mail_of_60_mebibytes_and_five_observers() {
    let bench = desk();
    let watches = "#!/bin/sh\nwc -c >size\ngrep VmHWM /proc/$PPID/status >>\"$TICKETS_MODULE_DIR/../../sent/peaks\"\n";
    let names = ["o1", "o2", "o3", "o4", "o5"];
    for name in names {
        module(&bench, name, watches.as_bytes(), "raw = true\n");
    }
    observers::switch_on(&bench, &names, "");
    let mail = ordinary(60 * MIB);
    bench.file("submit", &mail);
    let (bytes, peaks) = peak(&bench);
    assert_eq!(
        peaks,
        2 + 5,
        "an acknowledgement, a copy, and the observers"
    );
    within("a new ticket, and five observers", bytes, mail.len());
    for name in names {
        let size: usize = kept(&bench, name, "size").trim().parse().unwrap();
        assert!(size > mail.len(), "{size}");
    }
}

// A8: mail made of nothing but what might cost more than its own size.
#[test]
fn mail_made_to_take_memory() {
    // Name, what is repeated, what stands before it.
    let table = [
        ("short fields", "a:\n", ""),
        ("fields that are held", "Lines:\n", ""),
        ("people", "Cc: a@b\n", ""),
        ("authors", "From: a@b\n", ""),
        ("a list of people", " a@b,\n", "To:\n"),
        ("parents", " <a@b>\n", "References:\n"),
        ("subjects", "Subject: =?utf-8?Q?=C3=BC?=\n", ""),
        ("a folded subject", " =?utf-8?Q?=C3=BC?=\n", "Subject:\n"),
        ("types", "Content-Type: text/plain\n", ""),
        ("NULs in the header", "\0", "X: "),
        ("CRLF", "\r\n", "\n"),
        ("ends in turn", "\r\n\n", "\n"),
        ("From_ lines", "From \n", "\n"),
        ("quote marks", ">", "\n"),
        (
            "boundaries",
            "--x\n",
            "Content-Type: multipart/mixed; boundary=x\n\n",
        ),
        (
            "nested",
            "--x\nContent-Type: multipart/mixed; boundary=x\n\n",
            "Content-Type: multipart/mixed; boundary=x\n\n",
        ),
    ];
    for (name, piece, head) in table {
        for notify in ["copy", "note"] {
            let bench = Bench::with(&format!("notify = \"{notify}\"\n"));
            bench.sendmail(SENDMAIL);
            let author = "From: Ann <ann@example.com>\n";
            let mail = format!("{author}{head}{}", piece.repeat(8 * MIB / piece.len()));
            bench.file("submit", &mail);
            within(&format!("{name}, {notify}"), peak(&bench).0, mail.len());
        }
    }
}

/// An mbox of so many bytes, in messages of a mebibyte that another program put there.
fn large(size: usize) -> Vec<u8> {
    let line = "It burns, and the smoke has been all over the house since this morning.\n";
    let mut mbox = Vec::with_capacity(size + MIB);
    for number in 0..size / MIB {
        let head = "From ann@example.com Mon Nov  2 10:00:00 2026\nFrom: Ann <ann@example.com>\n";
        mbox.extend_from_slice(head.as_bytes());
        mbox.extend_from_slice(format!("Message-ID: <{number}@a>\nSubject: Fire\n\n").as_bytes());
        mbox.extend(line.as_bytes().iter().cycle().take(MIB - 73 * 3));
        mbox.extend_from_slice(b"\n\n");
    }
    mbox
}

// A8: what a desk needs does not grow with its tickets, whatever the index knows of them. The limit is on the
// memory that is written to; each thread has a stack of its own.
#[test]
fn a_small_mail_to_a_large_ticket() {
    // T12
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let most = 3 * MIB + 16 * MIB + threads * 4 * MIB;
    let limit = format!("ulimit -d {}", most / 1024);
    let messages = 1 + 2 * most / MIB;
    let bench = Bench::with("notify = \"none\"\nack = false\n");
    bench.file("submit", "From: ann@example.com\nSubject: Fire\n\nfirst\n");
    let mbox = [fs::read(bench.ticket("1")).unwrap(), large(2 * most)].concat();
    let lose = || {
        for name in ["index.db", "text.db"] {
            let _ = fs::remove_file(bench.ticket(".tickets").join(name));
        }
    };
    let number = std::cell::Cell::new(0);
    let deliver = |what: &str, local: &str| {
        number.set(number.get() + 1);
        let mail = format!(
            "From: bob@example.com\nMessage-ID: <{}@b>\n\ntext\n",
            number.get()
        );
        let to = format!("{local}@example.org");
        let args = ["deliver", "-f", "bob@example.com", "-r", &to];
        let ran = under(&limit, &bench, &args, mail.as_bytes());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
    };
    let entries = || {
        let mbox = fs::read(bench.ticket("1")).unwrap();
        memchr::memmem::find_iter(&mbox, "\n\nFrom ").count() + 1
    };
    bench.put("tickets/1", &mbox);
    deliver("a file that was changed", "ticket-1");
    assert_eq!(entries(), messages + 1);
    lose();
    deliver("a lost index", "ticket-1");
    assert_eq!(entries(), messages + 2);
    let torn = "From x@y Sat Nov 28 10:00:00 2026\nReturn-Path: <x@y>\nDelivered-T";
    let file = fs::OpenOptions::new().append(true).open(bench.ticket("1"));
    file.unwrap().write_all(torn.as_bytes()).unwrap();
    deliver("a torn end", "ticket-1");
    assert_eq!(entries(), messages + 3);
    lose();
    deliver("a new ticket and a lost index", "submit");
    lose();
    for (args, says) in [
        (&["list"][..], "Fire"),
        (&["show", "1", "2"], "Ticket 1, open: Fire"),
        (&["show", "1", "--mbox"], "From ann@example.com "),
        (&["search", "smoke"], "It burns, and the smoke"),
        (&["check", "--store"], "put there by other programs"),
        (&["export", "1", "--mbox", "all.mbox"], "exported 1 ticket"),
    ] {
        let ran = under(&limit, &bench, args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        assert!(ran.stdout.contains(says), "{args:?}: {:.500}", ran.stdout);
    }
}

// A8: where the header is all of a message, whoever shows one has it and the message in memory.
#[test]
fn a_message_that_is_all_header() {
    let bench = Bench::with("notify = \"none\"\nack = false\n");
    let mut mail = b"From: ann@example.com\nSubject: Fire\n".to_vec();
    for number in 0.. {
        if mail.len() > 16 * MIB {
            break;
        }
        mail.extend_from_slice(format!("X-Field-{number}: {}\n", "x".repeat(900)).as_bytes());
    }
    mail.extend_from_slice(b"\ntext\n");
    bench.file("submit", &mail);
    let limit = format!("ulimit -d {}", (3 * mail.len() + 16 * MIB) / 1024);
    let check = |says: &str, status| {
        let ran = under(&limit, &bench, &["check", "--store"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (status, ""));
        assert_eq!(ran.stdout, says);
    };
    check("1 message in 1 ticket, none changed\n", 0);
    let changed = fs::read_to_string(bench.ticket("1"))
        .unwrap()
        .replace("\ntext\n", "\ntexts\n");
    fs::write(bench.ticket("1"), changed).unwrap();
    check(
        "ticket 1, message 1 was changed after it was filed\n1 message in 1 ticket, 1 changed\n",
        65,
    );
}

// A3, A7
#[test]
fn the_size_limit() {
    let bench = Bench::new();
    let limit = 64 * MIB;
    let from_line = "From ann@example.com Mon Jan  1 00:00:00 2024\n";
    let mut mail = [from_line.as_bytes(), &ordinary(limit)].concat();
    mail.truncate(from_line.len() + limit);
    bench.file("submit", &mail);
    assert_eq!(bench.names(), ["1"]);
    mail.push(b'x');
    let want = "5.3.4 Your message is larger than 64 MiB, which is the most that is taken here.\n";
    bench.deliver("submit@example.org", &mail).is(65, want, "");
    bench.deliver("submit@example.org", "").is(
        75,
        "",
        "tickets: cannot read the message: standard input is empty\n",
    );
    assert_eq!(bench.names(), ["1"]);
    mail.pop();
    let raw = bench.run(&["show", "--raw", "1"], b"");
    assert_eq!((raw.status, raw.stderr.as_str()), (0, ""));
    assert!(raw.stdout.as_bytes() == &mail[from_line.len()..]);
}
