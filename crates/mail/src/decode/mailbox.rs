//! Address lists (RFC 5322, 3.4), as strangers write them.
//!
//! mail-parser does not do here, because answers go to these addresses: it takes `a@b c@d` for one
//! address, turns routes into groups and loses quoted local-parts and address literals.

use super::address::{addr_spec, quoted_end};
use super::encoded_words::{self, Malformed, encoded_word_at};
use super::{clean, guess, head};
use serde::{Deserialize, Serialize};

/// No address field is read further than this many bytes: room for about a thousand mailboxes.
const LIST_LIMIT: usize = 256 << 10;

/// More mailboxes than this of one field are not looked at.
const MAILBOXES: usize = 1000;

/// More tokens than this of one mailbox are left out. An address without angle brackets is not
/// looked for among so many.
const TOKENS: usize = 1000;

/// A person or a machine with an address. Neither string holds control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The display name, decoded; empty if there was none.
    pub name: String,
    /// `local-part@domain`: the local-part as written, with its quotes; the domain too, but for ASCII
    /// letters, which are in lower case.
    pub address: String,
}

/// The mailboxes of a From, To, Cc or Reply-To value, in order, those of groups among them.
///
/// Accepts what mailers do: missing angle brackets, stray quotes, routes, comments, encoded words in
/// quotes. What is not plainly one address is left out, and so is an address in an encoded word. At
/// most 1000 mailboxes, of the first 256 KiB.
///
/// ```
/// let list = b"\"=?utf-8?Q?J=C3=B6rg?=\" <joerg@EXAMPLE.org>, Staff: ann@example.net;, a@b c@d";
/// let found = tickets_mail::decode::mailboxes(list);
/// let found: Vec<_> = found.iter().map(|m| (m.name.as_str(), m.address.as_str())).collect();
/// assert_eq!(found, [("J\u{f6}rg", "joerg@example.org"), ("", "ann@example.net")]);
/// ```
pub fn mailboxes(raw: &[u8]) -> Vec<Mailbox> {
    let value = guess(&encoded_words::in_ascii(head(raw, LIST_LIMIT))).replace(['\r', '\n'], "");
    let mut parser = ListParser {
        text: &value,
        ..ListParser::default()
    };
    while parser.step() && parser.found.len() < MAILBOXES {}
    parser.finish();
    parser.found.truncate(MAILBOXES);
    parser.found
}

/// A word or quoted string outside of angle brackets and comments.
struct Token {
    /// What it is in a display name.
    name: String,
    /// What it is in an address; `None` if it cannot be part of one.
    address: Option<String>,
    /// It follows the token before without a blank.
    glued: bool,
}

#[derive(Default)]
struct ListParser<'a> {
    text: &'a str,
    at: usize,
    glued: bool,
    tokens: Vec<Token>,
    angle: Option<String>,
    comment: String,
    unclosed: Unclosed,
    found: Vec<Mailbox>,
}

/// Opening delimiters that no closing one follows. Remembered, so that the rest of the value is not
/// searched once for each of them.
#[derive(Default)]
struct Unclosed {
    quote: bool,
    paren: bool,
    word: bool,
}

impl ListParser<'_> {
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
            // Ends the name of a group, a route without brackets, or `mailto`.
            ':' => {
                self.at += 1;
                self.tokens.clear();
                self.comment.clear();
            }
            '<' => self.angle(rest),
            '"' if !self.unclosed.quote => match quoted_end(rest) {
                Some(end) => {
                    let written = &rest[..end];
                    self.token(unescape(&written[1..end - 1]), Some(written), glued);
                    self.at += end;
                }
                None => (self.unclosed.quote, self.glued) = (true, glued),
            },
            '(' if !self.unclosed.paren => match comment_end(rest) {
                Some(end) => {
                    if self.comment.is_empty() {
                        self.comment = unescape(&rest[1..end - 1]);
                    }
                    self.at += end;
                    self.glued = glued;
                }
                None => (self.unclosed.paren, self.glued) = (true, glued),
            },
            '"' | '(' | ')' | '>' => {
                self.at += 1;
                self.glued = glued;
            }
            _ => self.word(rest, glued),
        }
        true
    }

    fn token(&mut self, name: String, address: Option<&str>, glued: bool) {
        if self.tokens.len() >= TOKENS {
            return;
        }
        self.tokens.push(Token {
            name,
            address: address.map(str::to_owned),
            glued,
        });
    }

    /// An encoded word, or everything up to a blank or a delimiter.
    fn word(&mut self, rest: &str, glued: bool) {
        if rest.starts_with("=?") && !self.unclosed.word {
            match encoded_word_at(rest, 0) {
                Ok(word) => {
                    self.token(rest[..word.end].to_owned(), None, glued);
                    self.at += word.end;
                    return;
                }
                Err(Malformed::Here) => {}
                Err(Malformed::NoEnd) => self.unclosed.word = true,
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
        self.token(rest[..end].to_owned(), Some(&rest[..end]), glued);
        self.at += end;
    }

    /// `<...>`; the closing bracket may be missing.
    fn angle(&mut self, rest: &str) {
        let mut end = 1;
        let mut inner = String::new();
        while let Some(c) = rest[end..].chars().next() {
            let tail = &rest[end..];
            let skip = match c {
                ' ' | '\t' | '<' if inner.is_empty() => 1,
                '>' => break,
                // The closing bracket was forgotten. Commas belong to a route.
                '<' => break,
                ',' | ';' if !inner.starts_with('@') => break,
                '"' if !self.unclosed.quote => match quoted_end(tail) {
                    Some(len) => {
                        inner.push_str(&tail[..len]);
                        len
                    }
                    None => {
                        self.unclosed.quote = true;
                        0
                    }
                },
                '(' if !self.unclosed.paren => match comment_end(tail) {
                    Some(len) => len,
                    None => {
                        self.unclosed.paren = true;
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
        let tokens = std::mem::take(&mut self.tokens);
        let comment = std::mem::take(&mut self.comment);
        let (names, address) = match self.angle.take() {
            Some(inner) => (tokens, addr_spec(&inner)),
            None if tokens.len() >= TOKENS => return,
            None => bare(tokens),
        };
        let Some(address) = address else { return };
        let mut name = String::new();
        for token in names {
            if !token.glued && !name.is_empty() {
                name.push(' ');
            }
            name.push_str(&token.name);
        }
        let name = clean(&encoded_words::decode(if name.is_empty() {
            &comment
        } else {
            &name
        }));
        self.found.push(Mailbox { name, address });
    }
}

/// Finds the one address among tokens that have no angle brackets; the others are the name.
fn bare(tokens: Vec<Token>) -> (Vec<Token>, Option<String>) {
    let mut names: Vec<Token> = Vec::new();
    let mut candidate: Option<String> = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(first) = tokens.next() {
        let mut joined = first.address.clone();
        let mut members = vec![first];
        // Obsolete syntax allows blanks around the @ (RFC 5322, 4.4).
        while let Some(next) = tokens.next_if(|next| {
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
                // Two addresses without a comma: neither is surely meant.
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

fn is_quoted(token: &Token) -> bool {
    token
        .address
        .as_deref()
        .is_some_and(|text| text.starts_with('"'))
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

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
