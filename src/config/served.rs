//! The desks to which the mail server of this machine brings mail: what stands in its pieces.
//!
//! Only root asks, and only where nothing else says which desk is meant. Files that somebody else than root may change
//! say nothing: they would choose whom root becomes.

use super::keys::Overrides;
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::open_following;
use crate::privilege::{self, Ground};
use anyhow::Result;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The most that is read of a file, in bytes.
const MOST: u64 = 4 << 20;

/// A desk, as the pieces of a mail server name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The user as whom the program is started.
    pub user: String,
    /// What the options of the command say, as they are written.
    options: Overrides,
    /// Where it is named.
    file: PathBuf,
}

impl Served {
    /// The words of a command, the program first: those before `deliver` may be options.
    fn of<'a>(user: &str, words: impl Iterator<Item = &'a str>, file: &Path) -> Served {
        let mut options = Overrides::default();
        let mut words = words.skip(1).take_while(|word| *word != "deliver");
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let slot = match name {
                "--config" => &mut options.config,
                "--dir" => &mut options.dir,
                _ => continue,
            };
            *slot = value.or_else(|| words.next()).map(PathBuf::from);
        }
        Served {
            user: user.to_owned(),
            options,
            file: file.to_owned(),
        }
    }

    /// The program as it is typed to work on this desk.
    #[must_use]
    pub fn command(&self) -> String {
        let mut command = format!("sudo -u {} tickets", quoted(&self.user));
        let options = [
            ("--config", &self.options.config),
            ("--dir", &self.options.dir),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                command.push_str(&format!(" {name} {}", quoted_path(value)));
            }
        }
        command
    }

    /// The mail server finds the desk by what stands in each mail: there are several.
    fn varies(&self) -> bool {
        let options = [&self.options.config, &self.options.dir].into_iter();
        options
            .flatten()
            .any(|value| value.to_string_lossy().contains('$'))
    }
}

/// The desks that the pieces for Exim and Postfix below `etc` name, each once.
#[must_use]
pub fn served(etc: &Path) -> Vec<Served> {
    let mut desks: Vec<Served> = Vec::new();
    let master = etc.join("postfix/master.cf");
    let postfix = in_postfix(&text_of(&master), &master);
    for desk in exim(etc).into_iter().chain(postfix) {
        let is_it = |known: &Served| known.user == desk.user && known.options == desk.options;
        if !desks.iter().any(is_it) {
            desks.push(desk);
        }
    }
    desks
}

/// Makes root the user of the one desk that is served; the options lead to it.
///
/// # Errors
/// Status 66 if there is no desk, 77 if there are several, or if it is one of root's.
pub(super) fn settle() -> Result<Overrides> {
    let desks = served(Path::new("/etc"));
    let [desk] = &desks[..] else {
        return Err(none_or_many(&desks).into());
    };
    if desk.varies() {
        let text = format!(
            "cannot tell which desk is meant: {} names several",
            desk.file.display()
        );
        return Err(Fault::new(Status::NoPerm, text)
            .hint(format!("`{} ...`", desk.command()))
            .into());
    }
    privilege::become_named(&desk.user)?;
    Ok(desk.options.clone())
}

fn none_or_many(desks: &[Served]) -> Fault {
    let [first, second, ..] = desks else {
        return Fault::new(Status::NoInput, "no desk is set up on this machine")
            .hint("`sudo tickets init --domain example.org --admin you@example.org` sets one up, with your domain");
    };
    let text = format!(
        "cannot tell which desk is meant: {} names that of {}, and {} that of {}",
        first.file.display(),
        first.user,
        second.file.display(),
        second.user
    );
    let hint = format!("`{} ...` or `{} ...`", first.command(), second.command());
    Fault::new(Status::NoPerm, text).hint(hint)
}

/// The text of a file that nobody but root may change; empty without one.
fn text_of(file: &Path) -> String {
    match Ground::of(file) {
        Ok(ground) if !ground.is_missing() && matches!(ground.user(), Ok(None)) => {
            let mut bytes = Vec::new();
            // A pipe or a device is none of a mail server's files, and these are small.
            let read = open_following(file).and_then(|it| it.take(MOST).read_to_end(&mut bytes));
            match read {
                Ok(_) => String::from_utf8_lossy(&bytes).into_owned() + "\n",
                Err(_) => String::new(),
            }
        }
        _ => String::new(),
    }
}

/// The desk in the transport of Exim, as Debian configures it.
fn exim(etc: &Path) -> Option<Served> {
    let etc = etc.join("exim4");
    let settings = text_of(&etc.join("update-exim4.conf.conf"));
    let split = settings
        .lines()
        .any(|line| line.trim().replace('\'', "") == "dc_use_split_config=true");
    let (mut main, last) = match split {
        true => (
            files_in(&etc.join("conf.d/main")),
            etc.join("conf.d/transport/30_exim4-config_tickets"),
        ),
        false => (
            vec![etc.join("exim4.conf.localmacros")],
            etc.join("exim4.conf.template"),
        ),
    };
    main.push(last.clone());
    let text: String = main.iter().map(|file| text_of(file)).collect();
    in_exim(&text, &last)
}

/// The desk in the text of a configuration of Exim.
fn in_exim(text: &str, file: &Path) -> Option<Served> {
    if !text.lines().any(|line| line.trim_end() == "tickets_pipe:") {
        return None;
    }
    // The first definition of a macro counts, since those of the pieces are conditional.
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?;
            Some(value.trim())
        })
    };
    let (user, command) = (value("TICKETS_USER")?, value("TICKETS_COMMAND")?);
    Some(Served::of(user, command.split_whitespace(), file))
}

/// The desks in the text of a master.cf of Postfix.
fn in_postfix(text: &str, file: &Path) -> Vec<Served> {
    // Lines that begin with a blank continue the one before.
    let mut services: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match services.last_mut() {
            Some(service) if line.starts_with([' ', '\t']) => service.push_str(line),
            _ => services.push(line.to_owned()),
        }
    }
    let desk = |service: &String| {
        let (before, command) = service.split_once("argv=")?;
        let mut words = command.split_whitespace();
        let program = Path::new(words.clone().next()?);
        let is_ours = program.file_name()? == "tickets" && words.any(|word| word == "deliver");
        let user = before
            .split_whitespace()
            .find_map(|word| word.strip_prefix("user="))?;
        // A group may follow.
        let user = user.split(':').next()?;
        is_ours.then(|| Served::of(user, command.split_whitespace(), file))
    };
    services.iter().filter_map(desk).collect()
}

/// The files of a directory that `update-exim4.conf` would use, in its order.
fn files_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_used = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.chars().all(plain)
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_used).collect();
    files.sort();
    files
}

#[cfg(test)]
#[path = "served_tests.rs"]
mod tests;
