//! A query: what messages, and their tickets, must be like.

use crate::ticket::TicketId;

/// A condition that a message, or its ticket, meets or does not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// All of these are met.
    And(Vec<Query>),
    /// At least one of these is met.
    Or(Vec<Query>),
    /// This is not met.
    Not(Box<Query>),
    /// The message has these words.
    Words(Phrase),
    /// It was filed before this moment, in seconds since 1970.
    Before(i64),
    /// It was filed at this moment or after.
    After(i64),
    /// Its ticket is in this state.
    Is(Standing),
    /// It has an attachment.
    HasAttachment,
    /// It is in this ticket.
    Ticket(TicketId),
}

/// Words that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phrase {
    /// Where they stand.
    pub field: SearchField,
    /// The words in the form of [`mail::words::searchable`]; they contain a letter or a digit.
    pub text: String,
    /// The last word may continue: `print*`.
    pub prefix: bool,
}

/// A part of a message that words may stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SearchField {
    /// Anywhere.
    Any,
    /// Name and address of the author.
    From,
    /// Names and addresses in To and Cc.
    To,
    /// The Subject.
    Subject,
    /// The names of attachments.
    File,
}

/// What `is:` may ask of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is open.
    Open,
    /// It is closed.
    Closed,
    /// It is open, and somebody waits for an answer.
    Waiting,
}

impl Query {
    /// The phrases that a message should have, without those that it must not have; each once.
    pub(crate) fn wanted(&self) -> Vec<&Phrase> {
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

    /// The query taken apart for words in different messages of a ticket: one query for each word, all
    /// of them with the other conditions. Empty if there are no two words that could be apart.
    pub(crate) fn apart(&self) -> Vec<Query> {
        let Query::And(all) = self else {
            return Vec::new();
        };
        let (words, others): (Vec<&Query>, Vec<&Query>) =
            all.iter().partition(|query| query.may_stand_apart());
        if words.len() < 2 {
            return Vec::new();
        }
        let with_others = |word: &Query| {
            let all = std::iter::once(word).chain(others.iter().copied());
            Query::And(all.cloned().collect())
        };
        words.into_iter().map(with_others).collect()
    }

    fn may_stand_apart(&self) -> bool {
        let Query::Words(phrase) = self else {
            return false;
        };
        matches!(phrase.field, SearchField::Any | SearchField::Subject)
    }

    /// True if `test` holds for the query or for one of its parts.
    pub(crate) fn any(&self, test: &dyn Fn(&Query) -> bool) -> bool {
        test(self)
            || match self {
                Query::And(all) | Query::Or(all) => all.iter().any(|query| query.any(test)),
                Query::Not(query) => query.any(test),
                _ => false,
            }
    }
}
