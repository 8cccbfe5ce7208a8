//! Which tickets were put away, and where (D11).
//!
//! `archived/put-away` has a line for each: `12 2024 2026-11-29 DIGEST`, its number, the year whose mbox has it, the day
//! on which that was done, and what names the message that opened it. It lies in `archived/` and others may read it,
//! since Exim looks there whether to take mail to a ticket that is no more; a line that begins with # is a comment to it.
//! Such a line, `# 2024 4711`, says that a run was about to append to the mbox of that year behind so many bytes. If no
//! other line follows it, the run died, and what it appended may be torn.
//!
//! A ticket that is there is a ticket, whatever is said of it here. The last line about a ticket counts.

use super::Store;
use super::lock;
use super::year::year_of;
use crate::files::{Found, absent};
use crate::patience::Locked;
use crate::ticket::{State, TicketId, identity};
use anyhow::{Context, Result};
use jiff::civil::Date;
use nix::fcntl::OFlag;
use std::collections::{BTreeSet, HashMap};
use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;

/// The name of the file, in `archived/`.
pub(super) const PUT_AWAY: &str = "put-away";

/// No line has more bytes.
const LINE: u64 = 128;

/// Where a ticket lies that was put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PutAway {
    pub(crate) ticket: TicketId,
    /// The year whose mbox has it.
    pub(crate) year: u16,
    /// The day on which it was put there, in UTC, if that is known.
    pub(crate) on: Option<Date>,
    /// The digest of the message that opened it (A5).
    pub(crate) opening: [u8; 16],
}

/// What a line says.
enum Line {
    Ticket(PutAway),
    /// Somebody was about to append to the mbox of this year, which had so many bytes.
    Begun(u16, u64),
    Other,
}

impl Line {
    fn parse(line: &str) -> Line {
        let mut words = line.split_ascii_whitespace();
        let mut next = || words.next().unwrap_or_default();
        let parsed = match next() {
            "#" => (|| Some(Line::Begun(next().parse().ok()?, next().parse().ok()?)))(),
            number => (|| {
                let (year, on, opening) = (next(), next(), next());
                let opening = u128::from_str_radix(opening, 16).ok()?;
                Some(Line::Ticket(PutAway {
                    ticket: number.parse().ok()?,
                    year: year.parse().ok()?,
                    on: on.parse().ok(),
                    opening: opening.to_be_bytes(),
                }))
            })(),
        };
        parsed.unwrap_or(Line::Other)
    }
}

/// The list, open and locked for the one who puts tickets away. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct PutAwayList<'s> {
    store: &'s Store,
    file: Locked,
}

impl Store {
    /// Where a ticket was put; `None` if it never was. Whether it is there again is not looked at.
    ///
    /// # Errors
    /// The list cannot be read.
    pub(crate) fn put_away(&self, id: TicketId) -> Result<Option<PutAway>> {
        let mut found = None;
        self.each_put_away(|it| {
            if it.ticket == id {
                found = Some(it);
            }
        })?;
        Ok(found)
    }

    /// All tickets that ever were, and what names the messages that opened them.
    ///
    /// # Errors
    /// The list cannot be read.
    pub(crate) fn all_put_away(&self) -> Result<HashMap<TicketId, [u8; 16]>> {
        let mut all = HashMap::new();
        self.each_put_away(|it| {
            all.insert(it.ticket, it.opening);
        })?;
        Ok(all)
    }

    /// The years whose mboxes have tickets that were put away, the first one first.
    ///
    /// # Errors
    /// The list cannot be read.
    pub(crate) fn years_put_away(&self) -> Result<Vec<u16>> {
        let mut years = BTreeSet::new();
        self.each_put_away(|it| {
            years.insert(it.year);
        })?;
        Ok(years.into_iter().collect())
    }

    /// The highest number among them, 0 if there are none.
    pub(super) fn highest_put_away(&self) -> Result<u32> {
        let mut highest = 0;
        self.each_put_away(|it| highest = highest.max(it.ticket.get()))?;
        Ok(highest)
    }

    fn each_put_away(&self, mut visit: impl FnMut(PutAway)) -> Result<()> {
        let opened = self
            .dir_of(State::Closed)
            .and_then(|dir| dir.at(PUT_AWAY).open_quietly());
        let read = match opened {
            Err(e) if absent(&e) => return Ok(()),
            opened => opened.and_then(|file| {
                each_line(&file, |line| {
                    if let Line::Ticket(it) = line {
                        visit(it);
                    }
                })
                .map(|_| ())
            }),
        };
        read.with_context(|| self.cannot("read"))
    }

    fn cannot(&self, what: &str) -> String {
        let path = self.dir(State::Closed).join(PUT_AWAY);
        format!("cannot {what} {}", path.display())
    }

    /// Removes the locks that a run has left which died, of tickets that it had just removed, and of mboxes: nobody else
    /// might.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn clear_left_locks(&self) -> Result<()> {
        let dir = self.opened(State::Closed)?;
        let mut locked = Vec::new();
        let read = dir.each(|name, _| {
            let of = name.strip_suffix(".lock").unwrap_or_default();
            if of.parse::<TicketId>().is_ok() || year_of(of).is_some() {
                locked.push(dir.at(of));
            }
            Ok(true)
        });
        read.with_context(|| format!("cannot read {}", self.dir(State::Closed).display()))?;
        for of in locked {
            lock::clear_stale(&of);
        }
        Ok(())
    }

    /// Opens the list to add to it, without waiting for the lock; `None` if somebody else has it.
    ///
    /// # Errors
    /// It cannot be opened or created.
    pub(crate) fn lock_put_away(&self) -> Result<Option<PutAwayList<'_>>> {
        let dir = self.opened(State::Closed)?;
        let place = dir.at(PUT_AWAY);
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_APPEND;
        let open = || {
            let file = place.open(flags)?;
            // Exim's user reads it; nothing in it is more than anybody learns who asks for each number.
            let mode = Found::of(&file)?.mode() | 0o644;
            if Found::of(&file)?.mode() != mode {
                file.set_permissions(Permissions::from_mode(mode & 0o7777))?;
            }
            dir.sync()?;
            Locked::now(file)
        };
        let locked = open().with_context(|| self.cannot("open"))?;
        Ok(locked.map(|file| PutAwayList { store: self, file }))
    }
}

/// Visits the lines that are whole, and returns where the last of them ends.
fn each_line(file: &File, mut visit: impl FnMut(Line)) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut line, mut end) = (Vec::new(), 0);
    loop {
        line.clear();
        reader.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(end);
        }
        let whole = line.ends_with(b"\n");
        if !whole && (line.len() as u64) < LINE {
            return Ok(end);
        }
        end += line.len() as u64;
        visit(Line::parse(&String::from_utf8_lossy(&line)));
    }
}

impl PutAwayList<'_> {
    /// True if nothing was ever noted, or the list is lost.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub(crate) fn is_empty(&self) -> Result<bool> {
        let found = Found::of(&self.file).with_context(|| self.store.cannot("read"))?;
        Ok(found.stamp().size == 0)
    }

    /// The mbox to which a run was about to append that died, and how many bytes it had before.
    ///
    /// # Errors
    /// The list cannot be read.
    pub(crate) fn unfinished(&mut self) -> Result<Option<(u16, u64)>> {
        let mut last = None;
        self.lines(|line| {
            last = match line {
                Line::Begun(year, size) => Some((year, size)),
                Line::Ticket(_) | Line::Other => None,
            }
        })?;
        Ok(last)
    }

    /// Notes that the mbox of a year, which has so many bytes, is about to be appended to. It is on the disk then.
    ///
    /// # Errors
    /// It cannot be; nothing is left then.
    pub(crate) fn begin(&mut self, year: u16, size: u64) -> Result<()> {
        self.append(&format!("# {year} {size}\n"))
    }

    /// Notes that what was begun is done, and these tickets lie there. It is on the disk then.
    ///
    /// # Errors
    /// It cannot be.
    pub(crate) fn end(&mut self, put: &[PutAway]) -> Result<()> {
        let mut lines = String::new();
        for it in put {
            let (id, year, opening) = (it.ticket, it.year, identity::hex(&it.opening));
            let on = it.on.map_or_else(|| "-".to_owned(), |on| on.to_string());
            lines.push_str(&format!("{id} {year} {on} {opening}\n"));
        }
        if lines.is_empty() {
            lines.push_str("#\n");
        }
        self.append(&lines)
    }

    fn lines(&mut self, visit: impl FnMut(Line)) -> Result<u64> {
        let mut file: &File = &self.file;
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| each_line(file, visit));
        read.with_context(|| self.store.cannot("read"))
    }

    fn append(&mut self, lines: &str) -> Result<()> {
        let end = self.lines(|_| ())?;
        let mut file: &File = &self.file;
        // A line that was cut off said nothing yet on which anything relies.
        let written = file
            .set_len(end)
            .and_then(|()| file.write_all(lines.as_bytes()))
            .and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = file.set_len(end);
        }
        written.with_context(|| self.store.cannot("write"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), None);
        store.create_directories().unwrap();
        (dir, store)
    }

    fn away(ticket: u32, year: u16) -> PutAway {
        PutAway {
            ticket: TicketId::new(ticket).unwrap(),
            year,
            on: "2026-11-29".parse().ok(),
            opening: [7; 16],
        }
    }

    // D11
    #[test]
    fn the_last_line_about_a_ticket_counts() {
        let (dir, store) = store();
        let id = |n| TicketId::new(n).unwrap();
        assert_eq!(store.put_away(id(12)).unwrap(), None);
        let mut list = store.lock_put_away().unwrap().unwrap();
        assert!(list.is_empty().unwrap());
        assert!(store.lock_put_away().unwrap().is_none());
        list.begin(2024, 4711).unwrap();
        assert_eq!(list.unfinished().unwrap(), Some((2024, 4711)));
        list.end(&[away(12, 2024), away(1, 2024)]).unwrap();
        assert_eq!(list.unfinished().unwrap(), None);
        list.end(&[PutAway {
            on: None,
            ..away(12, 2025)
        }])
        .unwrap();
        let digest = "07".repeat(16);
        let want = format!(
            "# 2024 4711\n12 2024 2026-11-29 {digest}\n1 2024 2026-11-29 {digest}\n12 2025 - {digest}\n"
        );
        let path = dir.path().join("archived/put-away");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), want);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o004, 0o004);
        let found = store.put_away(id(12)).unwrap().unwrap();
        assert_eq!((found.year, found.on), (2025, None));
        assert_eq!(store.put_away(id(1)).unwrap(), Some(away(1, 2024)));
        assert_eq!(store.put_away(id(2)).unwrap(), None);
        assert_eq!(store.highest_put_away().unwrap(), 12);
        drop(list);
        store.lock_put_away().unwrap().unwrap();
    }

    // D11
    #[test]
    fn a_line_that_was_cut_off_is_none() {
        let (dir, store) = store();
        let path = dir.path().join("archived/put-away");
        let digest = "07".repeat(16);
        let line = format!("12 2024 2026-11-29 {digest}\n");
        for torn in ["# 2024 47", "13 2024 2026-1", "\0\0\0\0", ""] {
            std::fs::write(&path, format!("# 2024 9\n{line}{torn}")).unwrap();
            let mut list = store.lock_put_away().unwrap().unwrap();
            assert_eq!(list.unfinished().unwrap(), None, "{torn}");
            list.end(&[]).unwrap();
            let want = format!("# 2024 9\n{line}#\n");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), want, "{torn}");
            assert_eq!(list.unfinished().unwrap(), None, "{torn}");
        }
        // What somebody else wrote there says nothing, however long it is.
        let odd = format!("{}\n12\n# x\n0 2024 - {digest}\n", "x".repeat(1000));
        std::fs::write(&path, odd).unwrap();
        assert_eq!(store.all_put_away().unwrap().len(), 0);
    }
}
