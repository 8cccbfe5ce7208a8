//! The tickets of a list in their order, however many there are.

use super::Key;
use crate::desk::Desk;
use crate::listing::Listed;
use crate::screen::Widths;
use crate::ticket::TicketId;
use anyhow::{Context, Result};
use std::cmp::Reverse;

/// As long as there are no more than so many tickets, they are kept; else they are asked for again
/// when they are printed, so that a million fit into little memory.
pub(super) const KEPT: usize = 50_000;

/// So many are asked for, and printed, at a time.
const SOME: usize = 4096;

/// For fewer no thread is worth its while.
const FEW: usize = 512;

/// What was found, in the order in which it is printed.
pub(super) struct Found {
    key: Key,
    keys: Vec<Sorted>,
    kept: Vec<Listed>,
    /// How wide the columns have to be.
    pub(super) widths: Widths,
}

/// A ticket in the order: what it is put there by, and where it is kept, if it is.
type Sorted = (By, TicketId, u32);

/// What a ticket is put in order by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Number(Reverse<i64>),
    Text(Box<str>),
}

impl Found {
    /// Nothing yet, which is to be in this order.
    pub(super) fn by(key: Key) -> Found {
        Found {
            key,
            keys: Vec::new(),
            kept: Vec::new(),
            widths: Widths::default(),
        }
    }

    /// Takes those of the first tickets that are wanted.
    pub(super) fn keep(&mut self, items: Vec<Listed>, is_wanted: impl Fn(&Listed) -> bool) {
        for (at, item) in items.iter().enumerate() {
            if is_wanted(item) {
                self.note(item, at);
            }
        }
        self.kept = items;
    }

    /// Adds a ticket.
    pub(super) fn add(&mut self, item: Listed) {
        self.note(&item, self.kept.len());
        if self.kept.len() < KEPT {
            self.kept.push(item);
        }
    }

    fn note(&mut self, item: &Listed, at: usize) {
        let id = item.row.id;
        self.widths
            .see(id.get().into(), item.row.entries, item.who());
        let number = |number: i64| By::Number(Reverse(number));
        let text = |text: &str| By::Text(text.to_lowercase().into());
        let by = match self.key {
            Key::Active => number(item.active()),
            Key::Opened => number(item.opened()),
            Key::Number => number(0),
            Key::Messages => number(item.row.entries as i64),
            Key::From => text(item.who()),
            Key::Subject => text(&item.row.subject),
        };
        self.keys.push((by, id, at as u32));
    }

    pub(super) fn sort(&mut self, reverse: bool) {
        // Ties are never left to chance: the newest comes first.
        let order = |a: &Sorted, b: &Sorted| a.0.cmp(&b.0).then(b.1.cmp(&a.1));
        self.keys.sort_unstable_by(order);
        if reverse {
            self.keys.reverse();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The numbers in order.
    pub(super) fn ids(&self) -> impl Iterator<Item = TicketId> {
        self.keys.iter().map(|&(_, id, _)| id)
    }

    /// Hands out the tickets in order, some at a time, less those that have vanished since, until
    /// `visit` says false.
    pub(super) fn each(
        &self,
        desk: &Desk,
        mut visit: impl FnMut(&[&Listed]) -> Result<bool>,
    ) -> Result<()> {
        for some in self.keys.chunks(SOME) {
            let again: Vec<Listed>;
            let kept = |&(_, _, at): &Sorted| self.kept.get(at as usize);
            let kept: Option<Vec<&Listed>> = some.iter().map(kept).collect();
            let items = if let Some(kept) = kept {
                kept
            } else {
                let ids: Vec<TicketId> = some.iter().map(|&(_, id, _)| id).collect();
                let rows = desk.index()?.tickets(&ids)?.into_iter();
                let there = rows.filter(|row| row.state.is_some());
                again = there.map(|row| Listed::of(desk, row)).collect();
                again.iter().collect()
            };
            if !visit(&items)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What `write` writes about `items`, each half of them in a thread of its own, if they are many.
pub(super) fn written<T: Sync>(
    items: &[&T],
    write: &(impl Fn(&T, &mut String) -> Result<()> + Sync),
) -> Result<[String; 2]> {
    let all = |items: &[&T]| -> Result<String> {
        let mut text = String::with_capacity(items.len() * 100);
        items.iter().try_for_each(|item| write(item, &mut text))?;
        Ok(text)
    };
    if items.len() < FEW {
        return Ok([all(items)?, String::new()]);
    }
    let (first, second) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(move || all(second));
        let first = all(first)?;
        let second = second.join().ok();
        let second = second.context("cannot write the list: a thread died")??;
        Ok([first, second])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use crate::ticket::State;
    use std::fs;

    #[test]
    fn tickets_that_are_not_kept_are_asked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        fs::write(&config, "domain = \"example.org\"\n").unwrap();
        let overrides = Overrides {
            config: Some(config),
            dir: Some(dir.path().join("store")),
        };
        let desk = Desk::open(Config::load(&overrides).unwrap()).unwrap();
        for number in 1..=6 {
            let text = format!(
                "From ann@x Mon Jan  1 00:00:0{number} 2024\nFrom: ann@x\nSubject: S{number}\n\n\n"
            );
            fs::write(desk.store.root().join(number.to_string()), text).unwrap();
        }
        let found = || {
            let mut found = Found::by(Key::Active);
            desk.rows(State::Open, |row| {
                found.add(Listed::of(&desk, row));
                Ok(())
            })
            .unwrap();
            found.sort(false);
            found
        };
        let numbers = |found: &Found| {
            let mut numbers = Vec::new();
            let see = |items: &[&Listed]| {
                numbers.extend(items.iter().map(|item| (item.row.id.get(), item.waiting)));
                Ok(true)
            };
            found.each(&desk, see).unwrap();
            numbers
        };
        let all = [6, 5, 4, 3, 2, 1];
        let (kept, mut not_kept) = (found(), found());
        not_kept.kept.truncate(2);
        for found in [&kept, &not_kept] {
            assert_eq!(found.ids().map(TicketId::get).collect::<Vec<_>>(), all);
            assert_eq!(numbers(found), all.map(|number| (number, true)));
        }
        let three = TicketId::new(3).unwrap();
        fs::remove_file(desk.store.path(three, State::Open)).unwrap();
        desk.reconcile(State::Open).unwrap();
        assert_eq!(numbers(&kept), all.map(|number| (number, true)));
        assert_eq!(
            numbers(&not_kept),
            [6, 5, 4, 2, 1].map(|number| (number, true))
        );
    }

    #[test]
    fn two_threads_write_in_order() {
        for count in [0, 1, FEW - 1, FEW, FEW + 1, 5 * FEW + 3] {
            let all: Vec<usize> = (0..count).collect();
            let all: Vec<&usize> = all.iter().collect();
            let write = |number: &usize, text: &mut String| {
                text.push_str(&format!("{number} "));
                Ok(())
            };
            let want: String = all.iter().map(|number| format!("{number} ")).collect();
            assert_eq!(written(&all, &write).unwrap().concat(), want);
            let fail = |number: &usize, _: &mut String| match number + 1 == count {
                true => anyhow::bail!("the last one"),
                false => Ok(()),
            };
            let failed = written(&all, &fail).map_err(|e| e.to_string());
            match count {
                0 => assert_eq!(failed, Ok([String::new(), String::new()])),
                _ => assert_eq!(failed, Err("the last one".into())),
            }
        }
    }
}
