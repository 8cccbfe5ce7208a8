//! Builds headers. Every field is encoded and folded, and no value can add a second field.
//!
//! lettre encodes and folds. Input that it gets wrong is kept from it: it panics on a control character in a display
//! name, does not fold a list of bare addresses, and passes on text that looks like an encoded-word.

use crate::ticket::lf_pieces;
use crate::ticket::reach::{ascii_address, mail_address};
use lettre::Address;
use lettre::message::header::{
    self, ContentTransferEncoding, Header, HeaderName, HeaderValue, Headers,
};
use lettre::message::{Body, Mailbox as Named};
use mail::decode::{Mailbox, clean};
use mail::message::Message;
use std::panic::catch_unwind;
use std::time::{Duration, UNIX_EPOCH};

/// The most bytes of a Subject. RFC 5322 2.1.1 allows 998 in a line, and text without blanks is not folded.
const LONGEST_TEXT: usize = 900;

/// The most bytes of a display name.
const LONGEST_NAME: usize = 200;

/// The most msg-ids in References. The first and the last ones are kept, as threading needs them (RFC 5322 3.6.4).
const MOST_MSG_IDS: usize = 40;

/// A local-part in the place of one that is not ASCII.
const STAND_IN: &str = "x";

/// The most bytes of a msg-id; a longer one does not fit on a line.
const LONGEST_MSG_ID: usize = 900;

/// The fields written so far, each ending in LF.
#[derive(Debug, Default)]
pub(super) struct Head(String);

impl Head {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A field with a value of our own: short, ASCII, one line.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        let safe = value
            .chars()
            .filter(|c| c.is_ascii() && !c.is_ascii_control());
        self.0
            .extend(name.chars().chain(": ".chars()).chain(safe).chain(['\n']));
    }

    pub(super) fn date(&mut self, now: i64) {
        // lettre panics on dates after the year 9999.
        let now = u64::try_from(now).unwrap_or(0).min(253_000_000_000);
        self.encoded(|| header::Date::from(UNIX_EPOCH + Duration::from_secs(now)).display());
    }

    /// A field of free text, such as `Subject`.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        let text = clean(text);
        let text = unencoded(cut(&text, LONGEST_TEXT));
        let done = self.encoded(|| {
            HeaderValue::new(
                HeaderName::new_from_ascii_str(name),
                cut(&text, LONGEST_TEXT).to_owned(),
            )
        });
        if !done {
            self.plain(name, cut(&text, LONGEST_TEXT));
        }
    }

    /// A field of mailboxes, one a line. It is left out if no address is usable, except for `To`, which some MTAs
    /// require.
    pub(super) fn people(&mut self, name: &str, people: &[Mailbox]) {
        // Only an address that the mail is sent to may require SMTPUTF8.
        self.mailboxes(name, people, ascii_address);
    }

    /// The same for those who get the mail.
    pub(super) fn recipients(&mut self, name: &str, people: &[Mailbox]) {
        self.mailboxes(name, people, mail_address);
    }

    fn mailboxes(&mut self, name: &str, people: &[Mailbox], usable: fn(&str) -> Option<String>) {
        let list = people
            .iter()
            .filter_map(|m| mailbox(m, usable(&m.address)?));
        let list: Vec<String> = list.collect();
        match (list.is_empty(), name) {
            (false, _) => self.0.push_str(&format!("{name}: {}\n", list.join(",\n "))),
            (true, "To") => self.plain(name, "undisclosed-recipients:;"),
            (true, _) => {}
        }
    }

    /// A field of msg-ids, one a line, oldest first; left out if there are none.
    pub(super) fn msg_ids(&mut self, name: &str, ids: &[String]) {
        let fits =
            |id: &&String| id.len() <= LONGEST_MSG_ID && id.bytes().all(|b| b.is_ascii_graphic());
        let mut ids: Vec<&str> = ids.iter().filter(fits).map(String::as_str).collect();
        if ids.len() > MOST_MSG_IDS {
            ids.drain(1..=ids.len() - MOST_MSG_IDS);
        }
        if !ids.is_empty() {
            self.0.push_str(&format!("{name}: {}\n", ids.join("\n ")));
        }
    }

    /// A whole mail: this header and a plain text. It is readable without decoding: ASCII is not encoded, and other
    /// text is quoted-printable.
    pub(super) fn with_text(mut self, text: &str) -> Vec<u8> {
        let text = format!("{}\n", text.trim_end());
        let short = text.lines().all(|line| line.len() <= 900);
        let (encoding, body) = match text.is_ascii() && short {
            true => ("7bit".to_owned(), text.into_bytes()),
            false => encoded(text),
        };
        self.plain("MIME-Version", "1.0");
        self.plain("Content-Type", "text/plain; charset=utf-8");
        self.plain("Content-Transfer-Encoding", &encoding);
        let mut mail = self.0.into_bytes();
        mail.push(b'\n');
        push_lf(&mut mail, &body);
        mail
    }

    /// Adds a field that lettre builds. False if it panics or if the result is not one valid field.
    fn encoded(&mut self, make: impl FnOnce() -> HeaderValue + std::panic::UnwindSafe) -> bool {
        let made = catch_unwind(|| {
            let mut headers = Headers::new();
            headers.insert_raw(make());
            headers.to_string().replace("\r\n", "\n")
        });
        let Some(field) = made.ok().filter(|field| is_one_field(field)) else {
            return false;
        };
        self.0.push_str(&field);
        true
    }
}

/// `text` in quoted-printable, and the name of its encoding.
fn encoded(text: String) -> (String, Vec<u8>) {
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let encoded = catch_unwind(|| Body::new_with_encoding(text.clone(), encoding));
    match encoded.ok().and_then(Result::ok) {
        Some(body) => (encoding.to_string(), body.into_vec()),
        None => ("8bit".into(), text.into_bytes()),
    }
}

/// True if `field` is ASCII, no line is too long, and every line but the first is a folded one that is not empty.
fn is_one_field(field: &str) -> bool {
    let folded =
        |(n, line): (usize, &str)| n == 0 || (line.starts_with(' ') && !line.trim().is_empty());
    field
        .bytes()
        .all(|b| b == b'\n' || (b' '..127).contains(&b))
        && field.ends_with('\n')
        && field.lines().enumerate().all(folded)
        && field.lines().all(|line| line.len() <= 998)
}

/// `"Name" <address>`, folded if it is long. The address is usable.
fn mailbox(mailbox: &Mailbox, address: String) -> Option<String> {
    let name = clean(&mailbox.name);
    let name = cut(&name, LONGEST_NAME);
    if name.is_empty() {
        return Some(address);
    }
    if let Some(name) = quoted(name) {
        return Some(format!("{name} <{address}>"));
    }
    let (local, domain) = address.rsplit_once('@')?;
    // lettre would encode an internationalized local-part (RFC 6532), so a placeholder is put in its place.
    let local = if local.is_ascii() { local } else { STAND_IN };
    let mut one = Head::default();
    let done = one.encoded(|| {
        let named = Named::new(Some(name.to_owned()), Address::new_dangerous(local, domain));
        // The name of the field only matters for folding.
        header::From::from(lettre::message::Mailboxes::from(named)).display()
    });
    let written = one.0.strip_prefix("From: ").map(str::trim_end);
    let written = written.filter(|_| done).and_then(|w| w.rsplit_once('<'));
    Some(match written {
        Some((name, _)) => format!("{name}<{address}>"),
        None => address,
    })
}

/// `name` as a quoted-string, which people can read without decoding. `None` if it needs no quotes, or is better encoded.
fn quoted(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~ ".contains(c);
    let needs_quotes = !name.chars().all(plain);
    let fits = name.chars().all(|c| (' '..='~').contains(&c)) && !name.contains("=?");
    (needs_quotes && fits)
        .then(|| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Mailboxes without names.
pub(super) fn people(addresses: &[String]) -> Vec<Mailbox> {
    addresses
        .iter()
        .map(|address| Mailbox {
            name: String::new(),
            address: address.clone(),
        })
        .collect()
}

/// The addresses alone: a name is a stranger's words as well, and the address may be somebody else's (C7).
pub(super) fn without_names(people: &[Mailbox]) -> Vec<Mailbox> {
    let nameless = |mailbox: &Mailbox| Mailbox {
        name: String::new(),
        address: mailbox.address.clone(),
    };
    people.iter().map(nameless).collect()
}

/// The usable addresses among `people`, each once.
pub(super) fn mail_addresses<'a>(people: impl IntoIterator<Item = &'a Mailbox>) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for address in people.into_iter().filter_map(|m| mail_address(&m.address)) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// References of a reply to `original`: the messages before it and itself, oldest first.
pub(super) fn references(original: &Message) -> Vec<String> {
    let mut references = original.parents();
    references.reverse();
    if let Some(id) = original.message_id() {
        references.retain(|parent| *parent != id);
        references.push(id);
    }
    references
}

/// `text` with `=?` broken up, since readers would decode it as the start of an encoded-word.
pub(super) fn unencoded(text: &str) -> String {
    text.replace("=?", "= ?")
}

/// At most the first `limit` bytes of `text`, without cutting a character in two.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    text[..text.floor_char_boundary(limit)].trim_end()
}

/// Appends `bytes` with LF for CRLF.
pub(super) fn push_lf(out: &mut Vec<u8>, bytes: &[u8]) {
    for piece in lf_pieces(bytes) {
        out.extend_from_slice(piece);
    }
}
