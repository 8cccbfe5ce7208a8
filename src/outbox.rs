//! Mail that waits to be sent: a Maildir, so that mutt can open it and `ls` can count it.
//!
//! A mail is written to `tmp/` before the message it answers is filed. Nothing sends from `tmp/`, so it is inert
//! there. Once the message is filed, a rename to `new/` releases the mail, and any later process may send it. Each
//! step is one system call on a synced file, so a crash leaves nothing, an inert file, or a mail that will be sent:
//!
//! | crash                      | left behind      | what the MTA's next attempt does                            |
//! |----------------------------|------------------|-------------------------------------------------------------|
//! | while staging              | part of `tmp/K`  | the message is not filed: stages again, under the same name |
//! | after filing               | whole `tmp/K`    | finds the message filed: [`Outbox::adopt`] releases `K`     |
//! | after releasing            | `new/T.K`        | adopts and sends it as well                                 |
//! | after sendmail accepted it | `new/T.K`        | sends it twice, with the same msg-id: the only such case    |
//!
//! All state is in names and times: `T` in `new/T.K` is when the mail was released, and the file's mtime is when
//! sending was last tried. The envelope is kept in fields above the mail, which are not sent.

mod answered;
mod entry;
mod send;

pub use answered::{Ledger, Line, the_last_hour};
pub use entry::{Key, Mail};
pub use send::Report;

use crate::files::{absent, expect_directory, sync_directory};
use crate::ticket::TicketId;
use crate::ticket::compose::Outgoing;
use anyhow::{Context, Result, ensure};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds after which no delivery can still be working on a staged mail. Generous: locks are waited for much less.
const ABANDONED: i64 = 10 * 60;

/// Seconds after which a staged mail whose message was never filed is removed.
const NEVER_FILED: i64 = 24 * 3600;

/// The directories of mail that may be sent. mutt moves a mail from `new` to `cur` when somebody reads it.
const RELEASED: [&str; 2] = ["new", "cur"];

/// The outbox of one store. Its directories are created when the first mail is staged.
#[derive(Clone, Debug)]
pub struct Outbox {
    dir: PathBuf,
    group: bool,
}

/// Mail in `tmp/`, written and inert. Dropping it removes the files; if one cannot be removed, it stays inert.
#[derive(Debug)]
#[must_use = "staged mail is removed when it is dropped"]
pub struct Staged {
    tmp: PathBuf,
    names: Vec<String>,
}

impl Staged {
    /// Marks the mail's message as filed. From now on it has to go out, and dropping it removes nothing.
    pub fn of_filed_message(mut self) -> Due {
        Due(std::mem::take(&mut self.names))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = fs::remove_file(self.tmp.join(name));
        }
    }
}

/// Mail in `tmp/` whose message is filed; to be released.
#[derive(Debug)]
#[must_use = "mail is sent only if it is released"]
pub struct Due(Vec<String>);

/// Mail that may be sent.
#[derive(Debug, Default)]
pub struct Released(Vec<PathBuf>);

impl Released {
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn append(&mut self, other: Released) {
        self.0.extend(other.0);
    }
}

/// What [`Outbox::recover`] did, as numbers of mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Their message is filed, so they now wait to be sent.
    pub released: usize,
    /// Their message was never filed, so they were deleted.
    pub removed: usize,
}

impl Outbox {
    /// The outbox of the store at `dir`: `DIR/.tickets/outbox`. Nothing is created yet.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.join(".tickets/outbox"),
            group: false,
        }
    }

    /// Lets the group read and send the mail, as far as the umask allows (D8).
    #[must_use]
    pub fn shared(mut self, group: bool) -> Self {
        self.group = group;
        self
    }

    /// Writes `mails` to the disk, to be sent once the message named by `key` is filed. `now` is in seconds since
    /// 1970, as everywhere here.
    ///
    /// Staging again for the same key replaces what was staged before. A mail without recipients is left out.
    ///
    /// # Errors
    /// If one mail cannot be written and synced, none is staged.
    pub fn stage(&self, key: &Key, mails: &[Outgoing], now: i64) -> Result<Staged> {
        let tmp = self.dir.join("tmp");
        let mut staged = Staged {
            tmp: tmp.clone(),
            names: Vec::new(),
        };
        if mails.iter().all(|mail| mail.recipients.is_empty()) {
            return Ok(staged);
        }
        ensure!(
            key.is_plain(),
            "cannot queue mail: {key:?} cannot be part of a file name"
        );
        self.create_directories()?;
        // An earlier attempt may have staged more mails. They must not be released with these.
        drop(Staged {
            tmp: tmp.clone(),
            names: self.staged(key)?,
        });
        for (index, mail) in mails.iter().enumerate() {
            if mail.recipients.is_empty() {
                continue;
            }
            let name = key.name(index, mail.kind);
            let path = tmp.join(&name);
            staged.names.push(name);
            self.write(&path, mail, now)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        sync_directory(&tmp)?;
        Ok(staged)
    }

    /// Moves mail to `new/`, now that its message is filed. This is not synced: after a power cut the file is in
    /// `tmp/` again, where [`Outbox::adopt`] and [`Outbox::recover`] find it.
    ///
    /// # Errors
    /// A mail that cannot be moved stays staged.
    pub fn release(&self, due: Due, now: i64) -> Result<Released> {
        let mut released = Released::default();
        for name in due.0 {
            let from = self.dir.join("tmp").join(&name);
            let to = self.dir.join("new").join(format!("{now}.{name}"));
            match fs::rename(&from, &to) {
                Ok(()) => released.0.push(to),
                // Another attempt at the same delivery was faster.
                Err(cause) if absent(&cause) => {}
                Err(cause) => {
                    return Err(cause).with_context(|| format!("cannot move {}", from.display()));
                }
            }
        }
        Ok(released)
    }

    /// Takes over the mail of an earlier delivery that died after filing the message. Mail that is still staged is
    /// released; it is returned together with mail that was released but not sent.
    pub fn adopt(&self, key: &Key, now: i64) -> Result<Released> {
        let mut released = self.release(Due(self.staged(key)?), now)?;
        let waiting = self
            .released()?
            .into_iter()
            .filter(|path| entry::has_key(path, key));
        released.0.extend(
            waiting
                .filter(|path| !released.0.contains(path))
                .collect::<Vec<_>>(),
        );
        Ok(released)
    }

    /// The names of the files staged for a message.
    fn staged(&self, key: &Key) -> Result<Vec<String>> {
        let mut names = self.names("tmp")?;
        names.retain(|name| name.starts_with(&key.prefix()));
        Ok(names)
    }

    /// Handles staged mail that no delivery came back for. It is released if `is_filed` finds its message (by ticket
    /// and digest), and removed if the message is still not filed after a day. Costs little when `tmp/` is empty.
    pub fn recover(
        &self,
        is_filed: &dyn Fn(TicketId, &str) -> Result<bool>,
        now: i64,
    ) -> Result<Recovered> {
        let mut recovered = Recovered::default();
        for name in self.names("tmp")? {
            let path = self.dir.join("tmp").join(&name);
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            let age = now.saturating_sub(meta.mtime());
            // The clock was wrong when it was staged, or it is now.
            let in_future = age <= -ABANDONED;
            let Some(key) = Key::of(&name).filter(|_| age >= ABANDONED || in_future) else {
                continue;
            };
            if is_filed(key.ticket, &key.digest)? {
                recovered.released += self.release(Due(vec![name]), now)?.len();
            } else if in_future {
                // Nobody knows how old it is, so its day begins now.
                let file = OpenOptions::new().write(true).open(&path);
                let dated = file.and_then(|file| file.set_modified(time(now)));
                dated.with_context(|| format!("cannot write {}", path.display()))?;
            } else if age >= NEVER_FILED {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
                recovered.removed += 1;
            }
        }
        Ok(recovered)
    }

    /// The mail that waits to be sent, oldest first.
    pub fn waiting(&self) -> Result<Vec<Mail>> {
        Ok(oldest_first(&self.released()?))
    }

    /// The mail that was given up after five days, oldest first.
    pub fn failed(&self) -> Result<Vec<Mail>> {
        let mut paths = self.paths("failed/new")?;
        paths.extend(self.paths("failed/cur")?);
        Ok(oldest_first(&paths))
    }

    fn write(&self, path: &Path, mail: &Outgoing, now: i64) -> io::Result<()> {
        let head = entry::head(mail)?;
        // Create a new file instead of truncating the old one: `new/` may still hold a link to that.
        if let Err(cause) = fs::remove_file(path)
            && !absent(&cause)
        {
            return Err(cause);
        }
        let mode = if self.group { 0o660 } else { 0o600 };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)?;
        file.write_all(head.as_bytes())?;
        file.write_all(&mail.bytes)?;
        file.set_modified(time(now))?;
        file.sync_all()
    }

    /// Creates and syncs the directories of both Maildirs that are missing.
    fn create_directories(&self) -> Result<()> {
        const FIRST: [&str; 5] = ["tmp", "new", "cur", "failed/tmp", "failed/new"];
        // Created after the others are synced: where it exists, nothing is synced again.
        const LAST: &str = "failed/cur";
        let mut complete = self.has_own("")? && self.has_own("failed")?;
        for sub in FIRST.iter().chain([&LAST]) {
            complete &= self.has_own(sub)?;
        }
        if complete {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(if self.group { 0o770 } else { 0o700 });
        let create = |sub: &str| {
            let path = self.dir.join(sub);
            let created = builder.create(&path);
            created.with_context(|| format!("cannot create {}", path.display()))
        };
        FIRST.into_iter().try_for_each(create)?;
        // The new names are in the outbox, in `.tickets` and in the store.
        let failed = self.dir.join("failed");
        [failed.as_path()]
            .into_iter()
            .chain(self.dir.ancestors().take(3))
            .try_for_each(sync_directory)?;
        create(LAST)?;
        sync_directory(&failed)
    }

    /// True if this directory of the outbox is there.
    ///
    /// # Errors
    /// It is a symbolic link: the mail would lie elsewhere (D8).
    fn has_own(&self, sub: &str) -> Result<bool> {
        let dir = match sub {
            "" => self.dir.clone(),
            _ => self.dir.join(sub),
        };
        let is_there = expect_directory(&dir);
        is_there.with_context(|| format!("cannot open {}", dir.display()))
    }

    fn released(&self) -> Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for sub in RELEASED {
            paths.extend(self.paths(sub)?);
        }
        Ok(paths)
    }

    fn paths(&self, sub: &str) -> Result<Vec<PathBuf>> {
        Ok(self
            .names(sub)?
            .into_iter()
            .map(|name| self.dir.join(sub).join(name))
            .collect())
    }

    /// The names of the plain files in a directory of the outbox; none if the directory is missing.
    fn names(&self, sub: &str) -> Result<Vec<String>> {
        let dir = self.dir.join(sub);
        let doing = || format!("cannot read {}", dir.display());
        self.has_own("")?;
        self.has_own(sub)?;
        let entries = match fs::read_dir(&dir) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(doing)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(doing)?;
            if entry.file_type().is_ok_and(|kind| kind.is_file())
                && let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
            {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// The mails at these paths that exist, oldest first.
fn oldest_first(paths: &[PathBuf]) -> Vec<Mail> {
    let mut mails: Vec<Mail> = paths.iter().filter_map(|path| Mail::read(path)).collect();
    mails.sort_by(|a, b| (a.since, &a.path).cmp(&(b.since, &b.path)));
    mails
}

fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests;
