//! `tickets tick --loop`, which goes on as another program when there is another, or other modules (I2).
//!
//! It looks once a minute, and whenever a job has ended: no test waits for a minute.

use super::{due, history, make_due};
use crate::bench::{Bench, binary};
use crate::deliver::mail;
use crate::manager::shelf::{path_line, put, set_mode};
use crate::until::until;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the loop as this program, for a desk of which `flush` is due. Returns when that runs, which takes until there
/// is a file `go`.
fn started(bench: &Bench, program: &Path) -> Child {
    bench.sendmail("#!/bin/sh\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    make_due(bench, "flush");
    bench.sendmail(
        "#!/bin/sh\ncd \"${0%/*}\"\n: >began\nuntil [ -e go ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\nexit 75\n",
    );
    let mut command = Command::new(program);
    bench.as_ordinary_user(&mut command);
    command.args(["tick", "--loop"]).process_group(0);
    let child = crate::until::started(command.stdin(Stdio::null()));
    until("the loop begins", || bench.path("began").exists());
    child
}

// I2
#[test]
fn a_loop_goes_on_as_the_new_program() {
    let bench = due("", &[]);
    let program = bench.copy_program("program");
    let mut child = started(&bench, &program);
    // The new one says how it was started, and ends. Meanwhile it may be asked what is due.
    let new = "#!/bin/sh\ncase $* in *--loop) echo \"$*\" >\"${0%/*}/began\" ;; esac\n";
    bench.put("new", new.as_bytes());
    set_mode(&bench.path("new"), 0o755);
    fs::rename(bench.path("new"), &program).unwrap();
    // What runs is not left alone.
    assert!(child.try_wait().unwrap().is_none());
    assert_eq!(fs::read(bench.path("began")).unwrap(), b"");
    bench.put("go", b"");
    assert!(child.wait().unwrap().success());
    let config = bench.path("config.toml");
    assert_eq!(
        fs::read_to_string(bench.path("began")).unwrap(),
        format!("--config {} tick --loop\n", config.display())
    );
    assert_eq!(history(&bench, "flush").len(), 1);
}

// I2: with a long job, and another program; and where the configuration cannot be read for a moment.
#[test]
fn a_loop_goes_on_whatever_runs_and_whatever_is_wrong_for_a_moment() {
    let bench = due(
        "[job.flush]\nevery = \"1000 days\"\n[job.clean-up]\nevery = \"1000 days\"\n",
        &[],
    );
    let job = "[[job]]\nname = \"slow\"\nevery = \"24 h\"\n";
    let script = "#!/bin/sh\n: >began\nuntil [ -e go ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\n";
    let on = format!("{}modules = [\"a\", \"b\", \"c\"]\n", path_line(&bench));
    let names = ["a", "b", "c"];
    for name in names {
        put(&bench, name, &["job"], job, script);
    }
    let text = fs::read_to_string(bench.path("config.toml")).unwrap();
    let text = text.replacen("\n[job", &format!("\n{on}[job"), 1);
    bench.put("config.toml", text.as_bytes());
    bench.run(&["tick"], b"").silent();
    for name in names {
        make_due(&bench, &format!("{name}.slow"));
    }
    let mut command = bench.command(&["tick", "--loop", "-v"]);
    let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut until_it_says = |what: &str| {
        let mut lines = lines.by_ref().map(Result::unwrap);
        assert!(
            lines.any(|line| line.contains(what)),
            "it ended before {what:?}"
        );
    };
    let data = |name: &str, file: &str| format!("tickets/.tickets/modules/{name}/data/{file}");
    until("all jobs begin", || {
        names
            .iter()
            .all(|name| bench.path(&data(name, "began")).exists())
    });
    // A mistake is made, and one of them ends.
    bench.put("config.toml", format!("{text}broken = [").as_bytes());
    bench.put(&data("a", "go"), b"");
    until_it_says("unclosed array");
    // A module is another one, so that the loop is to become the new program; and another job ends.
    put(&bench, "a", &["job"], "", script);
    bench.put("config.toml", text.as_bytes());
    make_due(&bench, "clean-up");
    bench.put(&data("c", "go"), b"");
    until_it_says("clean-up: ok: nothing to remove");
    assert_eq!(history(&bench, "b.slow"), [""; 0]);
    bench.put(&data("b", "go"), b"");
    until_it_says("b.slow: ok");
    child.kill().unwrap();
    child.wait().unwrap();
}

// I2, I1: a module that is switched on meanwhile has its jobs there
#[test]
fn a_loop_sees_modules_that_are_switched_on() {
    let flush = "[job.flush]\nevery = \"1000 days\"\n";
    let bench = due(flush, &[]);
    let mut child = started(&bench, binary());
    let manifest = "[[job]]\nname = \"fetch\"\nevery = \"15 min\"\n";
    put(&bench, "git", &["job"], manifest, "#!/bin/sh\n");
    bench.configure(&format!(
        "{}modules = [\"git\"]\n{flush}",
        path_line(&bench)
    ));
    let seen = bench.ticket(".tickets/jobs/git.fetch.json");
    bench.put("go", b"");
    until("the other job has ended", || seen.exists());
    // It is the same process.
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(history(&bench, "flush").len(), 1);
}
