//! What a test with real programs needs of the machine: whether it is there, users, ports, signals, patience.

use nix::sys::signal::Signal;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a condition may take to come true on a slow, busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where programs are, also for a root whose own PATH is a user's.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The unix user that runs the desk; `tests/setup` makes it.
pub const USER: &str = "tickets";

/// Whether a test can run on this machine, where `missing` is not there; else says so.
pub fn may_run(missing: Option<String>) -> bool {
    match missing {
        Some(what) if std::env::var_os("TICKETS_E2E").is_some_and(|v| v == "required") => {
            panic!("cannot run this test: {what}; run tests/setup as root")
        }
        Some(what) => {
            // eprintln! would be kept from the reader of a test that passes.
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            let line = format!("SKIPPED {test}: {what} (tests/setup installs what is needed)\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
            false
        }
        None => true,
    }
}

/// What a site with an MTA of these programs needs and this machine does not have.
pub fn missing(mta: &[&str]) -> Option<String> {
    let status = |program: &str, args: &[&str]| {
        let run = Command::new(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        run.is_ok_and(|status| status.success())
    };
    let others = ["mutt", "tmux", "unshare", "nsenter", "setpriv"];
    for program in mta.iter().chain(&others) {
        if !status("sh", &["-c", &format!("PATH={PATH}; command -v {program}")]) {
            return Some(format!("{program} is not installed"));
        }
    }
    if !status("sh", &["-c", "test $(id -u) = 0"]) {
        return Some("not root, and an MTA changes users".to_owned());
    }
    if !status("id", &[USER]) {
        return Some(format!("there is no user {USER}"));
    }
    if !status("unshare", &["--mount", "--propagation", "private", "true"]) {
        return Some("this machine allows no mount namespace".to_owned());
    }
    None
}

/// Sends a process a signal. The program `kill` is not everywhere.
pub fn signal(pid: u32, signal: Signal) -> nix::Result<()> {
    let pid = i32::try_from(pid).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal)
}

/// Polls until `probe` has an answer; with the patience at its end, fails.
pub fn wait<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port nobody listens on. Another program may take it before the MTA does; then that says so.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn passwd() -> HashMap<String, (u32, u32, PathBuf)> {
    let text = fs::read_to_string("/etc/passwd").unwrap();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        Some((
            fields[0].to_owned(),
            (
                fields.get(2)?.parse().ok()?,
                fields.get(3)?.parse().ok()?,
                fields.get(5)?.into(),
            ),
        ))
    };
    text.lines().filter_map(line).collect()
}

pub fn home_of(user: &str) -> PathBuf {
    passwd()
        .remove(user)
        .expect("the user's line in /etc/passwd")
        .2
}

/// Gives a file to a user and the group of that user.
pub fn give(path: &Path, user: &str) {
    let (uid, gid, _) = passwd()
        .remove(user)
        .expect("the user's line in /etc/passwd");
    chown(path, Some(uid), Some(gid)).unwrap();
}

/// Sets the permissions of a file.
pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
