//! A header in the making: fields that are encoded, folded, and cannot be more than one field each.
//!
//! lettre encodes and folds. What it gets wrong is kept from it: it panics on a control character in a display name,
//! does not fold a list of bare addresses, and passes on text that looks like an encoded word.

use lettre::Address;
use lettre::message::header::{
    self, ContentTransferEncoding, Header, HeaderName, HeaderValue, Headers,
};
use lettre::message::{Body, Mailbox as Named};
use mail::decode::{Mailbox, clean};
use std::panic::catch_unwind;
use std::time::{Duration, UNIX_EPOCH};

/// Bytes of a Subject. RFC 5322 2.1.1 has 998 for a line, and a word without blanks is not folded.
const TEXT: usize = 900;

/// Bytes of a display name.
const NAME: usize = 200;

/// The most msg-ids in References: the first and the last ones, as RFC 5322 3.6.4 threads need.
const MSG_IDS: usize = 40;

/// A longer msg-id does not fit on a line.
const MSG_ID: usize = 900;

/// The fields written so far, each ending in LF.
#[derive(Debug, Default)]
pub(super) struct Head(String);

impl Head {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A field whose value is ours: short, ASCII, one line.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        let safe = value
            .chars()
            .filter(|c| c.is_ascii() && !c.is_ascii_control());
        self.0
            .extend(name.chars().chain(": ".chars()).chain(safe).chain(['\n']));
    }

    /// `Date`.
    pub(super) fn date(&mut self, now: i64) {
        // Later than the year 9999 lettre has no date for, and panics.
        let now = u64::try_from(now).unwrap_or(0).min(253_000_000_000);
        self.encoded(|| header::Date::from(UNIX_EPOCH + Duration::from_secs(now)).display());
    }

    /// A field of free text, such as `Subject`.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        let text = clean(text);
        let text = unencoded(cut(&text, TEXT));
        let done = self.encoded(|| {
            HeaderValue::new(
                HeaderName::new_from_ascii_str(name),
                cut(&text, TEXT).to_owned(),
            )
        });
        if !done {
            self.plain(name, cut(&text, TEXT));
        }
    }

    /// A field of mailboxes, one a line; left out if nobody in it can be written to, but for `To`, which some MTAs
    /// insist on.
    pub(super) fn people(&mut self, name: &str, people: &[Mailbox]) {
        let list: Vec<String> = people.iter().filter_map(mailbox).collect();
        match (list.is_empty(), name) {
            (false, _) => self.0.push_str(&format!("{name}: {}\n", list.join(",\n "))),
            (true, "To") => self.plain(name, "undisclosed-recipients:;"),
            (true, _) => {}
        }
    }

    /// A field of msg-ids, one a line, oldest first; left out if there is none.
    pub(super) fn msg_ids(&mut self, name: &str, ids: &[String]) {
        let fits = |id: &&String| id.len() <= MSG_ID && id.bytes().all(|b| b.is_ascii_graphic());
        let mut ids: Vec<&str> = ids.iter().filter(fits).map(String::as_str).collect();
        if ids.len() > MSG_IDS {
            ids.drain(1..=ids.len() - MSG_IDS);
        }
        if !ids.is_empty() {
            self.0.push_str(&format!("{name}: {}\n", ids.join("\n ")));
        }
    }

    /// A whole mail: this header and a plain text. It stays readable as it stands: ASCII as it is, anything else as
    /// quoted-printable.
    pub(super) fn with_text(mut self, text: &str) -> Vec<u8> {
        let text = format!("{}\n", text.trim_end());
        let short = text.lines().all(|line| line.len() <= 900);
        let encoding = match text.is_ascii() && short {
            true => ContentTransferEncoding::SevenBit,
            false => ContentTransferEncoding::QuotedPrintable,
        };
        let encoded = catch_unwind(|| Body::new_with_encoding(text.clone(), encoding))
            .ok()
            .and_then(Result::ok);
        let (encoding, body) = match encoded {
            Some(body) => (encoding.to_string(), body.into_vec()),
            None => ("8bit".into(), text.into_bytes()),
        };
        self.plain("MIME-Version", "1.0");
        self.plain("Content-Type", "text/plain; charset=utf-8");
        self.plain("Content-Transfer-Encoding", &encoding);
        let mut mail = self.0.into_bytes();
        mail.push(b'\n');
        push_lf(&mut mail, &body);
        mail
    }

    /// Adds what lettre makes; false if it made nothing that fits into a header.
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

/// Whether `field` is ASCII, and every line but the first is folded, not empty and not too long.
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

/// `"Name" <local@domain>`, folded where it is long; `None` if the address is none that can be written to.
fn mailbox(mailbox: &Mailbox) -> Option<String> {
    let address = ascii_address(&mailbox.address)?;
    let name = clean(&mailbox.name);
    let name = cut(&name, NAME);
    if name.is_empty() {
        return Some(address);
    }
    let (local, domain) = address.rsplit_once('@')?;
    let mut one = Head::default();
    let done = one.encoded(|| {
        let named = Named::new(Some(name.to_owned()), Address::new_dangerous(local, domain));
        // The field's name counts for the fold only.
        header::From::from(lettre::message::Mailboxes::from(named)).display()
    });
    let written = one
        .0
        .strip_prefix("From: ")
        .map(|value| value.trim_end().to_owned());
    written.filter(|_| done).or(Some(address))
}

/// `address` as it can stand in a header and on sendmail's command line: one `local@domain` in ASCII, the domain as
/// A-labels (RFC 5890). `None` if it is anything else; a local-part beyond ASCII needs SMTPUTF8, which sendmail(8)
/// does not promise.
#[must_use]
pub fn ascii_address(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let special = |c: char| c == ' ' || "()<>[]:;,@\\\"".contains(c);
    let plain = if quoted {
        is_quoted_string(local)
    } else {
        !local.is_empty() && !local.contains(special)
    };
    if !plain || !local.bytes().all(|b| (b' '..127).contains(&b)) {
        return None;
    }
    let domain = match domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(literal) => literal
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b))
            .then(|| domain.into()),
        None => idna::domain_to_ascii(domain)
            .ok()
            .filter(|ascii| is_host(ascii)),
    }?;
    let address = format!("{local}@{domain}");
    (address.len() <= 512).then_some(address)
}

fn is_quoted_string(local: &str) -> bool {
    let mut escaped = false;
    let inner = &local[1..local.len() - 1];
    let closed = inner.chars().all(|c| {
        let fits = escaped || c != '"';
        escaped = !escaped && c == '\\';
        fits
    });
    closed && !escaped
}

fn is_host(domain: &str) -> bool {
    !domain.is_empty()
        && domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

/// `text` without `=?`, which would be read as the start of an encoded word that nobody encoded.
pub(super) fn unencoded(text: &str) -> String {
    text.replace("=?", "= ?")
}

/// The first `limit` bytes of `text`, or fewer, so that no character is cut in two.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    text[..text.floor_char_boundary(limit)].trim_end()
}

/// Appends `bytes` with LF where they have CRLF.
pub(super) fn push_lf(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
