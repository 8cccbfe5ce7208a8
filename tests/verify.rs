//! `tickets verify`: RCPT-time answers for an MTA.

use super::bench::Bench;

const MAIL: &str = "From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

#[test]
fn an_address_is_taken_or_refused_with_a_reason() {
    // B8, E3
    let b = Bench::new();
    b.file("submit", MAIL);
    b.file("submit", MAIL.replace("1@x", "2@x"));
    b.run(&["close", "2"], b"").is(0, "closed 2  Printer\n", "");
    b.take_sent();
    for (address, status, stdout) in [
        ("submit@example.org", 0, ""),
        ("SUBMIT@Example.ORG", 0, ""),
        ("ticket-1@example.org", 0, ""),
        ("ticket-1-done@example.org", 0, ""),
        ("Ticket-2-Quiet@example.org", 0, ""),
        (
            "ticket-3@example.org",
            67,
            "5.1.1 There is no ticket ticket-3@example.org: please write to submit@example.org \
             to open a new one.\n",
        ),
        (
            "ticket-01@example.org",
            67,
            "5.1.1 There is no ticket ticket-01@example.org: please write to submit@example.org \
             to open a new one.\n",
        ),
        (
            "steve@example.org",
            67,
            "5.1.1 steve@example.org is no address of this desk: please write to \
             submit@example.org.\n",
        ),
        (
            "-x@example.net",
            67,
            "5.1.1 -x@example.net is no address of this desk: please write to \
             submit@example.org.\n",
        ),
    ] {
        b.run(&["verify", address], b"").is(status, stdout, "");
    }
    assert_eq!(b.names(), ["1", "archived/2"]);
    assert_eq!(b.take_sent(), []);
}

#[test]
fn the_configuration_may_take_all() {
    let b = Bench::with("unknown_ticket = \"open\"\ncatch_all = \"submit\"\n");
    // B8, B9
    b.run(&["verify", "ticket-99@example.org"], b"")
        .is(0, "", "");
    b.run(&["verify", "anybody@example.org"], b"").is(0, "", "");
    assert!(!b.ticket("").exists(), "asking creates nothing");
}

#[test]
fn an_mta_that_asks_wrongly_is_told() {
    Bench::new().run(&["verify"], b"").is(
        64,
        "",
        "tickets: the following required arguments were not provided: <ADDRESS>\n\
         hint: `tickets verify --help` shows its options\n",
    );
}
