//! What observers have in common, those that are built in and modules from outside.

use crate::module::News;
use crate::outbox::{Released, Uncarried};
use crate::ticket::occurrence::Occurrence;
use std::fs::File;
use std::time::Duration;

/// Is told of what happens. It cannot keep it from happening, nor undo it.
pub(crate) trait Observer: Sync {
    /// Its name: letters, digits and `-`. No other observer of the desk has it.
    fn name(&self) -> &str;

    /// False if it is told nothing any more, and only an event of before may wait for it.
    fn is_told(&self) -> bool {
        true
    }

    /// True if it is to be told of this.
    fn wants(&self, what: &Occurrence) -> bool;

    /// True if it is to be given the messages as well.
    fn wants_messages(&self) -> bool {
        false
    }

    /// True if a delivery is to leave it alone now, in seconds since 1970.
    fn rests(&self, _now: i64) -> bool {
        false
    }

    /// Tells it. What it puts into the outbox itself is returned, to be sent.
    ///
    /// # Errors
    /// It is to be told again.
    fn observe(&self, told: &Told) -> Result<Released, Uncarried>;

    /// What it did not do, for whoever looks on; each is said once.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What the admins are to be told of it, once.
    fn news(&self) -> Option<News> {
        None
    }
}

/// What an observer is told.
pub(crate) struct Told<'a> {
    pub(crate) what: &'a Occurrence,
    /// The file in which that stands, and the message below it.
    pub(crate) content: &'a File,
    /// Where in it the message begins, if it is wanted.
    pub(crate) message: u64,
    /// How long it may take at most, if that is limited.
    pub(crate) limit: Option<Duration>,
    /// In seconds since 1970.
    pub(crate) now: i64,
}
