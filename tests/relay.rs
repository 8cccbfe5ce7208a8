//! C1 to C5, C7: whatever strangers write, nobody is used as a weapon, and nothing changes unseen.
//!
//! Thirty mails at a time, by three strangers, to all addresses of a desk, naming anybody. What is checked is written
//! down here anew, and asks nothing of the program but what it sent and filed. `PROPTEST_CASES` says how many
//! sequences; `--nocapture` shows how many mails and answers that were.

mod letter;

use crate::bench::{Bench, Sent};
use letter::{ADMINS, Config, From, Letter, Local, is_ours, mailbox, sequence, written};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tickets::mail::message::Message;

/// Few enough for every run of all tests.
const SEQUENCES: u32 = 10;

/// A desk that strangers write to, and what is known of it.
struct Desk {
    bench: Bench,
    config: Config,
    /// The addresses of the tickets, the first one first.
    addresses: Vec<String>,
    /// Who may close each of them, for all that was filed.
    people: BTreeMap<usize, BTreeSet<String>>,
    /// Answers to each mailbox.
    answered: BTreeMap<String, usize>,
    /// Copies to admins of mail that bears their name without proof. They count, since a robot may have their address.
    own: BTreeMap<String, usize>,
    /// That a limit is reached, to each admin.
    reports: usize,
    /// A msg-id of the desk, as that of the admins' copy.
    copy: Option<String>,
    sent: usize,
}

impl Desk {
    /// A desk with Ann's tickets 1, 2, which is closed, and 3.
    fn new(config: &Config) -> Desk {
        let bench = Bench::new();
        let mut lines = format!(
            "admins = {ADMINS:?}\nclose_by = {:?}\nnotify = {:?}\nack_limit = {}\nack_total = {}\n",
            config.close_by, config.notify, config.ack_limit, config.ack_total
        );
        if config.authserv {
            lines += "authserv_id = \"mx.example.org\"\n";
        }
        if config.secret {
            bench.put("secret", b"0123456789abcdef0123456789abcdef\n");
            fs::set_permissions(bench.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
            lines += &format!("address_secret = {:?}\n", bench.path("secret"));
        }
        bench.configure(&lines);
        let mut desk = Desk {
            bench,
            config: config.clone(),
            addresses: Vec::new(),
            people: BTreeMap::new(),
            answered: BTreeMap::new(),
            own: BTreeMap::new(),
            reports: 0,
            copy: None,
            sent: 0,
        };
        for n in 1..=3 {
            let text = format!("From: ann@friend.example\nMessage-ID: <ann{n}@x>\n\nHelp {n}!\n");
            desk.bench.file("submit", text);
            let people = BTreeSet::from(["ann@friend.example".to_owned()]);
            desk.people.insert(n, people);
        }
        desk.bench
            .run(&["close", "2", "--quiet"], b"")
            .silent_but_for_output("close");
        for mail in desk.bench.take_sent() {
            for to in recipients(&mail).iter().filter(|to| !is_admin(to)) {
                *desk.answered.entry(mailbox(to)).or_default() += 1;
            }
        }
        desk.learn_addresses();
        desk
    }

    fn learn_addresses(&mut self) {
        for n in self.addresses.len() + 1..=self.bench.names().len() {
            self.addresses.push(match self.config.secret {
                true => self
                    .bench
                    .run(&["address", &n.to_string()], b"")
                    .stdout
                    .trim()
                    .to_owned(),
                false => format!("ticket-{n}@example.org"),
            });
        }
    }

    /// The text of a ticket, wherever it lies.
    fn mbox(&self, n: usize) -> String {
        let closed = self.bench.ticket(&format!("archived/{n}"));
        let bytes = fs::read(self.bench.ticket(&n.to_string())).or_else(|_| fs::read(closed));
        String::from_utf8_lossy(&bytes.unwrap()).into_owned()
    }

    /// The numbers of the closed tickets.
    fn closed(&self) -> BTreeSet<usize> {
        let names = self.bench.names().into_iter();
        names
            .filter_map(|name| name.strip_prefix("archived/")?.parse().ok())
            .collect()
    }

    /// How often each ticket was asked to close in vain.
    fn refused(&self) -> Vec<usize> {
        let count = |n| {
            let text = self.mbox(n);
            let lines = text
                .lines()
                .filter(|line| line.starts_with("Delivered-To: "));
            lines.filter(|line| line.contains("-refused@")).count()
        };
        (1..=self.addresses.len()).map(count).collect()
    }

    /// Takes in a stranger's mail, and checks what comes of it.
    fn take(&mut self, number: usize, letter: &Letter) -> Result<(), TestCaseError> {
        let text = letter.text(number, &self.config, &self.addresses, self.copy.as_deref());
        let sender = match letter.null_sender {
            true => "",
            false => letter::STRANGERS[letter.stranger],
        };
        let addressed: Vec<String> = letter
            .recipients
            .iter()
            .map(|r| written(*r, &self.addresses) + "@example.org")
            .collect();
        let mut args = vec!["deliver", "-f", sender];
        for recipient in &addressed {
            args.extend(["-r", recipient]);
        }
        if addressed.is_empty() {
            args.extend(["-r", "steve@example.org"]);
        }
        let (closed_before, refused_before) = (self.closed(), self.refused());
        let ran = self.bench.run(&args, text.as_bytes());
        let known = self.addresses.len();
        self.learn_addresses();
        prop_assert!([0, 67].contains(&ran.status), "{ran:?}\n{text}");
        self.check_filed(number, letter, ran.status, known, &text)?;
        let sent = self.bench.take_sent();
        self.sent += sent.len();
        for mail in &sent {
            self.check_mail(mail)?;
        }
        self.check_changes(letter, &closed_before, &refused_before, &sent, &text)?;
        self.check_admins(letter, &sent, &text)?;
        self.note_people(number, letter);
        Ok(())
    }

    /// Each mail lies once in each ticket that it went to, and nowhere else.
    fn check_filed(
        &self,
        number: usize,
        letter: &Letter,
        status: i32,
        known: usize,
        text: &str,
    ) -> Result<(), TestCaseError> {
        let token = format!("body-{number}-token");
        let copies = |n| self.mbox(n).matches(&token).count();
        let held: Vec<usize> = (1..=self.addresses.len()).map(copies).collect();
        prop_assert!(
            held.iter().all(|copies| *copies < 2),
            "filed twice: {held:?}\n{text}"
        );
        let count = held.iter().sum::<usize>();
        prop_assert_eq!(count > 0, status == 0, "{:?}\n{}", &held, text);
        let mut wanted = BTreeSet::new();
        for local in &letter.recipients {
            if let Local::Ticket(n, verb) = local
                && *n <= known
                && *verb != "-refused"
            {
                wanted.insert(*n);
            }
        }
        for n in &wanted {
            prop_assert_eq!(held[n - 1], 1, "not filed in {}\n{}", n, text);
        }
        let submits = letter
            .recipients
            .iter()
            .any(|r| !matches!(r, Local::Ticket(..)));
        // Where none is an address of ours, the header may name some (B9).
        let ours = |local: &Local| !matches!(local, Local::Ticket(_, "-refused"));
        if letter.recipients.iter().any(ours) {
            prop_assert!(
                count <= wanted.len() + usize::from(submits),
                "{held:?}\n{text}"
            );
        }
        Ok(())
    }

    /// What holds for each mail by itself.
    fn check_mail(&mut self, mail: &Sent) -> Result<(), TestCaseError> {
        let recipients = recipients(mail);
        prop_assert!(
            mail.args.starts_with("-i -f <> -- "),
            "sent as somebody: {mail:?}"
        );
        let from = mail.field("From").unwrap();
        let from = from
            .rsplit(['<', ' '])
            .next()
            .unwrap()
            .trim_end_matches('>')
            .to_owned();
        prop_assert!(
            self.addresses.contains(&from),
            "not the desk's address: {mail:?}"
        );
        for to in &recipients {
            prop_assert!(!is_ours(to), "to the desk itself: {mail:?}");
        }
        let kind = mail.field("X-Tickets-Kind").unwrap();
        let to_admins = recipients.iter().all(|to| is_admin(to));
        let is_about_them = ["copy", "note", "refused"].contains(&kind.as_str());
        if to_admins && is_about_them && mail.field("Precedence").is_none() {
            let id = mail.field("Message-ID").unwrap();
            self.copy = Some(id)
                .filter(|id| id.contains(".copy."))
                .or(self.copy.take());
            return Ok(());
        }
        // It goes to whom a stranger chose.
        prop_assert_eq!(recipients.len(), 1, "{:?}", mail);
        prop_assert!(kind != "copy" && kind != "note", "passed on: {mail:?}");
        prop_assert!(!mail.mail.contains("body-"), "a stranger's words: {mail:?}");
        prop_assert!(!mail.mail.contains("name-"), "a stranger's name: {mail:?}");
        let (header, body) = mail.mail.split_once("\n\n").unwrap();
        for part in [header, body] {
            prop_assert!(
                part.matches("subject-").count() < 2,
                "a Subject twice: {mail:?}"
            );
        }
        if self.copy.is_none() {
            let id = mail.field("Message-ID").unwrap();
            self.copy = Some(id.replace(".ack.", ".copy.").replace(".closed.", ".copy."));
        }
        *self.answered.entry(mailbox(&recipients[0])).or_default() += 1;
        let Config {
            ack_limit,
            ack_total,
            ..
        } = self.config;
        let most = |counts: &BTreeMap<String, usize>| counts.values().max().copied().unwrap_or(0);
        prop_assert!(
            most(&self.answered) <= ack_limit,
            "ack_limit: {:?}",
            self.answered
        );
        let all = self.answered.values().sum::<usize>();
        prop_assert!(all <= ack_total, "ack_total: {:?}", self.answered);
        prop_assert!(
            most(&domains(&self.answered)) <= ack_total.div_ceil(2),
            "{:?}",
            self.answered
        );
        Ok(())
    }

    /// Who may not close does not, and the admins are told of all that changes or was to change.
    fn check_changes(
        &self,
        letter: &Letter,
        closed_before: &BTreeSet<usize>,
        refused_before: &[usize],
        sent: &[Sent],
        text: &str,
    ) -> Result<(), TestCaseError> {
        let Config {
            authserv,
            close_by,
            notify,
            ..
        } = self.config;
        let closed = self.closed();
        let told = |n: usize, words: &[&str]| {
            ADMINS.iter().all(|admin| {
                sent.iter().any(|mail| {
                    let from = Message::new(mail.mail.as_bytes()).from().remove(0).name;
                    let is_notice = mail.field("X-Tickets-Kind").unwrap() == "closed";
                    let says = words
                        .iter()
                        .any(|word| from.contains(word) || said(mail).contains(word));
                    mail.field("X-Tickets-Ticket").unwrap() == n.to_string()
                        && recipients(mail).iter().any(|to| to == admin)
                        && (says || is_notice)
                })
            })
        };
        for n in closed.difference(closed_before) {
            let people = self.people.get(n).cloned().unwrap_or_default();
            let takes_part = letter
                .may_speak_for(&self.config)
                .iter()
                .any(|who| people.contains(who));
            let may = match close_by {
                "admins" => false,
                "anyone" => true,
                _ => takes_part,
            };
            prop_assert!(
                may && !letter.is_automatic(),
                "closed {n} {people:?}\n{text}"
            );
            prop_assert!(
                letter.proven || !authserv,
                "closed {n} without proof\n{text}"
            );
            let words = ["(closed)", "closed the ticket"];
            prop_assert!(
                notify == "none" || told(*n, &words),
                "closed {n} unseen: {sent:?}\n{text}"
            );
        }
        for n in closed_before.difference(&closed) {
            prop_assert!(!letter.is_automatic(), "re-opened {n}\n{text}");
            let words = [
                "(re-opened)",
                "(re-opened, not proven)",
                "re-opened the ticket",
            ];
            prop_assert!(
                notify == "none" || told(*n, &words),
                "re-opened {n} unseen: {sent:?}\n{text}"
            );
        }
        for (n, (now, before)) in (1..).zip(self.refused().iter().zip(refused_before)) {
            let words = [
                "closing refused",
                "closing not proven",
                "stays closed",
                "asked to close",
            ];
            prop_assert!(
                now == before || told(n, &words),
                "{n} was to close: {sent:?}\n{text}"
            );
        }
        Ok(())
    }

    /// A mail becomes one mail to each admin for each ticket, and what is said once is said once.
    fn check_admins(
        &mut self,
        letter: &Letter,
        sent: &[Sent],
        text: &str,
    ) -> Result<(), TestCaseError> {
        let is_note = |mail: &Sent| mail.field("X-Tickets-Kind").unwrap() == "refused";
        let is_limit = |mail: &Sent| is_note(mail) && said(mail).contains("until the hour is over");
        let is_in_part = |mail: &Sent| {
            let words = ["There is no", "is not an address", "does not exist"];
            is_note(mail) && words.iter().any(|words| said(mail).contains(words))
        };
        let about_them = |mail: &&Sent| {
            mail.field("Precedence").is_none() && recipients(mail).iter().all(|to| is_admin(to))
        };
        let (limits, others): (Vec<&Sent>, Vec<&Sent>) = sent
            .iter()
            .filter(about_them)
            .partition(|mail| is_limit(mail));
        for admin in ADMINS {
            let to = |mails: &[&Sent]| {
                let theirs = mails
                    .iter()
                    .filter(|mail| recipients(mail).iter().any(|to| to == admin));
                theirs.map(|mail| (*mail).clone()).collect::<Vec<_>>()
            };
            let theirs = to(&others);
            let in_part = theirs.iter().filter(|mail| is_in_part(mail)).count();
            prop_assert!(in_part < 2, "{theirs:?}\n{text}");
            let mut tickets = BTreeSet::new();
            for mail in theirs.iter().filter(|mail| !is_in_part(mail)) {
                let ticket = mail.field("X-Tickets-Ticket").unwrap();
                prop_assert!(
                    tickets.insert(ticket),
                    "two mails for one: {theirs:?}\n{text}"
                );
            }
            prop_assert!(
                tickets.len() <= letter.recipients.len().max(2),
                "{theirs:?}\n{text}"
            );
        }
        if let From::Admin(n) | From::WithAdmin(n) = letter.from {
            let is_copy = |mail: &&&Sent| {
                let kind = mail.field("X-Tickets-Kind").unwrap();
                kind == "copy" || kind == "note"
            };
            let theirs = others.iter().filter(is_copy);
            let theirs = theirs.filter(|mail| recipients(mail).iter().any(|to| to == ADMINS[n]));
            *self.own.entry(ADMINS[n].into()).or_default() += theirs.count();
        }
        self.reports += limits.len();
        // Each was said of a mailbox, a domain, or all, that had enough.
        let Config {
            ack_limit,
            ack_total,
            ..
        } = self.config;
        let mut counted = self.answered.clone();
        for (admin, count) in &self.own {
            *counted.entry(admin.clone()).or_default() += count;
        }
        let full = |counts: &BTreeMap<String, usize>, most| {
            counts.values().filter(|n| **n >= most).count()
        };
        let reached = full(&counted, ack_limit)
            + full(&domains(&counted), ack_total.div_ceil(2))
            + usize::from(counted.values().sum::<usize>() >= ack_total);
        prop_assert!(
            self.reports <= reached,
            "{limits:?}\n{:?}\n{text}",
            self.answered
        );
        Ok(())
    }

    /// Whom the mail makes participants, wherever it lies.
    fn note_people(&mut self, number: usize, letter: &Letter) {
        let token = format!("body-{number}-token");
        for n in 1..=self.addresses.len() {
            let text = self.mbox(n);
            let Some(at) = text.find(&token) else {
                continue;
            };
            let entry = &text[..at];
            let under = entry.rfind("\nDelivered-To: ").unwrap_or_default();
            let under = entry[under..]
                .trim_start()
                .lines()
                .next()
                .unwrap_or_default();
            if letter.is_automatic() || under.contains("-quiet@") || under.contains("-refused@") {
                continue;
            }
            self.people.entry(n).or_default().extend(letter.people());
        }
    }
}

/// Answers to each domain.
fn domains(answered: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let mut domains = BTreeMap::new();
    for (mailbox, count) in answered {
        let domain = mailbox.rsplit_once('@').unwrap().1.to_owned();
        *domains.entry(domain).or_default() += count;
    }
    domains
}

/// Its text in one line.
fn said(mail: &Sent) -> String {
    mail.body().replace("=\n", "").replace('\n', " ")
}

/// The recipients of its envelope.
fn recipients(mail: &Sent) -> Vec<String> {
    let (_, recipients) = mail.args.split_once(" -- ").unwrap();
    recipients.split(' ').map(str::to_owned).collect()
}

fn is_admin(address: &str) -> bool {
    ADMINS.contains(&address)
}

#[test]
fn strangers_use_nobody_as_a_weapon() {
    // C1, C2, C3, C4, C5, C7, T1 to T5, T10
    let defaults = ProptestConfig::default();
    let config = ProptestConfig {
        cases: match std::env::var_os("PROPTEST_CASES") {
            Some(_) => defaults.cases,
            None => SEQUENCES,
        },
        max_shrink_iters: 60,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/relay/proptest-regressions.txt",
        ))),
        ..defaults
    };
    // The same sequences each time, unless somebody looks for more: whether a change is sound is no matter of luck.
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let counts = std::cell::Cell::new((0, 0, 0));
    let outcome = runner.run(&sequence(), |(config, letters)| {
        let mut desk = Desk::new(&config);
        for (number, letter) in (1000..).zip(&letters) {
            desk.take(number, letter)?;
        }
        let (sequences, mails, sent) = counts.get();
        counts.set((sequences + 1, mails + letters.len(), sent + desk.sent));
        Ok(())
    });
    let (sequences, mails, sent) = counts.get();
    println!("{sequences} sequences, {mails} mails of strangers, {sent} answers");
    if let Err(e) = outcome {
        panic!("{e}");
    }
}
