//! All that `tickets import` reads: Maildirs, logs of Debbugs, copies of a store; and what is broken.

use crate::bench::Bench;
use crate::deliver::mail;
use crate::import::{archive, filed, tickets, written};
use crate::transcript::Transcript;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Puts a Maildir with these files, `cur/NAME` or `new/NAME`.
fn maildir(bench: &Bench, name: &str, files: &[(&str, &str)]) {
    for part in ["", "/cur", "/new", "/tmp"] {
        bench.make_dir(&format!("{name}{part}"));
    }
    for (file, mail) in files {
        // Bench writes beside and renames, and would leave a suffix out.
        let path = bench.path(&format!("{name}/{file}"));
        fs::write(&path, mail).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

#[test]
fn a_maildir_becomes_tickets() {
    let bench = Bench::new();
    let [one, two, three] = ["1", "2", "3"].map(|id| {
        let more = if id == "2" { "In-Reply-To: <1@example.net>\n" } else { "" };
        format!("From: Ann <ann@example.net>\nMessage-ID: <{id}@example.net>\n{more}\n>From here {id}\r\n")
    });
    let files = [
        ("cur/1704103200.M1P1.host:2,S", two.as_str()),
        ("new/1704099600.M1P1.host", one.as_str()),
        ("new/.hidden", "no mail"),
        ("tmp/1704099600.half", "Subject: half"),
    ];
    maildir(&bench, "Mail", &files);
    maildir(
        &bench,
        "Mail/.Spam",
        &[("cur/1704110400.x.host:2,", three.as_str())],
    );
    bench.says("import Mail", "filed 2 messages in 1 new ticket\n");
    let entry = |to: &str, at, raw: &str| {
        (
            "ann@example.net".to_owned(),
            format!("{to}@example.org"),
            at,
            raw.to_owned(),
        )
    };
    let want = [
        entry("submit", 1_704_099_600, &one),
        entry("ticket-1", 1_704_103_200, &two),
    ];
    assert_eq!(filed(&bench, "1"), want);
    // Somebody reads it, more comes in, and now the folders are wanted, too.
    fs::rename(
        bench.path("Mail/new/1704099600.M1P1.host"),
        bench.path("Mail/cur/1704099600.M1P1.host:2,RS"),
    )
    .unwrap();
    let four = written("4", "ann", (9, 1), "In-Reply-To: <3@example.net>\n", "x");
    maildir(&bench, "Mail", &[("new/1704790800.y.host", &four)]);
    let said = "filed 2 messages in 1 new ticket; 2 were there already\n";
    bench.says("import --folders Mail", said);
    assert_eq!(tickets(&bench), ["1: 1 2", "2: 3 4"]);
}

#[test]
fn a_log_of_debbugs_becomes_a_ticket() {
    let bench = Bench::new();
    let received = |at: &str, hour: u32, mail: &str| {
        format!(
            "\x07\nReceived: (at {at}) by bugs.old.example; 1 Jan 2024 {hour:02}:00:00 +0000\n{mail}\x03\n"
        )
    };
    let first = written("1", "ann", (1, 1), "Subject: Fire\n", "\x18\x07\nIt burns.");
    let from_line = "From ann@home.example Mon Jan  1 01:00:00 2024\n";
    let both = written(
        "2",
        "bob",
        (1, 2),
        "To: 5@bugs.old.example, 6-done@bugs.old.example\n",
        "Me, too.",
    );
    let closing = written("3", "steve", (1, 3), "", "Water.");
    let sent = "\x02\nann@example.net\x04x@y\n\x05\nSubject: bug#5: ack\nMessage-ID: <ack@x>\n\nThanks.\n\x03\n";
    let html = "\x06\n<strong>Acknowledged</strong>\n\x03\n";
    let log = [
        received("submit", 1, &format!("{from_line}{first}")),
        sent.to_owned(),
        html.to_owned(),
        received("5", 2, &both),
        received("5-done", 3, &closing),
    ];
    bench.put("5.log", log.concat().as_bytes());
    bench.put("6.log", received("6-done", 2, &both).as_bytes());
    let run = |want: &[&str], said: &str| {
        let said_aside = "tickets: left out 1 mail that Debbugs sent\n";
        bench
            .run(&["import", "-k", "5.log", "6.log"], b"")
            .is(0, said, said_aside);
        assert_eq!(tickets(&bench), want);
    };
    run(
        &["archived/5: 1 2 3", "archived/6: 2"],
        "filed 4 messages in 2 new tickets\n",
    );
    run(
        &["archived/5: 1 2 3", "archived/6: 2"],
        "filed 0 messages; 4 were there already\n",
    );
    let text = format!(
        "Received: (at submit) by bugs.old.example; 1 Jan 2024 01:00:00 +0000\n{}",
        first.replace('\x18', "")
    );
    let entry = &filed(&bench, "archived/5")[0];
    assert_eq!(
        (&*entry.0, &*entry.1, &*entry.3),
        ("ann@home.example", "submit@example.org", &*text)
    );

    // The summary knows better: control@ opened it again, which no mail in the log says.
    let bench = Bench::new();
    for (number, done) in [(5, ""), (6, "Done: Steve <steve@example.net>\n")] {
        let log = received(
            &number.to_string(),
            number,
            &written(&number.to_string(), "ann", (1, 1), "", "x"),
        );
        let closed = received(
            &format!("{number}-done"),
            8,
            &written(&format!("{number}0"), "ann", (1, 2), "", "x"),
        );
        let log = if number == 5 { log + &closed } else { log };
        bench.put(&format!("{number}.log"), log.as_bytes());
        let summary = format!("Format-Version: 3\nSubject: x\n{done}");
        bench.put(&format!("{number}.summary"), summary.as_bytes());
    }
    let said = "filed 3 messages in 2 new tickets\n";
    bench.says("import -k 6.log 5.log", said);
    assert_eq!(tickets(&bench), ["5: 5 50", "archived/6: 6"]);
    // All of them, as they lie there.
    for dir in ["db-h", "db-h/05", "db-h/06"] {
        bench.make_dir(dir);
    }
    for file in ["5.log", "5.summary", "6.log", "6.summary"] {
        let to = bench.path(&format!("db-h/0{}/{file}", &file[..1]));
        fs::copy(bench.path(file), to).unwrap();
    }
    bench.put("db-h/06/7.log", b"another program's\n");
    let said = "filed 0 messages; 3 were there already\n";
    bench.says("import --folders db-h", said);
    // Torn off, as a copy may be that was made while mail came in.
    bench.put("7.log", &received("7", 1, "A: 1\n\nx\n").as_bytes()[..70]);
    let torn = "tickets: 7.log: left out what is no record of Debbugs\n";
    bench
        .run(&["import", "7.log"], b"")
        .is(65, "filed 0 messages\n", torn);
}

#[test]
fn a_copy_of_a_store_becomes_the_same_store() {
    let bench = Bench::new();
    for id in ["1", "2", "3"] {
        bench.file("submit", mail(id, "Subject: s\n", id));
    }
    // The same mail in two tickets, and as the first one of a third.
    bench.file("ticket-1", mail("4", "", "x"));
    bench.file("ticket-2-done", mail("4", "", "x"));
    bench.file("submit", mail("4", "", "x"));
    fs::remove_file(bench.ticket("3")).unwrap();
    let said = "filed 0 messages; 5 were there already\n";
    bench.says("import tickets", said);
    let other = bench.path("other");
    let args = ["--dir", other.to_str().unwrap(), "import", "-k", "tickets"];
    bench
        .run(&args, b"")
        .is(0, "filed 5 messages in 3 new tickets\n", "");
    bench.run(&args, b"").is(0, said, "");
    // Two copies of it are one; another desk has numbers of its own.
    let second = Bench::new();
    second.file("submit", mail("9", "", "x"));
    let copies =
        ["", "/../tickets", "/."].map(|end| format!("{}{end}", bench.ticket("").display()));
    let mut all = vec!["import", "-k"];
    all.extend(copies.iter().map(String::as_str));
    let both = Bench::new();
    let third = second.ticket("").display().to_string();
    all.push(&third);
    let said = "filed 6 messages in 4 new tickets; 10 were in the archive twice\n";
    let renumbered = "tickets: ticket 1 of the archive is ticket 5 here: 1 was taken\n";
    both.run(&all, b"").is(0, said, renumbered);
    assert_eq!(both.names(), ["1", "4", "5", "archived/2"]);
    assert_eq!(bench.names(), ["1", "4", "archived/2"]);
    for name in bench.names() {
        let copy = fs::read(other.join(&name)).unwrap();
        assert!(copy == fs::read(bench.ticket(&name)).unwrap(), "{name}");
    }
}

#[test]
fn what_an_operator_edited_comes_along() {
    let bench = Bench::new();
    bench.file("submit", mail("1", "", "Bad word."));
    let edited = fs::read_to_string(bench.ticket("1"))
        .unwrap()
        .replace("Bad word", "Good one");
    bench.put("tickets/1", edited.as_bytes());
    bench.works("export --mbox all.mbox");
    for archive in ["tickets", "all.mbox"] {
        let other = Bench::new();
        other.make_dir("tickets");
        let path = bench.path(archive).display().to_string();
        other.run(&["import", &path], b"").is(
            0,
            "filed 1 message in 1 new ticket\n",
            "tickets: 1 message had been changed since it came in: filed as it is now\n",
        );
        let raw = mail("1", "", "Good one.");
        other.says("show --raw 1", &raw);
    }
}

// B2, B7, E4
#[test]
fn manual() {
    let b = Bench::new();
    let fire = written(
        "1",
        "ann",
        (1, 1),
        "Subject: Fire\n",
        "It burns.\nFrom the back.",
    );
    let water = written(
        "2",
        "bob",
        (1, 2),
        "In-Reply-To: <1@example.net>\n",
        "Water.",
    );
    let red = written("3", "ann", (1, 3), "Subject: [issue4] \x1b[31mred\n", "a");
    let done = written("4", "bob", (1, 4), "To: ticket-4-done@example.org\n", "b");
    b.put(
        "old.mbox",
        archive(&[&fire, &water, &red, &done]).as_bytes(),
    );
    let mut t = Transcript::new(&b);
    t.step(
        "An archive of mail becomes tickets. What would be done can be seen before.",
        "cat old.mbox\ntickets import --dry-run --keep-numbers old.mbox",
    );
    assert!(!b.ticket("").exists(), "a dry run touches nothing");
    t.step(
        "Each message is filed once, and nobody is told.",
        "tickets import --verbose --keep-numbers old.mbox\n\
         tickets import --dry-run old.mbox\n\
         tickets import --verbose old.mbox",
    );
    assert_eq!(tickets(&b), ["5: 1 2", "archived/4: 3 4"]);
    let five = written("5", "ann", (1, 5), "", "\nFrom here");
    b.put("new.mbox", archive(&[&five]).as_bytes());
    t.step(
        "An archive may come through a pipe, or from a file that can be read only once.",
        "cat new.mbox | tickets import --mboxrd -\n\
         cat new.mbox | tickets import --mboxrd -n -\n\
         cat new.mbox | tickets import --mboxrd /dev/stdin\n\
         printf '\\0junk' | tickets import -",
    );
    assert_eq!(filed(&b, "6")[0].3, five);

    let b = Bench::with("max_size = 1000\n");
    let [one, two] = ["1", "2"].map(|id| written(id, "ann", (1, 1), "", id));
    let [large, huge] = [("3", 1000), ("4", 3000)]
        .map(|(id, size)| written(id, "ann", (1, 1), "", &"x".repeat(size)));
    let like_mbox = "From x\n\nFrom a@x Mon Jan  1 00:00:00 2024\n";
    let broken = archive(&[&one, &two]);
    for (name, text) in [
        ("good.mbox", archive(&[&one, &large, &huge, &two])),
        ("mail.eml", written("5", "ann", (1, 1), "", like_mbox)),
        ("empty.mbox", String::new()),
        ("blank.mbox", format!("\n\n{}", archive(&[&one]))),
        ("secret", archive(&[&large])),
        ("passwd", "root:x:0:0:root\n".to_owned()),
        ("bom", format!("\u{feff}{broken}")),
        ("dateless", broken.replace(" Mon Jan  1 10:00:00 2024", "")),
        ("torn", broken.split_once('\n').unwrap().1.to_owned()),
    ] {
        b.put(name, text.as_bytes());
    }
    b.put("photo", b"\xff\xd8\xff\xe0\0\x10JFIF\n");
    b.put("packed", b"\x1f\x8b");
    fs::set_permissions(b.path("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    b.make_dir("heap");
    // One file of a store is no reason to leave out the others.
    b.make_dir("copy");
    b.put("copy/1", b"\xff\xd8\xff\xe0\0");
    let six = written("6", "ann", (1, 2), "", "6");
    b.put("copy/2", archive(&[&six]).as_bytes());
    t.at(&b).step(
        "What is no archive is told apart, and files nothing.",
        "tickets import secret\n\
         tickets import photo\n\
         tickets import passwd\n\
         tickets import bom\n\
         tickets import dateless\n\
         tickets import packed\n\
         tickets import torn\n\
         tickets import --folders heap",
    );
    t.step(
        "What is broken does not stop the rest.",
        "tickets import nonsuch photo secret heap good.mbox mail.eml empty.mbox blank.mbox copy",
    );
    assert_eq!(tickets(&b), ["1: 1", "2: 2", "3: 5", "4: 6"]);
    t.step(
        "Mistakes name the way out.",
        "tickets import --tag x good.mbox\ntickets import",
    );
    let lock = fs::File::open(b.ticket(".tickets/import")).unwrap();
    lock.lock().unwrap();
    t.step("One import at a time.", "tickets import good.mbox");
    // Closing would not do: a program that another test is about to start holds a copy of it.
    lock.unlock().unwrap();
    t.run("tickets import mail.eml");
    insta::assert_snapshot!("import", t);
}

/// A mail of an archive, without its From_ line.
fn archived(id: &str, fields: &str, text: &str) -> String {
    format!(
        "{fields}From: Ann <ann@example.net>\nSubject: {id}\nMessage-ID: <{id}@example.net>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\n{text}\n\n"
    )
}

/// The Subjects of the tickets, in order.
fn subjects(bench: &Bench) -> Vec<String> {
    let list = bench.run(&["list", "--all", "--json"], b"");
    let subject = |line: &str| {
        let ticket: serde_json::Value = serde_json::from_str(line).unwrap();
        ticket["subject"].as_str().unwrap().to_owned()
    };
    let mut subjects: Vec<String> = list.stdout.lines().map(subject).collect();
    subjects.sort();
    subjects
}

#[test]
fn bare_from_lines_part_the_mails_of_an_archive() {
    let dated = "From - Sun Nov 22 10:00:00 2026\n";
    let mails =
        [1, 2, 3].map(|n| archived(&format!("mail {n}"), "", "It burns.").replace("<mail ", "<"));
    for first in [dated, "From \n"] {
        let bench = Bench::new();
        let [one, two, three] = &mails;
        let file = format!("{first}{one}From \n{two}From -\n{three}From \nhere on\n");
        bench.put("Inbox", file.as_bytes());
        bench.says("import Inbox", "filed 3 messages in 3 new tickets\n");
        assert_eq!(subjects(&bench), ["mail 1", "mail 2", "mail 3"]);
        assert!(bench.mbox("3").contains("\n>From \nhere on\n"));
    }
    // A mail with a second one in it, which lost its first line.
    let bench = Bench::new();
    bench.put(
        "Inbox",
        format!("{}From \n{}", mails[0], mails[1]).as_bytes(),
    );
    let ran = bench.run(&["import", "Inbox"], b"");
    let says = "begins another mail: an mbox without its first line? Left out\n";
    assert_eq!(
        (ran.status, ran.stderr.ends_with(says)),
        (65, true),
        "{ran:?}"
    );
}

#[test]
fn deleted_mail_stays_out_unless_it_is_wanted() {
    let from = "From - Sun Nov 22 10:00:00 2026\n";
    let mbox: String = [
        (
            "live",
            "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n",
        ),
        ("thunderbird", "X-Mozilla-Status: 0009\n"),
        ("pine", "Status: RO\nX-Status: AD\n"),
        ("answered", "Status: RO\nX-Status: A\n"),
        ("odd", "X-Mozilla-Status: deleted\n"),
    ]
    .iter()
    .map(|(id, fields)| format!("{from}{}", archived(id, fields, "x")))
    .collect();
    let maildir_mail = archived("maildir", "", "x");
    let bench = Bench::new();
    bench.put("Inbox", mbox.as_bytes());
    let files = [("cur/1704099600.M1P1.host:2,ST", maildir_mail.as_str())];
    maildir(&bench, "Mail", &files);
    let left_out = "tickets: left out 3 deleted messages: --with-deleted files them, too\n";
    bench.run(&["import", "Inbox", "Mail"], b"").is(
        0,
        "filed 3 messages in 3 new tickets\n",
        left_out,
    );
    assert_eq!(subjects(&bench), ["answered", "live", "odd"]);
    bench.says(
        "import --with-deleted Inbox Mail",
        "filed 3 messages in 3 new tickets; 3 were there already\n",
    );
    let all = ["answered", "live", "maildir", "odd", "pine", "thunderbird"];
    assert_eq!(subjects(&bench), all);
}

/// C6: an unknown sender is not the null sender.
#[test]
fn the_archives_of_mailman_hide_addresses() {
    let bench = Bench::new();
    let mail = |local: &str, name: &str, host: &str| {
        format!(
            "From {local} at {host}  Sun Nov 22 10:00:00 2026\nFrom: {local} at {host} ({name})\n\
             Subject: {local}\nMessage-ID: <{local}@{host}>\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\nx\n\n"
        )
    };
    let nameless = "From nobody Sun Nov 22 10:00:00 2026\nSubject: none\n\nx\n\n";
    let text =
        mail("ann", "Ann Example", "example.net") + &mail("bob", "Bob B", "example.com") + nameless;
    bench.put("2026-November.txt", text.as_bytes());
    bench.says(
        "import 2026-November.txt",
        "filed 3 messages in 3 new tickets\n",
    );
    let paths = ["1", "2", "3"].map(|ticket| {
        let mbox = bench.mbox(ticket);
        let line = mbox.lines().find(|line| line.starts_with("Return-Path:"));
        line.unwrap().to_owned()
    });
    let want = [
        "Return-Path: <ann@example.net>",
        "Return-Path: <bob@example.com>",
        "Return-Path: <unknown>",
    ];
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(sorted, want);
    let timeline = bench.run(&["timeline", "--json"], b"");
    assert_eq!(
        timeline.stdout.matches("\"automatic\":false").count(),
        3,
        "{timeline:?}"
    );
}

/// D1, D2: the notes of an IMAP server are no message, in an archive and in a ticket.
#[test]
fn the_notes_of_an_imap_server_are_no_message() {
    let notes = "From MAILER-DAEMON Sun Nov 22 09:00:00 2026\nDate: 22 Nov 2026 09:00:00 +0000\n\
                 From: Mail System Internal Data <MAILER-DAEMON@mail>\n\
                 Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\
                 Message-ID: <1700000000@mail>\nX-IMAP: 1700000000 0000000002\nStatus: RO\n\nInternal.\n\n";
    let bench = Bench::new();
    let mail = archived("Printer", "", "It burns.");
    bench.put(
        "Inbox",
        format!("{notes}From - Sun Nov 22 10:00:00 2026\n{mail}").as_bytes(),
    );
    bench.says("import Inbox", "filed 1 message in 1 new ticket\n");
    // The same server opens the ticket's file.
    let file = fs::read(bench.ticket("1")).unwrap();
    bench.put("tickets/1", &[notes.as_bytes(), &file].concat());
    bench.says("show --raw 1 1", &mail[..mail.len() - 1]);
    assert_eq!(subjects(&bench), ["Printer"]);
    let list = bench.run(&["list"], b"");
    assert!(
        list.stdout.contains("Ann") && !list.stdout.contains("Internal"),
        "{list:?}"
    );
    bench.file("ticket-1", crate::deliver::mail("2", "", "more"));
    let answer = "From: steve@example.org\nMessage-ID: <a@example.org>\n\nI come.\n";
    bench.file("ticket-1", answer);
    let passed_on = "copy ticket-1@example.org -- ann@example.net";
    assert!(bench.take_sent_in_short().contains(&passed_on.to_owned()));
    bench.works("check --store");
    assert!(
        bench
            .mbox("1")
            .starts_with("From MAILER-DAEMON DATE\nDate: 22 Nov")
    );
}
