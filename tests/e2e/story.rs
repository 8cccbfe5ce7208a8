//! A ticket's whole life, with everybody in it: the author, the operator in mutt, and Exim
//! between them.

use std::fs;

use crate::exim::trial;
use crate::mail::{Mail, ids};
use crate::mutt::Mutt;
use crate::site::{self, Count, Form, Site};

pub const ALICE: &str = "alice@example.net";
pub const STEVE: &str = "steve@example.org";

/// What lies where: open and archived tickets, and mails in Alice's and Steve's mailbox.
pub fn wanted(open: &[u32], archived: &[u32], alice: usize, steve: usize) -> Count {
    let mailboxes = [(ALICE, alice), (STEVE, steve)]
        .into_iter()
        .filter(|(_, mails)| *mails > 0);
    Count {
        open: open.to_vec(),
        archived: archived.to_vec(),
        mailboxes: mailboxes
            .map(|(who, mails)| (who.to_owned(), mails))
            .collect(),
    }
}

/// The newest mail in a mailbox.
pub fn newest(site: &Site, address: &str) -> Mail {
    site.mailbox(address)
        .pop()
        .unwrap_or_else(|| panic!("no mail for {address}"))
}

/// A mail that answers another one, as a mail program writes it.
fn answer(author: &str, to: &Mail, id: &str, text: &str) -> String {
    format!(
        "From: {author}\nTo: {}\nSubject: Re: {}\nMessage-ID: <{id}>\nIn-Reply-To: {}\n\
         Date: Sun, 22 Nov 2026 11:00:00 +0000\n\n{text}\n",
        to.get("Reply-To"),
        to.get("Subject"),
        to.get("Message-ID"),
    )
}

#[test]
fn a_ticket_from_its_first_mail_to_its_return() {
    for form in [Form::Split, Form::Unsplit] {
        let Some(site) = site::start(form, &[]) else {
            return;
        };
        story(&site, &USUAL);
    }
}

/// How the desk's addresses are formed: `submit`, and what stands before a ticket's number.
pub struct Forms {
    pub submit: &'static str,
    pub before: &'static str,
}

/// The forms of a desk that configures none.
pub const USUAL: Forms = Forms {
    submit: "submit",
    before: "ticket-",
};

/// The whole life, whatever MTA brings the mail.
pub fn story(site: &Site, forms: &Forms) {
    let submit = &format!("{}@example.org", forms.submit);
    let ticket = &format!("{}1@example.org", forms.before);
    let done = &format!("{}1-done@example.org", forms.before);
    // Alice writes.
    site.mail(
        ALICE,
        submit,
        &trial("Alice <alice@example.net>", "first@example.net", "printer"),
    );
    assert_eq!(
        site.count(),
        wanted(&[1], &[], 1, 1),
        "a new ticket, an ack, Steve is told"
    ); // B6, C1, C2
    assert_eq!(ids(&site.ticket(1)), ["<first@example.net>"]);
    let ack = newest(site, ALICE);
    let fields = [
        "Return-path",
        "Subject",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "Reply-To",
        "X-Tickets-Ticket",
    ];
    assert_eq!(
        fields.map(|name| ack.get(name)),
        [
            "<>",
            "[issue1] printer",
            "<first@example.net>",
            "<first@example.net>",
            "auto-replied",
            ticket,
            "1",
        ],
        "{}",
        ack.0
    );
    assert!(
        ack.get("From").ends_with(&format!("<{ticket}>")),
        "{}",
        ack.0
    );

    // She answers the acknowledgement.
    site.mail(
        ALICE,
        ticket,
        &answer(ALICE, &ack, "second@example.net", "And the desk."),
    );
    assert_eq!(
        site.count(),
        wanted(&[1], &[], 1, 2),
        "filed, no second ack, Steve is told"
    ); // B1, C2
    assert_eq!(
        ids(&site.ticket(1)),
        ["<first@example.net>", "<second@example.net>"]
    );
    let copy = newest(site, STEVE);
    assert_eq!(copy.get("Return-path"), "<>", "{}", copy.0); // C3
    assert!(
        copy.get("From").ends_with(&format!("<{ticket}>")),
        "{}",
        copy.0
    );
    assert_eq!(&copy.get("Reply-To"), ticket, "{}", copy.0); // C2
    assert_eq!(copy.body(), "And the desk.\n");

    // The operator answers in mutt.
    let mutt = Mutt::open(site, "~/tickets/1", "Water is on its way.");
    mutt.press(&["r"]);
    mutt.shows("y:Send");
    mutt.send();
    site.settle();
    mutt.quit();
    // C3: not passed on to Alice a second time, since mutt wrote to her. With one admin,
    // mail from the ticket's address is that admin's own: Steve is not told.
    assert_eq!(
        site.count(),
        wanted(&[1], &[], 2, 2),
        "Alice has the reply, once"
    );
    let reply = newest(site, ALICE);
    assert_eq!(
        ["Return-path", "From", "To", "Cc"].map(|name| reply.get(name)),
        [
            &format!("<{ticket}>"),
            &format!("Support <{ticket}>"),
            "Alice <alice@example.net>",
            ticket
        ],
        "{}",
        reply.0
    );
    assert!(
        reply.body().starts_with("Water is on its way.\n"),
        "{}",
        reply.0
    );
    let said = reply.get("Message-ID");
    assert_eq!(
        ids(&site.ticket(1)),
        ["<first@example.net>", "<second@example.net>", &said]
    );

    // Steve closes by mail.
    let closing =
        trial(STEVE, "closing@example.org", "Re: printer").replace("submit@example.org", done);
    site.mail(STEVE, done, &closing);
    assert_eq!(
        site.count(),
        wanted(&[], &[1], 3, 2),
        "archived, Alice is told"
    ); // B2, C4
    let closed = newest(site, ALICE);
    assert_eq!(
        ["Return-path", "X-Tickets-Kind", "Subject"].map(|name| closed.get(name)),
        ["<>", "closed", "[issue1] printer"],
        "{}",
        closed.0
    );

    // Alice is not content.
    site.mail(
        ALICE,
        ticket,
        &answer(ALICE, &closed, "third@example.net", "It burns again."),
    );
    assert_eq!(site.count(), wanted(&[1], &[], 3, 3), "back again"); // B11
    let all = [
        "<first@example.net>",
        "<second@example.net>",
        &said,
        "<closing@example.org>",
        "<third@example.net>",
    ];
    assert_eq!(ids(&site.ticket(1)), all);
    let subjects: Vec<String> = site
        .mailbox(STEVE)
        .iter()
        .map(|mail| mail.get("Subject"))
        .collect();
    assert!(
        subjects
            .iter()
            .all(|subject| subject.matches("[issue1]").count() == 1),
        "{subjects:?}"
    ); // C2
}

/// B8: by address the sender's server is told (`exim::unknown_tickets_are_refused_at_rcpt_time`);
/// by Subject only the program can know, and its sentence comes as a bounce.
#[test]
fn an_unknown_ticket_in_the_subject_bounces_with_a_plain_sentence() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    site.mail(
        ALICE,
        "submit@example.org",
        &trial(ALICE, "a@example.net", "Re: [issue99] printer"),
    );
    assert_eq!(site.count(), wanted(&[], &[], 1, 0));
    let bounce = newest(&site, ALICE);
    assert_eq!(bounce.get("Return-path"), "<>");
    let sentence = bounce
        .body()
        .lines()
        .find(|line| line.contains("99") && line.contains("submit@example.org"));
    assert!(sentence.is_some(), "no sentence that helps\n{}", bounce.0);
}

/// `C` in mutt answers and closes; `X` closes without a word by mail of the operator's.
#[test]
fn the_operator_closes_in_mutt() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    for (number, key) in [(1, "C"), (2, "X")] {
        let id = format!("{number}@example.net");
        site.mail(ALICE, "submit@example.org", &trial(ALICE, &id, "printer"));
        let acks = site.mailbox(ALICE).len();
        let mutt = Mutt::open(&site, &format!("~/tickets/{number}"), "Put out.");
        mutt.press(&[key]);
        if key == "C" {
            // Its folder would move away under it.
            mutt.shows("q:Abort");
            mutt.send_and_leave();
        } else {
            mutt.wait_until_gone();
        }
        // `X` closes when mutt has gone; so it is waited for, and not only Exim.
        site.wait(
            "the ticket to be archived and Alice to be written to",
            || {
                let archived = site.store().join(format!("archived/{number}"));
                (fs::exists(archived).unwrap() && site.mailbox(ALICE).len() > acks).then_some(())
            },
        );
        site.settle();
        // One mail to Alice: the operator's answer, or the closing notice.
        let seen: Vec<Mail> = site.mailbox(ALICE).split_off(acks);
        let kinds: Vec<String> = seen.iter().map(|mail| mail.get("X-Tickets-Kind")).collect();
        assert_eq!(kinds, [if key == "C" { "" } else { "closed" }], "{key}");
    }
    assert_eq!(
        (site.count().open, site.count().archived),
        (vec![], vec![1, 2])
    );
}
