//! What an operator does on the shell: the same mail, filed through the same door (D4).

use super::Desk;
use super::delivery::{Bearer, Outcome};
use super::parcel::Incoming;
use super::reading::first_entry;
use crate::clock;
use crate::error::{Fault, Status};
use crate::ticket::address::Verb;
use crate::ticket::compose::letter::Letter;
use crate::ticket::person::Person;
use crate::ticket::{State, TicketId};
use anyhow::Result;
use mail::decode::Mailbox;
use mail::envelope::{Envelope, RecipientSource, Sender};
use mail::message::Message;
use memchr::memmem;

impl Desk {
    /// Whose a ticket is to follow: who wrote the last of the mails with which the desk's people replied in it, closed
    /// it or opened it again (E1). `None` if there is no such mail, or nobody knows whose it is.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn follows(&self, id: TicketId) -> Result<Option<&Person>> {
        let staff = self.staff();
        let who = |writer: &Mailbox| {
            let is_theirs = staff.may_act(&writer.address);
            is_theirs.then(|| staff.person(writer))
        };
        Ok(self.index()?.last_writer(id, &who)?.flatten())
    }

    /// Files a mail from the operator in a ticket, exactly as if it had come through the MTA (D4), and
    /// sends what follows from it; if `quiet`, nothing does.
    ///
    /// If the ticket's last message is that very mail, a command filed it that may have been killed before
    /// all that follows was done. Then it is handed in again, as an MTA would do (D7). `None` if there is
    /// nothing to do: no text to file, and the ticket is in the state that `verb` asks for.
    ///
    /// # Errors
    /// Nothing is filed. Status 66 if the ticket is gone, 75 if it cannot be closed.
    pub fn file_from_operator(
        &mut self,
        id: TicketId,
        verb: Verb,
        text: &str,
        quiet: bool,
    ) -> Result<Option<Outcome>> {
        let wanted = match verb {
            Verb::Done => State::Closed,
            _ => State::Open,
        };
        let is_done = self.is_done(id, wanted)?;
        let addresses = &self.config.addresses;
        let known = self.config.operator();
        let known =
            known.and_then(|it| Some((it.signature()?.to_owned(), it.address().to_owned())));
        let (name, from) = known.unwrap_or_else(|| {
            let own = addresses.ticket(id, Verb::Update);
            (self.config.signed(), own)
        });
        let to = addresses.ticket(id, verb);
        let envelope = Envelope {
            sender: Sender::Address(from.clone()),
            recipients: vec![to.clone()],
            recipients_from: RecipientSource::Envelope,
        };
        let letter = self.letter(id, (&name, from), to, text)?;
        let mail = match self.filed_last(id, verb, &letter)? {
            Some(mail) => mail,
            None if is_done && text.is_empty() => return Ok(None),
            None => letter.mail(&self.unique(), self.config.addresses.domain(), self.now()),
        };
        let message = Message::new(&mail);
        let incoming = Incoming {
            message: &message,
            envelope: &envelope,
        };
        let outcome = self.take_in(incoming, Bearer::Operator { quiet })?;
        match outcome.filed.is_empty() {
            false => Ok(Some(outcome)),
            true => Err(Fault::new(
                Status::NoInput,
                format!("ticket {id} does not exist any more"),
            )
            .into()),
        }
    }

    /// True if nothing has to be done for a ticket to be in this state.
    ///
    /// # Errors
    /// Status 66 if there is no such ticket, 75 if it cannot be closed.
    pub fn is_done(&mut self, id: TicketId, wanted: State) -> Result<bool> {
        if self.state_of(id)? != wanted {
            return match wanted == State::Closed && self.store.is_in_both_places(id)? {
                true => Err(self.in_both_places(id).into()),
                false => Ok(false),
            };
        }
        // A closing or re-opening that was killed may have moved the file before its mail was filed.
        let ends_closed = |desk: &mut Desk| Ok(desk.view(id)?.is_some_and(|view| view.ends_closed));
        let begun = wanted == State::Open && self.despite_index(ends_closed)?;
        Ok(!begun)
    }

    /// The Subject of a ticket in one line; empty if there is none, or no such ticket.
    ///
    /// # Errors
    /// The index or the ticket cannot be read.
    pub fn subject(&mut self, id: TicketId) -> Result<String> {
        let known = self.despite_index(|desk| desk.known(id))?;
        Ok(known.map(|row| row.subject).unwrap_or_default())
    }

    /// A letter from whoever gives the command, or, if that is nobody known, from the ticket's own address, which is
    /// how the operator's mutt writes.
    fn letter(
        &mut self,
        id: TicketId,
        (name, from): (&str, String),
        to: String,
        text: &str,
    ) -> Result<Letter> {
        let subject = self.subject(id)?;
        let tag = self.config.tag(id);
        let mailbox = |name: &str, address| Mailbox {
            name: name.into(),
            address,
        };
        Ok(Letter {
            from: vec![mailbox(name, from)],
            to: vec![mailbox("", to)],
            subject: format!("{tag} {subject}").trim().to_owned(),
            body: text.to_owned(),
            ..Letter::default()
        })
    }

    /// The last message of a ticket as it came in, if it is this letter, but for its date, its msg-id and the name of
    /// its author, which the user database may not have known at the first attempt, and the ticket is in the state that the letter asked for or one from which it gets there.
    fn filed_last(&self, id: TicketId, verb: Verb, letter: &Letter) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.store.open(id)? else {
            return Ok(None);
        };
        if verb != Verb::Done && file.state != State::Open {
            return Ok(None);
        }
        let domain = self.config.addresses.domain();
        // What the store adds to a mail, and the quoting of From_ lines, take less than this.
        let most = 2 * letter.mail("", domain, 0).len() as u64 + 4096;
        let size = file.stamp.size;
        let end = file.read_part(size.saturating_sub(most), most)?;
        let begins = memmem::rfind(&end, b"\n\nFrom ").map_or(0, |at| at + 2);
        let Some(entry) = first_entry(&end[begins..]) else {
            return Ok(None);
        };
        let filed = Message::new(&entry.raw);
        let mut letter = letter.clone();
        for (author, named) in letter.from.iter_mut().zip(filed.from()) {
            author.name = named.name;
        }
        let (msg_id, date) = (filed.message_id(), filed.date());
        let unique = msg_id.as_deref().and_then(|id| id.split('@').next());
        let unique = unique.map(|unique| unique.trim_start_matches('<'));
        let is_it = unique
            .zip(date)
            .is_some_and(|(unique, date)| letter.mail(unique, domain, date) == *entry.raw);
        Ok(is_it.then(|| entry.raw.into_owned()))
    }

    /// The left part of a msg-id that no other mail has: two closings with the same words are two mails.
    pub fn unique(&self) -> String {
        let now = clock::now().as_nanosecond();
        format!("{now:x}.{:x}", std::process::id())
    }
}
