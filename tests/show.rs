//! `tickets show` (E2), and the bytes that come back (D6).

use crate::bench::{Bench, Ran, finish};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use tickets::mail::mbox;

/// The mail `tests/corpus/NAME.eml`.
fn corpus(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    fs::read(dir.join(name).with_extension("eml")).unwrap()
}

/// The names of all mails in the corpus.
fn all() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 16, "{names:?}");
    names
}

fn show(b: &Bench, args: &[&str]) -> Ran {
    let mut command = b.command(&["show"]);
    command.args(args).env("TZ", "UTC");
    finish(command, b"")
}

/// Standard output as it is, of a command that has nothing to say beside it.
fn bytes(b: &Bench, args: &[&str]) -> Vec<u8> {
    let mut command = b.command(&["show"]);
    let output = command.args(args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*said), (Some(0), ""), "{args:?}");
    output.stdout
}

/// A desk with one mail in ticket 1.
fn with(mail: &[u8]) -> Bench {
    let b = Bench::new();
    b.file("submit", mail);
    b
}

/// The file as mutt leaves it that saved each message's flags: fields added at the end of each
/// header.
fn saved_by_mutt(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in mbox::entries(file, 0) {
        let body = &file[entry.body as usize..entry.end as usize];
        let lines = body.iter().filter(|&&b| b == b'\n').count();
        out.extend_from_slice(&file[entry.start as usize..entry.body as usize - 1]);
        let fields = format!(
            "Status: RO\nContent-Length: {}\nLines: {lines}\n",
            body.len()
        );
        out.extend_from_slice(fields.as_bytes());
        out.extend_from_slice(&file[entry.body as usize - 1..entry.next as usize]);
    }
    out
}

// D6, A2
#[test]
fn what_came_in_comes_out() {
    for name in all() {
        let mail = corpus(&name);
        let b = with(&mail);
        assert!(bytes(&b, &["1", "--raw"]) == mail, "{name}");
        let first: serde_json::Value =
            serde_json::from_slice(&bytes(&b, &["1", "--json"])).expect(&name);
        assert_eq!(first["intact"], true, "{name}");
    }
}

// D6
#[test]
fn what_came_in_comes_out_after_mutt_saved_the_file() {
    let b = Bench::new();
    let names = all();
    for name in &names {
        b.file("submit", corpus(name));
    }
    for round in 1..=2 {
        for (name, number) in names.iter().zip(1..) {
            let ticket = number.to_string();
            let file = saved_by_mutt(&fs::read(b.ticket(&ticket)).unwrap());
            assert!(String::from_utf8_lossy(&file).contains("\nStatus: RO\nContent-Length: "));
            b.put(&format!("tickets/{ticket}"), &file);
            let raw = bytes(&b, &[&ticket, "--raw"]);
            assert!(raw == corpus(name), "{name}, round {round}");
        }
    }
}

// D6: each message of a ticket; `--raw` may stand wherever one likes.
#[test]
fn one_message_of_several() {
    let mails = ["crlf", "no-final-newline", "from-lines"].map(corpus);
    let b = Bench::new();
    b.file("submit", &mails[0]);
    b.file("ticket-1", &mails[1]);
    b.file("ticket-1", &mails[2]);
    assert!(bytes(&b, &["--raw", "1", "1"]) == mails[0]);
    assert!(bytes(&b, &["1", "--raw", "2"]) == mails[1]);
    assert!(bytes(&b, &["1", "2", "--raw"]) == mails[1]);
    assert!(bytes(&b, &["1", "--raw", "3"]) == mails[2]);
    // Without a number, the last one.
    assert!(bytes(&b, &["1", "--raw"]) == mails[2]);
    assert!(bytes(&b, &["1", "--mbox"]) == fs::read(b.ticket("1")).unwrap());
}

#[test]
fn bytes_that_nobody_can_vouch_for_are_given_with_a_remark() {
    let b = with(b"From: alice@example.net\nSubject: Hi\n\nhello\n");
    let file = fs::read_to_string(b.ticket("1")).unwrap();
    let foreign = "From bob@example.net Mon Nov  2 10:00:00 2026\nSubject: Moved here\n\nhi\n\n";
    let file = file.replace("hello", "hello, you") + foreign;
    b.put("tickets/1", file.as_bytes());
    show(&b, &["1", "1", "--raw"]).is(
        0,
        "From: alice@example.net\nSubject: Hi\n\nhello, you\n",
        "tickets: message 1 of ticket 1 was changed since it came in: not the same bytes\n",
    );
    show(&b, &["1", "2", "--raw"]).is(
        0,
        "Subject: Moved here\n\nhi\n",
        "tickets: message 2 of ticket 1 was put there by another program: given as it lies in \
         the file\n",
    );
    let lines = bytes(&b, &["1", "--json"]);
    let intact: Vec<serde_json::Value> = lines
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap()["intact"].clone())
        .collect();
    assert_eq!(intact, [serde_json::json!(false), serde_json::Value::Null]);
}

#[test]
fn german_mail_reads_as_it_was_written() {
    for (name, author, minute) in [
        ("german-utf8", "Jörg Müßig", 15),
        ("german-latin1", "Jörg Müßig", 20),
        ("german-quoted-printable", "Müßig, Jörg", 25),
        ("german-base64", "Jörg Müßig", 30),
    ] {
        let b = with(&corpus(name));
        let head = format!("── 1 ── {author} <joerg@example.net> ── 2026-11-03 07:{minute}");
        let rule = format!("{:─<80}\n", head + " ── opened ");
        let want = format!(
            "Ticket 1, open: Drucker läßt sich nicht öffnen\n\n{rule}\nGuten Tag,\n\n\
             unser Drucker läßt sich nicht mehr öffnen. Größe: 3 m².\n\
             Können Sie morgen früh vorbeikommen?\n\nViele Grüße\nJörg Müßig\n"
        );
        let ran = show(&b, &["1"]);
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (0, want, String::new()),
            "{name}"
        );
    }
}

/// A ticket with a life behind it.
fn story() -> Bench {
    let b = Bench::new();
    let mail = |number: u32, from: &str, to: &str, subject: &str, text: &str| {
        let mail = format!(
            "Message-ID: <{number}@example.net>\nDate: Mon, 02 Nov 2026 10:0{number}:00 +0000\n\
             From: {from}\nTo: {to}\nSubject: {subject}\n\n{text}\n"
        );
        let recipient = to.split(", ").next().unwrap();
        b.deliver(recipient, mail).silent();
    };
    let alice = "Alice Example <alice@example.net>";
    mail(1, alice, "submit@example.org", "Printer on fire", "Help!");
    mail(
        2,
        "steve@example.org",
        "ticket-1@example.org, bob@example.net",
        "Re: [issue1] Printer on fire",
        "> Help!\n\nBob brings water.",
    );
    mail(
        3,
        alice,
        "ticket-1-done@example.org",
        "AW: Printer on fire",
        "It is out.",
    );
    mail(
        4,
        alice,
        "ticket-1-done@example.org",
        "Re: Printer on fire",
        "Really.",
    );
    mail(
        5,
        alice,
        "ticket-1@example.org",
        "Re: Printer gone",
        "Where is it?",
    );
    b
}

// D3: what an entry did is said by its first Delivered-To.
#[test]
fn the_conversation() {
    let b = story();
    show(&b, &["1"]).is(
        0,
        "\
Ticket 1, open: Printer on fire

── 1 ── Alice Example <alice@example.net> ── 2026-11-02 10:01 ── opened ────────

Help!

── 2 ── steve@example.org ── 2026-11-02 10:02 ──────────────────────────────────
To: ticket-1@example.org, bob@example.net

> Help!

Bob brings water.

── 3 ── Alice Example <alice@example.net> ── 2026-11-02 10:03 ── closed ────────

It is out.

── 4 ── Alice Example <alice@example.net> ── 2026-11-02 10:04 ──────────────────

Really.

── 5 ── Alice Example <alice@example.net> ── 2026-11-02 10:05 ── re-opened ─────
Subject: Re: Printer gone

Where is it?
",
        "",
    );
    b.run(&["close", "1"], b"")
        .is(0, "closed 1  Printer on fire\n", "");
    show(&b, &["1", "3"]).is(
        0,
        "\
Ticket 1, closed: Printer on fire

── 3 ── Alice Example <alice@example.net> ── 2026-11-02 10:03 ── closed ────────

It is out.
",
        "",
    );
}

#[test]
fn header_fields_decoded() {
    let mail = "Received: by mx.example.org;\n\tMon, 02 Nov 2026 10:00:00 +0000\n\
                Date: Mon, 02 Nov 2026 10:00:00 +0000\nFrom: =?utf-8?Q?J=C3=B6rg?= <j@example.net>\n\
                Status: RO\nX-Bell: \x07ring\n\nHi\n";
    show(&with(mail.as_bytes()), &["1", "--headers"]).is(
        0,
        "\
Ticket 1, open

── 1 ── Jörg <j@example.net> ── 2026-11-02 10:00 ── opened ─────────────────────

Return-Path: <alice@example.net>
Delivered-To: submit@example.org
Received: by mx.example.org; Mon, 02 Nov 2026 10:00:00 +0000
Date: Mon, 02 Nov 2026 10:00:00 +0000
From: Jörg <j@example.net>
Status: RO
X-Bell: ring

Hi
",
        "",
    );
}

#[test]
fn objects_for_programs() {
    // E2
    let b = with(&corpus("attachments"));
    let ran = show(&b, &["1", "--json"]);
    // When it was filed is not for a test to say.
    let filed = ran.stdout.split("\"filed\":\"").nth(1).unwrap();
    let filed = &filed[..filed.find('"').unwrap()];
    assert!(filed.parse::<jiff::Timestamp>().is_ok(), "{filed}");
    let want = format!(
        r#"{{"number":1,"date":"2026-11-04T17:00:01Z","filed":"{filed}","author":{{"name":"Bob Example","address":"bob@example.net"}},"to":[{{"name":"","address":"submit@example.org"}}],"cc":[],"subject":"Invoice 2026-117","message_id":"<CAJ2xw9=8Qm@mail.example.net>","event":"opened","text":"Please find the invoice attached. It is 5 € too high: see the long line here, which goes on and on and on.","attachments":[{{"part":"1.3","name":"invoice 117.pdf","mime":"application/pdf","size":404}},{{"part":"1.4","name":"Stückliste.csv","mime":"text/csv","size":37}}],"intact":true}}
"#
    );
    ran.is(0, &want, "");
}

#[test]
fn attachments_are_named_and_given() {
    // E2
    let b = with(&corpus("attachments"));
    show(&b, &["1"]).is(
        0,
        "\
Ticket 1, open: Invoice 2026-117

── 1 ── Bob Example <bob@example.net> ── 2026-11-04 17:00 ── opened ────────────

Please find the invoice attached. It is 5 € too high: see the long line here, which goes on and on and on.

[attachment 1.3: invoice 117.pdf, application/pdf, 404 B: tickets show 1 --part 1.3 > 'invoice 117.pdf']
[attachment 1.4: Stückliste.csv, text/csv, 37 B: tickets show 1 --part 1.4 > 'Stückliste.csv']
",
        "",
    );
    let pdf = bytes(&b, &["1", "--part", "1.3"]);
    assert!(pdf.starts_with(b"%PDF-1.4\n") && pdf.ends_with(&(0..=255).collect::<Vec<u8>>()));
    assert_eq!(pdf.len(), 404);
    let csv = bytes(&b, &["1", "--part", "1.4"]);
    assert_eq!(
        csv,
        b"St\xfcck;Gr\xf6\xdfe;Preis\r\n3;gro\xdf;12,50 EUR\r\n"
    );
}

#[test]
fn nothing_harms_a_terminal() {
    // E2
    show(&with(&corpus("control-characters")), &["1"]).is(
        0,
        "\
Ticket 1, open: Clear [2J]0;owned title

── 1 ── Mallory [31m <mallory@example.net> ── 2026-11-02 09:19 ── opened ───────

[2J[Hrm -rf oops31m end
",
        "",
    );
}

#[test]
fn html_is_shown_as_text() {
    // E2
    show(&with(&corpus("html-only")), &["1"]).is(
        0,
        "\
Ticket 1, open: Newsletter?

── 1 ── Carol Example <carol@example.net> ── 2026-11-05 07:00 ── opened ────────

Dear team,

the door is locked & the key is here (https://key.example.net/).
",
        "",
    );
}

// E4
#[test]
fn what_is_not_there_is_said() {
    let b = with(&corpus("attachments"));
    b.file("ticket-1", corpus("plain"));
    b.put("tickets/2", b"");
    let store = b.path("tickets").display().to_string();
    let options = "hint: `tickets show --help` shows its options\n";
    for (args, status, want) in [
        (
            &["99"][..],
            66,
            &*format!(
                "tickets: no ticket 99 in {store}\nhint: `tickets list --all` shows every ticket\n"
            ),
        ),
        (
            &["1", "7"],
            66,
            "tickets: ticket 1 has no message 7\nhint: its messages are 1 to 2\n",
        ),
        (
            &["1", "3", "--raw"],
            66,
            "tickets: ticket 1 has no message 3\nhint: its messages are 1 to 2\n",
        ),
        (
            &["1", "--part", "1.9"],
            66,
            "tickets: message 1 of ticket 1 has no part 9\n\
             hint: its attachments are 1.3 (invoice 117.pdf), 1.4 (Stückliste.csv)\n",
        ),
        (
            &["1", "--part", "2.2"],
            66,
            "tickets: message 2 of ticket 1 has no part 2\nhint: it has no attachments\n",
        ),
        (
            &["2", "--raw"],
            66,
            "tickets: ticket 2 has no messages\n\
             hint: `tickets list` shows how many messages each ticket has\n",
        ),
        (
            &["1", "--part", "1"],
            64,
            &*format!(
                "tickets: invalid value '1' for '--part <MESSAGE.PART>': a part is named like \
                 1.2: the second part of the first message\n{options}"
            ),
        ),
        (
            &["01"],
            64,
            &*format!(
                "tickets: invalid value '01' for '<TICKET>': a ticket is a number from 1 to \
                 999999999, without leading zeros\n{options}"
            ),
        ),
        (
            &["1", "--raw", "--json"],
            64,
            &*format!("tickets: the argument '--raw' cannot be used with '--json'\n{options}"),
        ),
    ] {
        show(&b, args).is(status, "", want);
    }
    show(&b, &["2"]).is(0, "Ticket 2, open\n", "tickets: ticket 2 has no messages\n");
}

// D1: what was edited by hand is the truth, and no torn end of a delivery.
#[test]
fn a_message_shortened_by_hand_stays() {
    let mail = |id: &str, text: &str| {
        format!(
            "Message-ID: <{id}@example.net>\nDate: Mon, 02 Nov 2026 10:00:00 +0000\n\
             From: alice@example.net\nSubject: Hi\n\n{text}\n"
        )
    };
    let table = [
        ("within", "secret", "***", "My password is ***."),
        (
            "and the empty line",
            "is secret.\n\n",
            "is.\n",
            "My password is.",
        ),
        (
            "and all line ends",
            "is secret.\n\n",
            "is.",
            "My password is.",
        ),
    ];
    for (case, from, to, text) in table {
        let b = with(mail("1", "My password is secret.").as_bytes());
        let file = fs::read_to_string(b.ticket("1")).unwrap();
        assert!(file.contains(from), "{case}");
        b.put("tickets/1", file.replace(from, to).as_bytes());
        b.file("ticket-1", mail("2", "Thanks."));
        let first = "── 1 ── alice@example.net ── 2026-11-02 10:00 ── opened ";
        let second = "── 2 ── alice@example.net ── 2026-11-02 10:00 ";
        let want =
            format!("Ticket 1, open: Hi\n\n{first:─<80}\n\n{text}\n\n{second:─<80}\n\nThanks.\n");
        let ran = show(&b, &["1"]);
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (0, want, String::new()),
            "{case}"
        );
        assert!(!b.ticket(".tickets/torn").exists(), "{case}");
    }
}

// D9: mutt tells new mail by the access time.
#[test]
fn reading_leaves_the_access_time_alone() {
    let b = with(&corpus("plain"));
    let path = b.ticket("1");
    // Before the last change: any reading would set it, with relatime, too.
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_times(fs::FileTimes::new().set_accessed(old))
        .unwrap();
    drop(file);
    for args in [&["show", "1"][..], &["show", "1", "--raw"], &["list"]] {
        assert_eq!(b.run(args, b"").status, 0, "{args:?}");
    }
    assert_eq!(fs::metadata(&path).unwrap().atime(), 1_700_000_000);
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = with(&corpus("attachments"));
    for form in ["1", "--raw", "--mbox", "--json", "--part=1.3"] {
        b.run_into_closed_pipe(&["show", "1", form]);
    }
}
