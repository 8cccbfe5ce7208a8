//! The mails of a ticket: who writes when, and whether it is closed.

use super::languages::Transfer;
use super::mail::{Draft, Person, compose};
use super::random::Random;
use super::words::{NEEDLES, Vocabulary};

/// The domain of the desk, and its admins.
pub const DOMAIN: &str = "example.org";
pub const ADMINS: [(&str, &str); 2] = [
    ("Steve Admin", "steve@example.org"),
    ("Anna Admin", "anna@example.org"),
];

/// The seven years in which tickets are opened.
const BEGIN: i64 = 1_546_300_800;
const END: i64 = 1_767_225_600;

/// The material of all tickets.
pub struct Source {
    pub seed: u64,
    pub tickets: u32,
    vocabularies: Vec<(u32, Vocabulary)>,
    open: u32,
}

/// A mail of a ticket, in the form in which it arrived.
pub struct Mail {
    pub raw: Vec<u8>,
    pub sender: String,
    /// The address it is filed under.
    pub filed_under: String,
    /// When it arrived, in seconds since 1970.
    pub at: i64,
}

pub struct Ticket {
    pub is_open: bool,
    pub mails: Vec<Mail>,
}

/// Of this many tickets, one has the needles in plain text, and another one in base64 only.
const NEEDLE_EVERY: u32 = 1000;

impl Source {
    pub fn new(seed: u64, tickets: u32, open: u32) -> Source {
        Source {
            seed,
            tickets,
            vocabularies: Vocabulary::all(),
            open,
        }
    }

    /// The numbers of tickets with both needles in plain text, and with both encoded.
    pub fn needles(&self) -> (u32, u32) {
        let every = |rest: u32| (self.tickets + NEEDLE_EVERY - rest) / NEEDLE_EVERY;
        (every(17), every(517))
    }

    fn needle(number: u32) -> Option<Transfer> {
        match number % NEEDLE_EVERY {
            17 => Some(Transfer::EightBit),
            517 => Some(Transfer::Base64),
            _ => None,
        }
    }

    /// New tickets are open more often than old ones.
    fn is_open(&self, number: u32, random: &mut Random) -> bool {
        let (newest, open) = ((2 * self.open).min(self.tickets), f64::from(self.open));
        let older = self.tickets - newest;
        let share = match (older, self.tickets - number < newest) {
            (0, _) => open / f64::from(newest),
            (_, true) => 0.8 * open / f64::from(newest),
            (_, false) => 0.2 * open / f64::from(older),
        };
        random.percent(100.0 * share)
    }

    /// Ticket `number`, counting from 1.
    pub fn ticket(&self, number: u32) -> Ticket {
        let random = &mut Random::new(self.seed, number.into());
        let is_open = self.is_open(number, random);
        let span = (END - BEGIN) as f64 / f64::from(self.tickets);
        let opened = BEGIN + (span * (f64::from(number) - random.unit())) as i64;
        let vocabulary = random.weighted(&self.vocabularies);
        let mut thread = Thread {
            number,
            customer: self.customer(vocabulary, random),
            admin: person(*random.pick(&ADMINS)),
            subject: vocabulary.title(random),
            vocabulary,
            needle: Source::needle(number),
            at: opened,
            msg_ids: Vec::new(),
            last: None,
            mails: Vec::new(),
        };
        let count = *random.weighted(&[
            (56, 1),
            (24, 2),
            (11, 3),
            (4, 4),
            (2, 6),
            (1, 8),
            (1, 10),
            (1, 12),
        ]);
        // Some tickets are closed by moving the file, without a mail.
        let closing = !is_open && random.percent(90.0);
        let closed_before = count > 2 && random.percent(15.0);
        for n in 0..count {
            let by_admin = n % 2 == 1;
            let closes = closing && n + 1 == count && n > 0 || closed_before && n == count - 2;
            thread.write(by_admin, closes, random);
        }
        Ticket {
            is_open,
            mails: thread.mails,
        }
    }

    /// A few customers write often, most once or twice.
    fn customer(&self, vocabulary: &Vocabulary, random: &mut Random) -> Person {
        let who = random.rank((self.tickets as usize / 2).max(100)) as u64;
        let random = &mut Random::new(self.seed ^ 0xC057, who);
        let first = random.pick(&vocabulary.first_names);
        let last = random.pick(&vocabulary.last_names);
        let ascii = format!("{first}.{last}").to_lowercase();
        let local: String = ascii
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect();
        let host = *random.pick(&["mail.example.com", "example.net", "post.example.com"]);
        Person {
            name: format!("{first} {last}"),
            address: match random.below(3) {
                0 => format!("{local}{who}@{host}"),
                1 => format!("{local}@customer{who}.example.com"),
                _ => format!("info@{local}{who}.example.net"),
            },
        }
    }
}

fn person((name, address): (&str, &str)) -> Person {
    Person {
        name: name.into(),
        address: address.into(),
    }
}

/// A ticket that is being generated.
struct Thread<'a> {
    number: u32,
    customer: Person,
    admin: Person,
    subject: String,
    vocabulary: &'a Vocabulary,
    needle: Option<Transfer>,
    at: i64,
    msg_ids: Vec<String>,
    /// Who wrote last, and what.
    last: Option<(Person, String)>,
    mails: Vec<Mail>,
}

impl Thread<'_> {
    fn write(&mut self, by_admin: bool, closes: bool, random: &mut Random) {
        let number = self.number;
        let first = self.mails.is_empty();
        let own = format!("ticket-{number}@{DOMAIN}");
        let from = match by_admin {
            true => self.admin.clone(),
            false => self.customer.clone(),
        };
        let filed_under = match (first, closes) {
            (true, _) => format!("submit@{DOMAIN}"),
            (_, true) => format!("ticket-{number}-done@{DOMAIN}"),
            _ => own.clone(),
        };
        let to = match by_admin {
            true => self.customer.address.clone(),
            false => filed_under.clone(),
        };
        let cc = by_admin.then(|| Person {
            name: "Support".into(),
            address: filed_under.clone(),
        });
        let subject = match first {
            true => self.subject.clone(),
            false => format!("Re: [issue{number}] {}", self.subject),
        };
        let text = self.text(&from, random);
        let host = from.address.split('@').nth(1).unwrap_or_default();
        let msg_id = format!("<{:016x}.{number}@{host}>", random.next());
        // Mail with needles must be found, so it has a fixed form.
        let form = self
            .needle
            .filter(|_| first)
            .map(|transfer| ("utf-8", transfer));
        let raw = compose(
            &Draft {
                from: &from,
                to: &to,
                cc: cc.as_ref(),
                subject: &subject,
                at: self.at,
                msg_id: &msg_id,
                references: &self.msg_ids,
                language: self.vocabulary.language,
                text: &text,
                form,
            },
            random,
        );
        self.msg_ids.push(msg_id);
        self.mails.push(Mail {
            raw,
            sender: from.address.clone(),
            filed_under,
            at: self.at + random.between(1, 40) as i64,
        });
        self.last = Some((from, text));
        // Hours to days until the next mail.
        self.at += random.size(40_000.0, 1.5).clamp(120.0, 3e7) as i64;
    }

    fn text(&self, from: &Person, random: &mut Random) -> String {
        let language = self.vocabulary.language;
        let length = random.size(170.0, 0.95).clamp(20.0, 60_000.0) as usize;
        let mut text = format!("{}\n\n", language.hello);
        if self.needle.is_some() && self.mails.is_empty() {
            text.push_str(&format!("{}: {}\n", NEEDLES[0], NEEDLES[1]));
        }
        text.push_str(&self.vocabulary.text(random, length));
        text.push_str(&format!("\n{}\n{}\n", language.regards, from.name));
        // Most people quote the mail they reply to. Needles are not quoted, since they would occur in another encoding.
        if let Some((who, said)) = &self.last
            && self.needle.is_none()
            && random.percent(55.0)
        {
            text.push_str(&format!("\n{} {}\n", who.name, language.wrote));
            for line in said.lines().take(12) {
                text.push_str(if line.starts_with('>') { ">" } else { "> " });
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}
