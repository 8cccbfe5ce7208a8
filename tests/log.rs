//! The log: a line for each delivery, and for each command that changes something (L7).

use crate::bench::{Bench, Ran, finish, own};
use crate::crash::{strace_is_here, under_strace};
use crate::deliver::mail;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::process::Command;

/// A desk whose log is the file `log`, with more lines of configuration.
fn desk(more: &str) -> Bench {
    let b = Bench::new();
    logs_to(&b, "log", more);
    b
}

fn logs_to(b: &Bench, name: &str, more: &str) {
    b.configure(&format!("log = {:?}\n{more}", b.path(name)));
}

/// What stands in a line before `ms=`, if it has the form of one: date, process, fields, time.
fn fields(line: &str) -> Option<&str> {
    let (date, rest) = line.split_once(' ')?;
    let _: jiff::Timestamp = date.parse().ok()?;
    let (number, rest) = rest.strip_prefix("tickets[")?.split_once("]: ")?;
    let (fields, ms) = rest.rsplit_once(" ms=")?;
    let _: (u32, u64) = (number.parse().ok()?, ms.parse().ok()?);
    Some(fields)
}

/// The lines since the last look, without what is never the same.
#[track_caller]
fn logged(b: &Bench) -> Vec<String> {
    let text = fs::read_to_string(b.path("log")).unwrap_or_default();
    if !text.is_empty() {
        fs::remove_file(b.path("log")).unwrap();
    }
    let root = b.path("").display().to_string();
    let line = |line: &str| {
        let fields = fields(line).unwrap_or_else(|| panic!("{line}"));
        fields.replace(&root, "ROOT/")
    };
    text.lines().map(line).collect()
}

/// Who runs the commands of the tests, as the log names them.
fn user() -> String {
    let name = match crate::bench::ordinary_user() {
        Some((uid, _)) => nix::unistd::User::from_uid(uid.into()),
        None => nix::unistd::User::from_uid(nix::unistd::geteuid()),
    };
    name.unwrap().unwrap().name
}

/// L7: each of a ticket's deeds, by mail and on the shell.
#[test]
fn each_deed_is_a_line() {
    let b = desk("");
    let alice = |id: &str| mail(id, "", "text\n");
    let size = |id: &str| alice(id).len();
    let from = "from=<alice@example.net>";
    b.file("submit", alice("1"));
    let about = |id: &str| format!("{from} msgid=<{id}@example.net> size={}", size(id));
    assert_eq!(
        logged(&b),
        [format!("ticket=1 opened answers=2 {}", about("1"))]
    );
    b.file("submit", alice("1"));
    assert_eq!(
        logged(&b),
        [format!("ticket=1 duplicate answers=0 {}", about("1"))]
    );
    b.file("ticket-1", alice("2"));
    b.file("ticket-1-done", alice("3"));
    b.file("ticket-1", alice("4"));
    assert_eq!(
        logged(&b),
        [
            format!("ticket=1 filed answers=1 {}", about("2")),
            format!("ticket=1 closed answers=1 {}", about("3")),
            format!("ticket=1 re-opened answers=1 {}", about("4")),
        ]
    );
    b.deliver_bounce("ticket-1@example.org", alice("5"))
        .silent();
    let line = format!("from=<> msgid=<5@example.net> size={}", size("5"));
    assert_eq!(logged(&b), [format!("ticket=1 filed answers=1 {line}")]);
    // Several recipients are one delivery.
    let args = ["deliver", "-f", "alice@example.net"];
    let to = [
        "submit@example.org",
        "ticket-1@example.org",
        "ticket-9@example.org",
    ];
    b.run(&[&args[..], &to[..]].concat(), alice("6").as_bytes())
        .silent();
    assert_eq!(
        logged(&b),
        [format!(
            "ticket=2 opened ticket=1 filed refused=1 answers=3 {}",
            about("6")
        )]
    );
    let by = format!("by=<{}>", user());
    b.works("close 1 -m done");
    b.works("reopen 1");
    b.works("close 1 --quiet");
    assert_eq!(
        logged(&b),
        [
            format!("{by} ticket=1 closed answers=1"),
            format!("{by} ticket=1 re-opened answers=0"),
            format!("{by} ticket=1 closed answers=0"),
        ]
    );
    // What changes nothing is no line.
    for line in [
        "list",
        "show 1",
        "search text",
        "stats",
        "timeline",
        "flush",
        "restore",
        "check",
        "reindex",
    ] {
        let _ = b.run(&line.split(' ').collect::<Vec<_>>(), b"");
    }
    assert_eq!(logged(&b), [""; 0]);
}

/// L7: what is not filed, and why.
#[test]
fn what_is_refused_or_deferred_is_a_line() {
    let b = desk("max_size = 200\n");
    let small = mail("1", "", "text\n");
    let about = format!(
        "from=<alice@example.net> msgid=<1@example.net> size={}",
        small.len()
    );
    let refused = b.deliver("ticket-7@example.org", &small);
    let said = "5.1.1 There is no ticket ticket-7@example.org: please write to submit@example.org to open a new one.";
    refused.is(67, &format!("{said}\n"), "");
    assert_eq!(
        logged(&b),
        [format!(
            "refused status=67 to=<ticket-7@example.org> reason=\"{said}\" {about}"
        )]
    );
    let large = mail("2", "", &"x".repeat(300));
    let said = "5.3.4 Your message is larger than 200 bytes, which is the most that is taken here.";
    b.deliver("submit@example.org", large)
        .is(65, &format!("{said}\n"), "");
    assert_eq!(
        logged(&b),
        [format!(
            "refused status=65 to=<submit@example.org> reason=\"{said}\" from=<alice@example.net>"
        )]
    );
    // Something else stands in the ticket's place, whose mail waits.
    b.file("submit", mail("3", "", "text\n"));
    fs::remove_file(b.ticket("1")).unwrap();
    b.make_dir("tickets/1");
    logged(&b);
    let said = "cannot open ROOT/tickets/1: a directory stands there, no file";
    let waits = b.deliver("ticket-1@example.org", &small);
    assert_eq!((waits.status, waits.stdout.as_str()), (75, ""));
    assert_eq!(logged(&b), [format!("deferred reason=\"{said}\" {about}")]);
    b.run(&["deliver"], b"").is(
        75,
        "",
        "tickets: cannot read the message: standard input is empty\n",
    );
    assert_eq!(
        logged(&b),
        ["deferred reason=\"cannot read the message: standard input is empty\""]
    );
}

/// L7: where the disk is full in the middle of a line, the next line begins a line all the same. A limit on the size of
/// files is such a disk.
#[test]
fn half_a_line_ends_like_a_line() {
    let b = desk("");
    let refuse = |limit: Option<usize>| {
        let mut command = Command::new("prlimit");
        let limit = limit.map_or("unlimited".to_owned(), |it| it.to_string());
        command
            .arg(format!("--fsize={limit}"))
            .arg(crate::bench::binary());
        command.args(["deliver", "-f", "a@x", "-r", "ticket-7@example.org"]);
        b.as_ordinary_user(&mut command);
        assert_eq!(
            finish(command, mail("1", "", "text\n").as_bytes()).status,
            67
        );
    };
    refuse(None);
    let one = fs::metadata(b.path("log")).unwrap().len() as usize;
    for room in [1, 2, one / 2] {
        refuse(None);
        let before = fs::read_to_string(b.path("log")).unwrap();
        refuse(Some(before.len() + room));
        let half = fs::read_to_string(b.path("log")).unwrap();
        assert_eq!(
            (half.len(), half.ends_with('\n')),
            (before.len() + room, true),
            "{half}"
        );
        refuse(None);
        let after = fs::read_to_string(b.path("log")).unwrap();
        let line = after.strip_prefix(&half).unwrap();
        assert!(
            line.lines().count() == 1 && fields(line.trim_end()).is_some(),
            "{after}"
        );
        assert!(half.starts_with(&before), "{half}");
    }
}

/// L7: mail that sendmail does not take, and what a flush does about it.
#[test]
fn what_waits_is_a_line() {
    let b = desk("");
    b.sendmail("#!/bin/sh\nexit 75\n");
    b.file("submit", mail("1", "", "text\n"));
    let lines = logged(&b);
    let begin = "ticket=1 opened unsent=2 answers=2 warning=\"the ack of ticket 1 for alice@example.net waits in the outbox: ";
    assert!(lines.len() == 1 && lines[0].starts_with(begin), "{lines:?}");
    // It changes nothing while nothing is sent.
    assert_eq!(b.run(&["flush", "-q"], b"").status, 75);
    assert_eq!(logged(&b), [""; 0]);
    b.mend_sendmail();
    b.says("flush", "2 sent, 0 waiting\n");
    assert_eq!(logged(&b), [format!("by=<{}> flush sent=2", user())]);
}

/// L7, T11, T20: whatever a stranger writes, it is one line, whose fields are the program's own.
#[test]
fn nobody_forges_a_line_or_a_field() {
    let b = desk("");
    let forged = "2026-11-29T00:00:00Z tickets[1]: ticket=99 closed ms=1";
    let id = format!("<a\"> ticket=98 closed from=<b\u{1b}[2J\u{202e}@x>\r\n {forged}");
    let message = format!("From: alice@example.net\nMessage-ID: {id}\nSubject: x\n\ntext\n");
    for sender in [
        format!("a> ticket=97 closed\n{forged}\n@example.net"),
        "\"a b\"@example.net".to_owned(),
        "é\u{85}\u{2028}@example.net".to_owned(),
        "x".repeat(100_000),
    ] {
        for to in ["submit@example.org", "ticket-77@example.org"] {
            let args = ["deliver", "-f", &sender, "-r", to];
            let ran = b.run(&args, message.as_bytes());
            assert!([0, 67].contains(&ran.status), "{ran:?}");
        }
    }
    let text = fs::read_to_string(b.path("log")).unwrap();
    let plain = |c: char| c == '\n' || c == ' ' || c.is_ascii_graphic();
    assert!(text.chars().all(plain), "{text:?}");
    assert_eq!(text.lines().count(), 8, "{text}");
    for line in text.lines() {
        assert!(line.len() < 1024, "{line}");
        let line = fields(line).unwrap();
        let names = [
            "ticket", "answers", "from", "msgid", "size", "refused", "status", "to", "reason",
        ];
        // Without what stands in brackets and quotes.
        let mut own = String::new();
        let mut until = None;
        for c in line.chars() {
            match (until, c) {
                (None, '<') => until = Some('>'),
                (None, '"') => until = Some('"'),
                (Some(end), c) if c == end => until = None,
                (None, c) => own.push(c),
                _ => {}
            }
        }
        assert_eq!(until, None, "{line}");
        for word in own.split(' ') {
            let name = word.split('=').next().unwrap();
            let deed = ["opened", "duplicate"].contains(&word);
            assert!(deed || names.contains(&name), "{word} in {line}");
        }
        let ticket = own.split(' ').find(|word| word.starts_with("ticket="));
        assert!(ticket.is_none_or(|ticket| ticket == "ticket=1"), "{line}");
    }
}

/// L7, A4: a log that cannot be written harms nothing, and nothing but a file is one. `check` says it.
#[test]
fn what_is_no_log_file_is_left_alone() {
    for what in ["link", "pipe", "directory", "missing", "device", "full"] {
        let b = desk("");
        let log = b.path("log");
        match what {
            "link" => symlink(b.path("other"), &log).unwrap(),
            "pipe" => nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            "directory" => b.make_dir("log"),
            "missing" => logs_to(&b, "no/log", ""),
            "device" => b.configure("log = \"/dev/null\"\n"),
            _ => b.configure("log = \"/dev/full\"\n"),
        }
        if what == "pipe" {
            own(&log);
        }
        // Somebody reads the pipe, who would get the line if it were written.
        let reader = (what == "pipe").then(|| {
            let mut options = fs::File::options();
            let options = std::os::unix::fs::OpenOptionsExt::custom_flags(
                options.read(true),
                nix::libc::O_NONBLOCK,
            );
            options.open(&log).unwrap()
        });
        b.file("submit", mail("1", "", "text\n"));
        assert_eq!(b.names(), ["1"], "{what}");
        assert!(!b.path("other").exists(), "{what}");
        if let Some(mut reader) = reader {
            let mut read = String::new();
            std::io::Read::read_to_string(&mut reader, &mut read).unwrap();
            assert_eq!(read, "");
        }
        let said = b.run(&["check"], b"").stdout;
        let why = match what {
            "link" => "log: a symbolic link stands there, no file",
            "pipe" => "log: a named pipe stands there, no file",
            "directory" => "log: a directory stands there, no file",
            "missing" => "log: No such file or directory (os error 2)",
            "device" => "cannot write /dev/null: a device stands there, no file",
            _ => "cannot write /dev/full: a device stands there, no file",
        };
        let line = said.lines().find(|line| line.starts_with("warn  log: "));
        assert!(
            line.is_some_and(|line| line.ends_with(why)),
            "{what}: {said}"
        );
    }
}

/// L7: the file is opened for each line, so it may be moved away at any time; it is private to the desk's user,
/// unless it was made otherwise before.
#[test]
fn a_log_file_can_be_moved_and_made_beforehand() {
    let b = desk("");
    let mode = |name: &str| fs::metadata(b.path(name)).unwrap().permissions().mode() & 0o777;
    b.file("submit", mail("1", "", "text\n"));
    assert_eq!(mode("log"), 0o600);
    fs::rename(b.path("log"), b.path("log.1")).unwrap();
    b.put("log", b"");
    fs::set_permissions(b.path("log"), fs::Permissions::from_mode(0o644)).unwrap();
    b.file("submit", mail("2", "", "text\n"));
    b.file("submit", mail("3", "", "text\n"));
    assert_eq!(mode("log"), 0o644);
    let lines = |name: &str| fs::read_to_string(b.path(name)).unwrap().lines().count();
    assert_eq!((lines("log.1"), lines("log")), (1, 2));
}

/// L7, F: what the key may be.
#[test]
fn the_key_names_syslog_a_file_or_nothing() {
    let hint = "hint: log = \"syslog\", log = \"none\" or log = \"/var/log/tickets.log\"\n";
    let b = Bench::new();
    let config = b.path("config.toml").display().to_string();
    let store = b.ticket("x/log").display().to_string();
    for (value, why) in [
        ("tickets.log", "\"tickets.log\" is not an absolute path"),
        ("", "\"\" is not an absolute path"),
        ("/", "\"/\" is not an absolute path"),
        (&store, &format!("{store:?} is in the store")),
    ] {
        b.configure(&format!("log = {value:?}\n"));
        let said = format!("tickets: cannot use {config}: log: {why}\n{hint}");
        b.run(&["list"], b"").is(78, "", &said);
    }
    // By a link to the store, and where the store is named by one.
    b.make_dir("tickets");
    symlink(b.path("tickets"), b.path("link")).unwrap();
    let linked = b.path("link/1").display().to_string();
    b.configure(&format!("log = {linked:?}\n"));
    let said = format!("tickets: cannot use {config}: log: {linked:?} is in the store\n{hint}");
    b.run(&["list"], b"").is(78, "", &said);
    b.configure(&format!("log = {:?}\n", b.ticket("1")));
    let link = b.path("link").display().to_string();
    let ran = b.run(&["--dir", &link, "list"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (78, ""), "{ran:?}");
    for (value, want) in [("syslog", "\"syslog\""), ("none", "\"none\"")] {
        b.configure(&format!("log = {value:?}\n"));
        let said = b.run(&["check"], b"").stdout;
        assert!(said.contains(&format!("\nlog = {want}\n")), "{said}");
    }
}

/// L7: the line is written after the message is filed, by one call that cannot wait; and no other call of a delivery
/// is added.
#[test]
fn a_delivery_makes_few_calls_for_it() {
    if !strace_is_here() {
        return;
    }
    let calls = |b: &Bench| {
        let log = b.path("strace.log");
        let options = ["-e", "trace=all", "-o", log.to_str().unwrap()];
        let args = [
            "deliver",
            "-f",
            "alice@example.net",
            "-r",
            "submit@example.org",
        ];
        let ran = under_strace(b, &options, &args, mail("1", "", "text\n").as_bytes());
        assert_eq!(
            ran,
            Ran {
                status: 0,
                stdout: String::new(),
                stderr: String::new()
            }
        );
        fs::read_to_string(log).unwrap()
    };
    let syslog = calls(&{
        let b = Bench::new();
        b.configure("log = \"syslog\"\n");
        b
    });
    let lines: Vec<&str> = syslog.lines().collect();
    let filed = lines.iter().position(|line| line.starts_with("linkat("));
    let socket = lines.iter().position(|line| line.starts_with("socket("));
    assert!(filed.unwrap() < socket.unwrap(), "{syslog}");
    let own = lines[socket.unwrap()..][..3].iter();
    let own: Vec<&str> = own.map(|line| line.split('(').next().unwrap()).collect();
    assert_eq!(own, ["socket", "ioctl", "sendto"]);
    assert!(
        lines[socket.unwrap() + 1].contains("FIONBIO, [1]"),
        "{syslog}"
    );
    let to = lines[socket.unwrap() + 2];
    assert!(
        to.contains("\"<22>tickets[") && to.contains("sun_path=\"/dev/log\""),
        "{to}"
    );
    let file = calls(&desk(""));
    let lines: Vec<&str> = file.lines().collect();
    let at = lines
        .iter()
        .rposition(|line| line.contains("\"log\", O_WRONLY"));
    let line = lines[at.unwrap()];
    for flag in [
        "O_APPEND",
        "O_NONBLOCK",
        "O_NOFOLLOW",
        "O_CREAT",
        "O_NOCTTY",
    ] {
        assert!(line.contains(flag), "{line}");
    }
    assert_eq!(file.matches(" tickets[").count(), 1, "{file}");
}

/// L7: a socket stands for that of syslog, in a mount namespace of its own. One that nobody reads is full soon, and
/// keeps no mail waiting.
#[test]
fn syslog_gets_a_datagram_and_is_never_waited_for() {
    let b = Bench::new();
    b.configure("log = \"syslog\"\n");
    b.make_dir("dev");
    let socket = UnixDatagram::bind(b.path("dev/log")).unwrap();
    fs::set_permissions(b.path("dev/log"), fs::Permissions::from_mode(0o777)).unwrap();
    socket.set_nonblocking(true).unwrap();
    b.put("dev/null", b"");
    // The desk itself may lie in /dev/shm.
    b.make_dir("dev/shm");
    let script = "mount --bind /dev/null \"$1/null\" && mount --rbind /dev/shm \"$1/shm\" && \
        mount --rbind \"$1\" /dev && shift && exec \"$@\"";
    let unshared = |words: &[&str], stdin: &[u8]| {
        let mut command = Command::new("unshare");
        command.args([
            "-m",
            "--map-current-user",
            "--keep-caps",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        command.arg(b.path("dev")).args(words);
        b.as_ordinary_user(&mut command);
        finish(command, stdin)
    };
    if unshared(&["true"], b"").status != 0 {
        eprintln!("SKIPPED: no mount namespace may be made here");
        return;
    }
    let program = crate::bench::binary().to_str().unwrap();
    let args = [
        program,
        "deliver",
        "-f",
        "alice@example.net",
        "-r",
        "submit@example.org",
    ];
    unshared(&args, mail("1", "", "text\n").as_bytes()).silent();
    let mut buffer = [0; 4096];
    let size = socket.recv(&mut buffer).unwrap();
    let line = String::from_utf8_lossy(&buffer[..size]).into_owned();
    let fields = line.strip_prefix("<22>tickets[").unwrap();
    let fields = fields.split_once("]: ").unwrap().1;
    let want = "ticket=1 opened answers=2 from=<alice@example.net> msgid=<1@example.net> size=";
    assert!(fields.starts_with(want) && !line.contains('\n'), "{line}");
    assert_eq!(
        socket.recv(&mut buffer).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    // A deferred mail is a warning.
    unshared(&[program, "deliver"], b"").is(
        75,
        "",
        "tickets: cannot read the message: standard input is empty\n",
    );
    let size = socket.recv(&mut buffer).unwrap();
    assert!(buffer[..size].starts_with(b"<20>tickets["));
    // The queue is filled until there is no room for another datagram.
    let other = UnixDatagram::unbound().unwrap();
    other.set_nonblocking(true).unwrap();
    let full = loop {
        if let Err(e) = other.send_to(b"x", b.path("dev/log")) {
            break e.kind();
        }
    };
    assert_eq!(full, ErrorKind::WouldBlock);
    unshared(&args, mail("2", "", "text\n").as_bytes()).silent();
    assert_eq!(b.names(), ["1", "2"]);
    // E3: `check` says what keeps a line from being written, and what can be done.
    let says = |why: &str| {
        let said = unshared(&[program, "check"], b"").stdout;
        let config = b.path("config.toml").display().to_string();
        let want = format!(
            "note  log: {why}, so nothing is noted; `log = \"/absolute/FILE\"` in {config} notes it in a file"
        );
        assert!(said.lines().any(|line| line == want), "{want}: {said}");
    };
    says("syslog (/dev/log) takes nothing (nobody reads what is handed in, and lines are lost)");
    drop(socket);
    says("no syslog on this machine (/dev/log)");
    fs::remove_file(b.path("dev/log")).unwrap();
    says("no syslog on this machine (/dev/log)");
}
