//! `tickets deliver`: one message from standard input to the store and the outbox.

use crate::bench::Bench;
use crate::reply::on_terminal;
use crate::transcript::Transcript;
use std::fs;

/// A mail of Alice's with its own Message-ID, Subject and text.
pub fn mail(id: &str, more: &str, text: &str) -> String {
    format!("From: Alice <alice@example.net>\nMessage-ID: <{id}@example.net>\n{more}\n{text}\n")
}

pub const FIRST: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\n\
    Subject: Printer on fire\nMessage-ID: <1@example.net>\n\nIt burns.\nFrom the back.\n";

pub fn lose_index(bench: &Bench) {
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(bench.ticket(".tickets").join(name));
    }
}

/// Ticket 1, and no mail of it left to look at.
pub fn open(bench: &Bench) {
    bench.file("submit", FIRST);
    bench.take_sent();
}

// A1, A3, A5, A6, B6, B8, B9, C1, C2, C12, D2, D3
#[test]
fn manual() {
    let b = Bench::new();
    let mut t = Transcript::new(&b);
    b.put("fire.eml", FIRST.as_bytes());
    let first =
        "tickets deliver --sender alice@example.net --recipient submit@example.org <fire.eml";
    t.step(
        "A mail to submit@ opens a ticket. Its author gets an acknowledgement, the admin a copy.",
        &format!("cat fire.eml\n{first}"),
    );
    t.mails();
    t.step(
        "The ticket is an mbox: the message as it came, below three fields that say where it came \
         from, what it did, and how to verify it.",
        "cat tickets/1\ntickets check --store",
    );
    t.step(
        "The same message again is filed once and answered once.",
        first,
    );
    b.put("more.eml", mail("2", "", "Still.").as_bytes());
    t.step(
        "An update is told to the admin alone. Recipients may be arguments, and each gets it.",
        "tickets deliver -f alice@example.net ticket-1@example.org <more.eml\n\
         tickets deliver -f alice@example.net ticket-1@example.org submit@example.org <more.eml\n\
         tickets deliver -f alice@example.net ticket-1@example.org submit@example.org <more.eml\n\
         grep -c 'Message-ID: <2@' tickets/1 tickets/2",
    );
    b.put(
        "tag.eml",
        mail("3", "Subject: Re: [issue7]\n", "x").as_bytes(),
    );
    b.put("steve.eml", b"To: steve@example.org\n\nx\n");
    let refused = "tickets deliver -r ticket-7@example.org <fire.eml\n\
         tickets deliver -r ticket-07@example.org <fire.eml\n\
         tickets deliver -r submit@example.org <tag.eml\n\
         tickets deliver -r steve@example.org <steve.eml";
    t.step(
        "What does not exist is refused. The MTA puts the sentence in its bounce.",
        refused,
    );
    b.put("other.eml", mail("4", "", "x").as_bytes());
    t.step(
        "Of two recipients, the one that exists gets the mail. The admin hears of the other.",
        "tickets deliver -f a@example.net submit@example.org ticket-9@example.org <other.eml",
    );
    t.sent.retain(|mail| mail.in_short().starts_with("refused"));
    t.mails();
    let lenient = Bench::with("unknown_ticket = \"open\"\ncatch_all = \"submit\"\n");
    for name in ["fire.eml", "tag.eml", "steve.eml"] {
        lenient.put(name, &fs::read(b.path(name)).unwrap());
    }
    t.at(&lenient)
        .step("Unless the configuration takes everything.", refused);
    let noted = Bench::with("notify = \"note\"\n");
    noted.put("fire.eml", FIRST.as_bytes());
    t.at(&noted).step(
        "With `notify = \"note\"` the admin gets a note instead of a copy.",
        first,
    );
    t.sent.remove(0);
    t.mails();
    let small = Bench::with("max_size = 100\n");
    small.put("fire.eml", FIRST.as_bytes());
    t.at(&small).step(
        "What is too large is refused, too. Run by hand, `-v` or a terminal shows what was done.",
        "tickets deliver submit@example.org <fire.eml\n\
         head -c 100 fire.eml | tickets deliver -v submit@example.org",
    );
    insta::assert_snapshot!("deliver", t);
}

#[test]
fn by_hand_it_says_what_it_did() {
    // E5: the text is in the manual.
    let bench = Bench::new();
    bench.put("first.eml", FIRST.as_bytes());
    let args = "deliver --recipient submit@example.org <first.eml";
    let ran = on_terminal(&bench, args, "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let path = bench.ticket("1").display().to_string();
    assert!(
        ran.stdout
            .starts_with(&format!("ticket 1 opened: {path}; ")),
        "{ran:?}"
    );
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(bench.take_sent().len(), 2);
}

// B2, B11, C3, C4, C5, D1, D3
#[test]
fn the_life_of_a_ticket() {
    let b = Bench::new();
    open(&b);
    let mut t = Transcript::new(&b);
    let from = |who: &str, text: &str| {
        let name = text.split([' ', '.']).next().unwrap();
        let mime = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit";
        let id = format!("Message-ID: <{name}@example.org>\nMIME-Version: 1.0");
        let mail =
            format!("From: {who}\nSubject: Re: [issue1] Printer on fire\n{id}\n{mime}\n\n{text}\n");
        b.put(name, mail.as_bytes());
    };
    from("Steve <steve@example.org>", "water helps. Grüße");
    t.step(
        "What an admin writes to the ticket is passed on to the submitter, from the ticket.",
        "tickets deliver -f steve@example.org ticket-1@example.org <water",
    );
    t.mails();
    from("eve@evil.example", "buy this");
    t.step(
        "What a stranger writes goes to the admin, and to nobody else.",
        "tickets deliver -f eve@evil.example ticket-1@example.org <buy",
    );
    from("mallory@evil.example", "close it");
    t.step(
        "Who has no part in the ticket cannot close it. The admin hears that it was tried.",
        "tickets deliver -f mallory@evil.example ticket-1-done@example.org <close",
    );
    t.sent.remove(0);
    t.mails();
    from("steve@example.org", "gone. Grüße");
    t.step(
        "An admin can. The submitter is told, and the closer is not written to.",
        "tickets deliver -f steve@example.org ticket-1-done@example.org <gone",
    );
    t.mails();
    from("steve@example.org", "really gone");
    t.step(
        "A closing of a closed ticket is filed, and nothing is said.",
        "tickets deliver -f steve@example.org ticket-1-close@example.org <really",
    );
    b.put("again", FIRST.as_bytes());
    from("alice@example.net", "away until Monday");
    from("alice@example.net", "psst quiet");
    t.step(
        "A duplicate, automatic mail and -quiet do not re-open it. The admin hears of the second.",
        "tickets deliver -f alice@example.net submit@example.org <again\n\
         tickets deliver -f '' ticket-1@example.org <away\n\
         tickets deliver -f alice@example.net ticket-1-quiet@example.org <psst",
    );
    from("alice@example.net", "still burning");
    t.step(
        "Any other mail does.",
        "tickets deliver -f alice@example.net ticket-1@example.org <still",
    );
    t.step(
        "The first Delivered-To of each message says what it did.",
        "grep ^Delivered-To: tickets/1",
    );
    insta::assert_snapshot!("life", t);
}

#[test]
fn the_operators_own_words_replace_the_texts() {
    // C1: templates, and umlauts both ways
    let bench = Bench::new();
    let dir = bench.path("texts");
    fs::create_dir(&dir).unwrap();
    let text = "Subject: Eingegangen: {{ subject }}\n\nLieber Mensch,\n{{ subject }} ist Nr. {{ ticket }}.\nGrüße\n";
    bench.put("texts/ack.txt", text.as_bytes());
    bench.configure(&format!("templates = {dir:?}\nname = \"Büro, Hilfe\"\n"));
    let german = "From: =?iso-8859-1?q?J=F6rg_M=FCller?= <joerg@example.net>\n\
        Subject: =?utf-8?b?RHJ1Y2tlciBicsOkbm50?=\nMessage-ID: <g@x>\n\nx\n";
    bench.file("submit", german);
    let sent = bench.take_sent();
    let ack = mailparse::parse_mail(sent[0].mail.as_bytes()).unwrap();
    let field = |name: &str| mailparse::MailHeaderMap::get_first_value(&ack.headers[..], name);
    assert_eq!(
        field("Subject").unwrap(),
        "[issue1] Eingegangen: Drucker brännt"
    );
    assert_eq!(
        field("From").unwrap().replace('"', ""),
        "Büro, Hilfe <ticket-1@example.org>"
    );
    assert_eq!(field("To").unwrap(), "joerg@example.net");
    let body = ack.get_body().unwrap().replace("\r\n", "\n");
    assert_eq!(
        body.trim_end(),
        "Lieber Mensch,\nDrucker brännt ist Nr. 1.\nGrüße"
    );
    // A broken template costs the text, not the answer.
    bench.put("texts/ack.txt", b"{% if %}");
    bench.file("submit", mail("2", "", "x"));
    assert!(bench.take_sent()[0].body().contains("is now ticket 2"));
}

#[test]
fn too_large_is_said_so() {
    // A3: the text is in the manual.
    let bench = Bench::with("max_size = 1000\n");
    let header = "Message-ID: <l@x>\n\n";
    let exactly = format!("{header}{}\n", "x".repeat(999 - header.len()));
    assert_eq!(exactly.len(), 1000);
    let from_line = "From a@b Sun Nov 22 00:30:39 2026\n";
    bench.file("submit", format!("{from_line}{exactly}"));
    for large in [format!("{exactly}x"), "x".repeat(3_000_000)] {
        let ran = bench.deliver("submit@example.org", large);
        assert_eq!((ran.status, ran.stderr.as_str()), (65, ""));
        assert!(ran.stdout.starts_with("5.3.4 "), "{ran:?}");
    }
    assert_eq!(bench.names(), ["1"]);
}

/// E8, A3: what the mail server brings as the desk's waits if the desk knows nothing of it: one of the two was
/// changed, and it is not the customer's mistake.
#[test]
fn what_the_mail_server_holds_for_ours_waits() {
    let b = Bench::new();
    b.file("submit", FIRST);
    b.take_sent();
    let before = b.mbox("1");
    let line = |address: &str, option: &str| {
        let user = nix::unistd::User::from_uid(
            crate::bench::ordinary_user().map_or_else(nix::unistd::geteuid, |(uid, _)| uid.into()),
        );
        format!(
            "tickets: the mail server brings mail for {address}, which is no address of this desk now; make its \
             pieces anew: `sudo -u {} tickets --config {} init {option} | sudo sh`\n",
            user.unwrap().unwrap().name,
            b.path("config.toml").display()
        )
    };
    let more = mail("2", "To: submit@example.org\n", "x");
    // The domain was changed, the local-part, the template; the header may name the desk all the same.
    for address in [
        "submit@example.com",
        "help@example.org",
        "case-1@example.org",
        // It may be of a template with more before the number.
        "ticket-no-7@example.org",
        "ticketing@example.org",
        "ticket-x@example.com",
    ] {
        let args = ["deliver", "--routed", "-f", "a@example.net", "-r", address];
        b.run(&args, more.as_bytes())
            .is(75, "", &line(address, "--postfix"));
        let mut exim = b.command(&["deliver", "--routed"]);
        exim.env("SENDER", "a@example.net")
            .env("RECIPIENT", address);
        crate::bench::finish(exim, more.as_bytes()).is(75, "", &line(address, "--exim"));
    }
    assert_eq!((b.names(), b.mbox("1")), (vec!["1".to_owned()], before));
    // By any other way, the sender hears of it (B9).
    let steve = mail("3", "", "x");
    assert_eq!(b.deliver("submit@example.com", &steve).status, 67);
    // What only the sender can mend is still refused, and what is the desk's is filed.
    let routed = |address: &str| b.run(&["deliver", "--routed", "-r", address], steve.as_bytes());
    let refused = "5.1.1 There is no ticket ticket-9@example.org: please write to submit@example.org to open a new one.\n";
    routed("ticket-9@example.org").is(67, refused, "");
    for typo in [
        "ticket-x@example.org",
        "TICKET-@Example.org",
        "ticket-1x@example.org",
    ] {
        let said = format!(
            "5.1.1 {typo} is not an address of this desk: please write to submit@example.org.\n"
        );
        routed(typo).is(67, &said, "");
    }
    assert_eq!(b.names(), ["1"]);
    routed("ticket-1-quiet@example.org").silent();
    routed("SUBMIT@Example.ORG").silent();
    assert_eq!(b.names(), ["1", "2"]);
    // Where nothing ends the beginning of a ticket's address, a number must follow it: `team` may have been the
    // address that opens tickets.
    b.configure("ticket = \"t{n}\"\n");
    assert_eq!(routed("team@example.org").status, 75);
    assert_eq!(routed("t7@example.org").status, 67);
    // A desk that takes everything has no such mistake to make.
    b.configure("catch_all = \"submit\"\n");
    b.run(
        &["deliver", "--routed", "-r", "x@example.com"],
        mail("4", "", "y").as_bytes(),
    )
    .silent();
    assert_eq!(b.names(), ["1", "2", "3"]);
}
