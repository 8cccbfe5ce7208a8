//! Jobs that take long, and what goes on beside them (I2).
//!
//! A long job ends when a shorter one has run. If that never runs, it is killed after its time, which its history shows.

use super::{due, history, make_due, state};
use crate::bench::{Bench, binary, own};
use crate::deliver::mail;
use crate::manager::shelf::{path_line, put, set_mode};
use crate::until::started;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A desk with the module `m`, whose jobs of these names wait until there is a file `go` beside the configuration, and
/// whose job `late` makes that. All were seen; `flush` is due, since a mail waits, and sends it by `sendmail`.
fn desk(jobs: &[&str], sendmail: &str) -> Bench {
    let bench = due("", &[]);
    let go = bench.path("go").display().to_string();
    let manifest: String = jobs
        .iter()
        .chain(&["late"])
        .map(|name| format!("[[job]]\nname = {name:?}\nevery = \"24 h\"\ntimeout = \"20 s\"\n"))
        .collect();
    let script = format!(
        "#!/bin/sh\nhead -n 1 >told\ngrep -q '\"job\":\"late\"' told && : >'{go}'\n\
         until [ -e '{go}' ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\n"
    );
    put(&bench, "m", &["job"], &manifest, &script);
    bench.configure(&format!(
        "{}modules = [\"m\"]\n[job.flush]\nevery = \"1000 days\"\n",
        path_line(&bench)
    ));
    bench.run(&["tick"], b"").silent();
    bench.sendmail("#!/bin/sh\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    bench.sendmail(&format!("#!/bin/sh\ncd \"${{0%/*}}\"\n{sendmail}"));
    make_due(&bench, "flush");
    for job in jobs {
        make_due(&bench, &format!("m.{job}"));
    }
    bench
}

/// What makes the job `late` due.
fn make_late_due(bench: &Bench) -> String {
    let mut state = state(bench, "m.late");
    state["last"] = 0.into();
    bench.put("late.json", state.to_string().as_bytes());
    "cp late.json tickets/.tickets/jobs/m.late.json\n".to_owned()
}

// I2: more than four long jobs, which come first by their names
#[test]
fn long_jobs_hold_up_no_other() {
    let jobs = ["a", "b", "c", "d", "e"];
    let bench = desk(&jobs, ": >go\nexit 75\n");
    bench.run(&["tick"], b"").silent();
    for job in jobs {
        assert_eq!(history(&bench, &format!("m.{job}")), ["ok: "], "{job}");
    }
    let flush = history(&bench, "flush");
    assert_eq!(flush.len(), 1, "{flush:?}");
}

/// Replaces the program while a long job runs and `flush` does it, by one that says how it is started. Returns the
/// process that runs the jobs, in which `m.late` is due by now.
fn replaced(bench: &Bench, options: &[&str]) -> Child {
    let program = bench.path("program");
    fs::copy(binary(), &program).unwrap();
    own(&program);
    let new = format!(
        "#!/bin/sh\necho \"$*\" >>\"${{0%/*}}/started\"\ncase $* in *--loop) exit ;; esac\nexec '{}' \"$@\"\n",
        binary().display()
    );
    bench.put("new", new.as_bytes());
    set_mode(&bench.path("new"), 0o755);
    let late = make_late_due(bench);
    bench.sendmail(&format!(
        "#!/bin/sh\ncd \"${{0%/*}}\"\nif [ -e new ]; then\n{late}mv new program\nfi\nexit 0\n"
    ));
    let mut command = Command::new(&program);
    bench.as_ordinary_user(&mut command);
    let command = command.args(["tick", "-v"]).args(options);
    let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
    started(command)
}

// I2: of the two that run, the short one replaces the program.
#[test]
fn another_program_goes_on_beside_a_long_job() {
    for options in [&[][..], &["--loop"]] {
        let bench = desk(&["slow"], "exit 75\n");
        let mut child = replaced(&bench, options);
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        let mut lines: Vec<&str> = said.lines().collect();
        lines.sort_unstable();
        // The old one has looked after what it had started.
        assert_eq!(
            lines,
            [
                "tickets: flush: ok: 2 sent, 0 waiting",
                "tickets: m.late: ok",
                "tickets: m.slow: ok"
            ],
            "{options:?}"
        );
        let config = bench.path("config.toml").display().to_string();
        let started = fs::read_to_string(bench.path("started")).unwrap();
        let (beside, at_last) = (
            format!("--config {config} tick -v\n"),
            format!("--config {config} tick --loop\n"),
        );
        let beside = started.matches(&beside).count();
        assert!(beside >= 1, "{started}");
        let ends_so = started.ends_with(&at_last);
        assert_eq!(ends_so, options == ["--loop"], "{started}");
    }
}

// I2: the configuration is broken for a moment when a job ends
#[test]
fn a_loop_outlives_what_is_wrong_for_a_moment_and_says_it_once() {
    let bench = desk(
        &["slow"],
        "until [ -e tickets/.tickets/modules/m/data/told ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\ncp broken config.toml\nexit 75\n",
    );
    let config = fs::read(bench.path("config.toml")).unwrap();
    bench.put("broken", &[&config, &b"broken = ["[..]].concat());
    let mut command = bench.command(&["tick", "--loop", "-v"]);
    let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let mut until_it_says = |what: &str| {
        while !said.last().is_some_and(|line: &String| line.contains(what)) {
            let line = lines.next();
            said.push(
                line.unwrap_or_else(|| panic!("it ended: {said:?}"))
                    .unwrap(),
            );
        }
    };
    until_it_says("unclosed array");
    bench.put("config.toml", &config);
    bench.put("go", b"");
    // How flush ended is kept by itself, and said later.
    until_it_says("m.slow: ok");
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(history(&bench, "m.slow"), ["ok: "]);
    assert_eq!(history(&bench, "flush").len(), 1);
    let times = said.iter().filter(|line| line.contains("unclosed array"));
    assert_eq!(times.count(), 1, "{said:?}");
}

// I2: a disk on which no state can be kept
#[test]
fn a_run_that_cannot_begin_is_said() {
    let bench = due("", &["flush", "clean-up"]);
    fs::remove_file(bench.ticket(".tickets/jobs/flush.lock")).unwrap_or_default();
    bench.make_dir("tickets/.tickets/jobs/flush.lock");
    let ran = bench.run(&["tick"], b"");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("flush.lock: "), "{lines:?}");
    assert_eq!(history(&bench, "clean-up"), ["ok: nothing to remove"]);
}
