//! Messages that a filter kept from the tickets: put aside, looked at, let out and dropped (G5).

use super::Desk;
use super::delivery::{Bearer, Outcome};
use super::parcel::{Incoming, Judged, Parcel, Quarantined};
use crate::files::Place;
use crate::patience::Patience;
use crate::store::id_of;
use crate::ticket::identity::hex;
use crate::ticket::quarantine::Slip;
use anyhow::{Context, Result};
use mail::decode::Mailbox;
use mail::message::Message;
use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::time::Duration;

/// More bytes than a header has, unless somebody means it to be longer: then all of it is read.
const MOST: u64 = 1 << 20;

/// A message in quarantine.
#[derive(Clone, Debug)]
pub struct HeldMail {
    /// Its name, by which it is told from the others.
    pub id: String,
    /// Its file.
    pub place: Place,
    /// What is known of it.
    pub slip: Slip,
    /// Who wrote it, as From says; an address that is empty if that holds none.
    pub from: Mailbox,
    /// The Subject in one line.
    pub subject: String,
}

impl Desk {
    /// Puts a message into quarantine, and returns when it is on the disk.
    pub(super) fn quarantine(&self, parcel: &Parcel, judged: &Judged) -> Result<Quarantined> {
        let slip = Slip {
            envelope: parcel.incoming.envelope.clone(),
            modules: judged.said.clone(),
            at: parcel.now,
        };
        let head = slip.write();
        let pieces = [head.as_bytes(), parcel.incoming.message.raw()];
        let place = self.store.put_in_quarantine(&name(parcel), &pieces)?;
        Ok(held(place))
    }

    /// The message as an earlier attempt has put it into quarantine; `None` if none has.
    pub(super) fn held_in_quarantine(&self, parcel: &Parcel) -> Result<Option<Quarantined>> {
        let place = self.store.in_quarantine(&name(parcel))?;
        Ok(place.map(held))
    }

    /// The messages in quarantine, the oldest first. A file that a mail program has put there is none.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn quarantined(&self) -> Result<Vec<HeldMail>> {
        let places = self.store.quarantined()?;
        let mut mails: Vec<HeldMail> = places.into_iter().filter_map(read).collect();
        mails.sort_by(|a, b| (a.slip.at, &a.id).cmp(&(b.slip.at, &b.id)));
        Ok(mails)
    }

    /// The bytes of a message in quarantine as it came in.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn quarantined_bytes(&self, mail: &HeldMail) -> Result<Vec<u8>> {
        let doing = || format!("cannot read {}", mail.place.path().display());
        let mut bytes = mail.place.read().with_context(doing)?;
        let (_, length) = Slip::read(&bytes).with_context(doing)?;
        bytes.drain(..length);
        Ok(bytes)
    }

    /// Files a message that lies in quarantine, as if it had come in now and no filter had been asked, and removes it
    /// there. Where all its recipients are refused, it stays. `None` if somebody else has released or dropped it.
    ///
    /// # Errors
    /// It is not filed everywhere, or still lies there; the same again completes it.
    pub fn release_from_quarantine(&mut self, mail: &HeldMail) -> Result<Option<Outcome>> {
        let _lock = self.lock_quarantine()?;
        let Some(mail) = &self.still_held(mail)? else {
            return Ok(None);
        };
        let bytes = self.quarantined_bytes(mail)?;
        let message = Message::new(&bytes);
        let incoming = Incoming {
            message: &message,
            envelope: &mail.slip.envelope,
        };
        let judged = Judged {
            said: mail.slip.modules.clone(),
            is_released: true,
            ..Judged::default()
        };
        let outcome = self.take_in_judged(incoming, Bearer::Mta, Some(judged))?;
        if !outcome.filed.is_empty() {
            self.store.remove_from_quarantine(&mail.place)?;
        }
        Ok(Some(outcome))
    }

    /// Removes a message from quarantine, and files it nowhere. False if somebody else has released or dropped it.
    ///
    /// # Errors
    /// It is still there.
    pub fn drop_from_quarantine(&self, mail: &HeldMail) -> Result<bool> {
        let _lock = self.lock_quarantine()?;
        match self.still_held(mail)? {
            Some(mail) => self.store.remove_from_quarantine(&mail.place),
            None => Ok(false),
        }
    }

    /// Keeps others from releasing and dropping: what they see is there until they have done with it.
    fn lock_quarantine(&self) -> Result<File> {
        (self.store).lock_private("quarantine.lock", Patience::default())
    }

    /// The message where it lies now; `None` if it is gone.
    fn still_held(&self, mail: &HeldMail) -> Result<Option<HeldMail>> {
        let place = self.store.still_in_quarantine(&mail.place)?;
        Ok(place.map(|place| HeldMail {
            place,
            ..mail.clone()
        }))
    }

    /// Removes what came into quarantine before a time, in seconds since 1970, and returns how many messages that were.
    /// A clock that is wrong for a while removes none of the last days: nobody looks at it.
    ///
    /// # Errors
    /// Some of them are still there.
    pub fn expire_quarantine(&self, before: i64) -> Result<usize> {
        let now = self.now();
        let keep = Duration::from_secs(u64::try_from(now.saturating_sub(before)).unwrap_or(0));
        let mut mails = self.quarantined()?;
        let came: Vec<i64> = mails.iter().map(|mail| mail.slip.at).collect();
        let Some(first) = self.store.first_day_in_quarantine(&came, now, keep)? else {
            return Ok(0);
        };
        mails.retain(|mail| mail.slip.at < before && mail.day() < first);
        let mut dropped = 0;
        for mail in &mails {
            dropped += usize::from(self.drop_from_quarantine(mail)?);
        }
        Ok(dropped)
    }
}

impl HeldMail {
    /// The day on which it came in, in UTC.
    fn day(&self) -> String {
        crate::ticket::when::rfc3339(self.slip.at)
            .chars()
            .take(10)
            .collect()
    }
}

/// What an outcome says of a message that lies at `place`, perhaps since an earlier attempt.
fn held(place: Place) -> Quarantined {
    let path = place.path();
    let mail = read(place);
    let (by, reason) = mail.as_ref().map_or(("", ""), |mail| mail.slip.why());
    Quarantined {
        by: by.to_owned(),
        reason: reason.to_owned(),
        path,
    }
}

/// The name of a message there: the same at every attempt to deliver it to the same recipients, and another for others,
/// since whoever lets it out has to know all of them.
fn name(parcel: &Parcel) -> String {
    let mut recipients = parcel.incoming.envelope.recipients.clone();
    recipients
        .iter_mut()
        .for_each(|it| it.make_ascii_lowercase());
    recipients.sort();
    let to = Sha256::digest(recipients.join("\n"));
    format!("{}{}", parcel.digest(), hex(&to[..4]))
}

fn read(place: Place) -> Option<HeldMail> {
    let mut bytes = Vec::new();
    let mut file = place.open(OFlag::O_RDONLY).ok()?;
    (&mut file).take(MOST).read_to_end(&mut bytes).ok()?;
    let header = |bytes: &[u8]| Some(Slip::read(bytes)?.1);
    let is_longer = header(&bytes).is_none_or(|at| Message::new(&bytes[at..]).body().is_empty());
    if is_longer {
        file.read_to_end(&mut bytes).ok()?;
    }
    let (slip, length) = Slip::read(&bytes)?;
    let message = Message::new(&bytes[length..]);
    Some(HeldMail {
        id: id_of(&place),
        from: message
            .from()
            .into_iter()
            .next()
            .unwrap_or_else(|| Mailbox {
                name: message.author_text(),
                address: String::new(),
            }),
        subject: message.subject(),
        slip,
        place,
    })
}
