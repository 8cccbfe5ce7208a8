//! `address_secret`: only who was written to can write to a ticket.

use crate::bench::{Bench, Ran};
use crate::deliver::mail;
use crate::transcript::Transcript;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A desk with a secret, and these lines of configuration more.
fn desk(more: &str) -> Bench {
    let bench = Bench::new();
    put_secret(&bench, SECRET);
    bench.configure(&with_secret(&bench, more));
    bench
}

fn put_secret(bench: &Bench, secret: &str) {
    bench.put("secret", format!("{secret}\n").as_bytes());
    fs::set_permissions(bench.path("secret"), Permissions::from_mode(0o600)).unwrap();
}

fn with_secret(bench: &Bench, more: &str) -> String {
    format!("address_secret = {:?}\n{more}", bench.path("secret"))
}

/// Ticket 1 is Alice's. Its address, less the domain.
fn open(bench: &Bench) -> String {
    let first = mail(
        "1",
        "To: submit@example.org\nSubject: Printer\n",
        "It burns.",
    );
    bench.file("submit", first);
    local(bench, 1)
}

fn local(bench: &Bench, number: u32) -> String {
    let ran = bench.run(&["address", &number.to_string()], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let local = ran
        .stdout
        .strip_suffix("@example.org\n")
        .unwrap()
        .to_owned();
    let digest = local.strip_prefix(&format!("ticket-{number}-")).unwrap();
    let letters = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
    assert!(digest.len() == 8 && digest.chars().all(letters), "{local}");
    local
}

/// The text is in the manual.
#[track_caller]
fn refused(ran: &Ran, address: &str) {
    assert_eq!((ran.status, ran.stderr.as_str()), (67, ""));
    let begins = format!("5.1.1 There is no address {address}. ");
    assert!(ran.stdout.starts_with(&begins), "{ran:?}");
}

// A3, B8, E4
#[test]
fn manual() {
    let b = Bench::new();
    put_secret(&b, SECRET);
    b.configure(&format!("address_secret = {:?}\n", b.path("secret")));
    fs::set_permissions(b.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(b.path("etc")).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("(SEAL is|has) `[0-9a-z]{8}`", "$1 `<seal>`");
    let _settings = settings.bind_to_scope();
    let mut t = Transcript::new(&b);
    let check = "tickets check --etc etc | grep -A1 address_secret";
    t.step("The secret is in a file, and is never shown.", check);
    let mode = |mode| fs::set_permissions(b.path("secret"), Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    t.step("Nobody else may read it.", check);
    b.put(
        "mail.eml",
        mail("1", "Subject: Printer\n", "It burns.").as_bytes(),
    );
    let both = "tickets deliver submit@example.org <mail.eml\ntickets check --etc etc";
    b.put("secret", b"0123456789abcde\n\n");
    t.step(
        "Without a secret that is one, mail waits: it is never taken unprotected.",
        both,
    );
    b.put("secret", b"");
    t.run(both);
    fs::remove_file(b.path("secret")).unwrap();
    t.run(both);
    put_secret(&b, SECRET);
    mode(0o000);
    t.run(both);
    assert!(!b.ticket("").exists());
    mode(0o600);

    t.step(
        "The address of a ticket, and of one that is not there yet.",
        "tickets deliver submit@example.org <mail.eml\ntickets address 1 2",
    );
    let (right, next) = (local(&b, 1), local(&b, 2));
    b.put("reply.eml", mail("2", "", "x").as_bytes());
    t.step(
        "Who guesses is refused, by mail, to Exim and to Postfix. An address that was given out leads \
         to its ticket.",
        &format!(
            "tickets deliver -r ticket-1@example.org <reply.eml\n\
             tickets verify ticket-1@example.org\n\
             printf 'protocol_state=RCPT\\nrecipient=ticket-1@example.org\\n\\n' | tickets policy\n\
             tickets verify {next}@example.org\n\
             tickets verify {right}-done@example.org\n\
             printf 'protocol_state=RCPT\\nrecipient={right}@example.org\\n\\n' | tickets policy"
        ),
    );

    let exim = "tickets check --etc etc | grep -A1 Exim:";
    fs::create_dir_all(b.path("etc/exim4")).unwrap();
    let dc = "dc_other_hostnames='example.org'\ndc_use_split_config='false'\n";
    fs::write(b.path("etc/exim4/update-exim4.conf.conf"), dc).unwrap();
    let template = b.path("etc/exim4/exim4.conf.template");
    let put_in = || fs::write(&template, b.run(&["init", "--exim"], b"").stdout).unwrap();
    put_in();
    t.step(
        "Exim holds a seal of the secret and what goes with it.",
        exim,
    );
    put_secret(&b, &SECRET.replace('0', "1"));
    t.step("It has to be told of another secret,", exim);
    put_in();
    b.configure(&with_secret(&b, "plain_until = 7\n"));
    t.step("of plain addresses that may go on,", exim);
    b.configure("");
    t.step("of a desk that has no secret any more,", exim);
    put_in();
    t.run(exim);
    b.configure(&with_secret(&b, ""));
    t.step("and of one that has one now.", exim);

    let postfix = "tickets check --etc etc | grep -A1 Postfix:";
    fs::remove_dir_all(b.path("etc/exim4")).unwrap();
    fs::create_dir(b.path("etc/postfix")).unwrap();
    let put = |name: &str, text: &str| fs::write(b.path("etc/postfix").join(name), text).unwrap();
    put("main.cf", "transport_maps = tickets\n");
    t.step(
        "Postfix has to bring the mail, and its table, if it has one, to know digests.",
        postfix,
    );
    let table = include_str!("../contrib/postfix/tickets_transport");
    put("tickets_transport", table);
    t.run(postfix);
    put("tickets_transport", &table.replace("(-[0-9a-z]{8})?", ""));
    t.run(postfix);
    assert!(!t.to_string().contains(SECRET));
    insta::assert_snapshot!("secret", t);
}

#[test]
fn every_mail_names_the_address_that_works() {
    // C1 to C4
    let bench = desk("");
    let address = open(&bench) + "@example.org";
    let done = address.replace('@', "-done@");
    let sent = bench.take_sent();
    let [ack, copy] = &sent[..] else {
        panic!("{sent:?}")
    };
    let support = format!("Support <{address}>");
    assert_eq!(ack.field("From").unwrap(), support);
    assert_eq!(ack.field("Reply-To").unwrap(), address);
    assert_eq!(copy.field("Reply-To").unwrap(), address);
    assert_eq!(ack.field("X-Tickets-Ticket").unwrap(), "1");
    // A msg-id is shown to more people than are written to.
    let id = ack.field("Message-ID").unwrap();
    assert!(
        id.starts_with("<ticket-1.ack.") && id.ends_with("@example.org>"),
        "{id}"
    );

    let steve = "From: steve@example.org\nMessage-ID: <s@example.org>\n\nWater?\n";
    bench.deliver(&address, steve).silent();
    let passed = bench.take_sent();
    assert_eq!(
        passed[0].args,
        format!("-i -f {address} -- alice@example.net")
    );
    let steve = "From: steve@example.org\nMessage-ID: <t@example.org>\n\nPut out.\n";
    bench.deliver(&done, steve).silent();
    assert_eq!(bench.names(), ["archived/1"]);
    let closed = bench.take_sent();
    assert_eq!(closed[0].field("Reply-To").unwrap(), address);
    bench
        .deliver(&address.to_uppercase(), mail("2", "", "Thanks."))
        .silent();
    assert_eq!(bench.names(), ["1"]);
    let told = bench.take_sent();
    assert!(told[0].mail.contains(&address), "{}", told[0].mail);
    // D3: what came under which address, and `show` reads it.
    let fields: Vec<String> = bench
        .mbox("1")
        .lines()
        .filter_map(|l| l.strip_prefix("Delivered-To: ").map(str::to_owned))
        .collect();
    assert_eq!(fields, ["submit@example.org", &address, &done, &address]);
    let shown = bench.run(&["show", "1"], b"").stdout;
    for word in ["opened", "closed", "re-opened"] {
        assert!(shown.contains(word), "{word} in\n{shown}");
    }
}

#[test]
fn a_guess_is_refused() {
    // B8, T8
    let bench = desk("");
    open(&bench);
    bench.take_sent();
    let before = bench.mbox("1");
    for local in [
        "ticket-1",
        "ticket-1-done",
        "ticket-1-submitter",
        "ticket-2",
        "ticket-1-22222222",
        "Ticket-1-00000000-quiet",
        &local(&bench, 2).replace("-2-", "-1-"),
    ] {
        let address = format!("{local}@example.org");
        refused(&bench.deliver(&address, mail("2", "", "x")), &address);
        refused(&bench.run(&["verify", &address], b""), &address);
    }
    // What was told, of a ticket that is not there.
    let gone = local(&bench, 7) + "@example.org";
    let sentence = format!("5.1.1 There is no ticket {gone}: ");
    for ran in [
        bench.deliver(&gone, mail("2", "", "x")),
        bench.run(&["verify", &gone], b""),
    ] {
        assert_eq!((ran.status, ran.stderr.as_str()), (67, ""));
        assert!(ran.stdout.starts_with(&sentence), "{ran:?}");
    }
    assert_eq!(
        (bench.mbox("1"), bench.names()),
        (before, vec!["1".to_owned()])
    );
    assert_eq!(bench.take_sent(), []);
    // unknown_ticket = "open"
    bench.configure(&with_secret(&bench, "unknown_ticket = \"open\"\n"));
    bench.says("verify ticket-1@example.org", "");
    bench.file("ticket-1", mail("2", "", "x"));
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn the_way_by_submit_wants_what_only_the_told_know() {
    // B4, B5
    let bench = desk("");
    open(&bench);
    let ack = bench.take_sent().remove(0).field("Message-ID").unwrap();
    let other = ack.replace("<ticket-1.ack.", "<ticket-1.ack.0");
    let forged = format!("<ticket-1.ack.{}@example.org>", "0".repeat(32));
    let mut opened = vec!["1".to_owned()];
    for (n, (case, header, finds)) in [
        ("a tag", "Subject: Re: [issue1] Printer\n".to_owned(), false),
        (
            "a tag of none",
            "Subject: Re: [issue99] Printer\n".to_owned(),
            false,
        ),
        (
            "her own mail",
            "References: <1@example.net>\n".to_owned(),
            true,
        ),
        ("our answer", format!("In-Reply-To: {ack}\n"), true),
        ("its looks", format!("In-Reply-To: {forged}\n"), false),
        ("nearly", format!("In-Reply-To: {other}\n"), false),
        (
            "no more than its looks",
            "References: <ticket-1.ack.x@example.org>\n".to_owned(),
            false,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let text = mail(&format!("n{n}"), &header, "x");
        bench.file("submit", text);
        if !finds {
            opened.push((opened.len() + 1).to_string());
        }
        assert_eq!(bench.names(), opened, "{case}");
    }
    assert_eq!(bench.mbox("1").matches("\nFrom alice").count(), 2);
}

#[test]
fn addresses_that_are_out_may_go_on() {
    let bench = Bench::new();
    for n in ["1", "2"] {
        bench.file("submit", mail(n, "", "x"));
    }
    bench.file("ticket-1-done", mail("3", "", "x"));
    assert_eq!(bench.names(), ["2", "archived/1"]);
    // As config.toml says.
    let last = fs::read_to_string(bench.ticket(".tickets/sequence")).unwrap();
    bench.put("secret", SECRET.as_bytes());
    let config = with_secret(&bench, &format!("plain_until = {}\n", last.trim()));
    bench.configure(&config);
    bench.file("submit", mail("4", "", "x"));
    bench.file("ticket-1", mail("5", "", "x"));
    assert_eq!(bench.names(), ["1", "2", "3"]);
    let address = "ticket-3@example.org";
    refused(&bench.deliver(address, mail("6", "", "x")), address);
    let address = "ticket-1-22222222@example.org";
    refused(&bench.deliver(address, mail("6", "", "x")), address);
    // What was filed under the old address still says what it did.
    let shown = bench.run(&["show", "1"], b"").stdout;
    assert!(
        shown.contains("closed") && shown.contains("re-opened"),
        "{shown}"
    );
    // And the other way: without the secret the digest is idle.
    let with_digest = local(&bench, 3) + "-done@example.org";
    bench.configure("");
    bench.deliver(&with_digest, mail("7", "", "x")).silent();
    assert_eq!(bench.names(), ["1", "2", "archived/3"]);
}

#[test]
fn the_operators_tools_know_the_address() {
    let bench = desk("");
    let local = open(&bench);
    bench.take_sent();
    bench.says("close 1 -m Done.", "closed 1  Printer\n");
    let sent = bench.take_sent();
    assert_eq!(
        sent[0].field("From").unwrap(),
        format!("Support <{local}@example.org>")
    );
    let both = format!(
        "{local}@example.org\n{}@example.org\n",
        self::local(&bench, 2)
    );
    bench.says("address 1 2", &both);
    let muttrc = bench.run(&["init", "--mutt"], b"").stdout;
    let line = "setenv TICKET_LOCAL `tickets address $TICKET | cut -d@ -f1`; set record";
    assert!(muttrc.contains(line), "{muttrc}");
    // The scripts for the MTA are looked at by people.
    for mta in ["--exim", "--postfix"] {
        let script = bench.run(&["init", mta], b"");
        assert_eq!((script.status, script.stderr.as_str()), (0, ""), "{mta}");
        assert!(!script.stdout.contains(SECRET), "{mta}");
        let exim = mta == "--exim";
        for word in ["\nTICKETS_VERIFY = ", "\nTICKETS_SEAL = ", "tickets.secret"] {
            // The pieces of contrib/exim4 name the file anyhow.
            assert_eq!(script.stdout.contains(word), exim, "{mta} {word}");
        }
        let mut shell = std::process::Command::new("sh");
        shell.arg("-n");
        crate::bench::finish(shell, script.stdout.as_bytes()).is(0, "", "");
    }
}

/// (C8) Whatever could carry a digest into a feed: the links, the operator's own address, and what
/// others quote.
#[test]
fn feeds_do_not_publish_the_digests() {
    // T8
    let bench = desk("");
    let local = open(&bench);
    let digest = local.rsplit('-').next().unwrap();
    let says = format!(
        "From: \"{local}@example.org\" <{local}@example.org>\nSubject: Re: {local}-done@example.org {digest}\n\
         Message-ID: <2@example.org>\n\nIts address is {local}@example.org.\n"
    );
    bench.file(&local, says);
    bench.says(&format!("close 1 -m {local}"), "closed 1  Printer\n");
    let from = format!("{local}@");
    for form in ["--atom", "--rss"] {
        let feed = |args: &[&str]| {
            let ran = bench.run(&[&["timeline", form], args].concat(), b"");
            assert_eq!((ran.status, &*ran.stderr), (0, ""), "{ran:?}");
            assert!(
                !ran.stdout.to_lowercase().contains(digest),
                "{}",
                ran.stdout
            );
            let tag = match form {
                "--atom" => "<id>",
                _ => "<guid",
            };
            let ids = ran.stdout.lines().filter(|line| line.contains(tag));
            let mut ids: Vec<String> = ids.map(str::to_owned).collect();
            let all = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), all, "{ids:?}");
            (ran.stdout, ids)
        };
        let (text, ids) = feed(&[]);
        for want in [
            "Re: ticket-1-done@example.org …",
            "Alice",
            "mailto:submit@example.org",
        ] {
            assert!(text.contains(want), "{want}: {text}");
        }
        assert!(!text.contains("mailto:ticket"), "{text}");
        let (some, _) = feed(&["--from", &from]);
        assert!(some.contains("Re: ticket-1-done@example.org"), "{some}");
        // With another secret, the old digests are of no use; the ids stay.
        put_secret(&bench, "fedcba9876543210fedcba9876543210");
        let ran = bench.run(&["timeline", form, "--events", "opened,closed"], b"");
        assert!(!ran.stdout.contains("mailto:ticket"), "{ran:?}");
        for line in ran.stdout.lines().filter(|line| line.contains("ticket-1/")) {
            assert!(ids.iter().any(|id| id == line), "{line}: {ids:?}");
        }
        put_secret(&bench, SECRET);
    }
}
