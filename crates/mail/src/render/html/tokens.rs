//! HTML cut into text and tags, as a browser would, and more forgivingly where text would be lost.

/// A piece of HTML.
pub(super) enum Token<'a> {
    /// Text as written, with its character references.
    Text(&'a str),
    /// A start tag: its name in lower case, and its attributes as written.
    Start(String, &'a str),
    /// An end tag.
    End(String),
}

/// Elements whose content is not for the reader. Without an end tag, those of the second half have
/// no content.
const HIDDEN: [&str; 9] = [
    "script", "style", "title", "iframe", "noframes", "template", "object", "svg", "xml",
];

/// How many of [`HIDDEN`] end with the text if they have no end tag, as in a browser.
const TO_THE_END: usize = 3;

/// The pieces of an HTML text. Takes time that is linear in its length.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    ahead: Ahead,
}

/// What is known not to occur in the rest of the text, so that it is searched for only once.
#[derive(Default)]
struct Ahead {
    /// A quote had no end, so quotes mean nothing from then on.
    open_quote: bool,
    /// There is no further `>`.
    no_end: bool,
    /// The elements of [`HIDDEN`] that have no end tag in the rest.
    no_end_tag: [bool; HIDDEN.len()],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(html: &'a str) -> Self {
        Tokens {
            rest: html,
            ahead: Ahead::default(),
        }
    }

    /// Skips a comment; `inner` is what follows its `<!--`.
    fn after_comment(inner: &'a str) -> &'a str {
        let empty = inner.strip_prefix('>').or(inner.strip_prefix("->"));
        empty.unwrap_or_else(|| inner.split_once("-->").map_or("", |(_, after)| after))
    }

    /// Skips the content of an element that is not for the reader.
    fn skip(&mut self, name: &str) {
        let Some(at) = HIDDEN.iter().position(|hidden| *hidden == name) else {
            return;
        };
        if self.ahead.no_end_tag[at] {
            return;
        }
        match after_element(self.rest, name) {
            Some(after) => self.rest = after,
            None if at < TO_THE_END => self.rest = "",
            None => self.ahead.no_end_tag[at] = true,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let at = memchr::memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
            if at > 0 {
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(Token::Text(text));
            }
            if let Some(comment) = self.rest.strip_prefix("<!--") {
                self.rest = Self::after_comment(comment);
                continue;
            }
            let closing = self.rest.starts_with("</");
            let inner = &self.rest[if closing { 2 } else { 1 }..];
            let is_tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || "!?".contains(c));
            let end = match is_tag {
                true => tag_end(inner, &mut self.ahead),
                false => None,
            };
            let Some(end) = end else {
                let (sign, rest) = self.rest.split_at(1);
                self.rest = rest;
                return Some(Token::Text(sign));
            };
            let tag = &inner[..end];
            self.rest = &inner[end + 1..];
            let len = tag.find(|c: char| !c.is_ascii_alphanumeric());
            let (name, attributes) = tag.split_at(len.unwrap_or(tag.len()));
            // A doctype, an XML prologue, or an element of another namespace.
            if name.is_empty() || attributes.starts_with(':') {
                continue;
            }
            let name = name.to_ascii_lowercase();
            if closing {
                return Some(Token::End(name));
            }
            if !attributes.ends_with('/') {
                self.skip(&name);
            }
            return Some(Token::Start(name, attributes));
        }
    }
}

/// Where the `>` of a tag stands. One in a quoted value does not count, as long as the quotes are
/// closed.
fn tag_end(tag: &str, ahead: &mut Ahead) -> Option<usize> {
    if ahead.no_end {
        return None;
    }
    if !ahead.open_quote {
        let mut open = None;
        let mut before = b' ';
        for (at, byte) in tag.bytes().enumerate() {
            match (open, byte) {
                (None, b'>') => return Some(at),
                (None, b'"' | b'\'') if before == b'=' => open = Some(byte),
                (Some(quote), byte) if byte == quote => open = None,
                _ => {}
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
        }
        ahead.open_quote = true;
    }
    let end = memchr::memchr(b'>', tag.as_bytes());
    ahead.no_end = end.is_none();
    end
}

/// What follows the end tag of an element; `None` if there is no end tag.
fn after_element<'a>(mut rest: &'a str, name: &str) -> Option<&'a str> {
    while let Some((_, tail)) = rest.split_once("</") {
        rest = tail;
        if rest
            .get(..name.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(name))
        {
            return Some(rest.split_once('>').map_or("", |(_, after)| after));
        }
    }
    None
}

/// The value of an attribute as written, without its quotes; empty if it has none.
pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let len = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/');
        let (found, tail) = rest.split_at(len.unwrap_or(rest.len()));
        if found.is_empty() && tail.is_empty() {
            return None;
        }
        let tail = tail.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let Some(value) = tail.strip_prefix('=') else {
            if found.eq_ignore_ascii_case(name) {
                return Some("");
            }
            rest = tail;
            continue;
        };
        let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(
                value
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}
