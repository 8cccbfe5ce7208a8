//! A desk without parts.

use super::all_off;
use crate::check;
use crate::story::run;
use regex::Regex;

/// An entry as `Bench::mbox` shows it.
fn filed(sender: &str, to: &str, mail: &str) -> String {
    let digest = tickets::mail::entry::digest(mail.as_bytes());
    let size = mail.len();
    format!(
        "From {sender} DATE\nReturn-Path: <{sender}>\nDelivered-To: {to}\n\
         X-Tickets-Entry: size={size};\n sha256={digest}\n{mail}\n"
    )
}

const LIST: &str = " 1 * AGE  5  Alice  Printer on fire\n";

const SHOWN: &str = "\
Ticket 1, open: Printer on fire

── 1 ── Alice <alice@example.net> ── 2026-10-05 10:00 ── opened ────────────────

It burns.

── 2 ── Steve <steve@example.org> ── 2026-10-05 11:00 ──────────────────────────

Pull the plug.

── 3 ── Alice <alice@example.net> ── 2026-10-05 12:00 ──────────────────────────

It still burns.

── 4 ── Steve <steve@example.org> ── 2026-10-05 13:00 ── closed ────────────────

Water.

── 5 ── Alice <alice@example.net> ── 2026-10-05 14:00 ── re-opened ─────────────

Again!
";

const FOUND: &str = "
ok    config: mail for example.org
ok    store: ROOT/tickets: 1 open, 0 archived, FREE
ok    locks: fcntl and dotlock work
ok    index: 1 ticket
ok    sendmail: ROOT/sendmail
ok    outbox: nothing waits
warn  MTA: neither Exim nor Postfix is installed; nothing brings mail here
      mend: `tickets deliver --help`, or `sudo apt install exim4-daemon-light`
";

/// A ticket's whole life on a desk, as the MTA brings it; the mails that went out.
fn life(config: &str) -> Vec<String> {
    let alice = ("Alice", "alice@example.net");
    let steve = ("Steve", "steve@example.org");
    let bench = check::desk(config);
    let mut mbox = String::new();
    let mut mails = Vec::new();
    for (hour, (name, address), to, text, file, sent) in [
        (
            8,
            alice,
            "submit",
            "It burns.",
            "1",
            &[
                "ack <> -- alice@example.net",
                "copy <> -- steve@example.org",
            ][..],
        ),
        (
            9,
            steve,
            "ticket-1",
            "Pull the plug.",
            "1",
            &["copy ticket-1@example.org -- alice@example.net"],
        ),
        (
            10,
            alice,
            "ticket-1",
            "It still burns.",
            "1",
            &["copy <> -- steve@example.org"],
        ),
        (
            11,
            steve,
            "ticket-1-done",
            "Water.",
            "archived/1",
            &["closed <> -- alice@example.net"],
        ),
        (
            12,
            alice,
            "ticket-1",
            "Again!",
            "1",
            &["copy <> -- steve@example.org"],
        ),
    ] {
        let to = format!("{to}@example.org");
        let mail = format!(
            "From: {name} <{address}>\nTo: {to}\nSubject: Printer on fire\n\
             Message-ID: <{hour}@example.net>\nDate: Mon, 5 Oct 2026 {hour:02}:00:00 +0000\n\n{text}\n",
        );
        let args = ["deliver", "--sender", address, "--recipient", &to];
        bench.run(&args, mail.as_bytes()).silent();
        mbox += &filed(address, &to, &mail);
        assert_eq!(bench.names(), [file]);
        assert_eq!(bench.mbox(file), mbox);
        assert_eq!(bench.outbox(), [""; 0]);
        mails.extend(bench.sent().into_iter().map(|sent| sent.mail));
        assert_eq!(bench.take_sent_in_short(), sent, "{text}");
    }
    let list = run(&bench, &["list"], None);
    list.silent_but_for_output("list");
    let age = Regex::new(r"\* (now|[0-9]+m) ").unwrap();
    assert_eq!(age.replace(&list.stdout, "* AGE "), LIST);
    run(&bench, &["show", "1"], None).is(0, SHOWN, "");
    let found = bench.run(
        &["check", "--etc", bench.path("etc").to_str().unwrap()],
        b"",
    );
    found.silent_but_for_output("check");
    let root = bench.path("");
    let found = found.stdout.replace(root.to_str().unwrap(), "ROOT/");
    let free = Regex::new(r"archived, .* free").unwrap();
    let found = free.replace(&found, "archived, FREE");
    assert_eq!(found.split_once("\n\n").unwrap().1, &FOUND[1..]);
    mails
}

#[test]
fn a_desk_without_parts_takes_mail() {
    // A3, B1, B2, B6, B11, C1 to C4, D1, E1, E2, E6, G2
    let date = Regex::new(r"(?m)^Date: .*$").unwrap();
    let [without, with] = [all_off(), String::new()].map(|config| {
        let mails = life(&config).into_iter();
        let dated = mails.map(|mail| date.replace(&mail, "Date: DATE").into_owned());
        dated.collect::<Vec<_>>()
    });
    assert_eq!(without.len(), 6);
    assert_eq!(without, with, "no part has a hand in answers");
}
