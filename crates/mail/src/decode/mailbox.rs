//! Address lists (RFC 5322, 3.4), as strangers write them.
//!
//! Read by hand: the MIME library takes `a@b c@d` for one address, turns routes into groups and
//! loses quoted local-parts and address literals, and an answer must never go to such a thing.

use super::{Malformed, clean, encoded_word_at, guess, head, in_one_form, words};
use serde::{Deserialize, Serialize};

/// No address field is read further than this: room for about a thousand mailboxes.
const LIST_LIMIT: usize = 256 << 10;

/// More mailboxes of one field are not looked at.
const MAILBOXES: usize = 1000;

/// Of so many words the rest is left out, and an address among them is not looked for.
const PIECES: usize = 1000;

/// Longer than any address a mail server takes (RFC 5321, 4.5.3.1 asks for 320).
const ADDRESS_LIMIT: usize = 512;

/// A person or a machine with an address; neither half holds control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// Display name, decoded; empty if there was none.
    pub name: String,
    /// `local-part@domain`: the local-part as written (with its quotes), the domain in lower case.
    pub address: String,
}

/// The mailboxes of a From, To, Cc or Reply-To value, in order; groups are flattened.
///
/// Tolerant of what mailers do (missing angle brackets, stray quotes, routes, comments, encoded
/// words in quotes), but what is not plainly one address is not in the list. An address is only
/// ever taken as it stands, never out of an encoded word. At most 1000.
pub fn mailboxes(raw: &[u8]) -> Vec<Mailbox> {
    let value = guess(head(raw, LIST_LIMIT)).replace(['\r', '\n'], "");
    let mut reader = Reader {
        text: &value,
        ..Reader::default()
    };
    while reader.step() && reader.found.len() < MAILBOXES {}
    reader.finish();
    reader.found.truncate(MAILBOXES);
    reader.found
}

/// A piece of a mailbox outside of angle brackets and comments.
struct Piece {
    /// As it reads in a display name.
    name: String,
    /// As it reads in an address; `None` if it cannot be part of one.
    address: Option<String>,
    /// No blank stands between it and the piece before.
    glued: bool,
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
    glued: bool,
    pieces: Vec<Piece>,
    angle: Option<String>,
    comment: String,
    /// Delimiters found to be without a partner further on, so that nobody looks again.
    lone: Lone,
    found: Vec<Mailbox>,
}

#[derive(Default)]
struct Lone {
    quote: bool,
    paren: bool,
    word: bool,
}

impl Reader<'_> {
    /// Reads one token; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else {
            return false;
        };
        let glued = std::mem::replace(&mut self.glued, true);
        match c {
            ' ' | '\t' => {
                self.at += 1;
                self.glued = false;
            }
            ',' | ';' => {
                self.at += 1;
                self.finish();
            }
            // The end of a group's name, of a route without brackets, or of `mailto`.
            ':' => {
                self.at += 1;
                self.pieces.clear();
                self.comment.clear();
            }
            '<' => self.angle(rest),
            '"' if !self.lone.quote => match quoted_end(rest) {
                Some(end) => {
                    let written = &rest[..end];
                    self.piece(unescape(&written[1..end - 1]), Some(written), glued);
                    self.at += end;
                }
                None => (self.lone.quote, self.glued) = (true, glued),
            },
            '(' if !self.lone.paren => match comment_end(rest) {
                Some(end) => {
                    if self.comment.is_empty() {
                        self.comment = unescape(&rest[1..end - 1]);
                    }
                    self.at += end;
                    self.glued = glued;
                }
                None => (self.lone.paren, self.glued) = (true, glued),
            },
            '"' | '(' | ')' | '>' => {
                self.at += 1;
                self.glued = glued;
            }
            _ => self.word(rest, glued),
        }
        true
    }

    fn piece(&mut self, name: String, address: Option<&str>, glued: bool) {
        if self.pieces.len() >= PIECES {
            return;
        }
        self.pieces.push(Piece {
            name,
            address: address.map(str::to_owned),
            glued,
        });
    }

    /// An encoded word, or everything up to a blank or a delimiter.
    fn word(&mut self, rest: &str, glued: bool) {
        if rest.starts_with("=?") && !self.lone.word {
            match encoded_word_at(rest, 0) {
                Ok(word) => {
                    self.piece(rest[..word.end].to_owned(), None, glued);
                    self.at += word.end;
                    return;
                }
                Err(Malformed::Here) => {}
                Err(Malformed::NoEnd) => self.lone.word = true,
            }
        }
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let literal = at > 0 && c == '[' && rest[..at].ends_with('@');
            if let Some(len) = literal.then(|| literal_end(&rest[at..])).flatten() {
                end = at + len;
                break;
            }
            if matches!(
                c,
                ' ' | '\t' | ',' | ';' | ':' | '<' | '>' | '"' | '(' | ')'
            ) || (at > 0 && rest[at..].starts_with("=?"))
            {
                break;
            }
            end = at + c.len_utf8();
        }
        self.piece(rest[..end].to_owned(), Some(&rest[..end]), glued);
        self.at += end;
    }

    /// `<...>`, or what there is of it.
    fn angle(&mut self, rest: &str) {
        let mut end = 1;
        let mut inner = String::new();
        while let Some(c) = rest[end..].chars().next() {
            let tail = &rest[end..];
            let skip = match c {
                ' ' | '\t' | '<' if inner.is_empty() => 1,
                '>' => break,
                // The closing bracket was forgotten; in a route, commas belong.
                '<' => break,
                ',' | ';' if !inner.starts_with('@') => break,
                '"' if !self.lone.quote => match quoted_end(tail) {
                    Some(len) => {
                        inner.push_str(&tail[..len]);
                        len
                    }
                    None => {
                        self.lone.quote = true;
                        0
                    }
                },
                '(' if !self.lone.paren => match comment_end(tail) {
                    Some(len) => len,
                    None => {
                        self.lone.paren = true;
                        0
                    }
                },
                _ => {
                    inner.push(c);
                    c.len_utf8()
                }
            };
            end += skip;
        }
        self.at += end;
        if rest[end..].starts_with('>') {
            self.at += 1;
        }
        self.angle.get_or_insert(inner);
    }

    /// Ends the mailbox that is being read.
    fn finish(&mut self) {
        let pieces = std::mem::take(&mut self.pieces);
        let comment = std::mem::take(&mut self.comment);
        let (names, address) = match self.angle.take() {
            Some(inner) => (pieces, addr_spec(&inner)),
            None if pieces.len() >= PIECES => return,
            None => bare(pieces),
        };
        let Some(address) = address else { return };
        let mut name = String::new();
        for piece in names {
            if !piece.glued && !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&piece.name);
        }
        let name = clean(&words(if name.is_empty() { &comment } else { &name }));
        self.found.push(Mailbox { name, address });
    }
}

/// Finds the one address among pieces that have no angle brackets; the others are the name.
fn bare(pieces: Vec<Piece>) -> (Vec<Piece>, Option<String>) {
    let mut names: Vec<Piece> = Vec::new();
    let mut candidate: Option<String> = None;
    let mut pieces = pieces.into_iter().peekable();
    while let Some(first) = pieces.next() {
        let mut joined = first.address.clone();
        let mut members = vec![first];
        // Obsolete syntax has blanks around the @.
        while let Some(next) = pieces.next_if(|next| {
            let after_at = joined.as_deref().is_some_and(|text| text.ends_with('@'));
            let before_at = next
                .address
                .as_deref()
                .is_some_and(|text| text.starts_with('@'));
            next.glued || after_at || before_at
        }) {
            joined = joined
                .zip(next.address.as_deref())
                .map(|(text, more)| text + more);
            members.push(next);
        }
        match joined {
            Some(text) if text.contains('@') && !members.iter().all(is_quoted) => {
                // Two addresses and no comma: nobody knows which is meant.
                if candidate.is_some() {
                    return (names, None);
                }
                candidate = Some(text);
            }
            _ => names.extend(members),
        }
    }
    let address = candidate.and_then(|text| addr_spec(&text));
    (names, address)
}

fn is_quoted(piece: &Piece) -> bool {
    piece
        .address
        .as_deref()
        .is_some_and(|text| text.starts_with('"'))
}

/// A plausible addr-spec, from what stood in angle brackets; `None` for anything else.
fn addr_spec(written: &str) -> Option<String> {
    let mut text = written.trim_matches([' ', '\t']);
    if text.starts_with('@') {
        // A route (RFC 5322, 4.4): obsolete, and to be ignored.
        text = text.split_once(':')?.1;
    }
    let text = text.trim_start_matches([' ', '\t']);
    let quoted = if text.starts_with('"') {
        quoted_end(text)?
    } else {
        0
    };
    let tail = without_folds(&text[quoted..]);
    let (local, domain) = tail.split_once('@')?;
    let local = format!("{}{local}", &text[..quoted]);
    let domain = in_one_form(domain);
    let address = format!("{local}@{domain}");
    let fits = address.len() <= ADDRESS_LIMIT
        && is_local_part(&local)
        && is_domain(&domain)
        && clean(&address) == address;
    fits.then_some(address)
}

/// Drops blanks beside `@` and `.`, where long addresses are folded; others stay, and disqualify.
fn without_folds(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        out.push_str(word);
        if let Some(next) = words.peek()
            && !(word.ends_with(['@', '.']) || next.starts_with(['@', '.']))
        {
            out.push(' ');
        }
    }
    out
}

fn is_local_part(local: &str) -> bool {
    if local.starts_with('"') {
        return quoted_end(local) == Some(local.len());
    }
    // Dots may stand anywhere: some providers gave such addresses away.
    !local.is_empty()
        && !local.contains(|c: char| c.is_whitespace() || "()<>[]:;,@\\\"".contains(c))
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(|ip| {
            !ip.is_empty()
                && ip
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-.:_".contains(&b))
        });
    }
    domain.split('.').all(|label| {
        let fits = |c: char| match c.is_ascii() {
            true => c.is_ascii_alphanumeric() || c == '-' || c == '_',
            false => !c.is_whitespace(),
        };
        !label.is_empty() && label.chars().all(fits)
    })
}

/// The length of the quoted string at the start of `text`, quotes included.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate().skip(1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of the comment at the start of `text`, with the comments in it.
fn comment_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The length of the address literal (`[IPv6:::1]`) at the start of `text`.
fn literal_end(text: &str) -> Option<usize> {
    text.bytes()
        .take(64)
        .position(|b| b == b']')
        .map(|at| at + 1)
}

/// The text of a quoted string or comment, backslashes resolved.
fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}
