//! What strangers write: any verb, any header, under any configuration.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// People who wrote nothing, in several spellings each, and the one under which all of them are counted.
pub const VICTIMS: &[(&str, &str)] = &[
    ("vic@victim.example", "vic@victim.example"),
    ("VIC@Victim.Example", "vic@victim.example"),
    ("\"vic\"@victim.example", "vic@victim.example"),
    ("\"v\\ic\"@victim.example", "vic@victim.example"),
    ("<@relay.example:vic@victim.example>", "vic@victim.example"),
    ("vic(x)@victim.example", "vic@victim.example"),
    ("wim@b\u{fc}cher.example", "wim@xn--bcher-kva.example"),
    ("wim@xn--bcher-kva.example", "wim@xn--bcher-kva.example"),
    ("vera@victim.example", "vera@victim.example"),
    ("vera+1@victim.example", "vera+1@victim.example"),
];

pub const ADMINS: &[&str] = &["steve@example.org", "eva@example.org"];

pub const STRANGERS: &[&str] = &["mal@evil.example", "eve@evil.example", "bob@other.example"];

/// Spellings of the desk's own address; `{}` is the local-part.
const OWN: &[&str] = &[
    "{}@example.org",
    "\"{}\"@example.org",
    "{}@EXAMPLE.org",
    "{}%example.org@example.org",
    "example.org!{}@example.org",
    "{}+x@example.org",
    "{}@localhost",
    "{}@[127.0.0.1]",
];

/// An address in a header.
#[derive(Clone, Debug)]
pub enum Who {
    Victim(usize),
    Admin(usize),
    Stranger(usize),
    Desk { local: Local, spelling: usize },
}

/// A local-part of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    Submit,
    SubmitFor,
    /// A ticket, by its number, and what follows that.
    Ticket(usize, &'static str),
}

/// Who wrote it, as From says. What names somebody of the desk alone is written only where that must be proven.
#[derive(Clone, Debug)]
pub enum From {
    Own,
    Victim(usize),
    WithVictim(usize),
    Admin(usize),
    WithAdmin(usize),
    Ticket,
    Submit,
    Nobody,
}

#[derive(Clone, Debug)]
pub struct Letter {
    pub stranger: usize,
    pub from: From,
    pub reply_to: Option<Who>,
    pub sender: Option<Who>,
    pub to: Vec<Who>,
    pub cc: Vec<Who>,
    /// The recipients of the envelope; none: a whole mailbox is piped in.
    pub recipients: Vec<Local>,
    /// To names the recipients as well.
    pub is_to_them: bool,
    /// The ticket that the Subject names.
    pub tag: Option<usize>,
    /// Fields by which machines are known, or none.
    pub mark: &'static str,
    pub null_sender: bool,
    /// The mail server proved the stranger's own domain.
    pub proven: bool,
    /// It replies to a mail of the desk, whose msg-id is made up for that of the admins' copy.
    pub replies: bool,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub authserv: bool,
    pub close_by: &'static str,
    pub notify: &'static str,
    pub ack_limit: usize,
    pub ack_total: usize,
    pub secret: bool,
}

fn local() -> impl Strategy<Value = Local> {
    let verbs = vec![
        "",
        "",
        "-done",
        "-done",
        "-done",
        "-quiet",
        "-submitter",
        "-refused",
        "-close",
    ];
    prop_oneof![
        3 => Just(Local::Submit),
        1 => Just(Local::SubmitFor),
        8 => (1..6usize, select(verbs)).prop_map(|(n, verb)| Local::Ticket(n, verb)),
        1 => Just(Local::Ticket(99, "")),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        4 => (0..VICTIMS.len()).prop_map(Who::Victim),
        2 => (0..ADMINS.len()).prop_map(Who::Admin),
        1 => (0..STRANGERS.len()).prop_map(Who::Stranger),
        1 => (local(), 0..OWN.len()).prop_map(|(local, spelling)| Who::Desk { local, spelling }),
    ]
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        8 => Just(From::Own),
        1 => (0..VICTIMS.len()).prop_map(From::Victim),
        1 => (0..VICTIMS.len()).prop_map(From::WithVictim),
        2 => (0..ADMINS.len()).prop_map(From::Admin),
        2 => (0..ADMINS.len()).prop_map(From::WithAdmin),
        1 => Just(From::Ticket),
        1 => Just(From::Submit),
        1 => Just(From::Nobody),
    ]
}

fn mark() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => Just(""),
        1 => Just("Auto-Submitted: auto-replied\n"),
        1 => Just("Precedence: bulk\n"),
        1 => Just("X-Tickets-No-Ack: yes\n"),
    ]
}

fn letter() -> impl Strategy<Value = Letter> {
    let header = (
        from(),
        proptest::option::weighted(0.6, who()),
        proptest::option::weighted(0.1, who()),
        vec(who(), 0..2),
        vec(who(), 0..3),
    );
    let rest = (
        prop_oneof![20 => vec(local(), 1..4), 1 => vec(local(), 0..1)],
        prop::bool::weighted(0.7),
        proptest::option::weighted(0.2, 1..6usize),
        mark(),
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.1),
    );
    (0..STRANGERS.len(), header, rest).prop_map(|(stranger, header, rest)| {
        let (from, reply_to, sender, to, cc) = header;
        let (recipients, is_to_them, tag, mark, null_sender, proven, replies) = rest;
        Letter {
            stranger,
            from,
            reply_to,
            sender,
            to,
            cc,
            recipients,
            is_to_them,
            tag,
            mark,
            null_sender,
            proven,
            replies,
        }
    })
}

fn config() -> impl Strategy<Value = Config> {
    let close_by = select(vec!["participants", "participants", "anyone", "admins"]);
    let notify = select(vec!["copy", "copy", "note", "none"]);
    let limits = select(vec![(5, 100), (2, 100), (2, 6), (5, 6)]);
    (
        any::<bool>(),
        close_by,
        notify,
        limits,
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(authserv, close_by, notify, (ack_limit, ack_total), secret)| Config {
                authserv,
                close_by,
                notify,
                ack_limit,
                ack_total,
                secret,
            },
        )
}

/// A desk, and thirty mails to it.
pub fn sequence() -> impl Strategy<Value = (Config, Vec<Letter>)> {
    (config(), vec(letter(), 30))
}

/// The local-part as it stands in an address; `addresses` are those of the tickets that there are.
pub fn written(local: Local, addresses: &[String]) -> String {
    match local {
        Local::Submit => "submit".into(),
        Local::SubmitFor => "submit-for".into(),
        Local::Ticket(n, verb) => match addresses.get(n - 1) {
            Some(address) => format!("{}{verb}", address.split('@').next().unwrap()),
            None => format!("ticket-{n}{verb}"),
        },
    }
}

impl Who {
    fn address(&self, addresses: &[String]) -> String {
        match self {
            Who::Victim(n) => VICTIMS[*n].0.into(),
            Who::Admin(n) => ADMINS[*n].into(),
            Who::Stranger(n) => STRANGERS[*n].into(),
            Who::Desk { local, spelling } => {
                OWN[*spelling].replace("{}", &written(*local, addresses))
            }
        }
    }

    /// With a display name that is words of the stranger.
    fn named(&self, number: usize, addresses: &[String]) -> String {
        let address = self.address(addresses);
        let address = address.trim_matches(['<', '>']);
        format!("\"name-{number}-token\" <{address}>")
    }
}

impl Letter {
    /// The mail, of which every word that its author chose bears its number.
    pub fn text(
        &self,
        number: usize,
        config: &Config,
        addresses: &[String],
        parent: Option<&str>,
    ) -> String {
        let own = STRANGERS[self.stranger];
        let (name, domain) = (
            format!("name-{number}-token"),
            own.split_once('@').unwrap().1,
        );
        let named = |address: &str| format!("\"{name}\" <{address}>");
        let victim = |n: usize| Who::Victim(n).named(number, addresses);
        let from = match &self.from {
            From::Nobody => String::new(),
            From::Victim(n) => victim(*n),
            From::WithVictim(n) => format!("{}, {}", victim(*n), named(own)),
            From::WithAdmin(n) => format!("{}, {}", named(ADMINS[*n]), named(own)),
            From::Admin(n) if config.authserv => named(ADMINS[*n]),
            From::Ticket if config.authserv => named(&addresses[0]),
            From::Submit => named("submit@example.org"),
            _ => named(own),
        };
        let list = |people: &[Who]| -> Vec<String> {
            people
                .iter()
                .map(|who| who.named(number, addresses))
                .collect()
        };
        let mut to = list(&self.to);
        if self.is_to_them || self.recipients.is_empty() {
            let theirs = self
                .recipients
                .iter()
                .map(|r| written(*r, addresses) + "@example.org");
            to.extend(theirs);
        }
        let one = |who: &Option<Who>| who.iter().map(|w| w.named(number, addresses)).collect();
        let fields = [
            ("From", from),
            ("Reply-To", one(&self.reply_to)),
            ("Sender", one(&self.sender)),
            ("To", to.join(", ")),
            ("Cc", list(&self.cc).join(", ")),
            (
                "In-Reply-To",
                parent
                    .filter(|_| self.replies)
                    .unwrap_or_default()
                    .to_owned(),
            ),
        ];
        let mut text = String::new();
        if self.proven {
            text += &format!(
                "Authentication-Results: mx.example.org; dmarc=pass header.from={domain}\n"
            );
        }
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!("{name}: {value}\n");
        }
        let tag = self.tag.map(|n| format!("[issue{n}] ")).unwrap_or_default();
        text + self.mark
            + &format!(
                "Subject: {tag}subject-{number}-token\nMessage-ID: <{number}@{domain}>\n\
                 Date: Sat, 28 Nov 2026 10:00:00 +0000\n\nGo to body-{number}-token now.\n"
            )
    }

    /// True if it makes nobody a participant, whatever it was sent to.
    pub fn is_automatic(&self) -> bool {
        self.null_sender || self.mark.starts_with("Auto-Submitted")
    }

    /// Who may have closed a ticket with it: those in From, and where no proof is asked for, in Reply-To.
    pub fn may_speak_for(&self, config: &Config) -> Vec<String> {
        let mut people = match &self.from {
            From::Victim(n) => vec![Who::Victim(*n)],
            From::WithVictim(n) => vec![Who::Victim(*n), Who::Stranger(self.stranger)],
            _ => vec![Who::Stranger(self.stranger)],
        };
        people.extend(self.reply_to.clone().filter(|_| !config.authserv));
        people
            .iter()
            .map(|who| mailbox(&who.address(&[])))
            .collect()
    }

    /// Everybody whom its header may make a participant.
    pub fn people(&self) -> Vec<String> {
        let mut people = self.may_speak_for(&Config {
            authserv: false,
            close_by: "",
            notify: "",
            ack_limit: 0,
            ack_total: 0,
            secret: false,
        });
        let named = self.to.iter().chain(&self.cc);
        people.extend(named.map(|who| mailbox(&who.address(&[]))));
        people
    }
}

/// The mailbox that an address reaches, in one spelling.
pub fn mailbox(address: &str) -> String {
    let known = VICTIMS.iter().find(|(spelling, _)| *spelling == address);
    match known {
        Some((_, mailbox)) => (*mailbox).to_owned(),
        None => {
            let plain = address.replace(['"', '\\'], "").to_lowercase();
            plain.replace("b\u{fc}cher.example", "xn--bcher-kva.example")
        }
    }
}

/// True for any spelling of one of the desk's own addresses.
pub fn is_ours(address: &str) -> bool {
    let plain = address.replace(['"', '\\'], "").to_lowercase();
    let (local, domain) = plain.rsplit_once('@').unwrap();
    let local = local.trim_start_matches("example.org!");
    let near = domain == "example.org" || domain == "localhost" || domain.starts_with('[');
    near && (local.starts_with("submit") || local.starts_with("ticket-"))
}
