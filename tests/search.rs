//! `tickets search` (E3).

use crate::bench::{Bench, Ran, finish};
use crate::story::empty;
use crate::transcript::Transcript;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};
use tickets::mail::entry::{Trace, encode};

const DAY: i64 = 24 * 3600;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs() as i64
}

/// An entry as we would have filed it, `days` ago.
pub fn entry(days: i64, filed_under: &str, mail: &str) -> Vec<u8> {
    let trace = Trace {
        sender: Some("alice@example.net"),
        filed_under,
        at: now() - days * DAY - 60,
    };
    let id = format!("Message-ID: <{days}.{}@example.net>\n", mail.len());
    encode(&trace, (id + mail).as_bytes())
}

pub fn mail(from: &str, subject: &str, text: &str) -> String {
    format!("From: {from}\nTo: submit@example.org\nSubject: {subject}\n\n{text}\n")
}

/// Six tickets: 1 a conversation, 2 with attachments, 3 in Japanese, 4 and 5 closed, 6 of a machine.
pub fn desk() -> Bench {
    let b = empty();
    let submit = "submit@example.org";
    let ann = "Ann Müller <ann@example.net>";
    let thread = [
        entry(
            5,
            submit,
            &mail(
                ann,
                "Printer on fire",
                "Hello,\n\nour printer on the third floor burns.\nPlease send the fire\nbrigade.\n\nAnn",
            ),
        ),
        entry(
            4,
            "ticket-1@example.org",
            &mail(
                "Steve <steve@example.org>",
                "Re: [issue1] Printer on fire",
                "Which toner was in it?\n\n> our printer on the third floor burns.",
            ),
        ),
        entry(
            3,
            "ticket-1@example.org",
            &mail(
                ann,
                "Re: [issue1] Printer on fire",
                "A blue one, from the Straße.\n\n> Which toner was in it?",
            ),
        ),
    ];
    b.put("tickets/1", &thread.concat());
    let attached = "From: bob@example.net\nTo: Desk <submit@example.org>\nSubject: Rechnung\n\
        Content-Type: multipart/mixed; boundary=b\n\n\
        --b\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<p>Die Geb=FChr <b>f=FCr</b> den Drucker\n\
        --b\nContent-Type: application/pdf; name*=utf-8''Geb%C3%BChren%202026.pdf\n\nx\n\
        --b\nContent-Disposition: attachment; filename=error.log\n\nline one\nsegfault at 0x12\n\
        --b\nContent-Type: message/rfc822\n\nFrom: Carol <carol@example.com>\nSubject: Mahnung\n\nZahlen Sie den Toner!\n\
        --b--\n";
    b.put("tickets/2", &entry(2, submit, attached));
    let japanese = mail(
        "=?utf-8?q?=E5=B1=B1=E7=94=B0?= <yamada@example.jp>",
        "=?utf-8?b?6KuL5rGC5pu444Gu5Lu2?=",
        "先月分の請求書がまだ届いておりません。\nプリンタＡ４",
    );
    b.put("tickets/3", &entry(1, submit, &japanese));
    b.put(
        "tickets/archived/4",
        &entry(400, submit, &mail(ann, "Old printer", "It prints no more.")),
    );
    let words = format!("{}needle{}", "hay ".repeat(100), " hay".repeat(100));
    b.put(
        "tickets/archived/5",
        &entry(30, submit, &mail("dave@example.net", "Hay", &words)),
    );
    let robot =
        "Auto-Submitted: auto-generated\nFrom: cron@example.net\nSubject: backup\n\nbackup done\n";
    b.put("tickets/6", &entry(0, submit, robot));
    b
}

pub fn search(b: &Bench, args: &[&str]) -> Ran {
    let mut command = b.command(&["search"]);
    command.args(args).env("TZ", "UTC");
    finish(command, b"")
}

/// The numbers of the tickets, in the order in which they come.
pub fn numbers(b: &Bench, args: &[&str]) -> String {
    let ran = search(b, &[args, &["--json"]].concat());
    assert_eq!(ran.stderr, "", "{args:?}");
    let number = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["number"].to_string()
    };
    let numbers: Vec<String> = ran.stdout.lines().map(number).collect();
    assert_eq!(ran.status, i32::from(numbers.is_empty()), "{args:?}");
    numbers.join(" ")
}

// E1, E3, E4
#[test]
fn manual() {
    let b = desk();
    let mut t = Transcript::new(&b);
    t.step(
        "The tickets that hold all the words, each with the lines that speak of it.",
        "tickets search printer -prints",
    );
    t.step(
        "Numbers are for pipes.",
        "tickets search -q printer\ntickets search printer -q -n1",
    );
    let json = search(&b, &["--json", "segfault"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    t.mask(json["opened"].as_str().unwrap(), "<two days ago>");
    t.step(
        "So are objects, one a line.",
        "tickets search --json drucker segfault file:log from:bob",
    );
    t.step(
        "On a terminal, words stand out, and lines fit.",
        "tickets search --color always brigade\n\
         tickets search --color always subject:printer from:müller is:closed\n\
         COLUMNS=50 tickets search 'needle OR 届いて OR blue'\n\
         tickets search brigade",
    );
    t.step(
        "With `-n` only the best are shown.",
        "tickets search -n 1 'printer OR drucker'",
    );
    t.step(
        "Where nothing fits the status is 1.",
        "tickets search lighthouse\n\
         tickets search needle printer\n\
         tickets search -q lighthouse\n\
         tickets search --json lighthouse",
    );
    let none = Bench::new();
    none.make_dir("tickets");
    t.at(&none).run("tickets search x\ntickets search x -q");
    assert_eq!(none.names(), [""; 0], "looking creates nothing");
    assert!(!none.ticket(".tickets").exists());
    t.step(
        "Mistakes show the place.",
        "tickets search printer is:opne\n\
         tickets search form:ann\n\
         tickets search '\"printer'\n\
         tickets search a -b OR\n\
         tickets search ...\n\
         tickets search\n\
         tickets search --json -q x\n\
         tickets search -n few x",
    );
    insta::assert_snapshot!("search", t);
}

#[test]
fn the_lines_that_say_most_are_shown() {
    let b = empty();
    let ann = "Ann <ann@example.net>";
    let text = "toner here\n> toner and ink, quoted\nink there\ntoner with ink\n\ttoner again\nmore \
                toner\nnothing";
    let first = entry(2, "submit@example.org", &mail(ann, "Toner", text));
    let second = "> toner with ink\nRe: \u{1b}[31m paper";
    let second = mail("Bob <bob@example.com>", "Re: Toner and glue", second);
    let second = entry(1, "ticket-1@example.org", &second);
    b.put("tickets/1", &[first, second].concat());
    let mut t = Transcript::new(&b);
    t.step(
        "Three lines at most: new words before those seen already, and the writer's own before what \
         he quotes.",
        "tickets search toner\n\
         tickets search toner ink\n\
         tickets search '\"and ink\"'\n\
         tickets search toner paper\n\
         tickets search ann ink\n\
         tickets search nothing is:open",
    );
    t.step(
        "A field is shown for a word that stands in no line of the text.",
        "tickets search glue paper\n\
         tickets search from:bob\n\
         tickets search to:submit subject:toner from:bob\n\
         tickets search ticket:1 -steel",
    );
    let b = empty();
    let put = |number: u32, subject: &str| {
        let entry = entry(2, "submit@example.org", &mail(ann, subject, "text"));
        b.put(&format!("tickets/{number}"), &entry);
    };
    put(1, &("on and ".repeat(9) + "the needle in it"));
    put(2, "U\u{308}ber A\u{308}pfel: needle");
    put(3, "打印机着火了，请带水来。针needle着火");
    t.at(&b).step(
        "A word in the Subject is seen behind what fits, and behind letters of two characters.",
        "COLUMNS=40 tickets search --color always needle | sort",
    );
    insta::assert_snapshot!("search-lines", t);
}

#[test]
fn what_is_found() {
    // E3
    let b = desk();
    let table = [
        // Words, however they are written.
        (&["PRINTER"][..], "1 4"),
        (&["muller"], "1 4"),
        (&["müller"], "1 4"),
        (&["strasse"], "1"),
        (&["gebuhr"], "2"),
        (&["请求"], ""),
        (&["請求書"], "3"),
        (&["求書"], "3"),
        (&["書請"], ""),
        (&["A4"], "3"),
        (&["print*"], "1 4"),
        (&["prin"], ""),
        (&["\"printer on fire\""], "1"),
        (&["\"the fire brigade\""], "1"),
        (&["\"fire on printer\""], ""),
        (&["printer", "-old"], "1"),
        (&["printer", "NOT", "old"], "1"),
        (&["-backup", "-printer", "-drucker"], "3 5"),
        (&["needle", "OR", "backup"], "6 5"),
        (&["(needle OR backup) is:open"], "6"),
        // Where they stand.
        (&["from:ann"], "1 4"),
        (&["from:ann@example.net"], "1 4"),
        (&["from:steve"], "1"),
        (&["from:example.net -from:ann"], "6 2 5"),
        (&["to:desk"], "2"),
        (&["to:ann"], ""),
        (&["subject:fire"], "1"),
        (&["subject:brigade"], ""),
        (&["subject:請求書の件"], "3"),
        (&["file:*.pdf"], "2"),
        (&["file:gebuhren"], "2"),
        (&["file:pdf2026"], ""),
        // In attachments and enclosed mails.
        (&["segfault"], "2"),
        (&["mahnung", "carol@example.com"], "2"),
        // What the ticket is like.
        (&["is:open"], "6 3 2 1"),
        (&["is:closed"], "5 4"),
        (&["is:waiting"], "3 2 1"),
        (&["has:attachment"], "2"),
        (&["printer ticket:4"], "4"),
        (&["after:40h"], "6 3"),
        (&["before:20d after:100d"], "5"),
        (&["printer before:10d"], "4"),
        (&["after:4d from:ann printer"], "1"),
        // In several messages of a ticket.
        (&["brigade toner straße"], "1"),
        (&["brigade from:steve"], ""),
        (&["\"toner was\" brigade is:closed"], ""),
        (&["brigade blue -segfault"], "1"),
    ];
    let want: Vec<(&[&str], String)> = table.map(|(a, want)| (a, want.to_owned())).to_vec();
    let got: Vec<(&[&str], String)> = table.map(|(a, _)| (a, numbers(&b, a))).to_vec();
    assert_eq!(got, want);
}

#[test]
fn the_best_come_first() {
    let b = Bench::new();
    b.make_store();
    let submit = "submit@example.org";
    for (number, days, subject, text) in [
        (
            1,
            2,
            "Other",
            "A printer, said by the way in a text that is as long as a text can be.",
        ),
        (2, 30, "Printer", "Burns."),
        (3, 1, "Printer", "Burns."),
        (4, 3, "Other", "Printer, printer, printer."),
    ] {
        let mail = mail("ann@example.net", subject, text);
        b.put(&format!("{number}.new"), &entry(days, submit, &mail));
        b.works("reindex");
        fs::rename(
            b.path(&format!("{number}.new")),
            b.ticket(&number.to_string()),
        )
        .unwrap();
    }
    assert_eq!(numbers(&b, &["printer"]), "3 2 4 1");
    // For pipes the newest activity comes first.
    search(&b, &["-q", "printer"]).is(0, "3\n1\n4\n2\n", "");
    let best = search(&b, &["printer", "-n", "1"]);
    best.is(
        0,
        " 3 *  1d  1  ann@example.net  Printer\n",
        "tickets: the best 1 of 4 tickets; -n 0 shows all of them\n",
    );
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = desk();
    for form in ["--color=always", "--json", "-q"] {
        b.run_into_closed_pipe(&["search", form, "printer"]);
    }
}
