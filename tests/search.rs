//! `tickets search` (E3).

use crate::bench::{Bench, Ran, finish};
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
    let b = Bench::new();
    b.run(&["reindex"], b"")
        .is(0, "0 tickets, 0 messages\n", "");
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

#[test]
fn tickets_and_the_lines_that_speak_of_it() {
    let b = desk();
    search(&b, &["printer", "-prints"]).is(
        0,
        " 1 *  3d  3  Ann Müller  Printer on fire\n       \
              1  our printer on the third floor burns.\n",
        "",
    );
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
fn forms_for_pipes() {
    let b = desk();
    search(&b, &["-q", "printer"]).is(0, "1\n4\n", "");
    search(&b, &["printer", "-q", "-n1"]).is(0, "1\n", "");
    search(&b, &["-q", "nothing"]).is(1, "", "");
    search(&b, &["--json", "nothing"]).is(1, "", "");
    let want = format!(
        r#"{{"number":2,"state":"open","opened":"OPENED","active":"OPENED","messages":1,"submitter":{{"name":"","address":"bob@example.net"}},"subject":"Rechnung","waiting":true,"path":"{}/2","matches":[{{"message":1,"field":"text","file":null,"line":"Die Gebühr für den Drucker"}},{{"message":1,"field":"text","file":"error.log","line":"segfault at 0x12"}},{{"message":1,"field":"file","file":null,"line":"error.log"}}]}}
"#,
        b.path("tickets").display()
    );
    let ran = search(&b, &["--json", "drucker segfault file:log from:bob"]);
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let opened = object["opened"].as_str().unwrap();
    ran.is(0, &want.replace("OPENED", opened), "");
}

#[test]
fn the_best_come_first() {
    let b = Bench::new();
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
        b.run(&["reindex"], b"").silent_but_for_output("reindex");
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

#[test]
fn lines_fit_the_terminal() {
    let b = desk();
    let mut command = b.command(&["search", "needle OR 届いて OR blue"]);
    command.env("COLUMNS", "50");
    finish(command, b"").is(
        0,
        " 1 *  3d  3  Ann Müller    Printer on fire\n       \
              3  A blue one, from the Straße.\n \
         3 *  1d  1  山田          請求書の件\n       \
              1  先月分の請求書がまだ届いておりません。\n \
         5 -  4w  1  dave@exampl…  Hay\n       \
              1  …hay hay hay needle hay hay hay hay hay…\n",
        "",
    );
}

#[test]
fn colours_are_for_terminals_or_who_asks() {
    let b = desk();
    let ran = search(&b, &["--color", "always", "brigade"]);
    ran.is(
        0,
        "\u{1b}[1m 1 *  3d  3  Ann Müller  Printer on fire\u{1b}[0m\n\
         \u{1b}[2m       1\u{1b}[0m  \u{1b}[1m\u{1b}[31mbrigade\u{1b}[0m.\n",
        "",
    );
    let ran = search(
        &b,
        &[
            "--color",
            "always",
            "subject:printer",
            "from:müller",
            "is:closed",
        ],
    );
    ran.is(
        0,
        "\u{1b}[2m 4 -  1y  1  Ann \u{1b}[0m\u{1b}[1m\u{1b}[31mMüller\u{1b}[0m\u{1b}[2m  Old \u{1b}[0m\u{1b}[1m\u{1b}[31mprinter\u{1b}[0m\u{1b}[2m\u{1b}[0m\n",
        "",
    );
    assert!(!search(&b, &["brigade"]).stdout.contains('\u{1b}'));
}

#[test]
fn words_in_subjects_are_seen() {
    let b = Bench::new();
    b.run(&["reindex"], b"")
        .is(0, "0 tickets, 0 messages\n", "");
    let ann = "Ann <ann@example.net>";
    let put = |number: u32, subject: &str| {
        let entry = entry(2, "submit@example.org", &mail(ann, subject, "text"));
        b.put(&format!("tickets/{number}"), &entry);
    };
    // Behind what fits, and behind letters that a Mac writes as two characters each.
    put(1, &("on and ".repeat(9) + "the needle in it"));
    put(2, "U\u{308}ber A\u{308}pfel: needle");
    put(3, "打印机着火了，请带水来。针needle着火");
    let mut command = b.command(&["search", "--color", "always", "needle"]);
    command.env("COLUMNS", "40");
    let ran = finish(command, b"");
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    lines.sort_unstable();
    let (bold, red) = ("\u{1b}[1m", "\u{1b}[0m\u{1b}[1m\u{1b}[31m");
    assert_eq!(
        lines,
        [
            format!("{bold} 1 *  2d  1  Ann  …the {red}needle\u{1b}[0m{bold} in it\u{1b}[0m"),
            format!("{bold} 2 *  2d  1  Ann  Über Äpfel: {red}needle\u{1b}[0m{bold}\u{1b}[0m"),
            format!("{bold} 3 *  2d  1  Ann  …带水来。针{red}needle\u{1b}[0m{bold}着火\u{1b}[0m"),
        ]
    );
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_lines_that_say_most_are_shown() {
    let b = Bench::new();
    b.run(&["reindex"], b"")
        .is(0, "0 tickets, 0 messages\n", "");
    let ann = "Ann <ann@example.net>";
    let text = "toner here\n> toner and ink, quoted\nink there\ntoner with ink\n\ttoner again\nmore \
                toner\nnothing";
    let first = entry(2, "submit@example.org", &mail(ann, "Toner", text));
    let second = "> toner with ink\nRe: \u{1b}[31m paper";
    let second = mail("Bob <bob@example.com>", "Re: Toner and glue", second);
    b.put(
        "tickets/1",
        &[first, entry(1, "ticket-1@example.org", &second)].concat(),
    );
    let row = " 1 *  1d  2  Ann  Toner\n";
    for (typed, want) in [
        (
            "toner",
            "       1  toner here\n       1  toner with ink\n       1  toner again\n",
        ),
        (
            "toner ink",
            "       1  toner here\n       1  ink there\n       1  toner with ink\n",
        ),
        ("\"and ink\"", "       1  > toner and ink, quoted\n"),
        ("toner paper", "       2  Re: [31m paper\n"),
        (
            "glue paper",
            "       2  Re: [31m paper\n       2  Subject: Re: Toner and glue\n",
        ),
        ("ann ink", "       1  ink there\n       1  toner with ink\n"),
        ("from:bob", "       2  From: Bob <bob@example.com>\n"),
        (
            "to:submit subject:toner from:bob",
            "       2  From: Bob <bob@example.com>\n       2  To: submit@example.org\n",
        ),
        ("nothing is:open", "       1  nothing\n"),
        ("ticket:1 -steel", ""),
    ] {
        search(&b, &[typed]).is(0, &format!("{row}{want}"), "");
    }
}

#[test]
fn nothing_found_says_so() {
    let b = Bench::new();
    let store = b.path("tickets").display().to_string();
    search(&b, &["x"]).is(1, "", &format!("tickets: no tickets in {store} yet\n"));
    search(&b, &["x", "-q"]).is(1, "", "");
    // Looking creates nothing.
    assert!(!b.path("tickets").exists());
    let b = desk();
    search(&b, &["lighthouse"]).is(1, "", "tickets: nothing fits\n");
    search(&b, &["needle", "printer"]).is(1, "", "tickets: nothing fits\n");
}

// E4
#[test]
fn mistakes_show_the_place() {
    let b = Bench::new();
    let cannot = "tickets: cannot understand the query:";
    for (args, want) in [
        (&["printer", "is:opne"][..], format!("{cannot} no ticket is opne\n    printer is:opne\n               ^\nhint: is:open, is:closed or is:waiting\n")),
        (&["form:ann"], format!("{cannot} there is no form:\n    form:ann\n    ^\nhint: from:... is meant? Put it in quotes to look for the words\n")),
        (&["\"printer"], format!("{cannot} this quote is not closed\n    \"printer\n    ^\nhint: close it with another \", and quote for the shell: 'from:\"Ann Example\"'\n")),
        (&["a", "-b", "OR"], format!("{cannot} nothing stands after OR\n    a NOT b OR\n            ^\nhint: put words on both sides, or \"OR\" in quotes\n")),
        (&["..."], format!("{cannot} there is no word in it\n    ...\n    ^\nhint: `tickets search --help` shows what can be asked\n")),
        (&[], "tickets: the following required arguments were not provided: <WORDS>...\nhint: `tickets search --help` shows its options\n".to_owned()),
        (&["--json", "-q", "x"], "tickets: the argument '--json' cannot be used with '--quiet'\nhint: `tickets search --help` shows its options\n".to_owned()),
        (&["-n", "few", "x"], "tickets: invalid value 'few' for '--limit <N>': invalid digit found in string\nhint: `tickets search --help` shows its options\n".to_owned()),
    ] {
        search(&b, args).is(64, "", &want);
    }
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = desk();
    for form in ["--color=always", "--json", "-q"] {
        b.run_into_closed_pipe(&["search", form, "printer"]);
    }
}
