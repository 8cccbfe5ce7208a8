//! What commands read of a desk: the messages of a ticket in order, and whether there is any ticket.

use super::Desk;
use super::reconcile::{Summarized, summarize};
use crate::error::{Fault, Status, quoted_path};
use crate::index::{OfIndex, Overview};
use crate::ticket::address::Verb;
use crate::ticket::event::{Course, Event};
use crate::ticket::staff::Staff;
use crate::ticket::summary::Summary;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};
use mail::decode::Mailbox;
use mail::entry::{self, Decoded, Tail};
use mail::mbox::{self, FileEntries};
use mail::message::Message;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::FileExt;

/// A header of more bytes than this is not kept twice.
const LARGE: usize = 1 << 20;

/// A ticket's mbox as it was when it was opened. Its messages stay on the disk until they are asked for.
#[derive(Debug)]
pub struct Conversation<'d> {
    pub ticket: TicketId,
    /// Open or closed, when it was opened.
    pub state: State,
    file: File,
    /// Its size, in bytes.
    size: u64,
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
    /// One of the desk wrote it, and nobody who waits for a reply got it (E1).
    pub apart: bool,
    /// Who wrote it.
    pub writer: Option<Mailbox>,
    /// Where answers to it go (C1).
    pub author: Option<Mailbox>,
    header: Decoded<'static>,
    mbox: &'a Conversation<'a>,
    /// Where its header begins in the mbox, and its body ends.
    at: (u64, u64),
}

impl Conversation<'_> {
    /// The messages, oldest first. Only their headers are decoded, and in memory.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter.
    pub fn messages(&self) -> Result<Vec<FiledMessage<'_>>> {
        let mut messages = Vec::new();
        self.each(|message| {
            messages.push(message);
            Ok(())
        })?;
        Ok(messages)
    }

    /// Visits the messages, oldest first, without having all of them in memory.
    ///
    /// # Errors
    /// Those of `visit`; and the file cannot be read, or became shorter.
    pub fn each<'a>(&'a self, mut visit: impl FnMut(FiledMessage<'a>) -> Result<()>) -> Result<()> {
        let mut course = Course::default();
        let mut bytes = Vec::new();
        let mut entries = FileEntries::new(&self.file, self.size).with_context(|| self.doing())?;
        let mut number = 0;
        while let Some(found) = (entries.next_into(&mut bytes)).with_context(|| self.doing())? {
            let size = (found.body - found.header) as usize;
            let header = entry::decode(&found.content[..size.min(found.content.len())]);
            let Summarized { summary, by, asked } =
                summarize(&self.staff, &found, &header, Summary::of_header);
            let automatic = summary.automatic;
            number += 1;
            let message = FiledMessage {
                number,
                filed: mbox::date_of(found.from_line),
                event: course.next(asked, automatic),
                automatic,
                apart: asked == Some(Verb::Apart),
                writer: by.writer,
                author: by.author,
                header: header.into_owned(),
                mbox: self,
                at: (found.header, found.end),
            };
            if bytes.len() > LARGE {
                // Whoever visits it may need as much memory again.
                bytes = Vec::new();
            }
            visit(message)?;
        }
        Ok(())
    }

    /// What the end of the file needs.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter.
    pub fn tail(&self) -> Result<Tail> {
        let tail = entry::tail_of_file(&mut &self.file, self.size);
        tail.with_context(|| self.doing())
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn bytes(&self) -> Result<impl Read> {
        let mut file = &self.file;
        file.rewind().with_context(|| self.doing())?;
        Ok(file.take(self.size))
    }

    fn doing(&self) -> String {
        format!("cannot read ticket {}", self.ticket)
    }
}

impl FiledMessage<'_> {
    /// Its header fields, without a body.
    pub fn header(&self) -> Message<'_> {
        Message::new(&self.header.raw)
    }

    /// All of it as it came in, and whether the digest proves that. Takes time in proportion to its
    /// size.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter.
    pub fn decode(&self) -> Result<Decoded<'static>> {
        let (start, end) = self.at;
        let mut content = vec![0; (end - start) as usize];
        let read = self.mbox.file.read_exact_at(&mut content, start);
        read.with_context(|| self.mbox.doing())?;
        Ok(entry::decode(&content).into_owned())
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

    /// What modules said of it when it came in, as their trace fields say it.
    pub fn modules(&self) -> &[String] {
        &self.header.modules
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
    /// Opens a ticket without a lock; `None` if there is no such ticket. A message that is being
    /// appended at this moment may be in it in part.
    pub fn conversation(&self, id: TicketId) -> Result<Option<Conversation<'_>>> {
        let mbox = self.store.open(id)?;
        Ok(mbox.map(|mbox| Conversation {
            ticket: id,
            state: mbox.state,
            size: mbox.stamp.size,
            file: mbox.into_file(),
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
        if matches!(self.has_store(), Ok(false)) {
            return self.no_store();
        }
        if let Ok(Some(away)) = self.store.put_away(id) {
            let text = format!("ticket {id} {}", self.put_away_in(&away));
            let path = self.store.year_path(away.year);
            let path = quoted_path(&path);
            let hint = format!(
                "`tickets import --keep-numbers {path}` brings back what was put there, `mutt -f {path}` shows it"
            );
            return Fault::new(Status::NoInput, text).hint(hint);
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

    /// True if somebody is waiting for a reply: the ticket is open, and the last word in it is none of the staff's.
    pub fn is_waiting(&self, row: &Overview) -> bool {
        let open = row.state == Some(State::Open);
        let asks = |from: &String| !self.staff().has(from);
        open && row.word_from.as_ref().is_some_and(asks)
    }

    /// True if somebody never got a mail from an open ticket: its last message says so.
    pub fn is_undelivered(&self, row: &Overview) -> bool {
        row.state == Some(State::Open) && row.entries > 0 && row.last_undelivered
    }
}

#[cfg(test)]
mod tests {
    use super::super::reconcile::reading;
    use super::*;
    use crate::files::Stamp;
    use crate::ticket::address::Addresses;
    use mail::entry::{Trace, Verdict, encode};
    use std::io::Write;

    const FOREIGN: &str =
        "From bob@x.org Mon Nov  2 10:00:00 2026\nFrom: Bob <bob@x.org>\n\nhi\n\n";

    fn written(text: &str) -> (File, u64) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        (file, text.len() as u64)
    }

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
            people: &[],
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
        let text: String = entries.iter().map(|(text, _)| text.as_str()).collect();
        let (file, size) = written(&text);
        let conversation = Conversation {
            ticket,
            state: State::Closed,
            file,
            size,
            staff,
        };
        let messages = conversation.messages().unwrap();
        let events: Vec<Event> = messages.iter().map(|message| message.event).collect();
        assert_eq!(events, entries.map(|(_, event)| event));
        let stamp = Stamp {
            inode: 1,
            size,
            ctime: 1,
        };
        let state = conversation.state;
        let file = &conversation.file;
        let read = reading(&staff, ticket, state, stamp, file, Tail::Whole, |_| ());
        let indexed = read.unwrap().entries;
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
            people: &[],
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
        let (file, size) = written(&mbox.concat());
        let conversation = Conversation {
            ticket: TicketId::new(7).unwrap(),
            state: State::Open,
            file,
            size,
            staff,
        };
        let messages = conversation.messages().unwrap();
        let verdicts = [Verdict::Intact, Verdict::Intact, Verdict::Foreign];
        for (message, verdict) in messages.iter().zip(verdicts) {
            let decoded = message.decode().unwrap();
            assert_eq!(decoded.verdict, verdict);
            let (header, whole) = (message.header(), Message::new(&decoded.raw));
            assert_eq!(header.fields().len(), whole.fields().len());
            assert_eq!(header.subject(), whole.subject());
            assert_eq!(message.author, whole.from().into_iter().next());
        }
        assert_eq!(messages[0].decode().unwrap().raw, raw.as_bytes());
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
