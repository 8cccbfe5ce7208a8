//! The second reading: each ticket of the archive is written, those that are new in batches.

use super::group::{Group, Groups};
use super::numbers::Numbers;
use super::survey::Note;
use super::{Line, Order, State, Step, Tally};
use crate::desk::{Desk, trace_sender};
use crate::mail::entry::{self, Trace};
use crate::mail::message::Message;
use crate::store::lock::{self, PATIENCE, Patience};
use crate::store::source::{Reader, Source};
use crate::store::{Importing, Place, Staged};
use crate::ticket::TicketId;
use crate::ticket::address::Verb;
use crate::ticket::archive::{self, Rules};
use crate::ticket::mark::Role;
use crate::ticket::summary::Identity;
use anyhow::{Context, Result, ensure};

/// So many tickets, or so many bytes, are synced together.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 16 << 20;
/// So much is added to a ticket at once; its locks are held no longer than that takes.
const PORTION: usize = 4 << 20;

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
    place: Place,
    /// The number it was written for, which stands in the addresses its messages are filed under.
    id: TicketId,
    staged: Staged,
    line: Line,
}

/// A message ready to be filed.
struct Ready {
    entry: Vec<u8>,
    identity: Identity,
    author: String,
    subject: String,
    changed: bool,
}

impl<'a> Filing<'a, '_> {
    pub fn run(mut self) -> Result<()> {
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
        let place = match line.closed {
            true => Place::Archived,
            false => Place::Open,
        };
        let draft = Draft {
            group,
            place,
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
        let mut sequence = store.sequence()?;
        numbers.last = numbers.last.max(sequence.last());
        let mut lines = Vec::new();
        for mut draft in batch {
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
                if !store.name(&draft.staged, id, draft.place)? {
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
        drop(sequence);
        numbers.guessed = numbers.last;
        for place in [Place::Open, Place::Archived] {
            if lines
                .iter()
                .any(|line| line.closed == (place == Place::Archived))
            {
                store.sync_names(place)?;
            }
        }
        for line in &lines {
            self.desk.known(line.ticket)?;
            self.tally.opened += 1;
            self.tally.filed += line.messages;
            (self.tell)(Step::Ticket(line));
        }
        Ok(())
    }

    /// Adds to a ticket what is not in it yet.
    fn continue_ticket(&mut self, group: &Group, id: TicketId, reader: &mut Reader) -> Result<()> {
        let mut line = self.line(group, id);
        line.new = false;
        let Some(row) = self.desk.known(id)? else {
            return Ok(());
        };
        line.subject = row.subject;
        let mut notes = Vec::new();
        for note in self.groups.notes(group) {
            let identity = self.groups.survey.identity(note);
            match self.desk.index()?.position(id, &identity)? {
                Some(_) => self.tally.there += 1,
                None => notes.push(note),
            }
        }
        for place in [Place::Open, Place::Archived] {
            // Of an import that died here.
            lock::clear_stale(&self.desk.store.path(id, place));
        }
        let mut open = row.place == Some(Place::Open);
        let mut notes = notes.into_iter().peekable();
        while notes.peek().is_some() {
            let mut portion: Vec<Ready> = Vec::new();
            let mut size = 0;
            let mut failed = None;
            while size < PORTION
                && let Some(note) = notes.next()
            {
                match self.read(note, id, false, reader) {
                    Ok(ready) => {
                        size += ready.entry.len();
                        portion.push(ready);
                    }
                    Err(e) => {
                        failed = Some(e);
                        break;
                    }
                }
                // What is older than the last message changes nothing any more.
                if note.at >= row.active {
                    open = self.follow(open, note);
                }
            }
            match self.append(id, portion, open) {
                Ok(filed) => filed.into_iter().for_each(|r| line.count(r, self.tally)),
                Err(e) => failed = Some(e),
            }
            if let Some(e) = failed {
                self.tally.fault(self.tell, &e);
                break;
            }
        }
        if line.messages > 0 {
            line.closed = !open;
            self.tally.continued += 1;
            self.tally.filed += line.messages;
            (self.tell)(Step::Ticket(&line));
        }
        Ok(())
    }

    /// Appends to a ticket, and gives what was not in it by then. The file is moved first: who dies in
    /// between finds, the next time, that the messages are still missing, and does all of it again.
    fn append(&mut self, id: TicketId, portion: Vec<Ready>, open: bool) -> Result<Vec<Ready>> {
        if portion.is_empty() || self.order.dry_run {
            return Ok(portion);
        }
        self.desk.patience = Patience::new(PATIENCE);
        let store = self.desk.store.clone();
        let locked = store.lock(id, self.desk.patience)?;
        let mut mbox = locked.with_context(|| format!("cannot file in ticket {id}: it is gone"))?;
        self.desk.known_locked(&mut mbox)?;
        let mut fresh = Vec::new();
        let mut entries = Vec::new();
        for mut ready in portion {
            let index = self.desk.index()?;
            if index.position(id, &ready.identity)?.is_none() {
                entries.append(&mut ready.entry);
                fresh.push(ready);
            }
        }
        let place = mbox.place();
        mbox.move_to(if open { Place::Open } else { Place::Archived })?;
        if let Err(e) = mbox.append(&entries) {
            let _ = mbox.move_to(place);
            return Err(e);
        }
        drop(mbox);
        self.desk.known(id)?;
        Ok(fresh)
    }

    /// Says what would be opened.
    fn pretend(&mut self, group: &Group, numbers: &mut Numbers, reader: &mut Reader) -> Result<()> {
        let id = numbers.guess(self, group)?;
        let mut line = self.line(group, id);
        if let Some(first) = self.groups.notes(group).next() {
            let ready = self.read(first, id, true, reader)?;
            line.count(ready, self.tally);
        }
        line.messages = group.range.len();
        self.tally.opened += 1;
        self.tally.filed += line.messages;
        (self.tell)(Step::Ticket(&line));
        Ok(())
    }

    fn line(&self, group: &Group, id: TicketId) -> Line {
        let open = match self.order.state {
            State::Closed => false,
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
    fn follow(&self, open: bool, note: &Note) -> bool {
        match (self.order.state, note.closed, note.role) {
            // What is there already stays closed or open.
            (State::Closed, ..) => open,
            (State::AsArchived, Some(closed), _) => !closed,
            (State::AsArchived, None, Some(Role::Ticket(Verb::Done))) => open && note.automatic,
            (_, _, Some(Role::Ticket(Verb::Quiet))) => open,
            // B11: a machine opens nothing again.
            _ => open || !note.automatic,
        }
    }

    /// Reads a message again and writes the entry for ticket `id`.
    ///
    /// # Errors
    /// It is not the one that was read first.
    fn read(
        &mut self,
        note: &Note,
        id: TicketId,
        first: bool,
        reader: &mut Reader,
    ) -> Result<Ready> {
        let piece = reader.read(note.source as usize, note.spot)?;
        let mail = archive::read(&piece.found(), self.rules);
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
        let closes = !note.automatic && self.order.state != State::Open;
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
    fn count(&mut self, ready: Ready, tally: &mut Tally) {
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
