//! What is exported is read back.

use super::nasty::nasty_bytes;
use super::*;
use crate::parts::archive::import::message::{self, Conventions, ImportedMessage, ReadingRules};
use crate::parts::archive::import::raw::{ArchiveNumber, NumberSpace, RawMessage};
use proptest::prelude::*;

fn addresses() -> Addresses {
    Addresses::new(
        &["example.org".into()],
        false,
        &["submit".into()],
        "ticket-{n}",
    )
    .unwrap()
}

/// Exports all entries of a ticket's file, and gives what an import makes of them: in an mbox, and in
/// a Maildir.
fn there_and_back(file: &[u8], check: impl Fn(usize, &ImportedMessage)) {
    let addresses = addresses();
    let conventions = Conventions {
        tags: Vec::new(),
        recipients: Vec::new(),
        done: Vec::new(),
        mboxrd: true,
    };
    let rules = ReadingRules {
        conventions: &conventions,
        addresses: &addresses,
        with_deleted: false,
        now: 1_800_000_000,
    };
    let mut mailbox = Vec::new();
    let mut mails = Vec::new();
    for (nth, entry) in mbox::entries(file, 0).enumerate() {
        let from = ExportedFrom {
            ticket: TicketId::new(12).unwrap(),
            state: State::Closed,
            position: nth as u32 + 1,
            addresses: &addresses,
        };
        let exported = export(&entry, &from);
        assert_eq!(exported.name, format!("12_{}.example.org", nth + 1));
        assert!(mbox::is_from_line(&exported.from_line));
        assert!(exported.content.ends_with(b"\n"));
        mailbox.extend([&exported.from_line[..], b"\n", &exported.content, b"\n"].concat());
        mails.push(exported.content);
    }
    let found: Vec<_> = mbox::entries(&mailbox, 0).collect();
    assert_eq!(
        found.len(),
        mails.len(),
        "{}",
        String::from_utf8_lossy(&mailbox)
    );
    for (nth, (entry, content)) in found.iter().zip(&mails).enumerate() {
        let from_mbox = RawMessage {
            from_line: entry.from_line.to_vec(),
            content: entry.content.to_vec(),
            in_mbox: true,
            ..RawMessage::default()
        };
        let from_maildir = RawMessage {
            content: content.clone(),
            ..RawMessage::default()
        };
        for found in [from_mbox, from_maildir] {
            let mail = message::read(&found, &rules);
            let number = ArchiveNumber {
                space: NumberSpace::of_desk("example.org"),
                id: TicketId::new(12).unwrap(),
            };
            assert_eq!(mail.number, Some(number));
            assert_eq!(mail.whole, Some((nth as u32 + 1, Some(State::Closed))));
            check(nth, &mail);
        }
    }
}

fn ours(raw: &[u8], filed_under: &str, at: i64) -> Vec<u8> {
    let trace = Trace {
        sender: Some("ann@example.net"),
        filed_under,
        at,
    };
    entry::encode(&trace, raw)
}

#[test]
fn entries_of_ours_keep_their_bytes_and_what_they_did() {
    let raws: [&[u8]; 4] = [
        b"Subject: a\r\n\r\nFrom here\r\n>From\n\n\n",
        b"Status: D\n\nno end",
        b"no header",
        b"A: 1\n",
    ];
    let addresses = [
        ("submit@example.org", Some(Role::Submit)),
        ("ticket-12-done@example.org", Some(Role::Ticket(Verb::Done))),
        ("help+12@gone.example", None),
        ("ticket-12@example.org", Some(Role::Ticket(Verb::Update))),
    ];
    let stored = raws.iter().zip(addresses).zip(1..);
    let file: Vec<u8> = stored
        .flat_map(|((raw, (to, _)), at)| ours(raw, to, at))
        .collect();
    // mutt was there.
    let read = String::from_utf8(file.clone()).unwrap();
    let read = read.replace("\nX-Tickets-Entry", "\nStatus: RO\nX-Tickets-Entry");
    for file in [&file, read.as_bytes()] {
        there_and_back(file, |nth, mail| {
            assert_eq!((&*mail.raw, mail.changed), (raws[nth], false));
            let (to, role) = addresses[nth];
            assert_eq!((mail.address.as_deref(), mail.role), (Some(to), role));
            assert_eq!(mail.at, nth as i64 + 1);
            assert_eq!(mail.sender, Sender::Address("ann@example.net".into()));
        });
    }
}

#[test]
fn what_others_put_there_goes_as_it_lies() {
    let inner = "From eve@x Mon Jan  1 00:00:00 2024\nSubject: no message\n\n";
    let bob = format!(
        "Subject: b\nContent-Length: {}\nStatus: RO\n\n{inner}",
        inner.len()
    );
    let file = format!(
        "From bob@example.net Mon Jan  1 00:00:01 2024\n{bob}\n\
         From MAILER-DAEMON Mon Jan  1 00:00:02 2024\nA: 1\n\n>From here\n\n\
         From - Mon Jan  1 00:00:03 2024\nDate: nonsense\n\n\n"
    );
    let want = [bob.as_str(), "A: 1\n\n>From here\n", "Date: nonsense\n\n"];
    there_and_back(file.as_bytes(), |nth, mail| {
        assert_eq!(String::from_utf8_lossy(&mail.raw), want[nth]);
        assert_eq!((mail.at, mail.changed), (1_704_067_201 + nth as i64, false));
        assert_eq!(mail.role, Some(Role::Ticket(Verb::Quiet)));
    });
}

proptest! {
    #[test]
    fn any_bytes(raws in prop::collection::vec((nasty_bytes(), any::<bool>()), 1..4)) {
        let file: Vec<u8> = raws.iter().flat_map(|(raw, by_us)| match by_us {
            true => ours(raw, "ticket-12@example.org", 1),
            false => [b"From bob@x Mon Jan  1 00:00:00 2024\n", &raw[..], b"\n\n"].concat(),
        }).collect();
        let stored: Vec<_> = mbox::entries(&file, 0).collect();
        there_and_back(&file, |nth, mail| {
            assert_eq!(&*mail.raw, &*entry::decode(stored[nth].content).raw);
        });
    }
}
