use super::*;
use crate::ticket::digest::Secret;
use mail::envelope::Sender;

struct Desk;

impl Known for Desk {
    fn exists(&self, id: TicketId) -> Result<bool> {
        Ok([7, 12, 42].contains(&id.get()))
    }
    fn is_put_away(&self, id: TicketId) -> Result<bool> {
        assert!(
            !self.exists(id)?,
            "the list is read for {id}, which is there"
        );
        Ok([50, 51].contains(&id.get()))
    }
    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>> {
        Ok(match msg_id {
            "<a@x>" => TicketId::new(7),
            "<b@x>" => TicketId::new(42),
            "<gone@x>" => TicketId::new(99),
            "<away@x>" => TicketId::new(50),
            _ => None,
        })
    }
}

fn id(n: u32) -> TicketId {
    TicketId::new(n).unwrap()
}

fn addresses() -> Addresses {
    Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}").unwrap()
}

fn routed(rcpt: &[&str], raw: &str, unknown: UnknownTicket, catch_all: CatchAll) -> Route {
    routed_by(&addresses(), rcpt, raw, unknown, catch_all)
}

fn routed_by(
    addresses: &Addresses,
    rcpt: &[&str],
    raw: &str,
    unknown: UnknownTicket,
    catch_all: CatchAll,
) -> Route {
    let message = Message::new(raw.as_bytes());
    let recipients_from = if rcpt.is_empty() {
        RecipientSource::Header
    } else {
        RecipientSource::Envelope
    };
    let recipients = match rcpt {
        [] => envelope::in_header(&message),
        some => some.iter().map(|s| s.to_string()).collect(),
    };
    let envelope = Envelope {
        sender: Sender::Unknown,
        recipients,
        recipients_from,
    };
    let rules = Rules {
        addresses,
        subject_tags: &[tag::DEFAULT.to_owned()],
        unknown_ticket: unknown,
        catch_all,
        opens: false,
        by_staff: false,
    };
    route(&envelope, &message, &rules, &Desk).unwrap()
}

#[test]
fn the_first_rule_that_fits_decides() {
    // A6, B1 to B6, B9
    use Destination::{Open, Ticket};
    use Verb::{Done, Quiet, Update};
    let table: &[(&str, &[&str], &str, &[Destination])] = &[
        ("B1", &["Ticket-12@d.org"], "", &[Ticket(id(12), Update)]),
        ("B2", &["ticket-12-done@d.org"], "", &[Ticket(id(12), Done)]),
        (
            "B3",
            &["ticket-12-quiet@d.org"],
            "",
            &[Ticket(id(12), Quiet)],
        ),
        (
            "B1 beats B4",
            &["ticket-12@d.org"],
            "Subject: [issue7]\n\n",
            &[Ticket(id(12), Update)],
        ),
        (
            "B4",
            &["submit@d.org"],
            "Subject: AW: [list] Re: [issue7] x\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "B4 encoded",
            &["submit@d.org"],
            "Subject: =?utf-8?q?=5Bissue7=5D?=\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "B4 several",
            &["submit@d.org"],
            "Subject: [issue8] [issue42] [issue7]\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B5 beats B4",
            &["submit@d.org"],
            "Subject: [issue7]\nIn-Reply-To: <b@x>\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B5 beats a tag that names nothing",
            &["submit@d.org"],
            "Subject: [issue99]\nReferences: <b@x> <unknown@x>\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B4 where B5 names nothing",
            &["submit@d.org"],
            "Subject: [issue7]\nReferences: <gone@x> <unknown@x>\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "B5 in an encoded word",
            &["submit@d.org"],
            "In-Reply-To: =?us-ascii?Q?=3Cb=40x=3E?=\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B5 without brackets",
            &["submit@d.org"],
            "References: z@x b@x\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B5",
            &["submit@d.org"],
            "In-Reply-To: <b@x>\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B5 nearest",
            &["submit@d.org"],
            "References: <b@x> <a@x>\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "B5 removed by hand",
            &["submit@d.org"],
            "References: <b@x> <gone@x>\n\n",
            &[Ticket(id(42), Update)],
        ),
        (
            "B6",
            &["submit@d.org"],
            "Subject: help\nReferences: <z@x>\n\n",
            &[Open],
        ),
        (
            "A6",
            &["submit@d.org", "ticket-7@d.org"],
            "",
            &[Open, Ticket(id(7), Update)],
        ),
        (
            "A6 and B5",
            &["submit@d.org", "ticket-7@d.org"],
            "In-Reply-To: <a@x>\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "twice",
            &[
                "ticket-7-quiet@d.org",
                "ticket-7-done@d.org",
                "ticket-7@d.org",
            ],
            "",
            &[Ticket(id(7), Done)],
        ),
        (
            "header",
            &[],
            "To: steve@d.org, submit@d.org\nCc: ticket-7@d.org\n\n",
            &[Open, Ticket(id(7), Update)],
        ),
        (
            "B9 piped mailbox",
            &["steve@d.org"],
            "To: steve@d.org\nCc: ticket-7@d.org\n\n",
            &[Ticket(id(7), Update)],
        ),
        (
            "B9 by X-Original-To",
            &["steve@d.org"],
            "X-Original-To: ticket-7@d.org\n\n",
            &[Ticket(id(7), Update)],
        ),
    ];
    for (case, rcpt, raw, want) in table {
        let got = routed(rcpt, raw, UnknownTicket::Reject, CatchAll::Reject);
        assert_eq!(
            (got.destinations.as_slice(), got.refusals.as_slice()),
            (*want, &[][..]),
            "{case}"
        );
    }
}

#[test]
fn unknown_tickets_are_refused_or_opened() {
    // B8, B9
    let ticket = |s: &str| Refusal::UnknownTicket(s.into());
    let other = |s: &str| Refusal::NotOurs(s.into());
    for (case, rcpt, raw, refusal) in [
        (
            "B8 by address",
            "ticket-9@d.org",
            "",
            ticket("ticket-9@d.org"),
        ),
        (
            "B8 no such number",
            "ticket-09@d.org",
            "",
            ticket("ticket-09@d.org"),
        ),
        (
            "B8 by tag",
            "submit@d.org",
            "Subject: [issue9] x\n\n",
            ticket("9"),
        ),
        (
            "B9",
            "steve@d.org",
            "To: list@x.org\n\n",
            other("steve@d.org"),
        ),
    ] {
        let got = routed(&[rcpt], raw, UnknownTicket::Reject, CatchAll::Reject);
        assert_eq!(
            (got.destinations, got.refusals),
            (vec![], vec![refusal]),
            "{case}"
        );
        let got = routed(&[rcpt], raw, UnknownTicket::Open, CatchAll::Submit);
        assert_eq!(
            (got.destinations, got.refusals),
            (vec![Destination::Open], vec![]),
            "{case}"
        );
    }
    let got = routed(
        &[],
        "Subject: x\n\n",
        UnknownTicket::Reject,
        CatchAll::Reject,
    );
    assert_eq!(got.refusals, [other("")], "no recipient at all");
    let both = &["ticket-7@d.org", "ticket-9@d.org"];
    let got = routed(both, "", UnknownTicket::Reject, CatchAll::Reject);
    assert_eq!(got.destinations, [Destination::Ticket(id(7), Verb::Update)]);
    assert_eq!(
        got.refusals,
        [ticket("ticket-9@d.org")],
        "filed in one, refused by the other"
    );
}

#[test]
fn guessed_addresses_are_refused_like_unknown_tickets() {
    let secret = Secret::new(b"0123456789abcdef").unwrap();
    let right = format!("ticket-7-{}-done@d.org", secret.digest(id(7)));
    let not_there = format!("ticket-9-{}@d.org", secret.digest(id(9)));
    let addresses = addresses().with_secret(secret, 0);
    let wrong = "ticket-7-22222222@d.org";
    let closes = Destination::Ticket(id(7), Verb::Done);
    for (case, rcpt, raw, destinations, refusal) in [
        (
            "the right digest",
            vec![right.as_str()],
            "",
            vec![closes],
            None,
        ),
        (
            "guessed",
            vec![wrong],
            "",
            vec![],
            Some(Refusal::WrongDigest(wrong.into())),
        ),
        (
            "guessed, whether or not it is there",
            vec!["ticket-9@d.org"],
            "",
            vec![],
            Some(Refusal::WrongDigest("ticket-9@d.org".into())),
        ),
        (
            "the right digest of a missing ticket",
            vec![not_there.as_str()],
            "",
            vec![],
            Some(Refusal::UnknownTicket(not_there.clone())),
        ),
        (
            "one of two",
            vec![wrong, right.as_str()],
            "",
            vec![closes],
            Some(Refusal::WrongDigest(wrong.into())),
        ),
        (
            "in the header",
            vec![],
            "To: ticket-7@d.org, submit@d.org\n\n",
            vec![Destination::Open],
            Some(Refusal::WrongDigest("ticket-7@d.org".into())),
        ),
    ] {
        let by = |unknown| routed_by(&addresses, &rcpt, raw, unknown, CatchAll::Reject);
        let got = by(UnknownTicket::Reject);
        let refusals: Vec<Refusal> = refusal.into_iter().collect();
        assert_eq!(
            (&got.destinations, &got.refusals),
            (&destinations, &refusals),
            "{case}"
        );
        let got = by(UnknownTicket::Open);
        let opens = got.destinations.contains(&Destination::Open);
        let opened = !refusals.is_empty();
        assert_eq!((opens, got.refusals.is_empty()), (opened, true), "{case}");
    }
}

#[test]
fn mail_to_a_ticket_that_was_put_away_opens_a_new_one() {
    // D11
    let open = vec![Destination::Open];
    for unknown in [UnknownTicket::Reject, UnknownTicket::Open] {
        let route = |rcpt: &[&str], raw: &str| routed(rcpt, raw, unknown, CatchAll::Reject);
        for (case, rcpt, raw, want) in [
            ("an address", "ticket-50@d.org", "", 50),
            ("a verb", "ticket-51-done@d.org", "", 51),
            ("a tag", "submit@d.org", "Subject: [issue51] x\n", 51),
            ("an answer", "submit@d.org", "In-Reply-To: <away@x>\n", 50),
        ] {
            let found = route(&[rcpt], &format!("From: a@x\n{raw}\n"));
            assert_eq!(
                (&found.destinations, found.put_away, found.refusals.len()),
                (&open, Some(id(want)), 0),
                "{case}"
            );
        }
        // It is about a ticket that is there as well.
        let found = route(&["submit@d.org"], "References: <away@x> <a@x>\n\n");
        let there = vec![Destination::Ticket(id(7), Verb::Update)];
        assert_eq!((found.destinations, found.put_away), (there, None));
    }
    let refused = |address: &str| {
        let addresses = addresses();
        let rules = Rules {
            addresses: &addresses,
            subject_tags: &[],
            unknown_ticket: UnknownTicket::Reject,
            catch_all: CatchAll::Reject,
            opens: false,
            by_staff: false,
        };
        refusal(address, &rules, &Desk).unwrap().is_some()
    };
    assert!(!refused("ticket-50@d.org"));
    assert!(refused("ticket-52@d.org"));
}
