//! Waiting for what another process does.

use std::time::{Duration, Instant};

/// Whoever waits for so long waits in vain: the machine is not that slow.
const IN_VAIN: Duration = Duration::from_secs(300);

/// Returns as soon as something is so. If it never is, the test fails and says what it waited for.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < IN_VAIN, "waited in vain: {what}");
        std::thread::yield_now();
    }
}
