//! Measures the cost of running a program, for all benchmarks. All programs are started in the same way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one run of a program took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Nanoseconds from fork to the end.
    pub wall: u64,
    /// User and system time of it and its children, in microseconds.
    pub cpu: u64,
    /// Peak memory of the program or one of its children, in KiB.
    pub memory: u64,
}

/// Starts programs.
pub struct Meter {
    room: PathBuf,
}

impl Meter {
    /// Builds the program that starts the others, in `room`.
    pub fn build(room: &Path) -> Meter {
        let meter = Meter {
            room: room.to_owned(),
        };
        meter.compile("spawn", "spawn", &["-static"]);
        meter
    }

    /// Builds the program `name` from a C source beside this file.
    pub fn compile(&self, name: &str, source: &str, options: &[&str]) {
        let source = format!("{}/benches/{source}.c", env!("CARGO_MANIFEST_DIR"));
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-o"])
            .arg(self.room.join(name))
            .args(options)
            .arg(source)
            .status();
        assert!(built.expect("cc").success(), "{name} cannot be built");
    }

    /// Runs `command` with the file `input` as standard input. Its output goes to the file `output`.
    pub fn run(&self, command: &[String], input: &Path, output: &Path) -> Cost {
        let first = std::env::vars().filter(|(name, _)| name == "BENCH_RT");
        self.spawn(command, input, output, first.collect())
    }

    /// Like `run`, but ignores `BENCH_RT`.
    #[allow(dead_code, reason = "only what scale measures takes long")]
    pub fn run_among_others(&self, command: &[String], input: &Path, output: &Path) -> Cost {
        self.spawn(command, input, output, Vec::new())
    }

    fn spawn(
        &self,
        command: &[String],
        input: &Path,
        output: &Path,
        environment: Vec<(String, String)>,
    ) -> Cost {
        let out = Command::new(self.room.join("spawn"))
            .args([input, output])
            .args(command)
            .env_clear()
            .envs(environment)
            .envs([("PATH", "/usr/bin:/bin"), ("HOME", "/nonexistent")])
            .output()
            .expect("spawn");
        let said = String::from_utf8_lossy(&out.stdout);
        let numbers: Vec<u64> = said.split_whitespace().flat_map(str::parse).collect();
        let [wall, cpu, memory, 0] = numbers[..] else {
            let errors = String::from_utf8_lossy(&out.stderr);
            panic!("{command:?}: {said} {errors}");
        };
        Cost { wall, cpu, memory }
    }
}

/// The release build, or the program that `BENCH_BIN` names. The one that cargo builds for benchmarks also
/// has the features that test dependencies need, such as 190 kB of regex tables.
pub fn tickets() -> String {
    if let Ok(path) = std::env::var("BENCH_BIN") {
        return path;
    }
    let built = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["build", "--release", "--bin", "tickets"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.expect("cargo").success(), "cargo build --release");
    let room = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = room.parent().expect("the target directory");
    target.join("release/tickets").display().to_string()
}

/// A configuration for the store at `dir`. Its sendmail does nothing, so that only our own time counts.
pub fn configure(path: &Path, dir: &Path, admins: &[&str], answers: bool) {
    let (ack, notify) = match answers {
        true => ("true", "copy"),
        false => ("false", "none"),
    };
    let text = format!(
        "dir = {dir:?}\ndomain = \"example.org\"\nadmins = {admins:?}\n\
         ack = {ack}\nack_total = 1000000\nnotify = \"{notify}\"\nsendmail = \"/bin/true\"\n"
    );
    fs::write(path, text).expect("a config");
}

/// A mail of `size` bytes with its own Message-ID and author. `answered` is the Message-ID it replies to.
pub fn message(name: &str, answered: Option<&str>, size: usize) -> String {
    let parent = answered.map_or(String::new(), |id| format!("In-Reply-To: {id}\n"));
    let mut text = format!(
        "Received: from mail.example.net (mail.example.net [192.0.2.7])\n\
         \tby mx.example.org (Postfix) with ESMTPS id 4T8xYz1QbLz2xK9\n\
         \tfor <submit@example.org>; Fri, 12 Jan 2024 09:08:07 +0000 (UTC)\n\
         From: Alice Example <alice.{name}@example.net>\n\
         To: submit@example.org\n\
         Subject: The printer on the second floor prints =?UTF-8?Q?h=C3=B6chst?= oddly\n\
         Date: Fri, 12 Jan 2024 10:08:05 +0100\n\
         Message-ID: {}\n{parent}\
         MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\
         User-Agent: Mutt/2.2.12 (2023-09-09)\n\n",
        msg_id(name)
    );
    let line = "Every page comes out twice, and the second one is blank but for a dot.\n";
    while text.len() + line.len() < size {
        text.push_str(line);
    }
    let rest = size - text.len() - 1;
    text.push_str(&line[..rest]);
    text.push('\n');
    text
}

/// The Message-ID of [`message`].
pub fn msg_id(name: &str) -> String {
    format!("<{name}.bench@mail.example.net>")
}

/// How many messages of [`message`] are in an mbox.
pub fn filed(mbox: &Path) -> usize {
    let text = fs::read_to_string(mbox).unwrap_or_default();
    let ids = text.lines().filter(|l| l.starts_with("Message-ID: "));
    ids.filter(|l| l.ends_with(".bench@mail.example.net>"))
        .count()
}

/// The median; 0 if there are no numbers.
pub fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
