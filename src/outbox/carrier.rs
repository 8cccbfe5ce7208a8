//! Who takes what lies in the outbox: sendmail the mail, and observers the events.

use super::Released;
use crate::sendmail::Sendmail;
use std::fs::File;
use std::time::Duration;

/// How long a delivery waits for all observers together: the MTA waits for it (G6).
pub const PATIENCE: Duration = Duration::from_secs(5);

/// All who take something.
#[derive(Clone, Copy)]
pub struct Carriers<'a> {
    /// Takes the mail; `None` if no mail may go out now.
    pub sendmail: Option<&'a Sendmail>,
    /// Take the events, each those that bear its name.
    pub observers: &'a [&'a dyn Carrier],
    /// How long a delivery waits for all observers together.
    pub patience: Duration,
}

/// Takes events.
pub trait Carrier: Sync {
    /// Its name, which those events bear that are for it: letters, digits and `-`.
    fn name(&self) -> &str;

    /// True if a delivery is to leave it alone now, in seconds since 1970.
    fn rests(&self, now: i64) -> bool;

    /// Takes an event: what was staged, in a file that stands at its beginning. It may have been given the same one before. If there is a `limit`, it is done
    /// by then. What it puts into the outbox itself is returned, to be sent.
    ///
    /// # Errors
    /// It has not taken it, and is to be given it again.
    fn carry(
        &self,
        content: &File,
        limit: Option<Duration>,
        now: i64,
    ) -> Result<Released, Uncarried>;
}

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncarried {
    /// Nobody tried: there was no time.
    Busy(String),
    /// It failed.
    Failed(String),
}

impl<'a> From<&'a Sendmail> for Carriers<'a> {
    /// Sendmail alone.
    fn from(sendmail: &'a Sendmail) -> Carriers<'a> {
        Carriers {
            sendmail: Some(sendmail),
            observers: &[],
            patience: PATIENCE,
        }
    }
}
