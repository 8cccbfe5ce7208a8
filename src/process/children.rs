//! The programs that this process has started and that have not ended. Whoever ends this process by a signal ends them,
//! too, with all that they have started: nobody else would ever end them.
//!
//! As long as that is done nobody else comes to know how a program ended, or starts another one: what a program says that
//! was asked to end is no answer.

use super::family::{self, Family};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signal_hook::low_level::emulate_default_handler;
use std::fs::File;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a program has that is asked to end because this one ends. A second signal makes it none.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait for a killed program to exit. One that is setuid, as Exim is, cannot be killed.
pub(super) const KILL_WAIT: Duration = Duration::from_secs(2);

/// How often to look whether it has.
const AGAIN: Duration = Duration::from_millis(20);

/// The numbers of those that were started and not seen to end.
static CHILDREN: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn children() -> MutexGuard<'static, Vec<Pid>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program, in a process group of its own, which also has the files `held`: a lock on one lasts until the last
/// process that has it is gone, or until it is given back.
///
/// # Errors
/// Those of starting it.
pub(super) fn start(command: &mut Command, held: &[&File]) -> io::Result<Child> {
    // No other program is started meanwhile, which would have the files as well.
    let mut children = children();
    let let_on = |flags: FdFlag| -> io::Result<()> {
        for file in held {
            fcntl(file, FcntlArg::F_SETFD(flags))?;
        }
        Ok(())
    };
    let child = let_on(FdFlag::empty()).and_then(|()| command.spawn());
    let kept = let_on(FdFlag::FD_CLOEXEC);
    let child = child?;
    children.push(pid(&child));
    kept?;
    Ok(child)
}

/// How it ended, if it has.
///
/// # Errors
/// See [`Child::try_wait`].
pub(super) fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let mut children = children();
    let ended = child.try_wait();
    if !matches!(ended, Ok(None)) {
        let pid = pid(child);
        children.retain(|other| *other != pid);
    }
    ended
}

pub(super) fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Ends these programs, which lead process groups, with all that they have started: asks them to, and kills what still
/// runs after `grace`, or as soon as somebody is in a hurry. None of them may be waited for meanwhile.
///
/// Each is asked once. A program like this one hands it on to what it has started; what others have in groups of their
/// own is asked when they are gone.
pub(super) fn end(leaders: &[Pid], grace: Duration, mut hurries: impl FnMut() -> bool) {
    let mut families: Vec<(Pid, Family, bool)> = leaders
        .iter()
        .map(|&leader| (leader, Family::of(leader), false))
        .collect();
    for leader in leaders {
        let _ = killpg(*leader, Signal::SIGTERM);
    }
    let until = Instant::now() + grace;
    loop {
        let mut any = false;
        for (leader, family, asked) in &mut families {
            if family::runs(*leader) {
                any = true;
            } else if !family.has_ended() {
                any = true;
                if !std::mem::replace(asked, true) {
                    family.ask_others(*leader);
                }
            }
        }
        if !any || Instant::now() >= until || hurries() {
            break;
        }
        std::thread::sleep(AGAIN);
    }
    let mut killed = Vec::new();
    for (leader, family, _) in families {
        for family in [Family::of(leader), family] {
            family.signal(Signal::SIGKILL);
            killed.push(family);
        }
        // Its number is its own as long as nobody has waited for it.
        let _ = killpg(leader, Signal::SIGKILL);
    }
    // It takes them a moment to die, and what they have locked is theirs until then.
    let until = Instant::now() + KILL_WAIT;
    let any_runs = || leaders.iter().any(|it| family::runs(*it));
    while (any_runs() || !killed.iter().all(Family::has_ended)) && Instant::now() < until {
        std::thread::sleep(AGAIN);
    }
}

/// Ends all programs, and dies of the signal.
pub(super) fn end_all(signal: i32, hurries: impl FnMut() -> bool) {
    // Never given back: nobody is told that they ended.
    let children = children();
    end(&children, GRACE, hurries);
    let _ = emulate_default_handler(signal);
}
