//! The second reading: each ticket of the archive is written, those that are new in batches.

use super::group::{Group, Groups};
use super::numbers::Numbers;
use super::survey::Note;
use super::{Line, Order, FiledAs, Step, Tally};
use crate::desk::{Desk, trace_sender};
use crate::parts::archive::source::{Reader, Source};
use crate::ticket::State;
use crate::store::{Importing, Unnumbered};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::parts::archive::message::{self, Rules};
use crate::parts::archive::mark::Role;
use crate::ticket::summary::Identity;
use anyhow::{Result, ensure};
use mail::entry::{self, Trace};
use mail::message::Message;

/// So many tickets, or so many bytes, are synced together.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 16 << 20;

/// Mail that is older is not being delivered now. In seconds.
const JUST_NOW: i64 = 24 * 3600;

/// The work.
pub(super) struct Filing<'a, 'b> {
    pub desk: &'a mut Desk,
    /// Missing in a dry run.
    pub right: Option<Importing>,
    pub order: &'a Order,
    pub rules: &'a Rules<'a>,
    pub sources: &'a [Source],
    pub groups: &'a Groups,
    pub tally: &'a mut Tally,
    pub tell: &'a mut (dyn FnMut(Step) + 'b),
}

/// A new ticket that has no number yet.
struct Draft<'g> {
    group: &'g Group,
    state: State,
    /// The number it was written for, which stands in the addresses its messages are filed under.
    id: TicketId,
    staged: Unnumbered,
    line: Line,
}

/// A message ready to be filed.
pub(super) struct Ready {
    pub entry: Vec<u8>,
    pub identity: Identity,
    author: String,
    subject: String,
    changed: bool,
}

impl<'a> Filing<'a, '_> {
    pub fn run(mut self) -> Result<()> {
        if !self.order.dry_run {
            self.clear_locks();
        }
        let mut reader = Reader::new(self.sources);
        let mut numbers = Numbers::new(&self)?;
        let mut batch: Vec<Draft> = Vec::new();
        let mut bytes = 0;
        let (mut done, total) = (0, self.groups.messages());
        for group in &self.groups.groups {
            match group.home {
                Some(id) => self.continue_ticket(group, id, &mut reader)?,
                None if self.order.dry_run => self.pretend(group, &mut numbers, &mut reader)?,
                None => {
                    let id = numbers.guess(&self, group)?;
                    if let Some((draft, size)) = self.draft(group, id, &mut reader)? {
                        batch.push(draft);
                        bytes += size;
                    }
                }
            }
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                self.open(std::mem::take(&mut batch), &mut numbers, &mut reader)?;
                bytes = 0;
            }
            done += group.range.len();
            (self.tell)(Step::Filing(done, total));
        }
        self.open(batch, &mut numbers, &mut reader)
    }

    /// Writes a new ticket as if it had the number `id`; with its size. `None` if it cannot be read
    /// again as it was: then it is left for another time, or its messages would lose their order.
    fn draft<'g>(
        &mut self,
        group: &'g Group,
        id: TicketId,
        reader: &mut Reader,
    ) -> Result<Option<(Draft<'g>, usize)>> {
        let staged = self.desk.store.stage_copy(b"")?;
        let mut line = self.line(group, id);
        let mut size = 0;
        for (nth, note) in self.groups.notes(group).enumerate() {
            let ready = match self.read(note, id, nth == 0, reader) {
                Ok(ready) => ready,
                Err(e) => {
                    self.tally.fault(self.tell, &e);
                    return Ok(None);
                }
            };
            staged.add(&ready.entry)?;
            size += ready.entry.len();
            line.count(ready, self.tally);
        }
        let state = match line.closed {
            true => State::Closed,
            false => State::Open,
        };
        let draft = Draft {
            group,
            state,
            id,
            staged,
            line,
        };
        Ok(Some((draft, size)))
    }

    /// Gives each draft its number.
    fn open(
        &mut self,
        batch: Vec<Draft>,
        numbers: &mut Numbers,
        reader: &mut Reader,
    ) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        // The disk is waited for before anybody has to wait for the number.
        let staged = batch.iter().map(|draft| &draft.staged);
        if let Some(right) = &self.right {
            self.desk.store.sync_staged(right, staged)?;
        }
        let store = self.desk.store.clone();
        let mut sequence = loop {
            let sequence = store.sequence()?;
            // What was looked at before may have changed while we waited.
            self.desk.index.take();
            if self.desk.index()?.is_complete()? {
                break sequence;
            }
            // It was removed; nobody has to wait for the number until it is made again.
            drop(sequence);
            self.desk.complete_index()?;
        };
        numbers.last = numbers.last.max(sequence.last());
        let mut lines = Vec::new();
        let mut delivered = Vec::new();
        numbers.look(self, sequence.last())?;
        for mut draft in batch {
            if let Some(id) = self.delivered(draft.group)? {
                delivered.push((draft.group, id));
                continue;
            }
            let mut wanted = numbers.wanted(self, draft.group)?;
            loop {
                let id = match wanted {
                    Some(id) => id,
                    None => numbers.next()?,
                };
                if draft.id != id {
                    // Somebody opened a ticket meanwhile.
                    let counted = std::mem::take(self.tally);
                    let again = self.draft(draft.group, id, reader)?;
                    *self.tally = counted;
                    let Some((again, _)) = again else { break };
                    draft = again;
                    draft.staged.sync()?;
                }
                if wanted.is_some() && id.get() > sequence.last() {
                    // No number is used twice, whatever happens now.
                    sequence.set(id.get())?;
                }
                if !store.name(&draft.staged, id, draft.state)? {
                    // A file of that number was put there by hand.
                    numbers.last = numbers.last.max(id.get());
                    wanted = None;
                    continue;
                }
                // --- filed ---
                if id.get() > sequence.last() {
                    sequence.set(id.get())?;
                }
                numbers.last = numbers.last.max(id.get());
                lines.push(draft.line);
                break;
            }
        }
        for state in [State::Open, State::Closed] {
            let closed = state == State::Closed;
            if lines.iter().any(|line| line.closed == closed) {
                store.sync_names(state)?;
            }
        }
        // Before the right to give numbers goes: a delivery takes a number up to the last one, of
        // which neither the index nor the disk knows anything, for one that was used.
        self.desk.index()?.together(|| {
            for line in &lines {
                self.desk.known(line.ticket)?;
            }
            Ok::<_, anyhow::Error>(())
        })?;
        numbers.looked = sequence.last();
        drop(sequence);
        numbers.guessed = numbers.last;
        for line in &lines {
            self.tally.opened += 1;
            self.tally.filed += line.messages;
            (self.tell)(Step::Ticket(line));
        }
        for (group, id) in delivered {
            self.continue_ticket(group, id, reader)?;
        }
        Ok(())
    }

    /// The ticket of a group that was none when it was read: an MTA may just now bring the same mail to
    /// a mailbox and to us.
    fn delivered(&self, group: &Group) -> Result<Option<TicketId>> {
        let fresh = |note: &&Note| !note.whole && note.at > self.rules.now - JUST_NOW;
        for note in self.groups.notes(group).filter(fresh) {
            let identity = self.groups.survey.identity(note);
            if let Some(id) = self.desk.filed_in(&identity)?.first() {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    }

    /// Says what would be opened.
    fn pretend(&mut self, group: &Group, numbers: &mut Numbers, reader: &mut Reader) -> Result<()> {
        let id = numbers.guess(self, group)?;
        let mut line = self.line(group, id);
        if let Some(first) = self.groups.notes(group).next() {
            match self.read(first, id, true, reader) {
                Ok(ready) => line.count(ready, self.tally),
                Err(e) => self.tally.fault(self.tell, &e),
            }
        }
        line.messages = group.range.len();
        self.tally.opened += 1;
        self.tally.filed += line.messages;
        (self.tell)(Step::Ticket(&line));
        Ok(())
    }

    pub(super) fn line(&self, group: &Group, id: TicketId) -> Line {
        let open = match self.order.state {
            FiledAs::Closed => false,
            _ => {
                let notes = self.groups.notes(group);
                notes.fold(true, |open, note| self.follow(open, note))
            }
        };
        Line {
            ticket: id,
            new: true,
            closed: !open,
            messages: 0,
            author: String::new(),
            subject: String::new(),
        }
    }

    /// Whether a ticket is open after one more message.
    pub(super) fn follow(&self, open: bool, note: &Note) -> bool {
        match (self.order.state, note.closed, note.role) {
            // What is there already stays closed or open.
            (FiledAs::Closed, ..) => open,
            (FiledAs::AsArchived, Some(closed), _) => !closed,
            (FiledAs::AsArchived, None, Some(Role::Ticket(Verb::Done))) => open && note.automatic,
            (_, _, Some(Role::Ticket(Verb::Quiet))) => open,
            // B11: a machine opens nothing again.
            _ => open || !note.automatic,
        }
    }

    /// Reads a message again and writes the entry for ticket `id`.
    ///
    /// # Errors
    /// It is not the one that was read first.
    pub(super) fn read(
        &mut self,
        note: &Note,
        id: TicketId,
        first: bool,
        reader: &mut Reader,
    ) -> Result<Ready> {
        let piece = reader.read(note.source as usize, note.spot)?;
        let mail = message::read(&piece.found(), self.rules);
        let message = Message::new(&mail.raw);
        let identity = Identity::of(&message);
        let name = || self.sources[note.source as usize].name();
        ensure!(
            identity == self.groups.survey.identity(note),
            "cannot read {} again: it was changed meanwhile",
            name()
        );
        let author = message.from().into_iter().next();
        let author = author.map(|author| author.address).unwrap_or_default();
        let addresses = self.rules.addresses;
        let filed_under = match (note.role, mail.address) {
            (None, Some(address)) => address,
            (Some(role), Some(_)) => role.address(id, addresses),
            (role, None) => self.role(role, note, first).address(id, addresses),
        };
        let trace = Trace {
            sender: trace_sender(&mail.sender, &author),
            filed_under: &filed_under,
            at: note.at,
        };
        Ok(Ready {
            entry: entry::encode(&trace, &mail.raw),
            identity,
            subject: message.subject(),
            author,
            changed: mail.changed,
        })
    }

    /// What a message of others was filed for, which says what it does to its ticket (D3).
    fn role(&self, role: Option<Role>, note: &Note, first: bool) -> Role {
        let closes = !note.automatic && self.order.state != FiledAs::Open;
        match role {
            Some(Role::Ticket(Verb::Done)) if !closes => Role::Ticket(Verb::Update),
            Some(Role::Ticket(Verb::Update)) | None if first => Role::Submit,
            Some(role) => role,
            None => Role::Ticket(Verb::Update),
        }
    }
}

impl Line {
    /// Takes one more message into account.
    pub(super) fn count(&mut self, ready: Ready, tally: &mut Tally) {
        if self.messages == 0 {
            self.author = ready.author;
            if self.new {
                self.subject = ready.subject;
            }
        }
        self.messages += 1;
        tally.changed += usize::from(ready.changed);
    }
}
