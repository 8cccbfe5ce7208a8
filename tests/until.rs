//! Waiting for what another process does.

use std::io::ErrorKind;
use std::process::{Child, Command};
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

/// Starts a program that the tests have just written. As long as a process that another thread is starting still has it
/// open, the kernel refuses to (ETXTBSY).
pub fn started(command: &mut Command) -> Child {
    let mut child = None;
    until("the program may be started", || match command.spawn() {
        Err(e) if e.kind() == ErrorKind::ExecutableFileBusy => false,
        spawned => {
            child = Some(spawned.unwrap());
            true
        }
    });
    child.unwrap()
}
