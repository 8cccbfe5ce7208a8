//! `tickets ping`: lets time pass when somebody asks for it over HTTP, for platforms that have neither cron nor systemd
//! but can fetch an address (I2).
//!
//! Nothing runs in a request. The answer is given at once, and a `tickets tick` of its own does the rest.

mod answer;

use super::program::program_at;
use crate::config::Config;
use crate::error::{self, Fault, Status, quoted_path};
use crate::files::open_following;
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen::{remark, say};
use answer::{Answer, LONGEST_HEAD, answer};
use anyhow::{Context as _, Result};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whoever asks has so long to do it, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many may ask at once. Who comes then takes the place of the one who has taken longest.
const MOST: usize = 64;

/// Who asks again within this time gets no other tick.
const RECENT: Duration = Duration::from_secs(10);

/// The most of a body that is read, and ignored, in bytes.
const LONGEST_BODY: usize = 1024;

/// Run the jobs that are due whenever somebody asks for it over HTTP
///
/// Answers `POST /ping` at once, and starts `tickets tick`. The answer is
/// {"tick":"started"}, "running" if the last one that was started still runs, or
/// "recent" if it was started less than 10 seconds ago:
///
///   curl -X POST http://127.0.0.1:8025/ping
///
/// On another address than one of this machine alone it asks for the content of
/// `ping_token_file`, as in the field "Authorization: Bearer SECRET"; so it does
/// on any address if there is such a file. The file is read for each request, so
/// that a secret which is replaced holds no longer.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Ping {
    /// The address and the port
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8025",
        value_parser = socket_address
    )]
    listen: SocketAddr,
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let why = "expected an address in digits and a port, such as 127.0.0.1:8025 or [::1]:8025";
    text.parse().map_err(|_| why.to_owned())
}

/// What answers.
struct Pinged {
    /// The file with what who asks has to know.
    token_file: Option<PathBuf>,
    /// It was said that this cannot be read.
    complained: AtomicBool,
    tick: Mutex<LastTick>,
    /// The connections that are open, the oldest first.
    open: Mutex<VecDeque<(u64, TcpStream)>>,
    /// Where this program lay when it was started. Whatever lies there later, such as the next version, runs the jobs.
    program: PathBuf,
    overrides: crate::config::Overrides,
}

/// The tick that was started last.
#[derive(Default)]
struct LastTick {
    started: Option<Instant>,
    child: Option<Child>,
}

impl Run for Ping {
    const NAME: &'static str = "ping";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk_to_write()?;
        let token_file = token_file(&desk.config, &self.listen)?;
        let doing = || format!("cannot listen on {}", self.listen);
        let listener = TcpListener::bind(self.listen).with_context(doing)?;
        let address = listener.local_addr().with_context(doing)?;
        say(format_args!("listening on http://{address}/ping"))?;
        let pinged = Arc::new(Pinged {
            token_file,
            complained: AtomicBool::new(false),
            tick: Mutex::default(),
            open: Mutex::default(),
            program: privilege::own_path().context("cannot find this program")?,
            overrides: desk.config.overrides.clone(),
        });
        // The store is not kept open by who only listens.
        drop(desk);
        for number in 0_u64.. {
            match listener.accept() {
                Ok((stream, _)) => pinged.serve(number, stream),
                // Such as that there are too many open files, or that whoever asked is gone.
                Err(e) => {
                    if e.kind() != ErrorKind::ConnectionAborted {
                        error::print(&format!("tickets: {}: {e}", doing()));
                        std::thread::sleep(Duration::from_millis(100));
                    }
                }
            }
        }
        Ok(Status::Ok)
    }
}

/// The file with what who asks has to know, which can be read now.
///
/// # Errors
/// Status 78 if others than this machine can ask, and there is nothing that they have to know, or others can say what
/// that is.
fn token_file(config: &Config, listen: &SocketAddr) -> Result<Option<PathBuf>> {
    let Some(file) = &config.ping_token_file else {
        if listen.ip().is_loopback() {
            return Ok(None);
        }
        let text = format!("anybody could ask on {listen}: there is no ping_token_file");
        let fault = Fault::new(Status::Config, text);
        return Err(fault
            .hint("name a file with a secret in the configuration, or listen on 127.0.0.1")
            .into());
    };
    let (_, mode) = token(file)?;
    // Containers hand out their secrets so.
    if mode & 0o004 != 0 {
        let path = file.display();
        remark(format_args!(
            "others may read {path}: {}",
            chmod("o-r", file)
        ));
    }
    Ok(Some(file.clone()))
}

/// What stands in that file, and its mode.
fn token(file: &Path) -> Result<(String, u32), Fault> {
    let wrong = |why: &str| {
        let text = format!("ping_token_file: cannot use {}: {why}", file.display());
        Fault::new(Status::Config, text)
    };
    let mut text = String::new();
    let read = open_following(file).and_then(|mut file| {
        file.read_to_string(&mut text)?;
        Ok(file.metadata()?.mode())
    });
    let mode = read.map_err(|e| wrong(&e.to_string()))?;
    if mode & 0o002 != 0 {
        return Err(wrong("others may write to it").hint(chmod("o-rw", file)));
    }
    match text.trim() {
        "" => Err(wrong("it is empty")),
        token if token.bytes().all(|b| b.is_ascii_graphic()) => Ok((token.to_owned(), mode)),
        _ => Err(wrong("it holds more than one word of ASCII")),
    }
}

fn chmod(change: &str, file: &Path) -> String {
    format!("`chmod {change} {}`", quoted_path(file))
}

impl Pinged {
    /// Serves a connection beside others.
    fn serve(self: &Arc<Self>, number: u64, stream: TcpStream) {
        let Ok(copy) = stream.try_clone() else { return };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST
            && let Some((_, oldest)) = open.pop_front()
        {
            let _ = oldest.shutdown(Shutdown::Both);
        }
        open.push_back((number, copy));
        drop(open);
        let pinged = Arc::clone(self);
        let work = move || {
            // Whoever asked is gone, or too slow.
            let _ = pinged.talk(stream);
            pinged.close(number);
        };
        if std::thread::Builder::new().spawn(work).is_err() {
            self.close(number);
        }
    }

    fn close(&self, number: u64) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(other, _)| *other != number);
    }

    /// Reads what is asked, and answers.
    fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let until = Instant::now() + PATIENCE;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut head = Vec::new();
        let token = self.token();
        let known = token.as_ref().ok().and_then(Option::as_deref);
        let answer = loop {
            if let Some(answer) = answer(&head, known) {
                break answer;
            }
            let mut piece = [0; 1024];
            let got = read_until(&mut stream, &mut piece, until)?;
            if got == 0 {
                return Ok(());
            }
            head.extend_from_slice(&piece[..got]);
            // One piece more than the longest is refused.
            head.truncate(LONGEST_HEAD + 1);
        };
        let said = match answer {
            // Nobody can know it now.
            Answer::Tick if token.is_err() => Answer::said("failed"),
            Answer::Tick => Answer::said(self.tick()),
            Answer::Said(said) => said,
        };
        stream.write_all(said.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        // What was not read would make the kernel take the answer back.
        let mut piece = [0; 256];
        let mut left = LONGEST_BODY;
        while left > 0 {
            match read_until(&mut stream, &mut piece, until)? {
                0 => break,
                got => left = left.saturating_sub(got),
            }
        }
        Ok(())
    }

    /// What who asks has to know by now. That it cannot be read is said once, until it can.
    fn token(&self) -> Result<Option<String>, Fault> {
        let read = self.token_file.as_deref().map(token).transpose();
        match &read {
            Ok(_) => self.complained.store(false, Ordering::Relaxed),
            Err(e) if !self.complained.swap(true, Ordering::Relaxed) => {
                error::print(&format!("tickets: {e}"));
            }
            Err(_) => {}
        }
        read.map(|read| read.map(|(token, _)| token))
    }

    /// Starts a tick, unless that was done a moment ago. Returns what became of it, in a word.
    fn tick(&self) -> &'static str {
        let mut last = self.tick.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = |child: &mut Child| matches!(child.try_wait(), Ok(None));
        let is_running = last.child.as_mut().is_some_and(runs);
        if last.started.is_some_and(|at| at.elapsed() < RECENT) {
            return "recent";
        }
        if is_running {
            return "running";
        }
        let mut command = program_at(&self.program, &self.overrides);
        command.args(["tick", "--detached"]);
        let nothing = || Stdio::null();
        let child = command.stdin(nothing()).stdout(nothing()).stderr(nothing());
        match child.spawn() {
            Ok(child) => {
                last.child = Some(child);
                last.started = Some(Instant::now());
                "started"
            }
            Err(e) => {
                error::print(&format!("tickets: cannot start a tick: {e}"));
                "failed"
            }
        }
    }
}

/// Reads once, but not after `until`.
fn read_until(stream: &mut TcpStream, piece: &mut [u8], until: Instant) -> std::io::Result<usize> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    stream.read(piece)
}
