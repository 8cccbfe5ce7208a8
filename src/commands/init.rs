//! `tickets init`: sets up a desk, and prints the pieces that the programs around it need.

pub mod exim;
pub(super) mod mutt;
mod own;
mod place;
mod plain;
mod postfix;

use super::mta::{Exim, Mta, mta};
use super::text::{toml_string, typed};
use crate::config::{Config, MACHINE_FILE, Overrides, is_host_name};
use crate::desk::Desk;
use crate::error::{Fault, Status, harmless};
use crate::files::read_text;
use crate::part::{Context, Run};
use crate::privilege::{self, Ground};
use crate::screen;
use crate::ticket::template::Template;
use anyhow::Result;
pub(super) use mutt::signed;
use own::Own;
use std::path::{Path, PathBuf};

pub(super) const CONFIG: &str = include_str!("../../contrib/config.toml");

/// The template that is in force where none is configured.
const TICKET: &str = "ticket-{n}";

/// Set up a desk: write a configuration, create the store
///
/// An ordinary user gets a desk for themselves: ~/.config/tickets/config.toml and ~/tickets. Root sets
/// up a desk of its own for the user `tickets`: /etc/tickets/config.toml and /var/lib/tickets. --config
/// names another file, --dir another store; an existing file is left alone. Then it says what to do
/// next. With --exim, --postfix or --mutt, it only prints the pieces for that program, filled in from
/// the configuration in force.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("pieces")
    .conflicts_with_all(["domain", "admin", "submit", "ticket", "name", "user", "print_config"]))]
pub struct Init {
    /// Domain of the addresses [default: the one in /etc/mailname]
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<String>,
    /// Address of an admin, who is told of each mail (can be repeated) [default: you]
    #[arg(long, value_name = "ADDRESS")]
    admin: Vec<String>,
    /// Local-part that opens tickets (can be repeated) [default: submit]
    #[arg(long, value_name = "LOCAL-PART")]
    submit: Vec<String>,
    // In a help text clap takes the braces with n in them for an end of line; in a default it does not.
    /// Template of a ticket's local-part; the number stands in it as in the default
    #[arg(long, value_name = "TEMPLATE", default_value = TICKET)]
    ticket: String,
    /// Name that customers see [default: Support]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// User whose desk it becomes, if root sets it up [default: tickets]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print the configuration; write nothing
    #[arg(long)]
    print_config: bool,
    /// Print a built-in text, from which one of your own can be made: ack, note, closed, refused or not-passed-on
    #[arg(long, value_name = "TEXT", group = "pieces", value_parser = text_named)]
    print_text: Option<Template>,
    /// Print a script that adds the router and the transport to Exim: `tickets init --exim | sudo sh`
    #[arg(long, group = "pieces")]
    exim: bool,
    /// Print a script that adds the services and tables to Postfix: `tickets init --postfix | sudo sh`
    #[arg(long, group = "pieces")]
    postfix: bool,
    /// Print what goes into the muttrc: `tickets init --mutt >~/.mutt/tickets`
    #[arg(long, group = "pieces")]
    mutt: bool,
    /// Make the store of the configuration, and nothing else: what root leaves to the desk's user
    #[arg(long, hide = true)]
    make_store: bool,
    /// Directory of the machine's configuration
    #[arg(long, value_name = "DIR", default_value = "/etc", hide = true)]
    etc: PathBuf,
}

impl Run for Init {
    const NAME: &'static str = "init";

    fn run(self, cx: &Context) -> Result<Status> {
        if self.make_store {
            return Desk::open_new(cx.config()?).map(|_| Status::Ok);
        }
        if let Some(text) = self.print_text {
            screen::print(text.builtin())?;
            return Ok(Status::Ok);
        }
        if self.exim || self.postfix || self.mutt {
            screen::print(&self.pieces(cx)?)?;
            return Ok(Status::Ok);
        }
        if let Some(fault) = self.odd_option(cx) {
            return Err(fault.into());
        }
        if self.print_config {
            screen::print(&self.config(cx.overrides.dir.as_deref(), None))?;
            return Ok(Status::Ok);
        }
        self.set_up(cx)
    }
}

/// A built-in text by its name, with or without the end of its file's name.
fn text_named(name: &str) -> Result<Template, String> {
    let names = Template::ALL.map(|text| text.file_name().trim_end_matches(".txt"));
    let found = names
        .iter()
        .position(|own| *own == name.trim_end_matches(".txt"));
    match found {
        Some(at) => Ok(Template::ALL[at]),
        None => Err(format!("the texts are {}", names.join(", "))),
    }
}

impl Init {
    /// The pieces for another program, with the values of the configuration in force.
    fn pieces(&self, cx: &Context) -> Result<String> {
        // Started by root, this process is now the store's owner, as whom the MTA is to start the
        // program.
        let config = cx.planned_desk()?.config;
        let overrides = &config.overrides;
        // Where no configuration is left, the pieces can still be taken out.
        let is_gone = config.file.is_none() && !config.domain_known && !self.mutt;
        if !is_gone {
            config.expect_domain()?;
        }
        if self.mutt {
            return mutt::muttrc(&config);
        }
        own::is_mine(&config)?;
        let script = match self.postfix {
            true => postfix::script(&config, overrides)?,
            false => exim::script(&config, overrides, Exim::find(&self.etc).as_ref())?,
        };
        Ok(match is_gone {
            true => exim::only_to_undo(&config, &script),
            false => script,
        })
    }

    /// Writes the configuration, creates the store, and says what to do next.
    fn set_up(&self, cx: &Context) -> Result<Status> {
        let file = match &cx.overrides.config {
            Some(file) => file.clone(),
            None => {
                let dir = cx.overrides.dir.as_deref();
                own::nothing_is_in_force(self.user.as_deref(), &self.etc, dir)?;
                match privilege::is_root() {
                    true => PathBuf::from(MACHINE_FILE),
                    false => Config::own_file()?,
                }
            }
        };
        let is_machines = privilege::is_root() && file == Path::new(MACHINE_FILE);
        let dir = cx.overrides.dir.as_deref();
        let own = match (&self.user, is_machines) {
            (user, true) => Some(Own::look(user.as_deref(), dir)?),
            (None, false) => None,
            (Some(_), false) => {
                let text = format!(
                    "cannot set up the desk of another user in {}",
                    file.display()
                );
                let hint = "`sudo tickets init --user NAME`, without --config";
                return Err(Fault::new(Status::Usage, text).hint(hint).into());
            }
        };
        let store = own.as_ref().map(|own| own.store.as_path()).or(dir);
        let text = self.config(store, own.is_some().then(own::admin));
        // A file with wrong values would stop every other command.
        let config = Config::of(&text, &file, &cx.overrides);
        let config = config.map_err(|e| self.option_in(&e).map_or(e, Into::into))?;
        // Nothing is made as root where somebody else might have a hand in it.
        Ground::of(&file)?.settle()?;
        place::expect_none(&file)?;
        let made = place::write(&file, &text, |written| {
            if let Some(own) = &own {
                own.make_place()?;
            }
            match privilege::is_root() {
                true => own::make_store(written),
                false => Desk::open_new(config).map(|_| Status::Ok),
            }
        })?;
        if made != Status::Ok {
            return Ok(made);
        }
        if let Some(own) = &own {
            own.open_store()?;
        }
        // --dir is in the file now.
        let overrides = Overrides {
            config: Some(file.clone()),
            dir: None,
        };
        let config = Config::load(&overrides)?;
        let told = self.next_steps(&config, &file, &typed(&overrides), own.as_ref());
        for line in told.lines() {
            screen::say(harmless(line))?;
        }
        Ok(Status::Ok)
    }

    /// The option that is wrong if the configuration is that is made of them: there is no file yet to be corrected.
    /// A name that no other server could find is none for a new desk.
    fn odd_option(&self, cx: &Context) -> Option<Fault> {
        let odd = self.domain.iter().find(|domain| !is_host_name(domain));
        if let Some(odd) = odd {
            let text = format!("--domain: {odd:?} is not a domain");
            let hint = "`--domain example.org`, what stands behind the @ of your addresses";
            return Some(Fault::new(Status::Usage, text).hint(hint));
        }
        let text = self.config(None, None);
        let config = Config::of(&text, Path::new(MACHINE_FILE), &cx.overrides);
        self.option_in(&config.err()?)
    }

    /// The error in a new configuration as one in the option that its value comes from.
    fn option_in(&self, e: &anyhow::Error) -> Option<Fault> {
        let fault = e.chain().find_map(|e| e.downcast_ref::<Fault>())?;
        let text = fault.to_string();
        let (key, why) = text.split_once(": ")?;
        let known = [
            ("admins", "--admin", !self.admin.is_empty()),
            ("submit", "--submit", !self.submit.is_empty()),
            ("ticket", "--ticket", self.ticket != TICKET),
        ];
        let (_, option, _) = known.iter().find(|(of, _, given)| *of == key && *given)?;
        let wrong = Fault::new(Status::Usage, format!("{option}: {why}"));
        Some(match &fault.hint {
            Some(_) if key == "admins" => wrong.hint("for example: `--admin you@example.org`"),
            Some(hint) => wrong.hint(hint),
            None => wrong,
        })
    }

    /// The commented configuration, with the known values filled in; `admin` is one if none is given.
    fn config(&self, dir: Option<&Path>, admin: Option<String>) -> String {
        let one = |value: &str| toml_string(value);
        let some = |words: &[String]| match words {
            [] => None,
            [word] => Some(one(word)),
            words => {
                let words: Vec<String> = words.iter().map(|w| one(w)).collect();
                Some(format!("[{}]", words.join(", ")))
            }
        };
        let guessed = read_text(&self.etc.join("mailname")).unwrap_or_default();
        // Nobody outside sends mail to a name without a dot.
        let guessed = Some(guessed.trim()).filter(|name| name.contains('.') && is_host_name(name));
        let dir = dir.map(|dir| {
            let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
            one(&dir.to_string_lossy())
        });
        let values = [
            ("domain", some(&self.domain).or(guessed.map(one))),
            ("admins", some(&self.admin).or(admin.as_deref().map(one))),
            ("submit", some(&self.submit)),
            ("ticket", (self.ticket != TICKET).then(|| one(&self.ticket))),
            ("name", self.name.as_deref().map(one)),
            ("dir", dir),
        ];
        let fill = |line: &str| {
            let known = values.iter().find_map(|(key, value)| {
                let rest = line.strip_prefix('#')?.strip_prefix(key)?;
                let value = rest.starts_with(" = ").then_some(value.as_ref())??;
                Some(format!("{key} = {value}\n"))
            });
            known.unwrap_or_else(|| format!("{line}\n"))
        };
        CONFIG.lines().map(fill).collect()
    }

    /// What there is now, and what to do next.
    fn next_steps(&self, config: &Config, file: &Path, program: &str, own: Option<&Own>) -> String {
        let addresses = &config.addresses;
        let mut lines = vec![
            format!("configuration  {}", file.display()),
            format!("store          {}", config.dir.display()),
            format!("mail to        {}", addresses.submit()),
            format!("admins         {}", config.admins.join(", ")),
        ];
        if let Some(own) = own {
            lines.insert(2, format!("user           {}", own.user.name));
        }
        lines.push(String::new());
        if self.domain.is_empty() && config.domain_known {
            lines.push(format!(
                "The domain is a guess, this machine's: change `domain` in {} if customers are to write to another one\n",
                file.display()
            ));
        }
        if !config.domain_known {
            lines.push(format!(
                "The domain is a guess: write `domain = ...` into {}\n",
                file.display()
            ));
        }
        if self.admin.is_empty() {
            lines.push(format!(
                "The admin is a guess: change `admins` in {} if others are to be told\n",
                file.display()
            ));
        }
        if let Some((user, other)) = own.and_then(|own| own.other.as_ref()) {
            lines.push(format!(
                "{user} has another desk, configured in {}, on which `tickets` works without sudo\n",
                other.display()
            ));
        }
        if nix::unistd::geteuid().is_root() {
            lines.push(
                "The desk belongs to root now. Better set it up as an ordinary user: no MTA runs programs as root.\n"
                    .into(),
            );
        }
        lines.push("next:".into());
        match mta(&self.etc) {
            Some(Mta::Exim) => {
                lines.push("  let Exim bring the mail".into());
                lines.push(format!("      {program} init --exim | sudo sh"));
            }
            Some(Mta::Postfix) => {
                lines.push("  let Postfix bring the mail".into());
                lines.push(format!("      {program} init --postfix | sudo sh"));
            }
            None => {}
        }
        lines.push("  see what is still missing, and send a mail that must arrive".into());
        lines.push(format!("      {program} check --send"));
        if own.is_some() {
            lines.push("  read the first ticket, and answer it, in mutt".into());
            lines.push(format!("      {program} mutt 1"));
        } else {
            lines
                .push("  set up mutt, and add a line `source ~/.mutt/tickets` to ~/.muttrc".into());
            lines.push(format!(
                "      mkdir -p ~/.mutt && {program} init --mutt >~/.mutt/tickets"
            ));
        }
        lines.join("\n")
    }
}
