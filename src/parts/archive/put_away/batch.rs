//! Some tickets at a time are copied into the mbox of their year, and then removed.
//!
//! A ticket's file is only removed when its messages are on the disk, and the list says where. Killed before that, the
//! next run finds them there, and does the rest.

use super::done::Done;
use super::old::{Look, Old, at_once, look};
use super::year::Known;
use crate::desk::Desk;
use crate::error::{self, Fault, Status};
use crate::parts::archive::export::mailbox::write_entry;
use crate::patience::Patience;
use crate::screen::remark;
use crate::store::{PutAway, PutAwayList, YearMbox};
use crate::ticket::when::moment;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap, HashSet};

/// A batch has about so many bytes, or so many tickets.
const BYTES: u64 = 16 << 20;
const TICKETS: usize = 100;

/// Puts tickets away.
pub(super) struct Archiver<'d, 'l> {
    desk: &'d Desk,
    list: &'l mut PutAwayList<'l>,
    /// When the last message must have been filed, in seconds since 1970.
    limit: i64,
    /// All tickets that may be put away in this run.
    wanted: HashSet<TicketId>,
    /// Those that are next, by year.
    batch: BTreeMap<u16, Vec<Old<'d>>>,
    /// How many they are, and how many bytes they have.
    size: (usize, u64),
    /// What lies in the mboxes already.
    known: HashMap<u16, Known>,
    /// Those that are gone.
    pub(super) gone: Vec<TicketId>,
    pub(super) done: Done,
}

impl<'d, 'l> Archiver<'d, 'l> {
    pub(super) fn new(
        desk: &'d Desk,
        list: &'l mut PutAwayList<'l>,
        limit: i64,
        wanted: &[TicketId],
    ) -> Self {
        Archiver {
            desk,
            list,
            limit,
            wanted: wanted.iter().copied().collect(),
            batch: BTreeMap::new(),
            size: (0, 0),
            known: HashMap::new(),
            gone: Vec::new(),
            done: Done::default(),
        }
    }

    /// Puts a ticket away, now or with those that follow.
    ///
    /// # Errors
    /// The store failed. What is not put away yet stays where it is.
    pub(super) fn add(&mut self, id: TicketId) -> Result<()> {
        match look(self.desk, id, self.limit) {
            Look::No => return Ok(()),
            Look::Stays(why) => {
                self.stays(id, &why);
                return Ok(());
            }
            Look::Old(old) => {
                self.size.0 += 1;
                self.size.1 += old.snapshot.stamp().size;
                self.batch.entry(day(old.last).0).or_default().push(*old);
            }
        }
        match self.size.0 >= TICKETS || self.size.1 >= BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Puts those away that wait for it.
    ///
    /// # Errors
    /// As for [`Archiver::add`].
    pub(super) fn flush(&mut self) -> Result<()> {
        self.size = (0, 0);
        for (year, batch) in std::mem::take(&mut self.batch) {
            let copied = self.copy(year, batch)?;
            self.remove(year, &copied)?;
        }
        Ok(())
    }

    fn stays(&mut self, id: TicketId, why: &str) {
        self.done.stay += 1;
        remark(format_args!("ticket {id} stays: {why}"));
    }

    /// Copies tickets into the mbox of their year. Returns those of which all is there, on the disk, and listed.
    fn copy(&mut self, year: u16, mut batch: Vec<Old<'d>>) -> Result<Vec<Old<'d>>> {
        let (mut mbox, mut known) = self.locked(year)?;
        let (has_more, all): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .partition(|it| !known.is_all_among(it.snapshot.ticket(), &it.messages));
        for it in has_more {
            let path = self.desk.store.year_path(year);
            let why = format!(
                "{} has messages of it that are deleted here; delete them there",
                path.display()
            );
            self.stays(it.snapshot.ticket(), &why);
        }
        if all.is_empty() {
            self.known.insert(year, known);
            return Ok(all);
        }
        self.list.begin(year, mbox.stamp()?.size)?;
        let mut messages = 0;
        mbox.append(|out| {
            for it in &all {
                let id = it.snapshot.ticket();
                it.snapshot.each(&mut |message| {
                    if known.add(id, &message.content) {
                        messages += 1;
                        write_entry(out, message)?;
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        let on = Some(day(self.desk.now()).1);
        let lines = all.iter().map(|it| PutAway {
            ticket: it.snapshot.ticket(),
            year,
            on,
            opening: it.opening,
        });
        self.list.end(&lines.collect::<Vec<_>>())?;
        self.done.messages += messages;
        known.stamp = Some(mbox.stamp()?);
        self.known.insert(year, known);
        Ok(all)
    }

    /// The mbox of a year, locked, and what is in it. It is read before it is locked, for that takes time.
    fn locked(&mut self, year: u16) -> Result<(YearMbox, Known)> {
        let (store, patience) = (&self.desk.store, Patience::default());
        let mut known = self.known.remove(&year);
        loop {
            let read = match known.take() {
                Some(known) => known,
                None => Known::read(self.desk, year, &self.wanted)?,
            };
            let mbox = store.lock_year(year, Patience::default())?;
            let stamp = mbox.stamp()?;
            if stamp.size == 0 {
                return Ok((mbox, Known::default()));
            }
            if read.stamp == Some(stamp) {
                return Ok((mbox, read));
            }
            drop(mbox);
            if !patience.wait() {
                let path = store.year_path(year);
                let text = format!("cannot read {}: it keeps changing", path.display());
                return Err(Fault::new(Status::TempFail, text).into());
            }
        }
    }

    /// Removes the files of tickets that are put away, unless somebody changed them meanwhile.
    fn remove(&mut self, year: u16, copied: &[Old]) -> Result<()> {
        let Some(highest) = copied.iter().map(|it| it.snapshot.ticket().get()).max() else {
            return Ok(());
        };
        let store = &self.desk.store;
        store.sequence()?.keep(highest)?;
        let mut removed = 0;
        for it in copied {
            let id = it.snapshot.ticket();
            let locked = self.desk.store.lock(id, at_once());
            let done = locked.and_then(|mbox| match mbox {
                Some(mbox) => mbox.remove_unchanged(it.snapshot.stamp()),
                None => Ok(true),
            });
            match done {
                Ok(true) => {
                    removed += 1;
                    self.gone.push(id);
                }
                Ok(false) => self.stays(id, "it was changed while it was copied"),
                Err(e) => self.stays(id, &error::line(&e)),
            }
        }
        if removed > 0 {
            *self.done.tickets.entry(year).or_default() += removed;
        }
        self.desk.store.sync_names(State::Closed)
    }
}

/// Year and day of a moment, in UTC.
fn day(at: i64) -> (u16, Date) {
    let day = moment(at).to_zoned(TimeZone::UTC).date();
    (u16::try_from(day.year()).unwrap_or(0), day)
}
