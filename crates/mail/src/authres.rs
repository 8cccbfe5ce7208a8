//! Authentication-Results (RFC 8601): what a mail server found out about who sent a message.
//!
//! Anybody can write such a field, so the caller names the server whose word counts. Of its fields
//! the topmost is read: servers write at the top, and remove what comes in under their own name
//! (section 5).
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
//! assert_eq!(dkim.property("header.d"), Some("example.net"));
//! assert!(!results.iter().any(|result| result.passes("spf")));
//! ```

use crate::message::Message;

/// No field is read further than this many bytes.
const FIELD_LIMIT: usize = 64 << 10;

/// The result of one method, such as `dkim=pass header.d=example.net`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResult {
    /// The method in lower case, without its version: `dkim`.
    pub method: String,
    /// What it found, in lower case: `pass`.
    pub result: String,
    /// Names in lower case, such as `header.d`, and values as they stand.
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
}

/// What the topmost field of the server called `id` says; empty if there is no such field. Letter
/// case and a root dot make no difference to the server's name.
pub fn results(message: &Message, id: &str) -> Vec<AuthResult> {
    let tokens = topmost(message, id).unwrap_or_default();
    // What stands before the first semicolon is the server's name, and perhaps a version.
    let results = tokens.split(|t| *t == Token::Semicolon).skip(1);
    results.filter_map(auth_result).collect()
}

/// True if there is a field of the server called `id`, even one without results.
pub fn has_field(message: &Message, id: &str) -> bool {
    topmost(message, id).is_some()
}

fn topmost(message: &Message, id: &str) -> Option<Vec<Token>> {
    // A field with a blank before the colon (RFC 5322, 4.5) may have slipped through a server that
    // removes those of its own name.
    let fields = message.all("Authentication-Results");
    let fields = fields.filter(|f| f.line.get(f.name.len()) == Some(&b':'));
    let mut fields = fields.map(|field| {
        let value = &field.value[..field.value.len().min(FIELD_LIMIT)];
        tokens(&String::from_utf8_lossy(value))
    });
    let plain = |id: &str| id.trim_end_matches('.').to_ascii_lowercase();
    let ours = |tokens: &Vec<Token>| match tokens.first() {
        Some(Token::Word(word)) => plain(word) == plain(id),
        _ => false,
    };
    fields.find(ours)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A word, a quoted string, or both with nothing between, as in `"a b"@example.net`.
    Word(String),
    Equals,
    Semicolon,
}

/// The tokens of a value; white space and comments are left out.
fn tokens(value: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = value.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            '(' => comment(&mut chars),
            ';' | '=' => {
                chars.next();
                let token = if c == ';' {
                    Token::Semicolon
                } else {
                    Token::Equals
                };
                tokens.push(token);
            }
            c if c.is_ascii_whitespace() => {
                chars.next();
            }
            _ => tokens.push(Token::Word(word(&mut chars))),
        }
    }
    tokens
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips a comment, which may hold others (RFC 5322, 3.2.2). One without an end is all the rest.
fn comment(chars: &mut Chars) {
    let mut depth = 0_u32;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
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

/// Reads `method=result`, then any number of `name=value`.
fn auth_result(tokens: &[Token]) -> Option<AuthResult> {
    let mut pairs = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        match rest {
            [
                Token::Word(name),
                Token::Equals,
                Token::Word(value),
                after @ ..,
            ] => {
                pairs.push((name.to_ascii_lowercase(), value.clone()));
                rest = after;
            }
            _ => rest = &rest[1..],
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let (method, result) = pairs.remove(0);
    // `dkim/1` is version 1 of the method.
    let method = method.split('/').next().unwrap_or_default().to_owned();
    Some(AuthResult {
        method,
        result: result.to_ascii_lowercase(),
        properties: pairs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `method=result name=value ...` of each finding.
    fn read(header: &str, id: &str) -> Vec<String> {
        let header = format!("{header}\n\n");
        let found = results(&Message::new(header.as_bytes()), id);
        let shown = found.iter().map(|f| {
            let first = format!("{}={}", f.method, f.result);
            let rest = f.properties.iter().map(|(n, v)| format!(" {n}={v}"));
            rest.fold(first, |all, one| all + &one)
        });
        shown.collect()
    }

    #[test]
    fn fields_of_real_servers() {
        for (case, header, id, want) in [
            (
                "Exim",
                "Authentication-Results: mail.example.org;\n\tauth=pass (PLAIN) \
                 smtp.auth=steve;\n\tdkim=pass header.d=example.net header.s=s1 \
                 header.a=rsa-sha256",
                "mail.example.org",
                &[
                    "auth=pass smtp.auth=steve",
                    "dkim=pass header.d=example.net header.s=s1 header.a=rsa-sha256",
                ][..],
            ),
            (
                "OpenDKIM",
                "Authentication-Results: mail.example.org;\n\tdkim=pass (2048-bit key; \
                 unprotected) header.d=example.net header.i=@example.net header.a=rsa-sha256 \
                 header.s=s1 header.b=\"Ab;=cD\";\n\tdkim-atps=neutral",
                "MAIL.example.org",
                &[
                    "dkim=pass header.d=example.net header.i=@example.net \
                     header.a=rsa-sha256 header.s=s1 header.b=Ab;=cD",
                    "dkim-atps=neutral",
                ],
            ),
            (
                "OpenDMARC",
                "Authentication-Results: mail.example.org; dmarc=pass (p=none dis=none) \
                 header.from=example.net",
                "mail.example.org",
                &["dmarc=pass header.from=example.net"],
            ),
            (
                "Google",
                "Authentication-Results: mx.google.com;\n       dkim=pass header.i=@example.net \
                 header.s=k header.b=q9w+/2;\n       spf=pass (google.com: domain of \
                 ann@example.net designates 192.0.2.1 as permitted sender) \
                 smtp.mailfrom=ann@example.net;\n       dmarc=pass (p=NONE sp=NONE dis=NONE) \
                 header.from=example.net",
                "mx.google.com",
                &[
                    "dkim=pass header.i=@example.net header.s=k header.b=q9w+/2",
                    "spf=pass smtp.mailfrom=ann@example.net",
                    "dmarc=pass header.from=example.net",
                ],
            ),
        ] {
            assert_eq!(read(header, id), want, "{case}");
        }
    }

    #[test]
    fn odd_ones() {
        for (case, value, want) in [
            ("none", "d; none", &[][..]),
            ("a version", "d 1; dkim=pass", &["dkim=pass"]),
            ("of a method", "d; DKIM/1=Pass", &["dkim=pass"]),
            (
                "blanks",
                " (c) d (c) ;(c)dkim (c)= (c)pass ; ",
                &["dkim=pass"],
            ),
            (
                "no blanks",
                "d;dkim=pass;spf=fail",
                &["dkim=pass", "spf=fail"],
            ),
            ("a root dot", "D.; dkim=pass", &["dkim=pass"]),
            ("a quoted name", "\"d\"; dkim=pass", &["dkim=pass"]),
            ("another's", "dd; dkim=pass", &[]),
            ("nobody's", "; dkim=pass", &[]),
            ("nothing", "", &[]),
            ("no results", "d", &[]),
            ("half a result", "d; dkim; =pass; dkim=", &[]),
            // What a stranger may have had a part in.
            (
                "a quoted string",
                "d; auth=fail smtp.mailfrom=\"x\\\"; dkim=pass (\"@e.net",
                &["auth=fail smtp.mailfrom=x\"; dkim=pass (@e.net"],
            ),
            (
                "a comment",
                "d; dkim=fail (x\\); dkim=pass ((y)) z); spf=none",
                &["dkim=fail", "spf=none"],
            ),
            (
                "without an end",
                "d; dkim=fail (; dkim=pass",
                &["dkim=fail"],
            ),
            (
                "a quote without one",
                "d; dkim=fail \"; dkim=pass",
                &["dkim=fail"],
            ),
        ] {
            let got = read(&format!("Authentication-Results: {value}"), "d");
            assert_eq!(got, want, "{case}");
        }
        let deep = format!(
            "Authentication-Results: d; {}dkim=pass",
            "(".repeat(200_000)
        );
        assert_eq!(read(&deep, "d"), [""; 0]);
    }

    #[test]
    fn the_topmost_field_of_that_server_counts() {
        let header = "Authentication-Results : d; dkim=pass\n\
            Authentication-Results: other; dkim=pass\n\
            Received: by d\nauthentication-results: d; dkim=fail\n\
            Authentication-Results: d; dkim=pass";
        assert_eq!(read(header, "d"), ["dkim=fail"]);
        assert_eq!(read(header, "e"), [""; 0]);
        let has = |id| has_field(&Message::new(header.as_bytes()), id);
        assert_eq!([has("d"), has("Other"), has("e")], [true, true, false]);
    }

    #[test]
    fn of_two_properties_none_is_believed() {
        let header = b"Authentication-Results: d; dkim=pass header.d=a header.D=b header.i=c\n\n";
        let found = results(&Message::new(header), "d");
        assert!(found[0].passes("dkim") && !found[0].passes("dmarc"));
        let value = |name| found[0].property(name);
        assert_eq!([value("header.d"), value("header.i")], [None, Some("c")]);
    }
}
