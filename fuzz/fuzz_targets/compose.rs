//! Composing: no stranger can write a header field of ours, and a copy contains the mail (C1 to C4, C8, C12).
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailparse::MailHeaderMap;
use tickets::mail::automatic::{self, Degree};
use tickets::mail::decode::{self, Mailbox, clean, clean_block};
use tickets::mail::envelope::Sender;
use tickets::mail::message::Message;
use tickets::mail::render::{self, Limits};
use tickets::ticket::address::Addresses;
use tickets::ticket::compose::letter::Letter;
use tickets::ticket::compose::{Composer, Did, Kind, Outgoing, ticket_of_msg_id};
use tickets::ticket::person::Person;
use tickets::ticket::policy::ReplyTo;
use tickets::ticket::reach::{ascii_address, mail_address};
use tickets::ticket::staff::{Authorship, Staff};
use tickets::ticket::summary::local_signs;
use tickets::ticket::tag::DEFAULT as DEFAULT_TAG;
use tickets::ticket::template::Templates;
use tickets::ticket::{TicketId, tag};
use tickets_fuzz::{Choices, assert_harmless, run, with_lf};

fuzz_target!(|data: &[u8]| run(data, target));

/// The fields that every mail of ours has, and those that it may have.
const ALWAYS: [&str; 7] = [
    "Date",
    "From",
    "Subject",
    "Message-ID",
    "To",
    "X-Tickets-Ticket",
    "X-Tickets-Kind",
];
const SOMETIMES: [&str; 14] = [
    "X-Tickets-Event",
    "X-Tickets-From",
    "X-Tickets-To",
    "X-Tickets-Remark",
    "Cc",
    "Reply-To",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "Precedence",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

fn target(raw: &[u8]) {
    let mut choices = Choices::of(raw);
    let message = Message::new(raw);
    // Strangers' text in every place where a mail of ours might repeat it.
    let subject = message.subject();
    let body = String::from_utf8_lossy(message.body());
    let nobody = Mailbox {
        name: subject.clone(),
        address: String::from_utf8_lossy(&raw[..raw.len().min(600)]).into_owned(),
    };
    let domain = ["example.org", "m\u{fc}ller.example"][choices.below(2)];
    let number = [1, 12, 999_999_999][choices.below(3)];
    let desk = Desk::new(domain, number).by(&message);
    let author = desk.by.author.clone();
    let admins = &desk.admins[choices.below(2)..];
    let composer = Composer {
        reply_to: [ReplyTo::Ticket, ReplyTo::Both][choices.below(2)],
        opening: [None, Some("<first@example.net>")][choices.below(2)],
        ..desk.composer(["Support", &subject][choices.below(2)])
    };
    let first = render::first_lines(raw, 10, &Limits::default());
    let text = render::render(raw, &Limits::default()).text;

    let to = author.as_ref().unwrap_or(&nobody);
    for to in [to, &nobody] {
        desk.own(&composer.ack(&message, to).mail, Kind::Ack);
        desk.own(
            &composer.closed(&message, to, &body, &subject).mail,
            Kind::Closed,
        );
    }
    desk.own(&composer.closed(&message, to, &text, "").mail, Kind::Closed);
    desk.own(
        &composer
            .note(&message, admins, &first, &subject, &body)
            .mail,
        Kind::Note,
    );
    desk.own(
        &composer.refused(&message, admins, &subject).mail,
        Kind::Refused,
    );
    desk.own(&composer.not_passed_on(&message, to).mail, Kind::Refused);
    let notice = composer.notice(admins, &subject, &body);
    desk.own(&notice, Kind::Note);
    comes_back(&notice, &body);

    let did = Did {
        event: "closed",
        label: ["", "closed"][choices.below(2)],
        remark: &subject,
        filed_under: "ticket-1-done@example.org",
    };
    let copy = composer.copy(&message, admins, &did);
    assert_eq!((&copy.sender, copy.recipients.as_slice()), (&None, admins));
    desk.other(&copy, &message);
    let shown = Message::new(&copy.bytes).from()[0].name.clone();
    shows_author(&shown, &message, desk.by.writer.as_ref());
    let passed = composer.pass_on(&message, to, &to.name);
    let ticket = ascii_address(
        &desk
            .addresses
            .ticket(desk.ticket, tickets::ticket::address::Verb::Update),
    );
    assert!(
        passed.sender.is_some() && passed.sender == ticket,
        "{:?}",
        passed.sender
    );
    assert!(passed.recipients.len() <= 1);
    desk.other(&passed, &message);
    reply(&message, &desk, &text);
}

/// The only stranger's name in a From of ours: it is shown, unless it could be taken for that of another.
fn shows_author(shown: &str, message: &Message, writer: Option<&Mailbox>) {
    let (author, did) = shown.rsplit_once(" via tickets").expect("who sends it");
    assert!(did.is_empty() || did == " (closed)", "{shown}");
    let name = writer.map_or_else(|| message.author_text(), |m| m.name.clone());
    let name = clean(&name)
        .replace(['(', '\u{ff08}'], "[")
        .replace([')', '\u{ff09}'], "]");
    let start = |text: &str| text[..text.floor_char_boundary(60)].trim_end().to_owned();
    if !name.is_empty() && author.starts_with(&start(&name)) {
        let words = author.split_once(" (").map_or(author, |(name, _)| name);
        let mut words = words.split(|c: char| !c.is_alphanumeric());
        assert!(!words.any(|word| word.to_lowercase() == "via"), "{shown}");
        return;
    }
    let folded: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let speaks =
        folded.to_lowercase().contains("via") || name.contains(['@', '\u{ff20}', '\u{fe6b}']);
    assert!(name.is_empty() || speaks, "{shown} for {name}");
    let address = writer.map_or("somebody".into(), |m| clean(&m.address));
    let begin = &address[..address.floor_char_boundary(12)];
    assert!(author.starts_with(begin), "{shown} for {address}");
}

const ADMINS: [&str; 2] = ["steve@example.org", "eve@example.org"];

struct Desk {
    addresses: Addresses,
    admins: Vec<String>,
    people: Vec<Person>,
    templates: Templates,
    ticket: TicketId,
    tag: String,
    by: Authorship,
}

impl Desk {
    fn new(domain: &str, number: u32) -> Self {
        let ticket = TicketId::new(number).unwrap();
        Desk {
            addresses: Addresses::new(&[domain.into()], false, &["submit".into()], "ticket-{n}")
                .unwrap(),
            admins: ADMINS.map(str::to_owned).into(),
            people: ADMINS.map(Person::with_address).into(),
            templates: Templates::builtin(),
            ticket,
            tag: tag::write(DEFAULT_TAG, ticket).unwrap(),
            by: Authorship::default(),
        }
    }

    /// The same desk, with a message by somebody.
    fn by(self, message: &Message) -> Self {
        let staff = Staff {
            people: &self.people,
            addresses: &self.addresses,
        };
        let by = staff.authorship(message);
        Desk { by, ..self }
    }

    fn composer<'a>(&'a self, name: &'a str) -> Composer<'a> {
        Composer {
            name,
            addresses: &self.addresses,
            people: &self.people,
            reply_to: ReplyTo::Ticket,
            notify_line: false,
            opening: None,
            by: &self.by,
            templates: &self.templates,
            ticket: self.ticket,
            tag: &self.tag,
            // The same as in the desk. `Composer` borrows the closure, so these are functions.
            tagged: match self.ticket.get() {
                1 => &|subject| tagged(subject, 1),
                12 => &|subject| tagged(subject, 12),
                _ => &|subject| tagged(subject, 999_999_999),
            },
            digest: "0123456789abcdef0123456789abcdef",
            now: 1_732_240_000,
        }
    }

    /// Checks a mail with a text of ours.
    fn own(&self, mail: &Outgoing, kind: Kind) {
        assert_eq!((&mail.sender, mail.kind), (&None, kind));
        let (_, body) = halves(&mail.bytes);
        // Only To may name an internationalized address (RFC 6532).
        let outgoing = Message::new(&mail.bytes);
        let mut others = outgoing.fields().iter().filter(|field| !field.is("To"));
        assert!(others.all(|field| field.line.is_ascii()) && body.is_ascii());
        assert!(!mail.bytes.contains(&0) && !mail.bytes.contains(&b'\r'));
        assert!(body.split(|&b| b == b'\n').all(|line| line.len() <= 998));
        assert!(body.ends_with(b"\n") && !body.ends_with(b"\n\n"));
        let sent = Message::new(&mail.bytes);
        for (name, value) in [
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
        ] {
            assert_eq!(sent.first(name).map(|f| f.text()).as_deref(), Some(value));
        }
        assert!(
            sent.first("Auto-Submitted").is_some(),
            "nobody would know a machine wrote it"
        );
        assert_harmless(&other_opinion(&mail.bytes), &['\n', '\t']);
        assert_eq!(sent.first("Cc"), None);
        self.any(mail);
    }

    /// Checks somebody's mail under a header of ours.
    fn other(&self, mail: &Outgoing, original: &Message) {
        assert_eq!(mail.kind, Kind::Copy);
        let (_, body) = halves(&mail.bytes);
        assert!(*body == with_lf(original.body()), "another body");
        let sent = Message::new(&mail.bytes);
        // The MIME fields are those of the original, or there are none.
        for field in sent.fields().iter().filter(|field| is_mime(field.name)) {
            let from = original.first(&String::from_utf8_lossy(field.name));
            // MTAs trip over a lone CR and over NULs.
            let value = with_lf(from.expect("a field that came in").value);
            let value: Vec<u8> = value
                .iter()
                .map(|&b| if b"\r\0".contains(&b) { b' ' } else { b })
                .collect();
            assert_eq!(field.text(), decode::text(&value));
        }
        // A group reply reaches the desk once and none of its admins.
        for person in sent.mailboxes("Cc") {
            assert!(!self.admins.contains(&person.address));
            assert_eq!(self.addresses.target(&person.address), None);
        }
        self.any(mail);
    }

    fn any(&self, mail: &Outgoing) {
        let (head, _) = halves(&mail.bytes);
        for line in head.split_inclusive(|&b| b == b'\n') {
            assert!(line.len() <= 999 && !line.trim_ascii().is_empty());
            assert!(!line.contains(&b'\r') && !line.contains(&0));
        }
        let sent = Message::new(&mail.bytes);
        let mut names: Vec<&[u8]> = sent.fields().iter().map(|field| field.name).collect();
        for &name in &names {
            let ours = ALWAYS
                .iter()
                .chain(&SOMETIMES)
                .any(|known| known.as_bytes() == name);
            let theirs = mail.kind == Kind::Copy && is_mime(name) || name == b"To";
            assert!(ours || theirs, "{:?}", String::from_utf8_lossy(name));
            let ascii = sent
                .fields()
                .iter()
                .find(|field| field.name == name)
                .unwrap()
                .line
                .is_ascii();
            assert!(
                ascii || theirs,
                "8-bit in {:?}",
                String::from_utf8_lossy(name)
            );
        }
        assert!(ALWAYS.iter().all(|known| names.contains(&known.as_bytes())));
        let (parsed, end) = mailparse::parse_headers(&mail.bytes).expect("a header to others, too");
        assert_eq!((parsed.len(), end), (names.len(), head.len() + 1));
        names.sort_by_key(|name| name.to_ascii_lowercase());
        assert!(
            names
                .windows(2)
                .all(|two| !two[0].eq_ignore_ascii_case(two[1])),
            "a field twice"
        );

        let one = |name: &str| {
            sent.mailboxes(name)
                .into_iter()
                .map(|m| m.address)
                .collect::<Vec<_>>()
        };
        let own = ascii_address(
            &self
                .addresses
                .ticket(self.ticket, tickets::ticket::address::Verb::Update),
        );
        assert_eq!(one("From"), own.clone().into_iter().collect::<Vec<_>>());
        assert_eq!(one("To"), mail.recipients);
        for address in one("Cc").iter().chain(&one("Reply-To")) {
            assert_eq!(ascii_address(address).as_ref(), Some(address));
        }
        for recipient in &mail.recipients {
            assert_eq!(mail_address(recipient).as_ref(), Some(recipient));
            assert_harmless(recipient, &[]);
        }
        if sent.first("Reply-To").is_some() {
            assert!(
                one("Reply-To").contains(&own.unwrap()),
                "the reply would not be filed"
            );
        }
        // If it comes back, it is recognised, and a reply to it finds the ticket: by Subject and by parent.
        assert_eq!(
            automatic::degree(&sent, &Sender::Unknown, &local_signs(&self.addresses, &[])),
            Degree::Ours
        );
        assert_eq!(
            tagged(&sent.subject(), self.ticket.get()),
            Some(self.ticket),
            "{}",
            sent.subject()
        );
        let id = sent.message_id().expect("a msg-id");
        let named = ticket_of_msg_id(&id, self.addresses.domain());
        assert_eq!(named.map(|(ticket, _)| ticket), Some(self.ticket));
        assert_eq!(sent.date(), Some(1_732_240_000));
        assert!(sent.parents().len() <= 41);
    }
}

fn tagged(subject: &str, number: u32) -> Option<TicketId> {
    let tags = tag::find(&[DEFAULT_TAG.to_owned()], subject).unwrap();
    tags.into_iter().find(|id| id.get() == number)
}

/// Header and body, without the empty line between them.
fn halves(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memmem::find(mail, b"\n\n").expect("an empty line");
    (&mail[..end + 1], &mail[end + 2..])
}

fn is_mime(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name == b"mime-version" || (name.starts_with(b"content-") && name != b"content-length")
}

fn other_opinion(mail: &[u8]) -> String {
    let parsed = mailparse::parse_mail(mail).expect("a mail to others, too");
    assert_eq!(parsed.headers.get_all_headers("Subject").len(), 1);
    parsed.get_body().expect("a text").replace("\r\n", "\n")
}

/// Mail readers decode a text of ours as it was written.
fn comes_back(notice: &Outgoing, text: &str) {
    if text.len() < 60_000 {
        assert_eq!(
            other_opinion(&notice.bytes).trim_end(),
            clean_block(text).trim_end()
        );
    }
}

/// A person's reply: the text in the editor is parsed correctly, and the mail is well-formed.
fn reply(original: &Message, desk: &Desk, text: &str) {
    let mut draft = Letter {
        from: vec![Mailbox {
            name: clean(&original.subject()),
            address: "ticket-12@example.org".into(),
        }],
        to: original.from(),
        cc: original.to_cc().into_iter().take(20).collect(),
        ..Letter::answering(original, &desk.tag, text, "2026-11-22 10:00")
    };
    let recipients = draft.recipients();
    // Text that looks like the start of an encoded-word is shown as it is sent.
    let subject = clean(&draft.subject).replace("=?", "= ?");
    let references = draft.references.clone();
    draft.edited(&draft.readable());
    assert_eq!(
        draft.recipients(),
        recipients,
        "the editor changed who gets it"
    );
    assert_eq!((&draft.subject, &draft.references), (&subject, &references));
    let again = Letter { ..draft.clone() };
    draft.edited(&draft.readable());
    assert_eq!(draft, again);
    for mail in [draft.mail("unique", "example.org", 0), draft.unfinished()] {
        let (head, _) = halves(&mail);
        let to_people = |line: &&[u8]| line.starts_with(b"To: ") || line.starts_with(b"Cc: ");
        let mut rest = head
            .split(|&b| b == b'\n')
            .filter(|line| !to_people(line) && !line.starts_with(b" "));
        assert!(rest.all(<[u8]>::is_ascii) && !head.contains(&b'\r') && !head.contains(&0));
        assert!(head.split(|&b| b == b'\n').all(|line| line.len() <= 998));
        let (parsed, _) = mailparse::parse_headers(&mail).expect("a header to others, too");
        let known = |name: String| ALWAYS.iter().chain(&SOMETIMES).any(|known| *known == name);
        assert!(parsed.iter().all(|field| known(field.get_key())));
        let sent = Message::new(&mail);
        let people = ["To", "Cc"].iter().flat_map(|name| sent.mailboxes(name));
        let mut named: Vec<String> = Vec::new();
        for person in people {
            if !named.contains(&person.address) {
                named.push(person.address);
            }
        }
        assert_eq!(named, recipients);
    }
}
