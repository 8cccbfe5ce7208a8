//! Who is answered, and what the desk says when nobody is.

use super::*;
use Verb::{Done, Submitter, Update};

const STEVE: &str = "From: Steve <steve@d.org>\n";

fn plans(desk: &Desk, ticket: &Ticket, verb: Verb, raw: &str) -> (Option<Remark>, String) {
    let plan = desk.plan(Some(ticket), Some(verb), raw, 0);
    (plan.remark, short(&plan).join(", "))
}

#[test]
fn a_contact_form_in_an_admins_name() {
    // C1, C2
    let form = "From: Website <steve@d.org>\nReply-To: Ann <ann@x.org>\n\nx";
    let got = Desk::default().answers(None, None, form);
    assert_eq!(got, ["ack ann@x.org", BOTH]);
}

#[test]
fn third_parties_are_left_out() {
    // C3
    let all = "refused steve@d.org";
    let copy = "copy eva@d.org";
    for (case, verb, to, answers, remark, want) in [
        (
            "the desk",
            Update,
            "ticket-1@d.org, eva@d.org",
            RepliesTo::Other,
            None,
            "pass ann@x.org",
        ),
        (
            "the vendor",
            Update,
            "vic@v.org, ticket-1@d.org",
            RepliesTo::Other,
            None,
            copy,
        ),
        (
            "the vendor, in answer to Ann",
            Update,
            "ticket-1@d.org, vic@v.org",
            RepliesTo::Submitter { with: vec![] },
            Some(Remark::ThirdParty),
            "copy eva@d.org, refused steve@d.org",
        ),
        (
            "the vendor, whom Ann had in Cc",
            Update,
            "ticket-1@d.org, Vic@v.org",
            RepliesTo::Submitter {
                with: vec!["ann@x.org".into(), "vic@v.org".into()],
            },
            None,
            "pass ann@x.org, copy eva@d.org",
        ),
        (
            "asked for",
            Submitter,
            "vic@v.org",
            RepliesTo::Submitter { with: vec![] },
            None,
            "pass ann@x.org, copy eva@d.org",
        ),
    ] {
        let desk = Desk {
            replies_to: answers,
            ..Desk::default()
        };
        let (got, answers) = plans(&desk, &ticket(true), verb, &format!("{STEVE}To: {to}\n\nx"));
        assert_eq!(got, remark, "{case}");
        assert!(answers.starts_with(want), "{case}: {answers}");
        assert_eq!(answers.contains(all), remark.is_some(), "{case}: {answers}");
    }
}

#[test]
fn what_answers_somebody_else_goes_to_them() {
    // C3
    let vic = |in_private| RepliesTo::ThirdParty {
        writer: Mailbox {
            name: "Vic".into(),
            address: "vic@v.org".into(),
        },
        in_private,
    };
    for (case, in_private, verb, to, want) in [
        (
            "in private",
            true,
            Update,
            "ticket-1@d.org",
            "pass vic@v.org, copy eva@d.org",
        ),
        (
            "the submitter knows it",
            false,
            Update,
            "ticket-1@d.org",
            "pass vic@v.org, pass ann@x.org, copy eva@d.org",
        ),
        (
            "with others",
            false,
            Update,
            "ticket-1@d.org, bea@v.org",
            "pass vic@v.org, copy eva@d.org",
        ),
        (
            "named",
            true,
            Update,
            "ticket-1@d.org, vic@v.org",
            "copy eva@d.org",
        ),
        (
            "asked for",
            true,
            Submitter,
            "ticket-1@d.org",
            "pass ann@x.org, copy eva@d.org",
        ),
        (
            "a closing",
            true,
            Done,
            "ticket-1-done@d.org",
            "closed ann@x.org, copy eva@d.org",
        ),
    ] {
        let desk = Desk {
            replies_to: vic(in_private),
            ..Desk::default()
        };
        let (remark, answers) = plans(&desk, &ticket(true), verb, &format!("{STEVE}To: {to}\n\nx"));
        assert_eq!((remark, answers.as_str()), (None, want), "{case}");
    }
}

#[test]
fn machines_hear_nothing() {
    // C3, C4: the admins are told so once.
    let desk = Desk::default();
    let machine = Ticket {
        opened_by_machine: true,
        ..ticket(true)
    };
    let told = Ticket {
        staff_wrote: true,
        ..machine.clone()
    };
    let raw = &format!("{STEVE}\nx");
    for verb in [Update, Done] {
        let (remark, answers) = plans(&desk, &machine, verb, raw);
        assert_eq!(remark, Some(Remark::OpenedByMachine));
        assert_eq!(answers, "copy eva@d.org, refused steve@d.org+eva@d.org");
        assert_eq!(
            plans(&desk, &told, verb, raw),
            (None, "copy eva@d.org".into())
        );
    }
    // Somebody else who writes to it is answered as ever.
    let bob = "From: bob@x.org\n\nx";
    assert_eq!(plans(&desk, &machine, Done, bob), (None, BOTH.into()));
}

#[test]
fn what_can_reach_nobody_is_said() {
    // C1
    let desk = Desk::default();
    let refused = "refused steve@d.org+eva@d.org";
    let plan = desk.plan(None, None, "From: Ann\n\nx", 0);
    assert_eq!(
        (short(&plan), plan.remark),
        (vec![BOTH.to_owned()], Some(Remark::Unanswerable))
    );
    let unal = "From: \u{dc}nal <\u{fc}nal@x.org>\n\nx";
    assert_eq!(
        desk.answers(None, None, unal),
        ["ack \u{fc}nal@x.org", BOTH]
    );
    let nobody = Ticket {
        submitter: None,
        ..ticket(true)
    };
    for verb in [Update, Done] {
        let (remark, answers) = plans(&desk, &nobody, verb, &format!("{STEVE}\nx"));
        assert_eq!(remark, Some(Remark::Unreachable));
        assert_eq!(answers, format!("copy eva@d.org, {refused}"));
    }
}

#[test]
fn strangers_get_so_many_answers() {
    // C7: five to one mailbox, ten to one domain, twenty to all.
    let rules = |answered: Answered| {
        let addresses =
            Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}").unwrap();
        let ack = Acknowledge::default();
        let rules = PlanRules {
            addresses: &addresses,
            people: &[Person::with_address("steve@d.org")],
            notify: Notify::None,
            ack: &ack,
            close_by: CloseBy::Participants,
            ack_limit: 5,
            ack_total: 20,
            asks_proof: false,
        };
        let message = Message::new(b"From: bob@x.org\n\nx");
        let by = rules.staff().authorship(&message);
        let ticket = ticket(true);
        let situation = |verb, ticket| Situation {
            message: &message,
            by: &by,
            degree: &Degree::Person,
            verb,
            ticket,
            recent: 0,
            answered,
            replies_to: RepliesTo::Copy,
            believed: true,
            forwarded: None,
            quiet: false,
        };
        // An acknowledgement, a closing notice, and the note that it is not passed on.
        let plans = [
            plan(&rules, &situation(None, None)),
            plan(&rules, &situation(Some(Done), Some(&ticket))),
            plan(&rules, &situation(Some(Update), Some(&ticket))),
        ];
        plans.map(|plan| short(&plan).join(", "))
    };
    let counts = |to_mailbox, to_domain, to_all| Answered {
        to_mailbox,
        to_domain,
        to_all,
        reported: Reported::default(),
    };
    let all = Reported {
        of_mailbox: true,
        of_domain: true,
        of_all: true,
    };
    let answered = ["ack bob@x.org", "closed ann@x.org", "kept bob@x.org"];
    let once = ["refused steve@d.org", "refused steve@d.org", ""];
    for (answers, want) in [
        (counts(4, 9, 19), answered),
        (counts(5, 5, 5), once),
        (counts(0, 10, 10), once),
        (counts(0, 0, 20), once),
        (counts(9, 9, 9), once),
    ] {
        assert_eq!(rules(answers), want, "{answers:?}");
        if want == once {
            let reported = Answered {
                reported: all,
                ..answers
            };
            assert_eq!(
                rules(reported),
                ["", "", ""],
                "{answers:?}: it is said once"
            );
        }
    }
    // Another limit is said for itself.
    let of_domain = Answered {
        reported: Reported {
            of_domain: true,
            ..Reported::default()
        },
        ..counts(0, 10, 20)
    };
    assert_eq!(rules(of_domain), once);
}

#[test]
fn who_answers_a_copy_and_is_no_admin_is_told() {
    // C3
    let desk = Desk {
        replies_to: RepliesTo::Copy,
        ..Desk::default()
    };
    let known = Ticket {
        writer_wrote: true,
        ..ticket(true)
    };
    for (case, ticket, raw, want) in [
        (
            "a colleague",
            ticket(true),
            "From: eve@x.org\n\nx",
            "kept eve@x.org, copy",
        ),
        ("once", known, "From: eve@x.org\n\nx", "copy"),
        ("the customer", ticket(true), "From: ann@x.org\n\nx", "copy"),
        (
            "a robot",
            ticket(true),
            "From: eve@x.org\nAuto-Submitted: auto-replied\n\nx",
            "copy",
        ),
        (
            "a list",
            ticket(true),
            "From: eve@x.org\nList-Id: <x>\n\nx",
            "copy",
        ),
        ("no-ack", ticket(true), "From: submit@d.org\n\nx", "copy"),
        (
            "the desk beside her",
            ticket(true),
            "From: ticket-9@d.org, eve@x.org\nReply-To: ticket-9@d.org\n\nx",
            "kept eve@x.org, copy",
        ),
    ] {
        let (_, answers) = plans(&desk, &ticket, Update, raw);
        assert!(answers.starts_with(want), "{case}: {answers}");
    }
}

#[test]
fn forwarded_mail_opens_a_ticket_of_its_author() {
    let submitter = Mailbox {
        name: "Ann".into(),
        address: "ann@x.org".into(),
    };
    let desk = |forwarded| Desk {
        forwarded: Some(forwarded),
        ..Desk::default()
    };
    let ann = desk(Ok(Forwarded {
        submitter,
        original: None,
    }));
    let raw = &format!("{STEVE}\nx");
    let got = ann.answers(None, None, raw);
    assert_eq!(
        got,
        ["ack ann@x.org", "understood steve@d.org", "copy eva@d.org"]
    );
    let unclear = desk(Err(Unclear::NoMail)).answers(None, None, raw);
    assert_eq!(
        unclear,
        ["ack steve@d.org", "copy eva@d.org", "refused steve@d.org"]
    );
}

#[test]
fn a_quiet_closing_is_told_to_nobody() {
    // C4
    let desk = Desk {
        quiet: true,
        ..Desk::default()
    };
    let plan = desk.plan(
        Some(&ticket(true)),
        Some(Done),
        "From: ticket-1@d.org\n\nx",
        0,
    );
    assert_eq!((plan.closes, plan.answers), (true, vec![]));
}
