//! B10: the template of tickets' addresses is changed, and those sent out before go on to work.

use crate::bench::{Bench, Ran};

fn mail(from: &str, id: &str, to: &str) -> String {
    format!(
        "From: {from}\nTo: {to}\nSubject: Printer\nMessage-ID: <{id}@example.net>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nThe words of {id}.\n"
    )
}

const ANN: &str = "Ann <ann@example.net>";
const STEVE: &str = "Steve <steve@example.org>";
const BOTH: &str = "ticket = [\"case-{n}\", \"ticket-{n}\"]\n";

/// A desk with Ann's ticket 1, acknowledged as ticket-1@, whose tickets are case-1@ from then on.
fn desk(more: &str) -> Bench {
    let b = Bench::with(more);
    b.file("submit", mail(ANN, "1", "submit@example.org"));
    let sent = b.take_sent();
    assert!(sent[0].in_short().starts_with("ack ") && sent[0].mail.contains("<ticket-1"));
    b.configure(&format!("{BOTH}{more}"));
    b
}

fn list(b: &Bench) -> String {
    let Ran { status, stdout, .. } = b.run(&["list", "--all", "-q"], b"");
    assert_eq!(status, 0);
    stdout
}

#[test]
fn mail_to_an_address_of_before_is_filed_closes_and_is_passed_on() {
    let b = desk("");
    b.file("ticket-1", mail(ANN, "2", "ticket-1@example.org"));
    let sent = b.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].in_short(), "copy <> -- steve@example.org");
    assert_eq!(sent[0].field("Reply-To").unwrap(), "case-1@example.org");
    // An answer to a mail of before: that address is the desk's own, and nobody else's.
    let to = "ticket-1@example.org, ann@example.net, Case-1@example.org";
    b.file("ticket-1", mail(STEVE, "3", "ticket-1@example.org"));
    assert_eq!(
        b.take_sent_in_short(),
        ["copy case-1@example.org -- ann@example.net"]
    );
    b.file(
        "case-1-submitter",
        mail(STEVE, "4", "case-1-submitter@example.org"),
    );
    assert_eq!(
        b.take_sent_in_short(),
        ["copy case-1@example.org -- ann@example.net"]
    );
    b.file("ticket-1-done", mail(STEVE, "5", to));
    assert_eq!(b.names(), ["archived/1"]);
    assert_eq!(b.take_sent_in_short(), [] as [String; 0]);
    let mbox = b.mbox("archived/1");
    let filed: Vec<&str> = mbox
        .lines()
        .filter_map(|line| line.strip_prefix("Delivered-To: "))
        .collect();
    let (update, done) = ("case-1@example.org", "case-1-done@example.org");
    let submitter = "case-1-submitter@example.org";
    assert_eq!(
        filed,
        ["submit@example.org", update, update, submitter, done]
    );
    // (A5) The same mail by the other address is the same.
    b.file("case-1-done", mail(STEVE, "5", to));
    assert_eq!(
        (b.mbox("archived/1"), b.names()),
        (mbox, vec!["archived/1".to_owned()])
    );
    // (B11)
    b.file("ticket-1", mail(ANN, "6", "ticket-1@example.org"));
    assert_eq!((b.names(), list(&b)), (vec!["1".to_owned()], "1\n".into()));
    b.run(&["address", "1"], b"")
        .is(0, "case-1@example.org\n", "");
    // Neither address is anybody's to be answered at (C1).
    let reply_to = format!(
        "Reply-To: ticket-1@example.org\n{}",
        mail(ANN, "7", "submit@example.org")
    );
    b.take_sent();
    b.file("submit", reply_to);
    let short = b.take_sent_in_short();
    assert_eq!(
        short,
        ["ack <> -- ann@example.net", "copy <> -- steve@example.org"]
    );
    // What was filed under the address of before says the same once that is not the first any more (D3).
    b.configure("ticket = [\"ticket-{n}\", \"case-{n}\"]\n");
    let told = |b: &Bench| b.run(&["timeline", "--json"], b"");
    let before = told(&b);
    b.run(&["reindex"], b"")
        .silent_but_for_output("what it says");
    let after = told(&b);
    let closings = after.stdout.matches("\"closed\"").count();
    assert_eq!(
        (before.status, closings, before.stdout),
        (0, 1, after.stdout)
    );
}

#[test]
fn a_mail_server_is_told_the_same() {
    // B8, E3, E8
    let b = desk("");
    for (address, status) in [
        ("case-1@example.org", 0),
        ("ticket-1@example.org", 0),
        ("TICKET-1-done@example.org", 0),
        ("ticket-2@example.org", 67),
        ("case-2@example.org", 67),
    ] {
        let verify = b.run(&["verify", "--routed", address], b"");
        let policy =
            format!("request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient={address}\n\n");
        let policy = b.run(&["policy", "--routed"], policy.as_bytes());
        let refused = match status {
            0 => None,
            _ => Some(format!(
                "5.1.1 There is no ticket {address}: please write to submit@example.org to open a new one."
            )),
        };
        let says = refused.clone().map_or(String::new(), |it| it + "\n");
        verify.is(status, &says, "");
        let action = refused.map_or("DUNNO".into(), |it| format!("550 {it}"));
        policy.is(0, &format!("action={action}\n\n"), "");
    }
    let check = b.run(&["check"], b"").stdout;
    let line = "ticket = [\"case-{n}\", \"ticket-{n}\"]\n";
    assert!(check.contains(line), "{check}");
    // A single one is written as it was.
    b.configure("ticket = [\"case-{n}\"]\n");
    let check = b.run(&["check"], b"").stdout;
    assert!(check.contains("\nticket = \"case-{n}\"\n"), "{check}");
}

#[test]
fn the_digest_is_the_same_in_each() {
    // B1, C8
    let b = Bench::new();
    b.put("secret", b"0123456789abcdef");
    let secret = format!("address_secret = {:?}\n", b.path("secret"));
    b.file("submit", mail(ANN, "1", "submit@example.org"));
    b.configure(&format!("{secret}plain_until = 0\n{BOTH}"));
    for (local, status) in [
        ("case-1-77ak8qyc", 0),
        ("ticket-1-77ak8qyc", 0),
        ("ticket-1", 67),
        ("ticket-1-77ak8qyd", 67),
    ] {
        let to = format!("{local}@example.org");
        let ran = b.deliver(&to, mail(ANN, local, &to));
        assert_eq!(ran.status, status, "{ran:?}");
    }
    b.configure(&format!("{secret}plain_until = 1\n{BOTH}"));
    b.file("ticket-1", mail(ANN, "plain", "ticket-1@example.org"));
    assert_eq!(b.mbox("1").matches("\nDelivered-To: ").count(), 4);
}

#[test]
fn a_template_that_cannot_be_one_is_a_mistake_with_the_key() {
    // F
    let b = Bench::new();
    let like = |one: &str, other: &str| {
        format!("an address made from {one:?} can be mistaken for one of {other:?}")
    };
    let table = [
        ("ticket = []", "the list is empty".to_owned()),
        (
            "ticket = [\"case-{n}\", \"x\"]",
            "\"x\" is not a template of a local-part".into(),
        ),
        ("ticket = [\"t{n}\", \"T{n}\"]", like("T{n}", "t{n}")),
        (
            "ticket = [\"t{n}\", \"t{n}-done\"]",
            like("t{n}-done", "t{n}"),
        ),
        (
            "submit = [\"submit\", \"case-7\"]\nticket = [\"t{n}\", \"case-{n}\"]",
            like("case-{n}", "case-7"),
        ),
        ("submit = \"ticket-7\"", like("ticket-{n}", "ticket-7")),
    ];
    for (lines, want) in table {
        b.configure(&format!("{lines}\n"));
        let ran = b.run(&["list"], b"");
        let file = b.path("config.toml");
        let line = format!("tickets: cannot use {}: ticket: {want}\n", file.display());
        assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{lines}");
        assert!(ran.stderr.starts_with(&line), "{line}{}", ran.stderr);
    }
}

#[test]
fn the_pieces_bring_mail_to_all_of_them() {
    // E3
    let b = desk("");
    let printed = |option: &str| {
        let ran = b.run(&["init", option], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        ran.stdout
    };
    let exim = printed("--exim");
    assert!(
        exim.contains("\nTICKETS_PREFIX = case-|ticket-\n"),
        "{exim}"
    );
    assert!(
        exim.starts_with("# Lets Exim hand mail for submit@example.org and case-12@example.org ")
    );
    let postfix = printed("--postfix");
    assert!(
        postfix.contains(" TICKETS_PREFIX='case-|ticket-' \\\n"),
        "{postfix}"
    );
    let mutt = printed("--mutt");
    assert!(
        mutt.contains("; unalternates case-[1-9] ticket-[1-9]; "),
        "{mutt}"
    );
    b.configure("ticket = [\"case-{n}\", \"t{n}x\"]\n");
    for option in ["--exim", "--postfix"] {
        b.run(&["init", option], b"").is(
            78,
            "",
            "tickets: cannot write the pieces for ticket = \"t{n}x\"\n\
             hint: they want a template that ends in {n}\n",
        );
    }
}
