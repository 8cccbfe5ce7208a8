//! What a limit of the process does to it. Postfix's local(8) sets one for the size of files, others one
//! for memory.
//!
//! The kernel answers a write beyond the limit with a signal that kills, and Rust aborts where there is no
//! memory left. No MTA knows such an end: Exim bounces the mail. So the first becomes an error, as on a full
//! disk, and the second an exit status (A3).
//!
//! The signals get handlers, and are not ignored: what a process ignores is ignored by the programs that it
//! starts, too.

use crate::error::Status;
use memory::OrExit;
use signal_hook::consts::{SIGABRT, SIGXCPU, SIGXFSZ};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

#[global_allocator]
static MEMORY: OrExit = OrExit::new(
    "tickets: cannot go on: there is no memory left\n",
    Status::TempFail as i32,
);

/// Which status the process has when a signal ends it: the first one that is set counts.
struct Ends {
    deferred: Arc<AtomicBool>,
    filed: Arc<AtomicBool>,
}

static ENDS: LazyLock<Ends> = LazyLock::new(|| Ends {
    deferred: Arc::new(AtomicBool::new(true)),
    filed: Arc::default(),
});

/// Lets a write beyond the limit for the size of files fail (`EFBIG`), and the process exit with status 75
/// when its time is used up, or it aborts.
pub fn outlive() {
    // Without these handlers the program is as good as without this file.
    let _ = flag::register(SIGXFSZ, Arc::default());
    for signal in [SIGABRT, SIGXCPU] {
        for (status, is_set) in [
            (Status::TempFail, &ENDS.deferred),
            (Status::Ok, &ENDS.filed),
        ] {
            let _ = flag::register_conditional_shutdown(signal, status as i32, is_set.clone());
        }
    }
}

/// The message of the MTA is filed wherever it belongs: whatever ends the process from now on, its status
/// is 0 (A4).
pub(crate) fn all_is_filed() {
    MEMORY.set_status(Status::Ok as i32);
    ENDS.filed.store(true, Ordering::SeqCst);
    ENDS.deferred.store(false, Ordering::SeqCst);
}

/// True once [`all_is_filed`].
pub(crate) fn is_all_filed() -> bool {
    ENDS.filed.load(Ordering::SeqCst)
}
