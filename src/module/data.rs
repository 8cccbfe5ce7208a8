//! A module's own data, which has a version (G8).
//!
//! In the module's home, `data_version` holds the version of what lies in `data`. Before that is set up or upgraded, it
//! is copied to `before-VERSION`. If the version is still the same when somebody next looks, the upgrade failed or was
//! cut short, and the copy is put back; else it is no longer needed. So whatever dies at whatever moment, the data is of
//! the version that the file names.
//!
//! Of a module whose data has no version nothing is upgraded: it is used while `setup` runs, and stays as it is.

use super::ask::Request;
use super::head::Head;
use super::home::{Home, LockError};
use super::manifest::Point;
use super::one::Module;
use super::tree;
use crate::files::{Dir, absent};
use std::fmt;
use std::io;

/// The file with the version of the data.
const VERSION: &str = "data_version";

/// How often data is put back that a module makes anew meanwhile.
const TRIES: usize = 3;

/// What was done to a module's data: the version before, `None` if there was none, and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// The version before; `None` if there was none.
    pub from: Option<u32>,
    /// The version now; `None` if its data has none.
    pub to: Option<u32>,
}

impl fmt::Display for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (_, None) => f.write_str("set up"),
            (None, Some(to)) => write!(f, "data set up, version {to}"),
            (Some(from), Some(to)) => write!(f, "data upgraded from version {from} to {to}"),
        }
    }
}

impl Home {
    /// The version of its own data; `None` if it has none yet.
    ///
    /// # Errors
    /// It cannot be read, or is no number.
    pub fn data_version(&self) -> io::Result<Option<u32>> {
        let text = match self.read(VERSION) {
            Err(e) if absent(&e) => return Ok(None),
            read => read?,
        };
        let text = String::from_utf8_lossy(&text);
        let version = text.trim().parse().map(Some);
        version.map_err(|_| io::Error::other(format!("{VERSION} is no number")))
    }
}

impl Module {
    /// Says whether its data is of the version that it needs. Nobody asks a module of which that is not true.
    ///
    /// # Errors
    /// Why not, in one line, with what mends it.
    pub fn expect_data(&self) -> Result<(), String> {
        let Some(needed) = self.manifest.data_version else {
            return Ok(());
        };
        match self.home.data_version() {
            Ok(Some(version)) if version == needed => Ok(()),
            Ok(Some(version)) if version > needed => Err(newer(version, needed)),
            Ok(_) => Err(format!(
                "it needs an upgrade of its data: `tickets modules upgrade {}`",
                self.name()
            )),
            Err(e) => Err(self.unreadable(&e)),
        }
    }

    /// Why it is left out though nothing is wrong with it, in two words, where [`Module::expect_data`] says no.
    pub fn data_state(&self) -> &'static str {
        let version = self.home.data_version().ok().flatten();
        match version > self.manifest.data_version {
            true => "too old",
            false => "needs upgrade",
        }
    }

    /// Brings its data to the version that it needs, by asking it to (`setup`). `None` if there is nothing to do. If it
    /// fails, the data is as it was.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn set_up(&self) -> Result<Option<Upgraded>, String> {
        let lock = self.home.lock("setup.lock").map_err(|e| match e {
            LockError::HeldBy(None) => "somebody else upgrades its data".to_owned(),
            LockError::HeldBy(Some(pid)) => format!("process {pid} upgrades its data"),
            LockError::File(e) => self.unreadable(&e),
        })?;
        let home = self.home.make().map_err(|e| self.unreadable(&e))?;
        let from = self.mend(&home).map_err(|e| self.unreadable(&e))?;
        let to = self.manifest.data_version;
        match (from, to) {
            (Some(from), Some(to)) if from > to => return Err(newer(from, to)),
            (Some(from), Some(to)) if from == to => return Ok(None),
            (_, None) if !self.manifest.has(Point::Setup) => return Ok(None),
            _ => {}
        }
        if self.manifest.has(Point::Setup) {
            if to.is_some() {
                let copied = self.keep(&home, from);
                copied.map_err(|e| format!("cannot copy its data: {e}"))?;
            }
            let request = Request {
                point: Point::Setup,
                head: Head::default().with("from", from).with("to", to),
                mail: None,
                limit: None,
            };
            // Nobody begins anew as long as it runs, though this process be killed.
            let asked = self.ask_with(request, &[&lock], |_| ());
            if let Err(why) = asked.and_then(|asking| asking.answer()) {
                let put_back = to.map_or(Ok(()), |_| self.put_back(&home, from));
                let put_back = put_back.map_err(|e| format!("; its data was not put back: {e}"));
                return Err(format!("{why}{}", put_back.err().unwrap_or_default()));
            }
        }
        if let Some(to) = to {
            let written = self.home.write(VERSION, format!("{to}\n").as_bytes());
            let written = written.and_then(|()| home.sync());
            written.map_err(|e| format!("cannot note the version of its data: {e}"))?;
        }
        // The version is another one by now, so this is put back by nobody; what is left of it is removed next time.
        let _ = tree::remove(&home, &before(from));
        Ok(Some(Upgraded { from, to }))
    }

    /// Finishes what an upgrade left that was cut short, and returns the version of the data.
    fn mend(&self, home: &Dir) -> io::Result<Option<u32>> {
        let version = self.home.data_version()?;
        for name in home.names()? {
            if name == before(version) {
                self.put_back(home, version)?;
            } else if name.starts_with("before-") || ["copy", "failed"].contains(&name.as_str()) {
                tree::remove(home, &name)?;
            }
        }
        Ok(version)
    }

    /// Copies its data, which is of this version.
    fn keep(&self, home: &Dir, version: Option<u32>) -> io::Result<()> {
        let data = self.home.make_data()?;
        home.create_dir("copy", 0o700)?;
        tree::copy(&data, &home.below("copy")?)?;
        home.at("copy").rename(&home.at(before(version)))?;
        home.sync()
    }

    /// Puts the copy in the place of its data.
    fn put_back(&self, home: &Dir, version: Option<u32>) -> io::Result<()> {
        let (data, failed) = (home.at("data"), home.at("failed"));
        let mut tried = Ok(());
        for _ in 0..TRIES {
            tree::remove(home, "failed")?;
            match data.rename(&failed) {
                Err(e) if !absent(&e) => return Err(e),
                _ => {}
            }
            tried = home.at(before(version)).rename(&data);
            if tried.is_ok() {
                break;
            }
        }
        tried?;
        home.sync()?;
        // What is left of it is removed next time.
        let _ = tree::remove(home, "failed");
        Ok(())
    }

    fn unreadable(&self, e: &io::Error) -> String {
        format!("cannot use {}: {e}", self.home.path().display())
    }
}

/// The name of the copy of data of this version.
fn before(version: Option<u32>) -> String {
    version.map_or_else(
        || "before-new".into(),
        |version| format!("before-{version}"),
    )
}

fn newer(version: u32, needed: u32) -> String {
    format!(
        "its data is of version {version}, and it only knows {needed}: it was newer once; put that version of it back, or a backup of its data"
    )
}
