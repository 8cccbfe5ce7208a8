//! `tickets check`: what is in force, what is wrong, and the command that mends it.
//!
//! Nothing is created or changed, except for a file on which the locks are tried, and by `--mend`.

mod authserv;
mod diagnosis;
mod entries;
mod mta;
mod obstacles;
mod store;
mod values;

use crate::desk::Desk;
use crate::error::{Status, harmless, quoted, quoted_path};
use crate::part::{Context, Run};
use crate::screen::say;
use crate::ticket::tag;
use crate::ticket::template::{Template, Values};
use anyhow::Result;
use diagnosis::{Diagnosis, Level, count, may};
use std::path::PathBuf;

/// Say what is in force, what is wrong, and how to mend it
///
/// Prints the values in force, then checks the configuration, the store, its locks, the index,
/// sendmail, the outbox, and the mail server. `warn` is something to look at, `FAIL` something that
/// keeps mail from being filed; the command below each mends it. With --store, reads every ticket
/// instead, and compares each message with the digest taken when it was filed.
///
/// Exit status: 0 if nothing fails, else 78. With --store: 0 if every message is as it was filed,
/// else 65.
#[derive(clap::Args)]
pub struct Check {
    /// Verify every message in the store
    #[arg(long)]
    store: bool,
    /// Mend what can be mended without a doubt: give all of the store to its `group`
    #[arg(long, conflicts_with = "store")]
    mend: bool,
    /// Directory of the machine's configuration
    #[arg(long, value_name = "DIR", default_value = "/etc", hide = true)]
    etc: PathBuf,
}

/// Gives all of the store to its group, and says how much that was.
fn mend(desk: &Desk) -> Result<Status> {
    let (given, failed) = desk.store.share()?;
    match &desk.config.group {
        Some(group) if given > 0 => {
            let what = count(given, "file or directory", "files and directories");
            say(format_args!("gave the group {group} {what}"))?;
        }
        _ if failed.is_empty() => say("nothing to mend")?,
        _ => {}
    }
    for e in &failed {
        crate::error::report(e, None);
    }
    Ok(match failed.is_empty() {
        true => Status::Ok,
        false => Status::NoPerm,
    })
}

impl Run for Check {
    const NAME: &'static str = "check";
    const READS: bool = true;

    fn run(self, cx: &Context) -> Result<Status> {
        let mut desk = cx.desk()?;
        if self.store {
            return entries::verify(&mut desk);
        }
        if self.mend {
            return mend(&desk);
        }
        let mut text = values::in_force(&desk.config);
        let mut found = vec![config(&desk)];
        found.extend(secret(&desk));
        found.extend(templates(&desk));
        found.extend(authserv::look(&desk));
        found.extend(store::look(&mut desk));
        found.push(sendmail(&desk));
        found.extend(outbox(&desk));
        found.extend(mta::look(&desk, &cx.overrides, &self.etc));
        for finding in &found {
            let word = match finding.level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            text.push_str(&format!("\n{word}  {}", harmless(&finding.text)));
            if let Some(mend) = &finding.mend {
                text.push_str(&format!("\n      mend: {}", harmless(mend)));
            }
        }
        // The values are those of the desk's user, and this may be another one's terminal.
        for line in text.lines() {
            crate::screen::say(harmless(line))?;
        }
        let fails = found.iter().any(|f| f.level == Level::Fail);
        Ok(if fails { Status::Config } else { Status::Ok })
    }
}

/// The configuration file, for a command that edits it.
fn file_to_edit(desk: &Desk) -> String {
    match &desk.config.file {
        Some(file) => file.display().to_string(),
        None => "~/.config/tickets/config.toml".into(),
    }
}

fn config(desk: &Desk) -> Diagnosis {
    let domain = desk.config.addresses.domain();
    // The digit makes sure that each pattern is tried.
    if let Err(e) = tag::find(&desk.config.subject_tags, "1") {
        let file = file_to_edit(desk);
        // regex draws its message in several lines.
        let line = crate::error::line(&e);
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let finding = Diagnosis::fail(format!("config: {line}"));
        return finding.mend(format!("correct subject_tags in {file}"));
    }
    // Root has read it, and then became the store's owner.
    if let Some(file) = &desk.config.file
        && !may(file, nix::unistd::AccessFlags::R_OK)
    {
        let path = file.display();
        let finding = Diagnosis::fail(format!("config: the store's owner cannot read {path}"));
        return finding.mend(format!("sudo chmod a+r {}", quoted_path(file)));
    }
    if desk.config.domain_known {
        return Diagnosis::ok(format!("config: mail for {domain}"));
    }
    let finding = Diagnosis::warn(format!(
        "config: no domain is configured, so that no mail is sent: {domain} is only a guess"
    ));
    match &desk.config.file {
        None => finding.mend(format!("tickets init --domain {}", quoted(domain))),
        Some(file) => finding.mend(format!("write `domain = \"...\"` into {}", file.display())),
    }
}

/// The file with the secret, which nobody else may read.
fn secret(desk: &Desk) -> Option<Diagnosis> {
    use std::os::unix::fs::PermissionsExt;
    let file = desk.config.address_secret.as_deref()?;
    let path = file.display();
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    Some(match mode & 0o006 {
        0 => Diagnosis::ok(format!("address_secret: {path}")),
        _ => {
            let finding = Diagnosis::fail(format!("address_secret: everybody can read {path}"));
            finding.mend(format!("chmod o-rwx {}", quoted_path(file)))
        }
    })
}

/// The admin's own texts. Where one fails, answers go out with the built-in text.
fn templates(desk: &Desk) -> Vec<Diagnosis> {
    let Some(dir) = &desk.config.templates else {
        return Vec::new();
    };
    if !dir.is_dir() {
        let text = format!("templates: there is no directory {}", dir.display());
        return vec![Diagnosis::warn(text).mend(format!("mkdir -p {}", quoted_path(dir)))];
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
                let finding = Diagnosis::warn(format!("templates: cannot read {path}: {e}"));
                found.push(finding.mend(format!("chmod a+r {}", quoted_path(&file))));
            }
            Ok(_) => match templates.render(text, &Values::default()) {
                Ok(_) => own.push(text.file_name()),
                Err(e) => {
                    let why = crate::error::line(&e);
                    let finding = Diagnosis::warn(format!("templates: {path}: {why}"));
                    found.push(finding.mend("correct it; until then the built-in text is used"));
                }
            },
        }
    }
    if found.is_empty() && own.is_empty() {
        found.push(Diagnosis::ok(
            "templates: no files of your own; the built-in texts are used",
        ));
    } else if found.is_empty() {
        found.push(Diagnosis::ok(format!(
            "templates: your own {}",
            own.join(", ")
        )));
    }
    found
}

fn sendmail(desk: &Desk) -> Diagnosis {
    let program = desk.sendmail().program;
    let path = program.display();
    let what = match std::fs::metadata(&program) {
        Err(e) if crate::files::absent(&e) => format!("sendmail: there is no {path}"),
        Err(e) => format!("sendmail: cannot look at {path}: {e}"),
        Ok(meta) if !meta.is_file() => format!("sendmail: {path} is not a program"),
        Ok(_) if !may(&program, nix::unistd::AccessFlags::X_OK) => {
            format!("sendmail: you cannot run {path}")
        }
        Ok(_) => return Diagnosis::ok(format!("sendmail: {path}")),
    };
    let finding = Diagnosis::warn(format!("{what}; answers wait in the outbox"));
    finding.mend(format!(
        "`sudo apt install exim4-daemon-light`, or `sendmail = ...` in {}",
        file_to_edit(desk)
    ))
}

fn outbox(desk: &Desk) -> Vec<Diagnosis> {
    let (waiting, failed) = match (desk.outbox.waiting(), desk.outbox.failed()) {
        (Ok(waiting), Ok(failed)) => (waiting, failed),
        (Err(e), _) | (_, Err(e)) => {
            return vec![Diagnosis::fail(format!(
                "outbox: {}",
                crate::error::line(&e)
            ))];
        }
    };
    let mut found = Vec::new();
    match waiting.first() {
        None => found.push(Diagnosis::ok("outbox: nothing is waiting")),
        Some(oldest) => {
            let since = crate::screen::when(oldest.since);
            let count = count(waiting.len(), "mail is waiting", "mails are waiting");
            let finding = Diagnosis::warn(format!("outbox: {count}, the oldest since {since}"));
            found.push(finding.mend("tickets flush"));
        }
    }
    if !failed.is_empty() {
        let dir = desk.config.dir.join(".tickets/outbox/failed");
        let count = count(failed.len(), "mail was given up", "mails were given up");
        let finding = Diagnosis::warn(format!("outbox: {count} after five days"));
        found.push(finding.mend(format!(
            "look at them and delete them: mutt -f {}",
            quoted_path(&dir)
        )));
    }
    found
}
