//! D2: mutt, neomutt, dovecot and Python's mailbox split a ticket as we do, whatever lies in it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tickets::mail::{entry, mbox};

use crate::corpus;
use crate::site::give;

/// How long a reader may take for the whole corpus on a slow, busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// mutt or neomutt takes half a minute for each of these: their long headers are read, decoded and
/// sorted in quadratic time. Where such a mail ends is shown by the others.
const LEFT_OUT: [&str; 6] = [
    "generated/cc-fields-100000",
    "generated/encoded-words-20000",
    "generated/encoded-words-open",
    "generated/from-fields-100000",
    "generated/parameters-100000",
    "generated/references-100000",
];

/// Ticket 1 with a seed and nearly every mail of the corpus.
struct Ticket {
    room: tempfile::TempDir,
    /// Name of the mail and digest, in the order of the file.
    entries: Vec<(String, String)>,
}

impl Ticket {
    fn fill() -> Ticket {
        let room = tempfile::Builder::new()
            .prefix("tickets-readers")
            .tempdir_in("/tmp")
            .unwrap();
        fs::write(
            room.path().join("config.toml"),
            format!(
                "dir = {:?}\ndomain = \"example.org\"\nadmins = \"steve@example.org\"\n\
                 notify = \"none\"\nack = false\nkeep_recent = \"0\"\nsendmail = \"/bin/true\"\n",
                room.path().join("tickets")
            ),
        )
        .unwrap();
        let mut ticket = Ticket {
            room,
            entries: Vec::new(),
        };
        ticket.deliver(
            "seed",
            "submit@example.org",
            b"Subject: seed\n\nIt burns.\n",
        );
        let kept = |case: &corpus::Case| !LEFT_OUT.contains(&case.name.as_str());
        for case in corpus::all().into_iter().filter(kept) {
            ticket.deliver(&case.name, "ticket-1@example.org", &case.mail);
        }
        ticket
    }

    fn deliver(&mut self, name: &str, recipient: &str, mail: &[u8]) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tickets"))
            .env_clear()
            .env("TICKETS_CONFIG", self.room.path().join("config.toml"))
            .args(["deliver", "-f", "alice@example.net", "-r", recipient])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(mail).unwrap();
        assert!(child.wait().unwrap().success(), "{name}");
        let (_, raw) = mbox::strip_from_line(mail);
        self.entries.push((name.to_owned(), entry::digest(raw)));
    }

    fn path(&self) -> PathBuf {
        self.room.path().join("tickets/1")
    }

    /// What `tickets export` makes of it, read by the same programs.
    fn read_exports(&self) {
        let export = |form: &str, name: &str| {
            let path = self.room.path().join(name);
            let output = Command::new(env!("CARGO_BIN_EXE_tickets"))
                .env_clear()
                .env("TICKETS_CONFIG", self.room.path().join("config.toml"))
                .args(["export", form])
                .arg(&path)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            path
        };
        let file = export("--mbox", "exported");
        self.assert_found("Python, exported", &python(&file));
        self.assert_found("mutt, exported", &mutt(self, "mutt", &file));
        // A Maildir has no order of its own.
        let mut found = mutt(self, "mutt", &export("--maildir", "Exported"));
        let mut want: Vec<String> = self.entries.iter().map(|(_, d)| d.clone()).collect();
        found.sort_unstable();
        want.sort_unstable();
        assert!(
            found == want,
            "mutt, exported as a Maildir: {}",
            found.len()
        );
    }

    /// Compares what a reader found, by digest and in order, with what came in.
    #[track_caller]
    fn assert_found(&self, reader: &str, found: &[String]) {
        for (at, (name, digest)) in self.entries.iter().enumerate() {
            let got = found.get(at).map(String::as_str);
            assert_eq!(got, Some(&**digest), "{reader}: message {}, {name}", at + 1);
        }
        assert_eq!(found.len(), self.entries.len(), "{reader}");
    }
}

/// Says what is missing on this machine.
fn missing() -> Option<&'static str> {
    let programs = ["mutt", "neomutt", "tmux", "doveadm", "python3", "setpriv"];
    let there = |program: &&str| {
        let find = format!("PATH=$PATH:/usr/sbin:/sbin; command -v {program} >/dev/null");
        Command::new("sh")
            .args(["-c", &find])
            .status()
            .unwrap()
            .success()
    };
    let lacking = programs.into_iter().find(|program| !there(program));
    lacking.or_else(|| (!nix::unistd::geteuid().is_root()).then_some("root"))
}

#[test]
fn readers_split_every_ticket_alike() {
    // D2
    if let Some(what) = missing() {
        let required = std::env::var_os("TICKETS_E2E").is_some_and(|v| v == "required");
        assert!(!required, "there is no {what}; run tests/setup as root");
        eprintln!("SKIPPED, not tested: there is no {what} (tests/setup installs what is needed)");
        return;
    }
    let ticket = Ticket::fill();
    let file = fs::read(ticket.path()).unwrap();
    let ours: Vec<String> = mbox::entries(&file, 0)
        .map(|found| entry::decode(found.content).sha256.unwrap_or_default())
        .collect();
    ticket.assert_found("tickets", &ours);
    ticket.assert_found("Python", &python(&ticket.path()));
    ticket.assert_found("dovecot", &dovecot(&ticket));
    for program in ["mutt", "neomutt"] {
        ticket.assert_found(program, &mutt(&ticket, program, &ticket.path()));
    }
    assert!(fs::read(ticket.path()).unwrap() == file, "a reader wrote");
    ticket.read_exports();
}

/// The first digest in each of some texts.
fn digests<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts
        .map(|text| {
            let at = text
                .find("sha256=")
                .unwrap_or_else(|| panic!("no digest: {text:?}"));
            text[at + 7..].chars().take(64).collect()
        })
        .collect()
}

fn python(file: &Path) -> Vec<String> {
    let script = "import mailbox, sys\n\
        box = mailbox.mbox(sys.argv[1], create=False)\n\
        for key in box.keys():\n    print(box.get_bytes(key)[:2000].replace(b'\\n', b' ').decode('latin1'))\n";
    let output = Command::new("python3")
        .args(["-I", "-c", script])
        .arg(file)
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    digests(
        String::from_utf8(output.stdout)
            .unwrap()
            .split_terminator('\n'),
    )
}

/// dovecot, on a copy: it locks beside the file, and is no program for root.
fn dovecot(ticket: &Ticket) -> Vec<String> {
    let dir = ticket.room.path().join("dovecot");
    fs::create_dir(&dir).unwrap();
    fs::copy(ticket.path(), dir.join("inbox")).unwrap();
    // What lies beside it is root's own desk, which nobody else may have a hand in.
    fs::set_permissions(ticket.room.path(), fs::Permissions::from_mode(0o711)).unwrap();
    for path in [&dir, &dir.join("inbox")] {
        give(path, "tickets");
    }
    let at = dir.display();
    let location = format!("mail_location=mbox:{at}/root:INBOX={at}/inbox:INDEX=MEMORY");
    let output = Command::new("setpriv")
        .args(["--init-groups", "--reuid", "tickets", "--regid", "tickets"])
        .args(["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin", "USER=tickets"])
        .arg(format!("HOME={at}"))
        .args(["doveadm", "-f", "json", "-o", &location])
        .args([
            "-o",
            "mail_privileged_group=",
            "-o",
            "mbox_write_locks=fcntl",
        ])
        .args(["fetch", "hdr.x-tickets-entry", "mailbox", "INBOX"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let records = found.iter().map(|mail| &mail["hdr.x-tickets-entry"]);
    digests(records.map(|record| record.as_str().unwrap_or_default()))
}

/// mutt or neomutt in a terminal, which pipes every message of a folder as it stands through a script.
fn mutt(ticket: &Ticket, program: &str, folder: &Path) -> Vec<String> {
    let name = folder.file_name().unwrap().to_str().unwrap();
    let dir = ticket.room.path().join(format!("{program}.{name}"));
    fs::create_dir(&dir).unwrap();
    let mut folder = folder.to_owned();
    if folder.is_file() {
        fs::copy(&folder, dir.join("folder")).unwrap();
        folder = dir.join("folder");
    }
    let (grab, found) = (dir.join("grab"), dir.join("found"));
    // All of it is read, or mutt would meet a closed pipe.
    let script = format!(
        "#!/bin/sh\ngrep -a -o 'sha256=[0-9a-f]*' | sed -n '1p' >>{}\n",
        found.display()
    );
    fs::write(&grab, script).unwrap();
    crate::site::mode(&grab, 0o755);
    File::create(&found).unwrap();
    let rc = format!(
        "set sort=mailbox-order pipe_split=yes pipe_decode=no wait_key=no pipe_sep='' header_cache=''\n\
         set read_inc=0 quit=yes delete=no move=no record='' postponed='' folder={}\n\
         push \"<tag-pattern>~A<enter><tag-prefix><pipe-message>{}<enter><quit>\"\n",
        dir.display(),
        grab.display()
    );
    fs::write(dir.join("rc"), rc).unwrap();
    let socket = dir.join("tmux");
    let tmux = |arguments: &[&str]| {
        let mut command = Command::new("tmux");
        command
            .env("LANG", "C.UTF-8")
            .env("HOME", &dir)
            .arg("-S")
            .arg(&socket)
            .args(arguments);
        command
    };
    let start = [
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "120",
        "-y",
        "40",
        "--",
    ];
    let started = tmux(&start)
        .args([program, "-n", "-R", "-F"])
        .arg(dir.join("rc"))
        .arg("-f")
        .arg(folder)
        .status();
    assert!(started.unwrap().success(), "tmux did not start");
    let begin = Instant::now();
    let quiet = |command: &mut Command| command.output().unwrap();
    while quiet(&mut tmux(&["has-session"])).status.success() {
        if begin.elapsed() > PATIENCE {
            let screen = quiet(&mut tmux(&["capture-pane", "-p"]));
            let _ = quiet(&mut tmux(&["kill-server"]));
            panic!(
                "{program} does not end:\n{}",
                String::from_utf8_lossy(&screen.stdout)
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = read(&found);
    digests(text.lines())
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
