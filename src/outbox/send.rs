//! Sends the mail in the outbox.
//!
//! The sending process holds a flock on the file, so that two deliveries do not send it twice; mutt need not see
//! that lock. After a failure a mail waits as long again as it has waited so far, at least a minute and at most six
//! hours: a short outage costs little delay, a long one few attempts.
//!
//! How long it has waited is counted from one try to the next, at most a day at a time. So a clock that is wrong for a
//! while, in either direction, gives no mail up, and lets none wait for years.

use super::carrier::Carriers;
use super::claim::{Claim, is_due, lock};
use super::entry::{self, Envelope, Mail};
use super::give::Pace;
use super::report::Report;
use super::{Outbox, Released};
use crate::files::Place;
use crate::sendmail::{Sending, Sendmail, SendmailError};
use anyhow::Result;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::time::{Duration, Instant};

/// How many sendmails run in parallel.
const PARALLEL: usize = 4;

/// How long a flush waits for one sendmail before it starts another beside it. Whatever is being sent when a flush
/// is killed is sent again, so that there is one such mail, unless sendmail is slow; and one that hangs does not hold
/// up the others.
const SLOW: Duration = Duration::from_secs(2);

/// How many old mails one delivery tries to send, and how long it may go on: the MTA waits for it.
const OLD_MAILS: usize = 10;
const OLD_MAIL_TIME: Duration = Duration::from_secs(10);

/// A claim, the envelope, and the mail from behind it on.
type Claimed = (Claim, Envelope, File);

impl Outbox {
    /// Sends `fresh`, several in parallel. If all of it is accepted, also sends old mail that is due, until one fails.
    ///
    /// # Errors
    /// Only if a directory cannot be read; a mail that cannot be sent is in the report.
    pub fn send<'c>(
        &self,
        carriers: impl Into<Carriers<'c>>,
        fresh: &Released,
        now: i64,
    ) -> Result<Report> {
        let carriers: Carriers = carriers.into();
        self.beside_observers(
            &carriers,
            Pace::of_delivery(&carriers, fresh),
            now,
            || match carriers.sendmail {
                Some(sendmail) => self.send_mail(sendmail, fresh, now),
                None => Ok(Report::default()),
            },
        )
    }

    fn send_mail(&self, sendmail: &Sendmail, fresh: &Released, now: i64) -> Result<Report> {
        let mut report = Report::default();
        self.send_fresh(sendmail, fresh, now, &mut report);
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

    /// Sends the mail in `fresh`, several in parallel.
    pub(super) fn send_fresh(
        &self,
        sendmail: &Sendmail,
        fresh: &Released,
        now: i64,
        report: &mut Report,
    ) {
        let is_mail = |place: &&Place| entry::event_at(place).is_none();
        let mails: Vec<Place> = fresh.0.iter().filter(is_mail).cloned().collect();
        for batch in mails.chunks(PARALLEL) {
            self.send_batch(sendmail, batch, now, report);
        }
    }

    /// Sends all mail that waits, due or not, one after the other unless sendmail is slow. Stops early only if sendmail cannot be run at all.
    ///
    /// # Errors
    /// As for [`Outbox::send`].
    pub fn flush<'c>(&self, carriers: impl Into<Carriers<'c>>, now: i64) -> Result<Report> {
        let carriers: Carriers = carriers.into();
        self.beside_observers(&carriers, Pace::Flush, now, || match carriers.sendmail {
            Some(sendmail) => self.flush_mail(sendmail, now),
            None => Ok(Report::default()),
        })
    }

    fn flush_mail(&self, sendmail: &Sendmail, now: i64) -> Result<Report> {
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

    /// All released mail, without events. The order keeps a mail that always fails from holding up the others.
    fn oldest_try_first(&self) -> Result<Vec<Mail>> {
        let places = self.released()?.into_iter();
        let mut mails: Vec<Mail> = places
            .filter_map(|place| {
                if entry::event_at(&place).is_some() {
                    return None;
                }
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
    fn finish(&self, claim: Claim, started: Started, now: i64, report: &mut Report) -> bool {
        match started.and_then(Sending::wait) {
            Ok(()) => {
                self.is_sent(claim, now, report);
                false
            }
            Err(error) => {
                // A sendmail that does not know SMTPUTF8 will not learn it within five days.
                let international = claim.mail.recipients.iter().any(|r| !r.is_ascii());
                let never = international && error.is_refusal();
                self.put_back(claim, error.to_string(), never, now, report);
                error.concerns_every_message()
            }
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
}

/// A sendmail that was started, or why it was not.
type Started = Result<Sending, SendmailError>;

fn start(sendmail: &Sendmail, (claim, envelope, file): Claimed) -> (Claim, Started) {
    let sender = envelope.sender.as_deref();
    let started = sendmail.start(sender, &envelope.recipients, file);
    (claim, started)
}

/// Locks a mail, and opens it a second time as sendmail's input, positioned after the envelope. `None` if another
/// process sends the mail or has sent it.
fn claim(place: &Place) -> io::Result<Option<Claimed>> {
    let Some((mut claim, mut file)) = lock(place)? else {
        return Ok(None);
    };
    let envelope = Envelope::read(&file)?;
    file.seek(SeekFrom::Start(envelope.offset))?;
    claim.mail.recipients.clone_from(&envelope.recipients);
    Ok(Some((claim, envelope, file)))
}
