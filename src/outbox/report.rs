//! What became of what lay in the outbox.

use super::Released;
use super::entry::Mail;

/// What became of the mail that was tried.
#[derive(Debug, Default)]
pub struct Report {
    /// Accepted by sendmail.
    pub sent: Vec<Mail>,
    /// Kept for another attempt, with the reason.
    pub waiting: Vec<(Mail, String)>,
    /// Given up after five days and moved to `outbox/failed`, with the reason. The admins should be notified.
    pub failed: Vec<(Mail, String)>,
    /// How many more mails wait and were not tried.
    pub untried: usize,
    /// What observers have put into the outbox meanwhile.
    pub(super) more: Released,
}

impl Report {
    pub(super) fn append(&mut self, mut other: Report) {
        self.sent.append(&mut other.sent);
        self.waiting.append(&mut other.waiting);
        self.failed.append(&mut other.failed);
        self.untried += other.untried;
        self.more.append(other.more);
    }
}
