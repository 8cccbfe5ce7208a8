//! What an operator does on the shell: the same mail, filed through the same door (D4).

use super::{Desk, Filed, Incoming, Outcome, Watch};
use crate::error::{Fault, Status};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::trust::Proof;
use anyhow::Result;
use lettre::message::{Mailbox, Message as Letter, header};
use mail::envelope::{Envelope, RecipientSource, Sender};
use mail::message::Message;

impl Desk {
    /// Files a mail of the operator's in a ticket, and sends what follows from it. Returns what
    /// was done, and what is left to say of mail that was not sent.
    pub fn file_from_operator(
        &mut self,
        id: TicketId,
        verb: Verb,
        text: &str,
    ) -> Result<(Filed, Vec<String>)> {
        let subject = self.known(id)?.map(|row| row.subject).unwrap_or_default();
        let letter = self.letter(id, verb, &subject, text)?;
        let message = Message::new(&letter);
        let envelope = Envelope {
            sender: Sender::Address(self.config.addresses.ticket(id, Verb::Update)),
            recipients: vec![self.config.addresses.ticket(id, verb)],
            recipients_from: RecipientSource::Envelope,
        };
        let incoming = Incoming {
            message: &message,
            envelope: &envelope,
        };
        let mut outcome: Outcome = self.file_proven(incoming, Proof::InPerson)?;
        let remarks = self.send(&mut outcome);
        let filed = outcome.filed.pop();
        let gone = || Fault::new(Status::NoInput, format!("no ticket {id} any more"));
        Ok((filed.ok_or_else(gone)?, remarks))
    }

    /// A mail from the ticket's own address, which is how the operator's mutt writes.
    fn letter(&self, id: TicketId, verb: Verb, subject: &str, text: &str) -> Result<Vec<u8>> {
        let addresses = &self.config.addresses;
        let from = addresses.ticket(id, Verb::Update);
        let tag = self.config.subject_tags.first();
        let tag = tag
            .and_then(|p| crate::ticket::tag::write(p, id))
            .unwrap_or_default();
        // Unique: two closings with the same words are two mails.
        let unique = format!(
            "{:x}.{:x}",
            jiff::Timestamp::now().as_nanosecond(),
            std::process::id()
        );
        let name = mail::decode::clean(&self.config.name);
        let letter = Letter::builder()
            .date(std::time::SystemTime::now())
            .from(Mailbox::new(
                (!name.is_empty()).then_some(name),
                from.parse()?,
            ))
            .to(Mailbox::new(None, addresses.ticket(id, verb).parse()?))
            .subject(format!("{tag} {subject}").trim())
            .message_id(Some(format!("<{unique}@{}>", addresses.domain())))
            .header(header::MIME_VERSION_1_0)
            .header(header::ContentType::TEXT_PLAIN)
            .body(
                format!("{}\n", text.trim_end())
                    .trim_start_matches('\n')
                    .to_owned(),
            )?;
        let bytes = letter.formatted();
        Ok(String::from_utf8_lossy(&bytes)
            .replace("\r\n", "\n")
            .into_bytes())
    }

    /// Makes the index and the full text anew: how many tickets and messages there are.
    pub fn reindex(&mut self, watch: Watch) -> Result<(u64, u64)> {
        self.rebuild(true, watch)?;
        Ok(self.index()?.count()?)
    }
}
