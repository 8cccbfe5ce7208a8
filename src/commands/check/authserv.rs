//! Checks whether the server that is to prove who wrote a mail says anything at all.

use super::diagnosis::Diagnosis;
use crate::desk::{Desk, first_entry};
use mail::authres;
use mail::automatic::{self, Degree};
use mail::envelope::Sender;
use mail::message::Message;
use mail::submission::Submission;

/// Number of mails that are looked at, the newest first.
const LAST: usize = 20;

/// Looks at the copies of what was filed lately. Without `authserv_id` there is nothing to check.
pub fn look(desk: &Desk) -> Option<Diagnosis> {
    let id = desk.config.authserv_id.as_deref()?;
    let mut copies = desk.store.recent_copies().unwrap_or_default();
    copies.sort_by(|a, b| (&b.day, b.ticket).cmp(&(&a.day, a.ticket)));
    // No server has looked at mail from this machine, nor at our own that came back.
    let local = desk.config.local_signs();
    let said = copies.iter().take(LAST).filter_map(|copy| {
        let bytes = desk.read_copy(copy).ok()?;
        let raw = first_entry(&bytes)?.raw;
        let message = Message::new(&raw);
        let ours = automatic::degree(&message, &Sender::Unknown, &local) == Degree::Ours;
        let network = !ours && Submission::of(&message) == Submission::Network;
        network.then(|| authres::has_field(&message, id))
    });
    let said: Vec<bool> = said.collect();
    Some(match said.iter().any(|&said| said) {
        true => Diagnosis::ok(format!("authserv_id: {id} adds its Authentication-Results")),
        false if said.is_empty() => {
            Diagnosis::ok("authserv_id: no mail from elsewhere yet to check it with")
        }
        false => {
            let text = "authserv_id: the last mails have no Authentication-Results of";
            let finding = Diagnosis::warn(format!("{text} {id}, so nobody is believed"));
            finding.mend("`Who wrote it` in contrib/README.md")
        }
    })
}
