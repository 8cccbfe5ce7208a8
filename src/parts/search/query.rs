//! What a person types into `tickets search`, understood.
//!
//! No text is refused for the letters in it: what is no operator is a word, and a word without
//! letters is nothing. Refused is what was meant as an operator and cannot be one; the place is
//! shown. Nothing here knows how a search is done.

mod keys;
mod mistake;
mod parse;

pub use mistake::Mistake;

use crate::ticket::TicketId;
use jiff::tz::TimeZone;

/// What a message, and its ticket, must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All of these.
    And(Vec<Query>),
    /// One of these.
    Or(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// These words.
    Words(Phrase),
    /// Filed before then, in seconds since 1970.
    Before(i64),
    /// Filed then or after.
    After(i64),
    /// In a ticket of that state.
    Is(Standing),
    /// With something attached.
    HasAttachment,
    /// In this ticket.
    Ticket(TicketId),
}

/// Words that stand together, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    /// Where they stand.
    pub field: Field,
    /// The words, as [`mail::words::searchable`] gives them; there is a letter in them.
    pub text: String,
    /// The last word goes on: `print*`.
    pub prefix: bool,
}

/// A part of a message that words may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Anywhere.
    Any,
    /// Name and address of the author.
    From,
    /// Names and addresses of whom it went to.
    To,
    /// Its Subject.
    Subject,
    /// The names of its attachments.
    File,
}

/// What `is:` may ask of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Open.
    Open,
    /// Closed.
    Closed,
    /// Open, and somebody waits.
    Waiting,
}

impl Query {
    /// Understands what was typed `now` (in seconds since 1970) in `zone`.
    pub fn parse(text: &str, now: i64, zone: &TimeZone) -> Result<Query, Mistake> {
        parse::parse(text, now, zone)
    }

    /// The words that are wanted, those that must not be there left out; each once.
    pub fn wanted(&self) -> Vec<&Phrase> {
        fn collect<'q>(query: &'q Query, found: &mut Vec<&'q Phrase>) {
            match query {
                Query::And(all) | Query::Or(all) => all.iter().for_each(|q| collect(q, found)),
                Query::Words(phrase) if !found.contains(&phrase) => found.push(phrase),
                _ => {}
            }
        }
        let mut found = Vec::new();
        collect(self, &mut found);
        found
    }

    /// What each message must be like if the words may stand in different messages of a ticket:
    /// one query for each of the words, every one with all the other conditions. Empty if there
    /// are no two words that could be apart.
    pub fn apart(&self) -> Vec<Query> {
        let Query::And(all) = self else {
            return Vec::new();
        };
        let is_word = |query: &&Query| matches!(query, Query::Words(phrase) if matches!(phrase.field, Field::Any | Field::Subject));
        let words: Vec<&Query> = all.iter().filter(is_word).collect();
        if words.len() < 2 {
            return Vec::new();
        }
        let others: Vec<&Query> = all.iter().filter(|query| !is_word(query)).collect();
        let with = |word: &Query| {
            let all = std::iter::once(word).chain(others.iter().copied());
            Query::And(all.cloned().collect())
        };
        words.into_iter().map(with).collect()
    }

    /// True if `test` holds for it or for a part of it.
    pub fn any(&self, test: &dyn Fn(&Query) -> bool) -> bool {
        test(self)
            || match self {
                Query::And(all) | Query::Or(all) => all.iter().any(|query| query.any(test)),
                Query::Not(query) => query.any(test),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests;
