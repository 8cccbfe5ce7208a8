//! The desks to which the mail server of this machine brings mail: what stands in its pieces.
//!
//! Only root asks, and only where nothing else says which desk is meant. Files that somebody else than root may change
//! say nothing: they would choose whom root becomes.

use super::keys::{Config, Overrides};
use crate::error::{Fault, Status, quoted, quoted_path};
use crate::files::{absent, open_following};
use crate::privilege::{self, Ground};
use anyhow::Result;
use nix::unistd::Uid;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The machine's own configuration file, which all its users find.
pub const MACHINE_FILE: &str = "/etc/tickets/config.toml";

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
    pub file: PathBuf,
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

    /// True if it is the desk that `user` would have by default, and no configuration says anything of it.
    #[must_use]
    pub fn is_without_configuration_of(&self, user: &str) -> bool {
        let home = || privilege::user(user).map(|user| user.dir);
        let has_file = || home().is_none_or(|home| Config::file_in(&home).exists());
        self.user == user && self.options == Overrides::default() && !has_file()
    }

    /// True if it is the desk of the machine's configuration, whomever the store belongs to.
    #[must_use]
    pub fn is_machines(&self) -> bool {
        let machines = Path::new(MACHINE_FILE);
        let user = || privilege::user(&self.user);
        let has_own = || user().is_none_or(|user| Config::file_in(&user.dir).exists());
        match (&self.options.config, &self.options.dir) {
            (None, None) => !has_own(),
            (Some(file), None) => file == machines,
            _ => false,
        }
    }

    /// True if neither a configuration nor a store of it is left.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let Some(user) = privilege::user(&self.user).filter(|user| !user.uid.is_root()) else {
            return false;
        };
        let file = (self.options.config.clone()).unwrap_or_else(|| Config::file_in(&user.dir));
        let store = (self.options.dir.clone()).unwrap_or_else(|| user.dir.join("tickets"));
        // What may not be looked at may be there.
        let is_gone = |path: &Path| path.metadata().is_err_and(|e| absent(&e));
        // The store of a user who does nothing else is their home.
        let is_home = self.options.dir.is_none() && !is_gone(&user.dir.join(".tickets"));
        !self.varies() && is_gone(&file) && is_gone(&store) && !is_home
    }

    /// The program as it is typed to work on this desk.
    #[must_use]
    pub fn command(&self) -> String {
        let is_number = self.user.bytes().all(|b| b.is_ascii_digit());
        let user = if is_number { "#" } else { "" }.to_owned() + &self.user;
        let mut command = format!("sudo -u {} tickets", quoted(&user));
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

    /// The user, as the user database has it.
    ///
    /// # Errors
    /// Why nobody can work as that user.
    pub fn user(&self) -> Result<Uid, &'static str> {
        match privilege::user(&self.user) {
            None => Err("there is no such user"),
            Some(user) if user.uid.is_root() => Err("no mail server runs a program as root"),
            Some(user) => Ok(user.uid),
        }
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
    match desk.user() {
        Ok(uid) => privilege::become_user(uid)?,
        Err(why) => {
            let text = format!("cannot work as user {}: {why}", desk.user);
            let hint = format!("correct the user in {}", desk.file.display());
            return Err(Fault::new(Status::NoPerm, text).hint(hint).into());
        }
    }
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
    services
        .iter()
        .filter_map(|service| {
            let words = words_of(service);
            // The first words are the service; then come values, the last of which is the command.
            let mut user = None;
            let mut words = words.iter().map(String::as_str);
            let program = loop {
                let word = words.next()?;
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name.trim(), value.trim()),
                    None => (word, ""),
                };
                match name.to_ascii_lowercase().as_str() {
                    // A group may follow.
                    "user" => user = value.split(':').next(),
                    "argv" => break value,
                    _ => {}
                }
            };
            let is_ours = Path::new(program).file_name()? == "tickets"
                && words.clone().any(|word| word == "deliver");
            let command = std::iter::once(program).chain(words);
            is_ours.then_some(Served::of(user?, command, file))
        })
        .collect()
}

/// The words of a service in master.cf (master(5)): between braces, blanks are a part of the word. For people who are
/// used to main.cf, also `name = value`.
fn words_of(service: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = service.trim_start();
    let mut is_value = false;
    while !rest.is_empty() {
        let braced = rest.starts_with('{').then(|| closing(rest)).flatten();
        let (word, behind) = match braced {
            Some(end) => (rest[1..end].trim(), &rest[end + 1..]),
            None => rest.split_at(rest.find([' ', '\t']).unwrap_or(rest.len())),
        };
        let is_name = words.last().is_some_and(|last| {
            ["user", "argv"]
                .iter()
                .any(|name| last.eq_ignore_ascii_case(name))
        });
        match words.last_mut() {
            Some(last) if is_value || is_name && word.starts_with('=') => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        is_value = is_name && word == "=";
        rest = behind.trim_start();
    }
    words
}

/// Where the brace is that closes the one with which `text` begins.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|b| {
        match b {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })
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
