//! A desk without parts (G2).

use super::{Bench, all_off, mail};
use crate::check;
use crate::transcript::Transcript;

/// A ticket's whole life, as an MTA brings it, and what the operator sees.
fn life(desk: &Bench) -> Transcript<'_> {
    let alice = |id, text| mail(id, "Subject: Re: Printer on fire\n", text);
    let steve =
        |id, text| alice(id, text).replace("Alice <alice@example.net>", "steve@example.org");
    for (name, mail) in [
        (
            "first",
            mail("1", "Subject: Printer on fire\n", "It burns."),
        ),
        ("answer", steve("2", "Pull the plug.")),
        ("update", alice("3", "From the back, too.")),
        ("close", steve("4", "It is out.")),
        ("again", alice("5", "It is not.")),
    ] {
        desk.put(name, mail.as_bytes());
    }
    let mut t = Transcript::new(desk);
    t.step(
        "A mail opens a ticket.",
        "tickets deliver -f alice@example.net submit@example.org <first",
    );
    t.mails();
    t.step(
        "An answer of the admin's is passed on.",
        "tickets deliver -f steve@example.org ticket-1@example.org <answer",
    );
    t.mails();
    t.step(
        "The submitter writes again.",
        "tickets deliver -f alice@example.net ticket-1@example.org <update",
    );
    t.step(
        "The admin closes the ticket.",
        "tickets deliver -f steve@example.org ticket-1-done@example.org <close\n\
         cat tickets/archived/1\n\
         tickets list",
    );
    t.step(
        "The next mail opens it again.",
        "tickets deliver -f alice@example.net ticket-1@example.org <again\n\
         tail -n 8 tickets/1",
    );
    t.step(
        "All of it can be seen.",
        "tickets list --json\n\
         tickets show 1\n\
         tickets check --etc etc | sed '/^$/,$d; s/, [^,]* free$//'",
    );
    t
}

// A3, B1, B2, B6, B11, C1, C2, C3, C4, D1, E1, E2, E6, G2
#[test]
fn a_desk_without_parts_takes_mail() {
    let without = check::desk(&all_off());
    let with = check::desk("");
    let page = life(&without);
    assert_eq!(page.to_string(), life(&with).to_string());
    insta::with_settings!({snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!("without-parts", page);
    });
}
