//! C6, C7: robots that answer every mail, and the end of that.

use crate::bench::{Bench, Sent};

/// No conversation between machines may come so far.
const ENDLESS: usize = 200;

/// A robot's own answer to `mail`, which says nothing of its being one.
fn answer(mail: &Sent, robot: &str, number: usize) -> String {
    let [to, subject, id] = ["From", "Subject", "Message-ID"].map(|name| mail.field(name).unwrap());
    format!(
        "From: {robot}\nTo: {to}\nSubject: Re: {subject}\nMessage-ID: <{number}.{robot}>\n\
         In-Reply-To: {id}\n\nYour mail number {number} is important to us.\n"
    )
}

/// Lets everybody in `robots` answer all that is sent to them, until nothing is sent any more: to the
/// ticket, or with `to_submit` to submit@. Says how many mails of each kind were sent, in the order
/// in which they first came.
fn converse(bench: &Bench, robots: &[&str], to_submit: bool) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let mut number = 0;
    loop {
        let sent = bench.take_sent();
        if sent.is_empty() {
            return counts;
        }
        for mail in sent {
            let kind = mail.field("X-Tickets-Kind").unwrap();
            let (_, recipient) = mail.args.rsplit_once("-- ").unwrap();
            let name = format!("{kind} to {recipient}");
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
            number += 1;
            assert!(number < ENDLESS, "they are still at it: {counts:?}");
            if !robots.contains(&recipient) {
                continue;
            }
            let (address, text) = match to_submit {
                true => (
                    "submit@example.org".to_owned(),
                    forgetful(recipient, number),
                ),
                false => (ticket_of(&mail), answer(&mail, recipient, number)),
            };
            let args = ["deliver", "-f", recipient, "-r", &address];
            bench.run(&args, text.as_bytes()).silent();
        }
    }
}

/// The answer of a robot that forgets what it was asked, and so opens a ticket each time.
fn forgetful(robot: &str, number: usize) -> String {
    format!("From: {robot}\nMessage-ID: <{number}.{robot}>\n\nThank you.\n")
}

/// The ticket that a mail comes from.
fn ticket_of(mail: &Sent) -> String {
    format!(
        "ticket-{}@example.org",
        mail.field("X-Tickets-Ticket").unwrap()
    )
}

fn first(bench: &Bench, robot: &str) {
    let mail =
        format!("From: {robot}\nSubject: hello\nMessage-ID: <first@x>\n\nIs anybody there?\n");
    let args = ["deliver", "-f", robot, "-r", "submit@example.org"];
    bench.run(&args, mail.as_bytes()).silent();
}

#[test]
fn a_robot_that_answers_its_acknowledgement() {
    // C6, C7
    let bench = Bench::new();
    first(&bench, "robot@example.net");
    let got = converse(&bench, &["robot@example.net"], false);
    // The ack is answered once, to the ticket; that is told to the admin, and to nobody else.
    let want = [
        ("ack to robot@example.net", 1),
        ("copy to steve@example.org", 2),
    ];
    assert_eq!(got, want.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn a_robot_that_opens_a_ticket_for_each_acknowledgement() {
    // C7
    let bench = Bench::new();
    first(&bench, "robot@example.net");
    let got = converse(&bench, &["robot@example.net"], true);
    // The sixth ticket is acknowledged no more, and the admin is told why, once.
    let want = [
        ("ack to robot@example.net", 5),
        ("copy to steve@example.org", 6),
        ("refused to steve@example.org", 1),
    ];
    assert_eq!(got, want.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.names(), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_robot_at_either_end() {
    // C7, T5, T10
    let bench = Bench::new();
    first(&bench, "robot@example.net");
    // An admin's mailbox that answers everything, as if no mark said not to.
    let got = converse(&bench, &["robot@example.net", "steve@example.org"], false);
    let wanted = [
        ("ack to robot@example.net", 1),
        ("copy to steve@example.org", 27),
        ("copy to robot@example.net", 25),
        ("refused to steve@example.org", 1),
    ];
    assert_eq!(got, wanted.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.names(), ["1"]);
}

/// C7, T10: it answers each copy, which only admins get, as nobody that the desk knows.
#[test]
fn an_admins_robot_under_another_address() {
    let bench = Bench::new();
    first(&bench, "ann@example.net");
    let mut number = 0;
    let mut reports = 0;
    loop {
        let mut sent = bench.take_sent();
        sent.retain(|mail| mail.args.ends_with(" steve@example.org"));
        let Some(mail) = sent.last() else { break };
        let is_report = |mail: &&Sent| mail.field("X-Tickets-Kind").as_deref() == Some("refused");
        reports += sent.iter().filter(is_report).count();
        number += 1;
        assert!(number < ENDLESS, "it is still at it");
        let text = answer(mail, "steve.alias@corp.example", number);
        let args = [
            "deliver",
            "-f",
            "steve.alias@corp.example",
            "-r",
            "ticket-1@example.org",
        ];
        bench.run(&args, text.as_bytes()).silent();
    }
    assert_eq!((number, reports), (52, 1));
}

/// C7, T10: each tells the other of what it was told.
#[test]
fn two_desks_that_are_each_others_admin() {
    // With the same tags the first mail would be refused: each knows the other's number.
    let desk = |domain: &str, admin: &str| {
        let tag = domain.split('.').next().unwrap();
        Bench::with(&format!(
            "domain = {domain:?}\nadmins = \"submit@{admin}\"\nsubject_tags = ['\\[{tag}(\\d+)\\]']\n"
        ))
    };
    let desks = [
        desk("a.example", "b.example"),
        desk("b.example", "a.example"),
    ];
    let question = "From: ann@example.net\nSubject: Printer\nMessage-ID: <q@x>\n\nIt burns.\n";
    desks[0].deliver("submit@a.example", question).silent();
    for round in 0.. {
        assert!(round < ENDLESS, "they are still at it");
        let sent = desks.each_ref().map(Bench::take_sent);
        if sent.iter().all(Vec::is_empty) {
            break;
        }
        for mail in sent.iter().flatten() {
            let (_, to) = mail.args.rsplit_once("-- ").unwrap();
            let desk = match to {
                "submit@a.example" => &desks[0],
                "submit@b.example" => &desks[1],
                _ => continue,
            };
            let args = ["deliver", "-f", "<>", "-r", to];
            desk.run(&args, mail.mail.as_bytes()).silent();
        }
    }
    for desk in &desks {
        assert!(desk.mbox("1").contains("It burns."));
    }
}

/// C6: another desk of this program writes as people do, and its answers end there. `steve` of
/// example.org asks the desk of vendor.example from his closed ticket.
#[test]
fn two_desks_write_to_each_other() {
    let ours = Bench::new();
    let theirs = Bench::with("domain = \"vendor.example\"\nadmins = \"bea@vendor.example\"\n");
    ours.file(
        "submit",
        "From: ann@example.net\nSubject: Printer\n\nIt burns.\n",
    );
    ours.file(
        "ticket-1-done",
        "From: steve@example.org\n\nI shall ask the vendor.\n",
    );
    ours.take_sent();
    let question = "From: Steve <ticket-1@example.org>\nTo: submit@vendor.example\nSubject: Printer\n\
                    Message-ID: <q@example.org>\n\nDo they burn?\n";
    theirs.deliver("submit@vendor.example", question).silent();
    let answer = "From: Bea <bea@vendor.example>\nSubject: Re: Printer\nMessage-ID: <a@vendor.example>\n\n\
                  Send us the serial number.\n";
    theirs.deliver("ticket-1@vendor.example", answer).silent();
    let mut told = Vec::new();
    for _ in 0..ENDLESS {
        let mut sent = theirs.take_sent();
        sent.extend(ours.take_sent());
        if sent.is_empty() {
            break;
        }
        for mail in sent {
            let (from, to) = mail
                .args
                .trim_start_matches("-i -f ")
                .split_once(" -- ")
                .unwrap();
            told.push(format!(
                "{} {from} {to}",
                mail.field("X-Tickets-Kind").unwrap()
            ));
            let desk = match to.rsplit_once('@').unwrap() {
                (_, "example.org") if to.starts_with("ticket-") => &ours,
                (_, "vendor.example") if to.starts_with("ticket-") => &theirs,
                _ => continue,
            };
            let from = from.trim_matches(['<', '>']);
            let args = ["deliver", "-f", from, "-r", to];
            desk.run(&args, mail.mail.as_bytes()).silent();
        }
    }
    // The ack is a machine's, and told to Steve; Bea's words open the ticket again.
    let want = [
        "ack <> ticket-1@example.org",
        "copy <> bea@vendor.example",
        "copy ticket-1@vendor.example ticket-1@example.org",
        "copy <> steve@example.org",
        "copy <> steve@example.org",
    ];
    assert_eq!(told, want);
    assert_eq!(
        (ours.names(), theirs.names()),
        (vec!["1".into()], vec!["1".into()])
    );
    assert!(ours.mbox("1").contains("Send us the serial number."));
}

/// C6: spam is filed and told, and gets no acknowledgement; how it is marked can be configured.
#[test]
fn spam_is_not_acknowledged() {
    let copy = "copy <> -- steve@example.org".to_owned();
    let ack = "ack <> -- alice@example.net".to_owned();
    for (config, header, answered) in [
        ("", "X-Spam-Flag: YES", false),
        ("", "X-Bogosity: Spam, tests=bogofilter", true),
        (
            "spam_header = \"X-Bogosity: Spam\"\n",
            "X-Bogosity: Spam, tests=bogofilter",
            false,
        ),
        (
            "spam_header = \"X-Bogosity: Spam\"\n",
            "X-Spam-Flag: YES",
            true,
        ),
        ("spam_header = []\n", "X-Spam-Status: Yes, score=9", true),
    ] {
        let bench = Bench::with(config);
        bench.file(
            "submit",
            format!("From: alice@example.net\n{header}\n\nBuy.\n"),
        );
        let want = match answered {
            true => vec![ack.clone(), copy.clone()],
            false => vec![copy.clone()],
        };
        assert_eq!(bench.take_sent_in_short(), want, "{config}{header}");
    }
}

/// C7, L6: a gateway that confirms each alert with a mail that looks like a person's, to whom the alert says it is from,
/// or to wherever it was told to.
#[test]
fn a_gateway_that_answers_its_alerts_gets_no_others() {
    let config = "[[alert]]\nto = \"4917@sms.example\"\n\
                  events = [\"opened\", \"mail\", \"reply\", \"closed\", \"re-opened\"]\n";
    let all = [
        ("ack to ann@example.net", 1),
        ("alert to 4917@sms.example", 1),
        ("copy to steve@example.org", 2),
    ];
    let bench = Bench::with(config);
    first(&bench, "ann@example.net");
    let got = converse(&bench, &["4917@sms.example"], false);
    assert_eq!(got, all.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.names(), ["1"]);
    // Each confirmation opens a ticket, which is acknowledged as any other.
    let all = [
        ("ack to ann@example.net", 1),
        ("alert to 4917@sms.example", 1),
        ("copy to steve@example.org", 7),
        ("ack to 4917@sms.example", 5),
        ("refused to steve@example.org", 1),
    ];
    let bench = Bench::with(config);
    first(&bench, "ann@example.net");
    let got = converse(&bench, &["4917@sms.example"], true);
    assert_eq!(got, all.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(bench.names(), ["1", "2", "3", "4", "5", "6", "7"]);
}

/// C7: a clock that was in the year 2100 for some minutes silences neither an author nor a ticket.
#[test]
fn what_a_wrong_clock_dated_does_not_count() {
    // T19
    for padding in [0, 1100 << 10] {
        let bench = Bench::new();
        first(&bench, "ann@example.net");
        let mut mbox = std::fs::read(bench.ticket("1")).unwrap();
        for n in 0..60 {
            let long = "x\n".repeat(padding / 60 / 2);
            mbox.extend(
                format!(
                    "From ann@example.net Fri Jan  1 00:00:{n:02} 2100\n\
                     Return-Path: <ann@example.net>\nDelivered-To: ticket-1@example.org\n\
                     From: ann@example.net\nMessage-ID: <{n}@example.net>\n\nHello.\n{long}\n"
                )
                .bytes(),
            );
        }
        bench.put("tickets/1", &mbox);
        let answered = "4102444800 answer ann@example.net\n".repeat(9);
        bench.put("tickets/.tickets/answered", answered.as_bytes());
        bench.take_sent();
        let steve = "From: steve@example.org\nSubject: Re: hello\nMessage-ID: <s@x>\n\nYes.\n";
        bench.file("ticket-1", steve);
        let passed = "copy ticket-1@example.org -- ann@example.net";
        assert_eq!(bench.take_sent_in_short(), [passed], "{padding}");
        bench.file("submit", "From: ann@example.net\n\nIs anybody there?\n");
        let want = ["ack <> -- ann@example.net", "copy <> -- steve@example.org"];
        assert_eq!(bench.take_sent_in_short(), want, "{padding}");
    }
}
