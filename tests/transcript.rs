//! A session at a shell, as the snapshots in `tests/snapshots` hold it.
//!
//! Each is a page of a manual whose examples are run: a sentence that says what the reader sees, a
//! command line, and its whole outcome. That is standard output, standard error below `stderr:`, the
//! exit status unless it is 0, and if they are others than before, the names in the store and in the
//! outbox and the mails that sendmail took. Set up and files that change nothing are left to the
//! code. After a change that is meant: `INSTA_UPDATE=always cargo test`, then read the difference.

use crate::bench::{Bench, Ran, Sent, binary, finish};
use insta::internals::SettingsBindDropGuard;
use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use regex::Regex;
use std::fmt;
use std::process::Command;
use std::sync::LazyLock;

/// A page in the making; `insta::assert_snapshot!` takes it when it is complete.
pub struct Transcript<'a> {
    bench: &'a Bench,
    text: String,
    /// What lay in the store and in the outbox before the last command.
    before: [String; 2],
    /// What the last command sent.
    pub sent: Vec<Sent>,
    masks: Vec<(String, &'static str)>,
    /// `TZ` of the commands, for the pages on which it matters.
    pub zone: &'static str,
    _settings: SettingsBindDropGuard,
}

impl<'a> Transcript<'a> {
    /// Begins after what was done to the desk so far.
    pub fn new(bench: &'a Bench) -> Transcript<'a> {
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        // Digests of mail that holds a date.
        settings.add_filter("sha256=[0-9a-f]{64}\n", "sha256=<sha256>\n");
        settings.add_filter(r"<(ticket-[0-9]+\.[a-z]+)\.[0-9a-f]{32}@", "<$1.<digest>@");
        settings.add_filter("closed, [0-9.]+ [kMGT]B free\n", "closed, <size> free\n");
        // Of mail that the operator writes.
        settings.add_filter("<[0-9a-f]{16}[.][0-9a-f]{1,6}@", "<<time>.<process>@");
        let mut page = Transcript {
            bench,
            text: String::new(),
            before: Default::default(),
            sent: Vec::new(),
            masks: Vec::new(),
            zone: "UTC",
            _settings: settings.bind_to_scope(),
        };
        page.at(bench);
        page
    }

    /// Goes on at another desk.
    pub fn at(&mut self, bench: &'a Bench) -> &mut Self {
        let bin = bench.path("bin");
        if !bin.join("tickets").exists() {
            bench.make_dir("bin");
            std::os::unix::fs::symlink(binary(), bin.join("tickets")).unwrap();
        }
        self.bench = bench;
        self
    }

    /// Shows `shown` wherever a text of this machine stands: the name of a user or host.
    pub fn mask(&mut self, text: &str, shown: &'static str) {
        self.masks.push((text.to_owned(), shown));
    }

    /// What the reader is about to see.
    pub fn say(&mut self, sentences: &str) -> &mut Self {
        let mut line = String::new();
        for word in sentences.split_whitespace() {
            if line.len() + 1 + word.len() > 100 {
                self.text += &(std::mem::take(&mut line) + "\n");
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        self.text += &(line + "\n\n");
        self
    }

    /// Runs each line in a shell, where `tickets` is the program. A pipe ends as the last of its commands
    /// that failed.
    pub fn run(&mut self, lines: &str) -> &mut Self {
        for line in lines.lines() {
            let mut shell = Command::new("bash");
            shell.args(["-o", "pipefail", "-c", line]);
            self.bench.as_ordinary_user(&mut shell);
            let bin = self.bench.path("bin").display().to_string();
            shell
                .env("PATH", format!("{bin}:/usr/bin:/bin"))
                .env("TZ", self.zone);
            self.begin();
            let ran = finish(shell, b"");
            self.ran(line, &ran);
        }
        self.text += "\n";
        self
    }

    /// Ends a group of commands.
    pub fn space(&mut self) {
        self.text += "\n";
    }

    /// A sentence and the command lines that it speaks of.
    pub fn step(&mut self, sentences: &str, lines: &str) -> &mut Self {
        self.say(sentences).run(lines)
    }

    /// The mails that the last command sent, in full.
    pub fn mails(&mut self) -> &mut Self {
        for Sent { args, mail } in self.sent.clone() {
            self.block(&format!("sendmail {args}\n{mail}"));
            self.text += "\n";
        }
        self
    }

    /// Marks the moment before a command: what was done to the desk so far is not its doing.
    pub fn begin(&mut self) {
        self.before = lies(self.bench);
        self.bench.take_sent();
    }

    /// The outcome of a command, all that happened since [`Transcript::begin`].
    pub fn ran(&mut self, line: &str, ran: &Ran) {
        self.block(&format!("$ {line}\n"));
        self.block(&ran.stdout);
        if !ran.stderr.is_empty() {
            self.block("stderr:\n");
            self.block(&ran.stderr);
        }
        if ran.status != 0 {
            self.block(&format!("status {}\n", ran.status));
        }
        for (now, before) in lies(self.bench).iter().zip(self.before.clone()) {
            if *now != before {
                self.block(&format!("{now}\n"));
            }
        }
        self.sent = self.bench.take_sent();
        for mail in self.sent.clone() {
            self.block(&format!("sent: {}\n", mail.in_short().trim_start()));
        }
    }

    fn block(&mut self, text: &str) {
        let root = self.bench.path("").display().to_string();
        let mut text = text
            .replace(binary().to_str().unwrap(), "/usr/bin/tickets")
            .replace(root.trim_end_matches('/'), "/desk");
        for (of_here, shown) in &self.masks {
            text = text.replace(of_here, shown);
        }
        let text = readable(&dates(&text, self.bench.begun));
        for line in text.split_terminator('\n') {
            self.text += if line.is_empty() { "" } else { "    " };
            self.text += &(line.to_owned() + "\n");
        }
        if !text.is_empty() && !text.ends_with('\n') {
            self.text += "    (no newline at the end)\n";
        }
    }
}

impl fmt::Display for Transcript<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The names of tickets, and how many mails wait where.
fn lies(bench: &Bench) -> [String; 2] {
    let outbox = bench.outbox();
    let count = |dir: &str| {
        let inside = outbox.iter().filter(|name| name.starts_with(dir));
        match inside.count() {
            0 => None,
            count => Some(format!("{count} in {dir}")),
        }
    };
    let waits = ["tmp", "new", "cur", "failed/new"].into_iter();
    let waits: Vec<String> = waits.filter_map(count).collect();
    [
        ("store", bench.names().join(" ")),
        ("outbox", waits.join(", ")),
    ]
    .map(|(what, names)| {
        let names = if names.is_empty() { "nothing" } else { &names };
        format!("{what}: {names}")
    })
}

/// Dates, as they stand in RFC 3339, RFC 5322 and From_ lines; and cut to minutes and days.
static DATES: LazyLock<[(Regex, &str, i64, &str); 5]> = LazyLock::new(|| {
    [
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
            "%Y-%m-%dT%H:%M:%SZ",
            1,
            "<now>",
        ),
        (
            r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} \+0000",
            "%a, %d %b %Y %H:%M:%S +0000",
            1,
            "<now>",
        ),
        (
            r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4}",
            "%a %b %e %H:%M:%S %Y",
            1,
            "<now>",
        ),
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}",
            "%Y-%m-%d %H:%M",
            60,
            "<now>",
        ),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d", 86_400, "<today>"),
    ]
    .map(|(shape, form, unit, shown)| (Regex::new(shape).unwrap(), form, unit, shown))
});

/// `<now>` for each date that is one and lies between `begun`, when the desk was set up, and now: any other is none of those
/// that a command makes by itself, and stays.
fn dates(text: &str, begun: Timestamp) -> String {
    let now = Timestamp::now().as_second();
    let mut text = text.to_owned();
    for (shape, form, unit, shown) in DATES.iter() {
        let is_now = |date: &str| {
            let parsed = strtime::parse(form, date).and_then(|parsed| {
                parsed
                    .to_datetime()
                    .or_else(|_| parsed.to_date().map(Into::into))
            });
            let at = parsed.and_then(|date: jiff::civil::DateTime| date.to_zoned(TimeZone::UTC));
            at.is_ok_and(|at| {
                let at = at.timestamp().as_second();
                (begun.as_second() / unit..=now / unit).contains(&(at.div_euclid(*unit)))
                    && at % unit == 0
            })
        };
        text = shape
            .replace_all(&text, |found: &regex::Captures<'_>| {
                match is_now(&found[0]) {
                    true => (*shown).to_owned(),
                    false => found[0].to_owned(),
                }
            })
            .into_owned();
    }
    text
}

/// With what nobody sees, or what would steer a terminal, in letters.
fn readable(text: &str) -> String {
    let seen = |c: char| match c {
        '\n' => c.to_string(),
        '\u{1b}' => "\\e".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{61c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => c.escape_unicode().to_string(),
        c if c.is_control() => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    let text: String = text.chars().map(seen).collect();
    // A blank at the end of a line.
    text.replace(" \n", "\u{2420}\n")
}
