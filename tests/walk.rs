//! Every mail of the corpus, through the whole program.

use crate::bench::{Bench, Ran, Sent, finish};
use crate::corpus::{self, Case, Want};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use tickets::mail::automatic::{self, Degree, SpamSign};
use tickets::mail::envelope::Sender;
use tickets::mail::mbox;
use tickets::mail::message::Message;
use tickets::ticket::address::Addresses;
use tickets::ticket::summary::local_signs;

/// What `tickets show` may print of one mail at most, of whatever size: a mebibyte of text and
/// a line for each of ten thousand attachments.
const MOST_SHOWN: usize = 4 << 20;

/// All fields that a mail of ours may have; nobody else writes one.
const FIELDS: [&str; 19] = [
    "Date",
    "From",
    "Subject",
    "Message-ID",
    "To",
    "Cc",
    "Reply-To",
    "In-Reply-To",
    "References",
    "X-Tickets-Ticket",
    "X-Tickets-Kind",
    "X-Tickets-Event",
    "X-Tickets-From",
    "X-Tickets-To",
    "X-Tickets-Remark",
    "Auto-Submitted",
    "Precedence",
    "X-Auto-Response-Suppress",
    "MIME-Version",
];

#[test]
fn first_samples() {
    walk("");
}

#[test]
fn any_bytes() {
    // A7, C8, D6
    walk("bytes");
}

#[test]
fn heads_and_names() {
    // A7, E2
    walk("heads");
}

#[test]
fn large_ones() {
    // A7, C8, D6
    walk("generated");
}

#[test]
fn machines() {
    // C6
    walk("machines");
}

#[test]
fn threads() {
    // A5, B4, B5
    walk("threads");
}

#[test]
fn bodies_of_all_kinds() {
    // E2
    walk("shown");
}

#[test]
fn people() {
    // C1, C11, D6, E2
    walk("people");
}

#[test]
fn who() {
    // C1, E2
    walk("who");
}

#[test]
fn the_corpus_is_large_and_nothing_in_it_comes_twice() {
    let all = corpus::all();
    assert!(all.len() >= 250, "{}", all.len());
    let mut digests: Vec<String> = all
        .iter()
        .map(|case| tickets::mail::entry::digest(&case.mail))
        .collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), all.len());
}

// A7: each goes to a desk of its own, since on one desk they would be the same message (A5).
#[test]
fn mail_without_a_letter_is_mail() {
    let from_line = "From ann@example.com Mon Jan  1 00:00:00 2024\n";
    for (mail, want) in [
        ("\n", "\n"),
        ("\r\n", "\r\n"),
        ("\r", "\r"),
        (" ", " "),
        ("\n\n\n\n", "\n\n\n\n"),
        (from_line, ""),
    ] {
        let bench = Bench::new();
        bench.file("submit", mail);
        assert_eq!(bench.names(), ["1"], "{mail:?}");
        bench.says("show --raw 1", want);
        assert_eq!(fault_of(&bench.run(&["show", "1"], b""), 1000), None);
        assert_eq!(fault_of(&bench.run(&["list"], b""), 1000), None);
    }
}

/// Delivers a room's mails to one desk and says all that is not as it should be.
fn walk(room: &str) {
    let bench = Bench::with("ack_limit = 100000\nack_total = 100000\n");
    for (number, subject) in [(1, "Printer on fire"), (2, "Coffee machine")] {
        let seed = format!(
            "From: Alice <alice@example.net>\nTo: submit@example.org\nSubject: {subject}\n\
             Message-ID: <seed-{number}@example.net>\n\nHelp!\n"
        );
        bench.file("submit", seed);
    }
    let done = "From: Alice <alice@example.net>\nSubject: It makes coffee again\n\nThanks.\n";
    bench.file("ticket-2-done", done);
    assert_eq!(bench.names(), ["1", "archived/2"]);
    bench.take_sent();

    let mut faults = Vec::new();
    let mut walker = Walker { bench, last: 2 };
    for case in corpus::room(room) {
        for fault in walker.case(&case) {
            faults.push(format!("{}: {fault}", case.name));
        }
    }
    walker.list(&mut faults);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

struct Walker {
    bench: Bench,
    /// The highest ticket number.
    last: usize,
}

impl Walker {
    fn case(&mut self, case: &Case) -> Vec<String> {
        let mut faults = Vec::new();
        let want = &case.want;
        // A3, A7
        let args = ["deliver", "-f", &want.sender, "-r", &want.recipient];
        let ran = self.bench.run(&args, &case.mail);
        if ran != quiet() {
            return vec![format!("deliver: {ran:?}")];
        }
        let Some((place, ticket)) = self.filed(want, &mut faults) else {
            return faults;
        };
        let file = fs::read(self.bench.ticket(&place)).unwrap();
        let number = mbox::entries(&file, 0).count().to_string();
        drop(file);
        // D6
        let (_, raw) = mbox::strip_from_line(&case.mail);
        let show = self.bytes(&["show", "--raw", &ticket, &number]);
        if show.1 != raw {
            faults.push(format!("--raw gives back other bytes: {}", show.0));
        }
        // E2
        let show = self.text(&["show", &ticket, &number]);
        faults.extend(fault_of(&show, MOST_SHOWN).map(|f| format!("show: {f}")));
        let json = self.text(&["show", "--json", &ticket, &number]);
        faults.extend(fault_of(&json, 2 * MOST_SHOWN).map(|f| format!("--json: {f}")));
        match serde_json::from_str(&json.stdout) {
            Ok(value) => faults.extend(facts(want, &value)),
            Err(e) => faults.push(format!("--json: {e}")),
        }
        faults.extend(degree(want, raw));
        faults.extend(leads_there(want));
        faults.extend(self.answers(want));
        faults
    }

    /// Where the mail lies: the path in the store, and the ticket.
    fn filed(&mut self, want: &Want, faults: &mut Vec<String>) -> Option<(String, String)> {
        let names = self.bench.names();
        let opened = names.len() - self.last;
        self.last = names.len();
        let (ticket, wanted) = match want.filed.split(' ').next() {
            Some("new") => (self.last.to_string(), 1),
            ticket => (ticket.unwrap_or_default().to_owned(), 0),
        };
        if opened != wanted {
            faults.push(format!("opened {opened} tickets"));
            return None;
        }
        // No mail of the corpus closes ticket 1, or opens ticket 2 again.
        if !names.contains(&"1".to_owned()) || !names.contains(&"archived/2".to_owned()) {
            faults.push(format!("the tickets are {names:?}"));
        }
        let place = match ticket.as_str() {
            "2" => "archived/2".to_owned(),
            ticket => ticket.to_owned(),
        };
        Some((place, ticket))
    }

    /// C1, C2, C8
    fn answers(&self, want: &Want) -> Vec<String> {
        let sent = self.bench.take_sent();
        let mut got: Vec<String> = sent
            .iter()
            .map(|mail| {
                let kind = mail.field("X-Tickets-Kind").unwrap_or_default();
                format!("{kind} {}", mail.args.trim_start_matches("-i -f "))
            })
            .collect();
        got.sort();
        let mut wanted: Vec<String> = want
            .ack
            .iter()
            .map(|to| format!("ack <> -- {to}"))
            .collect();
        if want.told {
            wanted.push("copy <> -- steve@example.org".into());
        }
        let mut faults: Vec<String> = sent.iter().filter_map(ill_formed).collect();
        if got != wanted {
            faults.push(format!("sent {got:?}, not {wanted:?}"));
        }
        if self.bench.outbox() != [""; 0] {
            faults.push("something is left in the outbox".into());
        }
        faults
    }

    /// E1
    fn list(&self, faults: &mut Vec<String>) {
        for args in [&["list", "--all"][..], &["list", "--all", "--json"]] {
            let list = self.text(args);
            faults.extend(fault_of(&list, 4096 * self.last).map(|f| format!("{args:?}: {f}")));
            if list.stdout.lines().count() != self.last {
                faults.push(format!("{args:?} does not list {} tickets", self.last));
            }
        }
    }

    fn text(&self, args: &[&str]) -> Ran {
        finish(self.bench.command(args), b"")
    }

    fn bytes(&self, args: &[&str]) -> (String, Vec<u8>) {
        let mut command = self.bench.command(args);
        let output = command.stdin(Stdio::null()).output().unwrap();
        (
            String::from_utf8_lossy(&output.stderr).into_owned(),
            output.stdout,
        )
    }
}

fn quiet() -> Ran {
    Ran {
        status: 0,
        stdout: String::new(),
        stderr: String::new(),
    }
}

/// What is wrong with what a command printed for people.
fn fault_of(ran: &Ran, most: usize) -> Option<String> {
    if (ran.status, ran.stderr.as_str()) != (0, "") {
        return Some(format!("status {}, {}", ran.status, ran.stderr));
    }
    if ran.stdout.len() > most {
        return Some(format!("{} bytes", ran.stdout.len()));
    }
    let harmful = |c: &char| {
        let steers = matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (c.is_control() && !matches!(c, '\n' | '\t')) || steers
    };
    let found = ran.stdout.chars().find(harmful);
    found.map(|c| format!("prints {c:?}"))
}

/// What `--json` says against what is wanted.
fn facts(want: &Want, got: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |name: &str, got: String, wanted: String| {
        if got != wanted {
            faults.push(format!("{name} is {got:?}, not {wanted:?}"));
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    check("intact", got["intact"].to_string(), "true".into());
    let author = match &got["author"] {
        Value::Null => String::new(),
        author => {
            let (name, address) = (text(&author["name"]), text(&author["address"]));
            format!("{name} <{address}>").trim_start().to_owned()
        }
    };
    match &want.author {
        Some(wanted) => check("author", author, wanted.clone()),
        // Odd names are not written out in full everywhere.
        None if want.ack.is_some() => {}
        None => check("author", author, String::new()),
    }
    if let Some(wanted) = &want.subject {
        check("subject", text(&got["subject"]), wanted.clone());
    }
    if let Some(wanted) = want.attachments {
        let count = got["attachments"].as_array().map_or(0, Vec::len);
        check("attachments", count.to_string(), wanted.to_string());
    }
    if let Some(wanted) = &want.names {
        let parts = got["attachments"].as_array().into_iter().flatten();
        let name = |part: &Value| part["name"].as_str().unwrap_or("-").to_owned();
        let names: Vec<String> = parts.map(name).collect();
        check("names", format!("{names:?}"), format!("{wanted:?}"));
    }
    if let Some(wanted) = &want.date {
        check("date", text(&got["date"]), wanted.clone());
    }
    if let Some(wanted) = &want.shown {
        check("text", text(&got["text"]), wanted.clone());
    }
    if let Some(wanted) = &want.listed {
        let listed = |it: &Value| {
            let part = text(&it["part"]);
            let part = part.split_once('.').map_or("", |(_, part)| part);
            let (name, mime, size) = (text(&it["name"]), text(&it["mime"]), &it["size"]);
            format!("{part}: {name}, {mime}, {size}")
        };
        let all = got["attachments"].as_array().into_iter().flatten();
        let all: Vec<String> = all.map(listed).collect();
        check("listed", all.join("; "), wanted.join("; "));
    }
    if let Some(wanted) = &want.text {
        let text = text(&got["text"]);
        let begins = wanted.is_empty() == text.is_empty() && text.starts_with(wanted.as_str());
        let head: String = text.chars().take(80).collect();
        check(
            "text",
            if begins { wanted.clone() } else { head },
            wanted.clone(),
        );
    }
    faults
}

/// C6: automatic and unanswered mail look alike from outside while the ticket is open.
fn degree(want: &Want, raw: &[u8]) -> Option<String> {
    let domain = ["example.org".to_owned()];
    let addresses = Addresses::new(&domain, false, &[], "ticket-{n}").unwrap();
    let spam = SpamSign::defaults();
    let local = local_signs(&addresses, &spam);
    let got = automatic::degree(&Message::new(raw), &Sender::parse(&want.sender), &local);
    let name = match got {
        Degree::Person => "person",
        Degree::Unanswered(_) => "unanswered",
        Degree::Automatic(_) => "automatic",
        Degree::Ours => "ours",
    };
    let same = name == want.degree && got.reason() == want.because.as_deref();
    (!same).then(|| format!("is {got:?}, not {}, {:?}", want.degree, want.because))
}

/// That the corpus itself says what it means: a mail that is filed by its tag has one.
fn leads_there(want: &Want) -> Option<String> {
    let by_address = want.recipient.to_lowercase().starts_with("ticket-");
    let tagged = want.subject.as_deref().is_none_or(|subject| {
        let subject = subject.to_lowercase().replace(' ', "");
        subject.contains("[issue1]") || subject.contains("[issue2]")
    });
    let means = match want.filed.split_once(" by ") {
        Some((_, "address")) => by_address,
        Some((_, "tag")) => !by_address && tagged,
        Some((_, "reference")) => !by_address,
        Some((_, "copy")) => !want.told,
        Some(_) => false,
        None => want.filed == "new" && !by_address,
    };
    (!means).then(|| format!("want.toml: filed = {:?} cannot be meant", want.filed))
}

/// C8: what is wrong with the header of a mail of ours.
fn ill_formed(sent: &Sent) -> Option<String> {
    let (head, _) = sent.mail.split_once("\n\n")?;
    // Only To may name an internationalized address (RFC 6532).
    let mut rest = head.lines().filter(|line| !line.starts_with("To: "));
    if !rest.all(str::is_ascii) || head.contains(['\r', '\0', '\x1b']) {
        return Some(format!("sent a header that is no ASCII: {head:?}"));
    }
    if let Some(line) = head
        .lines()
        .find(|line| line.len() > 998 || line.trim().is_empty())
    {
        return Some(format!("sent a line of {} bytes", line.len()));
    }
    let (fields, _) = mailparse::parse_headers(head.as_bytes()).unwrap();
    let mut names: Vec<String> = fields.iter().map(mailparse::MailHeader::get_key).collect();
    let known = |name: &String| {
        let name = name.to_lowercase();
        // What says how a body is to be read is a copy's own.
        let of_mime = name.starts_with("content-") && name != "content-length";
        of_mime || FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&name))
    };
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Some(format!("sent a field {name}"));
    }
    let count = names.len();
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup_by_key(|name| name.to_lowercase());
    (names.len() != count).then(|| format!("sent a field twice: {head}"))
}
