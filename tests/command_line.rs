//! What stands on the command line before anything else is known.

use crate::bench::{Bench, binary, finish};
use std::fs;
use std::process::Command;

const MAIL: &[u8] = b"From: alice@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n";

// A3: a wrong option makes mail wait, wherever it stands.
#[test]
fn a_line_that_may_be_a_delivery_never_bounces_mail() {
    let b = Bench::new();
    for line in [
        "--dir deliver -r submit@example.org",
        "--config deliver -r submit@example.org",
        "--config config.toml --dir deliver -f a@x.net -r submit@example.org",
        "-f list deliver -r submit@example.org",
        "-f stats deliver -r submit@example.org",
        "--sender list --recipient submit@example.org deliver",
        "--log check deliver",
        "foo deliver",
        "--foo deliver",
        "--dir= deliver",
        "deliver --foo",
        "help deliver",
    ] {
        let ran = b.run(&line.split(' ').collect::<Vec<_>>(), MAIL);
        assert_eq!((ran.status, ran.stdout.as_str()), (75, ""), "{line}");
        assert!(ran.stderr.starts_with("tickets: "), "{line}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {ran:?}");
    }
    assert!(!b.ticket("").exists());
    assert_eq!(b.take_sent_in_short(), [""; 0]);
}

// E4
#[test]
fn another_command_is_none() {
    let b = Bench::new();
    b.run(&["search", "deliver", "--bogus"], b"").is(
        64,
        "",
        "tickets: unexpected argument '--bogus' found\n\
         hint: to pass '--bogus' as a value, use '-- --bogus'\n",
    );
    b.run(&["--dir", "x", "close", "deliver"], b"").is(
        64,
        "",
        "tickets: invalid value 'deliver' for '<TICKET>...': a ticket is a number from 1 to \
         999999999, without leading zeros\nhint: `tickets close --help` shows its options\n",
    );
}

// E3, G2: what is read twice from a pipe is empty the second time, and another desk is meant.
#[test]
fn a_configuration_that_can_be_read_once_is_read_once() {
    let b = Bench::new();
    b.file(
        "submit",
        "From: alice@example.net\nSubject: Printer\n\nHelp\n",
    );
    let config = fs::read(b.path("config.toml")).unwrap();
    let made = Command::new("mkfifo").arg(b.path("pipe")).status();
    assert!(made.unwrap().success());
    let pipe = b.path("pipe");
    // Whoever opens it a second time would wait for ever.
    let run = |config: &[u8], line: &str| {
        let mut command = Command::new("timeout");
        command.arg("60").arg(binary()).args(["--config", "pipe"]);
        command.args(line.split(' '));
        b.as_ordinary_user(&mut command);
        let (pipe, config) = (pipe.clone(), config.to_owned());
        let writer = std::thread::spawn(move || fs::write(pipe, config));
        let ran = finish(command, b"");
        writer.join().unwrap().unwrap();
        ran
    };
    let from_a_pipe = |line: &str| run(&config, line);
    from_a_pipe("list -q").is(0, "1\n", "");
    from_a_pipe("verify ticket-1@example.org").is(0, "", "");
    from_a_pipe("close 1").is(0, "closed 1  Printer\n", "");
    assert_eq!(b.names(), ["archived/1"]);
    let off = [&config[..], b"[parts]\noff = [\"stats\"]\n"].concat();
    run(&off, "stats").is(
        64,
        "",
        "tickets: unrecognized subcommand 'stats'\n\
         hint: the part stats is switched off: `tickets modules`\n",
    );
    // Nobody writes to it now, and nobody has to.
    b.works("--config pipe --help");
    b.works("--config pipe --version");
}

// C9, G2: a mistake about parts keeps no mail waiting.
#[test]
fn mail_goes_out_whatever_is_to_be_off() {
    let b = Bench::with("[parts]\noff = [\"bogus\"]\n");
    b.sendmail("exit 75");
    b.file(
        "submit",
        "From: alice@example.net\nSubject: Printer\n\nHelp\n",
    );
    b.mend_sendmail();
    b.says("flush", "2 sent, 0 waiting\n");
    assert_eq!(b.outbox(), [""; 0]);
}
