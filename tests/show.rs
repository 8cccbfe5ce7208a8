//! `tickets show` (E2), and the bytes that come back (D6).

use crate::bench::{Bench, Ran, finish, ordinary_user};
use crate::transcript::Transcript;
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

// D3, E2, E4
#[test]
fn manual() {
    let b = story();
    let mut t = Transcript::new(&b);
    t.step(
        "The conversation, oldest first. What a message did to the ticket stands at the end of its \
         line; a Subject only where it is another one.",
        "tickets show 1",
    );
    t.step("One message of it.", "tickets close 1\ntickets show 1 3");

    let b = with(&corpus("attachments"));
    t.at(&b).step(
        "Attachments are named, each with the command that gives it.",
        "tickets show 1\ntickets show 1 --part 1.3 | head -n 1",
    );
    let pdf = bytes(&b, &["1", "--part", "1.3"]);
    assert!(pdf.starts_with(b"%PDF-1.4\n") && pdf.ends_with(&(0..=255).collect::<Vec<u8>>()));
    assert_eq!(pdf.len(), 404);
    let csv = b"St\xfcck;Gr\xf6\xdfe;Preis\r\n3;gro\xdf;12,50 EUR\r\n";
    assert_eq!(bytes(&b, &["1", "--part", "1.4"]), csv);
    t.step(
        "Objects are for programs, one a line.",
        "tickets show 1 --json",
    );

    let head = b"Received: by mx.example.org;\n\tMon, 02 Nov 2026 10:00:00 +0000\n\
                 Date: Mon, 02 Nov 2026 10:00:00 +0000\nFrom: =?utf-8?Q?J=C3=B6rg?= <j@example.net>\n\
                 Status: RO\nX-Bell: \x07ring\n\nHi\n";
    let b = with(head);
    t.at(&b).step(
        "The whole header, decoded and unfolded.",
        "tickets show 1 --headers",
    );
    let b = with(&corpus("html-only"));
    t.at(&b).step("HTML is shown as text.", "tickets show 1");
    let b = with(&corpus("control-characters"));
    t.at(&b)
        .step("Nothing steers the terminal.", "tickets show 1");

    let b = with(b"From: alice@example.net\nSubject: Hi\n\nhello\n");
    let file = fs::read_to_string(b.ticket("1")).unwrap();
    let foreign = "From bob@example.net Mon Nov  2 10:00:00 2026\nSubject: Moved here\n\nhi\n\n";
    b.put(
        "tickets/1",
        (file.replace("hello", "hello, you") + foreign).as_bytes(),
    );
    t.at(&b).step(
        "Bytes that nobody can vouch for are given with a remark.",
        "tickets show 1 1 --raw\ntickets show 1 2 --raw\n\
         tickets show 1 --json | grep -o '\"intact\":[a-z]*'",
    );

    let b = with(&corpus("attachments"));
    b.file("ticket-1", corpus("plain"));
    b.put("tickets/2", b"");
    t.at(&b).step(
        "Mistakes name the way out.",
        "tickets show 99\ntickets show 1 7\ntickets show 1 3 --raw\n\
         tickets show 1 --part 1.9\ntickets show 1 --part 2.2\ntickets show 1 --part 1\n\
         tickets show 2\ntickets show 2 --raw\n\
         tickets show 01\ntickets show 1 --raw --json",
    );
    insta::assert_snapshot!("show", t);
}

/// E2, E7: what is to be typed works where it is read: on the same desk, with sudo where that began this.
#[test]
fn printed_commands_lead_to_the_same_desk() {
    let b = with(&corpus("attachments"));
    b.works("close 1");
    let dir = b.path("tickets").display().to_string();
    let config = b.path("config.toml").display().to_string();
    let sudo = format!("sudo -u {} ", caller());
    for (options, by_sudo, want) in [
        (vec![], false, "tickets".to_owned()),
        (
            vec!["--dir", "tickets"],
            false,
            format!("tickets --dir {dir}"),
        ),
        (
            vec!["--config", &config, "--dir", "tickets"],
            false,
            format!("tickets --dir {dir}"),
        ),
        // sudo drops the variable that names the configuration.
        (vec![], true, format!("{sudo}tickets --config {config}")),
        (
            vec!["--dir=tickets"],
            true,
            format!("{sudo}tickets --config {config} --dir {dir}"),
        ),
    ] {
        let run = |args: &[&str]| {
            let mut command = b.command(&options);
            command.args(args).env("TZ", "UTC");
            if by_sudo {
                command.env("SUDO_COMMAND", "/usr/bin/tickets x");
            }
            finish(command, b"")
        };
        let shown = run(&["show", "1", "1"]);
        let line = format!("text/csv, 37 B: {want} show 1 --part 1.4 > 'Stückliste.csv']\n");
        assert!(
            shown.status == 0 && shown.stdout.ends_with(&line),
            "{line}: {shown:?}"
        );
        assert_eq!(shown.stderr, "", "{want}");
        run(&["show", "7"]).is(
            66,
            "",
            &format!(
                "tickets: no ticket 7 in {dir}\nhint: `{want} list --all` shows every ticket\n"
            ),
        );
        run(&["close", "20-30"]).is(
            66,
            "",
            &format!(
                "tickets: there are no tickets from 20 to 30\nhint: `{want} list --all` shows every ticket\n"
            ),
        );
        run(&["list"]).is(
            0,
            "",
            &format!(
                "tickets: no open tickets in {dir}; `{want} list --all` shows the closed ones, too\n"
            ),
        );
    }
}

/// The name of the user as whom the program runs.
fn caller() -> String {
    let uid = ordinary_user().map_or(nix::unistd::geteuid(), |(uid, _)| uid.into());
    nix::unistd::User::from_uid(uid).unwrap().unwrap().name
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

// E1, E2: nobody counts columns in a pipe, and an address that is cut is none.
#[test]
fn pipes_get_whole_addresses() {
    let b = with(&corpus("shown/long-author"));
    let who = "Support and Customer Service Team <support-and-service-team@mail.example.net>";
    let rule = format!("\n── 1 ── {who} ── ");
    let shown = show(&b, &["1"]).stdout;
    assert!(shown.contains(&rule), "{shown}");
    let listed = b.run(&["list"], b"").stdout;
    let name = "Support and Customer Service Team";
    assert_eq!(listed, format!(" 1 * now  1  {name}  cut\n"));
    let bare = b"From: support-and-service-team@mail.example.net\nSubject: cut\n\nhi\n";
    let listed = with(bare).run(&["list"], b"").stdout;
    let address = "support-and-service-team@mail.example.net";
    assert_eq!(listed, format!(" 1 * now  1  {address}  cut\n"));
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

/// E2: a ticket that is closed or opened without a word, and an empty mail, say that there is no text.
#[test]
fn what_has_no_text_says_so() {
    let b = with(b"From: ann@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n");
    b.says("close 1", "closed 1  Printer\n");
    b.says("reopen 1", "re-opened 1  Printer\n");
    b.file(
        "ticket-1",
        "From: ann@example.net\nMessage-ID: <2@x>\n\n \n\n",
    );
    let shown = show(&b, &["1"]);
    assert_eq!((shown.status, &*shown.stderr), (0, ""));
    // The date and what stands beside it are said elsewhere.
    let lines: Vec<&str> = shown.stdout.lines().skip(2).collect();
    let events: Vec<&str> = (lines.iter())
        .map(|line| match line.strip_prefix("── ") {
            Some(rule) => rule
                .trim_end_matches('─')
                .trim_end()
                .rsplit(" ── ")
                .next()
                .unwrap(),
            None => line,
        })
        .collect();
    assert_eq!(events[0], "opened");
    assert_eq!(
        (&events[1..7], events[8..].to_vec()),
        (
            &["", "Help", "", "closed", "(no text)", ""][..],
            vec!["(no text)", "", events[10], "(no text)"]
        ),
        "{}",
        shown.stdout
    );
    assert_eq!(events[7], "re-opened");
}
