//! Routing and planning: every message has a destination, and nobody gets an answer who should not
//! (sections B and C).
#![no_main]

use anyhow::Result;
use libfuzzer_sys::fuzz_target;
use tickets::mail::automatic::{self, Degree, SpamSign};
use tickets::mail::decode;
use tickets::mail::envelope::{Envelope, Given, RecipientSource, Sender};
use tickets::mail::mbox;
use tickets::mail::message::Message;
use tickets::ticket::address::{Addresses, Target, Verb};
use tickets::ticket::person::{Person, first_addresses};
use tickets::ticket::plan::{
    Answer, Answered, Plan, PlanRules, RepliesTo, Reported, Situation, Ticket, plan,
};
use tickets::ticket::policy::{Acknowledge, CatchAll, CloseBy, Notify, UnknownTicket};
use tickets::ticket::route::{Destination, Known, Refusal, Rules, route};
use tickets::ticket::staff::Authorship;
use tickets::ticket::summary::{Summary, local_signs};
use tickets::ticket::tag::DEFAULT as DEFAULT_TAG;
use tickets::ticket::{TicketId, compose, tag};
use tickets_fuzz::{Choices, assert_one_line, run};

fuzz_target!(|data: &[u8]| run(data, target));

const VERBS: [Verb; 4] = [Verb::Quiet, Verb::Update, Verb::Submitter, Verb::Done];

fn target(data: &[u8]) {
    let mut choices = Choices::of(data);
    let (from_line, raw) = mbox::strip_from_line(data);
    let message = Message::new(raw);
    let desk = Desk::new(&mut choices);
    let envelope = desk.envelope(&message, from_line);
    desk.recognises(&message, &envelope);
    let sender = &envelope.sender;
    // A header that begins with a folded line would continue a field that is put above it.
    let begins_folded = matches!(raw, [b' ' | b'\t', ..]);
    if !begins_folded {
        degrees(raw, &message, sender, &desk.addresses);
        the_same(raw, &message, sender, &desk.addresses);
    }
    let destinations = desk.routes(&envelope, &message);
    for destination in destinations {
        let verb = match destination {
            Destination::Open => None,
            Destination::Ticket(_, verb) => Some(verb),
        };
        desk.plans(&message, sender, verb, &mut choices);
    }
    for verb in VERBS {
        desk.plans(&message, sender, Some(verb), &mut choices);
    }
}

struct Desk {
    addresses: Addresses,
    tags: Vec<String>,
    admins: Vec<String>,
    people: Vec<Person>,
}

impl Known for Desk {
    fn exists(&self, id: TicketId) -> Result<bool> {
        Ok([1, 2, 7, 12].contains(&id.get()))
    }
    fn is_put_away(&self, id: TicketId) -> Result<bool> {
        Ok([3, 5].contains(&id.get()))
    }
    fn holder(&self, msg_id: &str) -> Result<Option<TicketId>> {
        let ours = compose::ticket_of_msg_id(msg_id, self.addresses.domain());
        // Of all others, those of even length; the ticket may not exist.
        let other = msg_id
            .len()
            .is_multiple_of(2)
            .then(|| TicketId::new(msg_id.len() as u32 % 20));
        Ok(ours.map(|(ticket, _)| ticket).or(other.flatten()))
    }
}

impl Desk {
    fn new(choices: &mut Choices) -> Self {
        let templates = ["ticket-{n}", "help+{n}", "t{n}x"];
        let submit = ["submit".to_owned(), "help@other.example".to_owned()];
        let domains = ["example.org".to_owned(), "alias.example".to_owned()];
        let any_domain = choices.below(4) == 0;
        let template = templates[choices.below(4).saturating_sub(1)];
        let mut tags = vec![DEFAULT_TAG.to_owned()];
        if choices.below(2) == 0 {
            tags.push(r"#([1-9]\d*)".to_owned());
        }
        let mut people = ["steve@example.org", "eve@example.net"]
            .map(Person::with_address)
            .to_vec();
        people[1].addresses.push("eve@home.example".to_owned());
        Desk {
            addresses: Addresses::new(&domains, any_domain, &submit, template).unwrap(),
            tags,
            admins: first_addresses(&people),
            people,
        }
    }

    /// The envelope as an MTA would pass it. Its values come from fields of the mail.
    fn envelope(&self, message: &Message, from_line: Option<&[u8]>) -> Envelope {
        let said = |name: &str| {
            message
                .first(name)
                .map(|field| String::from_utf8_lossy(field.value).into_owned())
        };
        let given = Given {
            sender: said("Option-Sender"),
            recipients: message
                .all("Option-Recipient")
                .map(|field| field.text())
                .collect(),
        };
        let is_ours = |address: &str| self.addresses.target(address).is_some();
        let envelope = Envelope::find(&given, from_line, &said, message, &is_ours);
        for (nth, recipient) in envelope.recipients.iter().enumerate() {
            assert!(!recipient.is_empty());
            let before = &envelope.recipients[..nth];
            assert!(
                !before.iter().any(|r| r.eq_ignore_ascii_case(recipient)),
                "{recipient:?} twice"
            );
        }
        if let Some(sender) = envelope.sender.address() {
            assert!(
                !sender.is_empty() && !sender.chars().any(char::is_control),
                "{sender:?}"
            );
        }
        if !given.recipients.is_empty() {
            assert_eq!(envelope.recipients_from, RecipientSource::Envelope);
        }
        envelope
    }

    /// Checks addresses and tags from any source.
    fn recognises(&self, message: &Message, envelope: &Envelope) {
        let subject = message.subject();
        let people = message.to_cc().into_iter().map(|m| m.address);
        for address in people
            .chain(envelope.recipients.clone())
            .chain([subject.clone()])
            .take(40)
        {
            let target = self.addresses.target(&address);
            assert_eq!(self.addresses.target(&address.to_ascii_uppercase()), target);
            assert_eq!(self.addresses.target(&format!(" {address}\n")), target);
            if let Some(Target::Ticket(id, verb)) = target {
                let written = self.addresses.ticket(id, verb);
                assert_eq!(self.addresses.target(&written), target, "{written}");
            }
        }
        let found = tag::find(&self.tags, &subject).unwrap();
        for &id in &found {
            assert!(subject.contains(&id.to_string()));
            for pattern in &self.tags {
                let tag = tag::write(pattern, id).unwrap();
                let with_tag = tag::find(&self.tags, &format!("{tag} {subject}")).unwrap();
                assert_eq!(with_tag[0], id);
                assert!(with_tag.ends_with(&found), "a tag hides those behind it");
            }
        }
    }

    /// Checks that each message has a destination or is refused for a reason.
    fn routes(&self, envelope: &Envelope, message: &Message) -> Vec<Destination> {
        let mut all = Vec::new();
        for (unknown_ticket, catch_all, by_staff) in [
            (UnknownTicket::Reject, CatchAll::Reject, false),
            (UnknownTicket::Reject, CatchAll::Submit, true),
            (UnknownTicket::Open, CatchAll::Reject, true),
            (UnknownTicket::Open, CatchAll::Submit, false),
        ] {
            let rules = Rules {
                addresses: &self.addresses,
                subject_tags: &self.tags,
                unknown_ticket,
                catch_all,
                opens: false,
                by_staff,
            };
            let found = route(envelope, message, &rules, self).unwrap();
            let (destinations, refusals) = (&found.destinations, &found.refusals);
            assert!(
                !destinations.is_empty() || !refusals.is_empty(),
                "it is lost"
            );
            if let Some(id) = found.put_away {
                assert!(self.is_put_away(id).unwrap() && destinations.contains(&Destination::Open));
            }
            if unknown_ticket == UnknownTicket::Open && catch_all == CatchAll::Submit {
                assert!(!destinations.is_empty(), "{refusals:?}");
            }
            if unknown_ticket == UnknownTicket::Open {
                assert!(
                    !refusals
                        .iter()
                        .any(|r| matches!(r, Refusal::UnknownTicket(_)))
                );
            }
            for (nth, destination) in destinations.iter().enumerate() {
                let ticket = |d: &Destination| match d {
                    Destination::Open => None,
                    Destination::Ticket(id, _) => Some(*id),
                };
                let id = ticket(destination);
                assert!(id.is_none_or(|id| self.exists(id).unwrap()), "{id:?}");
                assert!(
                    !destinations[..nth].iter().any(|d| ticket(d) == id),
                    "{id:?} twice"
                );
            }
            // B1 to B3: the envelope decides, whatever the message says; but a customer's reply to all closes nothing.
            for recipient in &envelope.recipients {
                if let Some(Target::Ticket(id, verb)) = self.addresses.target(recipient)
                    && self.exists(id).unwrap()
                {
                    let names = |verb| {
                        let wanted = Some(Target::Ticket(id, verb));
                        let mut named = message.to_cc().into_iter();
                        named.any(|it| self.addresses.target(&it.address) == wanted)
                    };
                    let replies_to_all = !by_staff && names(Verb::Update) && names(Verb::Done);
                    let verb = match verb {
                        Verb::Done if replies_to_all => Verb::Update,
                        verb => verb,
                    };
                    let at_least = |d: &Destination| matches!(d, Destination::Ticket(i, v) if *i == id && *v >= verb);
                    assert!(
                        destinations.iter().any(at_least),
                        "{recipient:?}: {destinations:?}"
                    );
                }
            }
            for destination in destinations {
                if !all.contains(destination) {
                    all.push(*destination);
                }
            }
        }
        all
    }

    /// Checks what section C forbids for any message, ticket and policy.
    fn plans(&self, message: &Message, sender: &Sender, verb: Option<Verb>, choices: &mut Choices) {
        let degree = automatic::degree(message, sender, &local_signs(&self.addresses, &[]));
        let policy = PlanRules {
            addresses: &self.addresses,
            people: &self.people,
            notify: [Notify::Copy, Notify::Note, Notify::None][choices.below(3)],
            ack: &Acknowledge::Except(vec!["*@noack.example".into()]),
            close_by: [CloseBy::Participants, CloseBy::Admins, CloseBy::Anyone][choices.below(3)],
            ack_limit: 5,
            ack_total: 20,
            asks_proof: choices.below(2) == 0,
        };
        let by = policy.staff().authorship(message);
        let people = message.to_cc();
        let submitter = match choices.below(3) {
            0 => by.author.clone(),
            1 => people.first().cloned(),
            _ => decode::mailboxes(b"Carol <carol@example.com>").pop(),
        };
        let people = people
            .iter()
            .take(choices.below(4))
            .map(|m| m.address.to_ascii_lowercase());
        let ticket = Ticket {
            open: choices.below(2) == 0,
            submitter: submitter.clone(),
            opened_by_machine: choices.below(4) == 0,
            staff_wrote: choices.below(2) == 0,
            writer_wrote: choices.below(2) == 0,
            people: people.collect(),
            last_from: "alice@example.net".into(),
            in_both_places: false,
        };
        let vic = decode::mailboxes(b"Vic <vic@vendor.example>")
            .pop()
            .unwrap();
        let third = RepliesTo::ThirdParty {
            writer: vic,
            in_private: choices.below(2) == 0,
        };
        let situation = Situation {
            message,
            by: &by,
            degree: &degree,
            verb,
            ticket: verb.map(|_| &ticket),
            recent: [0, 4, 5, 6, 49, 50, 51, 1000][choices.below(8)],
            answered: Answered {
                to_mailbox: [0, 4, 5, 6][choices.below(4)],
                to_domain: [0, 9, 10, 11][choices.below(4)],
                to_all: [0, 19, 20, 21][choices.below(4)],
                reported: Reported {
                    of_mailbox: choices.below(2) == 0,
                    of_domain: choices.below(2) == 0,
                    of_all: choices.below(2) == 0,
                },
            },
            replies_to: [
                RepliesTo::Copy,
                RepliesTo::Submitter { with: Vec::new() },
                RepliesTo::Other,
                third,
            ][choices.below(4)]
            .clone(),
            believed: true,
            forwarded: None,
            quiet: choices.below(8) == 0,
        };
        let plan = plan(&policy, &situation);
        assert!(!plan.closes || !plan.open);
        assert!(!plan.reopens || plan.open);
        if verb.is_some() {
            assert!(!plan.closes || ticket.open);
            assert!(!plan.reopens || !ticket.open);
            assert_eq!(plan.open, (ticket.open || plan.reopens) && !plan.closes);
        } else {
            assert!(plan.open && plan.filed_under.is_none());
        }
        self.answers(
            message,
            &degree,
            verb,
            submitter.as_ref(),
            &plan,
            &ticket,
            &policy,
        );
    }

    #[allow(clippy::too_many_arguments, reason = "all that a plan depends on")]
    fn answers(
        &self,
        message: &Message,
        degree: &Degree,
        verb: Option<Verb>,
        submitter: Option<&decode::Mailbox>,
        plan: &Plan,
        ticket: &Ticket,
        policy: &PlanRules,
    ) {
        let from: Vec<String> = message
            .from()
            .into_iter()
            .map(|m| m.address.to_ascii_lowercase())
            .collect();
        let named: Vec<String> = message
            .to_cc()
            .into_iter()
            .map(|m| m.address.to_ascii_lowercase())
            .collect();
        let by = policy.staff().authorship(message);
        let by_staff = by.is_staff;
        let automatic = degree.is_automatic();
        if verb == Some(Verb::Quiet) {
            // B3
            assert!(plan.answers.is_empty() && plan.open == ticket.open);
        }
        if *degree == Degree::Ours {
            assert!(plan.answers.is_empty(), "it would come back for ever");
        }
        if automatic {
            // C6
            assert!(!plan.closes && !plan.reopens);
        }
        if plan.closes && !by_staff {
            // C5
            match policy.close_by {
                CloseBy::Admins => panic!("closed by {from:?}"),
                CloseBy::Participants => {
                    let speak = by.speakers.iter().all(|a| ticket.people.contains(a));
                    let asked = by
                        .writer
                        .iter()
                        .any(|m| ticket.people.contains(&m.address.to_ascii_lowercase()));
                    assert!(speak && !by.speakers.is_empty() || asked && !policy.asks_proof)
                }
                CloseBy::Anyone => {}
            }
        }
        for answer in &plan.answers {
            match answer {
                Answer::Ack(to) => {
                    assert!(verb.is_none() && *degree == Degree::Person, "C1, C6");
                    assert_eq!(Some(to), by.author.as_ref());
                    assert_eq!(self.addresses.target(&to.address), None);
                    assert!(!to.address.ends_with("@noack.example"));
                    for name in ["X-Tickets-No-Ack", "X-Debbugs-No-Ack"] {
                        assert!(
                            message
                                .first(name)
                                .is_none_or(|f| f.text().eq_ignore_ascii_case("no")),
                            "C11"
                        );
                    }
                }
                Answer::PassOn(to) => {
                    assert!(by_staff && !automatic, "an open relay for {from:?}");
                    if to.address != "vic@vendor.example" {
                        self.unless_reached(to, submitter, &from, &named);
                    }
                }
                Answer::Closed(to) => {
                    assert!(plan.closes && !automatic);
                    self.unless_reached(to, submitter, &from, &named);
                }
                Answer::Copy(to) | Answer::Note(to) => {
                    for admin in to {
                        assert!(self.admins.contains(admin));
                        let asks = verb == Some(Verb::Done);
                        let changes = (asks || plan.closes || plan.reopens) && !by_staff;
                        let says_more = changes || plan.remark.is_some_and(|r| r.is_in_copy());
                        assert!(
                            !(by_staff && by.is(admin)) && (says_more || !named.contains(admin)),
                            "C2: {admin}"
                        );
                    }
                }
                Answer::Refused(to) => {
                    assert!(plan.remark.is_some() && to.iter().all(|a| self.admins.contains(a)))
                }
                Answer::NotPassedOn(to) => {
                    assert!(!by_staff && *degree == Degree::Person);
                    assert_eq!(Some(to), by.author.as_ref());
                    assert_eq!(self.addresses.target(&to.address), None);
                }
                Answer::Understood(_) => panic!("nothing was forwarded"),
            }
        }
    }

    /// C3, C4: only the submitter gets it, unless they wrote the mail or it is addressed to them.
    fn unless_reached(
        &self,
        to: &decode::Mailbox,
        submitter: Option<&decode::Mailbox>,
        from: &[String],
        named: &[String],
    ) {
        assert_eq!(Some(to), submitter);
        let address = to.address.to_ascii_lowercase();
        assert!(
            !from.contains(&address) && !named.contains(&address),
            "{address}"
        );
        assert_eq!(self.addresses.target(&address), None);
    }
}

/// A machine cannot be mistaken for a person (C6).
fn degrees(raw: &[u8], message: &Message, sender: &Sender, addresses: &Addresses) {
    let spam = SpamSign::defaults();
    let local = local_signs(addresses, &spam);
    let degree = automatic::degree(message, sender, &local);
    assert!(automatic::degree(message, &Sender::Null, &local).is_automatic());
    let marked = |field: &[u8]| {
        let raw = [field, raw].concat();
        automatic::degree(&Message::new(&raw), sender, &local)
    };
    assert!(marked(b"Auto-Submitted: (by hand; no) auto-replied\n").is_automatic());
    assert!(marked(b"x-failed-RECIPIENTS: a@x\r\n").is_automatic());
    let marks = "X-Tickets-Ticket: 1\nX-Tickets-Kind: ack\n";
    let own = format!(
        "{marks}Message-ID: <ticket-1.ack.0@{}>\n",
        addresses.domain()
    );
    assert_eq!(marked(own.as_bytes()), Degree::Ours);
    // Fields that do not tell who wrote it change nothing.
    assert_eq!(marked(b"Received: by x\n"), degree);
    for unanswered in ["List-Id: <x>\n", "X-Spam-Flag: YES\n", "X-Loop: x\n"] {
        assert_ne!(
            marked(unanswered.as_bytes()),
            Degree::Person,
            "{unanswered}"
        );
    }
    assert!(marked(b"Return-Path: <>\n").is_automatic());
    // Field names are not case-sensitive.
    let upper: Vec<u8> = message
        .fields()
        .iter()
        .flat_map(|f| [&f.name.to_ascii_uppercase()[..], &f.line[f.name.len()..]].concat())
        .chain(*b"\n")
        .chain(message.body().iter().copied())
        .collect();
    if message.fields().len() < 50_000 {
        assert_eq!(
            automatic::degree(&Message::new(&upper), sender, &local),
            degree
        );
    }
}

/// A5: a mail that comes by another way is the same mail; one with another body is not.
fn the_same(raw: &[u8], message: &Message, sender: &Sender, addresses: &Addresses) {
    let nobody = Authorship::default();
    let summary = Summary::of(message, sender, &nobody, 7, addresses);
    // It is cut between characters, possibly after a blank.
    assert_one_line(summary.subject.trim_end());
    assert_eq!(summary.from, summary.from.to_ascii_lowercase());
    let both = |raw: &[u8]| {
        let summary = Summary::of(&Message::new(raw), sender, &nobody, 9, addresses);
        (summary.identity, summary.origin)
    };
    let identity = |raw: &[u8]| both(raw).0;
    let again = [
        b"Return-Path: <a@x>\nDelivered-To: b@x\nDelivery-date: now\n",
        raw,
    ]
    .concat();
    // A From_ line is none where a field stands above it.
    if ![&b"From "[..], b">From "]
        .iter()
        .any(|line| raw.starts_with(line))
    {
        assert_eq!(identity(&again), summary.identity);
    }
    let crlf: Vec<u8> = raw
        .iter()
        .flat_map(|&b| if b == b'\n' { vec![b'\r', b] } else { vec![b] })
        .collect();
    // Of a longer Message-ID not all is read.
    let id_is_short = message
        .first("Message-ID")
        .is_none_or(|id| id.value.len() < 30_000);
    if !raw.contains(&b'\r') && id_is_short {
        assert_eq!(both(&crlf), (summary.identity, summary.origin));
    }
    let other = [raw, b"!"].concat();
    if Message::new(&other).body().len() > message.body().len() {
        assert_ne!(identity(&other), summary.identity);
    }
}
