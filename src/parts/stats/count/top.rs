//! Who opened most tickets, counted without keeping everybody's name.

use mail::decode::Mailbox;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Somebody who opened tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopSubmitter {
    /// Who; the name is the last one given.
    pub who: Mailbox,
    /// How many tickets.
    pub tickets: u64,
}

/// Counts tickets by address. Each address takes a dozen bytes; names are kept only of those in front.
///
/// Nobody is missed: whoever is in front at the end got there with their last ticket, and the name came
/// with that.
#[derive(Debug)]
pub(super) struct Submitters {
    most: usize,
    hasher: RandomState,
    counts: HashMap<u64, u32>,
    /// Those in front, in order.
    front: Vec<TopSubmitter>,
}

impl Submitters {
    /// Nobody yet; `most` are wanted in the end.
    pub(super) fn new(most: usize) -> Submitters {
        Submitters {
            most,
            hasher: RandomState::new(),
            counts: HashMap::new(),
            front: Vec::new(),
        }
    }

    /// Counts a ticket of `who`.
    pub(super) fn add(&mut self, who: &Mailbox) {
        let count = self
            .counts
            .entry(self.hasher.hash_one(&who.address))
            .or_default();
        *count = count.saturating_add(1);
        let tickets = u64::from(*count);
        let known = (self.front.iter()).position(|s| s.who.address == who.address);
        let full = self.front.len() >= self.most;
        if known.is_none() && full {
            let behind = |last: &TopSubmitter| rank(tickets, &who.address) < rank_of(last);
            if !self.front.last().is_some_and(behind) {
                return;
            }
            self.front.pop();
        }
        let mut new = TopSubmitter {
            who: who.clone(),
            tickets,
        };
        if let Some(at) = known {
            let old = self.front.remove(at);
            if new.who.name.is_empty() {
                new.who.name = old.who.name;
            }
        }
        let at = self.front.partition_point(|s| rank_of(s) < rank_of(&new));
        self.front.insert(at, new);
    }

    /// How many addresses there are, and those in front: most tickets first, then by address.
    pub(super) fn finish(self) -> (u64, Vec<TopSubmitter>) {
        (self.counts.len() as u64, self.front)
    }
}

fn rank(tickets: u64, address: &str) -> (std::cmp::Reverse<u64>, &str) {
    (std::cmp::Reverse(tickets), address)
}

fn rank_of(it: &TopSubmitter) -> (std::cmp::Reverse<u64>, &str) {
    rank(it.tickets, &it.who.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(address: &str) -> Mailbox {
        Mailbox {
            name: String::new(),
            address: address.into(),
        }
    }

    fn top(most: usize, addresses: &[&str]) -> (u64, Vec<String>) {
        let mut counted = Submitters::new(most);
        for address in addresses {
            counted.add(&mailbox(address));
        }
        let (count, front) = counted.finish();
        let short = |s: &TopSubmitter| format!("{}{}", s.who.address, s.tickets);
        (count, front.iter().map(short).collect())
    }

    #[test]
    fn those_in_front() {
        for (case, most, addresses, count, want) in [
            ("nobody", 3, &[][..], 0, &[][..]),
            ("one", 3, &["a"], 1, &["a1"]),
            (
                "most first",
                3,
                &["a", "b", "b", "c", "b", "c"],
                3,
                &["b3", "c2", "a1"],
            ),
            ("ties by address", 2, &["c", "b", "a"], 3, &["a1", "b1"]),
            (
                "pushed out and back",
                1,
                &["a", "b", "b", "a", "a"],
                2,
                &["a3"],
            ),
            ("none wanted", 0, &["a", "a"], 1, &[]),
        ] {
            let want: Vec<String> = want.iter().map(|s| s.to_string()).collect();
            assert_eq!(top(most, addresses), (count, want), "{case}");
        }
    }

    #[test]
    fn the_same_as_if_all_were_kept() {
        // Any mixture will do; this one is always the same.
        let mut seed = 1_u32;
        for most in [1, 2, 5, 10] {
            let mut all: HashMap<String, u64> = HashMap::new();
            let mut counted = Submitters::new(most);
            for _ in 0..3000 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let n = (seed >> 16) % 60;
                let address = format!("{:02}@x", n * n % 61);
                counted.add(&mailbox(&address));
                *all.entry(address).or_default() += 1;
            }
            let mut want: Vec<(u64, String)> = all.into_iter().map(|(a, n)| (n, a)).collect();
            want.sort_by(|a, b| rank(a.0, &a.1).cmp(&rank(b.0, &b.1)));
            let (count, front) = counted.finish();
            assert_eq!(count, want.len() as u64);
            want.truncate(most);
            let got: Vec<(u64, String)> = front
                .into_iter()
                .map(|s| (s.tickets, s.who.address))
                .collect();
            assert_eq!(got, want, "{most}");
        }
    }
}
