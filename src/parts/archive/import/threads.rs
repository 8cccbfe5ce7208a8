//! Which messages of an archive belong together.
//!
//! The number that the archive gives a ticket (a tag in the Subject, an address) decides; without one,
//! In-Reply-To and References do. The words of the Subject do not count, since people reuse Subjects. A
//! thread may have messages that are in no archive, known only because others answer them.

use super::raw::ArchiveNumber;
use crate::ticket::TicketId;
use std::collections::HashMap;

/// What assigns a message to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Assignment {
    /// The archive gives its ticket this number.
    Number(ArchiveNumber),
    /// It is filed in this ticket of the desk.
    Filed(TicketId),
}

/// What a message has in common with all others of its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Thread {
    /// The assignment.
    Assigned(Assignment),
    /// Only that they are connected.
    Connected(u32),
}

const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    key: i64,
    /// The nearest message that it answers.
    parent: u32,
    /// Union-find: the way to the node that represents all that are connected.
    set: u32,
}

/// The messages of an archive and what they answer: a node for each msg-id, identified by its key
/// ([`crate::ticket::identity::key`]). About fifty bytes each are kept.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    nodes: Vec<Node>,
    by_key: HashMap<i64, u32>,
}

impl Threads {
    /// Adds a message that answers `parents`, nearest first. Returns its node.
    pub(crate) fn add(&mut self, key: i64, parents: &[i64]) -> u32 {
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
            // They are connected already; one more link could close a circle.
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
            // Path halving keeps later walks short.
            let next = self.nodes[root as usize].set;
            self.nodes[root as usize].set = self.nodes[next as usize].set;
            root = next;
        }
        root
    }

    /// All nodes with their keys, those of answered messages included.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        (0..).zip(self.nodes.iter().map(|node| node.key))
    }

    pub(crate) fn key(&self, node: u32) -> i64 {
        self.nodes[node as usize].key
    }

    /// The nearest message that `node` answers.
    pub(crate) fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.nodes[node as usize].parent;
        (parent != NONE).then_some(parent)
    }

    /// The thread of each node, by the assignments that are `known`, the most important first. A message
    /// without one belongs to the ticket of the nearest message above it; if none above has a ticket, to
    /// that of the first answer to it.
    pub(crate) fn assign(&mut self, known: &[(u32, Assignment)]) -> Vec<Thread> {
        let mut assigned: Vec<Option<Assignment>> = vec![None; self.nodes.len()];
        for &(node, assignment) in known {
            assigned[node as usize].get_or_insert(assignment);
        }
        self.inherit(&mut assigned);
        for &(node, assignment) in known {
            let mut above = self.parent(node);
            while let Some(node) = above
                && assigned[node as usize].is_none()
            {
                assigned[node as usize] = Some(assignment);
                above = self.parent(node);
            }
        }
        self.inherit(&mut assigned);
        let mut of_set: HashMap<u32, Assignment> = HashMap::new();
        for &(node, assignment) in known {
            let set = self.set(node);
            of_set.entry(set).or_insert(assignment);
        }
        let thread = |(node, assignment): (usize, Option<Assignment>)| {
            let set = self.set(node as u32);
            let assignment = assignment.or_else(|| of_set.get(&set).copied());
            assignment.map_or(Thread::Connected(set), Thread::Assigned)
        };
        assigned.into_iter().enumerate().map(thread).collect()
    }

    /// Gives each node without an assignment that of the nearest node above it.
    fn inherit(&self, assigned: &mut [Option<Assignment>]) {
        let mut seen = vec![false; assigned.len()];
        let mut path = Vec::new();
        for start in 0..assigned.len() as u32 {
            let mut at = Some(start);
            let mut found = None;
            while let Some(node) = at {
                found = assigned[node as usize];
                if found.is_some() || std::mem::replace(&mut seen[node as usize], true) {
                    break;
                }
                path.push(node);
                at = self.parent(node);
            }
            for node in path.drain(..) {
                assigned[node as usize] = found;
            }
        }
    }

    /// A sort key for each node: a date, in seconds since 1970, and its depth in the thread. Sorted by
    /// it, no message precedes one that it answers, whatever its sender's clock said. `at` are the
    /// messages' nodes and dates.
    pub(crate) fn dates(&self, at: &[(u32, i64)]) -> Vec<(i64, u32)> {
        let mut own = vec![i64::MAX; self.nodes.len()];
        for &(node, at) in at {
            let own = &mut own[node as usize];
            *own = (*own).min(at);
        }
        let mut dates: Vec<Option<(i64, u32)>> = vec![None; self.nodes.len()];
        let mut path = Vec::new();
        for start in 0..self.nodes.len() as u32 {
            let mut above = Some(start);
            while let Some(node) = above
                && dates[node as usize].is_none()
            {
                path.push(node);
                above = self.parent(node);
            }
            let mut last = above.and_then(|node| dates[node as usize]);
            while let Some(node) = path.pop() {
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

#[cfg(test)]
#[path = "threads_tests.rs"]
mod tests;
