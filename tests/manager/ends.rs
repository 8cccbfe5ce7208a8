//! Whoever ends the program by a signal ends the module that it asks; and where it is killed, nobody asks that module
//! once more beside itself.

use super::shelf::{path_line, put};
use crate::bench::{Bench, finish};
use crate::deliver::mail;
use crate::jobs::make_due;
use crate::until::until;
use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGKILL, SIGTERM};
use nix::unistd::Pid;
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

/// A module that hangs until it is asked to end, tidies up, and leaves a child in a group of its own.
const HANGS: &str = "#!/bin/sh\ntrap 'echo tidied >>steps; exit 0' TERM\nsetsid sleep 1000 &\necho $! >other\n\
    echo $$ >pid.new\nmv pid.new pid\nsleep 1000 &\nwait\n";

/// One that hangs until there is a file `go`, and never runs twice at once.
const WORKS: &str = "#!/bin/sh\necho begin >>steps\necho $$ >pid.new\nmv pid.new pid\n\
    until [ -e go ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\necho end >>steps\n";

/// What is done by hand or by an MTA, so that the module is asked at one of its points.
const ASKS: [(&str, &str, &str); 8] = [
    ("setup", "data_version = 1\n", "modules upgrade"),
    ("filter", "", "modules run slow filter"),
    (
        "filter",
        "",
        "deliver -f ann@example.net -r submit@example.org",
    ),
    (
        "observer",
        "",
        "deliver -f ann@example.net -r submit@example.org",
    ),
    ("observer", "", "close 1"),
    (
        "timeline",
        "[[timeline.filters]]\nname = \"verdict\"\nlabel = \"Verdicts\"\n",
        "timeline --events verdict",
    ),
    ("job", JOB, "jobs run slow.work"),
    ("job", JOB, "tick"),
];

const JOB: &str = "[[job]]\nname = \"work\"\nevery = \"15 min\"\n";

/// A desk with a mail, whose module has this point, and is due if it is a job.
fn desk(point: &str, manifest: &str, script: &str) -> Bench {
    let b = Bench::new();
    b.file("submit", mail("1", "", "x"));
    b.run(&["tick"], b"").silent();
    put(&b, "slow", &[point], manifest, script);
    b.configure(&format!(
        "{}modules = [\"slow\"]\n[job.flush]\nevery = \"1000 days\"\n",
        path_line(&b)
    ));
    if point == "job" {
        b.run(&["tick"], b"").silent();
        make_due(&b, "slow.work");
    }
    b
}

/// What stands in a file of the module's.
fn kept(b: &Bench, name: &str) -> String {
    let data = b.ticket(".tickets/modules/slow/data");
    fs::read_to_string(data.join(name)).unwrap_or_default()
}

/// Starts a command line, and returns when the module works.
fn begun(b: &Bench, line: &str) -> Child {
    let args: Vec<&str> = line.split(' ').collect();
    let plain = b.command(&args);
    // What the tests were started to ignore, as by nohup(1), would be ignored by the program as well.
    let mut command = Command::new("env");
    command
        .arg("--default-signal=HUP,INT,TERM")
        .arg(plain.get_program())
        .args(plain.get_args());
    b.as_ordinary_user(&mut command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Some read no mail.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(mail("2", "", "y").as_bytes());
    until(line, || {
        assert_eq!(child.try_wait().unwrap(), None, "{line}");
        !kept(b, "pid").is_empty()
    });
    child
}

/// Sends a signal to the program, which dies of it.
fn dies_of(mut child: Child, signal: Signal, what: &str) {
    let pid = Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(pid, signal).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(signal as i32), "{what}: {status}");
}

/// True as long as the process runs whose number stands in a file of the module's.
fn runs(b: &Bench, name: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", kept(b, name).trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_signal_that_ends_the_program_ends_what_it_asks() {
    // G5, G8, I3
    for (at, (point, manifest, line)) in ASKS.iter().enumerate() {
        let signal = [SIGINT, SIGTERM, SIGHUP][at % 3];
        let what = format!("{line} {signal}");
        let b = desk(point, manifest, HANGS);
        dies_of(begun(&b, line), signal, &what);
        assert_eq!(kept(&b, "steps"), "tidied\n", "{what}");
        assert!(!runs(&b, "pid") && !runs(&b, "other"), "{what}");
        // Nothing was done of which the module had to be asked before, and it is not blamed.
        let names: &[&str] = match (*point, at) {
            ("observer", 3) => &["1", "2"],
            ("observer", _) => &["archived/1"],
            _ => &["1"],
        };
        assert_eq!(b.names(), names, "{what}");
        assert!(!b.ticket(".tickets/modules/slow/state").exists(), "{what}");
        put(&b, "slow", &[point], manifest, "#!/bin/sh\n");
        match *point {
            "setup" => b.says("modules upgrade", "slow: data set up, version 1\n"),
            "job" => b.says("jobs run slow.work", "slow.work: ok\n"),
            _ => b.works("flush"),
        }
        assert_eq!(kept(&b, "pid").is_empty(), *point == "setup", "{what}");
    }
}

#[test]
fn what_the_program_was_started_to_ignore_ends_nothing() {
    // As nohup(1) and shells do.
    for line in [
        "modules run slow filter",
        "deliver -f ann@example.net -r submit@example.org",
    ] {
        let b = desk("filter", "", WORKS);
        b.put("mail", mail("2", "", "y").as_bytes());
        let mut command = Command::new("/bin/sh");
        b.as_ordinary_user(&mut command);
        let script = "trap '' HUP INT; exec \"$@\"";
        command
            .args(["-c", script, "sh"])
            .arg(crate::bench::binary());
        command.args(line.split(' '));
        let mut child = command
            .stdin(fs::File::open(b.path("mail")).unwrap())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until("the module runs", || !kept(&b, "pid").is_empty());
        for signal in [SIGHUP, SIGINT] {
            let pid = Pid::from_raw(child.id().cast_signed());
            nix::sys::signal::kill(pid, signal).unwrap();
        }
        b.put("tickets/.tickets/modules/slow/data/go", b"");
        assert!(child.wait().unwrap().success(), "{line}");
        assert_eq!(kept(&b, "steps"), "begin\nend\n", "{line}");
    }
}

#[test]
fn what_a_killed_program_has_left_is_not_begun_beside_itself() {
    // G8, I2: what it says names who is at it.
    let serial = "serial = true\n";
    let cases = [
        (
            "setup",
            "data_version = 1\n",
            "modules upgrade",
            75,
            "tickets: module slow: its data is not set up: process PID upgrades its data\n",
        ),
        (
            "filter",
            serial,
            "modules run slow filter",
            75,
            "tickets: module slow: it was busy for too long: process PID\n",
        ),
        (
            "job",
            JOB,
            "jobs run slow.work",
            75,
            "tickets: the job slow.work runs already, since TIME: process PID\n",
        ),
    ];
    for (point, manifest, line, status, says) in cases {
        let b = desk(point, manifest, WORKS);
        let child = begun(&b, line);
        // The module's parent: that of a job is the run, and not the command.
        let stat = fs::read_to_string(format!("/proc/{}/stat", kept(&b, "pid").trim())).unwrap();
        let parent: i32 = stat.split(' ').nth(3).unwrap().parse().unwrap();
        nix::sys::signal::kill(Pid::from_raw(parent), SIGKILL).unwrap();
        let ran = child.wait_with_output().unwrap();
        assert_eq!(ran.status.signal().is_none(), point == "job", "{line}");
        let again = finish(b.command(&line.split(' ').collect::<Vec<_>>()), b"");
        let time = again.stderr.split(" since ").nth(1).unwrap_or_default();
        let time = time.split(": ").next().unwrap();
        let says = says
            .replace("PID", kept(&b, "pid").trim())
            .replace("TIME", time);
        assert_eq!((again.status, again.stderr), (status, says), "{line}");
        assert_eq!(kept(&b, "steps"), "begin\n", "{line}");
        b.put("tickets/.tickets/modules/slow/data/go", b"");
        until("the module ends", || !runs(&b, "pid"));
        // It is free again.
        put(&b, "slow", &[point], manifest, "#!/bin/sh\n");
        let ran = finish(b.command(&line.split(' ').collect::<Vec<_>>()), b"");
        assert_eq!(ran.status, 0, "{line}: {ran:?}");
    }
}
