//! Authentication-Results (RFC 8601): what a mail server found out about who sent a message.
//!
//! Anybody can write such a field, so the caller names the server whose word counts. Of its fields
//! the topmost is read: servers write at the top, and remove what comes in under their own name
//! (section 5).
//!
//! Servers copy into it what a stranger wrote: domains and selectors of signatures, envelope senders,
//! names of hosts. Few of them quote it. So a field that is not written as plainly as servers write
//! theirs says nothing at all: where a parenthesis touches a word, where a comment holds another one
//! or ends in quotes, where a word stands that is no `name=value`.
//!
//! ```
//! use tickets_mail::{authres, message::Message};
//!
//! let message = Message::new(
//!     b"Authentication-Results: mx.example.org;\n\
//!       \x20spf=fail smtp.mailfrom=example.com; dkim=pass (good) header.d=example.net\n\
//!       Authentication-Results: elsewhere.example; dkim=pass header.d=example.com\n\n",
//! );
//! let results = authres::results(&message, "mx.example.org");
//! let dkim = results.iter().find(|result| result.passes("dkim")).unwrap();
//! assert_eq!(dkim.domain("header.d").as_deref(), Some("example.net"));
//! assert!(!results.iter().any(|result| result.passes("spf")));
//! ```

use crate::domain;
use crate::message::{Field, Message};
use crate::signature;
use std::borrow::Cow;

/// A longer field says nothing: what is cut off may be what ends a comment.
const FIELD_LIMIT: usize = 64 << 10;

/// The result of one method, such as `dkim=pass header.d=example.net`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResult {
    /// The method in lower case, without its version: `dkim`.
    pub method: String,
    /// What it found, in lower case: `pass`.
    pub result: String,
    /// Names in lower case, such as `header.d`, and values as they stand; without quotes if all of the
    /// value is one quoted string.
    pub properties: Vec<(String, String)>,
}

impl AuthResult {
    /// True if `method` was tried and passed.
    pub fn passes(&self, method: &str) -> bool {
        self.method == method && self.result == "pass"
    }

    /// The value of a property. `None` also if there are two, since a stranger may have added one.
    pub fn property(&self, name: &str) -> Option<&str> {
        let mut found = self.properties.iter().filter(|(n, _)| n == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The value of a property that is a plain domain, in A-labels and lower case.
    pub fn domain(&self, name: &str) -> Option<Cow<'_, str>> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let domain = domain::in_ascii(self.property(name)?)?;
        let labels = domain.split('.').all(|label| !label.is_empty());
        (labels && domain.bytes().all(plain)).then_some(domain)
    }

    /// The value of a property that is the plain name of a user, or an address.
    pub fn login(&self, name: &str) -> Option<&str> {
        let plain = |c: char| !c.is_ascii() && c.is_alphanumeric() || LOGIN.contains(c);
        let login = self.property(name)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || plain(c);
        (!login.is_empty() && login.chars().all(fits)).then_some(login)
    }
}

/// What a login may hold besides letters and digits: what RFC 5322 allows in an atom, `=` excepted.
const LOGIN: &str = ".@!#$%&'*+-/?^_`{|}~";

/// What the topmost field of the server called `id` says; empty if there is no such field, or if it
/// is not plain. Letter case and a root dot make no difference to the server's name.
///
/// Of several results of `auth`, or of `dmarc`, none is given: a server has one, and a stranger may
/// have written the other. Of `dkim` there is one for each signature.
pub fn results(message: &Message, id: &str) -> Vec<AuthResult> {
    let field = topmost(message, id).filter(|field| field.value.len() <= FIELD_LIMIT);
    let field = field.filter(|_| signature::all_plain(message));
    let value = field.map(|field| String::from_utf8_lossy(field.value));
    let mut found = value.and_then(|value| parse(&value)).unwrap_or_default();
    for method in ["auth", "dmarc"] {
        if found.iter().filter(|f| f.method == method).count() > 1 {
            found.retain(|f| f.method != method);
        }
    }
    found
}

/// True if there is a field of the server called `id`, even one without results.
pub fn has_field(message: &Message, id: &str) -> bool {
    topmost(message, id).is_some()
}

fn topmost<'a>(message: &'a Message, id: &str) -> Option<&'a Field<'a>> {
    // A field with a blank before the colon (RFC 5322, 4.5) may have slipped through a server that
    // removes those of its own name.
    let fields = message.all("Authentication-Results");
    let mut fields = fields.filter(|f| f.line.get(f.name.len()) == Some(&b':'));
    let plain = |id: &str| id.trim_end_matches('.').to_ascii_lowercase();
    fields.find(|field| {
        let value = &field.value[..field.value.len().min(FIELD_LIMIT)];
        first_word(&String::from_utf8_lossy(value)).is_some_and(|word| plain(&word) == plain(id))
    })
}

/// The first word of a value, whatever follows it: the name of the server.
fn first_word(value: &str) -> Option<String> {
    let mut chars = value.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            '(' => skip_comment(&mut chars),
            ';' | '=' => return None,
            c if c.is_ascii_whitespace() => drop(chars.next()),
            _ => return Some(word(&mut chars)),
        }
    }
    None
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips a comment, which may hold others (RFC 5322, 3.2.2). One without an end is all the rest.
fn skip_comment(chars: &mut Chars) {
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

fn word(chars: &mut Chars) -> String {
    let mut word = String::new();
    let mut quoted = false;
    while let Some(&c) = chars.peek() {
        if !quoted && (c.is_ascii_whitespace() || ";=(".contains(c)) {
            break;
        }
        chars.next();
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => word.extend(chars.next()),
            c => word.push(c),
        }
    }
    word
}

/// What stands between blanks and comments.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    Pair(String, String),
    Word(String),
    Semicolon,
}

/// The results in a value; `None` if it is not plain.
fn parse(value: &str) -> Option<Vec<AuthResult>> {
    let items = items(value)?;
    let mut pieces = items.split(|item| *item == Item::Semicolon);
    // The server's name, and perhaps a version.
    let version = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match pieces.next()? {
        [Item::Word(_)] => {}
        [Item::Word(_), Item::Word(number)] if version(number) => {}
        _ => return None,
    }
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            [] => {}
            [Item::Word(none)] if none.eq_ignore_ascii_case("none") => {}
            // Exim writes after a login what its user chose (RFC 4954, 5), who may choose more results.
            // rspamd writes the sender there, in quotes, and nothing behind it.
            _ if found.last().is_some_and(names_more_than_a_login) => return None,
            piece => found.push(auth_result(piece)?),
        }
    }
    Some(found)
}

/// Reads `method=result`, then any number of `name=value`.
fn auth_result(items: &[Item]) -> Option<AuthResult> {
    let pair = |item: &Item| match item {
        Item::Pair(name, value) => Some((name.to_ascii_lowercase(), value.clone())),
        _ => None,
    };
    let mut pairs = items.iter().map(pair).collect::<Option<Vec<_>>>()?;
    let (method, result) = pairs.remove(0);
    // `dkim/1` is version 1 of the method.
    let method = method.split('/').next().unwrap_or_default().to_owned();
    Some(AuthResult {
        method,
        result: result.to_ascii_lowercase(),
        properties: pairs,
    })
}

fn names_more_than_a_login(found: &AuthResult) -> bool {
    found.method == "auth" && found.properties.iter().any(|(name, _)| name != "smtp.auth")
}

/// `None` if the value is not as plain as servers write it.
fn items(value: &str) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut rest = value;
    // A comment may follow a blank or a semicolon, and nothing else.
    let mut apart = true;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                rest = &rest[1..];
                apart = true;
            }
            ';' => {
                items.push(Item::Semicolon);
                rest = &rest[1..];
                apart = true;
            }
            '(' if apart => {
                rest = after_comment(rest)?;
                apart = false;
            }
            // A word that follows a comment or a quoted string without a blank.
            _ if !apart => return None,
            _ => {
                let end = word_end(rest)?;
                items.push(item(&rest[..end])?);
                rest = &rest[end..];
                apart = false;
            }
        }
    }
    Some(items)
}

/// What follows the comment at the start of `text`.
fn after_comment(text: &str) -> Option<&str> {
    let inner = &text[1..];
    let end = inner.find(|c: char| "()\\".contains(c) || is_control(c))?;
    // A parenthesis in quotes does not end it for whoever wrote it: `(domain of "a)"@example.net)`.
    let whole = inner[..end].matches('"').count().is_multiple_of(2);
    inner[end..].strip_prefix(')').filter(|_| whole)
}

/// The length of the word at the start of `text`, up to a blank or a semicolon outside of quotes.
fn word_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_control(c) => return None,
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            // rspamd writes `"x\\" ; dkim=pass y=\"z"` of a host that called itself `x\" ; dkim=pass y="z`.
            '(' | ')' | '\\' => return None,
            ' ' | '\t' | '\r' | '\n' | ';' => return Some(at),
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}

/// A control character that no folding explains.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\r' | '\n')
}

fn item(word: &str) -> Option<Item> {
    let equals = match word.starts_with('"') {
        true => None,
        false => word.split_once('='),
    };
    let Some((name, value)) = equals else {
        return Some(Item::Word(word.to_owned()));
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let named = !name.is_empty() && name.bytes().all(plain);
    named.then(|| Item::Pair(name.to_owned(), unquoted(value)))
}

/// The text of a quoted string; any other value as it stands.
fn unquoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    if chars.next() != Some('"') {
        return value.to_owned();
    }
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '"' if chars.as_str().is_empty() => return text,
            // More follows the quoted string.
            '"' => break,
            c => text.push(c),
        }
    }
    value.to_owned()
}

#[cfg(test)]
#[path = "authres_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "authres_servers_tests.rs"]
mod servers;
