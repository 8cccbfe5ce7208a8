//! Who closes a ticket, and what opens it again.

use super::*;

#[test]
fn closing() {
    // C4 to C6
    use Verb::{Done, Refused, Update};
    // case, close_by, open before, raw, filed under, open after, answers
    let participants = CloseBy::Participants;
    for (case, close_by, before, raw, under, after, want) in [
        (
            "C4 by an admin",
            participants,
            true,
            "From: steve@d.org\n\nx",
            Done,
            false,
            &["closed ann@x.org", "copy eva@d.org"][..],
        ),
        (
            "C4 from the ticket",
            participants,
            true,
            "From: ticket-1@d.org\n\n",
            Done,
            false,
            &["closed ann@x.org", BOTH],
        ),
        (
            "C4 with her in To",
            participants,
            true,
            "From: steve@d.org\nTo: ann@x.org\n\nx",
            Done,
            false,
            &["copy eva@d.org"],
        ),
        (
            "C4 by herself",
            participants,
            true,
            "From: ann@x.org\n\nx",
            Done,
            false,
            &[BOTH],
        ),
        (
            "C5 a participant",
            participants,
            true,
            "From: Bob@x.org\n\nx",
            Done,
            false,
            &["closed ann@x.org", BOTH],
        ),
        (
            "C5 a stranger",
            participants,
            true,
            "From: eve@evil.org\n\nx",
            Refused,
            true,
            &[BOTH],
        ),
        (
            "C5 nobody",
            participants,
            true,
            "\nx",
            Refused,
            true,
            &[BOTH],
        ),
        (
            "C5 admins only",
            CloseBy::Admins,
            true,
            "From: ann@x.org\n\nx",
            Refused,
            true,
            &[BOTH],
        ),
        (
            "C5 anyone",
            CloseBy::Anyone,
            true,
            "From: eve@evil.org\n\nx",
            Done,
            false,
            &["closed ann@x.org", BOTH],
        ),
        (
            "C4 closed already, by an admin",
            participants,
            false,
            "From: steve@d.org\n\nx",
            Done,
            false,
            &[],
        ),
        (
            "C4 closed already, by herself: no, still broken",
            participants,
            false,
            "From: ann@x.org\n\nx",
            Done,
            false,
            &[BOTH],
        ),
        (
            "C4 closed already, by a stranger: it stays closed",
            participants,
            false,
            "From: eve@evil.org\n\nx",
            Refused,
            false,
            &[BOTH],
        ),
        (
            "C5 the admins are told, whomever the header names",
            participants,
            true,
            "From: ann@x.org\nCc: steve@d.org, eva@d.org\n\nx",
            Done,
            false,
            &[BOTH],
        ),
        (
            "C5 Reply-To makes her the author",
            participants,
            true,
            "From: form@shop.example\nReply-To: ann@x.org\n\nx",
            Done,
            false,
            &[BOTH],
        ),
        (
            "C5 a contact form in an admin's name",
            participants,
            true,
            "From: steve@d.org\nReply-To: eve@evil.org\n\nx",
            Refused,
            true,
            &[BOTH],
        ),
        (
            "C6 automatic",
            participants,
            true,
            "From: steve@d.org\nAuto-Submitted: auto-replied\n\nx",
            Update,
            true,
            &["copy eva@d.org"],
        ),
    ] {
        let desk = Desk {
            close_by,
            ..Desk::default()
        };
        let plan = desk.plan(Some(&ticket(before)), Some(Done), raw, 0);
        let want: Vec<String> = want.iter().map(|s| s.to_string()).collect();
        assert_eq!(
            (plan.filed_under, plan.open, short(&plan)),
            (Some(under), after, want),
            "{case}"
        );
        assert_eq!(plan.closes, before && !after, "{case}");
    }
}

#[test]
fn reopening() {
    // B11
    for (case, verb, raw, want) in [
        ("a customer", Verb::Update, "From: ann@x.org\n\nx", true),
        (
            "automatic",
            Verb::Update,
            "From: ann@x.org\nAuto-Submitted: auto-replied\n\nx",
            false,
        ),
        (
            "ours",
            Verb::Update,
            "From: ticket-1@d.org\nX-Tickets-Ticket: 1\nX-Tickets-Kind: ack\n\nx",
            false,
        ),
        (
            "unanswered",
            Verb::Update,
            "From: ann@x.org\nPrecedence: list\n\nx",
            true,
        ),
        ("quiet", Verb::Quiet, "From: ann@x.org\n\nx", false),
        ("done", Verb::Done, "From: ann@x.org\n\nx", false),
    ] {
        let plan = Desk::default().plan(Some(&ticket(false)), Some(verb), raw, 0);
        assert_eq!((plan.open, plan.reopens), (want, want), "{case}");
    }
}
