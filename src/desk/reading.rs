//! What commands read of a desk: the messages of a ticket in order, and whether there is any ticket.

use super::Desk;
use super::reconcile::{Summarized, summarize};
use crate::error::{Fault, Status};
use crate::index::{OfIndex, Overview};
use crate::ticket::event::{Course, Event};
use crate::ticket::staff::Staff;
use crate::ticket::summary::Summary;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use mail::decode::Mailbox;
use mail::entry::{self, Decoded};
use mail::mbox;
use mail::message::Message;

/// A ticket's mbox as it was when it was read.
#[derive(Debug)]
pub struct Conversation<'d> {
    pub ticket: TicketId,
    /// Open or closed, when it was read.
    pub state: State,
    /// The bytes of the file.
    pub mbox: Vec<u8>,
    staff: Staff<'d>,
}

/// One message of a ticket. Its header is decoded; its body only when it is asked for.
#[derive(Debug)]
pub struct FiledMessage<'a> {
    /// Its position in the ticket, from 1.
    pub number: usize,
    /// When it was filed, in seconds since 1970, by its From_ line; `None` if that has no date.
    pub filed: Option<i64>,
    /// What it did to the ticket.
    pub event: Event,
    /// A machine wrote it (C6).
    pub automatic: bool,
    /// Who wrote it.
    pub writer: Option<Mailbox>,
    /// Where answers to it go (C1).
    pub author: Option<Mailbox>,
    header: Decoded<'a>,
    content: &'a [u8],
}

impl Conversation<'_> {
    /// The messages, oldest first. Only their headers are decoded.
    pub fn messages(&self) -> impl Iterator<Item = FiledMessage<'_>> {
        let mut course = Course::default();
        let entries = mbox::entries(&self.mbox, 0).enumerate();
        entries.map(move |(at, found)| {
            let size = (found.body - found.header) as usize;
            let header = entry::decode(&found.content[..size.min(found.content.len())]);
            let Summarized { summary, by, asked } =
                summarize(&self.staff, &found, &header, Summary::of_header);
            let automatic = summary.automatic;
            FiledMessage {
                number: at + 1,
                filed: mbox::date_of(found.from_line),
                event: course.next(asked, automatic),
                automatic,
                writer: by.writer,
                author: by.author,
                header,
                content: found.content,
            }
        })
    }
}

impl<'a> FiledMessage<'a> {
    /// Its header fields, without a body.
    pub fn header(&self) -> Message<'_> {
        Message::new(&self.header.raw)
    }

    /// All of it as it came in, and whether the digest proves that. Takes time in proportion to its
    /// size.
    pub fn decode(&self) -> Decoded<'a> {
        entry::decode(self.content)
    }

    /// When it says it was written, else when it was filed.
    pub fn written(&self) -> Option<i64> {
        self.header().date().or(self.filed)
    }

    /// The envelope sender; empty for the null sender, `None` if another program put the message
    /// there.
    pub fn return_path(&self) -> Option<&str> {
        self.header.return_path.as_deref()
    }

    /// The address it was filed under; `None` if another program put it there.
    pub fn delivered_to(&self) -> Option<&str> {
        self.header.delivered_to.as_deref()
    }
}

/// The entry that `bytes` begin with, such as a copy of a message; `None` if they hold none.
pub(crate) fn first_entry(bytes: &[u8]) -> Option<Decoded<'_>> {
    let found = mbox::entries(bytes, 0).next()?;
    Some(entry::decode(found.content))
}

impl Desk {
    /// Reads a ticket without a lock; `None` if there is no such ticket. A message that is being
    /// appended at this moment may be in it in part.
    pub fn conversation(&self, id: TicketId) -> Result<Option<Conversation<'_>>> {
        let read = self.store.read(id)?;
        Ok(read.map(|(state, _, mbox)| Conversation {
            ticket: id,
            state,
            mbox,
            staff: self.staff(),
        }))
    }

    /// Whether a ticket is open or closed.
    ///
    /// # Errors
    /// Status 66 if there is no such ticket.
    pub fn state_of(&self, id: TicketId) -> Result<State> {
        let state = self.store.locate(id)?;
        Ok(state.ok_or_else(|| self.no_ticket(id))?)
    }

    /// The error for a ticket that does not exist.
    pub fn no_ticket(&self, id: TicketId) -> Fault {
        // It may be there, beneath something that is no file.
        let why = self.store.locate(id).err();
        if let Some(Ok(fault)) = why.map(|e| e.downcast::<Fault>()) {
            return fault;
        }
        let text = format!("no ticket {id} in {}", self.store.root().display());
        Fault::new(Status::NoInput, text).hint("`tickets list --all` shows every ticket")
    }

    /// The error for a ticket that cannot be closed, since neither of two files may be lost.
    pub(crate) fn in_both_places(&self, id: TicketId) -> Fault {
        let root = self.store.root().display();
        let text = format!("cannot close ticket {id}: {root}/archived/{id} exists as well");
        let hint = "`tickets check --store` shows the command that joins the two";
        Fault::new(Status::TempFail, text).hint(hint)
    }

    /// Makes the store ready to be read through the index. False if it has no ticket, and perhaps
    /// does not exist: then nothing is created, since the directory may be mistyped.
    pub fn prepare_reading(&self) -> Result<bool> {
        if self.store.is_empty(State::Open)? && self.store.is_empty(State::Closed)? {
            return Ok(false);
        }
        if self.index_elsewhere.is_none() {
            let created = self.store.create_directories();
            created.context(OfIndex("cannot make an index".into()))?;
        }
        Ok(true)
    }

    /// The remark for a desk without tickets: how to open the first one.
    pub fn no_tickets_yet(&self) -> String {
        format!(
            "no tickets in {} yet; the first mail to {} opens one",
            self.store.root().display(),
            self.config.addresses.submit()
        )
    }

    /// True if somebody is waiting for a reply: the ticket is open, and its last message is by neither
    /// the staff nor a machine.
    pub fn is_waiting(&self, row: &Overview) -> bool {
        let open = row.state == Some(State::Open);
        open && row.entries > 0 && !row.last_automatic && !self.staff().has(&row.last_from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reconcile::reading;
    use super::*;
    use crate::files::Stamp;
    use crate::ticket::address::Addresses;
    use mail::entry::Tail;
    use mail::entry::{Trace, Verdict, encode};

    const FOREIGN: &str =
        "From bob@x.org Mon Nov  2 10:00:00 2026\nFrom: Bob <bob@x.org>\n\nhi\n\n";

    fn filed(to: &str, raw: &str) -> String {
        let trace = Trace {
            sender: Some("ann@x.org"),
            filed_under: to,
            at: 1_700_000_000,
        };
        String::from_utf8(encode(&trace, raw.as_bytes())).unwrap()
    }

    // The index is made of the same entries, and says the same of them.
    #[test]
    fn what_each_message_did() {
        use Event::*;
        let domain = ["example.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &["submit".into()], "ticket-{n}").unwrap();
        let staff = Staff {
            admins: &[],
            addresses: &addresses,
        };
        let ticket = TicketId::new(7).unwrap();
        let person = "From: Ann <ann@x.org>\nSubject: Hi\n\ntext\n";
        let robot = "From: ann@x.org\nAuto-Submitted: auto-replied\n\ntext\n";
        let entries = [
            (FOREIGN.to_owned(), Opened),
            (filed("ticket-7@example.org", person), Filed),
            (filed("ticket-7-done@example.org", person), Closed),
            (filed("ticket-7@example.org", robot), Filed),
            (filed("ticket-7-quiet@example.org", person), Quiet),
            (filed("ticket-7@example.org", person), Reopened),
            (filed("ticket-7-close@old.example", person), Filed),
            (filed("ticket-7-done@old.example", "no header"), Closed),
        ];
        let conversation = Conversation {
            ticket,
            state: State::Closed,
            mbox: entries
                .iter()
                .map(|(text, _)| text.as_str())
                .collect::<String>()
                .into_bytes(),
            staff,
        };
        let messages: Vec<FiledMessage> = conversation.messages().collect();
        let events: Vec<Event> = messages.iter().map(|message| message.event).collect();
        assert_eq!(events, entries.map(|(_, event)| event));
        let stamp = Stamp {
            inode: 1,
            size: 1,
            ctime: 1,
        };
        let state = conversation.state;
        let bytes = &conversation.mbox;
        let indexed = reading(&staff, ticket, state, stamp, bytes, Tail::Whole).entries;
        let machines = messages.iter().map(|message| message.automatic);
        let said: Vec<_> = events.into_iter().zip(machines).collect();
        let known = indexed
            .iter()
            .map(|(summary, at)| (at.event, summary.automatic));
        assert_eq!(said, known.collect::<Vec<_>>());
    }

    #[test]
    fn a_header_says_the_same_without_the_rest() {
        let domain = ["example.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &["submit".into()], "ticket-{n}").unwrap();
        let staff = Staff {
            admins: &[],
            addresses: &addresses,
        };
        let raw = "From: Ann <ann@x.org>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
                   Status: mine\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\nFrom me\r\n";
        let headless = "just text\nFrom: nobody\n";
        let mbox = [
            filed("submit@example.org", raw),
            filed("submit@example.org", headless),
            FOREIGN.to_owned(),
        ];
        let conversation = Conversation {
            ticket: TicketId::new(7).unwrap(),
            state: State::Open,
            mbox: mbox.concat().into_bytes(),
            staff,
        };
        let messages: Vec<FiledMessage> = conversation.messages().collect();
        let verdicts = [Verdict::Intact, Verdict::Intact, Verdict::Foreign];
        for (message, verdict) in messages.iter().zip(verdicts) {
            let decoded = message.decode();
            assert_eq!(decoded.verdict, verdict);
            let (header, whole) = (message.header(), Message::new(&decoded.raw));
            assert_eq!(header.fields().len(), whole.fields().len());
            assert_eq!(header.subject(), whole.subject());
            assert_eq!(message.author, whole.from().into_iter().next());
        }
        assert_eq!(messages[0].decode().raw, raw.as_bytes());
        let known = |message: &FiledMessage| {
            let to = message.delivered_to().map(str::to_owned);
            (message.number, to, message.filed, message.written())
        };
        let to = Some("submit@example.org".to_owned());
        let (filed, written) = (Some(1_700_000_000), Some(1_793_613_600));
        assert_eq!(known(&messages[0]), (1, to.clone(), filed, written));
        assert_eq!(known(&messages[1]), (2, to, filed, filed));
        assert_eq!(known(&messages[2]), (3, None, written, written));
    }
}
