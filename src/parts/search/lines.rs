//! Chooses the lines of a ticket that are worth showing to somebody who searched for words.

use super::highlight::Highlighter;
use super::query::{Phrase, Query, SearchField};
use super::snippet::MarkedText;
use crate::index::Overview;
use crate::screen::person;
use anyhow::Result;
use mail::decode::{Mailbox, clean, clean_block, is_blank};
use mail::words::{Contents, composed, searchable};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

/// Lines of a ticket that are shown.
const SHOWN: usize = 3;

/// Lines of a ticket that are compared; a word may stand in every line of a long ticket.
const COMPARED: usize = 2000;

/// A line in which words were found.
pub(super) struct MatchedLine {
    /// The message's position in the ticket, from 0.
    seq: u64,
    /// Its place among the lines of the ticket that matched.
    place: usize,
    /// What of the message it is from.
    pub field: SearchField,
    /// The attachment it is from.
    pub file: Option<String>,
    pub marked: MarkedText,
    /// The words that were found, in the form of the full text and in lower case.
    words: HashSet<String>,
}

impl MatchedLine {
    /// The number of the message, from 1.
    pub(super) fn message(&self) -> u64 {
        self.seq + 1
    }

    /// What of the message it is from, in a word for people; empty for its text.
    pub(super) fn label(&self) -> String {
        match (self.field, &self.file) {
            (SearchField::Any, Some(file)) => clean(file),
            (SearchField::Any, None) => String::new(),
            (SearchField::From, _) => "From".into(),
            (SearchField::To, _) => "To".into(),
            (SearchField::Subject, _) => "Subject".into(),
            (SearchField::File, _) => "attached".into(),
        }
    }

    fn is_quoted(&self) -> bool {
        self.marked.text.starts_with('>')
    }

    /// What it says, quoted or not.
    fn unquoted(&self) -> &str {
        self.marked.text.trim_start_matches(['>', ' '])
    }
}

/// What is shown of a ticket.
pub(super) struct Excerpt {
    pub who: MarkedText,
    pub subject: MarkedText,
    pub lines: Vec<MatchedLine>,
}

/// Finds the lines in which the words of a query stand.
pub(super) struct LineFinder<'q> {
    highlighter: Highlighter,
    phrases: Vec<&'q Phrase>,
}

impl<'q> LineFinder<'q> {
    pub(super) fn new(query: &'q Query) -> Result<Self> {
        Ok(LineFinder {
            highlighter: Highlighter::new()?,
            phrases: query.wanted(),
        })
    }

    /// Begins with a ticket.
    pub(super) fn ticket(&self, row: &Overview) -> Result<TicketLines<'_, 'q>> {
        let who = match &row.submitter {
            Some(who) if is_blank(&who.name) => &who.address,
            Some(who) => &who.name,
            None => "",
        };
        let subject = self.marked(SearchField::Subject, &row.subject)?;
        let who = self.marked(SearchField::From, who)?;
        let mut seen = words(&subject);
        seen.extend(words(&who));
        Ok(TicketLines {
            finder: self,
            raw_subject: row.subject.clone(),
            subject,
            who,
            seen,
            lines: Vec::new(),
        })
    }

    /// A line of the ticket's row, with the words that may stand there.
    fn marked(&self, field: SearchField, text: &str) -> Result<MarkedText> {
        let text = clean(&composed(text));
        let marks = self.marks(field, &text)?;
        Ok(MarkedText { text, marks })
    }

    /// The places in `text` where the words stand that may stand in this field.
    fn marks(&self, field: SearchField, text: &str) -> Result<Vec<Range<usize>>> {
        let fits = |phrase: &&&Phrase| phrase.field == SearchField::Any || phrase.field == field;
        let phrases: Vec<&Phrase> = self.phrases.iter().filter(fits).copied().collect();
        Ok(self.highlighter.marks(text, &phrases)?)
    }
}

/// The lines of one ticket.
pub(super) struct TicketLines<'l, 'q> {
    finder: &'l LineFinder<'q>,
    raw_subject: String,
    subject: MarkedText,
    who: MarkedText,
    /// The words that can be seen in the ticket's row.
    seen: HashSet<String>,
    lines: Vec<MatchedLine>,
}

impl TicketLines<'_, '_> {
    /// Reads a message.
    pub(super) fn read(&mut self, seq: u64, contents: &Contents) -> Result<()> {
        for passage in &contents.passages {
            self.take(
                seq,
                SearchField::Any,
                passage.file.as_deref(),
                &passage.text,
            )?;
        }
        // A Subject that only repeats the ticket's is seen in its row.
        if self.raw_subject.is_empty() || !contents.subject.ends_with(&self.raw_subject) {
            self.take(seq, SearchField::Subject, None, &contents.subject)?;
        }
        self.take(seq, SearchField::From, None, &people(&contents.authors))?;
        self.take(seq, SearchField::To, None, &people(&contents.others))?;
        self.take(seq, SearchField::File, None, &contents.files.join("\n"))
    }

    /// Takes the lines of a text in which words stand.
    fn take(&mut self, seq: u64, field: SearchField, file: Option<&str>, text: &str) -> Result<()> {
        // The words of a phrase may stand in two lines, so they are looked for in the whole text.
        let lines: Vec<String> = clean_block(text).lines().map(clean).collect();
        let text = lines.join("\n");
        let text = composed(&text);
        let mut marks = self.finder.marks(field, &text)?.into_iter().peekable();
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
            if here.is_empty() || self.lines.len() >= COMPARED {
                continue;
            }
            let marked = MarkedText {
                text: line.to_owned(),
                marks: here,
            };
            self.lines.push(MatchedLine {
                seq,
                place: self.lines.len(),
                field,
                file: file.map(str::to_owned),
                words: words(&marked),
                marked,
            });
        }
        Ok(())
    }

    /// The row and the lines to show: first the line of text with most of the words, then lines with
    /// words that are not shown yet, then other lines of text that are not quoted.
    pub(super) fn excerpt(self) -> Excerpt {
        let mut left = self.lines;
        let mut seen = self.seen;
        let mut chosen: Vec<MatchedLine> = Vec::new();
        while chosen.len() < SHOWN {
            let all = left.iter().enumerate();
            let worth =
                all.filter_map(|(at, line)| Some((worth(line, &chosen, &seen)?, Reverse(at))));
            let Some((_, Reverse(best))) = worth.max() else {
                break;
            };
            let line = left.remove(best);
            seen.extend(line.words.iter().cloned());
            chosen.push(line);
        }
        chosen.sort_by_key(|line| (line.seq, line.place));
        Excerpt {
            who: self.who,
            subject: self.subject,
            lines: chosen,
        }
    }
}

/// How much a line is worth after those that are `chosen` and the words that are `seen`; `None` if it is
/// not worth showing.
fn worth(
    line: &MatchedLine,
    chosen: &[MatchedLine],
    seen: &HashSet<String>,
) -> Option<(bool, usize, usize, bool, bool)> {
    let is_text = line.field == SearchField::Any;
    let is_first = chosen.is_empty();
    let new_words = line.words.difference(seen).count();
    let known = chosen.iter().any(|it| it.unquoted() == line.unquoted());
    let says_more = new_words > 0 || (is_text && (is_first || !line.is_quoted()));
    let all_words = if is_first { line.words.len() } else { 0 };
    let worth = (
        is_text && is_first,
        new_words,
        all_words,
        is_text,
        !line.is_quoted(),
    );
    (says_more && !known).then_some(worth)
}

/// The marked words in the form of the full text, in lower case.
fn words(MarkedText { text, marks }: &MarkedText) -> HashSet<String> {
    let found = marks.iter().filter_map(|mark| text.get(mark.clone()));
    found.map(|word| searchable(word).to_lowercase()).collect()
}

/// People, one a line.
fn people(people: &[Mailbox]) -> String {
    let lines: Vec<String> = people.iter().map(person).collect();
    lines.join("\n")
}
