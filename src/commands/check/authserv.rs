//! Does the server that is to prove who wrote a mail say anything at all?

use super::Finding;
use crate::desk::{Desk, first_entry};
use crate::ticket::compose::OWN_MARKS;
use mail::authres;
use mail::automatic::{self, Degree};
use mail::envelope::Sender;
use mail::message::Message;
use mail::submission::Submission;

/// So many of the last mails are looked at.
const LAST: usize = 20;

/// Looks at the copies of what was filed lately; nothing to say without `authserv_id`.
pub fn look(desk: &Desk) -> Option<Finding> {
    let id = desk.config.authserv_id.as_deref()?;
    let mut copies = desk.store.recent_copies().unwrap_or_default();
    copies.sort_by(|a, b| (&b.day, b.ticket).cmp(&(&a.day, a.ticket)));
    // Mail of this machine, and our own that came back, no server has looked at.
    let said = copies.iter().take(LAST).filter_map(|copy| {
        let bytes = desk.read_copy(copy).ok()?;
        let raw = first_entry(&bytes)?.raw;
        let message = Message::new(&raw);
        let ours = automatic::degree(&message, &Sender::Unknown, OWN_MARKS) == Degree::Ours;
        let network = !ours && Submission::of(&message) == Submission::Network;
        network.then(|| authres::has_field(&message, id))
    });
    let said: Vec<bool> = said.collect();
    Some(match said.iter().any(|&said| said) {
        true => Finding::ok(format!("authserv_id: {id} says who wrote a mail")),
        false if said.is_empty() => Finding::ok("authserv_id: no mail yet to see it in"),
        false => {
            let text = "authserv_id: the last mails have no Authentication-Results of";
            let finding = Finding::warn(format!("{text} {id}, so nobody is believed"));
            finding.mend("`Who wrote it` in contrib/README.md")
        }
    })
}
