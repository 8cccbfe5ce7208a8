//! The lines for mutt, filled in for this desk.

use super::exim::plain_regex;
use super::plain;
use crate::config::Config;
use crate::ticket::address::{AddressForm, Addresses};
use anyhow::Result;

const MUTTRC: &str = include_str!("../../../contrib/muttrc");

/// contrib/muttrc with this desk's name and addresses.
///
/// # Errors
/// Status 78 for an address that could mean something to mutt or its shell.
pub fn muttrc(config: &Config) -> Result<String> {
    plain::addresses(config)?;
    let addresses = &config.addresses;
    let AddressForm { before, after } = addresses.template();
    // In sh, `$TICKETx` would be another variable.
    let joined = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let number = if joined { "${TICKET}" } else { "$TICKET" };
    let domain = addresses.domain();
    let local = match addresses.secret() {
        Some(_) => "tickets address $TICKET | cut -d@ -f1".to_owned(),
        None => format!("echo {before}{number}{after}"),
    };
    Ok(MUTTRC
        .replace(
            "'^submit@example.org$'",
            &format!("'{}'", submits(addresses)),
        )
        .replace("ticket-[1-9]", &tickets(addresses))
        .replace("echo ticket-$TICKET", &local)
        .replace("ticket-12", &format!("{before}12{after}"))
        .replace("example.org", domain)
        .replace("Support", &in_quotes(&config.signed())))
}

/// The command with which mutt takes over the name of whoever gives this one (D4).
pub fn signed(config: &Config) -> String {
    let name = in_quotes(&config.signed());
    format!("set my_tickets_name=\"{name}\"")
}

/// Regular expressions that the addresses of tickets match, with blanks between them.
fn tickets(addresses: &Addresses) -> String {
    let all = addresses
        .templates()
        .map(|it| format!("{}[1-9]", plain_regex(&it.before)));
    all.collect::<Vec<_>>().join(" ")
}

/// A regular expression that matches the addresses that open tickets.
fn submits(addresses: &Addresses) -> String {
    let domains: Vec<String> = addresses.domains().iter().map(|d| plain_regex(d)).collect();
    let domains = match &domains[..] {
        [one] => one.clone(),
        several => format!("({})", several.join("|")),
    };
    let address = |submit: &String| match submit.contains('@') {
        true => plain_regex(submit),
        false => format!("{}@{domains}", plain_regex(submit)),
    };
    let all: Vec<String> = addresses.submits().iter().map(address).collect();
    match &all[..] {
        [one] => format!("^{one}$"),
        several => format!("^({})$", several.join("|")),
    }
}

/// A name without the characters that mean something between mutt's quotes, in its backticks or between those of an
/// address.
fn in_quotes(name: &str) -> String {
    let odd = |c: char| c.is_control() || "'\"`$\\;#<>[]@,:.|".contains(c);
    let name = name.replace(odd, " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use std::path::Path;

    fn made(text: &str) -> String {
        let text = format!("dir = \"/t\"\nadmins = \"a@b\"\n{text}");
        muttrc(&Config::of(&text, Path::new("x"), &Overrides::default()).unwrap()).unwrap()
    }

    #[test]
    fn the_default_addresses_change_nothing_but_the_regex() {
        let want = MUTTRC.replace("'^submit@example.org$'", "'^submit@example[.]org$'");
        assert_eq!(made("domain = \"example.org\""), want);
    }

    // (B10)
    #[test]
    fn all_templates_are_known_and_the_first_is_written() {
        let made = made("domain = \"d.net\"\nticket = [\"case-{n}\", \"help+{n}\"]");
        for words in [
            "setenv TICKET_LOCAL `echo case-$TICKET`; set",
            "unalternates case-[1-9] help[+][1-9]; unset metoo;",
            "echo \"alternates case-[1-9] help[+][1-9]; set metoo;",
            "echo \"unalternates case-[1-9] help[+][1-9]; unset metoo;",
        ] {
            assert!(made.contains(words), "{words} in\n{made}");
        }
    }

    #[test]
    fn every_address_is_filled_in() {
        let made = made(
            "domain = [\"d.net\", \"e.net\"]\nsubmit = [\"help\", \"x@y\"]\nticket = \"h+{n}x\"\n\
             name = \"Bob's `desk`, Inc.\"",
        );
        for words in [
            "alternates '^(help@(d[.]net|e[.]net)|x@y)$'\n",
            "setenv TICKET_LOCAL `echo h+${TICKET}x`; set",
            "set my_tickets_name=\"Bob s desk Inc\"\n",
            "my_hdr From: \"$my_tickets_name\" <`echo $TICKET_LOCAL`@d.net>; my_hdr Cc: `echo $TICKET_LOCAL`@d.net'",
            "my_hdr Cc: $TICKET_LOCAL-done@d.net\" ||",
            "unalternates h[+][1-9];",
        ] {
            assert!(made.contains(words), "{words} in\n{made}");
        }
        let lines = made.lines().filter(|l| !l.starts_with('#'));
        for line in lines {
            assert!(
                !line.contains("ticket-") && !line.contains("example.org"),
                "{line}"
            );
        }
    }
}
