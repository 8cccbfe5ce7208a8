//! The tickets that groups have already.

use super::*;

fn ticket(number: u32) -> TicketId {
    TicketId::new(number).unwrap()
}

#[test]
fn the_ticket_a_group_has_already() {
    let base = Candidate {
        group: 0,
        ticket: ticket(1),
        common: 2,
        exclusive: 2,
        in_group: 2,
        in_ticket: 2,
        same_opener: true,
        answers: false,
        whole: true,
        same_number: false,
    };
    let tagged = Candidate {
        whole: false,
        same_opener: false,
        ..base
    };
    let shared = |group, of: u32, ticket_number, size| Candidate {
        group,
        ticket: ticket(ticket_number),
        common: 1,
        exclusive: 0,
        in_group: of,
        in_ticket: size,
        same_opener: false,
        ..base
    };
    type Case<'a> = (&'a str, Vec<Candidate>, &'a [(u32, u32)]);
    let table: &[Case] = &[
        ("none", vec![], &[]),
        ("itself", vec![base], &[(0, 1)]),
        (
            "a message was added by hand",
            vec![Candidate {
                in_ticket: 3,
                ..base
            }],
            &[(0, 1)],
        ),
        (
            "the first one was removed by hand",
            vec![Candidate {
                same_opener: false,
                common: 1,
                in_ticket: 1,
                ..base
            }],
            &[(0, 1)],
        ),
        ("only sent to both", vec![shared(0, 1, 3, 2)], &[]),
        (
            "sent to both, and both are there",
            vec![
                shared(0, 2, 5, 1),
                Candidate {
                    ticket: ticket(3),
                    ..base
                },
                Candidate {
                    group: 1,
                    ticket: ticket(5),
                    common: 1,
                    exclusive: 0,
                    in_group: 1,
                    in_ticket: 1,
                    ..base
                },
                shared(1, 1, 3, 2),
            ],
            &[(0, 3), (1, 5)],
        ),
        (
            "one is the beginning of the other",
            vec![
                Candidate {
                    group: 1,
                    ticket: ticket(7),
                    common: 1,
                    exclusive: 0,
                    in_group: 1,
                    in_ticket: 2,
                    ..base
                },
                Candidate {
                    group: 1,
                    ticket: ticket(9),
                    common: 1,
                    exclusive: 0,
                    in_group: 1,
                    in_ticket: 1,
                    ..base
                },
                Candidate {
                    group: 0,
                    ticket: ticket(7),
                    exclusive: 1,
                    ..base
                },
                Candidate {
                    group: 0,
                    ticket: ticket(9),
                    common: 1,
                    exclusive: 0,
                    in_ticket: 1,
                    ..base
                },
            ],
            &[(0, 7), (1, 9)],
        ),
        (
            "twins",
            vec![
                Candidate {
                    exclusive: 0,
                    ..base
                },
                Candidate {
                    exclusive: 0,
                    ticket: ticket(2),
                    same_number: true,
                    ..base
                },
                Candidate {
                    exclusive: 0,
                    group: 1,
                    ..base
                },
                Candidate {
                    exclusive: 0,
                    group: 1,
                    ticket: ticket(2),
                    ..base
                },
            ],
            &[(0, 2), (1, 1)],
        ),
        (
            "tagged",
            vec![Candidate {
                common: 1,
                in_ticket: 9,
                ..tagged
            }],
            &[(0, 1)],
        ),
        (
            "tagged, and only answers",
            vec![Candidate {
                common: 0,
                exclusive: 0,
                answers: true,
                ..tagged
            }],
            &[(0, 1)],
        ),
        (
            "a ticket is the home of one number",
            vec![
                Candidate {
                    group: 1,
                    common: 0,
                    exclusive: 0,
                    answers: true,
                    ..tagged
                },
                Candidate {
                    common: 1,
                    exclusive: 1,
                    in_ticket: 9,
                    ..tagged
                },
            ],
            &[(0, 1)],
        ),
        (
            "an exclusive message counts for more",
            vec![
                Candidate {
                    group: 1,
                    common: 2,
                    exclusive: 0,
                    ..tagged
                },
                Candidate {
                    common: 1,
                    exclusive: 1,
                    in_ticket: 9,
                    ..tagged
                },
            ],
            &[(0, 1)],
        ),
    ];
    for (case, candidates, want) in table {
        let mut orders = [candidates.clone(), candidates.clone()];
        orders[1].reverse();
        for candidates in orders {
            let mut found: Vec<(u32, u32)> = match_tickets(candidates)
                .iter()
                .map(|(g, t)| (*g, t.get()))
                .collect();
            found.sort_unstable();
            assert_eq!(found, *want, "{case}");
        }
    }
}
