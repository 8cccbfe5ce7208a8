//! Tickets as people type them: `12`, `#12`, `[issue12]`, `12,13`, `12-15`.

use super::{NotATicket, TicketId};
use std::fmt;
use std::str::FromStr;

/// One ticket, as it is typed or copied from a Subject.
///
/// # Errors
/// It names none.
pub fn one(text: &str) -> Result<TicketId, NotATicket> {
    let text = text.trim();
    let inside = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    match (text.strip_prefix('#'), inside) {
        (Some(number), _) => number.parse(),
        (_, Some(tag)) => {
            let name = tag.trim_end_matches(|c: char| c.is_ascii_digit());
            tag[name.len()..].parse()
        }
        _ => text.parse(),
    }
}

/// Tickets with commas between them; `12-15` are those that there are from 12 to 15.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketNumbers(Vec<(TicketId, Option<TicketId>)>);

/// Why a text names no tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTickets {
    /// Part of it is no number of a ticket.
    NoNumber,
    /// A range ends before it begins: these two, the other way round.
    Backwards(TicketId, TicketId),
}

impl fmt::Display for NoTickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoTickets::NoNumber => NotATicket.fmt(f),
            NoTickets::Backwards(first, last) => {
                write!(f, "a range begins with the lower number: {first}-{last}")
            }
        }
    }
}

impl std::error::Error for NoTickets {}

impl From<NotATicket> for NoTickets {
    fn from(_: NotATicket) -> NoTickets {
        NoTickets::NoNumber
    }
}

impl FromStr for TicketNumbers {
    type Err = NoTickets;

    fn from_str(text: &str) -> Result<Self, NoTickets> {
        let part = |part: &str| match part.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (one(first)?, one(last)?);
                match first <= last {
                    true => Ok((first, Some(last))),
                    false => Err(NoTickets::Backwards(last, first)),
                }
            }
            None => Ok((one(part)?, None)),
        };
        text.split(',')
            .map(part)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TicketNumbers {
    /// True if that depends on which tickets there are.
    pub fn has_range(&self) -> bool {
        self.0.iter().any(|(_, last)| last.is_some())
    }

    /// The tickets, each once: those that are named, and of a range those among `there`, which is in ascending order.
    ///
    /// # Errors
    /// A range in which there are none: its first and last number.
    pub fn among(
        all: &[TicketNumbers],
        there: &[TicketId],
    ) -> Result<Vec<TicketId>, (TicketId, TicketId)> {
        let mut found = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for &(first, last) in all.iter().flat_map(|numbers| &numbers.0) {
            let named = [first];
            let these = match last {
                None => &named[..],
                Some(last) => {
                    let from = there.partition_point(|id| *id < first);
                    let to = there.partition_point(|id| *id <= last);
                    if from == to {
                        return Err((first, last));
                    }
                    &there[from..to]
                }
            };
            found.extend(these.iter().filter(|id| seen.insert(**id)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u32]) -> Vec<TicketId> {
        numbers.iter().map(|n| TicketId::new(*n).unwrap()).collect()
    }

    // E3
    #[test]
    fn tickets_are_named_as_people_write_them() {
        let there = ids(&[3, 5, 12, 13, 999_999_999]);
        for (typed, want) in [
            ("12", &[12][..]),
            ("#12", &[12]),
            ("[issue12]", &[12]),
            ("[Ticket #12]", &[12]),
            ("7,12,#3", &[7, 12, 3]),
            ("12, 13", &[12, 13]),
            ("12,12", &[12]),
            ("4-12", &[5, 12]),
            ("12-12", &[12]),
            ("1-999999999", &[3, 5, 12, 13, 999_999_999]),
            ("12,3-5", &[12, 3, 5]),
            ("#3-#5", &[3, 5]),
        ] {
            let numbers: TicketNumbers = typed.parse().unwrap();
            assert_eq!(
                TicketNumbers::among(&[numbers], &there),
                Ok(ids(want)),
                "{typed}"
            );
        }
        let nothing: TicketNumbers = "6-11".parse().unwrap();
        let ends = ids(&[6, 11]);
        assert_eq!(
            TicketNumbers::among(&[nothing], &there),
            Err((ends[0], ends[1]))
        );
        for odd in [
            "",
            ",",
            "12,",
            "-",
            "12-",
            "-12",
            "0",
            "012",
            "##12",
            "[12",
            "[]",
            "[issue]",
            "x",
            "1000000000",
            "1-2-3",
            "\u{661}",
            "12;13",
        ] {
            assert_eq!(
                odd.parse::<TicketNumbers>(),
                Err(NoTickets::NoNumber),
                "{odd}"
            );
        }
        let backwards = "1,12-3".parse::<TicketNumbers>().unwrap_err().to_string();
        assert_eq!(backwards, "a range begins with the lower number: 3-12");
    }
}
