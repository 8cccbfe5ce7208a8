//! The mail server of this machine, and how it is configured.

use crate::files::read_text;
use std::path::{Path, PathBuf};

/// A mail server that `init` has pieces for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mta {
    /// Exim 4, as Debian configures it.
    Exim,
    Postfix,
}

/// The mail server that is configured below `etc`. If that is the machine's own /etc, it is installed,
/// too.
pub fn mta(etc: &Path) -> Option<Mta> {
    installed(etc).first().copied()
}

/// All of them.
pub fn installed(etc: &Path) -> Vec<Mta> {
    let known = [
        (Mta::Exim, "exim4/update-exim4.conf.conf", "exim4"),
        (Mta::Postfix, "postfix/main.cf", "postfix"),
    ];
    let programs = programs(etc);
    // A removed package leaves its configuration behind.
    let there = |file: &str, program: &str| {
        let runs = |programs: &PathBuf| programs.join(program).exists();
        etc.join(file).exists() && programs.as_ref().is_none_or(runs)
    };
    let found = known
        .iter()
        .filter(|(_, file, program)| there(file, program));
    found.map(|(mta, _, _)| *mta).collect()
}

/// Where the programs are that belong to the configuration in `etc`; `None` if it is one without a machine.
pub fn programs(etc: &Path) -> Option<PathBuf> {
    let programs = etc.parent()?.join("usr/sbin");
    (etc == Path::new("/etc") || programs.is_dir()).then_some(programs)
}

/// How Exim is configured on this machine, as Debian does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exim {
    /// In many files (`conf.d`) instead of one.
    pub split: bool,
    /// Domains for which it accepts mail, besides the host's own name.
    pub other_hostnames: Vec<String>,
    /// Which of Debian's ways to handle mail: `internet`, `smarthost`, `local` ...
    pub kind: String,
    /// The server that takes all mail for others, if it is not sent to them directly.
    pub smarthost: String,
}

impl Exim {
    /// Reads the configuration below `etc`; `None` if there is no Exim, or not Debian's.
    pub fn find(etc: &Path) -> Option<Exim> {
        let text = read_text(&etc.join("exim4/update-exim4.conf.conf")).ok()?;
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|l| l.trim().strip_prefix(name));
            let value = lines.next_back()?.strip_prefix('=')?;
            Some(value.trim_matches(['\'', '"']).to_owned())
        };
        let names = value("dc_other_hostnames").unwrap_or_default();
        let names = names.split([':', ';']).map(str::trim);
        Some(Exim {
            split: value("dc_use_split_config").as_deref() == Some("true"),
            other_hostnames: names
                .filter(|n| !n.is_empty())
                .map(str::to_lowercase)
                .collect(),
            kind: value("dc_eximconfig_configtype").unwrap_or_default(),
            smarthost: value("dc_smarthost").unwrap_or_default(),
        })
    }
}
