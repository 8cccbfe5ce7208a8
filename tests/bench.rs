//! A desk in a directory of its own: the binary, a fake sendmail that keeps what it gets, and
//! nothing of the machine around it. Started by root it runs the program as `nobody`, since that
//! is how the program is meant to run, and root may write anywhere.

use crate::until::started;
use jiff::Timestamp;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// One desk.
pub struct Bench {
    root: TempDir,
    /// When it was set up.
    pub begun: Timestamp,
}

/// How the program ended and what it said.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "assert the outcome"]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// One mail that the fake sendmail took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The arguments, as one line.
    pub args: String,
    pub mail: String,
}

impl Sent {
    /// The value of a header field, unfolded.
    pub fn field(&self, name: &str) -> Option<String> {
        let header = self
            .mail
            .split("\n\n")
            .next()?
            .replace("\n ", " ")
            .replace("\n\t", " ");
        let start = format!("{}:", name.to_lowercase());
        let mut found = header
            .lines()
            .filter(|l| l.to_lowercase().starts_with(&start));
        let value = found.next()?[start.len()..].trim().to_owned();
        assert_eq!(found.next(), None, "{name} stands twice in\n{header}");
        Some(value)
    }

    /// `kind sender recipients`.
    pub fn in_short(&self) -> String {
        let kind = self.field("X-Tickets-Kind").unwrap_or_default();
        format!("{kind} {}", self.args.trim_start_matches("-i -f "))
    }

    pub fn body(&self) -> &str {
        self.mail.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

const CONFIG: &str = "domain = \"example.org\"\nadmins = \"steve@example.org\"\n";

/// The program of `sendmail.c`, which keeps what it gets.
fn sendmail_program() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| compiled("sendmail.c", &[]))
}

/// What the compiler makes of a C file of tests/. The bundled SQLite has been built with it a moment ago.
pub fn compiled(source: &str, options: &[&str]) -> Vec<u8> {
    let built = tempfile::tempdir().unwrap();
    let program = built.path().join("program");
    let status = Command::new("cc")
        .args(["-O1", "-Wall", "-Werror", "-o"])
        .arg(&program)
        .args(options)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests")
                .join(source),
        )
        .status();
    assert!(status.unwrap().success());
    fs::read(program).unwrap()
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with("")
    }

    /// A desk with more lines of configuration.
    pub fn with(config: &str) -> Bench {
        let bench = Bench {
            root: TempDir::new().unwrap(),
            begun: Timestamp::now(),
        };
        for dir in ["", "sent", "sent.tmp"] {
            bench.make_dir(dir);
        }
        bench.mend_sendmail();
        bench.configure(config);
        bench
    }

    /// Writes the configuration anew, with these lines added to the usual ones.
    pub fn configure(&self, more: &str) {
        let has = |key: &str| more.lines().any(|l| l.starts_with(key));
        let mut text: String = CONFIG
            .lines()
            .filter(|l| !has(l.split(' ').next().unwrap()))
            .map(|l| format!("{l}\n"))
            .collect();
        text += &format!("dir = {:?}\n", self.path("tickets"));
        if !has("sendmail =") {
            text += &format!("sendmail = {:?}\n", self.path("sendmail"));
        }
        text += more;
        if !has("log =") {
            // Above the tables.
            let at = match text.starts_with('[') {
                true => 0,
                false => text.find("\n[").map_or(text.len(), |at| at + 1),
            };
            text.insert_str(at, "log = \"none\"\n");
        }
        self.put("config.toml", text.as_bytes());
    }

    /// Makes the store, with no ticket in it.
    #[track_caller]
    pub fn make_store(&self) {
        for (dir, mode) in [("", 0o711), ("archived", 0o711), (".tickets", 0o700)] {
            self.make_dir(&format!("tickets/{dir}"));
            fs::set_permissions(self.ticket(dir), fs::Permissions::from_mode(mode)).unwrap();
        }
        self.says("reindex", "0 tickets, 0 messages\n");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A path in the store.
    pub fn ticket(&self, name: &str) -> PathBuf {
        self.path("tickets").join(name)
    }

    /// Makes a directory that the program's user owns.
    pub fn make_dir(&self, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        own(&path);
    }

    /// Writes a file that the program's user owns.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        // A script being started by somebody must not be open for writing: write beside it.
        let beside = path.with_extension("new");
        fs::write(&beside, bytes).unwrap();
        own(&beside);
        fs::rename(beside, path).unwrap();
    }

    /// Replaces the fake sendmail.
    pub fn sendmail(&self, script: &str) {
        self.install_sendmail(script.as_bytes());
    }

    fn install_sendmail(&self, program: &[u8]) {
        self.put("sendmail", program);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path("sendmail"), mode).unwrap();
    }

    /// Puts back the fake sendmail that keeps what it gets.
    pub fn mend_sendmail(&self) {
        self.install_sendmail(sendmail_program());
    }

    /// A copy of the program. Another process makes it: a program cannot be started as long as any process has it open
    /// for writing, and those that other tests start have for a moment all that is open here.
    pub fn copy_program(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let copied = Command::new("cp").arg(binary()).arg(&path).status();
        assert!(copied.unwrap().success());
        own(&path);
        path
    }

    /// The program, ready to be started in an empty environment as an ordinary user.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args);
        self.as_ordinary_user(&mut command);
        command
    }

    /// Gives a command the desk's empty environment, and an ordinary user.
    pub fn as_ordinary_user(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TICKETS_CONFIG", self.path("config.toml"))
            .current_dir(self.root.path());
        if let Some((uid, gid)) = ordinary_user() {
            command.uid(uid).gid(gid);
        }
    }

    pub fn run(&self, args: &[&str], stdin: &[u8]) -> Ran {
        finish(self.command(args), stdin)
    }

    /// Runs a command line, which says this and ends well.
    #[track_caller]
    pub fn says(&self, line: &str, stdout: &str) {
        self.run(&line.split(' ').collect::<Vec<_>>(), b"")
            .is(0, stdout, "");
    }

    /// Runs a command line, which ends well.
    #[track_caller]
    pub fn works(&self, line: &str) {
        self.run(&line.split(' ').collect::<Vec<_>>(), b"")
            .silent_but_for_output(line);
    }

    /// Runs it with a standard output that nobody reads any more: it ends quietly (E4).
    #[track_caller]
    pub fn run_into_closed_pipe(&self, args: &[&str]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = self.command(args);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{args:?}");
    }

    /// Delivers as an MTA would, from alice@example.net.
    pub fn deliver(&self, recipient: &str, message: impl AsRef<[u8]>) -> Ran {
        let args = ["deliver", "-f", "alice@example.net", "-r", recipient];
        self.run(&args, message.as_ref())
    }

    /// Delivers to this local-part of example.org, where it is filed without a word.
    #[track_caller]
    pub fn file(&self, local: &str, message: impl AsRef<[u8]>) {
        self.deliver(&format!("{local}@example.org"), message)
            .silent();
    }

    /// Delivers to submit@, and lets the program say what it did.
    pub fn deliver_aloud(&self, message: impl AsRef<[u8]>) -> Ran {
        let args = [
            "deliver",
            "-v",
            "-f",
            "alice@example.net",
            "submit@example.org",
        ];
        self.run(&args, message.as_ref())
    }

    /// Delivers with the null sender.
    pub fn deliver_bounce(&self, recipient: &str, message: impl AsRef<[u8]>) -> Ran {
        let args = ["deliver", "--sender", "", "--recipient", recipient];
        self.run(&args, message.as_ref())
    }

    /// What the fake sendmail took, in order of kind, subject and recipients.
    pub fn sent(&self) -> Vec<Sent> {
        let mut sent: Vec<Sent> = fs::read_dir(self.path("sent"))
            .unwrap()
            .map(|mail| self.sent_as(mail.unwrap().file_name().to_str().unwrap()))
            .collect();
        sent.sort_by_key(|s| {
            (
                s.field("X-Tickets-Kind"),
                s.field("Subject"),
                s.args.clone(),
            )
        });
        sent
    }

    /// The mail that the fake sendmail took under this name.
    pub fn sent_as(&self, name: &str) -> Sent {
        let bytes = fs::read(self.path("sent").join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (args, mail) = text.split_once('\n').unwrap();
        Sent {
            args: args.to_owned(),
            mail: mail.to_owned(),
        }
    }

    /// Takes what was sent away, so that the next look sees only what comes after.
    pub fn take_sent(&self) -> Vec<Sent> {
        let sent = self.sent();
        for mail in fs::read_dir(self.path("sent")).unwrap() {
            fs::remove_file(mail.unwrap().path()).unwrap();
        }
        sent
    }

    /// `kind sender recipients` of each mail that was sent.
    pub fn take_sent_in_short(&self) -> Vec<String> {
        self.take_sent().iter().map(Sent::in_short).collect()
    }

    /// The names in the store, without `.tickets`, sorted.
    pub fn names(&self) -> Vec<String> {
        let list = |dir: &str, prefix: &str| -> Vec<String> {
            let Ok(entries) = fs::read_dir(self.ticket(dir)) else {
                return Vec::new();
            };
            let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
            names.map(|n| format!("{prefix}{n}")).collect()
        };
        let mut names = list("", "");
        names.extend(list("archived", "archived/"));
        names.retain(|n| n != ".tickets" && n != "archived");
        names.sort();
        names
    }

    /// The names of the mails in the outbox: `new/...`, `tmp/...`, `failed/new/...`.
    pub fn outbox(&self) -> Vec<String> {
        let mut found = Vec::new();
        for dir in ["tmp", "new", "cur", "failed/new"] {
            let Ok(entries) = fs::read_dir(self.ticket(".tickets/outbox").join(dir)) else {
                continue;
            };
            for entry in entries {
                found.push(format!(
                    "{dir}/{}",
                    entry.unwrap().file_name().to_string_lossy()
                ));
            }
        }
        found.sort();
        found
    }

    /// An mbox of the store, with the dates of its From_ lines as `DATE`.
    pub fn mbox(&self, name: &str) -> String {
        let bytes = fs::read(self.ticket(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let dated = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            line.starts_with("From ") && words.len() >= 7
        };
        let lines = text.split('\n').map(|line| match dated(line) {
            true => format!("From {} DATE", line.split(' ').nth(1).unwrap()),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Ran {
    /// Status 0 and not a word, as an MTA wants it.
    #[track_caller]
    pub fn silent(&self) {
        self.is(0, "", "");
    }

    /// Status 0 and nothing on stderr.
    #[track_caller]
    pub fn silent_but_for_output(&self, what: &str) {
        assert_eq!((self.status, self.stderr.as_str()), (0, ""), "{what}");
    }

    #[track_caller]
    pub fn is(&self, status: i32, stdout: &str, stderr: &str) {
        let got = (self.status, self.stdout.as_str(), self.stderr.as_str());
        assert_eq!(got, (status, stdout, stderr));
    }
}

/// Runs a command to its end. A program that does not read its input is no mistake here.
pub fn finish(mut command: Command, stdin: &[u8]) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = started(&mut command);
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = pipe.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran {
        status: output
            .status
            .code()
            .unwrap_or_else(|| -output.status.signal().unwrap()),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The user that stands in for the one who runs a desk; `None` if we are no root ourselves.
pub fn ordinary_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        let root = nix::unistd::geteuid().is_root();
        let nobody = || nix::unistd::User::from_name("nobody").unwrap().unwrap();
        root.then(|| (nobody().uid.as_raw(), nobody().gid.as_raw()))
    })
}

/// Gives a file to the program's user.
pub fn own(path: &Path) {
    if let Some((uid, gid)) = ordinary_user() {
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    }
}

/// The program, where an ordinary user can start it.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| startable(Path::new(env!("CARGO_BIN_EXE_tickets")), "tickets"))
}

/// A program that was built, where an ordinary user can start it: a checkout may lie where only root
/// looks. A copy gets this name.
pub fn startable(built: &Path, name: &str) -> PathBuf {
    let passable =
        |dir: &Path| fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0);
    if ordinary_user().is_none() || built.ancestors().all(passable) {
        return built.to_owned();
    }
    let dir = std::env::temp_dir().join(format!("tickets-test-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let copy = dir.join(name);
    fs::copy(built, &copy).unwrap();
    copy
}
