//! `tickets check`: what is in force, what is wrong, and the command that mends it.
//!
//! Nothing is created or changed, but for a file that is locked and removed again.

mod authserv;
mod entries;
mod mta;
mod store;
mod values;

use crate::desk::Desk;
use crate::error::Status;
use crate::part::{Context, Run};
use crate::ticket::tag;
use crate::ticket::template::{Template, Values};
use anyhow::Result;
pub use mta::{Mta, mta};
use std::path::{Path, PathBuf};

/// Say what is in force, what is wrong, and how to mend it
///
/// Prints the values in force, then looks at configuration, store, locks, index, sendmail, the
/// outbox, and how the MTA is set up. `warn` is something to look at, `FAIL` is something that
/// keeps mail from being filed; below each stands a command that mends it. With --store it reads
/// every ticket instead and compares each message with the digest taken when it was filed.
///
/// Exit status: 0 nothing fails, 78 something does; with --store 0 all is as it was filed, 65 it
/// is not.
#[derive(clap::Args)]
pub struct Check {
    /// Verify every message in the store
    #[arg(long)]
    store: bool,
    /// Where the machine's configuration lies
    #[arg(long, value_name = "DIR", default_value = "/etc", hide = true)]
    etc: PathBuf,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Ok,
    Warn,
    Fail,
}

/// What one look found.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    level: Level,
    text: String,
    /// A command, or a short sentence.
    mend: Option<String>,
}

impl Finding {
    fn new(level: Level, text: impl Into<String>) -> Self {
        Finding {
            level,
            text: text.into(),
            mend: None,
        }
    }

    fn ok(text: impl Into<String>) -> Self {
        Self::new(Level::Ok, text)
    }

    fn warn(text: impl Into<String>) -> Self {
        Self::new(Level::Warn, text)
    }

    fn fail(text: impl Into<String>) -> Self {
        Self::new(Level::Fail, text)
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

impl Run for Check {
    const NAME: &'static str = "check";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk()?;
        if self.store {
            return entries::verify(&mut desk);
        }
        let mut text = values::in_force(&desk.config);
        let mut findings = vec![config(&desk)];
        findings.extend(secret(&desk));
        findings.extend(templates(&desk));
        findings.extend(authserv::look(&desk));
        findings.extend(store::look(&mut desk));
        findings.push(sendmail(&desk));
        findings.extend(outbox(&desk));
        findings.extend(mta::look(&desk, &cx.overrides, &self.etc));
        for finding in &findings {
            let word = match finding.level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            text.push_str(&format!("\n{word}  {}", finding.text));
            if let Some(mend) = &finding.mend {
                text.push_str(&format!("\n      mend: {mend}"));
            }
        }
        crate::screen::say(text)?;
        let fails = findings.iter().any(|f| f.level == Level::Fail);
        Ok(if fails { Status::Config } else { Status::Ok })
    }
}

/// Where it is, for a command that changes it.
fn file_to_edit(desk: &Desk) -> String {
    match &desk.config.file {
        Some(file) => file.display().to_string(),
        None => "~/.config/tickets/config.toml".into(),
    }
}

fn config(desk: &Desk) -> Finding {
    let domain = desk.config.addresses.domain();
    // Without a digit in it, no pattern would be tried.
    if let Err(e) = tag::find(&desk.config.subject_tags, "1") {
        let file = file_to_edit(desk);
        // It is drawn in several lines.
        let line = crate::error::line(&e);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let finding = Finding::fail(format!("config: {line}"));
        return finding.mend(format!("correct subject_tags in {file}"));
    }
    // Root read it, and became somebody who may not.
    if let Some(file) = &desk.config.file
        && !may(file, nix::unistd::AccessFlags::R_OK)
    {
        let path = file.display();
        let finding = Finding::fail(format!("config: the store's owner may not read {path}"));
        return finding.mend(format!("sudo chmod a+r {path}"));
    }
    if desk.config.domain_known {
        return Finding::ok(format!("config: mail for {domain}"));
    }
    let finding = Finding::warn(format!(
        "config: no domain is configured; answers say {domain}, which is a guess"
    ));
    match &desk.config.file {
        None => finding.mend(format!("tickets init --domain {domain}")),
        Some(file) => finding.mend(format!("write `domain = \"...\"` into {}", file.display())),
    }
}

/// What is secret must be so.
fn secret(desk: &Desk) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let file = desk.config.address_secret.as_deref()?;
    let path = file.display();
    // Root read it, and became somebody who may not.
    if !may(file, nix::unistd::AccessFlags::R_OK) {
        let finding = format!("address_secret: the store's owner may not read {path}");
        let owner = desk.config.dir.display();
        let mend = format!("sudo chown --reference={owner} {path}");
        return Some(Finding::fail(finding).mend(mend));
    }
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    Some(match mode & 0o006 {
        0 => Finding::ok(format!("address_secret: {path}")),
        _ => {
            let finding = Finding::fail(format!("address_secret: everybody may read {path}"));
            finding.mend(format!("chmod o-rwx {path}"))
        }
    })
}

/// The admin's own texts: answers go out with the built-in ones if these fail.
fn templates(desk: &Desk) -> Vec<Finding> {
    let Some(dir) = &desk.config.templates else {
        return Vec::new();
    };
    if !dir.is_dir() {
        let text = format!("templates: there is no directory {}", dir.display());
        return vec![Finding::warn(text).mend(format!("mkdir -p {}", dir.display()))];
    }
    let templates = desk.templates();
    let mut found = Vec::new();
    let mut own = Vec::new();
    for text in Template::ALL {
        let file = dir.join(text.file_name());
        let path = file.display();
        match std::fs::read_to_string(&file) {
            Err(e) if crate::files::absent(&e) => {}
            Err(e) => {
                let finding = Finding::warn(format!("templates: cannot read {path}: {e}"));
                found.push(finding.mend(format!("chmod a+r {path}")));
            }
            Ok(_) => match templates.render(text, &Values::default()) {
                Ok(_) => own.push(text.file_name()),
                Err(e) => {
                    let why = crate::error::line(&e);
                    let finding = Finding::warn(format!("templates: {path}: {why}"));
                    found.push(finding.mend("correct it; the built-in text stands in until then"));
                }
            },
        }
    }
    if found.is_empty() && own.is_empty() {
        found.push(Finding::ok(
            "templates: none of your own, the built-in texts are used",
        ));
    } else if found.is_empty() {
        found.push(Finding::ok(format!(
            "templates: your own {}",
            own.join(", ")
        )));
    }
    found
}

fn sendmail(desk: &Desk) -> Finding {
    let program = desk.sendmail().program;
    let path = program.display();
    let what = match std::fs::metadata(&program) {
        Err(e) if crate::files::absent(&e) => format!("sendmail: there is no {path}"),
        Err(e) => format!("sendmail: cannot look at {path}: {e}"),
        Ok(meta) if !meta.is_file() => format!("sendmail: {path} is no program"),
        Ok(_) if !may(&program, nix::unistd::AccessFlags::X_OK) => {
            format!("sendmail: you may not run {path}")
        }
        Ok(_) => return Finding::ok(format!("sendmail: {path}")),
    };
    let finding = Finding::warn(format!("{what}; answers wait in the outbox"));
    finding.mend(format!(
        "`sudo apt install exim4-daemon-light`, or `sendmail = ...` in {}",
        file_to_edit(desk)
    ))
}

fn outbox(desk: &Desk) -> Vec<Finding> {
    let (waiting, failed) = match (desk.outbox.waiting(), desk.outbox.failed()) {
        (Ok(waiting), Ok(failed)) => (waiting, failed),
        (Err(e), _) | (_, Err(e)) => {
            return vec![Finding::fail(format!("outbox: {}", crate::error::line(&e)))];
        }
    };
    let mut found = Vec::new();
    match waiting.first() {
        None => found.push(Finding::ok("outbox: nothing waits")),
        Some(oldest) => {
            let since = crate::screen::when(oldest.since);
            let count = count(waiting.len(), "mail waits", "mails wait");
            let finding = Finding::warn(format!("outbox: {count}, the oldest since {since}"));
            found.push(finding.mend("tickets flush"));
        }
    }
    if !failed.is_empty() {
        let dir = desk.config.dir.join(".tickets/outbox/failed");
        let count = count(failed.len(), "mail was given up", "mails were given up");
        let finding = Finding::warn(format!("outbox: {count} after five days"));
        found.push(finding.mend(format!(
            "look at them, delete them: mutt -f {}",
            dir.display()
        )));
    }
    found
}

/// `1 mail waits`, `2 mails wait`.
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// True if this process may do that to `path`.
fn may(path: &Path, access: nix::unistd::AccessFlags) -> bool {
    let at = nix::fcntl::AT_FDCWD;
    nix::unistd::faccessat(at, path, access, nix::fcntl::AtFlags::AT_EACCESS).is_ok()
}
