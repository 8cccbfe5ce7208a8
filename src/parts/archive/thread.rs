//! Which messages of an archive belong together, and which ticket of ours is theirs already.
//!
//! A number that the archive gives (a tag in the Subject, an address) decides; else In-Reply-To and
//! References do. The Subject's words never do: people use them again. A thread may hold messages
//! that nobody has, known only because others answer them.

use crate::ticket::TicketId;
use std::collections::{HashMap, HashSet};

/// What says to which ticket a message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The archive gives it a number. Different systems may use the same numbers: the first value
    /// tells them apart.
    Number(u64, TicketId),
    /// It is filed in this ticket of ours.
    Filed(TicketId),
}

/// The ticket of a message: by its label, or it belongs to all that are connected with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    /// All with this label.
    Labelled(Label),
    /// All that are connected, and nothing else is known of them.
    Connected(u32),
}

const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    key: i64,
    /// The nearest message that it answers.
    parent: u32,
    /// Leads to the node that stands for all that are connected.
    set: u32,
}

/// The messages of an archive and what they answer. Messages are known by the key of their
/// Message-ID ([`crate::ticket::summary::key`]); about fifty bytes each are kept.
#[derive(Debug, Default)]
pub struct Threads {
    nodes: Vec<Node>,
    by_key: HashMap<i64, u32>,
}

impl Threads {
    /// Adds a message that answers `parents`, nearest first; gives its node.
    pub fn add(&mut self, key: i64, parents: &[i64]) -> u32 {
        let node = self.node(key);
        let mut child = node;
        for &key in parents {
            let parent = self.node(key);
            self.connect(child, parent);
            child = parent;
        }
        node
    }

    fn node(&mut self, key: i64) -> u32 {
        let next = self.nodes.len() as u32;
        let node = *self.by_key.entry(key).or_insert(next);
        if node == next {
            self.nodes.push(Node {
                key,
                parent: NONE,
                set: next,
            });
        }
        node
    }

    fn connect(&mut self, child: u32, parent: u32) {
        let (of_child, of_parent) = (self.set(child), self.set(parent));
        if of_child == of_parent {
            // Together already; one more link could close a circle.
            return;
        }
        self.nodes[of_child as usize].set = of_parent;
        if self.nodes[child as usize].parent == NONE {
            self.nodes[child as usize].parent = parent;
        }
    }

    fn set(&mut self, node: u32) -> u32 {
        let mut root = node;
        while self.nodes[root as usize].set != root {
            // Halves the way for who comes next.
            let next = self.nodes[root as usize].set;
            self.nodes[root as usize].set = self.nodes[next as usize].set;
            root = next;
        }
        root
    }

    /// All nodes with their keys: of the messages, and of those they answer.
    pub fn keys(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        (0..).zip(self.nodes.iter().map(|node| node.key))
    }

    /// The key of a node.
    pub fn key(&self, node: u32) -> i64 {
        self.nodes[node as usize].key
    }

    /// The nearest node that `node` answers.
    pub fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.nodes[node as usize].parent;
        (parent != NONE).then_some(parent)
    }

    /// The thread of each node. `given` are the labels that are known, most important first; a
    /// message without one belongs where the nearest it answers belongs, else where the first
    /// answer to it belongs.
    pub fn spread(&mut self, given: &[(u32, Label)]) -> Vec<Thread> {
        let mut labels: Vec<Option<Label>> = vec![None; self.nodes.len()];
        for &(node, label) in given {
            labels[node as usize].get_or_insert(label);
        }
        self.hand_down(&mut labels);
        for &(node, label) in given {
            let mut above = self.parent(node);
            while let Some(node) = above
                && labels[node as usize].is_none()
            {
                labels[node as usize] = Some(label);
                above = self.parent(node);
            }
        }
        self.hand_down(&mut labels);
        let mut of_set: HashMap<u32, Label> = HashMap::new();
        for &(node, label) in given {
            let set = self.set(node);
            of_set.entry(set).or_insert(label);
        }
        let thread = |(node, label): (usize, Option<Label>)| {
            let set = self.set(node as u32);
            let label = label.or_else(|| of_set.get(&set).copied());
            label.map_or(Thread::Connected(set), Thread::Labelled)
        };
        labels.into_iter().enumerate().map(thread).collect()
    }

    /// Gives each node without a label that of the nearest above it.
    fn hand_down(&self, labels: &mut [Option<Label>]) {
        let mut seen = vec![false; labels.len()];
        let mut way = Vec::new();
        for start in 0..labels.len() as u32 {
            let mut at = Some(start);
            let mut found = None;
            while let Some(node) = at {
                found = labels[node as usize];
                if found.is_some() || std::mem::replace(&mut seen[node as usize], true) {
                    break;
                }
                way.push(node);
                at = self.parent(node);
            }
            for node in way.drain(..) {
                labels[node as usize] = found;
            }
        }
    }

    /// For each node when it was written, seconds since 1970, and how many stand above it, such that
    /// no message comes before one that it answers, whatever its sender's clock said. `at` are the
    /// nodes of messages with their own dates.
    pub fn dates(&self, at: &[(u32, i64)]) -> Vec<(i64, u32)> {
        let mut own = vec![i64::MAX; self.nodes.len()];
        for &(node, at) in at {
            let own = &mut own[node as usize];
            *own = (*own).min(at);
        }
        let mut dates: Vec<Option<(i64, u32)>> = vec![None; self.nodes.len()];
        let mut way = Vec::new();
        for start in 0..self.nodes.len() as u32 {
            let mut above = Some(start);
            while let Some(node) = above
                && dates[node as usize].is_none()
            {
                way.push(node);
                above = self.parent(node);
            }
            let mut last = above.and_then(|node| dates[node as usize]);
            while let Some(node) = way.pop() {
                let own = Some(own[node as usize]).filter(|&at| at != i64::MAX);
                let (at, depth) = last.map_or((i64::MIN, 0), |(at, depth)| (at, depth + 1));
                last = Some((own.unwrap_or(i64::MIN).max(at), depth));
                dates[node as usize] = last;
            }
        }
        let date = |date: Option<(i64, u32)>| date.unwrap_or((i64::MIN, 0));
        dates.into_iter().map(date).collect()
    }
}

/// A group of an archive's messages and a ticket of ours that may be theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The group.
    pub group: u32,
    /// The ticket.
    pub ticket: TicketId,
    /// Messages of the group that the ticket holds.
    pub common: u32,
    /// How many of these belong to no other group.
    pub own: u32,
    /// Messages in the group.
    pub in_group: u32,
    /// Messages in the ticket.
    pub in_ticket: u32,
    /// The group's first message opened the ticket.
    pub opener: bool,
    /// A message of the group answers one that the ticket holds.
    pub answers: bool,
    /// The group is a whole ticket, as it was exported: nothing of it is missing.
    pub whole: bool,
    /// The archive gives the group this very number.
    pub same_number: bool,
}

impl Candidate {
    /// One message may lie in several tickets; that a ticket holds it does not make it the group's.
    fn is_possible(&self) -> bool {
        match self.whole {
            // What else was filed there, or removed by hand, changes nothing.
            true => self.opener || (self.common > 0 && self.common == self.in_ticket),
            false => self.common > 0 || self.answers,
        }
    }

    /// How much they are the same, in millionths: what they share of all that is in either.
    fn likeness(&self) -> u64 {
        let all = u64::from(self.in_group) + u64::from(self.in_ticket);
        let common = u64::from(self.common);
        common * 1_000_000 / all.saturating_sub(common).max(1)
    }
}

/// The ticket of each group that has one: each ticket is the home of one group at most, and the pairs
/// that are most alike come first.
pub fn homes(mut candidates: Vec<Candidate>) -> HashMap<u32, TicketId> {
    candidates.retain(Candidate::is_possible);
    candidates.sort_by_key(|c| {
        let rank = (c.whole && c.opener, c.own > 0, c.likeness(), c.same_number);
        (std::cmp::Reverse(rank), c.ticket, c.group)
    });
    let mut homes = HashMap::new();
    let mut taken = HashSet::new();
    for candidate in candidates {
        if !homes.contains_key(&candidate.group) && taken.insert(candidate.ticket) {
            homes.insert(candidate.group, candidate.ticket);
        }
    }
    homes
}

#[cfg(test)]
#[path = "thread_tests.rs"]
mod tests;
