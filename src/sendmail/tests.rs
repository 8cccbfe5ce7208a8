//! Fake sendmails. They are shell scripts run as `sh SCRIPT`: executing a script that was just written can fail
//! with ETXTBSY.

use super::*;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs;
use std::io::{Seek, Write};
use std::thread;

/// A sendmail whose script writes to `$OUT`, a directory of its own.
struct Fake {
    dir: tempfile::TempDir,
    sendmail: Sendmail,
}

impl Fake {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sendmail.sh");
        fs::write(&path, format!("OUT={}\n{script}", dir.path().display())).unwrap();
        let sendmail = Sendmail {
            program: "/bin/sh".into(),
            args: vec![path.to_str().unwrap().into(), "-oem".into()],
            timeout: Duration::from_secs(60),
        };
        Self { dir, sendmail }
    }

    fn send(
        &self,
        sender: Option<&str>,
        recipients: &[&str],
        mail: &[u8],
    ) -> Result<(), SendmailError> {
        let recipients: Vec<String> = recipients.iter().map(ToString::to_string).collect();
        self.sendmail.start(sender, &recipients, file(mail))?.wait()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }
}

/// An unlinked file that holds `mail`, open at its beginning.
fn file(mail: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(mail).unwrap();
    file.rewind().unwrap();
    file
}

const RECORD: &str =
    r#"printf '%s\n' "$@" >$OUT/argv; cat >$OUT/stdin; echo "$PATH" >$OUT/path; pwd >$OUT/pwd"#;

#[test]
fn it_gets_the_arguments_and_the_input_of_sendmail() {
    // C10, C3
    type Case<'a> = (&'a str, Option<&'a str>, &'a [&'a str], &'a str);
    let table: &[Case] = &[
        (
            "null sender",
            None,
            &["alice@example.net"],
            "-oem\n-i\n-f\n<>\n--\nalice@example.net\n",
        ),
        (
            "an empty sender is the null sender",
            Some(""),
            &["a@b"],
            "-oem\n-i\n-f\n<>\n--\na@b\n",
        ),
        (
            "a ticket's address as sender",
            Some("ticket-1@example.org"),
            &["a@b"],
            "-oem\n-i\n-f\nticket-1@example.org\n--\na@b\n",
        ),
        (
            "an address no validator likes",
            None,
            &["foo..bar@docomo.example"],
            "-oem\n-i\n-f\n<>\n--\nfoo..bar@docomo.example\n",
        ),
        (
            "a leading dash makes no option",
            None,
            &["-oQ/tmp@x", "-bs"],
            "-oem\n-i\n-f\n<>\n--\n-oQ/tmp@x\n-bs\n",
        ),
        (
            "no shell",
            None,
            &["$(id)@x", "a;b@x", "*@x"],
            "-oem\n-i\n-f\n<>\n--\n$(id)@x\na;b@x\n*@x\n",
        ),
    ];
    for (case, sender, recipients, argv) in table {
        let fake = Fake::new(RECORD);
        fake.send(*sender, recipients, b"Subject: x\n\n.\nbody\n")
            .unwrap();
        assert_eq!(fake.read("argv"), *argv, "{case}");
        assert_eq!(fake.read("stdin"), "Subject: x\n\n.\nbody\n", "{case}");
        assert_eq!(fake.read("pwd"), "/\n", "{case}");
        assert!(
            fake.read("path")
                .trim()
                .split(':')
                .any(|dir| dir == "/usr/sbin"),
            "{case}"
        );
    }
}

#[test]
fn a_failure_says_what_happened() {
    // C9
    let table = [
        ("try later", "exit 75", "sendmail exited with status 75"),
        (
            "with a reason",
            "echo >&2; printf 'disk \\033[1m full\\nmore\\n' >&2; exit 1",
            "sendmail exited with status 1: disk ?[1m full",
        ),
        ("killed", "kill -9 $$", "sendmail was killed by signal 9"),
        (
            "stdout is ignored",
            "echo no; exit 69",
            "sendmail exited with status 69",
        ),
    ];
    for (case, script, want) in table {
        let got = Fake::new(script).send(None, &["a@b"], b"x\n").unwrap_err();
        assert_eq!(got.to_string(), want, "{case}");
        assert!(!got.concerns_every_message(), "{case}");
    }
}

#[test]
fn without_a_program_nothing_runs() {
    // E6
    let table = [
        (
            "missing",
            "/nonexistent/sendmail",
            "there is no /nonexistent/sendmail",
        ),
        ("relative", "sendmail", "sendmail is not an absolute path"),
        (
            "no program",
            "/etc/passwd",
            "cannot run /etc/passwd: Permission denied (os error 13)",
        ),
    ];
    for (case, program, want) in table {
        let mut fake = Fake::new("");
        fake.sendmail.program = program.into();
        let got = fake.send(None, &["a@b"], b"x\n").unwrap_err();
        assert_eq!(got.to_string(), want, "{case}");
        assert!(got.concerns_every_message(), "{case}");
    }
    let got = Fake::new(RECORD).send(None, &[], b"x\n").unwrap_err();
    assert_eq!(got.to_string(), "it has no recipient");
}

#[test]
fn a_child_that_does_not_read_or_writes_a_lot_blocks_nobody() {
    // C9
    let big = vec![b'x'; 2 << 20];
    Fake::new("exit 0").send(None, &["a@b"], &big).unwrap();
    Fake::new("head -c 3000000 /dev/zero >&2; cat >/dev/null")
        .send(None, &["a@b"], &big)
        .unwrap();
}

#[test]
fn a_daemon_left_behind_does_not_hold_us_up() {
    // The sleeper keeps stdin, stdout and stderr for an hour. The assertion is that this test ends.
    let fake = Fake::new("sleep 3600 & echo $! >$OUT/pid; exit 0");
    fake.send(None, &["a@b"], b"x\n").unwrap();
    let pid: i32 = fake.read("pid").trim().parse().unwrap();
    nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[test]
fn a_sendmail_that_hangs_is_killed_with_its_children() {
    // C9. Only the fake's child has the FIFO open as descriptor 3.
    let mut fake =
        Fake::new("mkfifo $OUT/fifo; trap '' TERM; sleep 3600 3<>$OUT/fifo & wait; sleep 3600");
    fake.sendmail.timeout = Duration::from_millis(300);
    let got = fake.send(None, &["a@b"], b"x\n").unwrap_err();
    assert!(matches!(got, SendmailError::TimedOut(_)), "{got}");
    let left = fs::read_dir("/proc").unwrap().flatten().filter(|process| {
        let link = fs::read_link(process.path().join("fd/3"));
        link.is_ok_and(|link| link == fake.dir.path().join("fifo"))
    });
    // A killed process keeps its descriptors until it handles the signal: wait for exactly that.
    for process in left {
        while fs::read_link(process.path().join("fd/3")).is_ok() {
            thread::yield_now();
        }
    }
}

#[test]
fn two_run_in_parallel() {
    // Each waits until the other has started. Run one after the other, they would hang.
    let fake = Fake::new(
        r#"for last in "$@"; do :; done
           touch $OUT/$last
           while [ ! -e $OUT/one ] || [ ! -e $OUT/two ]; do sleep 0.01; done"#,
    );
    let start = |who: &str| {
        fake.sendmail
            .start(None, &[who.to_owned()], file(b"x\n"))
            .unwrap()
    };
    let (one, two) = (start("one"), start("two"));
    one.wait().unwrap();
    two.wait().unwrap();
}
