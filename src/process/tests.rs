use super::*;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;

/// A shell that runs `script` in `dir`.
fn shell(dir: &tempfile::TempDir, script: &str) -> Command {
    let mut command = crate::privilege::program("/bin/sh");
    command
        .args(["-c", script])
        .current_dir(dir.path())
        .stdin(Stdio::null());
    command
}

/// Waits until nobody has the FIFO `name` open any more: as long as somebody has, whoever reads finds no end.
fn wait_for_the_last_holder(dir: &tempfile::TempDir, name: &str) {
    let open = || {
        let mut options = fs::OpenOptions::new();
        let quiet = options.read(true).custom_flags(nix::libc::O_NONBLOCK);
        quiet.open(dir.path().join(name)).unwrap()
    };
    while open().read(&mut [0]).is_err() {
        std::thread::yield_now();
    }
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn what_it_says_is_heard_up_to_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let table: &[(&str, End, usize)] = &[
        ("printf 0123456789", End::Exited(ExitStatus::default()), 10),
        ("head -c 200000 /dev/zero", End::SaidTooMuch, 100_001),
        ("exec >&-; :", End::Exited(ExitStatus::default()), 0),
    ];
    for (script, end, at_least) in table {
        let mut running =
            Running::start_to_hear(&mut shell(&dir, script), LONG, 100_000, &[]).unwrap();
        assert_eq!(running.wait().unwrap(), *end, "{script}");
        assert!(running.said().len() >= *at_least, "{script}");
        assert!(running.said().len() <= 100_000 + 16384, "{script}");
    }
}

#[test]
fn a_program_that_writes_a_lot_to_its_stderr_does_not_fill_the_disk() {
    // G2. It does not end before what it wrote has been cut, and then writes on.
    let dir = tempfile::tempdir().unwrap();
    let script = "echo first >&2; head -c 3000000 /dev/zero | tr '\\0' x >&2
        until [ $(stat -Lc %s /dev/fd/2) -lt 1000000 ]; do :; done; echo last >&2; stat -Lc %s /dev/fd/2";
    let limit = Duration::from_secs(60);
    let mut running = Running::start_to_hear(&mut shell(&dir, script), limit, 1000, &[]).unwrap();
    assert_eq!(running.wait().unwrap(), End::Exited(ExitStatus::default()));
    assert_eq!(running.said(), b"2053\n");
    assert_eq!(running.first_line(), "first");
}

#[test]
fn what_a_module_leaves_running_ends_with_it() {
    // G5. The sleeper holds the FIFO, as a writer.
    let dir = tempfile::tempdir().unwrap();
    let script = "mkfifo f; exec 3<>f; sleep 3600 & exit 0";
    let mut running = Running::start_to_hear(&mut shell(&dir, script), LONG, 1000, &[]).unwrap();
    assert_eq!(running.wait().unwrap(), End::Exited(ExitStatus::default()));
    wait_for_the_last_holder(&dir, "f");
}

#[test]
fn it_is_asked_to_end_before_it_is_killed() {
    // I3. One that tidies up is let; one that will not hear is killed with its children.
    let dir = tempfile::tempdir().unwrap();
    // The child says itself that it is up: one that is just forked still has the shell's handler, and loses the signal.
    let polite = "trap 'echo tidy >tidied; exit 0' TERM; mkfifo up
        sh -c 'echo >up; exec sleep 3600' & wait";
    let mut running = Running::start(&mut shell(&dir, polite), LONG).unwrap();
    let up = dir.path().join("up");
    while fs::read(&up).is_err() {
        std::thread::yield_now();
    }
    running.stop(LONG);
    assert_eq!(
        fs::read_to_string(dir.path().join("tidied")).unwrap(),
        "tidy\n"
    );

    let deaf = "trap '' TERM; mkfifo f up2; exec 3<>f; echo >up2; sleep 3600 & wait";
    let mut running = Running::start(&mut shell(&dir, deaf), LONG).unwrap();
    while fs::read(dir.path().join("up2")).is_err() {
        std::thread::yield_now();
    }
    running.stop(Duration::ZERO);
    assert!(running.has_exited());
    wait_for_the_last_holder(&dir, "f");
}
