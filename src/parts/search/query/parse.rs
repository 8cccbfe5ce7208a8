//! Reads a [`Query`] from text.

use super::keys::{QueryKey, key, meant};
use super::mistake::Mistake;
use super::tree::{Phrase, Query, SearchField};
use super::value;
use jiff::tz::TimeZone;
use mail::words::{composed, searchable, stands_alone};

// The limits keep a search short, whatever was typed.

const MOST_WORDS: usize = 200;

/// Each beginning of a word may stand for thousands of words.
const MOST_PREFIXES: usize = 5;

/// For each negation all messages may have to be read.
const MOST_NOTS: usize = 20;

/// Brackets within brackets.
const DEPTH: usize = 20;

/// The quotes of typewriters and of typographers.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

impl Query {
    /// Reads what was typed at `now` (in seconds since 1970) in `zone`.
    pub(crate) fn parse(text: &str, now: i64, zone: &TimeZone) -> Result<Query, Mistake> {
        let mut parser = Parser {
            text,
            now,
            zone,
            at: 0,
            depth: 0,
            words: 0,
            prefixes: 0,
            nots: 0,
        };
        let hint = "`tickets search --help` shows what can be asked";
        let query = parser.alternatives()?;
        query.ok_or_else(|| Mistake::new(0, "there is no word in it", hint))
    }
}

struct Parser<'t> {
    text: &'t str,
    now: i64,
    zone: &'t TimeZone,
    /// The place up to which the text is read, in bytes.
    at: usize,
    /// How many brackets are open.
    depth: usize,
    words: usize,
    prefixes: usize,
    nots: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
    }

    /// Takes the operator `word`, if it comes next.
    fn take_operator(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(after) = self.rest().strip_prefix(word) else {
            return false;
        };
        let ends = after.starts_with(|c| is_blank(c) || c == '(' || QUOTES.contains(&c));
        let ends = ends || after.is_empty() || (self.depth > 0 && after.starts_with(')'));
        if ends {
            self.at += word.len();
        }
        ends
    }

    /// True at the end of the text or of the brackets.
    fn is_over(&mut self) -> bool {
        self.skip_blanks();
        self.rest().is_empty() || (self.depth > 0 && self.rest().starts_with(')'))
    }

    /// `a b OR c d`; `None` if there is nothing but characters without meaning.
    fn alternatives(&mut self) -> Result<Option<Query>, Mistake> {
        let hint = "put words on both sides, or \"OR\" in quotes";
        let mut sides = Vec::new();
        let mut after = None;
        loop {
            match (self.conjunction()?, after) {
                (Some(side), _) => sides.push(side),
                (None, Some(at)) => return Err(Mistake::new(at, "nothing stands after OR", hint)),
                (None, None) => {}
            }
            if !self.take_operator("OR") {
                return Ok(joined(sides, Query::Or));
            }
            let at = self.at - 2;
            if sides.is_empty() {
                return Err(Mistake::new(at, "nothing stands before OR", hint));
            }
            after = Some(at);
        }
    }

    /// `a b -c`; an AND between them changes nothing.
    fn conjunction(&mut self) -> Result<Option<Query>, Mistake> {
        let mut all = Vec::new();
        loop {
            if self.is_over() || self.is_operator("OR") {
                return Ok(joined(all, Query::And));
            }
            let at = self.at;
            if self.take_operator("AND") {
                if all.is_empty() || self.is_over() || self.is_operator("OR") {
                    let which = if all.is_empty() { "before" } else { "after" };
                    let hint = "words that stand side by side are all wanted: leave AND out";
                    return Err(Mistake::new(
                        at,
                        format!("nothing stands {which} AND"),
                        hint,
                    ));
                }
                continue;
            }
            // `(a b) c` is `a b c`.
            match self.operand()? {
                Some(Query::And(more)) => all.extend(more),
                Some(query) => all.push(query),
                None => {}
            }
        }
    }

    fn is_operator(&mut self, word: &str) -> bool {
        let at = self.at;
        let is = self.take_operator(word);
        self.at = at;
        is
    }

    /// `-a`, `(a OR b)`, `"a b"`, `from:a`, `a`.
    fn operand(&mut self) -> Result<Option<Query>, Mistake> {
        let mut negative = false;
        while let Some(at) = self.take_not() {
            if self.is_over() || self.is_operator("OR") || self.is_operator("AND") {
                let hint = "-word, or \"NOT\" in quotes";
                return Err(Mistake::new(at, "nothing stands after NOT", hint));
            }
            negative = !negative;
        }
        let at = self.at;
        self.nots += usize::from(negative);
        if self.nots > MOST_NOTS {
            let what = format!("more than {MOST_NOTS} things are excluded");
            return Err(Mistake::new(at, what, "take the few that matter"));
        }
        let found = if self.rest().starts_with('(') {
            self.brackets()?
        } else if self.rest().starts_with(QUOTES) {
            let text = self.quoted()?;
            let prefix = self.take_star();
            self.phrases(SearchField::Any, text, prefix, at)?
        } else {
            self.word()?
        };
        Ok(match negative {
            true => found.map(|query| Query::Not(Box::new(query))),
            false => found,
        })
    }

    /// Takes a `NOT`, or the `-` before a word, and returns its place.
    fn take_not(&mut self) -> Option<usize> {
        let at = self.at;
        if self.take_operator("NOT") {
            return Some(at);
        }
        let after = self.rest().strip_prefix('-')?;
        let word = after.starts_with(|c| !is_blank(c) && c != '-');
        self.at += usize::from(word);
        word.then_some(at)
    }

    fn brackets(&mut self) -> Result<Option<Query>, Mistake> {
        let at = self.at;
        if self.depth == DEPTH {
            let what = format!("more than {DEPTH} brackets within brackets");
            return Err(Mistake::new(at, what, "most of them can be left out"));
        }
        self.depth += 1;
        self.at += 1;
        let inner = self.alternatives()?;
        self.skip_blanks();
        if !self.rest().starts_with(')') {
            let hint = "close it with ), or put the words in quotes";
            return Err(Mistake::new(at, "this bracket is not closed", hint));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(inner)
    }

    /// What stands in the quotes that come next.
    fn quoted(&mut self) -> Result<&'t str, Mistake> {
        let at = self.at;
        let open = self.rest().chars().next().map_or(0, char::len_utf8);
        let inner = &self.rest()[open..];
        let Some(len) = inner.find(QUOTES) else {
            let hint = "close it with another \", and quote for the shell: 'from:\"Ann Example\"'";
            return Err(Mistake::new(at, "this quote is not closed", hint));
        };
        let close = inner[len..].chars().next().map_or(0, char::len_utf8);
        self.at += open + len + close;
        Ok(&inner[..len])
    }

    fn take_star(&mut self) -> bool {
        let star = self.rest().starts_with('*');
        self.at += usize::from(star);
        star
    }

    /// Up to a blank, a quote, or a bracket that closes one before the word.
    fn run(&mut self) -> &'t str {
        let rest = self.rest();
        let mut open = 0_usize;
        let end = rest.char_indices().find(|&(_, c)| {
            open += usize::from(c == '(');
            let closes = c == ')' && self.depth > 0 && open == 0;
            open -= usize::from(c == ')' && open > 0);
            is_blank(c) || QUOTES.contains(&c) || closes
        });
        let run = &rest[..end.map_or(rest.len(), |(at, _)| at)];
        self.at += run.len();
        run
    }

    /// A word, or a key and its value.
    fn word(&mut self) -> Result<Option<Query>, Mistake> {
        let at = self.at;
        let run = self.run();
        if let Some((name, value)) = run.split_once(':') {
            let value_at = at + name.len() + 1;
            if let Some(key) = key(name) {
                self.at = value_at;
                return self.condition(key, name, at);
            }
            let quoted = self.rest().starts_with(QUOTES);
            // Times and web addresses have a colon, too, and are words.
            if (quoted || !value.is_empty())
                && !value.starts_with("//")
                && let Some(right) = meant(name)
            {
                let what = format!("there is no {name}:");
                let hint = format!("{right}:... is meant? Put it in quotes to look for the words");
                return Err(Mistake::new(at, what, hint));
            }
        }
        self.phrases(SearchField::Any, run, false, at)
    }

    /// The value of `key`, which was typed as `name` and stands at `at`.
    fn condition(
        &mut self,
        key: QueryKey,
        name: &str,
        at: usize,
    ) -> Result<Option<Query>, Mistake> {
        let value_at = self.at;
        let (value, prefix) = match self.rest().starts_with(QUOTES) {
            true => (self.quoted()?, self.take_star()),
            false => (self.run(), false),
        };
        if value.trim().is_empty() {
            return Err(value::missing(key, name, at));
        }
        if let Some(field) = key.field() {
            return self.phrases(field, value, prefix, value_at);
        }
        let asked = value::condition((key, name), (value, value_at), (self.now, self.zone));
        asked.map(Some)
    }

    /// Words as they were typed. A phrase ends at a `*`, which stands for any letters.
    fn phrases(
        &mut self,
        field: SearchField,
        text: &str,
        prefix: bool,
        at: usize,
    ) -> Result<Option<Query>, Mistake> {
        let mut found = Vec::new();
        let mut pieces = text.split('*').peekable();
        while let Some(piece) = pieces.next() {
            let goes_on = pieces.peek().is_some() || prefix;
            let text = searchable(&composed(&piece.replace('\0', " ")))
                .trim()
                .to_owned();
            let words = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty());
            let count = words.count();
            if count == 0 {
                continue;
            }
            self.words += count;
            if self.words > MOST_WORDS {
                let what = format!("these are more than {MOST_WORDS} words");
                return Err(Mistake::new(at, what, "take the few that matter"));
            }
            // `print *` is a whole word.
            let prefix = goes_on && text.ends_with(char::is_alphanumeric);
            if prefix {
                self.check_prefix(&text, at)?;
            }
            found.push(Query::Words(Phrase {
                field,
                text,
                prefix,
            }));
        }
        Ok(joined(found, Query::And))
    }
}

impl Parser<'_> {
    /// Refuses the beginning of a word if it stands for too many words, or is one too many.
    fn check_prefix(&mut self, text: &str, at: usize) -> Result<(), Mistake> {
        let last = text.rsplit(|c: char| !c.is_alphanumeric()).next();
        let mut letters = last.unwrap_or_default().chars();
        if let (Some(letter), None) = (letters.next(), letters.next())
            && !stands_alone(letter)
        {
            let what = format!("too many words begin with {letter}");
            return Err(Mistake::new(
                at,
                what,
                "put two letters or more before the *",
            ));
        }
        self.prefixes += 1;
        if self.prefixes > MOST_PREFIXES {
            let what = format!("more than {MOST_PREFIXES} words end with *");
            return Err(Mistake::new(at, what, "take the few that matter"));
        }
        Ok(())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

/// `queries` joined, if there are several.
fn joined(mut queries: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Option<Query> {
    match queries.len() {
        0 => None,
        1 => queries.pop(),
        _ => Some(join(queries)),
    }
}
