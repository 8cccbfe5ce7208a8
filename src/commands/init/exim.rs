//! The pieces for Exim: a shell script that installs them, filled in for this desk.

use super::plain;
use crate::commands::mta::Exim;
use crate::commands::text::{again, toml_list, toml_string, toml_templates, typed, user_of};
use crate::config::{Config, Overrides};
use crate::error::{Fault, Status, quoted};
use crate::privilege;
use crate::ticket::address::Addresses;
use crate::ticket::policy::UnknownTicket;
use anyhow::{Context, Result};

/// The pieces: the routers, and the transport.
pub const ROUTER: &str = include_str!("../../../contrib/exim4/350_exim4-config_tickets");
pub const TRANSPORT: &str = include_str!("../../../contrib/exim4/30_exim4-config_tickets");
const INSTALL: &str = include_str!("../../../contrib/exim4/install");

/// Macros of a desk whose addresses have digests: the command with which Exim asks whether an address
/// is right, and a digest of the values that this command was given.
pub const DIGESTS: [&str; 2] = ["TICKETS_VERIFY", "TICKETS_SEAL"];

/// The router for submit@, by which `tickets check` finds the pieces in Exim's configuration.
pub const MARK: &str = "tickets_submit:";

/// Copies of configuration and secret for Exim, which asks as another user, if addresses have digests.
const OWN: [&str; 2] = ["/etc/exim4/tickets.toml", "/etc/exim4/tickets.secret"];

/// Ends each here-document.
pub const END: &str = "END_OF_FILE";

/// The macros of router and transport, with their values for this desk. Those for Postfix are the same.
///
/// # Errors
/// Status 78 for a desk whose addresses the MTA cannot tell apart, or with a value that could mean something
/// else to it, or to a shell.
pub fn macros(config: &Config, overrides: &Overrides) -> Result<Vec<(&'static str, String)>> {
    let addresses = &config.addresses;
    if let Some(odd) = addresses.templates().find(|it| !it.after.is_empty()) {
        let text = format!("cannot write the pieces for ticket = \"{odd}\"");
        let fault = Fault::new(Status::Config, text);
        return Err(fault.hint("they want a template that ends in {n}").into());
    }
    if nix::unistd::geteuid().is_root() {
        let text = "cannot write the pieces for root: no MTA runs a program as root";
        let fault = Fault::new(Status::NoPerm, text);
        return Err(fault
            .hint("`sudo -u USER tickets init ...`, as whom the desk shall run")
            .into());
    }
    plain::addresses(config)?;
    let own = std::env::current_exe().context("cannot find this program")?;
    let own = plain::path("the path of this program", &own)?;
    let options = [("--config", &overrides.config), ("--dir", &overrides.dir)];
    for (option, value) in options {
        if let Some(value) = value {
            plain::path(option, &std::path::absolute(value)?)?;
        }
    }
    if let Some(file) = &config.address_secret {
        plain::path("address_secret", &std::path::absolute(file)?)?;
    }
    let user = nix::unistd::User::from_uid(user_of(config));
    let user = (user.ok().flatten()).context("cannot find the name of this user")?;
    plain::user(&user.name)?;
    let mut macros = vec![
        ("TICKETS_DOMAIN", addresses.domains().join(" : ")),
        ("TICKETS_SUBMIT", locals(addresses).join(" : ")),
        ("TICKETS_PREFIX", prefixes(addresses)),
        ("TICKETS_DIR", plain::path("dir", &config.dir)?),
        ("TICKETS_USER", user.name),
        ("TICKETS_COMMAND", again(&own, overrides)),
    ];
    if let Some(secret) = addresses.secret() {
        let verify = format!("{own} --config {} verify", OWN[0]);
        macros.push((DIGESTS[0], verify));
        // If Exim's copies have other values, it refuses mail that the desk would accept.
        macros.push((DIGESTS[1], secret.seal(&for_exim(config))));
    }
    Ok(macros)
}

/// The configuration with which Exim asks `tickets verify`. TICKETS_SEAL is its digest, so any change
/// of this text makes everybody install the pieces again.
fn for_exim(config: &Config) -> String {
    let addresses = &config.addresses;
    let unknown = match config.unknown_ticket {
        UnknownTicket::Reject => "reject",
        UnknownTicket::Open => "open",
    };
    format!(
        "# For Exim, which asks whether a ticket's address holds the right digest. Made by\n\
         # `tickets init --exim`, as the secret beside it; to be made again when either changes.\n\
         dir = {}\ndomain = {}\nsubmit = {}\nticket = {}\nadmins = []\n\
         unknown_ticket = \"{unknown}\"\naddress_secret = \"{}\"\nplain_until = {}\n",
        toml_string(&config.dir.to_string_lossy()),
        toml_list(addresses.domains()),
        toml_list(addresses.submits()),
        toml_templates(addresses),
        OWN[1],
        config.plain_until,
    )
}

/// The local-parts that open tickets at one of our domains.
fn locals(addresses: &Addresses) -> Vec<String> {
    let local = |submit: &String| match submit.rsplit_once('@') {
        None => Some(submit.clone()),
        Some((local, domain)) => {
            let ours = addresses.domains().iter().any(|d| d == domain);
            ours.then(|| local.to_owned())
        }
    };
    addresses.submits().iter().filter_map(local).collect()
}

/// What stands before a ticket's number, as a regular expression that a piece puts in brackets.
fn prefixes(addresses: &Addresses) -> String {
    let all: Vec<String> = addresses
        .templates()
        .map(|it| plain_regex(&it.before))
        .collect();
    all.join("|")
}

/// A regular expression for `text`, with as few backslashes as possible: each layer of quoting would take
/// some.
pub fn plain_regex(text: &str) -> String {
    let class = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_=~%&@!#/:,<>' ".contains(c) => c.to_string(),
        '^' => r"\^".into(),
        c => format!("[{c}]"),
    };
    text.chars().map(class).collect()
}

/// The script, for root to read and to run; with `--undo`, it removes the pieces.
pub fn script(config: &Config, overrides: &Overrides, exim: Option<&Exim>) -> Result<String> {
    let macros = macros(config, overrides)?;
    let program = typed(overrides);
    let mut router = filled(ROUTER, &macros);
    if config.unknown_ticket == UnknownTicket::Open {
        router.insert_str(0, "TICKETS_ACCEPT_UNKNOWN = yes\n");
    }
    let mut own = String::new();
    if let Some(file) = &config.address_secret {
        for (name, value) in macros.iter().filter(|(name, _)| DIGESTS.contains(name)) {
            router.insert_str(0, &format!("{name} = {value}\n"));
        }
        let file = std::path::absolute(file)?;
        let user = macros.iter().find(|(name, _)| *name == "TICKETS_USER");
        let user = user.map_or("", |(_, user)| user);
        own = document("tickets.toml", &for_exim(config));
        // The secret is not printed: others might see it. It is the desk's user who reads it, since root
        // could read any file.
        own.push_str(&format!(
            "[ \"${{1-}}\" = --undo ] || setpriv --reuid {user} --regid \"$(id -g {user})\" \
             --init-groups head -c 4096 {} >\"$dir/tickets.secret\"\n",
            file.display()
        ));
    }
    let addresses = &config.addresses;
    let before = &addresses.template().before;
    let state = match exim {
        Some(Exim { split: true, .. }) => {
            "This Exim's configuration is split: the files go to /etc/exim4/conf.d."
        }
        Some(_) => {
            "This Exim's configuration is not split: all goes into /etc/exim4/exim4.conf.template."
        }
        None => "This machine has no Exim as Debian configures it; the script is for another one.",
    };
    let foreign = exim.is_some_and(|e| !e.other_hostnames.iter().any(|n| n == addresses.domain()));
    let domain = match foreign {
        true => format!(
            "#\n# Exim does not accept mail for {0} yet: add it to dc_other_hostnames in\n# \
             /etc/exim4/update-exim4.conf.conf, or the answer is 'relay not permitted'.\n",
            addresses.domain()
        ),
        false => String::new(),
    };
    Ok(format!(
        "# Lets Exim hand mail for {submit} and {before}12@{at} to this desk.\n\
         # {state}\n#\n\
         # Put in:    {program} init --exim | sudo sh\n\
         # Take out:  {program} init --exim | sudo sh -s -- --undo\n{domain}\
         {}",
        whole(&format!(
            "{}{}{}{own}again=\"{program} init --exim | sudo sh -s --\" sh \"$dir/install\" \"$@\"\n",
            document("350_exim4-config_tickets", &router),
            document("30_exim4-config_tickets", &filled(TRANSPORT, &macros)),
            document("install", INSTALL),
        )),
        submit = addresses.submit(),
        at = addresses.domain(),
    ))
}

/// The script of a desk whose domain is only a guess, as where its configuration is gone: what is there can still be
/// taken out.
pub fn only_to_undo(config: &Config, script: &str) -> String {
    let (why, _) = config.guessed();
    let sudo = if privilege::was_root() { "sudo " } else { "" };
    let mend = format!("`{sudo}tickets init --domain DOMAIN`");
    let say = |line: String| format!("    echo {} >&2\n", quoted(&line));
    format!(
        "case ${{1-}} in\n--undo) ;;\n*)\n{}{}    exit 78 ;;\nesac\n{script}",
        say(format!("tickets: {why}; nothing is changed")),
        say(format!("hint: {mend}")),
    )
}

/// `text` with the values of its macros replaced, like contrib/exim4/install does it.
fn filled(text: &str, macros: &[(&str, String)]) -> String {
    let fill = |line: &str| {
        let name = line.split_once(" = ").map(|(name, _)| name);
        match macros
            .iter()
            .find(|(macro_name, _)| Some(*macro_name) == name)
        {
            Some((name, value)) => format!("{name} = {value}\n"),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(fill).collect()
}

/// A script that runs `commands` with an empty directory `$dir`. The shell reads down to the last brace before
/// it does anything, so half a script does nothing.
pub fn whole(commands: &str) -> String {
    // A signal alone would end the shell without the first of the traps.
    format!(
        "{{\nset -eu\ndir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT\n\
         trap 'exit 129' HUP\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n{commands}}}\n"
    )
}

/// The command of the script that writes one of the pieces.
pub fn document(name: &str, text: &str) -> String {
    format!("cat >\"$dir/{name}\" <<'{END}'\n{text}{END}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exims_configuration_is_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Exim::find(dir.path()), None);
        std::fs::create_dir(dir.path().join("exim4")).unwrap();
        for (text, split, names) in [
            (
                "dc_other_hostnames='A.example;b'\ndc_use_split_config='true'\n",
                true,
                &["a.example", "b"][..],
            ),
            (
                "dc_other_hostnames=''\ndc_use_split_config='false'\n",
                false,
                &[],
            ),
            ("", false, &[]),
        ] {
            std::fs::write(dir.path().join("exim4/update-exim4.conf.conf"), text).unwrap();
            let exim = Exim::find(dir.path()).unwrap();
            assert_eq!(
                (exim.split, &exim.other_hostnames[..]),
                (
                    split,
                    &names.iter().map(ToString::to_string).collect::<Vec<_>>()[..]
                )
            );
        }
    }

    #[test]
    fn the_pieces_have_every_macro_once() {
        let both = format!("{ROUTER}{TRANSPORT}");
        for name in ["DOMAIN", "SUBMIT", "PREFIX", "DIR", "USER", "COMMAND"] {
            let start = format!("TICKETS_{name} = ");
            assert_eq!(
                both.lines().filter(|l| l.starts_with(&start)).count(),
                1,
                "{name}"
            );
        }
        assert!(ROUTER.contains(MARK) && ROUTER.contains("TICKETS_ACCEPT_UNKNOWN"));
        assert!(![ROUTER, TRANSPORT, INSTALL].iter().any(|t| t.contains(END)));
    }
}
