//! `tickets list` (E1).

use crate::bench::{Bench, Ran, finish};
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
    b.run(&["reindex"], b"")
        .is(0, "0 tickets, 0 messages\n", "");
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

#[test]
fn open_tickets_newest_activity_first() {
    // E1
    list(&four(), &[]).is(
        0,
        " 3    5h  2  bob@example.net  Drucker läßt sich nicht öffnen\n \
         1 *  3d  1  Alice Example    Printer on fire\n",
        "",
    );
}

#[test]
fn closed_ones_are_marked() {
    list(&four(), &["--closed", "--from", "YAMADA"]).is(0, "12 -  2w  1  山田  請求書\n", "");
}

#[test]
fn it_fits_the_terminal() {
    // E1
    let b = four();
    let mut command = b.command(&["list"]);
    command.env("COLUMNS", "40");
    finish(command, b"").is(
        0,
        " 3    5h  2  bob@examp…  Drucker läßt s…\n \
         1 *  3d  1  Alice Exa…  Printer on fire\n",
        "",
    );
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
fn objects_for_programs() {
    // E1
    let b = desk();
    b.put(
        "tickets/1",
        &entry(
            NOVEMBER,
            "\"Müßig, Jörg\" <joerg@example.net>",
            "Größe \"3\"",
        ),
    );
    b.put(
        "tickets/archived/2",
        &entry(NOVEMBER - 1, "nobody we can read", "x"),
    );
    let want = format!(
        r#"{{"number":1,"state":"open","opened":"2026-11-01T00:00:00Z","active":"2026-11-01T00:00:00Z","messages":1,"submitter":{{"name":"Müßig, Jörg","address":"joerg@example.net"}},"subject":"Größe \"3\"","waiting":true,"path":"{0}/1"}}
{{"number":2,"state":"closed","opened":"2026-10-31T23:59:59Z","active":"2026-10-31T23:59:59Z","messages":1,"submitter":null,"subject":"x","waiting":false,"path":"{0}/archived/2"}}
"#,
        b.path("tickets").display()
    );
    list(&b, &["--all", "--json"]).is(0, &want, "");
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
        ("a robot", "mailer-daemon@example.net", ""),
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

#[test]
fn a_file_without_a_message_is_listed() {
    let b = desk();
    b.put("tickets/5", b"");
    list(&b, &[]).is(0, " 5   now  0\n", "");
}

#[test]
fn an_empty_list_says_why() {
    let b = Bench::new();
    let store = b.path("tickets").display().to_string();
    let nothing = format!(
        "tickets: no tickets in {store} yet; the first mail to submit@example.org opens one\n"
    );
    list(&b, &[]).is(0, "", &nothing);
    list(&b, &["--all", "--waiting"]).is(0, "", &nothing);
    list(&b, &["--quiet"]).silent();
    list(&b, &["--json"]).silent();
    // Looking creates nothing.
    assert!(!b.path("tickets").exists());

    b.deliver(
        "submit@example.org",
        "From: alice@example.net\nSubject: Hi\n\nHi\n",
    )
    .silent();
    let none = "tickets: no ticket fits; `tickets list --all` shows every one\n";
    list(&b, &["--from", "bob"]).is(0, "", none);
    list(&b, &["--closed"]).is(0, "", &format!("tickets: no closed tickets in {store}\n"));
    b.run(&["close", "1"], b"").is(0, "closed 1  Hi\n", "");
    let closed = format!(
        "tickets: no open tickets in {store}; `tickets list --all` shows the closed ones, too\n"
    );
    list(&b, &[]).is(0, "", &closed);
}

// E4
#[test]
fn mistakes_name_the_way_out() {
    let b = desk();
    let options = "hint: `tickets list --help` shows its options\n";
    for (args, want) in [
        (
            &["--since", "soon"][..],
            "tickets: invalid value 'soon' for '--since <DATE|SPAN>': neither a date (2026-11-01) \
             nor a span of time (3d, '2 weeks')\n",
        ),
        (
            &["--closed", "--waiting"],
            "tickets: the argument '--closed' cannot be used with '--waiting'\n",
        ),
        (
            &["--json", "-q"],
            "tickets: the argument '--json' cannot be used with '--quiet'\n",
        ),
        (&["12"], "tickets: unexpected argument '12' found\n"),
    ] {
        list(&b, args).is(64, "", &format!("{want}{options}"));
    }
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = four();
    for form in ["--all", "--json", "-q"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = b.command(&["list", form]);
        let output = command.stdout(writer).stderr(std::process::Stdio::piped());
        let output = output.spawn().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{form}");
    }
}
