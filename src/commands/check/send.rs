//! `--send`: a mail that must come back.

use super::diagnosis::{Diagnosis, count};
use super::mend::as_root;
use crate::desk::{Came, Desk};
use crate::screen::progress::PassBar;
use std::time::{Duration, Instant};

/// Sends it, and waits for it.
pub(super) fn look(desk: &Desk, longest: Duration) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    match desk.forget_late_probes() {
        Ok(0) => {}
        Ok(late) => {
            let late = count(late, "mail of an earlier test", "mails of earlier tests");
            let text = format!("send: {late} came more than an hour late");
            found.push(Diagnosis::warn(text).mend(look_at_queue()));
        }
        Err(e) => found.push(fault(&crate::error::line(&e))),
    }
    let begun = Instant::now();
    let mut bar = PassBar::about("waiting for the mail");
    let shows = |waited: Duration| bar.show(waited.as_secs() as usize, longest.as_secs() as usize);
    let came = desk.send_probe(longest, shows);
    drop(bar);
    let submit = desk.config.addresses.submit();
    found.push(match came {
        Ok(Came::AsSent) => {
            let took = begun.elapsed().as_secs_f64();
            Diagnosis::ok(format!(
                "send: a mail to {submit} was filed as it was sent, after {took:.1} s"
            ))
        }
        Ok(Came::Changed(what)) => fault(&format!(
            "a mail to {submit} was filed, but {what} than in the one that was sent"
        )),
        Ok(Came::Not) => fault(&format!(
            "a mail to {submit} was not filed within {} s",
            longest.as_secs()
        ))
        .mend(look_at_queue()),
        Err(e) => fault(&crate::error::line(&e)).mend(look_at_queue()),
    });
    found
}

fn fault(text: &str) -> Diagnosis {
    Diagnosis::fail(format!("send: {text}"))
}

fn look_at_queue() -> String {
    format!("{}, and the log of the mail server", as_root("mailq"))
}
