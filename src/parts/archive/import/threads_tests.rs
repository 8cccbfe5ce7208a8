//! Threads of an archive.

use super::*;
use crate::parts::archive::import::raw::NumberSpace;
use proptest::prelude::*;

fn ticket(number: u32) -> TicketId {
    TicketId::new(number).unwrap()
}

fn number(number: u32) -> Assignment {
    number_of(NumberSpace::TAGS, number)
}

fn number_of(space: NumberSpace, number: u32) -> Assignment {
    let id = ticket(number);
    Assignment::Number(ArchiveNumber { space, id })
}

/// The threads of messages that are written `3<2,1`: message 3 answers 2, and 2 answered 1. Each
/// thread as its assignment and its messages, in order.
fn threads(messages: &str, known: &[(i64, Assignment)]) -> Vec<String> {
    let mut threads = Threads::default();
    let mut own = Vec::new();
    for word in messages.split(' ') {
        let (key, parents) = word.split_once('<').unwrap_or((word, ""));
        let parents: Vec<i64> = parents.split(',').filter_map(|p| p.parse().ok()).collect();
        own.push((
            key.parse::<i64>().unwrap(),
            threads.add(key.parse().unwrap(), &parents),
        ));
    }
    let node = |key: i64| threads.keys().find(|(_, k)| *k == key).unwrap().0;
    let given: Vec<(u32, Assignment)> = known
        .iter()
        .map(|&(key, assignment)| (node(key), assignment))
        .collect();
    let found = threads.assign(&given);
    own.sort_unstable();
    let mut groups: Vec<(Thread, Vec<String>)> = Vec::new();
    for (key, node) in own {
        let thread = found[node as usize];
        match groups.iter_mut().find(|(t, _)| *t == thread) {
            Some((_, keys)) => keys.push(key.to_string()),
            None => groups.push((thread, vec![key.to_string()])),
        }
    }
    let name = |thread: &Thread| match thread {
        Thread::Assigned(Assignment::Number(number)) => format!("#{}: ", number.id),
        Thread::Assigned(Assignment::Filed(id)) => format!("in {id}: "),
        Thread::Connected(_) => String::new(),
    };
    let groups = groups.iter();
    groups
        .map(|(thread, keys)| name(thread) + &keys.join(" "))
        .collect()
}

#[test]
fn messages_that_belong_together() {
    let filed = |n| Assignment::Filed(ticket(n));
    type Case<'a> = (&'a str, &'a str, &'a [(i64, Assignment)], &'a [&'a str]);
    let table: &[Case] = &[
        ("nothing in common", "1 2 3", &[], &["1", "2", "3"]),
        ("answers", "1 2<1 3<2,1 4", &[], &["1 2 3", "4"]),
        ("in any order", "3<2 2<1 1", &[], &["1 2 3"]),
        ("a message nobody has", "1<9 2<9 3<8", &[], &["1 2", "3"]),
        ("far above", "1<9,8 2<8", &[], &["1 2"]),
        ("a circle", "1<2 2<3 3<1", &[], &["1 2 3"]),
        ("itself", "1<1 2<1", &[], &["1 2"]),
        ("one id twice", "1 1<2 2", &[], &["1 1 2"]),
        ("a number", "1 2<1 3<2", &[(2, number(7))], &["#7: 1 2 3"]),
        (
            "the same number",
            "1 2",
            &[(1, number(7)), (2, number(7))],
            &["#7: 1 2"],
        ),
        (
            "a number in the middle, nobody has the rest",
            "5<9,4 4<3",
            &[(5, number(7))],
            &["#7: 4 5"],
        ),
        (
            "numbers are stronger than answers",
            "1 2<1 3<2",
            &[(1, number(7)), (2, number(8))],
            &["#7: 1", "#8: 2 3"],
        ),
        (
            "what stands above, before what follows",
            "1 2<1 3<2",
            &[(1, number(7)), (3, number(8))],
            &["#7: 1 2", "#8: 3"],
        ),
        (
            "the first answer decides for what it answers",
            "1 2<1 3<1 4<1",
            &[(3, number(8)), (2, number(7))],
            &["#8: 1 3 4", "#7: 2"],
        ),
        ("brothers", "1<9 2<9", &[(1, number(7))], &["#7: 1 2"]),
        (
            "filed already",
            "1 2<1 3",
            &[(1, filed(4))],
            &["in 4: 1 2", "3"],
        ),
        (
            "two tickets that are connected only now",
            "1 2 3<2,1 4<1",
            &[(1, filed(4)), (2, filed(5))],
            &["in 4: 1 4", "in 5: 2 3"],
        ),
        (
            "a circle with a number",
            "1<2 2<1 3<1",
            &[(3, number(7))],
            &["#7: 1 2 3"],
        ),
        (
            "two numbers of two desks",
            "1 2",
            &[(1, number(7)), (2, number_of(NumberSpace::COPY, 7))],
            &["#7: 1", "#7: 2"],
        ),
    ];
    for (case, messages, known, want) in table {
        assert_eq!(threads(messages, known), *want, "{case}");
    }
}

#[test]
fn a_long_thread_costs_no_more_than_many_short_ones() {
    let mut threads = Threads::default();
    let count = 300_000;
    for key in (1..count).rev() {
        threads.add(key, &[key - 1]);
    }
    let last = threads.add(count - 1, &[]);
    let found = threads.assign(&[(last, number(7))]);
    assert!(found.iter().all(|t| *t == Thread::Assigned(number(7))));
    let first = threads.keys().find(|(_, key)| *key == 0).unwrap().0;
    let dates = threads.dates(&[(first, 5)]);
    assert_eq!(dates[last as usize], (5, count as u32 - 1));
}

#[test]
fn an_answer_comes_after_what_it_answers() {
    let mut threads = Threads::default();
    let [a, b, c] = [(1, &[][..]), (2, &[1][..]), (3, &[9, 2][..])].map(|(k, p)| threads.add(k, p));
    let dates = threads.dates(&[(a, 100), (b, 50), (c, 120), (b, 60)]);
    let date = |node: u32| dates[node as usize];
    assert_eq!([date(a), date(b), date(c)], [(100, 0), (100, 1), (120, 3)]);
}

proptest! {
    // Whatever refers to whatever: it ends, all have a thread, and nobody comes before a parent.
    #[test]
    fn any_references(
        messages in prop::collection::vec((0..30i64, prop::collection::vec(0..30i64, 0..4)), 0..60),
        known in prop::collection::vec((0..60usize, 1..5u32), 0..5),
    ) {
        let mut threads = Threads::default();
        let nodes: Vec<u32> = messages.iter().map(|(key, parents)| threads.add(*key, parents)).collect();
        let known = known.iter().filter_map(|&(at, n)| Some((*nodes.get(at)?, number(n))));
        let given: Vec<(u32, Assignment)> = known.collect();
        let found = threads.assign(&given);
        prop_assert_eq!(found.len(), threads.keys().count());
        for (node, assignment) in &given {
            let first = given.iter().find(|(n, _)| n == node).unwrap().1;
            if first == *assignment {
                prop_assert_eq!(found[*node as usize], Thread::Assigned(*assignment));
            }
        }
        let at: Vec<(u32, i64)> = nodes.iter().map(|&n| (n, i64::from(n) * 7 % 11)).collect();
        let dates = threads.dates(&at);
        for &node in &nodes {
            if let Some(parent) = threads.parent(node) {
                prop_assert!(dates[node as usize] > dates[parent as usize]);
            }
        }
    }
}
