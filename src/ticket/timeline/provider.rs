//! Where the lines of the timeline come from: whoever has some offers them through one trait, the
//! tickets like anything that may join them later.

use crate::ticket::TicketId;
use anyhow::Result;
use mail::decode::Mailbox;
use std::borrow::Cow;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// When it happened, in seconds since 1970.
    pub at: i64,
    /// What happened: the name of one of its provider's filters.
    pub kind: Cow<'static, str>,
    /// The ticket it happened to, if it was one.
    pub ticket: Option<TicketId>,
    /// Who did it.
    pub author: Option<Mailbox>,
    /// What it is about, in one line; of a mail, its Subject.
    pub subject: String,
    /// What else is known of an entry of a ticket.
    pub entry: Option<Facts>,
}

/// What is known of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its place in the ticket, from 1.
    pub message: u64,
    /// A machine wrote it.
    pub automatic: bool,
    /// Bytes in the mbox.
    pub size: u64,
    /// Number of attachments.
    pub attachments: u32,
}

/// A kind of line that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// One lower-case word, for `--events` and for programs.
    pub name: Cow<'static, str>,
    /// The same in words for people.
    pub label: Cow<'static, str>,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The first second of interest, since 1970.
    pub since: Option<i64>,
    /// The first second after it.
    pub until: Option<i64>,
    /// Names of filters; `None` is all.
    pub kinds: Option<Vec<String>>,
    /// Only what happened to this ticket.
    pub ticket: Option<TicketId>,
    /// Only where the author's name or address contains this text, which is in lower case.
    pub from: Option<String>,
}

impl Wanted {
    /// True if `item` is asked for.
    pub fn admits(&self, item: &Item) -> bool {
        let is_from = |text: &String| match &item.author {
            Some(who) => [&who.name, &who.address]
                .iter()
                .any(|s| s.to_lowercase().contains(text)),
            None => false,
        };
        self.since.is_none_or(|since| item.at >= since)
            && self.until.is_none_or(|until| item.at < until)
            && self.ticket.is_none_or(|id| item.ticket == Some(id))
            && (self.kinds.as_ref()).is_none_or(|kinds| kinds.iter().any(|k| *k == item.kind))
            && self.from.as_ref().is_none_or(is_from)
    }
}

/// Lines in order of time, newest first.
pub type Items<'a> = Box<dyn Iterator<Item = Result<Item>> + 'a>;

/// Somebody who has lines for the timeline.
pub trait Provider {
    /// The kinds of lines it has.
    fn filters(&self) -> Vec<Filter>;

    /// Its lines, newest first, one after the other as they are asked for. `wanted` spares it
    /// work: what it gives beyond that is left out by the timeline.
    fn items<'a>(&'a self, wanted: &'a Wanted) -> Result<Items<'a>>;
}

/// The lines of all `providers`, newest first; of the same second, an earlier provider's first.
pub fn merge<'a>(
    providers: impl IntoIterator<Item = &'a dyn Provider>,
    wanted: &'a Wanted,
) -> Result<Items<'a>> {
    let mut sources = Vec::new();
    for provider in providers {
        let items = provider.items(wanted)?;
        let admitted = move |item: &Result<Item>| item.as_ref().map_or(true, |i| wanted.admits(i));
        sources.push(items.filter(admitted).peekable());
    }
    Ok(Box::new(std::iter::from_fn(move || {
        let mut newest: Option<(usize, i64)> = None;
        for (at, source) in sources.iter_mut().enumerate() {
            match source.peek() {
                // What went wrong is said at once.
                Some(Err(_)) => return source.next(),
                Some(Ok(item)) if newest.is_none_or(|(_, time)| item.at > time) => {
                    newest = Some((at, item.at));
                }
                _ => {}
            }
        }
        sources[newest?.0].next()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static str, Vec<i64>);

    impl Provider for Fixed {
        fn filters(&self) -> Vec<Filter> {
            let name = Cow::Borrowed(self.0);
            vec![Filter {
                label: name.clone(),
                name,
            }]
        }

        fn items<'a>(&'a self, _: &'a Wanted) -> Result<Items<'a>> {
            let item = |&at: &i64| match at {
                0 => Err(anyhow::anyhow!("{} is broken", self.0)),
                at => Ok(item(at, self.0)),
            };
            Ok(Box::new(self.1.iter().map(item)))
        }
    }

    fn item(at: i64, kind: &'static str) -> Item {
        Item {
            at,
            kind: kind.into(),
            ticket: TicketId::new(12),
            author: Some(Mailbox {
                name: "Ännchen Example".into(),
                address: "ann@example.net".into(),
            }),
            subject: "Hi".into(),
            entry: None,
        }
    }

    fn merged(providers: &[Fixed], wanted: &Wanted) -> String {
        let providers = providers.iter().map(|p| p as &dyn Provider);
        let shown = merge(providers, wanted).unwrap().map(|item| match item {
            Ok(item) => format!("{}{}", item.kind, item.at),
            Err(e) => e.to_string(),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_newest_of_all_comes_first() {
        let all = Wanted::default();
        let some = Wanted {
            since: Some(2),
            until: Some(5),
            ..Wanted::default()
        };
        for (case, providers, wanted, want) in [
            ("nobody", vec![], &all, ""),
            ("nothing", vec![Fixed("a", vec![])], &all, ""),
            ("one", vec![Fixed("a", vec![3, 2, 1])], &all, "a3 a2 a1"),
            (
                "two",
                vec![Fixed("a", vec![5, 3, 1]), Fixed("b", vec![4, 3, 2])],
                &all,
                "a5 b4 a3 b3 b2 a1",
            ),
            (
                "more than was asked for",
                vec![Fixed("a", vec![6, 5, 4, 2, 1])],
                &some,
                "a4 a2",
            ),
            (
                "a broken one",
                vec![Fixed("a", vec![5, 3]), Fixed("b", vec![4, 0, 2])],
                &all,
                "a5 b4 b is broken a3 b2",
            ),
        ] {
            assert_eq!(merged(&providers, wanted), want, "{case}");
        }
    }

    #[test]
    fn filters_choose() {
        let it = item(100, "mail");
        let none = Wanted::default;
        for (case, wanted, want) in [
            ("all", none(), true),
            (
                "the very second",
                Wanted {
                    since: Some(100),
                    ..none()
                },
                true,
            ),
            (
                "later",
                Wanted {
                    since: Some(101),
                    ..none()
                },
                false,
            ),
            (
                "before",
                Wanted {
                    until: Some(101),
                    ..none()
                },
                true,
            ),
            (
                "not until",
                Wanted {
                    until: Some(100),
                    ..none()
                },
                false,
            ),
            (
                "its ticket",
                Wanted {
                    ticket: TicketId::new(12),
                    ..none()
                },
                true,
            ),
            (
                "another",
                Wanted {
                    ticket: TicketId::new(1),
                    ..none()
                },
                false,
            ),
            (
                "its kind",
                Wanted {
                    kinds: Some(vec!["x".into(), "mail".into()]),
                    ..none()
                },
                true,
            ),
            (
                "no kind",
                Wanted {
                    kinds: Some(vec![]),
                    ..none()
                },
                false,
            ),
            (
                "name",
                Wanted {
                    from: Some("ännchen".into()),
                    ..none()
                },
                true,
            ),
            (
                "address",
                Wanted {
                    from: Some("ann@ex".into()),
                    ..none()
                },
                true,
            ),
            (
                "somebody else",
                Wanted {
                    from: Some("bob".into()),
                    ..none()
                },
                false,
            ),
        ] {
            assert_eq!(wanted.admits(&it), want, "{case}");
        }
        let nobody = Item { author: None, ..it };
        assert!(
            !Wanted {
                from: Some(String::new()),
                ..none()
            }
            .admits(&nobody)
        );
    }
}
