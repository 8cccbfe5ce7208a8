//! Sends what lies in the outbox.
//!
//! Whoever sends a file holds a flock on it, so that two deliveries do not send it twice; mutt need not see that
//! lock. A failed mail waits as long again as it has waited already, at least a minute and at most six hours, so
//! that a short outage costs little delay and a long one few tries.

use super::entry::{self, Envelope, Mail};
use super::{Outbox, Released, time};
use crate::sendmail::{Running, Sendmail};
use anyhow::Result;
use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const MINUTE: i64 = 60;
const SIX_HOURS: i64 = 6 * 3600;

/// Seconds after which a mail is given up.
const FIVE_DAYS: i64 = 5 * 24 * 3600;

/// How many sendmails run at the same time.
const SIDE_BY_SIDE: usize = 4;

/// How many old mails one delivery tries, and how long it may go on: the MTA waits for it.
const OLD_MAILS: usize = 10;
const OLD_TIME: Duration = Duration::from_secs(10);

/// What became of the mail that was tried.
#[derive(Debug, Default)]
pub struct Report {
    /// sendmail took it.
    pub sent: Vec<Mail>,
    /// It waits for another try, for this reason.
    pub waiting: Vec<(Mail, String)>,
    /// It was given up after five days, for this reason, and lies in `outbox/failed`: the admins want to know.
    pub failed: Vec<(Mail, String)>,
    /// How many more wait, untried.
    pub untried: usize,
}

/// A file that nobody else sends while this lives.
struct Claim {
    mail: Mail,
    lock: File,
}

impl Outbox {
    /// Sends `fresh`, all side by side; if that goes well, also old mail that is due, until one fails.
    ///
    /// # Errors
    /// A directory that cannot be read. What becomes of a mail is in the report.
    pub fn send(&self, sendmail: &Sendmail, fresh: &Released, now: i64) -> Result<Report> {
        let mut report = Report::default();
        for batch in fresh.0.chunks(SIDE_BY_SIDE) {
            self.send_batch(sendmail, batch, now, &mut report);
        }
        let mut due = self.oldest_try_first()?;
        due.retain(|mail| !fresh.0.contains(&mail.path));
        let all = due.len();
        due.retain(|mail| is_due(mail, now));
        let (begun, mut tried) = (Instant::now(), 0);
        for mail in due.iter().take(OLD_MAILS) {
            let gone_wrong = !report.waiting.is_empty() || !report.failed.is_empty();
            if gone_wrong || begun.elapsed() > OLD_TIME {
                break;
            }
            self.send_batch(sendmail, std::slice::from_ref(&mail.path), now, &mut report);
            tried += 1;
        }
        report.untried = all - tried;
        Ok(report)
    }

    /// Sends all that waits, due or not. Stops early only when no sendmail runs at all.
    ///
    /// # Errors
    /// A directory that cannot be read. What becomes of a mail is in the report.
    pub fn flush(&self, sendmail: &Sendmail, now: i64) -> Result<Report> {
        let mut report = Report::default();
        let paths: Vec<PathBuf> = self
            .oldest_try_first()?
            .into_iter()
            .map(|mail| mail.path)
            .collect();
        let mut tried = 0;
        for batch in paths.chunks(SIDE_BY_SIDE) {
            tried += batch.len();
            if self.send_batch(sendmail, batch, now, &mut report) {
                break;
            }
        }
        report.untried = paths.len() - tried;
        Ok(report)
    }

    /// The order in which a mail that always fails does not keep the others waiting.
    fn oldest_try_first(&self) -> Result<Vec<Mail>> {
        let paths = self.released()?.into_iter();
        let mut mails: Vec<Mail> = paths
            .filter_map(|path| {
                fs::symlink_metadata(&path)
                    .ok()
                    .map(|meta| Mail::named(&path, &meta))
            })
            .collect();
        mails.sort_by_key(|mail| mail.last_try.unwrap_or(mail.since));
        Ok(mails)
    }

    /// Starts all, then waits for each. Says whether it is useless to go on.
    fn send_batch(
        &self,
        sendmail: &Sendmail,
        paths: &[PathBuf],
        now: i64,
        report: &mut Report,
    ) -> bool {
        // Claimed first, so that little lies between the start of sendmail and the removal of what it took: a crash
        // there is the one that sends a mail twice.
        let mut claims = Vec::new();
        for path in paths {
            match claim(path) {
                Ok(claim) => claims.extend(claim),
                Err(cause) => {
                    let Some(mail) = Mail::read(path) else {
                        continue;
                    };
                    report.waiting.push((mail, cause.to_string()));
                }
            }
        }
        let start = |(claim, envelope, file): (Claim, Envelope, File)| {
            let sender = envelope.sender.as_deref();
            (claim, sendmail.start(sender, &envelope.recipients, file))
        };
        let running: Vec<_> = claims.into_iter().map(start).collect();
        let mut useless = false;
        for (mut claim, started) in running {
            match started.and_then(Running::wait) {
                Ok(()) => match self.remove(&claim) {
                    Ok(()) => report.sent.push(claim.mail),
                    Err(cause) => {
                        self.note_try(&mut claim, now);
                        report.waiting.push((
                            claim.mail,
                            format!("it was sent, but cannot be removed: {cause}"),
                        ));
                    }
                },
                Err(error) => {
                    useless |= error.concerns_every_message();
                    self.note_try(&mut claim, now);
                    self.put_back(claim, error.to_string(), now, report);
                }
            }
        }
        useless
    }

    fn put_back(&self, claim: Claim, reason: String, now: i64, report: &mut Report) {
        let mut mail = claim.mail;
        if now.saturating_sub(mail.since) >= FIVE_DAYS {
            let to = self.dir.join("failed/new").join(entry::name(&mail.path));
            if fs::rename(&mail.path, &to).is_ok() {
                mail.path = to;
                report.failed.push((mail, reason));
                return;
            }
        }
        report.waiting.push((mail, reason));
    }

    /// A try is later than the release, also within the same second: that is how the two are told apart. Where it
    /// cannot be noted, the mail is only tried too often.
    fn note_try(&self, claim: &mut Claim, now: i64) {
        let now = now.max(claim.mail.since + 1);
        claim.mail.last_try = Some(now);
        let _ = claim.lock.set_modified(time(now));
    }

    /// Removes a mail that was sent, also if mutt moved it meanwhile. It may have two names: a release that a power cut
    /// broke off has left the one in `tmp/`, on a file system that does not make one change of a rename.
    fn remove(&self, claim: &Claim) -> io::Result<()> {
        let meta = claim.lock.metadata()?;
        match fs::remove_file(&claim.mail.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            removed if meta.nlink() < 2 => return removed,
            removed => removed?,
        }
        let is_it =
            |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|m| m.ino() == meta.ino());
        for sub in ["tmp", "new", "cur"] {
            let paths = self.paths(sub).unwrap_or_default().into_iter();
            for path in paths.filter(is_it) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Whether a mail has waited long enough; a clock that went back counts as long enough, but not by the second that
/// tells a try from the release.
fn is_due(mail: &Mail, now: i64) -> bool {
    let last = mail.last_try.unwrap_or(mail.since);
    let pause = (last - mail.since).clamp(MINUTE, SIX_HOURS);
    now < last - 1 || now - last >= pause
}

/// Locks a mail and opens it a second time, at its first byte, as sendmail's input: a program that sendmail leaves
/// running inherits that one, and must not inherit the lock. `None` if somebody else sends it or has sent it.
fn claim(path: &PathBuf) -> io::Result<Option<(Claim, Envelope, File)>> {
    let open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)
    };
    let lock = match open() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    match fs2::FileExt::try_lock_exclusive(&lock) {
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(None),
        locked => locked?,
    }
    // Between opening and locking it may have been sent and removed.
    let mut file = match open() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let meta = lock.metadata()?;
    let again = file.metadata()?;
    if (meta.dev(), meta.ino()) != (again.dev(), again.ino()) {
        return Ok(None);
    }
    let envelope = Envelope::read(&lock)?;
    file.seek(SeekFrom::Start(envelope.offset))?;
    let mail = Mail {
        recipients: envelope.recipients.clone(),
        ..Mail::named(path, &meta)
    };
    Ok(Some((Claim { mail, lock }, envelope, file)))
}
