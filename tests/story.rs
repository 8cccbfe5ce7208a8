//! A desk with a past: mboxes with known dates, put there by hand (D9).

use crate::bench::{Bench, Ran, finish};
use tickets::mail::entry::{Trace, encode};

/// Central European time, as POSIX has it: no time zone database is needed.
pub const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

pub const ALICE: &str = "Alice Example <alice@example.net>";
pub const YAMADA: &str = "山田太郎 <yamada@example.net>";
pub const MUHAMMAD: &str = "محمد بن عبد الله <m@example.net>";
pub const STEVE: &str = "Steve <steve@example.org>";
pub const CRON: &str = "Cron Daemon <root@example.net>\nAuto-Submitted: auto-generated";

/// An entry as we would have filed it: `date` is RFC 3339, `to` the ending of the local-part
/// under which it was filed (`submit`, `ticket-1-done`).
pub fn entry(date: &str, from: &str, to: &str, subject: &str) -> Vec<u8> {
    let at: jiff::Timestamp = date.parse().unwrap();
    let filed_under = format!("{to}@example.org");
    let trace = Trace {
        sender: Some("alice@example.net"),
        filed_under: &filed_under,
        at: at.as_second(),
    };
    let id = format!("{}.{}.{to}@example.net", at.as_second(), subject.len());
    let raw = format!("Message-ID: <{id}>\nFrom: {from}\nSubject: {subject}\n\ntext\n");
    encode(&trace, raw.as_bytes())
}

/// An entry that mutt copied in: dated, and nothing else of ours.
pub fn foreign(date: &str, from: &str, subject: &str) -> Vec<u8> {
    let at: jiff::Timestamp = date.parse().unwrap();
    let at = at.strftime("%a %b %e %H:%M:%S %Y");
    format!("From x {at}\nFrom: {from}\nSubject: {subject}\n\ntext\n\n").into_bytes()
}

/// A desk with an empty store.
pub fn empty() -> Bench {
    let b = Bench::new();
    b.make_store();
    b
}

/// A few weeks of a desk: 1 is closed after it was re-opened, 2 waits for its first reply, 3 was
/// opened by a machine, 4 is open, and holds a quiet note and a mail copied in by hand.
pub fn weeks() -> Bench {
    let b = empty();
    let fire = "Printer on fire";
    let re = "Re: [issue1] Printer on fire";
    b.put(
        "tickets/archived/1",
        &[
            entry("2026-10-05T08:00:00Z", ALICE, "submit", fire),
            entry("2026-10-05T11:00:00Z", STEVE, "ticket-1", re),
            entry("2026-10-06T08:00:00Z", STEVE, "ticket-1-done", re),
            entry("2026-10-25T00:30:00Z", ALICE, "ticket-1", "It burns again"),
            entry(
                "2026-10-25T08:00:00Z",
                "ticket-1@example.org",
                "ticket-1-done",
                re,
            ),
        ]
        .concat(),
    );
    b.put(
        "tickets/2",
        &entry(
            "2026-10-25T01:30:00Z",
            YAMADA,
            "submit",
            "請求書の件について：先月分の請求書がまだ届いておりません",
        ),
    );
    b.put(
        "tickets/archived/3",
        &[
            entry(
                "2026-10-12T04:00:00Z",
                CRON,
                "submit",
                "Cron <root@web> backup",
            ),
            entry(
                "2026-10-12T07:00:00Z",
                STEVE,
                "ticket-3-done",
                "Re: Cron <root@web> backup",
            ),
        ]
        .concat(),
    );
    b.put(
        "tickets/4",
        &[
            entry(
                "2026-10-13T09:00:00Z",
                MUHAMMAD,
                "submit",
                "لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس",
            ),
            entry("2026-10-13T09:05:00Z", STEVE, "ticket-4-quiet", "a note"),
            entry(
                "2026-10-14T09:00:00Z",
                STEVE,
                "ticket-4",
                "Re: [issue4] login",
            ),
            entry("2026-10-14T09:00:05Z", CRON, "ticket-4", "I am on holiday"),
            foreign("2026-10-13T10:00:00Z", ALICE, "copied in later"),
        ]
        .concat(),
    );
    b
}

/// Runs the program on a terminal so wide, or none, in Berlin.
pub fn run(b: &Bench, args: &[&str], columns: Option<u32>) -> Ran {
    let mut command = b.command(args);
    command.env("TZ", BERLIN);
    if let Some(columns) = columns {
        command.env("COLUMNS", columns.to_string());
    }
    finish(command, b"")
}
