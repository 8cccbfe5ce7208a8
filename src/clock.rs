//! The clock, whatever it says: a machine without a battery may start in 1901, or far beyond the calendar.

use jiff::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The present; what lies beyond the calendar is its first or last moment.
pub fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

fn timestamp(at: SystemTime) -> Timestamp {
    let beyond = match at < UNIX_EPOCH {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    };
    Timestamp::try_from(at).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// (A3)
    #[test]
    fn no_clock_is_too_wrong() {
        // In years of 365 days.
        let years = |n: u64| Duration::from_secs(n * 365 * 86_400);
        for (at, want) in [
            (UNIX_EPOCH, 0),
            (UNIX_EPOCH - Duration::from_millis(1500), -1),
            (UNIX_EPOCH - Duration::from_secs(3600), -3600),
            (UNIX_EPOCH - years(10_000), -315_360_000_000),
            (UNIX_EPOCH - years(20_000), Timestamp::MIN.as_second()),
            (UNIX_EPOCH + years(10_000), Timestamp::MAX.as_second()),
        ] {
            assert_eq!(timestamp(at).as_second(), want, "{at:?}");
        }
    }
}
