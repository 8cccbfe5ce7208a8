//! A mail that the desk sends to itself, to try whether mail comes in (E3).

use super::Desk;
use super::delivery::{Outcome, trace_sender};
use super::parcel::Incoming;
use super::reading::first_entry;
use crate::clock;
use crate::limits;
use crate::patience::Patience;
use crate::ticket::address::Target;
use crate::ticket::probe::{self, Probe};
use anyhow::{Context, Result};
use mail::entry::{self, Trace, Verdict};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

/// What became of the mail.
#[derive(Debug)]
pub enum Came {
    /// It came as it was sent, and is taken away again.
    AsSent,
    /// It came, and this was changed on its way.
    Changed(String),
    /// It did not come within the time.
    Not,
}

impl Desk {
    /// Sends a mail to the desk, waits for it, and takes it away. `shows` how long it has waited.
    ///
    /// # Errors
    /// It cannot be sent, or the store cannot be written.
    pub fn send_probe(&self, longest: Duration, mut shows: impl FnMut(Duration)) -> Result<Came> {
        self.store.create_directories()?;
        let submit = self.config.addresses.submit();
        let probe = Probe::new(random()?, &submit, clock::now());
        self.store.expect_probe(&probe.digest)?;
        if let Err(e) = self.send_mail(&submit, &probe.mail) {
            self.store.forget_probe(&probe.digest)?;
            return Err(e);
        }
        let patience = Patience::new(longest);
        loop {
            if let Some(bytes) = self.store.probe(&probe.digest)? {
                self.store.forget_probe(&probe.digest)?;
                return Ok(came(&probe, &bytes));
            }
            shows(longest.saturating_sub(patience.left()));
            if !patience.wait() {
                // It is still expected, and taken away by a later test.
                return Ok(Came::Not);
            }
        }
    }

    /// Takes away test mails that came when nobody waited for them any more; returns how many.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn forget_late_probes(&self) -> Result<usize> {
        self.store.forget_late_probes(self.now())
    }

    fn send_mail(&self, to: &str, mail: &[u8]) -> Result<()> {
        let mut file: File = tempfile::tempfile().context("cannot write a mail")?;
        file.write_all(mail).context("cannot write a mail")?;
        file.rewind().context("cannot write a mail")?;
        Ok(self
            .sendmail()
            .start(None, &[to.to_owned()], file)?
            .wait()?)
    }

    /// Takes a message in if it is a test mail that is expected: it is filed beside the tickets, has no number, and
    /// nobody is told. `None` if it is a mail like any other.
    pub(super) fn take_in_probe(&self, incoming: Incoming) -> Result<Option<Outcome>> {
        let Some(digest) = probe::digest(incoming.message) else {
            return Ok(None);
        };
        let Incoming { message, envelope } = incoming;
        let addresses = &self.config.addresses;
        let opens = |it: &String| addresses.target(it) == Some(Target::Submit);
        let now = self.now();
        if !envelope.recipients.iter().all(opens) || !self.store.is_probe(&digest, now)? {
            return Ok(None);
        }
        let trace = Trace {
            sender: trace_sender(&envelope.sender, ""),
            filed_under: &addresses.submit(),
            at: now,
        };
        let entry = entry::encode(&trace, message.raw());
        if !self.store.file_probe(&digest, &entry)? {
            // One is there: this one again, or another mail with its token, which is to be read like any other.
            let there = self.store.probe(&digest)?;
            let there = there.as_deref().and_then(first_entry);
            if there.is_none_or(|there| there.raw != message.raw()) {
                return Ok(None);
            }
        }
        limits::all_is_filed();
        Ok(Some(Outcome::default()))
    }
}

/// Compares what was filed with what was sent.
fn came(probe: &Probe, bytes: &[u8]) -> Came {
    let Some(decoded) = first_entry(bytes) else {
        return Came::Changed("it is no entry of an mbox".into());
    };
    if decoded.verdict != Verdict::Intact {
        return Came::Changed("it is not as it was filed".into());
    }
    probe
        .difference(&decoded.raw)
        .map_or(Came::AsSent, Came::Changed)
}

/// Bytes that nobody can guess.
fn random() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.context("cannot read /dev/urandom")?;
    Ok(bytes)
}
