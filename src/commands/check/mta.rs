//! Checks how mail gets here: which MTA there is, and whether it knows the desk.

use super::diagnosis::Diagnosis;
use crate::commands::init::exim::{self, MARK};
use crate::commands::mta::{Exim, Mta, mta};
use crate::commands::text::again;
use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::quoted_path;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Checks the mail server.
pub fn look(desk: &Desk, overrides: &Overrides, etc: &Path) -> Vec<Diagnosis> {
    match mta(etc) {
        None => vec![
            Diagnosis::warn("MTA: neither Exim nor Postfix is installed; nothing brings mail here")
                .mend("`tickets deliver --help`, or `sudo apt install exim4-daemon-light`"),
        ],
        Some(Mta::Exim) => exim(desk, overrides, etc),
        Some(Mta::Postfix) => vec![postfix(desk, etc)],
    }
}

fn exim(desk: &Desk, overrides: &Overrides, etc: &Path) -> Vec<Diagnosis> {
    let own = again("tickets", overrides);
    let put_in = format!("{own} init --exim | sudo sh && sudo systemctl reload exim4");
    let Some(exim) = Exim::find(etc) else {
        return vec![Diagnosis::warn("Exim: its configuration cannot be read")];
    };
    let (main, files) = if exim.split {
        let conf_d = etc.join("exim4/conf.d");
        (
            files_in(&conf_d.join("main")),
            [
                files_in(&conf_d.join("router")),
                files_in(&conf_d.join("transport")),
            ]
            .concat(),
        )
    } else {
        let etc = etc.join("exim4");
        (
            vec![etc.join("exim4.conf.localmacros")],
            vec![etc.join("exim4.conf.template")],
        )
    };
    // The first definition of a macro counts, since all of ours are conditional.
    let text: String = main.iter().chain(&files).map(|file| read(file)).collect();
    if !text.lines().any(|line| line.trim_end() == MARK) {
        let text = format!("Exim: it does not know {}", desk.config.addresses.submit());
        return vec![Diagnosis::warn(text).mend(put_in)];
    }
    let mut found = Vec::new();
    match exim::macros(&desk.config, overrides) {
        Err(e) => found.push(Diagnosis::fail(format!("Exim: {}", crate::error::line(&e)))),
        Ok(wanted) => {
            for (name, value) in wanted {
                let has = defined(&text, name).unwrap_or_default();
                if has != value && !same(name, &has, &value) {
                    let text = format!("Exim: {name} is `{has}`, but this desk has `{value}`");
                    found.push(Diagnosis::fail(text).mend(&put_in));
                }
            }
        }
    }
    if desk.config.address_secret.is_none() && defined(&text, exim::DIGESTS[0]).is_some() {
        let text = "Exim: it expects digests in addresses, but this desk writes none";
        found.push(Diagnosis::fail(text).mend(&put_in));
    }
    let domain = desk.config.addresses.domain();
    if !accepts(&exim, domain) {
        let text = format!("Exim: it accepts no mail for {domain}");
        let file = etc.join("exim4/update-exim4.conf.conf");
        let mend = format!(
            "add {domain} to dc_other_hostnames in {}; sudo update-exim4.conf",
            file.display()
        );
        found.push(Diagnosis::fail(text).mend(mend));
    }
    found.extend(closed_directories(&desk.config.dir));
    if found.is_empty() {
        let text = format!(
            "Exim: it brings mail for {}",
            desk.config.addresses.submit()
        );
        found.push(Diagnosis::ok(text));
    }
    found
}

/// True if the values of a macro differ only in the path of this program, and it is at the first one,
/// too.
fn same(name: &str, has: &str, wanted: &str) -> bool {
    let split = |command: &str| -> (PathBuf, String) {
        let (program, rest) = command.split_once(' ').unwrap_or((command, ""));
        (PathBuf::from(program), rest.to_owned())
    };
    let (program, rest) = split(has);
    [exim::DIGESTS[0], "TICKETS_COMMAND"].contains(&name)
        && program.is_file()
        && rest == split(wanted).1
}

fn accepts(exim: &Exim, domain: &str) -> bool {
    let host = nix::unistd::gethostname().unwrap_or_default();
    exim.other_hostnames
        .iter()
        .any(|name| name == domain || name == "*")
        || domain == "localhost"
        || host.to_string_lossy().eq_ignore_ascii_case(domain)
}

/// Directories that Exim cannot pass through: it looks as a user of its own whether a ticket exists
/// before it accepts mail for it.
fn closed_directories(store: &Path) -> Vec<Diagnosis> {
    let archived = store.join("archived");
    let closed = archived.ancestors().filter(|dir| {
        let meta = std::fs::metadata(dir);
        meta.is_ok_and(|meta| meta.permissions().mode() & 0o001 == 0)
    });
    closed
        .map(|dir| {
            let path = dir.display();
            let text = format!("Exim: it cannot pass through {path}, so mail to tickets waits");
            Diagnosis::fail(text).mend(format!("chmod o+x {}", quoted_path(dir)))
        })
        .collect()
}

fn postfix(desk: &Desk, etc: &Path) -> Diagnosis {
    let table = read(&etc.join("postfix/tickets_transport"));
    let mut rules = table.lines().filter(|line| line.starts_with('/'));
    if desk.config.address_secret.is_some() && rules.any(|line| !line.contains("[0-9a-z]{8}")) {
        let text = "Postfix: its tables know nothing of digests in addresses, and refuse them";
        let mend = "tickets init --postfix | sudo sh && sudo postfix reload";
        return Diagnosis::fail(text).mend(mend);
    }
    let files = ["postfix/master.cf", "postfix/main.cf", "aliases"];
    let calls = |file: &&&str| {
        let text = read(&etc.join(file));
        text.lines()
            .any(|l| !l.trim_start().starts_with('#') && l.contains("tickets"))
    };
    match files.iter().find(calls) {
        Some(file) => Diagnosis::ok(format!(
            "Postfix: {} names tickets",
            etc.join(file).display()
        )),
        None => {
            let text =
                "Postfix: neither master.cf nor aliases names tickets; nothing brings mail here";
            Diagnosis::warn(text).mend("tickets init --postfix | sudo sh")
        }
    }
}

/// The files that Exim's `update-exim4.conf` would use, in its order.
fn files_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    files.retain(|f| {
        f.file_name()
            .is_some_and(|n| n.to_string_lossy().chars().all(plain))
    });
    files.sort();
    files
}

fn read(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned() + "\n"
}

/// The value of a macro where it is first defined.
fn defined(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line
            .trim()
            .strip_prefix(name)?
            .trim_start()
            .strip_prefix('=')?;
        Some(value.trim().to_owned())
    })
}
