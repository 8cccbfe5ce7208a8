//! `tickets mutt`: a ticket's mbox in mutt, set up to reply from the ticket's address.

use super::init;
use crate::desk::Desk;
use crate::error::{Fault, Status};
use crate::part::{Context, Run};
use crate::privilege;
use crate::screen;
use crate::ticket::TicketId;
use crate::ticket::numbers;
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Open a ticket in mutt
///
/// Mail written there comes from the ticket's address, and its Cc: files it. Keys: r replies, g
/// replies to all; C replies and closes, X closes at once (the submitter is told), Z too (nobody is), and
/// all three leave mutt. If somebody else closes the ticket meanwhile, mutt says that no mailbox is open:
/// leave it, and open the ticket again. Your own muttrc is read as always; `tickets init --mutt` prints
/// what is added to it. If mutt is not installed, neomutt is used.
#[derive(clap::Args)]
pub struct Mutt {
    /// The ticket, open or closed
    #[arg(value_name = "TICKET", value_parser = numbers::one)]
    ticket: TicketId,
}

impl Run for Mutt {
    const NAME: &'static str = "mutt";

    fn run(self, cx: &Context) -> Result<Status> {
        let desk = cx.desk()?;
        let state = desk.state_of(self.ticket)?;
        let Some(program) = program() else {
            let fault = Fault::new(
                Status::TempFail,
                format!("cannot open ticket {}: mutt is not installed", self.ticket),
            );
            return Err(fault.hint("`sudo apt install mutt`").into());
        };
        // An absolute path, so that mutt does not take its first character for a shortcut (`=`, `+`).
        let path = desk.store.path(self.ticket, state);
        // mutt would only say that it may not, and not what helps.
        let doing = || format!("cannot read {}", path.display());
        std::fs::File::open(&path).with_context(doing)?;
        let mut command = privilege::program(&program);
        match desk.config.domain_known {
            true => {
                command.arg("-e").arg(source()?);
                // What mutt starts does not know any more whom sudo named.
                command.arg("-e").arg(init::signed(&desk.config));
            }
            // No mail goes out in the name of a guess.
            false => {
                let (why, mend) = desk.config.guessed();
                let text = "mail that you write there comes from your own address";
                screen::remark(format_args!("{why}, so {text}; {mend}"));
            }
        }
        settle_in(&mut command, &desk.config.dir);
        command.arg("-f").arg(path);
        pass_on_desk(&mut command, &desk);
        let failed = command.exec();
        Err(failed).with_context(|| format!("cannot start {}", program.display()))
    }
}

/// mutt, else neomutt, if one of them is in the PATH.
pub(super) fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let executable = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    ["mutt", "neomutt"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(executable)
}

/// The command with which mutt reads what `tickets init --mutt` prints.
fn source() -> Result<OsString> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let own = own.to_string_lossy();
    // Quoted for sh, then for mutt.
    let own = format!("'{}'", own.replace('\'', r"'\''"));
    Ok(format!("source \"{} init --mutt|\"", in_double_quotes(&own)).into())
}

/// The command with which mutt asks nothing when it starts: where the folder for mail of its user is missing, it would
/// offer to make one. A folder that there is, or that lies on a server, stays what it is. No command at
/// all is an error to mutt.
const NO_QUESTION: &str = r#"setenv TICKETS_FOLDER "$folder"; `f=$TICKETS_FOLDER; case $f in "~"*) f=$HOME${f#?};; esac; case $f in *://*|"") false;; *) [ ! -e "$f" ];; esac && echo 'set folder="$my_tickets_store"' || echo unsetenv TICKETS_FOLDER`"#;

/// What mutt misses of its user's surroundings, who may have none: where root has become the desk's user, mutt cannot ask
/// for the size of the screen without root's terminal, and its keys do not know any more whom sudo named.
pub(super) fn settle_in(command: &mut Command, store: &Path) {
    let store = in_double_quotes(&store.to_string_lossy());
    command
        .arg("-e")
        .arg(format!("set my_tickets_store=\"{store}\""));
    command.arg("-e").arg(NO_QUESTION);
    if !privilege::was_root() {
        return;
    }
    if let Some(login) = privilege::caller() {
        command.env(privilege::OPERATOR, login);
    }
    if let Some((columns, lines)) = screen::columns_and_lines() {
        command.env("COLUMNS", columns.to_string());
        command.env("LINES", lines.to_string());
    }
}

/// Text as it stands between double quotes in mutt, which expands `$`, backticks and `\` there.
fn in_double_quotes(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', "\\\"");
    text.replace('$', r"\$").replace('`', r"\`")
}

/// Makes each `tickets` that mutt starts work on this desk, and mutt find the program.
fn pass_on_desk(command: &mut Command, desk: &Desk) {
    if let Some(file) = &desk.config.file {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        command.env("TICKETS_CONFIG", file);
    }
    command.env("TICKETS_DIR", &desk.config.dir);
    let own = std::env::current_exe().ok();
    if let Some(dir) = own.as_deref().and_then(Path::parent) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::env::split_paths(&path).chain([dir.to_owned()]);
        if let Ok(path) = std::env::join_paths(dirs) {
            command.env("PATH", path);
        }
    }
}
