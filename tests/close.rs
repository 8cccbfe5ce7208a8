//! `tickets close` and `tickets reopen`: the operator's mail, through the same door (D4).

use crate::bench::Bench;
use crate::transcript::Transcript;
use crate::until::until;

const FIRST: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\n\
    Subject: =?utf-8?q?Drucker_br=C3=A4nnt?=\nMessage-ID: <1@example.net>\n\nIt burns.\n";

fn desk() -> Bench {
    let bench = Bench::new();
    bench.file("submit", FIRST);
    bench.take_sent();
    bench
}

// C4, D1, D4, E3, E4
#[test]
fn manual() {
    let b = desk();
    // The Message-ID of the operator's mail holds the number of the process.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("size=3[0-9]{2};\n", "size=<size>;\n");
    let _settings = settings.bind_to_scope();
    let mut t = Transcript::new(&b);
    t.step(
        "Closing files a mail in the ticket, and tells the submitter.",
        "tickets close 1 -m $'Gelöscht.\\nFrom now on: water.'",
    );
    t.mails();
    t.step(
        "The mail in the ticket is like any other.",
        "sed '1,/^It burns/d' tickets/archived/1",
    );
    t.step(
        "What is done is not done again. Opening again says nothing to the submitter, unless there is \
         a text.",
        "tickets close 1\n\
         tickets reopen 1\n\
         tickets reopen 1\n\
         tickets close 1\n\
         tickets reopen 1 -m 'Sorry!'\n\
         grep -c '^From ' tickets/1",
    );
    t.step(
        "A text is filed whatever the state is, as a mail would be: the submitter of an open ticket \
         gets it, and closing what is closed says nothing.",
        "tickets reopen 1 -m 'Once more.'\n\
         tickets close 1\n\
         tickets close 1 -m 'Really.'\n\
         grep -c -e '^Once more' -e '^Really' tickets/archived/1\n\
         tickets reopen 1",
    );
    b.file("submit", "Message-ID: <2@x>\n\nx\n");
    t.step(
        "Of several, all are closed or none.",
        "tickets close 1 7\ntickets close 1 2",
    );
    t.step(
        "Tickets are named as people write them. Of a range, those that there are count.",
        "tickets close '#1,2' -q\ntickets reopen '[issue1]' 2-900\ntickets address 1-5\ntickets close 3-9",
    );
    t.step(
        "Mistakes name the way out.",
        "tickets close 01\ntickets close\ntickets clsoe 1",
    );
    b.configure("nmae = \"x\"\n");
    t.run("tickets close 1");
    insta::assert_snapshot!("close", t);
}

#[test]
fn reindex_counts_what_there_is() {
    // E3
    let bench = desk();
    bench.file("ticket-1", "Message-ID: <2@x>\n\nx\n");
    bench.says("close 1", "closed 1  Drucker brännt\n");
    bench.says("reindex", "1 ticket, 3 messages\n");
    bench.file("ticket-1", "Message-ID: <2@x>\n\nx\n");
    assert_eq!(bench.names(), ["archived/1"], "still known");
}

/// D7: on a file system where a rename is not one change, a power cut may leave both names.
#[test]
fn a_move_that_was_broken_off_is_finished() {
    let bench = desk();
    let closing = "From: steve@example.org\nMessage-ID: <2@example.org>\n\nDone.\n";
    let break_off = |from: &str, to: &str| {
        std::fs::hard_link(bench.ticket(from), bench.ticket(to)).unwrap();
        assert_eq!(bench.names(), ["1", "archived/1"]);
    };
    bench.file("ticket-1-done", closing);
    let mbox = bench.mbox("archived/1");
    break_off("archived/1", "1");
    bench.file("ticket-1-done", closing);
    assert_eq!(bench.names(), ["archived/1"]);
    assert_eq!(bench.mbox("archived/1"), mbox);

    break_off("archived/1", "1");
    let more = "From: alice@example.net\nMessage-ID: <3@example.net>\n\nIt burns again.\n";
    bench.file("ticket-1", more);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(bench.mbox("1").matches("\n\nFrom ").count(), 2);
    bench.says("check --store", "3 messages in 1 ticket, none changed\n");
}

/// A5, D4: the MTA may start the program once for each recipient, and bring a mail that closes to the ticket's plain
/// address first. What closed the ticket is in it all the same, once, and outlives the index.
#[test]
fn a_mail_to_the_ticket_and_to_its_closing_address_closes_it_whichever_comes_first() {
    for recipients in [
        &["ticket-1", "ticket-1-done", "ticket-1", "ticket-1-done"][..],
        &["ticket-1-done", "ticket-1", "ticket-1-done", "ticket-1"],
    ] {
        for hidden in [false, true] {
            let bench = Bench::with("admins = [\"steve@example.org\", \"eva@example.org\"]\n");
            bench.file("submit", FIRST);
            bench.take_sent();
            let cc = match hidden {
                true => "ticket-1@example.org",
                false => "ticket-1@example.org, ticket-1-done@example.org",
            };
            let reply = format!(
                "From: Steve <steve@example.org>\nTo: Alice <alice@example.net>\nCc: {cc}\n\
                 Subject: [issue1] Re: Drucker\nMessage-ID: <2@example.org>\nIn-Reply-To: <1@example.net>\n\n\
                 Repaired.\n"
            );
            for local in recipients {
                bench.file(local, &reply);
            }
            let case = format!("{recipients:?} {hidden}");
            assert_eq!(bench.names(), ["archived/1"], "{case}");
            let mbox = bench.mbox("archived/1");
            assert_eq!(mbox.matches("\nRepaired.\n").count(), 1, "{case}");
            assert_eq!(
                mbox.matches("\nDelivered-To: ticket-1-done@").count(),
                1,
                "{case}"
            );
            // Alice has the mail itself. Of a closing every admin is told (C5).
            let sent = bench.take_sent();
            let to = |sent: &crate::bench::Sent| sent.args.split(" -- ").last().map(str::to_owned);
            assert!(
                sent.iter()
                    .all(|it| to(it).as_deref() == Some("eva@example.org")),
                "{case} {sent:?}"
            );
            let closed =
                |it: &&crate::bench::Sent| it.field("X-Tickets-Event").as_deref() == Some("closed");
            assert_eq!(sent.iter().filter(closed).count(), 1, "{case} {sent:?}");
            let history = |bench: &Bench| {
                let all = bench.run(&["timeline", "--json"], b"").stdout;
                all.matches("\"event\":\"closed\"").count()
            };
            assert_eq!(history(&bench), 1, "{case}");
            bench.works("reindex");
            assert_eq!(history(&bench), 1, "{case}");
            // D7: as if the delivery had died before it moved the file.
            std::fs::rename(bench.ticket("archived/1"), bench.ticket("1")).unwrap();
            bench.file("ticket-1-done", &reply);
            assert_eq!(bench.names(), ["archived/1"], "{case}");
            assert_eq!(bench.mbox("archived/1"), mbox, "{case}");
            // Once it is open again, the MTA's late retry does nothing.
            bench.says("reopen 1", "re-opened 1  Drucker brännt\n");
            for local in recipients {
                bench.file(local, &reply);
            }
            assert_eq!(bench.names(), ["1"], "{case}");
            bench.works("check --store");
        }
    }
}

/// B2, B11, C5: a reply to all of a mail that closed the ticket names its closing address, too. Whoever writes it
/// contradicts, and closes nothing, whichever of the two addresses the MTA brings it to, and whoever may close.
#[test]
fn a_customers_reply_to_all_addresses_opens_the_ticket_again() {
    const BOTH: &[&[&str]] = &[
        &["ticket-1", "ticket-1-done"],
        &["ticket-1-done", "ticket-1"],
        &["ticket-1-done"],
    ];
    for close_by in ["participants", "admins", "anyone"] {
        for recipients in BOTH {
            for at_once in [false, true] {
                let case = format!("{close_by} {recipients:?} {at_once}");
                let bench = Bench::with(&format!("close_by = \"{close_by}\"\n"));
                bench.file("submit", FIRST);
                bench.file(
                    "ticket-1-done",
                    "From: Steve (Support) <ticket-1@example.org>\nTo: alice@example.net\n\
                     Cc: ticket-1-done@example.org\nMessage-ID: <2@example.org>\n\nRepaired.\n",
                );
                assert_eq!(bench.names(), ["archived/1"], "{case}");
                bench.take_sent();
                let still = "From: Alice <alice@example.net>\nTo: ticket-1@example.org\n\
                     Cc: Ticket-1-Done@example.org\nMessage-ID: <3@example.net>\n\
                     In-Reply-To: <2@example.org>\nSubject: Re: [issue1] Drucker\n\nNo, it still burns!\n";
                let deliver = |message: &str| match at_once {
                    false => recipients
                        .iter()
                        .for_each(|local| bench.file(local, message)),
                    true => {
                        let to = recipients
                            .iter()
                            .map(|local| format!("--recipient={local}@example.org"));
                        let args: Vec<_> =
                            std::iter::once("deliver".to_owned()).chain(to).collect();
                        let args: Vec<&str> = args.iter().map(String::as_str).collect();
                        bench.run(&args, message.as_bytes()).silent();
                    }
                };
                deliver(still);
                assert_eq!(bench.names(), ["1"], "{case}");
                let mbox = bench.mbox("1");
                assert_eq!(mbox.matches("\nNo, it still burns!\n").count(), 1, "{case}");
                let filed_under = |mbox: &str, local: &str| {
                    let field = format!("\nDelivered-To: {local}@");
                    mbox.matches(&field).count()
                };
                assert_eq!(filed_under(&mbox, "ticket-1"), 1, "{case}");
                assert_eq!(filed_under(&mbox, "ticket-1-done"), 1, "{case}");
                let sent = bench.take_sent();
                let told: Vec<_> = sent.iter().map(|it| it.field("X-Tickets-Event")).collect();
                assert_eq!(told, [Some("re-opened".to_owned())], "{case}");
                // Nor does it close one that is open.
                deliver(&still.replace("<3@", "<4@"));
                assert_eq!(bench.names(), ["1"], "{case}");
                bench.works("reindex");
                assert_eq!(bench.names(), ["1"], "{case}");

                // Who writes to the closing address alone means it.
                let alone = "From: Alice <alice@example.net>\nTo: ticket-1-done@example.org\n\
                     Message-ID: <5@example.net>\n\nIt is out.\n";
                bench.file("ticket-1-done", alone);
                let closed = match close_by {
                    "admins" => "1",
                    _ => "archived/1",
                };
                assert_eq!(bench.names(), [closed], "{case}");
            }
        }
    }
}

/// A desk whose ticket 1 is open, and another file of its number closed.
fn desk_with_both() -> Bench {
    let bench = desk();
    bench.make_dir("tickets/archived");
    let other = "From bob@example.com Mon Nov  2 10:00:00 2026\nFrom: bob@example.com\n\nOld.\n\n";
    bench.put("tickets/archived/1", other.as_bytes());
    bench
}

const CLOSING: &str = "From: Steve <steve@example.org>\nMessage-ID: <2@example.org>\n\nRepaired.\n";

/// (D7, E4) What cannot be done is not said to be done, and files nothing.
#[test]
fn a_ticket_in_both_places_is_not_closed_on_the_shell() {
    let bench = desk_with_both();
    bench.file("submit", "Message-ID: <2@x>\n\nx\n");
    bench.take_sent();
    let before = [bench.mbox("1"), bench.mbox("archived/1"), bench.mbox("2")];
    let path = bench.ticket("archived/1");
    let error = format!(
        "tickets: cannot close ticket 1: {} exists as well\n\
         hint: `tickets check --store` shows the command that joins the two\n",
        path.display()
    );
    for args in [
        &["close", "1"][..],
        &["close", "1", "-m", "Repaired."],
        &["close", "--quiet", "1"],
    ] {
        bench.run(args, b"").is(75, "", &error);
    }
    // All or none.
    let none = error.replace("tickets: cannot", "tickets: nothing was closed: cannot");
    bench.run(&["close", "2", "1"], b"").is(75, "", &none);
    let already = "tickets: ticket 1 is open already\n";
    bench.run(&["reopen", "1"], b"").is(0, "", already);
    let after = [bench.mbox("1"), bench.mbox("archived/1"), bench.mbox("2")];
    assert_eq!(after, before);
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
    assert_eq!(bench.outbox(), [""; 0]);

    let dir = bench.path("tickets");
    let mend = format!(
        "cd {} && cat 1 >>archived/1 && mv archived/1 1",
        dir.display()
    );
    bench.run(&["check", "--store"], b"").is(
        65,
        &format!(
            "ticket 1 exists twice, open and closed; the open one cannot be closed (`{mend}`)\n\
             2 messages in 2 tickets, none changed\n"
        ),
        "",
    );
    let mended = std::process::Command::new("sh")
        .args(["-c", &mend])
        .status();
    assert!(mended.unwrap().success());
    crate::bench::own(&bench.ticket("1"));
    bench.says("close 1", "closed 1\n");
    assert_eq!(bench.names(), ["2", "archived/1"]);
    let joined = before[1].clone() + &before[0];
    assert!(bench.mbox("archived/1").starts_with(&joined));
}

/// (C4, D1) By mail: it is filed, the admins read why the ticket stays open, and nobody else hears of it.
#[test]
fn a_ticket_in_both_places_is_not_closed_by_mail() {
    let remark = "It asked to close the ticket, but archived/ holds another file of its number. The \
        ticket stays open, and its submitter was told nothing. `tickets check --store` shows the \
        command that joins the two; then close it again.";
    let by_alice = "From: alice@example.net\nMessage-ID: <3@example.net>\n\nSolved.\n";
    for (closing, want) in [
        // The one admin wrote it, and gets no copy of it.
        (CLOSING, "refused <> -- steve@example.org"),
        (by_alice, "copy <> -- steve@example.org"),
    ] {
        let bench = desk_with_both();
        let other = bench.mbox("archived/1");
        for _ in 0..2 {
            // The MTA may bring it again.
            bench.file("ticket-1-done", closing);
        }
        assert_eq!(bench.names(), ["1", "archived/1"]);
        assert_eq!(bench.mbox("archived/1"), other);
        let mbox = bench.mbox("1");
        assert_eq!(mbox.matches("\nX-Tickets-Entry: ").count(), 2);
        assert!(
            mbox.contains("Delivered-To: ticket-1-refused@example.org\n"),
            "{mbox}"
        );
        let sent = bench.take_sent();
        assert_eq!(
            sent.iter().map(|s| s.in_short()).collect::<Vec<_>>(),
            [want]
        );
        let told = match sent[0].field("X-Tickets-Remark") {
            Some(field) => field,
            None => sent[0].body().to_owned(),
        };
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(remark), "{told}");
    }
    // Two admins: each is told once, in one mail.
    let bench = desk_with_both();
    bench.configure("admins = [\"steve@example.org\", \"eve@example.org\"]\n");
    bench.file("ticket-1-done", CLOSING);
    let want = [
        "copy <> -- eve@example.org",
        "refused <> -- steve@example.org",
    ];
    assert_eq!(bench.take_sent_in_short(), want);
}

/// (D5) The other file may appear after the look, and before the lock.
#[test]
fn the_other_file_appears_while_a_closing_waits_for_the_lock() {
    let bench = desk();
    bench.make_dir("tickets/archived");
    let us = std::process::id();
    let host = nix::unistd::gethostname().unwrap();
    let lock = format!("{us} {}\n", host.to_str().unwrap());
    for closes in ["mail", "shell"] {
        bench.put("tickets/1.lock", lock.as_bytes());
        let before = bench.mbox("1");
        let ran = std::thread::scope(|scope| {
            let closing = scope.spawn(|| match closes {
                "mail" => bench.deliver("ticket-1-done@example.org", CLOSING),
                _ => bench.run(&["close", "1", "-m", "Repaired."], b""),
            });
            // Its answers are staged, so the ticket has been looked at.
            until("the closing is staged", || {
                !bench.outbox().is_empty() || closing.is_finished()
            });
            bench.put(
                "tickets/archived/1",
                b"From x Mon Nov  2 10:00:00 2026\n\nOld.\n\n",
            );
            std::fs::remove_file(bench.ticket("1.lock")).unwrap();
            closing.join().unwrap()
        });
        assert_eq!(bench.names(), ["1", "archived/1"]);
        let told = bench.take_sent_in_short();
        match closes {
            "mail" => {
                ran.silent();
                assert_eq!(told, ["refused <> -- steve@example.org"]);
            }
            _ => {
                assert_eq!((ran.status, &*ran.stdout), (75, ""), "{ran:?}");
                assert_eq!((bench.mbox("1"), told.len()), (before, 0));
            }
        }
        assert_eq!(bench.outbox(), [""; 0]);
        std::fs::remove_file(bench.ticket("archived/1")).unwrap();
    }
}

/// (A3) Where a file cannot be moved for another reason, the closing waits, and is not said to be done.
#[test]
fn a_closing_that_cannot_be_carried_out_is_not_filed() {
    use std::os::unix::fs::PermissionsExt;
    let bench = desk();
    bench.make_dir("tickets/archived");
    let mode = |bits| {
        let mode = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(bench.ticket("archived"), mode).unwrap();
    };
    let before = bench.mbox("1");
    mode(0o500);
    let (from, to) = (bench.ticket("1"), bench.ticket("archived/1"));
    let error = format!(
        "tickets: cannot move {} to {}: Permission denied (os error 13)\n",
        from.display(),
        to.display()
    );
    bench
        .deliver("ticket-1-done@example.org", CLOSING)
        .is(75, "", &error);
    let ran = bench.run(&["close", "1", "-m", "Repaired."], b"");
    assert_eq!((ran.status, &*ran.stdout), (77, ""), "{ran:?}");
    assert!(ran.stderr.starts_with(&error), "{ran:?}");
    assert_eq!(bench.mbox("1"), before);
    assert_eq!(bench.names(), ["1"]);
    assert_eq!(
        (bench.take_sent_in_short().len(), bench.outbox().len()),
        (0, 0)
    );
    mode(0o700);
    bench.file("ticket-1-done", CLOSING);
    assert_eq!(bench.names(), ["archived/1"]);
    assert_eq!(
        bench.take_sent_in_short(),
        ["closed <> -- alice@example.net"]
    );
}

/// D7: closed, and given again before or after others wrote.
#[test]
fn the_same_closing_again_is_the_same_closing() {
    let bench = desk();
    let close = ["close", "1", "-m", "Repaired.\nFrom now on: water."];
    bench
        .run(&close, b"")
        .is(0, "closed 1  Drucker brännt\n", "");
    let mbox = bench.mbox("archived/1");
    let already = "tickets: ticket 1 is closed already\n";
    bench.run(&close, b"").is(0, "", already);
    assert_eq!(bench.mbox("archived/1"), mbox);
    assert_eq!(
        bench.take_sent_in_short(),
        ["closed <> -- alice@example.net"]
    );
    // Other words, or the same after somebody else's, are another mail.
    bench.run(&["close", "1", "-m", "Repaired."], b"").is(
        0,
        "updated 1  Drucker brännt\n",
        already,
    );
    bench.file(
        "ticket-1",
        "From: alice@example.net\nMessage-ID: <4@x>\n\nNo.\n",
    );
    bench
        .run(&close, b"")
        .is(0, "closed 1  Drucker brännt\n", "");
    assert_eq!(
        bench
            .mbox("archived/1")
            .matches("\n>From now on: water.\n")
            .count(),
        2
    );
}

/// E3: who is told of a closing is said at a terminal, and to nobody else.
#[test]
fn a_terminal_says_who_will_be_told() {
    let b = Bench::new();
    for subject in ["One", "Two", "Three"] {
        b.file(
            "submit",
            format!("From: ann@example.net\nSubject: {subject}\n\nx\n"),
        );
    }
    let at_terminal = |line: &str| {
        let ran = crate::reply::on_terminal(&b, line, "");
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.stdout + &ran.stderr
    };
    assert_eq!(
        at_terminal("close 1"),
        "closed 1  One; ann@example.net will be told (not with --quiet)\n"
    );
    b.take_sent();
    assert_eq!(at_terminal("close --quiet 2"), "closed 2  Two\n");
    assert_eq!(b.take_sent_in_short(), [""; 0]);
    b.says("close 3", "closed 3  Three\n");
}
