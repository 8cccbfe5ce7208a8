//! One timeline from the events of all parts.

use crate::ticket::timeline::{Items, Provider, TimelineItem, Wanted};
use anyhow::Result;

/// The events of all `providers`, newest first; of the same second, an earlier provider's first.
///
/// # Errors
/// A provider cannot begin.
pub(super) fn merge<'a>(
    providers: impl IntoIterator<Item = &'a dyn Provider>,
    wanted: &'a Wanted,
) -> Result<Items<'a>> {
    let mut sources = Vec::new();
    for provider in providers {
        let items = provider.items(wanted)?;
        let admitted =
            move |item: &Result<TimelineItem>| item.as_ref().map_or(true, |i| wanted.admits(i));
        sources.push(items.filter(admitted).peekable());
    }
    Ok(Box::new(std::iter::from_fn(move || {
        let mut newest: Option<(usize, i64)> = None;
        for (at, source) in sources.iter_mut().enumerate() {
            match source.peek() {
                // An error comes at once.
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
    use crate::ticket::TicketId;
    use crate::ticket::timeline::EventKind;
    use mail::decode::Mailbox;
    use std::borrow::Cow;

    struct Fixed(&'static str, Vec<i64>);

    impl Provider for Fixed {
        fn kinds(&self) -> Vec<EventKind> {
            let name = Cow::Borrowed(self.0);
            vec![EventKind {
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

    fn item(at: i64, kind: &'static str) -> TimelineItem {
        TimelineItem {
            at,
            kind: kind.into(),
            ticket: TicketId::new(12),
            author: Some(Mailbox {
                name: "Ännchen Example".into(),
                address: "ann@example.net".into(),
            }),
            subject: "Hi".into(),
            message: None,
            url: None,
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
        let nobody = TimelineItem { author: None, ..it };
        assert!(
            !Wanted {
                from: Some(String::new()),
                ..none()
            }
            .admits(&nobody)
        );
    }
}
