//! Checks how mail gets here: which mail server there is, and whether it takes the desk's mail.
//!
//! The mail server itself is asked, as this user may ask it: `exim.rs` and `postfix.rs`.

use super::diagnosis::Diagnosis;
use super::mend::as_root;
use super::way::Look;
use super::{exim, postfix, smtp};
use crate::commands::mta::{Mta, installed, programs};
use crate::config::{Overrides, served};
use crate::desk::Desk;
use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// Checks the mail server; also how many mails to the desk are late in its queue, if that is known.
pub(super) fn look(
    desk: &Desk,
    overrides: &Overrides,
    etc: &Path,
) -> (Vec<Diagnosis>, Option<usize>) {
    let look = Look {
        desk,
        overrides,
        etc,
        programs: programs(etc),
        queued: Cell::new(None),
    };
    (all(&look), look.queued.get())
}

fn all(look: &Look) -> Vec<Diagnosis> {
    match installed(look.etc)[..] {
        [] => vec![none(look.etc)],
        [one] => of(one, look),
        [first, ..] => {
            let (which, found) = of_two(look);
            let mut all = vec![found];
            all.extend(of(which.unwrap_or(first), look));
            all
        }
    }
}

/// No mail server is installed. One that was removed, and has left its configuration, needs only to come back.
fn none(etc: &Path) -> Diagnosis {
    let text = "MTA: neither Exim nor Postfix is installed; nothing brings mail here";
    let install = |package: &str| as_root(&format!("apt install {package}"));
    match served(etc).first() {
        Some(left) => {
            let package = match left.file.starts_with(etc.join("postfix")) {
                true => "postfix",
                false => "exim4-daemon-light",
            };
            let text = format!("{text}, though {} still names a desk", left.file.display());
            Diagnosis::warn(text).mend(install(package))
        }
        None => {
            let exim = install("exim4-daemon-light");
            Diagnosis::warn(text).mend(format!("{exim}, or see `tickets deliver --help`"))
        }
    }
}

fn of(mta: Mta, look: &Look) -> Vec<Diagnosis> {
    match mta {
        Mta::Exim => exim::look(look),
        Mta::Postfix => postfix::look(look),
    }
}

/// Two mail servers: which of them brings mail, and which takes it.
fn of_two(look: &Look) -> (Option<Mta>, Diagnosis) {
    let greeting = |port| {
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let replies = smtp::converse(server, &["QUIT".to_owned()]).ok()?;
        Some(replies.first()?.text.to_ascii_lowercase())
    };
    let greeting = look.programs.as_ref().and_then(|_| greeting(25));
    let listens = greeting.and_then(|text| named_in(&text));
    let sendmail = std::fs::canonicalize(look.desk.sendmail().program).unwrap_or_default();
    let sends = match named_in(&sendmail.to_string_lossy()) {
        // Postfix's is a program of its own, without a name that tells.
        None if sendmail.ends_with("sbin/sendmail") => Some(Mta::Postfix),
        named => named,
    };
    let name = |mta: Option<Mta>| match mta {
        Some(Mta::Exim) => "Exim",
        Some(Mta::Postfix) => "Postfix",
        None => "neither that is known",
    };
    let text = format!(
        "MTA: Exim and Postfix are both installed; on port 25 listens {}, and sendmail is of {}",
        name(listens),
        name(sends)
    );
    let apt = match listens {
        Some(Mta::Postfix) => "apt purge exim4-base",
        _ => "apt purge postfix",
    };
    (
        listens,
        Diagnosis::warn(text).mend(format!("keep one of them: {}", as_root(apt))),
    )
}

fn named_in(text: &str) -> Option<Mta> {
    match (text.contains("exim"), text.contains("postfix")) {
        (true, false) => Some(Mta::Exim),
        (false, true) => Some(Mta::Postfix),
        _ => None,
    }
}
