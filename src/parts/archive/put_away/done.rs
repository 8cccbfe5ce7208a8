//! What a run did, and how that is said.

use crate::screen::plural;
use std::collections::BTreeMap;

/// What a run did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many tickets went into the mbox of each year.
    pub(super) tickets: BTreeMap<u16, usize>,
    /// How many messages were written there.
    pub(super) messages: usize,
    /// How many tickets were old enough, and stay all the same.
    pub(super) stay: usize,
}

impl Done {
    /// A line for each year.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let line = |(year, count): (&u16, &usize)| {
            let tickets = plural(*count, "ticket");
            format!("{tickets} put away into archived/{year}.mbox")
        };
        self.tickets.iter().map(line)
    }

    /// How many tickets were put away.
    pub(super) fn total(&self) -> usize {
        self.tickets.values().sum()
    }

    /// All of it in one line.
    pub(super) fn note(&self) -> String {
        let mut parts: Vec<String> = self.lines().collect();
        match self.stay {
            0 if parts.is_empty() => parts.push("no closed ticket is so old".to_owned()),
            0 => {}
            1 => parts.push("1 ticket stays".to_owned()),
            n => parts.push(format!("{n} tickets stay")),
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // D11
    #[test]
    fn what_was_done_is_said_in_a_line() {
        let mut done = Done::default();
        assert_eq!(done.note(), "no closed ticket is so old");
        done.stay = 2;
        assert_eq!(done.note(), "2 tickets stay");
        done.tickets = [(2023, 1), (2024, 12)].into();
        done.stay = 1;
        assert_eq!(
            done.note(),
            "1 ticket put away into archived/2023.mbox, 12 tickets put away into archived/2024.mbox, 1 ticket stays"
        );
    }
}
