//! Between the two readings: sorts the messages into tickets, and finds the tickets that exist already.

use super::filed::nothing_is_filed;
use super::matching::{Candidate, match_tickets};
use super::report::ImportReport;
use super::survey::{MessageRecord, Survey};
use super::threads::{Assignment, Thread};
use crate::desk::Desk;
use crate::ticket::TicketId;
use anyhow::Result;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The messages of one ticket.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Their positions in [`Groups::order`].
    range: Range<usize>,
    /// The existing ticket that they belong to.
    pub(crate) existing: Option<TicketId>,
    /// The number that the archive gives the ticket.
    pub(crate) number: Option<TicketId>,
    thread: Thread,
}

impl Group {
    /// The number of its messages.
    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }

    fn of(thread: Thread, start: usize) -> Group {
        let (mut existing, mut number) = (None, None);
        match thread {
            Thread::Assigned(Assignment::Filed(id)) => existing = Some(id),
            Thread::Assigned(Assignment::Number(archive)) => number = Some(archive.id),
            Thread::Connected(_) => {}
        }
        Group {
            range: start..start,
            existing,
            number,
            thread,
        }
    }
}

/// All tickets of the archives, the oldest first.
pub(crate) struct Groups {
    pub(crate) survey: Survey,
    pub(crate) groups: Vec<Group>,
    /// Indexes of messages, those of each group in order.
    order: Vec<u32>,
}

impl Groups {
    /// The messages of a group, in order.
    pub(crate) fn messages<'s>(
        &'s self,
        group: &Group,
    ) -> impl Iterator<Item = &'s MessageRecord> + use<'s> {
        let order = &self.order[group.range.clone()];
        order.iter().map(|&nth| &self.survey.records[nth as usize])
    }

    /// The number of messages in all groups. Some of them may be filed already.
    pub(crate) fn count(&self) -> usize {
        self.order.len()
    }

    /// Makes a group of the messages of each thread, without those that it has already.
    fn split(survey: Survey, threads: &[Thread], mut order: Vec<u32>) -> Groups {
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
            if seen.insert(survey.records[nth as usize].digest) {
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

/// Sorts the messages of the archives into tickets.
pub(crate) fn group(desk: &Desk, mut survey: Survey, report: &mut ImportReport) -> Result<Groups> {
    let filed = filed_nodes(desk, &survey)?;
    let mut threads = threads(&mut survey, &filed);
    let every = (0..survey.records.len() as u32).collect();
    let mut all = Groups::split(survey, &threads, every);
    // Messages with a number and messages without one may belong to the same ticket.
    let existing = existing_tickets(desk, &all, &filed)?.into_iter();
    let existing: HashMap<Thread, TicketId> = existing
        .map(|(group, id)| (all.groups[group as usize].thread, id))
        .collect();
    // Also messages that the archives hold twice, and that are left out of the order.
    for thread in &mut threads {
        if let Some(id) = existing.get(thread) {
            *thread = Thread::Assigned(Assignment::Filed(*id));
        }
    }
    // A message that is filed in any ticket is not filed again; but a whole ticket gets all messages
    // that it had, although some are filed in other tickets, too (A6).
    let records = &all.survey.records;
    let wanted = |nth: &u32| {
        let record = &records[*nth as usize];
        record.whole.is_some() || record.filed.is_none()
    };
    let count = records.len();
    let wanted: Vec<u32> = (0..count as u32).filter(wanted).collect();
    let totals = &mut report.totals;
    totals.known += count - wanted.len();
    totals.repeated += wanted.len();
    all = Groups::split(all.survey, &threads, wanted);
    totals.repeated -= all.order.len();
    let Groups {
        survey,
        groups,
        order,
    } = &mut all;
    groups.sort_by_key(|group| {
        let first = order[group.range.start];
        (survey.records[first as usize].at, first)
    });
    Ok(all)
}

/// The tickets of the nodes that are filed: messages of the archives, and messages that they answer and
/// only the desk has.
fn filed_nodes(desk: &Desk, survey: &Survey) -> Result<HashMap<u32, TicketId>> {
    let mut filed = HashMap::new();
    if nothing_is_filed(desk)? {
        return Ok(filed);
    }
    let mut archived = HashSet::new();
    for record in &survey.records {
        archived.insert(record.node);
        if let Some(id) = record.filed {
            filed.entry(record.node).or_insert(id);
        }
    }
    let index = desk.index()?;
    for (node, key) in survey.threads.keys() {
        if !archived.contains(&node)
            && let Some(id) = index.holders(key)?.first()
        {
            filed.insert(node, *id);
        }
    }
    Ok(filed)
}

/// The existing tickets of groups with a number, by the index of the group.
fn existing_tickets(
    desk: &Desk,
    all: &Groups,
    filed: &HashMap<u32, TicketId>,
) -> Result<HashMap<u32, TicketId>> {
    if filed.is_empty() {
        return Ok(HashMap::new());
    }
    let numbered = (0..).zip(&all.groups).filter(|(_, g)| g.number.is_some());
    let numbered: Vec<(u32, &Group)> = numbered.collect();
    let filed_messages = |group| all.messages(group).filter(|record| record.filed.is_some());
    // In how many groups each message is.
    let mut groups_with: HashMap<[u8; 16], u32> = HashMap::new();
    for record in numbered.iter().flat_map(|(_, group)| filed_messages(group)) {
        *groups_with.entry(record.digest).or_default() += 1;
    }
    let index = desk.index()?;
    let mut candidates = Vec::new();
    for (nth, group) in numbered {
        let whole = all.messages(group).any(|record| record.whole.is_some());
        let mut counts: HashMap<TicketId, (u32, u32)> = HashMap::new();
        for record in filed_messages(group) {
            let exclusive = u32::from(groups_with.get(&record.digest) == Some(&1));
            for id in index.holding(&all.survey.identity(record))? {
                let counts = counts.entry(id).or_default();
                *counts = (counts.0 + 1, counts.1 + exclusive);
            }
        }
        let openers = match all.messages(group).next() {
            Some(first) => index.opened_by(&all.survey.identity(first))?,
            None => Vec::new(),
        };
        let answered = match counts.is_empty() && !whole {
            true => answered_ticket(all, group, filed),
            false => None,
        };
        if let Some(id) = answered {
            counts.entry(id).or_default();
        }
        for (ticket, (common, exclusive)) in counts {
            candidates.push(Candidate {
                group: nth,
                ticket,
                common,
                exclusive,
                in_group: group.len() as u32,
                in_ticket: index.ticket(ticket)?.map_or(0, |row| row.entries as u32),
                same_opener: openers.contains(&ticket),
                answers: answered == Some(ticket),
                whole,
                same_number: group.number == Some(ticket),
            });
        }
    }
    Ok(match_tickets(candidates))
}

/// The ticket that holds the nearest message above any of a group's.
fn answered_ticket(
    all: &Groups,
    group: &Group,
    filed: &HashMap<u32, TicketId>,
) -> Option<TicketId> {
    let threads = &all.survey.threads;
    all.messages(group).find_map(|record| {
        let mut above = threads.parent(record.node);
        // This ends, since `Threads` has no circles.
        while let Some(node) = above {
            if let Some(id) = filed.get(&node) {
                return Some(*id);
            }
            above = threads.parent(node);
        }
        None
    })
}

/// The thread of each message. Where assignments compete, that of the oldest message wins; those of
/// messages that only the desk has come last.
fn threads(survey: &mut Survey, filed: &HashMap<u32, TicketId>) -> Vec<Thread> {
    let assignment = |record: &MessageRecord| match (record.number, record.filed) {
        (Some(number), _) => Some(Assignment::Number(number)),
        (None, Some(id)) => Some(Assignment::Filed(id)),
        (None, None) => None,
    };
    let mut dated: Vec<(i64, u32, Assignment)> = Vec::new();
    for record in &survey.records {
        dated.extend(assignment(record).map(|known| (record.at, record.node, known)));
    }
    dated.sort_by_key(|(at, ..)| *at);
    let mut known: Vec<(u32, Assignment)> = dated.into_iter().map(|(_, n, a)| (n, a)).collect();
    let mut others: Vec<(u32, Assignment)> = Vec::new();
    others.extend(
        filed
            .iter()
            .map(|(&node, &id)| (node, Assignment::Filed(id))),
    );
    others.sort_unstable();
    known.append(&mut others);
    let of_node = survey.threads.assign(&known);
    let thread = |record: &MessageRecord| match record.number {
        Some(number) => Thread::Assigned(Assignment::Number(number)),
        None => of_node[record.node as usize],
    };
    survey.records.iter().map(thread).collect()
}

/// Sorts messages by thread and, within a thread, by position or date.
fn sort(order: &mut [u32], survey: &Survey, threads: &[Thread]) {
    let at = survey.records.iter().map(|record| (record.node, record.at));
    let dates = survey.threads.dates(&at.collect::<Vec<_>>());
    order.sort_by_key(|&nth| {
        let record = &survey.records[nth as usize];
        // Messages that were added to a whole ticket follow those that it had.
        let position = record.whole.map_or(u32::MAX, |(position, _)| position);
        (
            threads[nth as usize],
            position,
            dates[record.node as usize],
            nth,
        )
    });
}
