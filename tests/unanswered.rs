//! E1: who waits for a reply. A mail that reached no customer answers nobody, and closing without a word says nothing.

use crate::bench::Bench;

/// A desk with the admins Steve and Eva, and Ann's ticket 1.
fn desk(more: &str) -> Bench {
    let admins = "admins = [\"steve@example.org\", \"eva@example.org\"]\n";
    let b = Bench::with(&format!("{admins}{more}"));
    b.file("submit", mail(ANN, "submit@example.org", "1", "It burns."));
    b
}

const ANN: &str = "Ann <ann@example.net>";
const STEVE: &str = "Steve <steve@example.org>";
const VIC: &str = "Vic <vic@vendor.example>";

fn mail(from: &str, to: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: {to}\nSubject: Printer\nMessage-ID: <{id}@example.net>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\n\n{text}\n"
    )
}

fn said(b: &Bench, args: &[&str]) -> String {
    let ran = b.run(args, b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout
}

/// Asserts whether somebody waits in ticket 1, by what deliveries noted, and by its mbox alone.
#[track_caller]
fn assert_waits(b: &Bench, waits: bool, what: &str) {
    let look = || {
        let json = said(b, &["list", "--json"]);
        let line: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        let stats = said(b, &["stats", "--json"]);
        let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
        (
            line["waiting"] == true,
            said(b, &["list"]).contains(" * "),
            said(b, &["list", "--waiting", "-q"]),
            // Status 1 says that nothing is found.
            b.run(&["search", "-q", "is:waiting"], b"").stdout,
            stats["first_reply"]["count"].as_u64().unwrap(),
        )
    };
    let before = look();
    let _ = said(b, &["reindex"]);
    let number = if waits { "1\n" } else { "" };
    assert_eq!(before, look(), "{what}: the mbox alone says the same");
    let (first, mark, listed, found, _) = before;
    assert_eq!(
        (first, mark, listed.as_str(), found.as_str()),
        (waits, waits, number, number),
        "{what}"
    );
}

#[test]
fn what_reaches_no_customer_is_no_answer() {
    let b = desk("");
    assert_waits(&b, true, "Ann wrote");
    let ticket = "ticket-1@example.org";
    let with_vic = format!("{ticket}, {VIC}");
    for (n, (local, mail, what)) in [
        (
            "ticket-1",
            mail(STEVE, &with_vic, "s1", "Have a look."),
            "it also went to a vendor",
        ),
        (
            "ticket-1-quiet",
            mail(STEVE, "ticket-1-quiet@example.org", "s2", "Hm."),
            "quietly",
        ),
        ("ticket-1", mail(STEVE, ticket, "s3", ""), "without a word"),
        (
            "ticket-1",
            format!(
                "Auto-Submitted: auto-replied\n{}",
                mail(STEVE, ticket, "s4", "I am away.")
            ),
            "a machine wrote it",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        b.take_sent();
        b.file(local, mail);
        let sent = b.take_sent_in_short();
        assert!(
            !sent.iter().any(|sent| sent.contains("ann@")),
            "{what}: {sent:?}"
        );
        assert_waits(&b, true, what);
        let stats = said(&b, &["stats", "--json"]);
        let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
        assert_eq!(
            (&stats["first_reply"]["count"], n),
            (&0.into(), n),
            "{what}"
        );
        let text = said(&b, &["stats"]);
        assert!(text.contains("1 waits for one"), "{what}: {text}");
    }
    // What was filed so is told apart in the mbox; no mail can be sent there.
    let filed: Vec<String> = b
        .mbox("1")
        .lines()
        .filter_map(|it| Some(it.strip_prefix("Delivered-To: ")?.to_owned()))
        .collect();
    let quiet = "ticket-1-quiet@example.org";
    let apart = "ticket-1-apart@example.org";
    assert_eq!(filed, ["submit@example.org", apart, quiet, ticket, ticket]);
    // The conversation says it, too.
    let show = said(&b, &["show", "1"]);
    let rules = show.lines().filter(|line| line.starts_with("── "));
    let told: Vec<bool> = rules.map(|it| it.contains(" ── not passed on ─")).collect();
    assert_eq!(told, [false, true, false, false, false], "{show}");
    assert_eq!(b.deliver(apart, mail(ANN, apart, "a9", "x")).status, 67);
    // Ann has it already.
    let to = format!("{ticket}, {ANN}, {VIC}");
    b.file("ticket-1", mail(STEVE, &to, "s5", "Mended."));
    assert_waits(&b, false, "it went to Ann");
    let stats = said(&b, &["stats", "--json"]);
    assert!(stats.contains("\"first_reply\":{\"count\":1,"), "{stats}");
}

#[test]
fn who_answers_the_customer_or_the_vendor_answers_somebody() {
    let reply = |to: &str, parent: &str| {
        let mail = mail(STEVE, to, "s1", "Here it is.");
        format!("In-Reply-To: <{parent}@example.net>\n{mail}")
    };
    for (local, to, parent, waits) in [
        ("ticket-1", "ticket-1@example.org", "1", false),
        ("ticket-1", "ticket-1@example.org", "v1", false),
        ("ticket-1", "vic@vendor.example", "v1", false),
        (
            "ticket-1",
            "ticket-1@example.org, vic@vendor.example",
            "none",
            false,
        ),
        (
            "ticket-1-submitter",
            "ticket-1-submitter@example.org, x@y.example",
            "v1",
            false,
        ),
        ("ticket-1", "ticket-1@example.org, x@y.example", "1", true),
    ] {
        let b = desk("");
        b.file(
            "ticket-1",
            mail(VIC, "ticket-1@example.org", "v1", "It costs 12."),
        );
        b.file(local, reply(to, parent));
        assert_waits(&b, waits, &format!("to {to}, about {parent}"));
    }
}

#[test]
fn a_mail_that_nothing_proves_answers_nobody() {
    let b = desk("authserv_id = \"mx.example.org\"\n");
    let forged = mail(
        STEVE,
        "ticket-1@example.org",
        "s1",
        "Send me your password.",
    );
    b.file("ticket-1", forged);
    assert_waits(&b, true, "not proven");
    b.file(
        "ticket-1-done",
        mail(STEVE, "ticket-1-done@example.org", "s2", "Closed!"),
    );
    assert_eq!(b.names(), ["1"]);
    assert_waits(&b, true, "not proven, and not closed");
}

#[test]
fn closing_and_opening_without_a_word_changes_nothing() {
    let words = |b: &Bench, args: &[&str]| drop(said(b, args));
    for (answered, close, reopen, waits) in [
        (false, &["close", "1"][..], &["reopen", "1"][..], true),
        (false, &["close", "--quiet", "1"], &["reopen", "1"], true),
        (
            false,
            &["close", "1", "-m", "Mended."],
            &["reopen", "1"],
            false,
        ),
        (
            false,
            &["close", "1"],
            &["reopen", "1", "-m", "Not yet."],
            false,
        ),
        (true, &["close", "1"], &["reopen", "1"], false),
    ] {
        let b = desk("");
        if answered {
            b.file(
                "ticket-1",
                mail(STEVE, "ticket-1@example.org", "s1", "Mended."),
            );
        }
        words(&b, close);
        assert_eq!(b.names(), ["archived/1"]);
        words(&b, reopen);
        assert_waits(&b, waits, &format!("{close:?} {reopen:?}"));
        // The closing is a reply all the same, by how fast it came.
        let stats = said(&b, &["stats"]);
        assert_eq!(stats.contains("1 waits for one"), waits, "{stats}");
        let stats = said(&b, &["stats", "--json"]);
        assert!(stats.contains("\"first_reply\":{\"count\":1,"), "{stats}");
    }
    // By hand.
    let b = desk("");
    std::fs::rename(b.ticket("1"), b.ticket("archived/1")).unwrap();
    words(&b, &["reopen", "1"]);
    assert_waits(&b, true, "moved by hand");
    // Who closes their own ticket waits no more, until they write again.
    b.file(
        "ticket-1-done",
        mail(ANN, "ticket-1-done@example.org", "a2", "It works."),
    );
    assert_eq!(b.names(), ["archived/1"]);
    words(&b, &["reopen", "1"]);
    assert_waits(&b, false, "Ann closed it");
    b.file(
        "ticket-1",
        mail(ANN, "ticket-1@example.org", "a3", "It burns again."),
    );
    assert_waits(&b, true, "Ann wrote again");
}

#[test]
fn who_is_of_the_desk_is_asked_when_it_is_shown() {
    let b = desk("");
    assert_waits(&b, true, "a customer's");
    b.configure("admins = [\"steve@example.org\", \"ann@example.net\"]\n");
    assert_waits(&b, false, "an admin's");
}

#[test]
fn an_exported_ticket_says_the_same_elsewhere() {
    let b = desk("");
    let to = format!("ticket-1@example.org, {VIC}");
    b.file("ticket-1", mail(STEVE, &to, "s1", "Have a look."));
    let archive = b.run(&["export", "--mbox", "-"], b"");
    let c = Bench::new();
    let ran = c.run(
        &["import", "--keep-numbers", "-"],
        archive.stdout.as_bytes(),
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(c.mbox("1"), b.mbox("1"));
    assert_waits(&c, true, "imported");
}
