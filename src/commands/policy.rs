//! `tickets policy`: what Postfix asks before it takes a recipient.
//!
//! Postfix's spawn(8) ties standard error to the connection as well as standard output, so a
//! word for the administrator must not go there: it would be read as a part of the answer.

use super::routed::{disagreement, expect_configuration};
use crate::error::{self, Status};
use crate::part::{Context, Run};
use crate::ticket::dialogue;
use crate::ticket::route::{self, Refusal};
use anyhow::{Context as _, Result};
use nix::sys::stat::fstat;
use std::io::IsTerminal;
use std::os::unix::net::UnixDatagram;

/// Answer Postfix's questions about recipients, until it hangs up
///
/// Speaks the protocol of `check_policy_service` on standard input and output: lines
/// `name=value` and an empty line ask, `action=...` and an empty line answer. A ticket that does
/// not exist gets 550 and a sentence; what is none of the desk's addresses is left to Postfix
/// (DUNNO). contrib/postfix says how Postfix is made to ask.
#[derive(clap::Args)]
pub struct Policy {
    /// Postfix asks about the desk's addresses alone: what is none of them is deferred
    #[arg(long)]
    routed: bool,
}

impl Run for Policy {
    const NAME: &'static str = "policy";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut input = std::io::stdin().lock();
        let mut output = std::io::stdout().lock();
        dialogue::answer(&mut input, &mut output, |to| action(cx, to, self.routed))
            .context("cannot answer Postfix")?;
        Ok(Status::Ok)
    }
}

fn action(cx: &Context, recipient: &str, routed: bool) -> String {
    // The configuration is read anew each time: Postfix keeps us for an hour.
    match refusal(cx, recipient, routed) {
        Ok(None) => "DUNNO".into(),
        Ok(Some(sentence)) => format!("550 {sentence}"),
        Err(e) => {
            log(&error::line(&e));
            "DEFER_IF_PERMIT 4.3.0 Cannot look this address up now; please try again".into()
        }
    }
}

/// Why mail to one of the desk's addresses would be refused, for the other server.
fn refusal(cx: &Context, recipient: &str, routed: bool) -> Result<Option<String>> {
    let desk = cx.desk_for_mta()?;
    let config = &desk.config;
    if routed {
        expect_configuration(config)?;
        if let Some(fault) = disagreement(config, recipient, "--postfix") {
            return Err(fault.into());
        }
    }
    // Postfix asks about everybody's mail. Unless a domain is configured, only the one that we
    // would guess can be ours.
    let ours = config.domain_known
        || recipient
            .rsplit_once('@')
            .is_none_or(|(_, domain)| domain.eq_ignore_ascii_case(config.addresses.domain()));
    match route::refusal(recipient, &desk.rules(), &desk)? {
        Some(refusal @ (Refusal::UnknownTicket(_) | Refusal::WrongDigest(_))) if ours => {
            Ok(Some(refusal.status_line(&config.addresses.submit())))
        }
        _ => Ok(None),
    }
}

/// Tells the administrator: on standard error, or in the mail log where that is the connection.
fn log(text: &str) {
    let same = match (fstat(std::io::stdout()), fstat(std::io::stderr())) {
        (Ok(out), Ok(err)) => (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino),
        _ => false,
    };
    if !same || std::io::stderr().is_terminal() {
        crate::screen::remark(text);
        return;
    }
    // RFC 3164, section 4.1.1: facility 2, mail; severity 4, a warning.
    let record = format!("<{}>tickets[{}]: {text}", (2 << 3) | 4, std::process::id());
    // A machine without a log has nowhere to be told.
    let _ = UnixDatagram::unbound().and_then(|s| s.send_to(record.as_bytes(), "/dev/log"));
}
