//! Whether there is a store. What only looks for tickets makes none: the place may be mistyped, or another user's.

use super::Desk;
use crate::config::{Config, MACHINE_FILE, NO_STORE, SHARE, make_store, served_elsewhere};
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::absent;
use crate::privilege;
use crate::ticket::numbers::TicketNumbers;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use std::path::Path;

impl Desk {
    /// The desk that `config` describes, with a store that is ready to be written to. In a directory that holds no
    /// ticket and was never a store, nothing is made.
    ///
    /// # Errors
    /// Status 66 if there is no store.
    pub fn open_existing(config: Config) -> Result<Desk> {
        let desk = Self::look(config)?;
        desk.expect_store()?;
        if desk.is_begun()? {
            desk.store.create_directories()?;
        }
        Ok(desk)
    }

    /// The desk that `config` describes, with a store that is ready to be written to, for whoever has named its place by
    /// hand: it is made if it is missing, but not among other things.
    ///
    /// # Errors
    /// Status 77 if other things lie there.
    pub fn open_new(config: Config) -> Result<Desk> {
        let desk = Self::look(config)?;
        desk.store.expect_room()?;
        desk.store.create_directories()?;
        Ok(desk)
    }

    /// The same, where a configuration may say where the store is to be: it may lie there itself, as may what it names.
    ///
    /// # Errors
    /// As for [`Desk::open_new`], if there is no configuration.
    pub fn open_to_fill(config: Config) -> Result<Desk> {
        match config.file {
            Some(_) => Self::open(config),
            None => Self::open_new(config),
        }
    }

    /// True if the store has a ticket, or had one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_begun(&self) -> Result<bool> {
        Ok(self.store.has_own_directories()?
            || !self.store.is_empty(State::Open)?
            || !self.store.is_empty(State::Closed)?)
    }

    /// True if the directory of the store is there.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn has_store(&self) -> Result<bool> {
        let root = self.store.root();
        match root.metadata() {
            Ok(meta) => Ok(meta.is_dir()),
            Err(e) if absent(&e) => Ok(false),
            Err(e) => Err(e).with_context(|| format!("cannot look at {}", root.display())),
        }
    }

    /// Makes sure that the directory of the store is there.
    ///
    /// # Errors
    /// Status 66 if it is not, with a command that makes it.
    pub fn expect_store(&self) -> Result<()> {
        match self.has_store()? {
            true => Ok(()),
            false => Err(self.no_store().into()),
        }
    }

    /// Makes sure that whoever calls may look into what the desk keeps for itself. What is said of modules and jobs to those
    /// who may not would be a guess.
    ///
    /// # Errors
    /// They may not, and are told how they may.
    pub fn expect_open(&self) -> Result<()> {
        let private = self.config.dir.join(".tickets");
        match access(&private, AccessFlags::R_OK | AccessFlags::X_OK) {
            Err(Errno::EACCES) => {
                let e = std::io::Error::from(Errno::EACCES);
                Err(e).with_context(|| format!("cannot look into {}", private.display()))
            }
            _ => Ok(()),
        }
    }

    /// The tickets that somebody named. Whether those that are named one by one exist is not looked at.
    ///
    /// # Errors
    /// Status 66 for a range in which there are none.
    pub fn named(&self, numbers: &[TicketNumbers]) -> Result<Vec<TicketId>> {
        let mut there = Vec::new();
        if numbers.iter().any(TicketNumbers::has_range) {
            there = self.store.ids(State::Open)?;
            there.append(&mut self.store.ids(State::Closed)?);
            there.sort_unstable();
        }
        TicketNumbers::among(numbers, &there).map_err(|(first, last)| {
            let text = format!("there are no tickets from {first} to {last}");
            let fault = Fault::new(Status::NoInput, text);
            fault.hint("`tickets list --all` shows every ticket").into()
        })
    }

    /// What helps a user who has no desk: their own, or the one that there is.
    pub(super) fn how_to_get_one(&self) -> String {
        match served_elsewhere(Path::new("/etc")).filter(|_| !self.config.dir_named) {
            None => "`tickets init` sets up a desk".to_owned(),
            Some(desk) if let Some(lost) = desk.lost() => {
                format!("{}: {}", lost.what(), lost.hint())
            }
            Some(desk) => format!(
                "the mail server brings mail to the desk of {}: `{} list`; {SHARE}",
                desk.user,
                desk.command()
            ),
        }
    }

    /// The error for a store that does not exist.
    pub(super) fn no_store(&self) -> Fault {
        if let Some(lost) = self.config.lost() {
            let text = format!("{NO_STORE}{}", lost.what());
            return Fault::new(Status::NoInput, text).hint(lost.hint());
        }
        let dir = self.store.root();
        let text = format!("{NO_STORE}there is no directory {}", dir.display());
        let path = quoted_path(dir);
        let hint = match (&self.config.file, self.config.dir_named) {
            (None, false) => self.how_to_get_one(),
            (None, true) => {
                format!("if the name is right, `tickets --dir {path} init` sets up a desk there")
            }
            // In a directory that is root's, only root makes it, who has become nobody yet.
            (Some(file), _) if file == Path::new(MACHINE_FILE) && privilege::became().is_none() => {
                let make = make_store(dir, self.config.group.as_deref());
                format!("if the name is right, `{make}` makes it")
            }
            (Some(_), _) => {
                let owner = privilege::became().map(|user| format!("-o {} ", quoted(&user)));
                let owner = owner.unwrap_or_default();
                format!("if the name is right, `install -d {owner}-m 711 {path}` makes it")
            }
        };
        Fault::new(Status::NoInput, text).hint(hint)
    }
}
