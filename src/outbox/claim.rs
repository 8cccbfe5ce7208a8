//! What a process has locked, so that nobody else sends it, and what it notes of it.

use super::Outbox;
use super::entry::time;
use super::entry::{self, Mail};
use super::report::Report;
use crate::files::{Found, Place};
use crate::patience::Locked;
use nix::fcntl::OFlag;
use std::fs::File;
use std::io;

const MINUTE: i64 = 60;
const SIX_HOURS: i64 = 6 * 3600;
const DAY: i64 = 24 * 3600;

/// Seconds after which a mail is given up.
const FIVE_DAYS: i64 = 5 * 24 * 3600;

/// A mail whose file is locked by us, so that nobody else sends it.
pub(super) struct Claim {
    pub(super) mail: Mail,
    lock: Locked,
}

impl Outbox {
    /// Removes what was taken.
    pub(super) fn is_sent(&self, mut claim: Claim, now: i64, report: &mut Report) {
        match self.remove(&claim) {
            Ok(()) => report.sent.push(claim.mail),
            Err(cause) => {
                self.note_try(&mut claim, now);
                report.waiting.push((
                    claim.mail,
                    format!("it was sent, but its file cannot be removed: {cause}"),
                ));
            }
        }
    }

    /// Notes that it was not taken, and gives it up after five days, or if it `never` will be.
    pub(super) fn put_back(
        &self,
        mut claim: Claim,
        reason: String,
        never: bool,
        now: i64,
        report: &mut Report,
    ) {
        self.note_try(&mut claim, now);
        let mut mail = claim.mail;
        let is_over = never || now.saturating_sub(mail.since) >= FIVE_DAYS;
        match is_over && self.give_up(&mut mail) {
            true => report.failed.push((mail, reason)),
            false => report.waiting.push((mail, reason)),
        }
    }

    /// Moves a mail to `failed/`. False if it stays.
    pub(super) fn give_up(&self, mail: &mut Mail) -> bool {
        let failed = self.opened("failed/new").ok();
        let to = failed.map(|failed| failed.at(entry::name(&mail.place)));
        match to.filter(|to| mail.place.rename(to).is_ok()) {
            Some(to) => {
                mail.place = to;
                true
            }
            None => false,
        }
    }

    /// Records an attempt in the file's mtime. It is always later than the release, even within the same second, to
    /// tell the two apart. If it cannot be recorded, the mail is merely tried too often. Where the clock has jumped
    /// since the last try, the time of release in the name moves with it.
    pub(super) fn note_try(&self, claim: &mut Claim, now: i64) {
        let mail = &mut claim.mail;
        let last = mail.last_try.unwrap_or(mail.since);
        let step = now.saturating_sub(last);
        if !(-1..=DAY).contains(&step) {
            let waited = last.saturating_sub(mail.since) + step.clamp(0, DAY);
            mail.since = now.saturating_sub(waited).max(0);
            if let Some(place) = entry::released_at(&mail.place, mail.since)
                && mail.place.rename(&place).is_ok()
            {
                mail.place = place;
            }
        }
        let now = now.max(mail.since.saturating_add(1));
        claim.mail.last_try = Some(now);
        let _ = claim.lock.set_modified(time(now));
    }

    /// Removes a mail that was sent, even if mutt has moved it in the meantime. It may have two names: where rename is
    /// not atomic across a power cut, an interrupted release leaves the one in `tmp/`.
    fn remove(&self, claim: &Claim) -> io::Result<()> {
        let sent = Found::of(&claim.lock)?;
        match claim.mail.place.remove() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            removed if sent.names() < 2 => return removed,
            removed => removed?,
        }
        for sub in ["tmp", "held", "new", "cur"] {
            for place in self.places(sub).unwrap_or_default() {
                if matches!(place.found(), Ok(Some(found)) if found.is_same_file(&sent)) {
                    place.remove()?;
                }
            }
        }
        Ok(())
    }
}

/// True if a mail has waited long enough, or if the clock was set back. One second does not count as set back:
/// [`Outbox::note_try`] may have added it.
pub(super) fn is_due(mail: &Mail, now: i64) -> bool {
    let last = mail.last_try.unwrap_or(mail.since);
    let pause = last.saturating_sub(mail.since).clamp(MINUTE, SIX_HOURS);
    let waited = now.saturating_sub(last);
    waited < -1 || waited >= pause
}

/// Locks a file, and opens it a second time. A program that sendmail leaves running keeps that descriptor, so it must
/// not be the locked one. `None` if another process has locked it, or has removed it.
pub(super) fn lock(place: &Place) -> io::Result<Option<(Claim, File)>> {
    let lock = match place.open(OFlag::O_RDWR) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    let Some(lock) = Locked::now(lock)? else {
        return Ok(None);
    };
    // It may have been sent and removed between opening and locking.
    let file = match place.open(OFlag::O_RDWR) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let found = Found::of(&lock)?;
    if !found.is_same_file(&Found::of(&file)?) {
        return Ok(None);
    }
    let mail = Mail::without_recipients(place, &found);
    Ok(Some((Claim { mail, lock }, file)))
}
