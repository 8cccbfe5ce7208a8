//! What messages of all kinds of archives say of their tickets.

use super::*;
use crate::ticket::TicketId;
use mail::entry::Trace;

const NOW: i64 = 1_800_000_000;

fn addresses() -> Addresses {
    Addresses::new(
        &["example.org".into()],
        false,
        &["submit".into()],
        "ticket-{n}",
    )
    .unwrap()
}

fn patterns(list: &[&str]) -> Vec<Regex> {
    list.iter()
        .map(|p| tag::pattern("--tag", p).unwrap())
        .collect()
}

fn conventions(tags: &[&str], recipients: &[&str]) -> Conventions {
    Conventions {
        tags: patterns(tags),
        recipients: patterns(recipients),
        done: patterns(&[r"([0-9]+)-(?:done|close)@"]),
        mboxrd: false,
    }
}

fn rules<'a>(addresses: &'a Addresses, conventions: &'a Conventions) -> ReadingRules<'a> {
    ReadingRules {
        conventions,
        addresses,
        with_deleted: false,
        now: NOW,
    }
}

fn id(number: u32) -> TicketId {
    TicketId::new(number).unwrap()
}

fn number(space: NumberSpace, number: u32) -> ArchiveNumber {
    ArchiveNumber {
        space,
        id: id(number),
    }
}

fn found(content: &str) -> RawMessage {
    RawMessage {
        content: content.into(),
        ..RawMessage::default()
    }
}

#[test]
fn the_ticket_and_what_was_wanted() {
    use Verb::{Done, Quiet, Update};
    let addresses = addresses();
    let debbugs = conventions(&[r"\bBug#(\d+)"], &[r"^(\d+)(?:-[a-z]+)?@bugs\."]);
    let rt = conventions(&[r"\[rt\.example\.com #(\d+)\]"], &[]);
    let plain = conventions(&[tag::DEFAULT], &[]);
    type Case<'a> = (&'a str, &'a Conventions, &'a str, Option<u32>, Option<Verb>);
    let table: &[Case] = &[
        ("nothing", &plain, "To: a@x\nSubject: 12\n\n", None, None),
        (
            "roundup",
            &plain,
            "Subject: Re: [issue12] x\n\n",
            Some(12),
            None,
        ),
        (
            "RT",
            &rt,
            "Subject: Re: [rt.example.com #12] x\n\n",
            Some(12),
            None,
        ),
        (
            "another RT",
            &rt,
            "Subject: Re: [rt.example.net #12] x\n\n",
            None,
            None,
        ),
        (
            "encoded",
            &rt,
            "Subject: =?utf-8?q?=5Brt=2Eexample=2Ecom_=2312=5D?=\n\n",
            Some(12),
            None,
        ),
        (
            "Debbugs, Subject",
            &debbugs,
            "To: submit@bugs.x\nSubject: Re: Bug#12: x\n\n",
            Some(12),
            None,
        ),
        (
            "Debbugs, address",
            &debbugs,
            "To: 12@bugs.x\nSubject: x\n\n",
            Some(12),
            None,
        ),
        (
            "Debbugs, closed",
            &debbugs,
            "To: a@x\nCc: B <12-Done@Bugs.x>\nSubject: x\n\n",
            Some(12),
            Some(Done),
        ),
        (
            "Debbugs, -close",
            &debbugs,
            "Delivered-To: 12-close@bugs.x\n\n",
            Some(12),
            Some(Done),
        ),
        (
            "Debbugs, another one closed",
            &debbugs,
            "To: 12@bugs.x, 13-done@bugs.x\n\n",
            Some(12),
            None,
        ),
        (
            "Debbugs, tag first",
            &debbugs,
            "To: 13-done@bugs.x\nSubject: Bug#12\n\n",
            Some(12),
            None,
        ),
        (
            "Debbugs' own field",
            &debbugs,
            "Received: (at 12-done) by bugs.x; now\nTo: a@x\n\n",
            Some(12),
            Some(Done),
        ),
        (
            "no tracker of ours",
            &plain,
            "To: 12-done@bugs.x\n\n",
            None,
            Some(Done),
        ),
        (
            "ours",
            &plain,
            "To: ticket-12@example.org\n\n",
            Some(12),
            Some(Update),
        ),
        (
            "ours, quiet",
            &plain,
            "To: ticket-12-quiet@example.org\n\n",
            Some(12),
            Some(Quiet),
        ),
        (
            "ours, the most",
            &plain,
            "To: ticket-12@example.org, ticket-12-done@example.org\n\n",
            Some(12),
            Some(Done),
        ),
        (
            "ours, submitted",
            &plain,
            "To: submit@example.org\n\n",
            None,
            None,
        ),
    ];
    for (case, conventions, mail, n, verb) in table {
        let found = found(mail);
        let got = read(&found, &rules(&addresses, conventions));
        let want = (
            n.map(|n| number(NumberSpace::TAGS, n)),
            verb.map(Role::Ticket),
        );
        assert_eq!((got.number, got.role), want, "{case}");
        assert_eq!(
            (&*got.raw, got.address, got.whole),
            (mail.as_bytes(), None, None),
            "{case}"
        );
    }
}

#[test]
fn quoting_is_undone_only_where_that_is_certain() {
    let addresses = addresses();
    let text = "A: 1\n\n>From here\n>>From there\n";
    for (mboxrd, in_mbox, want) in [
        (false, true, text),
        (true, true, "A: 1\n\nFrom here\n>From there\n"),
        (true, false, text),
    ] {
        let conventions = Conventions {
            mboxrd,
            ..conventions(&[], &[])
        };
        let found = RawMessage {
            in_mbox,
            ..found(text)
        };
        let mail = read(&found, &rules(&addresses, &conventions));
        assert_eq!(&*mail.raw, want.as_bytes());
    }
}

#[test]
fn our_own_entries_are_known_again() {
    let addresses = addresses();
    let conventions = conventions(&[tag::DEFAULT], &[]);
    let rules = rules(&addresses, &conventions);
    let raw = b"Subject: [issue4] x\r\n\r\nFrom here\r\n";
    let stored = |to: &str, sender| {
        let trace = Trace {
            sender,
            filed_under: to,
            at: 1000,
        };
        let entry = entry::encode(&trace, raw);
        let (from_line, content) = entry.split_at(entry.iter().position(|&b| b == b'\n').unwrap());
        (from_line.to_vec(), content[1..].to_vec())
    };
    let read_stored = |to: &str, sender, mark: &str| {
        let (from_line, content) = stored(to, sender);
        let content = [mark.as_bytes(), &content].concat();
        let found = RawMessage {
            from_line,
            content,
            in_mbox: true,
            ..RawMessage::default()
        };
        let mail = read(&found, &rules);
        assert_eq!((&*mail.raw, mail.changed), (&raw[..], false));
        assert_eq!(mail.address.as_deref(), Some(to));
        (mail.number, mail.role, mail.at, mail.sender, mail.whole)
    };
    let ann = Sender::Address("ann@x".into());
    assert_eq!(
        read_stored("ticket-12-done@example.org", Some("ann@x"), ""),
        (
            Some(number(NumberSpace::TAGS, 12)),
            Some(Role::Ticket(Verb::Done)),
            1000,
            ann.clone(),
            None
        )
    );
    assert_eq!(
        read_stored("submit@example.org", None, ""),
        (
            Some(number(NumberSpace::TAGS, 4)),
            Some(Role::Submit),
            1000,
            Sender::Null,
            None
        )
    );
    let mark = "X-Tickets-Export: ticket=12; state=closed; entry=3; as=update; \
                date=1970-01-01T00:33:20Z; desk=a.org\n";
    assert_eq!(
        read_stored("help+12@a.org", Some("ann@x"), mark),
        (
            Some(number(NumberSpace::of_desk("a.org"), 12)),
            Some(Role::Ticket(Verb::Update)),
            2000,
            ann,
            Some((3, Some(State::Closed)))
        )
    );
}

#[test]
fn a_file_may_be_all_of_a_ticket() {
    let addresses = addresses();
    let conventions = conventions(&[tag::DEFAULT], &[]);
    let rules = rules(&addresses, &conventions);
    let number = number(NumberSpace::by_key(3), 5);
    let whole = WholeTicket {
        number,
        position: 2,
        state: None,
    };
    let found = RawMessage {
        whole: Some(whole),
        ..found("Subject: [issue4] x\nTo: 5@x, 7-done@x\n\n")
    };
    let mail = read(&found, &rules);
    assert_eq!(mail.number, Some(number));
    assert_eq!((mail.role, mail.whole), (None, Some((2, None))));
}

#[test]
fn fields_of_ours_in_a_strangers_mail() {
    let addresses = addresses();
    let conventions = conventions(&[tag::DEFAULT], &[]);
    let rules = rules(&addresses, &conventions);
    let mark =
        "X-Tickets-Export: ticket=12; state=closed; entry=1; date=2024-01-01T00:00:00Z; desk=x\n";
    let record = format!("X-Tickets-Entry: size=9; sha256={}\n", "0".repeat(64));
    let trace = format!("Return-Path: <a@x>\nDelivered-To: ticket-7-done@example.org\n{record}");
    for mail in [
        format!("{mark}Subject: x\n\n>From here\n"),
        format!("{trace}Subject: x\n\n>From here\n"),
        format!("Subject: x\n{mark}{trace}\n>From here\n"),
    ] {
        let found = found(&mail);
        let got = read(&found, &rules);
        assert_eq!(String::from_utf8_lossy(&got.raw), mail);
        assert_eq!((got.address, got.whole, got.changed), (None, None, false));
    }
    // In an export, an entry that an operator edited is still ours.
    let found = found(&format!("{mark}{trace}Subject: x\n\n>From here\n"));
    let got = read(&found, &rules);
    assert_eq!(&*got.raw, b"Subject: x\n\nFrom here\n");
    assert!(got.changed);
}
