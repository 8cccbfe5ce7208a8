//! The module spamassassin, with the real spamd.

use super::{free_port, with_module};
use crate::bench::Bench;
use crate::deliver::mail;
use crate::until::until;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

/// What every SpamAssassin takes for spam.
const GTUBE: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// SpamAssassin's daemon, which is ended with the test.
struct Spamd(Child);

impl Spamd {
    /// It keeps what it learns in `bayes`.
    fn start(bench: &Bench, port: u16, bayes: &str) -> Spamd {
        let mut command = Command::new("/usr/sbin/spamd");
        bench.as_ordinary_user(&mut command);
        command
            .args([
                "--allow-tell",
                "--local",
                "--max-children=1",
                "--nouser-config",
                "--syslog=stderr",
            ])
            .args(["--listen=127.0.0.1", &format!("--port={port}")])
            .arg(format!(
                "--cf=bayes_path {}",
                bench.path(bayes).join("db").display()
            ))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", bench.path(bayes))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(bench.path("spamd.log")).unwrap());
        let mut spamd = Spamd(command.spawn().unwrap());
        until("spamd answers", || {
            let log = || fs::read_to_string(bench.path("spamd.log")).unwrap();
            assert!(
                matches!(spamd.0.try_wait(), Ok(None)),
                "spamd ended: {}",
                log()
            );
            // It listens before it has read its rules, and answers after that.
            let mut answer = String::new();
            let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|mut stream| {
                stream.write_all(b"PING SPAMC/1.2\r\n\r\n")?;
                stream.read_to_string(&mut answer)
            });
            asked.is_ok() && answer.contains("PONG")
        });
        spamd
    }
}

impl Drop for Spamd {
    fn drop(&mut self) {
        // It takes its children with it.
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

#[test]
fn spamassassin_judges_new_tickets_and_learns() {
    // G3, G5
    let bench = Bench::new();
    let port = free_port();
    with_module(&bench, "spamassassin", &format!("port = {port}\n"));
    bench.make_dir("bayes");
    let spamd = Spamd::start(&bench, port, "bayes");
    bench.file("submit", mail("1", "", "The printer is on fire."));
    bench
        .deliver("submit@example.org", mail("2", "", GTUBE))
        .silent();
    // Only what would open a ticket is judged.
    bench.file("ticket-1", mail("3", "", GTUBE));
    assert_eq!(bench.names(), ["1", "quarantine"]);
    assert_eq!(
        bench
            .mbox("1")
            .matches("\nX-Tickets-Module: spamassassin; go=on; score=")
            .count(),
        1
    );
    let held = bench.run(&["quarantine"], b"");
    assert!(
        held.stdout.contains("spamassassin")
            && held.stdout.contains("SpamAssassin takes it for spam"),
        "{held:?}"
    );

    bench.take_sent();
    bench
        .run(&["spam", "1"], b"")
        .is(0, "1: learned\nclosed 1\n", "");
    assert_eq!(bench.names(), ["archived/1", "quarantine"]);
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
    bench
        .run(&["spam", "1", "x"], b"")
        .is(1, "", "usage: tickets spam TICKET...\n");
    let help = "usage: tickets spam TICKET...\n\
        Teaches SpamAssassin that these tickets are spam, and closes them quietly.\n";
    bench.run(&["spam", "--help"], b"").is(0, help, "");
    bench
        .run(&["spam", "7"], b"")
        .is(1, "", "no open ticket 7\n");
    let says = |wanted: &str| {
        let checked = bench.run(&["check"], b"");
        assert!(checked.stdout.contains(wanted), "{checked:?}");
    };
    says("module spamassassin: spamd answers");

    // Without its daemon no mail is lost, and everybody hears of it.
    drop(spamd);
    bench.file("submit", mail("4", "", GTUBE));
    assert_eq!(bench.names(), ["2", "archived/1", "quarantine"]);
    assert!(
        bench
            .mbox("2")
            .contains("X-Tickets-Module: spamassassin; failed="),
        "{}",
        bench.mbox("2")
    );
    says("spamd does not answer: [Errno 111] Connection refused");
}

#[test]
fn a_ticket_from_which_spamd_learns_nothing_stays_open() {
    // G3
    let bench = Bench::new();
    let port = free_port();
    with_module(&bench, "spamassassin", &format!("port = {port}\n"));
    bench.file("submit", mail("1", "", "Buy now."));
    bench.file("submit", mail("2", "", "Buy soon."));
    // It has no place for it, as the user nobody has none, to whom Debian's spamd falls back.
    bench.put("file", b"");
    let spamd = Spamd::start(&bench, port, "file");
    bench.run(&["spam", "1", "2"], b"").is(
        1,
        "",
        "1: spamd learned nothing, so no ticket is closed: it cannot write where it keeps what it learns (its log says \
         why), or it does not use Bayes\n\
         hint: on Debian, add -u debian-spamd to OPTIONS in /etc/default/spamd, and restart spamd\n",
    );
    assert_eq!(bench.names(), ["1", "2"]);
    drop(spamd);

    bench.make_dir("bayes");
    let _spamd = Spamd::start(&bench, port, "bayes");
    let learned = "1: learned\nclosed 1\n";
    bench.run(&["spam", "1"], b"").is(0, learned, "");
    bench.works("reopen 1");
    // What it has learned it knows still, however often it is told.
    for _ in 0..2 {
        let known = "1: known already\nclosed 1\n";
        bench.run(&["spam", "1"], b"").is(0, known, "");
        bench.works("reopen 1");
    }
}
