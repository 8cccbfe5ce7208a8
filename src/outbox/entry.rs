//! One file of the outbox: its name, and the envelope above the mail.

use crate::files::{Found, Place};
use crate::ticket::TicketId;
use crate::ticket::compose::{Kind, Outgoing};
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SENDER: &str = "X-Tickets-Sender:";
const RECIPIENT: &str = "X-Tickets-Recipient:";
/// Says that the domain of the desk was a guess when the mail was written, and which.
const GUESS: &str = "X-Tickets-Guess:";

/// The kind of entries that are for observers.
const EVENT: &str = "event";

/// More bytes than any envelope of ours has. The limit keeps a file without line ends from being read as a whole.
const MAX_HEAD: u64 = 1 << 20;

/// Names the message that a mail answers, so that the next attempt to deliver it finds what was staged before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The ticket the message is filed in.
    pub ticket: TicketId,
    /// The digest of the message as it came in: letters and digits.
    pub digest: String,
}

impl Key {
    /// True if it can be part of a file name.
    pub(super) fn is_plain(&self) -> bool {
        (1..=128).contains(&self.digest.len())
            && self.digest.bytes().all(|c| c.is_ascii_alphanumeric())
    }

    /// `12.DIGEST.`, the beginning of the names of all its mails.
    pub(super) fn prefix(&self) -> String {
        format!("{}.{}.", self.ticket, self.digest)
    }

    /// `12.DIGEST.0.ack`: the same name in every attempt at the same delivery.
    pub(super) fn name(&self, index: usize, kind: Kind) -> String {
        format!("{}{index}.{}", self.prefix(), kind.word())
    }

    /// `12.DIGEST.0.copy.1764486000`: the same for a mail that is to be held until then, in seconds since 1970.
    pub(super) fn name_of(&self, index: usize, mail: &Outgoing) -> String {
        let name = self.name(index, mail.kind);
        match mail.held_until {
            Some(until) => format!("{name}.{until}"),
            None => name,
        }
    }

    /// `12.DIGEST.5.event.7.sms`: likewise for event 7 of the ticket, for the observer `sms`.
    pub(super) fn event_name(&self, index: usize, observer: &str, number: u64) -> String {
        format!("{}{index}.{EVENT}.{number}.{observer}", self.prefix())
    }

    /// The key in the name of a file in `tmp/`.
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let key = Self {
            ticket: parts.next()?.parse().ok()?,
            digest: parts.next()?.into(),
        };
        key.is_plain().then_some(key)
    }
}

/// The name of a staged file without the time until which it is to be held, and that time, if it has one.
pub(super) fn held_until(name: &str) -> (&str, Option<i64>) {
    let is_held = name.split('.').count() == 5;
    let parts = name.rsplit_once('.').filter(|_| is_held);
    let parts = parts.and_then(|(rest, until)| Some((rest, Some(until.parse().ok()?))));
    parts.unwrap_or((name, None))
}

/// The kind of a staged file that is no mail, but says in which ticket a message is being filed.
const MARK: &str = "mark";

/// The name of such a file.
pub(super) fn mark_name(key: &Key) -> String {
    format!("{}0.{MARK}", key.prefix())
}

/// True for such a file.
pub(super) fn is_mark(place: &Place) -> bool {
    place.name().rsplit('.').next() == Some(MARK) && place.name().split('.').count() == 4
}

/// How the name of a mail begins that belongs to no ticket: no ticket has this number.
pub(super) const NO_TICKET: &str = "0.";

/// The name of such a mail.
pub(super) fn notice_name(digest: &str, kind: Kind) -> String {
    format!("{NO_TICKET}{digest}.0.{}", kind.word())
}

/// True if a released file answers the message that `key` names.
pub(super) fn has_key(place: &Place, key: &Key) -> bool {
    name(place)
        .split_once('.')
        .is_some_and(|(_, rest)| rest.starts_with(&key.prefix()))
}

/// The file's name without the flags that mutt adds (`:2,S`).
pub(super) fn name(place: &Place) -> &str {
    let name = place.name();
    name.split_once(':').map_or(name, |(name, _flags)| name)
}

/// A released file under the name that it has with another time of release; `None` if its name has none.
pub(super) fn released_at(place: &Place, since: i64) -> Option<Place> {
    let (time, rest) = place.name().split_once('.')?;
    time.parse::<i64>().ok()?;
    Some(place.dir().at(format!("{since}.{rest}")))
}

/// When a file was last written to, in seconds since 1970.
pub(super) fn seconds(found: &Found) -> i64 {
    found.modified().div_euclid(1_000_000_000)
}

/// The time, of so many seconds since 1970.
pub(super) fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// An event to be staged for one observer.
#[derive(Clone, Debug)]
pub struct ToObserver<'a> {
    /// Its name.
    pub observer: &'a str,
    /// The message's place in its ticket, from 1.
    pub number: u64,
    /// A header field that says what happened, with its line end.
    pub line: &'a str,
    /// The message, if the observer wants it.
    pub message: Option<&'a [u8]>,
}

/// What the name of an event's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFor {
    /// The observer.
    pub observer: String,
    /// Events of one ticket are given in the order of these. It is the message's place in the ticket, from 1, or more if
    /// messages before it were deleted.
    pub number: u64,
}

/// What the rest of a file's name says, from the ticket on, if it is an event.
pub(super) fn event_in(rest: &str) -> Option<(TicketId, EventFor)> {
    let parts: Vec<&str> = rest.split('.').collect();
    let [ticket, _digest, _index, EVENT, number, observer] = parts[..] else {
        return None;
    };
    let event = EventFor {
        observer: observer.to_owned(),
        number: number.parse().ok()?,
    };
    Some((ticket.parse().ok()?, event))
}

/// What the name of a released file says, if it is an event.
pub(super) fn event_at(place: &Place) -> Option<(TicketId, EventFor)> {
    let (_released, rest) = name(place).split_once('.')?;
    event_in(rest)
}

/// A mail of the outbox, or an event, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub place: Place,
    /// The ticket it belongs to; `None` if the file was renamed.
    pub ticket: Option<TicketId>,
    /// `ack`, `copy`, ...; empty if the file was renamed.
    pub kind: String,
    /// Empty if the file has no envelope, so is not ours, and if it is an event.
    pub recipients: Vec<String>,
    /// For whom it is, if it is an event.
    pub event: Option<EventFor>,
    /// When it was released, in seconds since 1970.
    pub since: i64,
    /// When sending last failed; `None` if it was never tried.
    pub last_try: Option<i64>,
}

impl Mail {
    /// The path of its file, for people.
    pub fn path(&self) -> PathBuf {
        self.place.path()
    }

    /// `None` if the file is gone.
    pub(super) fn read(place: &Place) -> Option<Self> {
        let found = place.found().ok()??;
        let mail = Self::without_recipients(place, &found);
        if mail.event.is_some() {
            return Some(mail);
        }
        let recipients = place
            .open(OFlag::O_RDONLY)
            .and_then(|file| Envelope::read(&file))
            .map(|envelope| envelope.recipients);
        Some(Self {
            recipients: recipients.unwrap_or_default(),
            ..mail
        })
    }

    /// What the file's name and times say.
    pub(super) fn without_recipients(place: &Place, found: &Found) -> Self {
        let mut parts = name(place).split('.');
        let tried = seconds(found);
        let since = parts
            .next()
            .and_then(|part| part.parse().ok())
            .unwrap_or(tried);
        Self {
            place: place.clone(),
            ticket: parts.next().and_then(|part| part.parse().ok()),
            kind: parts.nth(2).unwrap_or_default().into(),
            recipients: Vec::new(),
            event: event_at(place).map(|(_, event)| event),
            since,
            last_try: (tried > since).then_some(tried),
        }
    }
}

/// Who sends a mail to whom, and where the mail begins in its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// `None` is the null sender.
    pub sender: Option<String>,
    pub recipients: Vec<String>,
    /// The domain in whose name it was written, if that was a guess.
    pub guess: Option<String>,
    /// In bytes from the beginning of the file.
    pub offset: u64,
}

/// The fields above the mail.
///
/// # Errors
/// `InvalidInput` if an address is not one line, or if the mail begins with a field that would be read as part of the
/// envelope.
pub(super) fn head(mail: &Outgoing, guess: Option<&String>) -> io::Result<String> {
    let mut head = format!(
        "{SENDER} <{}>\n",
        mail.sender.as_deref().unwrap_or_default()
    );
    for recipient in &mail.recipients {
        head.push_str(&format!("{RECIPIENT} {recipient}\n"));
    }
    if let Some(guess) = guess {
        head.push_str(&format!("{GUESS} {guess}\n"));
    }
    let lines = head.lines().count() == 1 + mail.recipients.len() + usize::from(guess.is_some());
    let ours = [SENDER, RECIPIENT, GUESS]
        .iter()
        .any(|field| mail.bytes.starts_with(field.as_bytes()));
    if !lines || ours || head.chars().any(|c| c.is_control() && c != '\n') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an address in its envelope has a line break",
        ));
    }
    Ok(head)
}

impl Envelope {
    /// Reads it from the beginning of `file`.
    ///
    /// # Errors
    /// `InvalidData` if there is none.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut envelope = Self {
            sender: None,
            recipients: Vec::new(),
            guess: None,
            offset: 0,
        };
        let mut lines = BufReader::new(file.take(MAX_HEAD));
        let mut line = Vec::new();
        let mut has_sender = false;
        while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let Ok(text) = str::from_utf8(&line) else {
                break;
            };
            if let Some(sender) = text.strip_prefix(SENDER) {
                let sender = sender.trim().trim_start_matches('<').trim_end_matches('>');
                envelope.sender = (!sender.is_empty()).then(|| sender.into());
                has_sender = true;
            } else if let Some(recipient) = text.strip_prefix(RECIPIENT) {
                envelope.recipients.push(recipient.trim().into());
            } else if let Some(guess) = text.strip_prefix(GUESS) {
                envelope.guess = Some(guess.trim().into());
            } else {
                break;
            }
            envelope.offset += line.len() as u64;
            line.clear();
        }
        if has_sender && !envelope.recipients.is_empty() {
            return Ok(envelope);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it does not begin with X-Tickets-Sender and X-Tickets-Recipient",
        ))
    }
}
