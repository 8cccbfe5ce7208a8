//! All that `tickets import` reads: Maildirs, logs of Debbugs, copies of a store; and what is broken.

use crate::bench::{Bench, finish};
use crate::deliver::mail;
use crate::import::{archive, filed, tickets, written};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

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
    bench
        .run(&["import", "Mail"], b"")
        .is(0, "filed 2 messages in 1 new ticket\n", "");
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
    bench
        .run(&["import", "--folders", "Mail"], b"")
        .is(0, said, "");
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
    bench
        .run(&["import", "-k", "6.log", "5.log"], b"")
        .is(0, said, "");
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
    bench
        .run(&["import", "--folders", "db-h"], b"")
        .is(0, said, "");
    // Torn off, as a copy may be that was made while mail came in.
    bench.put("7.log", &received("7", 1, "A: 1\n\nx\n").as_bytes()[..70]);
    let torn = "tickets: 7.log: some of it is no record of Debbugs, and was left out\n";
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
    bench.run(&["import", "tickets"], b"").is(0, said, "");
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
    both.run(&all, b"").is(0, said, "");
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
    bench
        .run(&["export", "--mbox", "all.mbox"], b"")
        .silent_but_for_output("export");
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
        other.run(&["show", "--raw", "1"], b"").is(0, &raw, "");
    }
}

#[test]
fn what_is_broken_does_not_stop_the_rest() {
    let bench = Bench::with("max_size = 1000\n");
    let [one, two] = ["1", "2"].map(|id| written(id, "ann", (1, 1), "", id));
    let large = written("3", "ann", (1, 1), "", &"x".repeat(1000));
    let huge = written("4", "ann", (1, 1), "", &"x".repeat(3000));
    bench.put(
        "good.mbox",
        archive(&[&one, &large, &huge, &two]).as_bytes(),
    );
    bench.put(
        "mail.eml",
        written(
            "5",
            "ann",
            (1, 1),
            "",
            "From x\n\nFrom a@x Mon Jan  1 00:00:00 2024\n",
        )
        .as_bytes(),
    );
    bench.put("empty.mbox", b"");
    bench.put("blank.mbox", format!("\n\n{}", archive(&[&one])).as_bytes());
    bench.put("photo", b"\xff\xd8\xff\xe0\0\x10JFIF\n");
    bench.put("secret", archive(&[&large]).as_bytes());
    fs::set_permissions(bench.path("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    bench.make_dir("heap");
    // One file of a store is no reason to leave out the others.
    bench.make_dir("copy");
    bench.put("copy/1", b"\xff\xd8\xff\xe0\0");
    bench.put(
        "copy/2",
        archive(&[&written("6", "ann", (1, 2), "", "6")]).as_bytes(),
    );
    let args = [
        "import",
        "nonsuch",
        "photo",
        "secret",
        "heap",
        "good.mbox",
        "mail.eml",
        "empty.mbox",
        "blank.mbox",
        "copy",
    ];
    bench.run(&args, b"").is(
        66,
        "filed 4 messages in 4 new tickets; 1 was in the archive twice\n",
        "tickets: cannot read nonsuch: there is no such file\n\
         tickets: photo is neither an mbox nor a mail\n\
         tickets: cannot read secret: Permission denied (os error 13)\n\
         hint: a file may come on standard input: tickets import - <FILE\n\
         tickets: heap is neither a Maildir nor a store\n\
         hint: name the mailboxes in it, or use --folders for Maildirs\n\
         tickets: copy/1 is neither an mbox nor a mail\n\
         tickets: good.mbox: message <3@example.net> has 1090 bytes: more than max_size, left out\n\
         tickets: good.mbox: message 3 has 3090 bytes: too large, left out\n",
    );
    assert_eq!(tickets(&bench), ["1: 1", "2: 2", "3: 5", "4: 6"]);
    for (args, status, said) in [
        (
            &["import", "secret"][..],
            77,
            "tickets: cannot read secret: Permission denied (os error 13)\n\
             hint: a file may come on standard input: tickets import - <FILE\n",
        ),
        (
            &["import", "photo"],
            65,
            "tickets: photo is neither an mbox nor a mail\n",
        ),
    ] {
        bench.run(args, b"").is(status, "filed 0 messages\n", said);
    }
    let usage = |args: &[&str], said: &str| bench.run(args, b"").is(64, "", said);
    let group = "hint: a pattern has one group, as in --tag '#([0-9]+)'\n";
    usage(
        &["import", "--tag", "x", "a"],
        &format!("tickets: --tag: \"x\" has no group for the number\n{group}"),
    );
    usage(
        &["import"],
        "tickets: the following required arguments were not provided: <FILE|DIR>...\nhint: `tickets import --help` shows its options\n",
    );
}

#[test]
fn what_is_no_archive_is_told_apart() {
    let bench = Bench::new();
    let [one, two] = ["1", "2"].map(|id| written(id, "ann", (1, 1), "", id));
    let begins = "hint: an mbox begins like this: From ann@example.net Mon Jan  1 10:00:00 2024\n";
    let text = |file: &str, line: &str| {
        format!("{file} is neither an mbox nor a mail: its first line is {line:?}\n{begins}")
    };
    let packed = "packed is neither an mbox nor a mail\n\
                  hint: it is compressed: zcat FILE | tickets import -\n";
    let torn = "torn: line 7 begins another mail: an mbox without its first line? Left out\n";
    let archive = archive(&[&one, &two]);
    let without_date = archive.replace(" Mon Jan  1 10:00:00 2024", "");
    for (file, content, said) in [
        (
            "passwd",
            "root:x:0:0:root\n",
            text("passwd", "root:x:0:0:root"),
        ),
        (
            "bom",
            &*format!("\u{feff}{archive}"),
            text(
                "bom",
                "\u{feff}From somebody@example.net Mon Jan  1 10:00:00 2024",
            ),
        ),
        (
            "dateless",
            &*without_date,
            text("dateless", "From somebody@example.net"),
        ),
        ("packed", "\x1f\u{8b}", packed.to_owned()),
        ("torn", archive.split_once('\n').unwrap().1, torn.to_owned()),
    ] {
        // Of a character above 127, the byte: as gzip begins.
        let bytes: Vec<u8> = match file {
            "packed" => content.chars().map(|c| c as u8).collect(),
            _ => content.as_bytes().to_vec(),
        };
        bench.put(file, &bytes);
        let said = format!("tickets: {said}");
        bench
            .run(&["import", file], b"")
            .is(65, "filed 0 messages\n", &said);
    }
    let said = "tickets: heap holds no Maildir and no store\n";
    bench.make_dir("heap");
    bench
        .run(&["import", "--folders", "heap"], b"")
        .is(65, "filed 0 messages\n", said);
    assert_eq!(bench.names(), [""; 0]);
}

#[test]
fn two_imports_at_once() {
    let bench = Bench::new();
    let one = written("1", "ann", (1, 1), "", "x");
    bench.put("a.mbox", archive(&[&one]).as_bytes());
    bench
        .run(&["import", "a.mbox"], b"")
        .is(0, "filed 1 message in 1 new ticket\n", "");
    let lock = fs::File::open(bench.ticket(".tickets/import")).unwrap();
    lock.lock().unwrap();
    let busy = "tickets: cannot import: another import is at work in this store\n";
    bench.run(&["import", "a.mbox"], b"").is(75, "", busy);
    drop(lock);
    bench
        .run(&["import", "a.mbox"], b"")
        .is(0, "filed 0 messages; 1 was there already\n", "");
}

#[test]
fn from_standard_input() {
    let bench = Bench::new();
    let one = written("1", "ann", (1, 1), "", "\nFrom here");
    let input = archive(&[&one]);
    bench
        .run(&["import", "--mboxrd", "-"], input.as_bytes())
        .is(0, "filed 1 message in 1 new ticket\n", "");
    assert_eq!(filed(&bench, "1")[0].3, one);
    bench
        .run(&["import", "--mboxrd", "-n", "-"], input.as_bytes())
        .is(0, "would file 0 messages; 1 was there already\n", "");
    // What is no file can be read only once, too: tickets import <(zcat old.mbox.gz)
    let said = "filed 0 messages; 1 was there already\n";
    bench.put("a.mbox", input.as_bytes());
    let plain = bench.command(&[]);
    let program = plain.get_program().to_str().unwrap();
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        &format!("cat a.mbox | {program} import --mboxrd /dev/stdin"),
    ]);
    bench.as_ordinary_user(&mut shell);
    finish(shell, b"").is(0, said, "");
    bench.run(&["import", "-"], b"\x00junk").is(
        65,
        "filed 0 messages\n",
        "tickets: standard input is neither an mbox nor a mail\n",
    );
}
