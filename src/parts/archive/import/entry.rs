//! Reads messages again and encodes them as entries of their ticket.

use super::message::{self, ReadingRules};
use super::source::MailSource;
use super::source::reader::Reader;
use super::state::StateRule;
use super::survey::{MessageRecord, Survey};
use crate::desk::trace_sender;
use crate::ticket::TicketId;
use crate::ticket::identity::Identity;
use anyhow::{Result, ensure};
use mail::entry::{self, Trace};
use mail::message::Message;

/// A message, encoded as an entry.
pub(crate) struct NewEntry {
    pub(crate) bytes: Vec<u8>,
    pub(crate) identity: Identity,
    pub(crate) author: String,
    pub(crate) subject: String,
    /// It was edited after the desk that it comes from had filed it.
    pub(crate) edited: bool,
}

/// Reads messages again and encodes them.
pub(crate) struct EntryReader<'a> {
    rules: &'a ReadingRules<'a>,
    state: StateRule,
    survey: &'a Survey,
    sources: &'a [MailSource],
    reader: Reader<'a>,
}

impl<'a> EntryReader<'a> {
    pub(crate) fn new(
        rules: &'a ReadingRules<'a>,
        state: StateRule,
        survey: &'a Survey,
        sources: &'a [MailSource],
    ) -> Self {
        EntryReader {
            rules,
            state,
            survey,
            sources,
            reader: Reader::new(sources),
        }
    }

    /// The entry of a message for ticket `id`; `first` is true for the first message of a new ticket.
    ///
    /// # Errors
    /// The message cannot be read, or is no longer the same as in the survey.
    pub(crate) fn read(
        &mut self,
        record: &MessageRecord,
        id: TicketId,
        first: bool,
    ) -> Result<NewEntry> {
        let source = record.source as usize;
        let raw = self.reader.read(source, record.location)?;
        let mail = message::read(&raw, self.rules);
        let message = Message::new(&mail.raw);
        let identity = Identity::of(&message);
        ensure!(
            identity == self.survey.identity(record),
            "cannot read {} again: it was changed meanwhile",
            self.sources[source].name()
        );
        let author = message.from().into_iter().next();
        let author = author.map(|author| author.address).unwrap_or_default();
        let addresses = self.rules.addresses;
        let filed_under = match (record.role, mail.address) {
            // The address means nothing to this desk, and is kept for the record.
            (None, Some(address)) => address,
            (Some(role), Some(_)) => role.address(id, addresses),
            (_, None) => self.state.filed_role(record, first).address(id, addresses),
        };
        let trace = Trace {
            sender: trace_sender(&mail.sender, &author),
            filed_under: &filed_under,
            at: record.at,
        };
        Ok(NewEntry {
            bytes: entry::encode_noted(&trace, &mail.modules, &mail.raw),
            identity,
            subject: message.subject(),
            author,
            edited: mail.changed,
        })
    }
}
