//! `tickets verify`: RCPT-time answers for an MTA.

use crate::bench::Bench;
use crate::check::MAIL;
use crate::transcript::Transcript;

// B8, B9, E3
#[test]
fn manual() {
    let b = Bench::new();
    b.file("submit", MAIL);
    b.file("submit", MAIL.replace("1@x", "2@x"));
    b.works("close 2");
    let mut t = Transcript::new(&b);
    t.step(
        "An address that would be taken, in any letter case; also that of a closed ticket.",
        "tickets verify submit@example.org\n\
         tickets verify SUBMIT@Example.ORG\n\
         tickets verify ticket-1@example.org\n\
         tickets verify ticket-1-done@example.org\n\
         tickets verify Ticket-2-Quiet@example.org",
    );
    t.step(
        "Any other is refused with the sentence that the sender shall read.",
        "tickets verify ticket-3@example.org\n\
         tickets verify ticket-01@example.org\n\
         tickets verify steve@example.org\n\
         tickets verify -x@example.net",
    );
    t.step(
        "What the mail server holds for the desk's, and the desk does not, is no mistake of the sender's (E8).",
        "tickets verify --routed ticket-1@example.org\n\
         tickets verify --routed ticket-3@example.org\n\
         tickets verify --routed ticket-1-gone@example.org\n\
         tickets verify --routed case-1@example.org\n\
         tickets verify --routed ticket-1@example.com",
    );
    t.step("An MTA that asks wrongly is told.", "tickets verify");
    let all = Bench::with("unknown_ticket = \"open\"\ncatch_all = \"submit\"\n");
    t.at(&all).step(
        "The configuration may take all.",
        "tickets verify ticket-99@example.org\ntickets verify anybody@example.org",
    );
    assert!(!all.ticket("").exists(), "asking creates nothing");
    insta::assert_snapshot!("verify", t);
}
