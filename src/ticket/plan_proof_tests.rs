//! Plans for messages without a proof of who wrote them.

use super::*;

#[test]
fn without_a_proof_everybody_is_a_stranger() {
    use Remark::{ClosingRefused, ClosingUnproven, Unproven};
    use Verb::{Done, Submitter, Update};
    let desk = |close_by| Desk {
        close_by,
        believed: false,
        ..Desk::default()
    };
    let participants = CloseBy::Participants;
    for (case, close_by, verb, raw, remark, want) in [
        (
            "C3",
            participants,
            Update,
            "From: steve@d.org\n\nx",
            Some(Unproven),
            &[BOTH][..],
        ),
        (
            "C3 from the ticket",
            participants,
            Submitter,
            "From: ticket-1@d.org\n\nx",
            Some(Unproven),
            &[BOTH],
        ),
        (
            "C3 not passed on anyway",
            participants,
            Update,
            "From: steve@d.org\nTo: ann@x.org\n\nx",
            None,
            &[BOTH],
        ),
        (
            "C2 reached directly",
            participants,
            Update,
            "From: ann@x.org\nCc: steve@d.org\n\nx",
            None,
            &["copy eva@d.org"],
        ),
        (
            "C5 an admin",
            participants,
            Done,
            "From: steve@d.org\n\nx",
            Some(ClosingUnproven),
            &[BOTH],
        ),
        (
            "C5 from the ticket",
            participants,
            Done,
            "From: ticket-1@d.org\n\nx",
            Some(ClosingUnproven),
            &[BOTH],
        ),
        (
            "C5 a participant",
            participants,
            Done,
            "From: bob@x.org\n\nx",
            Some(ClosingUnproven),
            &[BOTH],
        ),
        (
            "C5 anyone",
            CloseBy::Anyone,
            Done,
            "From: eve@evil.org\n\nx",
            Some(ClosingUnproven),
            &[BOTH],
        ),
        (
            "C5 a stranger",
            participants,
            Done,
            "From: eve@evil.org\n\nx",
            Some(ClosingRefused),
            &[BOTH],
        ),
        (
            "C6",
            participants,
            Done,
            "From: steve@d.org\nAuto-Submitted: auto-replied\n\nx",
            None,
            &[BOTH],
        ),
    ] {
        let plan = desk(close_by).plan(Some(&ticket(true)), Some(verb), raw, 0);
        let under = match (verb, remark) {
            (Done, Some(_)) => Verb::Refused,
            (Done, None) => Update,
            (verb, _) => verb,
        };
        let got = (plan.filed_under, plan.open, plan.remark, short(&plan));
        let want: Vec<String> = want.iter().map(|s| s.to_string()).collect();
        assert_eq!(got, (Some(under), true, remark, want), "{case}");
    }
    // B11: like a stranger's mail, it re-opens a closed ticket.
    let raw = "From: steve@d.org\n\nx";
    for header in ["", "Cc: steve@d.org, eva@d.org\n"] {
        for recent in [0, 50, 60] {
            // The admins are told, whomever its header names, and however much came in.
            let raw = format!("{header}{raw}");
            let plan = desk(participants).plan(Some(&ticket(false)), Some(Update), &raw, recent);
            assert!(plan.reopens, "{header}{recent}");
            assert_eq!(short(&plan), [BOTH], "{header}{recent}");
        }
    }
    // C1, C2: the admin whose address is in From is notified.
    let got = desk(participants).answers(None, None, raw);
    assert_eq!(got, ["ack steve@d.org", BOTH]);
}

#[test]
fn a_robot_with_an_admins_address_is_stopped() {
    // C7
    let desk = Desk {
        believed: false,
        ..Desk::default()
    };
    let raw = "From: steve@d.org\n\nx";
    let opening = |recent| short(&desk.plan(None, None, raw, recent));
    let refused = "refused steve@d.org+eva@d.org";
    assert_eq!(opening(4), ["ack steve@d.org", BOTH]);
    assert_eq!(opening(5), [BOTH, refused]);
    assert_eq!(opening(6), ["copy eva@d.org"]);
    let update = |recent| {
        let (ticket, verb) = (ticket(true), Some(Verb::Update));
        short(&desk.plan(Some(&ticket), verb, raw, recent))
    };
    assert_eq!(update(49), [BOTH]);
    assert_eq!(update(50), ["copy eva@d.org"]);
}
