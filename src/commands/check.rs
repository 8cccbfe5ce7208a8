//! `tickets check`: what is wrong, the command that mends it, and what is in force.
//!
//! Nothing is created or changed, except for a file on which the locks are tried, by `--mend`, and by `--send`.

mod answers;
mod ask;
mod authserv;
mod clock;
mod configured;
mod diagnosis;
mod entries;
mod exim;
mod index;
mod mend;
mod missing;
mod modules;
mod mta;
mod mutt;
mod obstacles;
mod owners;
mod postfix;
mod queue;
mod report;
mod send;
mod sharing;
mod smtp;
mod store;
mod values;
mod way;

use crate::commands::logged;
use crate::commands::text::{again, joined_since, of_owner, owner};
use crate::config::{Config, MACHINE_FILE};
use crate::desk::Desk;
use crate::error::{self, Fault, Status, harmless};
use crate::log::Severity;
use crate::part::{Context, Part, Run};
use crate::privilege;
use crate::screen::say;
use crate::ticket::State;
use anyhow::Result;
use diagnosis::{Diagnosis, Level, count};
use mend::own_command;
use nix::unistd::{AccessFlags, Uid};
use report::{Manner, Numbers, tell};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Say what is wrong, how to mend it, and what is in force
///
/// Checks the configuration, the store, its locks, the index, sendmail, the outbox, and whether the mail server takes
/// mail for the desk from outside, which it is asked, and asks the modules. `FAIL` is something that keeps mail from
/// being taken, filed or answered, or that a module calls bad, `warn` something to look at, `note` what could not be
/// looked at; the command below each mends it. With --send, a mail is sent that must come back. With --store, reads
/// every ticket instead, and compares each message with the digest taken when it was filed.
///
/// Exit status: 0 if all is in order, 1 with a warning, 2 with a fault, and with --nagios 3 if that cannot be told.
/// With --store: 0 if every message is as it was filed, else 65.
#[derive(clap::Args)]
pub struct Check {
    /// Verify every message in the store
    #[arg(long, conflicts_with_all = ["quiet", "nagios", "send"])]
    store: bool,
    /// Mend what can be mended without a doubt: give all of the store to its `group`
    #[arg(long, conflicts_with_all = ["store", "quiet", "nagios", "send"])]
    mend: bool,
    /// Send a mail to the desk, wait until it is filed, compare it, and take it away; nobody is told
    #[arg(long)]
    send: bool,
    /// How many seconds to wait for that mail [default: 60]
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        hide_default_value = true
    )]
    wait: u64,
    /// Print one line
    #[arg(short, long)]
    quiet: bool,
    /// Print one line as a plugin of Nagios or Icinga does, with numbers
    #[arg(long, conflicts_with = "quiet")]
    nagios: bool,
    /// Directory of the machine's configuration
    #[arg(long, value_name = "DIR", default_value = "/etc", hide = true)]
    etc: PathBuf,
}

/// Says no to a user who looks at the machine's desk and may not: each thing would be a fault to them.
fn expect_own(config: &Config) -> Result<()> {
    let me = nix::unistd::geteuid();
    let is_machines = config.file.as_deref() == Some(Path::new(MACHINE_FILE));
    let others = |owner: &Uid| *owner != me && !owner.is_root();
    match owner(config).filter(others) {
        Some(owner) if is_machines && !diagnosis::may(&config.dir, AccessFlags::W_OK) => {
            let (dir, name) = (config.dir.display(), privilege::name_of(owner));
            let text = format!("cannot check the desk in {dir}: it is that of {name}");
            let hint = format!("`{} check`", of_owner(config, owner));
            let hint = joined_since(config).unwrap_or(hint);
            Err(Fault::new(Status::NoPerm, text).hint(hint).into())
        }
        _ => Ok(()),
    }
}

/// Gives all of the store to its group, and says how much that was.
fn mend(desk: &Desk) -> Result<Status> {
    if let Some(outsider) = store::outsider(desk) {
        let fault = Fault::new(Status::NoPerm, outsider.text);
        return Err(fault
            .hint(format!("`{}`", outsider.mend.unwrap_or_default()))
            .into());
    }
    let (given, failed) = desk.store.share()?;
    if given > 0 {
        let line = logged::by().word("mend").number("given", given);
        line.count("failed", failed.len()).write(Severity::Info);
    }
    match &desk.config.group {
        Some(group) if given > 0 => {
            let what = count(given, "file or directory", "files and directories");
            say(format_args!("gave the group {group} {what}"))?;
        }
        _ if failed.is_empty() => say("nothing to mend")?,
        _ => {}
    }
    let mut whose: Vec<String> = Vec::new();
    for (path, e) in &failed {
        error::report(e, error::hint(e));
        let way = store::whose_to_share(path).filter(|_| error::is_denied(e));
        whose.extend(way.filter(|way| !whose.contains(way)));
    }
    for way in whose {
        error::print(&format!("hint: `{way}`"));
    }
    Ok(match failed.is_empty() {
        true => Status::Ok,
        false => Status::NoPerm,
    })
}

/// How many messages are in quarantine, and what is said of them.
fn quarantine(desk: &Desk) -> (usize, Option<Diagnosis>) {
    let mails = match desk.quarantined() {
        Ok(mails) => mails,
        Err(e) => {
            let text = format!("quarantine: {}", error::line(&e));
            return (0, Some(Diagnosis::fail(text)));
        }
    };
    let Some(oldest) = mails.first() else {
        return (0, None);
    };
    let since = crate::screen::when(oldest.slip.at);
    let count = count(mails.len(), "message waits", "messages wait");
    let text =
        format!("quarantine: {count}, the oldest since {since}; `tickets quarantine` lists them");
    (mails.len(), Some(Diagnosis::ok(text)))
}

impl Run for Check {
    const NAME: &'static str = "check";
    const READS: bool = true;

    fn run(self, cx: &Context) -> Result<Status> {
        if self.store || self.mend {
            let mut desk = cx.planned_desk()?;
            desk.expect_store()?;
            return match self.store {
                true => entries::verify(&mut desk),
                false => mend(&desk),
            };
        }
        match self.look(cx) {
            Err(e) if self.nagios && !error::is_broken_pipe(&e) => {
                say(report::unknown(&error::line(&e)))?;
                Ok(Status::Unknown)
            }
            // A hint would be a second line; and who keeps what is printed expects it on standard output.
            Err(e) if self.quiet && !error::is_broken_pipe(&e) => {
                say(harmless(&format!("tickets: {}", error::line(&e))))?;
                Ok(error::status(&e))
            }
            told => told,
        }
    }
}

/// A part that is off, of which the configuration says more than that.
fn off(part: &dyn Part) -> Diagnosis {
    let name = part.name();
    let text = format!(
        "parts: {name} is switched off, so nothing comes of what the configuration says of it"
    );
    Diagnosis::note(text)
}

/// A mistake in the configuration.
fn mistake(e: &anyhow::Error) -> Diagnosis {
    let finding = Diagnosis::fail(format!("config: {}", error::line(e)));
    match error::hint(e) {
        Some(hint) => finding.mend(bare(&hint)),
        None => finding,
    }
}

/// A hint that is one command, without the marks around it.
fn bare(hint: &str) -> &str {
    let inside = hint.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
    inside.filter(|it| !it.contains('`')).unwrap_or(hint)
}

impl Check {
    /// Asks the mail server what only root may ask, before root becomes the desk's user.
    pub fn begin_as_root() {
        queue::ask_as_root();
    }

    fn look(&self, cx: &Context) -> Result<Status> {
        let manner = match (self.quiet, self.nagios) {
            (true, _) => Manner::Line,
            (_, true) => Manner::Plugin,
            _ => Manner::Whole,
        };
        let (mut desk, wrong) = match cx.desk_to_check() {
            Ok(read) => read,
            // Under it no mail is filed.
            Err(e) if error::status(&e) == Status::Config => {
                return tell(vec![mistake(&e)], manner, Numbers::default(), None);
            }
            Err(e) => match missing::of_roots(&e) {
                Some(finding) => return tell(vec![finding], manner, Numbers::default(), None),
                None => return Err(e),
            },
        };
        expect_own(&desk.config)?;
        let init = own_command(desk.store.root(), &again("tickets", &cx.overrides));
        let no_desk = sharing::nothing_yet(&desk, &init, &self.etc);
        let whose = || {
            let given_away = sharing::given_away(&desk, &init, &self.etc);
            given_away
                .or_else(|| sharing::of_another(&desk))
                .or_else(|| sharing::without_dir(&desk, &self.etc))
                .or_else(|| missing::of_several(&desk))
        };
        if let Some(finding) = no_desk.or_else(whose) {
            return tell(vec![finding], manner, Numbers::default(), None);
        }
        let mut found: Vec<Diagnosis> = wrong.iter().map(mistake).collect();
        found.extend(configured::look(&desk));
        found.extend(sharing::look(&desk));
        found.extend(authserv::look(&desk));
        found.extend(clock::look(&desk));
        found.extend(store::look(&mut desk));
        let (outbox, leaves) = answers::look(&desk);
        found.extend(leaves);
        let of_parts = cx.parts.findings(&desk);
        let number = of_parts.iter().find_map(|it| it.number);
        found.extend(of_parts.into_iter().map(Diagnosis::from));
        found.extend(
            cx.parts
                .off_though_configured(&desk.config)
                .into_iter()
                .map(off),
        );
        let (of_mta, queued) = mta::look(&desk, &cx.overrides, &self.etc);
        found.extend(of_mta);
        found.extend(mutt::look(&desk, &cx.overrides));
        let is_deaf = found.iter().any(|finding| finding.level == Level::Fail);
        match self.send {
            // It would go to somebody else, or lie in a queue.
            true if is_deaf => {
                found.push(Diagnosis::note("send: not tried, because of what fails"));
            }
            true => found.extend(send::look(&desk, Duration::from_secs(self.wait))),
            false => {}
        }
        let (quarantine, held) = quarantine(&desk);
        // Without that command its part has said what there is.
        let is_off = cx.parts.off_with_command("quarantine").is_some();
        found.extend(held.filter(|held| !is_off || held.level == Level::Fail));
        found.extend(modules::look(&desk));
        let in_state = |state| desk.store.ids(state).unwrap_or_default().len();
        let numbers = Numbers {
            of_part: number,
            outbox,
            queued,
            open: in_state(State::Open),
            closed: in_state(State::Closed),
            quarantine,
        };
        let values = values::in_force(&desk.config);
        tell(found, manner, numbers, Some(values))
    }
}
