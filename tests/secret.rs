//! `address_secret`: only who was written to can write to a ticket.

use crate::bench::{Bench, Ran};
use crate::deliver::mail;
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

fn refused(ran: &Ran, address: &str) {
    let sentence = format!(
        "5.1.1 There is no address {address}. The right one is in every mail about your \
         ticket: reply to one of those, or write to submit@example.org.\n"
    );
    ran.is(67, &sentence, "");
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
    let to = copy.field("Reply-To").unwrap();
    assert_eq!(to, format!("Alice <alice@example.net>, {address}"));
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
    // B8
    let bench = desk("");
    let right = open(&bench);
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
    let sentence = format!(
        "5.1.1 There is no ticket {gone}: please write to submit@example.org to open a new one.\n"
    );
    bench
        .deliver(&gone, mail("2", "", "x"))
        .is(67, &sentence, "");
    bench.run(&["verify", &gone], b"").is(67, &sentence, "");
    bench
        .run(&["verify", &format!("{right}-done@example.org")], b"")
        .is(0, "", "");
    assert_eq!(
        (bench.mbox("1"), bench.names()),
        (before, vec!["1".to_owned()])
    );
    assert_eq!(bench.take_sent(), []);
    // Postfix is told the same.
    let ask = |address: &str| {
        let question = format!("protocol_state=RCPT\nrecipient={address}@example.org\n\n");
        bench.run(&["policy"], question.as_bytes()).stdout
    };
    assert_eq!(ask(&right), "action=DUNNO\n\n");
    let answer = ask("ticket-1");
    let want = "action=550 5.1.1 There is no address ticket-1@example.org. The right one is in ";
    assert!(answer.starts_with(want), "{answer}");
    // unknown_ticket = "open"
    bench.configure(&with_secret(&bench, "unknown_ticket = \"open\"\n"));
    bench
        .run(&["verify", "ticket-1@example.org"], b"")
        .is(0, "", "");
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
    bench
        .run(&["close", "1", "-m", "Done."], b"")
        .is(0, "closed 1  Printer\n", "");
    let sent = bench.take_sent();
    assert_eq!(
        sent[0].field("From").unwrap(),
        format!("Support <{local}@example.org>")
    );
    let both = format!(
        "{local}@example.org\n{}@example.org\n",
        self::local(&bench, 2)
    );
    bench.run(&["address", "1", "2"], b"").is(0, &both, "");
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

#[test]
fn a_secret_is_read_and_never_shown() {
    // A3
    let bench = desk("");
    fs::create_dir(bench.path("etc")).unwrap();
    let path = bench.path("secret");
    let shown = path.display();
    let etc = bench.path("etc");
    let args = ["check", "--etc", etc.to_str().unwrap()];
    let check = || bench.run(&args, b"");
    let good = check();
    for line in [
        format!("address_secret = \"{shown}\"\nplain_until = 0\n"),
        format!("ok    address_secret: {shown}\n"),
    ] {
        assert!(good.stdout.contains(&line), "{line} in\n{}", good.stdout);
    }
    assert!(!good.stdout.contains(SECRET));
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let told = check();
    let wide = format!(
        "FAIL  address_secret: everybody may read {shown}\n      mend: chmod o-rwx {shown}\n"
    );
    assert_eq!(told.status, 78);
    assert!(told.stdout.contains(&wide), "{}", told.stdout);

    // What cannot be read, or is none, keeps mail waiting: it is never taken without.
    let config = bench.path("config.toml");
    let cannot = format!("tickets: cannot use {}: address_secret: ", config.display());
    let hint =
        format!("hint: `(umask 077; head -c 32 /dev/urandom | base64 >{shown})` makes one\n");
    for (text, why) in [
        (
            Some("0123456789abcde\n\n"),
            format!("{shown} holds less than 16 characters"),
        ),
        (Some(""), format!("{shown} holds less than 16 characters")),
        (None, format!("there is no {shown}")),
    ] {
        match text {
            Some(text) => bench.put("secret", text.as_bytes()),
            None => fs::remove_file(&path).unwrap(),
        }
        let ran = bench.deliver("submit@example.org", mail("1", "", "x"));
        ran.is(75, "", &format!("{cannot}{why}\n"));
        check().is(78, "", &format!("{cannot}{why}\n{hint}"));
    }
    bench.put("secret", SECRET.as_bytes());
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let ran = bench.deliver("submit@example.org", mail("1", "", "x"));
    ran.is(
        75,
        "",
        &format!("{cannot}cannot read {shown}: Permission denied (os error 13)\n"),
    );
    assert!(!bench.ticket("").exists());
}

#[test]
fn exim_must_have_been_told_of_the_secret() {
    let bench = desk("");
    fs::set_permissions(bench.path(""), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(bench.path("etc/exim4")).unwrap();
    let etc = bench.path("etc");
    let dc = "dc_other_hostnames='example.org'\ndc_use_split_config='false'\n";
    fs::write(etc.join("exim4/update-exim4.conf.conf"), dc).unwrap();
    let template = etc.join("exim4/exim4.conf.template");
    let put_in = || fs::write(&template, bench.run(&["init", "--exim"], b"").stdout).unwrap();
    let said = || {
        let ran = bench.run(&["check", "--etc", etc.to_str().unwrap()], b"");
        let lines = ran.stdout.lines().filter(|l| l.contains("  Exim: "));
        (
            ran.status,
            lines.map(|l| format!("{l}\n")).collect::<String>(),
        )
    };
    let good = (
        0,
        "ok    Exim: it brings mail for submit@example.org\n".to_owned(),
    );
    let fails = |text: &str| {
        let (status, lines) = said();
        assert_eq!((status, lines.matches("FAIL").count()), (78, 1), "{lines}");
        assert!(lines.contains(text), "{text} in\n{lines}");
    };
    put_in();
    assert_eq!(said(), good);
    // Exim would refuse what the desk gives out.
    put_secret(&bench, &SECRET.replace('0', "1"));
    fails("FAIL  Exim: TICKETS_SEAL is `");
    put_in();
    assert_eq!(said(), good);
    bench.configure(&with_secret(&bench, "plain_until = 7\n"));
    fails("FAIL  Exim: TICKETS_SEAL is `");
    bench.configure("");
    fails("FAIL  Exim: it wants a digest in addresses, and this desk writes none");
    put_in();
    assert_eq!(said(), good);
    bench.configure(&with_secret(&bench, ""));
    let (status, lines) = said();
    assert_eq!((status, lines.matches("FAIL").count()), (78, 2), "{lines}");
    assert!(
        lines.contains("FAIL  Exim: TICKETS_VERIFY is ``, and"),
        "{lines}"
    );
}

#[test]
fn postfix_must_know_how_long_addresses_are() {
    let bench = desk("");
    fs::create_dir_all(bench.path("etc/postfix")).unwrap();
    let etc = bench.path("etc");
    fs::write(etc.join("postfix/main.cf"), "transport_maps = tickets\n").unwrap();
    let said = || {
        let ran = bench.run(&["check", "--etc", etc.to_str().unwrap()], b"");
        let mut lines = ran.stdout.lines().filter(|l| l.contains("  Postfix: "));
        (ran.status, lines.next().unwrap_or_default().to_owned())
    };
    let good = (
        0,
        format!(
            "ok    Postfix: {}/postfix/main.cf names tickets",
            etc.display()
        ),
    );
    assert_eq!(said(), good);
    let table = include_str!("../contrib/postfix/tickets_transport");
    for (text, want) in [
        (table.to_owned(), good.clone()),
        (
            table.replace("(-[0-9a-z]{8})?", ""),
            (
                78,
                "FAIL  Postfix: its tables know of no digest in addresses, and refuse them".into(),
            ),
        ),
    ] {
        fs::write(etc.join("postfix/tickets_transport"), text).unwrap();
        assert_eq!(said(), want);
    }
}
