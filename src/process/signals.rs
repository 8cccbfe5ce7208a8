//! The signals that end this process, and first what it has started.
//!
//! A thread waits for them, since the others may be doing anything. It costs a tenth of a delivery, so that there is none
//! where only sendmail is started, which needs nobody to end it, nor where somebody starts one program and does nothing but
//! wait for it: then the signals wake whoever waits.

use super::children::end_all;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::Builder;

/// The signals, once they are taken. Whoever has this has to obey them.
#[derive(Debug)]
struct Taken {
    signals: SignalDelivery<UnixStream, SignalOnly>,
    /// Nobody obeys them now, and each does what it does by default.
    is_idle: Arc<AtomicBool>,
}

/// What nobody has who would obey it.
static IDLE: Mutex<Option<Taken>> = Mutex::new(None);

static WATCH: Once = Once::new();

impl Taken {
    /// The signals for one who obeys them from now on.
    fn get() -> io::Result<Taken> {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let taken = idle.map_or_else(Taken::new, Ok)?;
        taken.is_idle.store(false, Ordering::SeqCst);
        Ok(taken)
    }

    fn new() -> io::Result<Taken> {
        // Where they cannot be taken, they do what they do by default.
        let is_idle = Arc::new(AtomicBool::new(true));
        let heeded = heeded();
        for &signal in &heeded {
            register_conditional_default(signal, Arc::clone(&is_idle))?;
        }
        let (read, write) = UnixStream::pair()?;
        let signals = SignalDelivery::with_pipe(read, write, SignalOnly, heeded)?;
        Ok(Taken { signals, is_idle })
    }

    /// If a signal has come, ends all programs, and dies of it.
    fn obey(&mut self) {
        let first = self.signals.pending().next();
        if let Some(signal) = first {
            end_all(signal, || self.signals.pending().next().is_some());
        }
    }
}

impl AsFd for Taken {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signals.get_read().as_fd()
    }
}

/// Has a signal that ends this process end what it has started, from now on.
pub(super) fn watch() {
    WATCH.call_once(start_watching);
}

/// Starts the thread that waits for signals. Without it, a signal ends this process alone.
fn start_watching() {
    let (give, take) = sync_channel::<Taken>(1);
    let thread = Builder::new().name("signals".into()).spawn(move || {
        if let Ok(mut taken) = take.recv() {
            loop {
                let mut one = [PollFd::new(taken.as_fd(), PollFlags::POLLIN)];
                let _ = poll(&mut one, PollTimeout::NONE);
                taken.obey();
            }
        }
    });
    // The signals are taken when it is sure that somebody heeds them.
    if thread.is_ok()
        && let Ok(taken) = Taken::get()
    {
        let _ = give.send(taken);
    }
}

/// Signals that wake whoever waits for a program, and are obeyed by nobody else as long as this lasts.
#[derive(Debug)]
pub(super) struct Heed(Option<Taken>);

impl Heed {
    /// `None` if a thread obeys them, as it does where they cannot be taken here.
    pub(super) fn begin() -> Option<Heed> {
        if !WATCH.is_completed()
            && let Ok(taken) = Taken::get()
        {
            return Some(Heed(Some(taken)));
        }
        watch();
        None
    }

    /// If a signal has come, ends all programs, and dies of it.
    pub(super) fn obey(&mut self) {
        self.0.iter_mut().for_each(Taken::obey);
    }

    /// Readable when a signal has come.
    pub(super) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(AsFd::as_fd)
    }
}

impl Drop for Heed {
    fn drop(&mut self) {
        if let Some(mut taken) = self.0.take() {
            taken.is_idle.store(true, Ordering::SeqCst);
            // One may have come before that.
            taken.obey();
            *IDLE.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        }
    }
}

/// The signals that end this process. What it was started to ignore, as by nohup(1), is ignored, and so by those that it
/// starts.
fn heeded() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Where the kernel does not say, it may be all of them.
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let ignored = ignored.unwrap_or(u64::MAX);
    let all = [SIGINT, SIGTERM, SIGHUP].into_iter();
    all.filter(|signal| ignored >> (signal - 1) & 1 == 0)
        .collect()
}
