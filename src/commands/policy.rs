//! `tickets policy`: what Postfix asks before it takes a recipient.
//!
//! Postfix's spawn(8) ties standard error to the connection as well as standard output, so a
//! word for the administrator must not go there: it would be read as a part of the answer.

use crate::error::{self, Status};
use crate::part::{Context, Run};
use crate::ticket::route::{self, Refusal};
use anyhow::{Context as _, Result};
use nix::sys::stat::fstat;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::os::unix::net::UnixDatagram;

/// Answer Postfix's questions about recipients, until it hangs up
///
/// Speaks the protocol of `check_policy_service` on standard input and output: lines
/// `name=value` and an empty line ask, `action=...` and an empty line answer. A ticket that does
/// not exist gets 550 and a sentence; what is none of the desk's addresses is left to Postfix
/// (DUNNO). contrib/postfix says how Postfix is made to ask.
#[derive(clap::Args)]
pub struct Policy {}

/// What is read of a line; Postfix sends about 2 KB at most.
const LINE: u64 = 16 << 10;

impl Run for Policy {
    const NAME: &'static str = "policy";

    fn run(self, cx: &Context) -> Result<Status> {
        let mut input = std::io::stdin().lock();
        let mut output = std::io::stdout().lock();
        while let Some(request) = Request::read(&mut input)? {
            let action = request.action(cx);
            output.write_all(format!("action={action}\n\n").as_bytes())?;
            output.flush()?;
        }
        Ok(Status::Ok)
    }
}

/// What we want to know of one question.
#[derive(Debug, Default, PartialEq)]
struct Request {
    /// At RCPT time; at other times Postfix names no recipient, or the last one.
    about_recipient: bool,
    recipient: String,
}

impl Request {
    /// The next question; `None` if there is none, or only a part of one.
    fn read(input: &mut impl BufRead) -> Result<Option<Request>> {
        let mut request = Request::default();
        loop {
            let Some(line) = line(input).context("cannot read Postfix's question")? else {
                return Ok(None);
            };
            if line.is_empty() {
                return Ok(Some(request));
            }
            match line.split_once('=') {
                Some(("protocol_state", state)) => request.about_recipient = state == "RCPT",
                Some(("recipient", recipient)) => request.recipient = recipient.to_owned(),
                _ => {}
            }
        }
    }

    fn action(&self, cx: &Context) -> String {
        if !self.about_recipient || self.recipient.is_empty() {
            return "DUNNO".into();
        }
        // The configuration is read anew each time: Postfix keeps us for an hour.
        match refusal(cx, &self.recipient) {
            Ok(None) => "DUNNO".into(),
            Ok(Some(sentence)) => format!("550 {sentence}"),
            Err(e) => {
                log(&error::line(&e));
                "DEFER_IF_PERMIT 4.3.0 Cannot look this address up now; please try again".into()
            }
        }
    }
}

/// Why mail to one of the desk's addresses would be refused, for the other server.
fn refusal(cx: &Context, recipient: &str) -> Result<Option<String>> {
    let desk = cx.desk_for_mta()?;
    let config = &desk.config;
    // Postfix asks about everybody's mail. Unless a domain is configured, only the one that we
    // would guess can be ours.
    let ours = config.domain_known
        || recipient
            .rsplit_once('@')
            .is_none_or(|(_, domain)| domain.eq_ignore_ascii_case(config.addresses.domain()));
    match route::refusal(recipient, &desk.rules(), &desk)? {
        Some(refusal @ (Refusal::UnknownTicket(_) | Refusal::WrongDigest(_))) if ours => {
            let sentence = refusal.status_line(&config.addresses.submit());
            Ok(Some(sentence.replace(|c: char| !c.is_ascii(), "?")))
        }
        _ => Ok(None),
    }
}

/// A line without its end; what is beyond [`LINE`] is dropped. `None` at the end of input.
fn line(input: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    input.by_ref().take(LINE).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        if (line.len() as u64) < LINE {
            return Ok(None);
        }
        input.skip_until(b'\n')?;
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read() {
        let long = format!(
            "x={}\nprotocol_state=RCPT\nrecipient=a@b\n\n",
            "y".repeat(40_000)
        );
        let asked = |recipient: &str| Request {
            about_recipient: true,
            recipient: recipient.into(),
        };
        for (case, input, want) in [
            ("nothing", "", vec![]),
            ("cut off", "protocol_state=RCPT\nrecipient=a@b\n", vec![]),
            (
                "cut off in a line",
                "protocol_state=RCPT\n\nrecip",
                vec![asked("")],
            ),
            (
                "two",
                "protocol_state=RCPT\nrecipient=a@b\n\nprotocol_state=RCPT\nrecipient=c=d\n\n",
                vec![asked("a@b"), asked("c=d")],
            ),
            ("DATA", "protocol_state=DATA\n\n", vec![Request::default()]),
            (
                "garbage",
                "\u{1}\n=\nrecipient\n\n",
                vec![Request::default()],
            ),
            (
                "CRLF",
                "protocol_state=RCPT\r\nrecipient=a@b\r\n\r\n",
                vec![asked("a@b")],
            ),
            ("a long line", &long, vec![asked("a@b")]),
        ] {
            let mut bytes = input.as_bytes();
            let mut got = Vec::new();
            while let Some(request) = Request::read(&mut bytes).unwrap() {
                got.push(request);
            }
            assert_eq!(got, want, "{case}");
        }
    }
}
