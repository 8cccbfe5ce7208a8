//! What an operator does on the shell: the same mail, filed through the same door (D4).

use super::Desk;
use super::delivery::{Bearer, Incoming, Outcome};
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::compose::letter::Letter;
use anyhow::Result;
use mail::decode::Mailbox;
use mail::envelope::{Envelope, RecipientSource, Sender};
use mail::message::Message;

impl Desk {
    /// Files a mail from the operator in a ticket, exactly as if it had come through the MTA (D4), and
    /// sends what follows from it; if `quiet`, nothing does.
    ///
    /// # Errors
    /// Nothing is filed. Status 66 if the ticket is gone.
    pub fn file_from_operator(
        &mut self,
        id: TicketId,
        verb: Verb,
        text: &str,
        quiet: bool,
    ) -> Result<Outcome> {
        let addresses = &self.config.addresses;
        let (from, to) = (
            addresses.ticket(id, Verb::Update),
            addresses.ticket(id, verb),
        );
        let envelope = Envelope {
            sender: Sender::Address(from.clone()),
            recipients: vec![to.clone()],
            recipients_from: RecipientSource::Envelope,
        };
        let mail = self.letter(id, from, to, text)?;
        let message = Message::new(&mail);
        let incoming = Incoming {
            message: &message,
            envelope: &envelope,
        };
        let outcome = self.take_in(incoming, Bearer::Operator { quiet })?;
        match outcome.filed.is_empty() {
            false => Ok(outcome),
            true => Err(Fault::new(
                Status::NoInput,
                format!("ticket {id} does not exist any more"),
            )
            .into()),
        }
    }

    /// A mail from the ticket's own address, which is how the operator's mutt writes.
    fn letter(&self, id: TicketId, from: String, to: String, text: &str) -> Result<Vec<u8>> {
        let subject = self.known(id)?.map(|row| row.subject).unwrap_or_default();
        let tag = self.config.tag(id);
        let mailbox = |name: &str, address| Mailbox {
            name: name.into(),
            address,
        };
        let letter = Letter {
            from: vec![mailbox(&self.config.name, from)],
            to: vec![mailbox("", to)],
            subject: format!("{tag} {subject}").trim().to_owned(),
            body: text.to_owned(),
            ..Letter::default()
        };
        Ok(letter.mail(&self.unique(), self.config.addresses.domain(), self.now()))
    }

    /// The left part of a msg-id that no other mail has: two closings with the same words are two mails.
    pub fn unique(&self) -> String {
        let now = jiff::Timestamp::now().as_nanosecond();
        format!("{now:x}.{:x}", std::process::id())
    }
}
