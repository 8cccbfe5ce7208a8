use super::*;
use crate::ticket::summary::local_signs;
use mail::automatic;
use mail::envelope::Sender;

/// A desk with two admins; `notify`, `close_by` and the rest can be changed by a case.
struct Desk {
    notify: Notify,
    close_by: CloseBy,
    ack: Acknowledge,
    people: Vec<Person>,
    believed: bool,
    replies_to: RepliesTo,
    forwarded: Option<Result<Forwarded, Unclear>>,
    quiet: bool,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            notify: Notify::Copy,
            close_by: CloseBy::Participants,
            ack: Acknowledge::default(),
            people: ["steve@d.org", "eva@d.org"]
                .map(Person::with_address)
                .into(),
            believed: true,
            replies_to: RepliesTo::Other,
            forwarded: None,
            quiet: false,
        }
    }
}

impl Desk {
    fn plan(&self, ticket: Option<&Ticket>, verb: Option<Verb>, raw: &str, recent: u32) -> Plan {
        let addresses =
            Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}").unwrap();
        let message = Message::new(raw.as_bytes());
        let degree = automatic::degree(&message, &Sender::Unknown, &local_signs(&addresses, &[]));
        let rules = PlanRules {
            addresses: &addresses,
            people: &self.people,
            notify: self.notify,
            ack: &self.ack,
            close_by: self.close_by,
            ack_limit: 5,
            ack_total: 20,
            asks_proof: !self.believed,
        };
        let by = rules.staff().authorship(&message);
        let situation = Situation {
            message: &message,
            by: &by,
            degree: &degree,
            verb,
            ticket,
            recent,
            answered: Answered {
                to_mailbox: recent,
                // More than the limit stands for a limit that was reported.
                reported: Reported {
                    of_mailbox: recent > 5,
                    ..Reported::default()
                },
                ..Answered::default()
            },
            replies_to: self.replies_to.clone(),
            believed: self.believed,
            forwarded: self.forwarded.as_ref(),
            quiet: self.quiet,
        };
        plan(&rules, &situation)
    }

    /// The answers in short: `ack ann@x.org`, `copy steve@d.org+eva@d.org`.
    fn answers(&self, ticket: Option<&Ticket>, verb: Option<Verb>, raw: &str) -> Vec<String> {
        short(&self.plan(ticket, verb, raw, 0))
    }
}

fn short(plan: &Plan) -> Vec<String> {
    let words = plan.answers.iter().map(|answer| match answer {
        Answer::Ack(to) => format!("ack {}", to.address),
        Answer::Copy(to) => format!("copy {}", to.join("+")),
        Answer::Note(to) => format!("note {}", to.join("+")),
        Answer::PassOn(to) => format!("pass {}", to.address),
        Answer::Closed(to) => format!("closed {}", to.address),
        Answer::Refused(to) => format!("refused {}", to.join("+")),
        Answer::NotPassedOn(to) => format!("kept {}", to.address),
        Answer::Understood(to) => format!("understood {}", to.join("+")),
    });
    words.collect()
}

fn ticket(open: bool) -> Ticket {
    let submitter = Mailbox {
        name: "Ann".into(),
        address: "ann@x.org".into(),
    };
    Ticket {
        open,
        submitter: Some(submitter),
        opened_by_machine: false,
        staff_wrote: false,
        writer_wrote: false,
        people: ["ann@x.org".into(), "bob@x.org".into()].into(),
        last_from: "ann@x.org".into(),
        in_both_places: false,
    }
}

const BOTH: &str = "copy steve@d.org+eva@d.org";

#[test]
fn a_new_ticket() {
    // C1, C2, C6, C11
    let ann = "From: Ann <ann@x.org>\n";
    for (case, header, want) in [
        ("C1", "", &["ack ann@x.org", BOTH][..]),
        (
            "C1 Reply-To",
            "Reply-To: office@x.org\n",
            &["ack office@x.org", BOTH],
        ),
        (
            "C2 reached directly",
            "To: submit@d.org, Steve@d.org\n",
            &["ack ann@x.org", "copy eva@d.org"],
        ),
        ("C6 automatic", "Auto-Submitted: auto-replied\n", &[BOTH]),
        ("C6 unanswered", "Precedence: bulk\n", &[BOTH]),
        (
            "C6 ours",
            "Message-ID: <ticket-1.copy.0f@d.org>\nX-Tickets-Ticket: 1\nX-Tickets-Kind: copy\n",
            &[],
        ),
        (
            "C6 another desk",
            "X-Tickets-Ticket: 1\nX-Tickets-Kind: copy\nMessage-ID: <ticket-1.copy.0@e.org>\n",
            &["ack ann@x.org", BOTH],
        ),
        ("C11", "X-Tickets-No-Ack: yes\n", &[BOTH]),
        ("C11 Debbugs", "X-Debbugs-No-Ack: 1\n", &[BOTH]),
        ("C11 no", "X-Tickets-No-Ack: no\n", &["ack ann@x.org", BOTH]),
        (
            "C1 never to ourselves",
            "Reply-To: submit@d.org\n",
            &["ack ann@x.org", BOTH],
        ),
        (
            "C1 the desk and another in Reply-To",
            "Reply-To: submit@d.org, office@x.org\n",
            &["ack office@x.org", BOTH],
        ),
    ] {
        let raw = format!("{ann}{header}\nhello\n");
        assert_eq!(Desk::default().answers(None, None, &raw), want, "{case}");
    }
    let by_admin = "From: steve@d.org\n\nhello\n";
    let got = Desk::default().answers(None, None, by_admin);
    assert_eq!(
        got,
        ["ack steve@d.org", "copy eva@d.org"],
        "C2 the author is an admin"
    );
    assert_eq!(
        Desk::default().answers(None, None, "\nhello\n"),
        [BOTH],
        "nobody to answer"
    );
    let silent = Desk {
        ack: Acknowledge::Never,
        notify: Notify::None,
        ..Desk::default()
    };
    assert_eq!(silent.answers(None, None, &format!("{ann}\nx")), [""; 0]);
}

#[test]
fn robots_are_not_answered_for_ever() {
    // C7
    let plan = |recent| Desk::default().plan(None, None, "From: ann@x.org\n\nx\n", recent);
    assert_eq!(short(&plan(4)), ["ack ann@x.org", BOTH]);
    assert_eq!(short(&plan(5)), [BOTH, "refused steve@d.org+eva@d.org"]);
    assert_eq!(plan(5).remark, Some(Remark::AckLimit));
    assert_eq!(short(&plan(6)), [BOTH]);
    assert_eq!(plan(6).remark, None);
}

#[test]
fn nothing_is_passed_on_for_ever() {
    // C7: one robot answers for an admin, the other for Ann.
    let after = |last_from: &str, recent| {
        let ticket = Ticket {
            last_from: last_from.into(),
            ..ticket(true)
        };
        let (verb, raw) = (Some(Verb::Update), "From: steve@d.org\n\nx");
        short(&Desk::default().plan(Some(&ticket), verb, raw, recent))
    };
    let (copy, said) = ("copy eva@d.org", "refused steve@d.org+eva@d.org");
    assert_eq!(after("ann@x.org", 49), ["pass ann@x.org", copy]);
    assert_eq!(after("ann@x.org", 50), [copy, said]);
    assert_eq!(after("ann@x.org", 51), [copy, said]);
    assert_eq!(after("steve@d.org", 51), [copy]);
    assert_eq!(
        after("ann@x.org", 52),
        [""; 0],
        "two admins' robots end, too"
    );
}

#[test]
fn an_update() {
    // B3, C2, C3, C6
    use Verb::{Quiet, Submitter, Update};
    let desk = Desk::default();
    for (case, verb, raw, want) in [
        ("a customer", Update, "From: ann@x.org\n\nx", &[BOTH][..]),
        (
            "C3 no relay for strangers",
            Update,
            "From: eve@evil.org\n\nx",
            &[BOTH],
        ),
        (
            "C3 by an admin",
            Update,
            "From: Steve@d.org\n\nx",
            &["pass ann@x.org", "copy eva@d.org"],
        ),
        (
            "C3 from the ticket",
            Update,
            "From: ticket-1@d.org\n\nx",
            &["pass ann@x.org", BOTH],
        ),
        (
            "C3 with her in To",
            Update,
            "From: ticket-1@d.org\nTo: Ann@x.org\n\nx",
            &[BOTH],
        ),
        (
            "C3 admin and stranger",
            Update,
            "From: steve@d.org, eve@evil.org\n\nx",
            &[BOTH],
        ),
        (
            "C3 nothing said",
            Update,
            "From: steve@d.org\n\n \n",
            &["copy eva@d.org"],
        ),
        (
            "C6 an admin's vacation",
            Update,
            "From: steve@d.org\nAuto-Submitted: auto-replied\n\nx",
            &["copy eva@d.org"],
        ),
        (
            "C6 a list",
            Update,
            "From: ann@x.org\nList-Id: <x>\n\nx",
            &[BOTH],
        ),
        ("B3 quiet", Quiet, "From: ann@x.org\n\nx", &[]),
        (
            "B3 submitter",
            Submitter,
            "From: steve@d.org\n\nx",
            &["pass ann@x.org", "copy eva@d.org"],
        ),
        (
            "B3 submitter by a stranger",
            Submitter,
            "From: eve@evil.org\n\nx",
            &[BOTH],
        ),
    ] {
        let plan = desk.plan(Some(&ticket(true)), Some(verb), raw, 0);
        assert_eq!(
            (short(&plan).as_slice(), plan.open),
            (
                &want.iter().map(|s| s.to_string()).collect::<Vec<_>>()[..],
                true
            ),
            "{case}"
        );
    }
    let alone = Desk {
        people: vec![Person::with_address("steve@d.org")],
        ..Desk::default()
    };
    let got = alone.answers(
        Some(&ticket(true)),
        Some(Update),
        "From: ticket-1@d.org\n\nx",
    );
    assert_eq!(
        got,
        ["pass ann@x.org"],
        "the one operator knows what he wrote"
    );
}

#[path = "plan_answer_tests.rs"]
mod answer;
#[path = "plan_closing_tests.rs"]
mod closing;
#[path = "plan_proof_tests.rs"]
mod proof;

#[test]
fn what_comes_back_is_told_until_it_may_be_a_loop() {
    // C7, C8
    let robot = "From: robot@x.org\nAuto-Submitted: auto-replied\n\nhi\n";
    let ours = "From: ticket-1@d.org\nX-Tickets-Ticket: 1\nX-Tickets-Kind: copy\n\
        Message-ID: <ticket-1.copy.00@d.org>\n\nhi\n";
    let refused = "refused steve@d.org+eva@d.org";
    for (case, raw, recent, want) in [
        ("below the limit", robot, 49, &[BOTH][..]),
        ("at the limit", robot, 50, &[BOTH, refused]),
        ("beyond it", robot, 52, &[]),
        ("our own, below", ours, 49, &[]),
        ("our own, at the limit", ours, 50, &[]),
    ] {
        let desk = Desk::default();
        let plan = desk.plan(Some(&ticket(true)), Some(Verb::Update), raw, recent);
        assert_eq!(short(&plan), want, "{case}");
    }
}
