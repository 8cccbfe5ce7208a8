//! From text to [`Query`].

mod value;

use super::keys::{key, meant};
use super::{Field, Mistake, Phrase, Query};
use jiff::tz::TimeZone;
use mail::words::{composed, searchable, stands_alone};

/// More words than this are no question, and would take long.
const WORDS: usize = 200;

/// More beginnings of words would take long: each may stand for thousands.
const PREFIXES: usize = 5;

/// Each thing that must not be there may take a look at all messages.
const NOTS: usize = 20;

/// Brackets within brackets.
const DEPTH: usize = 20;

/// Quotes of typewriters and of typographers.
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

#[cfg(test)]
pub(super) use value::STATES;

pub(super) fn parse(text: &str, now: i64, zone: &TimeZone) -> Result<Query, Mistake> {
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
    let query = parser.either()?;
    query.ok_or_else(|| Mistake {
        what: "there is no word in it".into(),
        at: 0,
        hint: "`tickets search --help` shows what can be asked".into(),
    })
}

struct Parser<'t> {
    text: &'t str,
    now: i64,
    zone: &'t TimeZone,
    at: usize,
    depth: usize,
    words: usize,
    prefixes: usize,
    nots: usize,
}

/// A mistake at a place.
fn mistake(at: usize, what: impl Into<String>, hint: impl Into<String>) -> Mistake {
    Mistake {
        what: what.into(),
        at,
        hint: hint.into(),
    }
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
    }

    /// The word in capitals that comes next, if it is `word`.
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

    /// True if nothing more comes here.
    fn is_over(&mut self) -> bool {
        self.skip_blanks();
        self.rest().is_empty() || (self.depth > 0 && self.rest().starts_with(')'))
    }

    /// `a b OR c d`; `None` if there is nothing but signs without meaning.
    fn either(&mut self) -> Result<Option<Query>, Mistake> {
        let hint = "put words on both sides, or \"OR\" in quotes";
        let mut sides = Vec::new();
        let mut after = None;
        loop {
            match (self.every()?, after) {
                (Some(side), _) => sides.push(side),
                (None, Some(at)) => return Err(mistake(at, "nothing stands after OR", hint)),
                (None, None) => {}
            }
            if !self.take_operator("OR") {
                return Ok(one_of(sides, Query::Or));
            }
            let at = self.at - 2;
            if sides.is_empty() {
                return Err(mistake(at, "nothing stands before OR", hint));
            }
            after = Some(at);
        }
    }

    /// `a b -c`; an AND between them says the same.
    fn every(&mut self) -> Result<Option<Query>, Mistake> {
        let mut all = Vec::new();
        loop {
            if self.is_over() || self.is_operator("OR") {
                return Ok(one_of(all, Query::And));
            }
            let at = self.at;
            if self.take_operator("AND") {
                if all.is_empty() || self.is_over() || self.is_operator("OR") {
                    let which = if all.is_empty() { "before" } else { "after" };
                    let hint = "words that stand side by side are all wanted: leave AND out";
                    return Err(mistake(at, format!("nothing stands {which} AND"), hint));
                }
                continue;
            }
            // Brackets need not mean anything where they are only nested.
            match self.single()? {
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
    fn single(&mut self) -> Result<Option<Query>, Mistake> {
        let mut negative = false;
        while let Some(at) = self.take_not() {
            if self.is_over() || self.is_operator("OR") || self.is_operator("AND") {
                let hint = "-word, or \"NOT\" in quotes";
                return Err(mistake(at, "nothing stands after NOT", hint));
            }
            negative = !negative;
        }
        let at = self.at;
        self.nots += usize::from(negative);
        if self.nots > NOTS {
            let what = format!("these are more than {NOTS} things that must not be there");
            return Err(mistake(at, what, "take the few that matter"));
        }
        let found = if self.rest().starts_with('(') {
            self.brackets()?
        } else if self.rest().starts_with(QUOTES) {
            let text = self.quoted()?;
            let prefix = self.take_star();
            self.phrases(Field::Any, text, prefix, at)?
        } else {
            self.word()?
        };
        Ok(match negative {
            true => found.map(|query| Query::Not(Box::new(query))),
            false => found,
        })
    }

    /// Takes a `NOT`, or the `-` before a word; gives its place.
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
            return Err(mistake(at, what, "most of them can be left out"));
        }
        self.depth += 1;
        self.at += 1;
        let inner = self.either()?;
        self.skip_blanks();
        if !self.rest().starts_with(')') {
            let hint = "close it with ), or put the words in quotes";
            return Err(mistake(at, "this bracket is not closed", hint));
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
            return Err(mistake(at, "this quote is not closed", hint));
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
                return self.value(key, name, at);
            }
            let quoted = self.rest().starts_with(QUOTES);
            // No mistake: a time, an address in the web.
            if (quoted || !value.is_empty())
                && !value.starts_with("//")
                && let Some(right) = meant(name)
            {
                let what = format!("there is no {name}:");
                let hint = format!("{right}:... is meant? Put it in quotes to look for the words");
                return Err(mistake(at, what, hint));
            }
        }
        self.phrases(Field::Any, run, false, at)
    }

    /// Words as they were typed. At a `*` a phrase ends, since nobody knows what comes there.
    fn phrases(
        &mut self,
        field: Field,
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
            if self.words > WORDS {
                let what = format!("these are more than {WORDS} words");
                return Err(mistake(at, what, "take the few that matter"));
            }
            // `print *` is no beginning of a word.
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
        Ok(one_of(found, Query::And))
    }
}

impl Parser<'_> {
    /// Refuses a beginning that stands for too many words.
    fn check_prefix(&mut self, text: &str, at: usize) -> Result<(), Mistake> {
        let last = text.rsplit(|c: char| !c.is_alphanumeric()).next();
        let mut letters = last.unwrap_or_default().chars();
        if let (Some(letter), None) = (letters.next(), letters.next())
            && !stands_alone(letter)
        {
            let what = format!("too many words begin with {letter}");
            return Err(mistake(at, what, "put two letters or more before the *"));
        }
        self.prefixes += 1;
        if self.prefixes > PREFIXES {
            let what = format!("these are more than {PREFIXES} beginnings of words");
            return Err(mistake(at, what, "take the few that matter"));
        }
        Ok(())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

/// One query of several.
fn one_of(mut queries: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Option<Query> {
    match queries.len() {
        0 => None,
        1 => queries.pop(),
        _ => Some(join(queries)),
    }
}
