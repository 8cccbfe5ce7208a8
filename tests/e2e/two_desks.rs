//! Two desks that run this program and write to each other: each is a customer of the other.

use std::fs;
use std::path::PathBuf;

use crate::mail::{self, Mail};
use crate::people::{Body, Draft, Person, said, words};
use crate::site::{self, Form, Site, give};

/// A desk with one operator.
struct Desk {
    domain: &'static str,
    name: &'static str,
    operator: Person,
    /// Its first tickets, from which the operator's mail program writes.
    tickets: [&'static str; 2],
}

const SHOP: Desk = Desk {
    domain: "example.org",
    name: "Shop",
    operator: Person {
        name: "Steve",
        address: "steve@example.org",
    },
    tickets: ["ticket-1@example.org", "ticket-2@example.org"],
};

const VENDOR: Desk = Desk {
    domain: "vendor.example",
    name: "Vendor",
    operator: Person {
        name: "Vera",
        address: "vera@vendor.example",
    },
    tickets: ["ticket-1@vendor.example", "ticket-2@vendor.example"],
};

const ALICE: Person = Person {
    name: "Alice",
    address: "alice@example.net",
};

const BOB: Person = Person {
    name: "Bob",
    address: "bob@example.net",
};

/// One Exim for both desks: it finds the store and the configuration by the domain.
fn start() -> Option<Site> {
    let site = site::start(
        Form::Split,
        &[
            "TICKETS_DOMAIN=example.org : vendor.example",
            "TICKETS_DIR=/home/tickets/$domain_data",
            "TICKETS_COMMAND=/usr/local/bin/tickets \
             --config /home/tickets/.config/tickets/$domain_data.toml",
        ],
    )?;
    for desk in [SHOP, VENDOR] {
        let path = site.path(&format!("home/.config/tickets/{}.toml", desk.domain));
        let config = format!(
            "dir = \"~/{0}\"\ndomain = \"{0}\"\nname = \"{1}\"\nadmins = [\"{2}\"]\n",
            desk.domain, desk.name, desk.operator.address
        );
        fs::write(&path, config).unwrap();
        give(&path, site::USER);
    }
    let known = fs::read_to_string(site.path("mailboxes")).unwrap();
    let more = [VENDOR.operator, BOB].map(|who| format!("{0}: {0}\n", who.address));
    fs::write(site.path("mailboxes"), known + &more.concat()).unwrap();
    Some(site)
}

/// A ticket of one desk whose operator asks another desk, where that opens a ticket of the same number.
struct Case<'a> {
    site: &'a Site,
    asking: &'a Desk,
    asked: &'a Desk,
    /// The number of both tickets, less one.
    ticket: usize,
    /// Mails that people have written.
    written: usize,
    /// Mails that Exim has taken in.
    moved: usize,
}

impl Case<'_> {
    /// Somebody writes the next mail. Exim takes it in, and so much mail of the desks.
    fn writes(&mut self, who: Person, draft: &Draft, of_desks: usize) {
        self.written += 1;
        let n = self.written;
        let id = format!("{}.{n}@{}", self.ticket, who.name.to_lowercase());
        who.sends(self.site, draft, &id, &words(n), Body::Above);
        self.moved += 1 + of_desks;
        assert_eq!(moved(self.site), self.moved, "after mail {n}");
    }

    /// The operator of the desk that asks, in mutt: from the ticket, which is in Cc.
    fn operator_in_mutt(&self) -> Person {
        Person {
            name: self.asking.name,
            address: self.asking.tickets[self.ticket],
        }
    }

    fn operator_answers_in_mutt(&mut self, n: usize) {
        let filed = self.filed(self.asking);
        let answered = filed.iter().find(|mail| said(mail) == [n]).expect("mail");
        let mut draft = self.operator_in_mutt().reply(answered);
        assert_eq!(draft.to, [self.asked.tickets[self.ticket]]);
        draft.cc = vec![self.asking.tickets[self.ticket].to_owned()];
        // The other operator gets a copy. It is no news for the one who writes.
        self.writes(self.operator_in_mutt(), &draft, 1);
    }

    /// An operator replies to the copy of mail `n`, and the answer is passed on to the submitter.
    fn operator_replies(&mut self, desk: &Desk, n: usize, of_desks: usize) {
        let draft = desk.operator.reply(&self.copy(desk, n));
        assert_eq!(draft.to, [desk.tickets[self.ticket]]);
        self.writes(desk.operator, &draft, of_desks);
    }

    fn operator_closes(&mut self, desk: &Desk, n: usize, of_desks: usize) {
        let mut draft = desk.operator.reply(&self.copy(desk, n));
        draft.to = vec![desk.tickets[self.ticket].replace('@', "-done@")];
        self.writes(desk.operator, &draft, of_desks);
    }

    /// What brought the operator the words of mail `n`.
    fn copy(&self, desk: &Desk, n: usize) -> Mail {
        let number = (self.ticket + 1).to_string();
        let mails = self.site.mailbox(desk.operator.address).into_iter();
        let mut mails = mails.filter(|mail| mail.get("X-Tickets-Ticket") == number);
        let copy = mails.find(|mail| said(mail) == [n]);
        copy.unwrap_or_else(|| panic!("{} has no copy of {n}", desk.operator.name))
    }

    fn path(&self, desk: &Desk, open: bool) -> PathBuf {
        let place = if open { "" } else { "archived/" };
        let number = self.ticket + 1;
        self.site
            .path(&format!("home/{}/{place}{number}", desk.domain))
    }

    fn filed(&self, desk: &Desk) -> Vec<Mail> {
        let open = self.path(desk, true);
        mail::mbox(&match open.exists() {
            true => open,
            false => self.path(desk, false),
        })
    }

    /// Whose words a ticket holds, and whether it is open.
    fn assert_holds(&self, desk: &Desk, open: bool, wanted: &[usize]) {
        let filed = self.filed(desk);
        // An acknowledgement has no words of anybody's.
        let spoken: Vec<usize> = filed.iter().flat_map(said).collect();
        let now = (desk.name, self.path(desk, true).exists(), &spoken[..]);
        assert_eq!(now, (desk.name, open, wanted));
        let mut ids = mail::ids(&filed);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), filed.len(), "{}", desk.name);
    }
}

/// How many mails Exim has taken in, from anybody.
fn moved(site: &Site) -> usize {
    let log = fs::read_to_string(site.path("log/mainlog")).unwrap();
    log.lines().filter(|line| line.contains(" <= ")).count()
}

fn names(mails: &[Mail]) -> Vec<String> {
    let name = |mail: &Mail| {
        let from = mail.get("From");
        let name = from.split(" <").next().unwrap_or_default();
        name.trim_matches('"').to_owned()
    };
    mails.iter().map(name).collect()
}

/// B1, B5, B6, B11, C1 to C4, C6, C7: both tickets stay in step, each mail is filed and told once, and
/// then it is quiet.
#[test]
fn two_desks_serve_each_other() {
    let Some(site) = start() else {
        return;
    };
    serve(&site, &SHOP, &VENDOR, ALICE, 0);
    serve(&site, &VENDOR, &SHOP, BOB, 1);
}

/// A customer asks a desk, and its operator asks the other one.
fn serve(site: &Site, asking: &Desk, asked: &Desk, customer: Person, ticket: usize) {
    let mut it = Case {
        site,
        asking,
        asked,
        ticket,
        written: 0,
        moved: moved(site),
    };
    let before = [asking, asked].map(|desk| site.mailbox(desk.operator.address).len());

    // Acknowledged, and the operator has a copy.
    let question = customer.mail(&format!("submit@{}", asking.domain), "Water in the printer");
    it.writes(customer, &question, 2);

    // The other desk acknowledges it to the ticket, and its operator has a copy. The acknowledgement is
    // filed and told.
    let mut question = it
        .operator_in_mutt()
        .mail(&format!("submit@{}", asked.domain), "A pump");
    question.cc = vec![asking.tickets[ticket].to_owned()];
    it.writes(it.operator_in_mutt(), &question, 3);
    it.assert_holds(asking, true, &[1, 2]);
    it.assert_holds(asked, true, &[2]);

    // To and fro: passed on to the ticket, which is the submitter, and told to its operator.
    it.operator_replies(asked, 2, 2);
    it.operator_answers_in_mutt(3);
    it.operator_replies(asked, 4, 2);

    // The customer is told, and has another wish.
    it.operator_replies(asking, 1, 1);
    let answered = site.mailbox(customer.address).pop().expect("an answer");
    it.writes(customer, &customer.reply(&answered), 1);
    it.operator_answers_in_mutt(5);
    it.assert_holds(asking, true, &[1, 2, 3, 4, 5, 6, 7, 8]);
    it.assert_holds(asked, true, &[2, 3, 4, 5, 8]);

    // The other desk closes its ticket; the notice is filed and told, and closes nothing here.
    it.operator_closes(asked, 8, 2);
    it.assert_holds(asking, true, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    it.assert_holds(asked, false, &[2, 3, 4, 5, 8, 9]);
    it.operator_answers_in_mutt(9);
    it.assert_holds(asked, true, &[2, 3, 4, 5, 8, 9, 10]);
    it.operator_replies(asked, 10, 2);

    // Now the customer's ticket is closed, which is told to the customer. Then the other one; the notice
    // opens nothing again.
    it.operator_closes(asking, 7, 1);
    it.operator_closes(asked, 10, 2);
    it.assert_holds(asking, false, &(1..=13).collect::<Vec<_>>());
    it.assert_holds(asked, false, &[2, 3, 4, 5, 8, 9, 10, 11, 13]);

    // What was told to whom: nothing else, and nothing twice.
    let (own, other) = (asking.name, asked.name);
    let (asks, serves) = (asking.operator.name, asked.operator.name);
    // Round brackets are the desk's own: its words stand in them.
    let passed_on = format!("{serves} [{other}] via tickets");
    let got = site.mailbox(asking.operator.address).split_off(before[0]);
    let by = |name: &str| format!("{name} via tickets");
    assert_eq!(
        names(&got),
        [
            by(customer.name),
            by(other),
            passed_on.clone(),
            passed_on.clone(),
            by(customer.name),
            by(other),
            passed_on,
            by(other),
        ]
    );
    let got = site.mailbox(asked.operator.address).split_off(before[1]);
    let reopened = format!("{own} via tickets (re-opened)");
    assert_eq!(names(&got), [by(own), by(own), by(own), reopened]);
    let got = site.mailbox(customer.address);
    let answer = format!("{asks} ({own})");
    assert_eq!(names(&got), [own, &answer, own]);
    // Neither desk has another ticket, nor mail that waits.
    for desk in [asking, asked] {
        let home = format!("home/{}", desk.domain);
        let next = site.path(&format!("{home}/{}", ticket + 2));
        assert!(!next.exists(), "{}", desk.name);
        let waiting = fs::read_dir(site.path(&format!("{home}/.tickets/outbox/new")));
        assert_eq!(waiting.unwrap().count(), 0, "{}", desk.name);
    }
}
