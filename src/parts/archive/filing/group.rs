//! Between the two readings: the messages of each ticket in order, and the ticket that is theirs
//! already.

use super::survey::{Note, Survey};
use super::{Desk, Tally};
use crate::ticket::TicketId;
use crate::parts::archive::thread::{self, Candidate, Label, Thread};
use anyhow::Result;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The messages of one ticket.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Their places in [`Groups::order`].
    pub range: Range<usize>,
    /// The ticket of ours that is theirs.
    pub home: Option<TicketId>,
    /// The number that the archive gives it.
    pub number: Option<TicketId>,
    thread: Thread,
}

impl Group {
    fn of(thread: Thread, start: usize) -> Group {
        let (mut home, mut number) = (None, None);
        match thread {
            Thread::Labelled(Label::Filed(id)) => home = Some(id),
            Thread::Labelled(Label::Number(_, id)) => number = Some(id),
            Thread::Connected(_) => {}
        }
        Group {
            range: start..start,
            home,
            number,
            thread,
        }
    }
}

/// All tickets of the archive, the oldest first.
pub(super) struct Groups {
    pub survey: Survey,
    pub groups: Vec<Group>,
    order: Vec<u32>,
}

impl Groups {
    /// The messages of a group, in order.
    pub fn notes<'s>(
        &'s self,
        group: &Group,
    ) -> impl DoubleEndedIterator<Item = &'s Note> + use<'s> {
        let order = &self.order[group.range.clone()];
        order.iter().map(|&nth| &self.survey.notes[nth as usize])
    }

    /// How many messages may have to be filed, each counted once in each ticket.
    pub fn messages(&self) -> usize {
        self.order.len()
    }

    /// Puts the messages `order` into groups by their threads, and takes out of each what stands in it
    /// twice.
    fn cut(survey: Survey, threads: &[Thread], mut order: Vec<u32>) -> Groups {
        sort(&mut order, &survey, threads);
        let mut groups: Vec<Group> = Vec::new();
        let mut seen = HashSet::new();
        let mut kept = 0;
        for at in 0..order.len() {
            let nth = order[at];
            let thread = threads[nth as usize];
            if groups.last().is_none_or(|last| last.thread != thread) {
                seen.clear();
                groups.push(Group::of(thread, kept));
            }
            if seen.insert(survey.notes[nth as usize].digest) {
                order[kept] = nth;
                kept += 1;
                if let Some(group) = groups.last_mut() {
                    group.range.end = kept;
                }
            }
        }
        order.truncate(kept);
        Groups {
            survey,
            groups,
            order,
        }
    }
}

impl Desk {
    /// Puts together what belongs together.
    pub(super) fn group(&self, mut survey: Survey, tally: &mut Tally) -> Result<Groups> {
        let filed = self.filed_nodes(&survey)?;
        let mut threads = threads(&mut survey, &filed);
        let every = (0..survey.notes.len() as u32).collect();
        let mut all = Groups::cut(survey, &threads, every);
        // A ticket may be the home of what has a number, and of what has none.
        let homes = self.homes(&all, &filed)?.into_iter();
        let homes: HashMap<Thread, TicketId> = homes
            .map(|(group, home)| (all.groups[group as usize].thread, home))
            .collect();
        // Not only what is in order: what stands in the archive twice has the same home.
        for thread in &mut threads {
            if let Some(home) = homes.get(thread) {
                *thread = Thread::Labelled(Label::Filed(*home));
            }
        }
        // What is filed somewhere is filed; but a whole ticket has all that it had (A6).
        let notes = &all.survey.notes;
        let missing = |nth: &u32| {
            let note = &notes[*nth as usize];
            note.whole || note.filed.is_none()
        };
        let count = notes.len();
        let missing: Vec<u32> = (0..count as u32).filter(missing).collect();
        tally.there += count - missing.len();
        tally.twice += missing.len();
        all = Groups::cut(all.survey, &threads, missing);
        tally.twice -= all.order.len();
        let Groups {
            survey,
            groups,
            order,
        } = &mut all;
        groups.sort_by_key(|group| {
            let first = order[group.range.start];
            (survey.notes[first as usize].at, first)
        });
        Ok(all)
    }

    /// Messages that are filed here, and those that messages of the archive answer and only we have.
    fn filed_nodes(&self, survey: &Survey) -> Result<HashMap<u32, TicketId>> {
        let mut filed = HashMap::new();
        if self.is_empty()? {
            return Ok(filed);
        }
        let mut theirs = HashSet::new();
        for note in &survey.notes {
            theirs.insert(note.node);
            if let Some(id) = note.filed {
                filed.entry(note.node).or_insert(id);
            }
        }
        let index = self.index()?;
        for (node, key) in survey.threads.keys() {
            if !theirs.contains(&node)
                && let Some(id) = index.holders(key)?.first()
            {
                filed.insert(node, *id);
            }
        }
        Ok(filed)
    }

    /// The tickets of ours that groups with a number have already.
    fn homes(
        &self,
        all: &Groups,
        filed: &HashMap<u32, TicketId>,
    ) -> Result<HashMap<u32, TicketId>> {
        if filed.is_empty() {
            return Ok(HashMap::new());
        }
        let mut holders: HashMap<[u8; 16], u32> = HashMap::new();
        let numbered = || {
            let numbered = (0..).zip(&all.groups).filter(|(_, g)| g.number.is_some());
            numbered.collect::<Vec<(u32, &Group)>>()
        };
        for (_, group) in numbered() {
            for note in all.notes(group).filter(|note| note.filed.is_some()) {
                *holders.entry(note.digest).or_default() += 1;
            }
        }
        let index = self.index()?;
        let mut candidates = Vec::new();
        for (nth, group) in numbered() {
            let whole = all.notes(group).any(|note| note.whole);
            let mut common: HashMap<TicketId, (u32, u32)> = HashMap::new();
            for note in all.notes(group).filter(|note| note.filed.is_some()) {
                let own = u32::from(holders.get(&note.digest) == Some(&1));
                for id in self.filed_in(&all.survey.identity(note))? {
                    let counts = common.entry(id).or_default();
                    *counts = (counts.0 + 1, counts.1 + own);
                }
            }
            let openers = match all.notes(group).next() {
                Some(first) => index.opened_by(&all.survey.identity(first))?,
                None => Vec::new(),
            };
            let answered = match common.is_empty() && !whole {
                true => answered(all, group, filed),
                false => None,
            };
            if let Some(id) = answered {
                common.entry(id).or_default();
            }
            for (ticket, (common, own)) in common {
                candidates.push(Candidate {
                    group: nth,
                    ticket,
                    common,
                    own,
                    in_group: group.range.len() as u32,
                    in_ticket: index.ticket(ticket)?.map_or(0, |row| row.entries as u32),
                    opener: openers.contains(&ticket),
                    answers: answered == Some(ticket),
                    whole,
                    same_number: group.number == Some(ticket),
                });
            }
        }
        Ok(thread::homes(candidates))
    }
}

/// The ticket that holds the nearest message above any of a group's.
fn answered(all: &Groups, group: &Group, filed: &HashMap<u32, TicketId>) -> Option<TicketId> {
    let threads = &all.survey.threads;
    all.notes(group).find_map(|note| {
        let mut above = threads.parent(note.node);
        // Links never lead in a circle.
        while let Some(node) = above {
            if let Some(id) = filed.get(&node) {
                return Some(*id);
            }
            above = threads.parent(node);
        }
        None
    })
}

/// The thread of each message.
fn threads(survey: &mut Survey, filed: &HashMap<u32, TicketId>) -> Vec<Thread> {
    let label = |note: &Note| match (note.number, note.filed) {
        (Some((desk, number)), _) => Some(Label::Number(desk, number)),
        (None, Some(id)) => Some(Label::Filed(id)),
        (None, None) => None,
    };
    let mut given: Vec<(i64, u32, Label)> = Vec::new();
    for note in &survey.notes {
        given.extend(label(note).map(|label| (note.at, note.node, label)));
    }
    given.sort_by_key(|(at, ..)| *at);
    let mut given: Vec<(u32, Label)> = given.into_iter().map(|(_, n, l)| (n, l)).collect();
    let mut others: Vec<(u32, Label)> = Vec::new();
    others.extend(filed.iter().map(|(&node, &id)| (node, Label::Filed(id))));
    others.sort_unstable();
    given.append(&mut others);
    let of_node = survey.threads.spread(&given);
    let thread = |note: &Note| match label(note) {
        Some(label @ Label::Number(..)) => Thread::Labelled(label),
        _ => of_node[note.node as usize],
    };
    survey.notes.iter().map(thread).collect()
}

/// Sorts messages by thread, and each thread by time.
fn sort(order: &mut [u32], survey: &Survey, threads: &[Thread]) {
    let at: Vec<(u32, i64)> = survey
        .notes
        .iter()
        .map(|note| (note.node, note.at))
        .collect();
    let dates = survey.threads.dates(&at);
    order.sort_by_key(|&nth| {
        let note = &survey.notes[nth as usize];
        // What joined a whole ticket later stands behind it.
        let seat = if note.whole { note.seat } else { u32::MAX };
        (threads[nth as usize], seat, dates[note.node as usize], nth)
    });
}
