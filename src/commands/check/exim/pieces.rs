//! The pieces of this program in Exim's configuration.

use crate::commands::check::diagnosis::Diagnosis;
use crate::commands::check::mend::{changed, mistyped, take_over};
use crate::commands::check::way::{Look, is_same_command, read};
use crate::commands::init::exim::{self, MARK, ROUTER, TRANSPORT};
use crate::commands::mta::Exim;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The pieces, where they stand.
pub(super) struct Pieces {
    text: String,
    /// They stand where this Exim does not look for them, and why that is.
    pub(super) stand_elsewhere: Option<&'static str>,
}

impl Pieces {
    pub(super) fn of(etc: &Path, exim: &Exim) -> Pieces {
        let etc = etc.join("exim4");
        let split = || {
            let dirs = ["main", "router", "transport"].map(|it| etc.join("conf.d").join(it));
            dirs.iter().flat_map(|dir| files_in(dir)).collect()
        };
        let whole = || {
            vec![
                etc.join("exim4.conf.localmacros"),
                etc.join("exim4.conf.template"),
            ]
        };
        let (here, elsewhere, why): (Vec<PathBuf>, Vec<PathBuf>, _) = match exim.split {
            true => (
                split(),
                whole(),
                "its configuration is split now, and the pieces stand in exim4.conf.template",
            ),
            false => (
                whole(),
                split(),
                "its configuration is not split any more, and the pieces stand in conf.d",
            ),
        };
        // The first definition of a macro counts, since all of ours are conditional.
        let text =
            |files: Vec<PathBuf>| -> String { files.iter().map(|file| read(file)).collect() };
        let elsewhere = has_mark(&text(elsewhere));
        Pieces {
            text: text(here),
            stand_elsewhere: elsewhere.then_some(why),
        }
    }

    pub(super) fn are_there(&self) -> bool {
        has_mark(&self.text)
    }

    /// Where they are not what `init` would print now.
    pub(super) fn differences(&self, look: &Look, put_in: &str) -> Vec<Diagnosis> {
        let config = &look.desk.config;
        let wanted = match exim::macros(config, look.overrides) {
            Ok(wanted) => wanted,
            Err(e) => return vec![Diagnosis::fail(format!("Exim: {}", crate::error::line(&e)))],
        };
        let mut differ = Vec::new();
        for (name, value) in wanted {
            let has = defined(&self.text, name).unwrap_or_default();
            let is_command = [exim::DIGESTS[0], "TICKETS_COMMAND"].contains(&name);
            if has != value && !(is_command && is_same_command(&has, &value)) {
                differ.push((name, has, value));
            }
        }
        // These two say whose desk it is. Another one is not replaced without a word, and what else differs is its own.
        let whose = |name: &str| ["TICKETS_USER", "TICKETS_COMMAND"].contains(&name);
        if let Some((name, has, value)) = differ.iter().find(|it| whose(it.0)) {
            let user = defined(&self.text, "TICKETS_USER").unwrap_or_default();
            let text = format!(
                "Exim: it brings mail to another desk, that of user {user}: {name} is `{has}`, but this desk has `{value}`"
            );
            return vec![Diagnosis::fail(text).mend(take_over(look.desk, put_in, &user))];
        }
        let tell = |(name, has, value): (&str, String, String)| {
            let text = format!("Exim: {name} is `{has}`, but this desk has `{value}`");
            Diagnosis::fail(text).mend(match name {
                "TICKETS_DOMAIN" => mistyped(put_in, &look.desk.config.file_to_edit()),
                "TICKETS_SUBMIT" => changed(put_in, "submit", &look.desk.config.file_to_edit()),
                "TICKETS_PREFIX" => changed(put_in, "ticket", &look.desk.config.file_to_edit()),
                _ => put_in.to_owned(),
            })
        };
        let mut found: Vec<Diagnosis> = differ.into_iter().map(tell).collect();
        if config.address_secret.is_none() && defined(&self.text, exim::DIGESTS[0]).is_some() {
            let text = "Exim: it expects digests in addresses, but this desk writes none";
            found.push(Diagnosis::fail(text).mend(put_in));
        }
        let have: HashSet<&str> = self.text.lines().map(str::trim).collect();
        let rules = ROUTER.lines().chain(TRANSPORT.lines()).map(str::trim);
        let mut rules =
            rules.filter(|rule| !rule.starts_with('#') && !rule.starts_with("TICKETS_"));
        if rules.any(|rule| !rule.is_empty() && !have.contains(rule)) {
            let text = "Exim: its pieces are not those of this version of the program";
            found.push(Diagnosis::warn(text).mend(put_in));
        }
        found
    }
}

/// Exim's own Authentication-Results, where the desk believes them: it quotes nothing of what strangers wrote.
pub(super) fn copied_proofs(look: &Look) -> Option<Diagnosis> {
    look.desk.config.authserv_id.as_ref()?;
    let etc = look.etc.join("exim4");
    // Where contrib/README.md has it written, and what Debian makes its configuration of.
    let mut files = vec![
        etc.join("tickets_data_acl"),
        etc.join("exim4.conf.localmacros"),
        etc.join("exim4.conf.template"),
    ];
    files.extend(
        ["main", "acl"]
            .iter()
            .flat_map(|it| files_in(&etc.join("conf.d").join(it))),
    );
    let copies = |line: &str| !line.trim_start().starts_with('#') && line.contains("${authresults");
    let found = files.iter().any(|file| read(file).lines().any(copies));
    found.then(|| {
        let text = "Exim: `${authresults` copies what strangers wrote, so that anybody can prove to be an admin";
        Diagnosis::fail(text).mend("`Exim` in contrib/README.md")
    })
}

fn has_mark(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == MARK)
}

/// The files that Exim's `update-exim4.conf` would use, in its order.
pub(super) fn files_in(dir: &Path) -> Vec<PathBuf> {
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
