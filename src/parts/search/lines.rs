//! Which lines of a message are worth showing to who searched for words.

use super::command::ObjectMatch;
use crate::screen::Match;
use crate::index::Overview;
use crate::parts::search::marks::Marker;
use crate::parts::search::query::{Field, Phrase, Query};
use anyhow::Result;
use mail::decode::{Mailbox, clean, clean_block, cleaned};
use mail::words::{Contents, composed, searchable};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

/// So many lines of a ticket are shown at most.
const SHOWN: usize = 3;

/// So many lines of a ticket are looked at: the word may be in every one.
const LOOKED_AT: usize = 2000;

/// A line in which words were found.
pub(crate) struct Line {
    /// The message's position in the ticket, from 0.
    seq: u64,
    /// Its place among all that were found.
    place: usize,
    field: Field,
    /// The attachment it comes from.
    file: Option<String>,
    text: String,
    marks: Vec<Range<usize>>,
    /// The words that were found, as the index has them, in lower case.
    words: HashSet<String>,
}

impl Line {
    /// The line for people.
    pub(crate) fn shown(&self) -> Match {
        let label = match (self.field, &self.file) {
            (Field::Any, Some(file)) => clean(file),
            (Field::Any, None) => String::new(),
            (Field::From, _) => "From".into(),
            (Field::To, _) => "To".into(),
            (Field::Subject, _) => "Subject".into(),
            (Field::File, _) => "attached".into(),
        };
        Match {
            message: self.seq + 1,
            label,
            text: self.text.clone(),
            marks: self.marks.clone(),
        }
    }

    /// The line for programs.
    pub(crate) fn object(&self) -> ObjectMatch<'_> {
        ObjectMatch {
            message: self.seq + 1,
            field: match self.field {
                Field::Any => "text",
                Field::From => "from",
                Field::To => "to",
                Field::Subject => "subject",
                Field::File => "file",
            },
            file: self.file.as_deref(),
            line: &self.text,
        }
    }

    fn is_quoted(&self) -> bool {
        self.text.starts_with('>')
    }

    /// What it says, quoted or not.
    fn unquoted(&self) -> &str {
        self.text.trim_start_matches(['>', ' '])
    }
}

/// Looks for the words of a query.
pub(crate) struct Looker<'q> {
    marker: Marker,
    phrases: Vec<&'q Phrase>,
}

impl<'q> Looker<'q> {
    pub(crate) fn new(query: &'q Query) -> Result<Self> {
        Ok(Looker {
            marker: Marker::new()?,
            phrases: query.wanted(),
        })
    }

    /// Begins with a ticket.
    pub(crate) fn at(&self, row: &Overview) -> Result<Look<'_, 'q>> {
        let subject = clean(&composed(&row.subject));
        let marks = self.marks(Field::Subject, &subject)?;
        let subject = Shown {
            text: subject,
            marks,
        };
        // The name that is shown; who has none is shown by the address.
        let who = row
            .submitter
            .as_ref()
            .map_or("", |who| match cleaned(&who.name).is_empty() {
                true => &who.address,
                false => &who.name,
            });
        let who = clean(&composed(who));
        let marks = self.marks(Field::From, &who)?;
        let who = Shown { text: who, marks };
        let mut seen = words(&subject.text, &subject.marks);
        seen.extend(words(&who.text, &who.marks));
        Ok(Look {
            looker: self,
            raw_subject: row.subject.clone(),
            subject,
            who,
            seen,
            lines: Vec::new(),
        })
    }

    /// Where the words stand that may stand in this field.
    fn marks(&self, field: Field, text: &str) -> Result<Vec<Range<usize>>> {
        let fits = |phrase: &&&Phrase| phrase.field == Field::Any || phrase.field == field;
        let phrases: Vec<&Phrase> = self.phrases.iter().filter(fits).copied().collect();
        Ok(self.marker.mark(text, &phrases)?)
    }
}

/// A text of a ticket's row as it was looked at and is shown, and where words stand in it.
pub(crate) struct Shown {
    pub text: String,
    pub marks: Vec<Range<usize>>,
}

/// What is worth showing of a ticket.
pub(crate) struct Seen {
    pub who: Shown,
    pub subject: Shown,
    pub lines: Vec<Line>,
}

/// A look at the messages of one ticket.
pub(crate) struct Look<'l, 'q> {
    looker: &'l Looker<'q>,
    raw_subject: String,
    subject: Shown,
    who: Shown,
    /// The words that can be seen in the ticket's row.
    seen: HashSet<String>,
    lines: Vec<Line>,
}

impl Look<'_, '_> {
    /// Looks at a message.
    pub(crate) fn read(&mut self, seq: u64, said: &Contents) -> Result<()> {
        for passage in &said.passages {
            self.take(seq, Field::Any, passage.file.clone(), &passage.text)?;
        }
        if self.raw_subject.is_empty() || !said.subject.ends_with(&self.raw_subject) {
            self.take(seq, Field::Subject, None, &said.subject)?;
        }
        for (field, people) in [(Field::From, &said.authors), (Field::To, &said.others)] {
            let written = |who: &Mailbox| match who.name.as_str() {
                "" => who.address.clone(),
                name => format!("{name} <{}>", who.address),
            };
            let people: Vec<String> = people.iter().map(written).collect();
            self.take(seq, field, None, &people.join("\n"))?;
        }
        self.take(seq, Field::File, None, &said.files.join("\n"))
    }

    /// Takes the lines of a text in which words stand.
    fn take(&mut self, seq: u64, field: Field, file: Option<String>, text: &str) -> Result<()> {
        // A phrase may go over the end of a line, so the text is looked at as a whole.
        let lines: Vec<String> = clean_block(text).lines().map(clean).collect();
        let text = lines.join("\n");
        let text = composed(&text);
        let mut marks = self.looker.marks(field, &text)?.into_iter().peekable();
        let mut start = 0;
        for line in text.split('\n') {
            let end = start + line.len();
            let mut here = Vec::new();
            while let Some(mark) = marks.peek().filter(|mark| mark.start < end).cloned() {
                here.push(mark.start.max(start) - start..mark.end.min(end) - start);
                if mark.end > end {
                    break;
                }
                marks.next();
            }
            start = end + 1;
            if here.is_empty() || self.lines.len() >= LOOKED_AT {
                continue;
            }
            self.lines.push(Line {
                seq,
                place: self.lines.len(),
                field,
                file: file.clone(),
                text: line.to_owned(),
                words: words(line, &here),
                marks: here,
            });
        }
        Ok(())
    }

    /// The ticket's row, and the lines that are worth showing.
    ///
    /// First the line of text that says most, then those with words that were not seen yet, then others
    /// of the text, no quoted ones.
    pub(crate) fn seen(self) -> Seen {
        let mut left = self.lines;
        let mut seen = self.seen;
        let mut chosen: Vec<Line> = Vec::new();
        while chosen.len() < SHOWN {
            let worth = |line: &Line| {
                let new = line.words.iter().filter(|word| !seen.contains(*word));
                let new = new.count();
                let text = line.field == Field::Any;
                let known = chosen.iter().any(|c| c.unquoted() == line.unquoted());
                let more = new > 0 || (text && (chosen.is_empty() || !line.is_quoted()));
                let all = if chosen.is_empty() {
                    line.words.len()
                } else {
                    0
                };
                let first = text && chosen.is_empty();
                (more && !known).then_some((first, new, all, text, !line.is_quoted()))
            };
            let all = left.iter().enumerate();
            let all = all.filter_map(|(at, line)| Some((worth(line)?, Reverse(at))));
            let Some((_, Reverse(best))) = all.max() else {
                break;
            };
            let line = left.remove(best);
            seen.extend(line.words.iter().cloned());
            chosen.push(line);
        }
        chosen.sort_by_key(|line| (line.seq, line.place));
        Seen {
            who: self.who,
            subject: self.subject,
            lines: chosen,
        }
    }
}

/// What stands at these places, as the index has it.
fn words(text: &str, marks: &[Range<usize>]) -> HashSet<String> {
    let found = marks.iter().filter_map(|mark| text.get(mark.clone()));
    found.map(|word| searchable(word).to_lowercase()).collect()
}
