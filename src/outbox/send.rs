//! Sends the mail in the outbox.
//!
//! The sending process holds a flock on the file, so that two deliveries do not send it twice; mutt need not see
//! that lock. After a failure a mail waits as long again as it has waited so far, at least a minute and at most six
//! hours: a short outage costs little delay, a long one few attempts.
//!
//! How long it has waited is counted from one try to the next, at most a day at a time. So a clock that is wrong for a
//! while, in either direction, gives no mail up, and lets none wait for years.

use super::entry::{self, Envelope, Mail};
use super::{Outbox, Released};
use crate::files::{Found, Place};
use crate::sendmail::{Sending, Sendmail, SendmailError};
use anyhow::Result;
use nix::fcntl::OFlag;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::time::{Duration, Instant};

const MINUTE: i64 = 60;
const SIX_HOURS: i64 = 6 * 3600;
const DAY: i64 = 24 * 3600;

/// Seconds after which a mail is given up.
const FIVE_DAYS: i64 = 5 * 24 * 3600;

/// How many sendmails run in parallel.
const PARALLEL: usize = 4;

/// How long a flush waits for one sendmail before it starts another beside it. Whatever is being sent when a flush
/// is killed is sent again, so that there is one such mail, unless sendmail is slow; and one that hangs does not hold
/// up the others.
const SLOW: Duration = Duration::from_secs(2);

/// How many old mails one delivery tries to send, and how long it may go on: the MTA waits for it.
const OLD_MAILS: usize = 10;
const OLD_MAIL_TIME: Duration = Duration::from_secs(10);

/// What became of the mail that was tried.
#[derive(Debug, Default)]
pub struct Report {
    /// Accepted by sendmail.
    pub sent: Vec<Mail>,
    /// Kept for another attempt, with the reason.
    pub waiting: Vec<(Mail, String)>,
    /// Given up after five days and moved to `outbox/failed`, with the reason. The admins should be notified.
    pub failed: Vec<(Mail, String)>,
    /// How many more wait and were not tried.
    pub untried: usize,
}

/// A mail whose file is locked by us, so that nobody else sends it.
struct Claim {
    mail: Mail,
    lock: File,
}

/// A claim, the envelope, and the mail from behind it on.
type Claimed = (Claim, Envelope, File);

impl Outbox {
    /// Sends `fresh`, several in parallel. If all of it is accepted, also sends old mail that is due, until one fails.
    ///
    /// # Errors
    /// Only if a directory cannot be read; a mail that cannot be sent is in the report.
    pub fn send(&self, sendmail: &Sendmail, fresh: &Released, now: i64) -> Result<Report> {
        let mut report = Report::default();
        for batch in fresh.0.chunks(PARALLEL) {
            self.send_batch(sendmail, batch, now, &mut report);
        }
        let mut due = self.oldest_try_first()?;
        due.retain(|mail| !fresh.0.contains(&mail.place));
        let all = due.len();
        due.retain(|mail| is_due(mail, now));
        let (started, mut tried) = (Instant::now(), 0);
        for mail in due.iter().take(OLD_MAILS) {
            let one_failed = !report.waiting.is_empty() || !report.failed.is_empty();
            if one_failed || started.elapsed() > OLD_MAIL_TIME {
                break;
            }
            self.send_batch(
                sendmail,
                std::slice::from_ref(&mail.place),
                now,
                &mut report,
            );
            tried += 1;
        }
        report.untried = all - tried;
        Ok(report)
    }

    /// Sends all mail that waits, due or not, one after the other unless sendmail is slow. Stops early only if sendmail cannot be run at all.
    ///
    /// # Errors
    /// As for [`Outbox::send`].
    pub fn flush(&self, sendmail: &Sendmail, now: i64) -> Result<Report> {
        let mut report = Report::default();
        let all: Vec<Place> = self
            .oldest_try_first()?
            .into_iter()
            .map(|mail| mail.place)
            .collect();
        let (mut tried, mut stop) = (0, false);
        // The slow ones, oldest first.
        let mut running = VecDeque::new();
        for place in &all {
            if stop {
                break;
            }
            tried += 1;
            let Some(claimed) = self.claim_or_report(place, now, &mut report) else {
                continue;
            };
            let (claim, mut started) = start(sendmail, claimed);
            if let Ok(newest) = &mut started {
                newest.wait_briefly(SLOW);
            }
            running.push_back((claim, started));
            let has_ended = |(_, started): &mut (Claim, Started)| match started {
                Ok(running) => running.has_exited(),
                Err(_) => true,
            };
            while let Some(at) = running.iter_mut().position(has_ended) {
                if let Some((claim, started)) = running.remove(at) {
                    stop |= self.finish(claim, started, now, &mut report);
                }
            }
            if running.len() == PARALLEL
                && let Some((claim, oldest)) = running.pop_front()
            {
                stop |= self.finish(claim, oldest, now, &mut report);
            }
        }
        for (claim, started) in running {
            self.finish(claim, started, now, &mut report);
        }
        report.untried = all.len() - tried;
        Ok(report)
    }

    /// All released mail. The order keeps a mail that always fails from holding up the others.
    fn oldest_try_first(&self) -> Result<Vec<Mail>> {
        let places = self.released()?.into_iter();
        let mut mails: Vec<Mail> = places
            .filter_map(|place| {
                let found = place.found().ok()??;
                Some(Mail::without_recipients(&place, &found))
            })
            .collect();
        mails.sort_by_key(|mail| mail.last_try.unwrap_or(mail.since));
        Ok(mails)
    }

    /// Starts a sendmail for each, then waits for all of them. True if it makes no sense to go on.
    fn send_batch(
        &self,
        sendmail: &Sendmail,
        places: &[Place],
        now: i64,
        report: &mut Report,
    ) -> bool {
        // Lock all files first: a crash between the start of sendmail and the removal of the file sends the mail
        // twice, so that time should be short.
        let claims: Vec<_> = places
            .iter()
            .filter_map(|place| self.claim_or_report(place, now, report))
            .collect();
        let running: Vec<_> = claims
            .into_iter()
            .map(|claimed| start(sendmail, claimed))
            .collect();
        let mut stop = false;
        for (claim, started) in running {
            stop |= self.finish(claim, started, now, report);
        }
        stop
    }

    /// Waits for a sendmail, and notes what became of its mail. True if it makes no sense to go on.
    fn finish(&self, mut claim: Claim, started: Started, now: i64, report: &mut Report) -> bool {
        match started.and_then(Sending::wait) {
            Ok(()) => match self.remove(&claim) {
                Ok(()) => report.sent.push(claim.mail),
                Err(cause) => {
                    self.note_try(&mut claim, now);
                    report.waiting.push((
                        claim.mail,
                        format!("it was sent, but its file cannot be removed: {cause}"),
                    ));
                }
            },
            Err(error) => {
                self.note_try(&mut claim, now);
                self.put_back(claim, &error, now, report);
                return error.concerns_every_message();
            }
        }
        false
    }

    fn put_back(&self, claim: Claim, error: &SendmailError, now: i64, report: &mut Report) {
        let (mut mail, reason) = (claim.mail, error.to_string());
        // A sendmail that does not know SMTPUTF8 will not learn it within five days.
        let international = mail.recipients.iter().any(|r| !r.is_ascii());
        let never = international && error.is_refusal();
        let is_over = never || now.saturating_sub(mail.since) >= FIVE_DAYS;
        match is_over && self.give_up(&mut mail) {
            true => report.failed.push((mail, reason)),
            false => report.waiting.push((mail, reason)),
        }
    }

    /// Moves a mail to `failed/`. False if it stays.
    fn give_up(&self, mail: &mut Mail) -> bool {
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

    /// [`claim`], where what goes wrong is reported. A mail in the name of a domain that was guessed, and wrongly, is
    /// given up.
    fn claim_or_report(&self, place: &Place, now: i64, report: &mut Report) -> Option<Claimed> {
        let claimed = claim(place).unwrap_or_else(|cause| {
            let mail = Mail::read(place);
            report
                .waiting
                .extend(mail.map(|mail| (mail, cause.to_string())));
            None
        });
        let (mut claim, envelope, file) = claimed?;
        let Some(guess) = envelope
            .guess
            .as_ref()
            .filter(|guess| **guess != self.domain)
        else {
            return Some((claim, envelope, file));
        };
        let reason = format!(
            "it was written as from {guess}, when that was only a guess; the domain is {}",
            self.domain
        );
        self.note_try(&mut claim, now);
        match self.give_up(&mut claim.mail) {
            true => report.failed.push((claim.mail, reason)),
            false => report.waiting.push((claim.mail, reason)),
        }
        None
    }

    /// Records an attempt in the file's mtime. It is always later than the release, even within the same second, to
    /// tell the two apart. If it cannot be recorded, the mail is merely tried too often. Where the clock has jumped
    /// since the last try, the time of release in the name moves with it.
    fn note_try(&self, claim: &mut Claim, now: i64) {
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
        let _ = claim.lock.set_modified(entry::time(now));
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
        for sub in ["tmp", "new", "cur"] {
            for place in self.places(sub).unwrap_or_default() {
                if matches!(place.found(), Ok(Some(found)) if found.is_same_file(&sent)) {
                    place.remove()?;
                }
            }
        }
        Ok(())
    }
}

/// A sendmail that was started, or why it was not.
type Started = Result<Sending, SendmailError>;

fn start(sendmail: &Sendmail, (claim, envelope, file): Claimed) -> (Claim, Started) {
    let sender = envelope.sender.as_deref();
    let started = sendmail.start(sender, &envelope.recipients, file);
    (claim, started)
}

/// True if a mail has waited long enough, or if the clock was set back. One second does not count as set back:
/// [`Outbox::note_try`] may have added it.
fn is_due(mail: &Mail, now: i64) -> bool {
    let last = mail.last_try.unwrap_or(mail.since);
    let pause = last.saturating_sub(mail.since).clamp(MINUTE, SIX_HOURS);
    let waited = now.saturating_sub(last);
    waited < -1 || waited >= pause
}

/// Locks a mail, and opens it a second time as sendmail's input, positioned after the envelope. A program that
/// sendmail leaves running keeps that descriptor, so it must not be the locked one. `None` if another process sends
/// the mail or has sent it.
fn claim(place: &Place) -> io::Result<Option<Claimed>> {
    let lock = match place.open(OFlag::O_RDWR) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    match fs2::FileExt::try_lock_exclusive(&lock) {
        Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(None),
        locked => locked?,
    }
    // It may have been sent and removed between opening and locking.
    let mut file = match place.open(OFlag::O_RDWR) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let found = Found::of(&lock)?;
    if !found.is_same_file(&Found::of(&file)?) {
        return Ok(None);
    }
    let envelope = Envelope::read(&lock)?;
    file.seek(SeekFrom::Start(envelope.offset))?;
    let mail = Mail {
        recipients: envelope.recipients.clone(),
        ..Mail::without_recipients(place, &found)
    };
    Ok(Some((Claim { mail, lock }, envelope, file)))
}
