//! Walks through a source from end to end.

use super::{Format, Location, MAX_FROM_LINE, MailSource, debbugs, first_line};
use crate::error::Fault;
use crate::parts::archive::import::raw::{RawMessage, WholeTicket};
use crate::store::lock::{self, Patience};
use anyhow::{Context, Result};
use mail::mbox::{self, FileEntries};
use mail::message::Message;
use std::fs::File;
use std::io::{BufReader, Read};
use std::time::Duration;

/// How long to wait for an MTA that appends to an mbox.
const PATIENCE: Duration = Duration::from_secs(25);

/// What a walk came across beside the messages.
#[derive(Debug, Default)]
pub(crate) struct WalkReport {
    /// What was left out and why, a line each.
    pub(crate) left_out: Vec<String>,
    /// The number of mails that Debbugs sent itself: copies and acknowledgements.
    pub(crate) sent: usize,
}

/// Takes a message, its location, and the number of bytes that have been read.
pub(crate) type Visit<'a> = dyn FnMut(Location, RawMessage, u64) -> Result<()> + 'a;

struct Walk<'a, 'b> {
    source: &'a MailSource,
    max_size: u64,
    visit: &'a mut Visit<'b>,
    /// The number of messages so far.
    count: u32,
    report: WalkReport,
}

impl Walk<'_, '_> {
    fn visit(&mut self, location: Location, mut message: RawMessage, done: u64) -> Result<()> {
        self.count += 1;
        let position = self.count;
        let whole = self.source.whole;
        message.whole = whole.map(|whole| WholeTicket { position, ..whole });
        (self.visit)(location, message, done)
    }

    /// The length of the message with this number, unless it is too large.
    fn length(&mut self, nth: usize, bytes: u64) -> Option<u32> {
        if bytes <= self.max_size {
            return u32::try_from(bytes).ok();
        }
        let text = format!("message {nth} has {bytes} bytes: too large, left out");
        self.report.left_out.push(text);
        None
    }

    fn doing(&self) -> String {
        format!("cannot read {}", self.source.name())
    }

    fn maildir(&mut self, count: usize) -> Result<()> {
        for start in 0..count as u64 {
            let location = Location {
                start,
                from_line: 0,
                length: 0,
            };
            match self.source.maildir_file(start, self.max_size) {
                Ok(Some(message)) => {
                    let size = message.content.len() as u64;
                    self.visit(location, message, size)?;
                }
                Ok(None) => {} // removed in the meantime
                Err(e) => self.report.left_out.push(crate::error::line(&e)),
            }
        }
        Ok(())
    }

    fn mail(&mut self) -> Result<()> {
        let mut file = self.source.open()?;
        let size = file.metadata().with_context(|| self.doing())?.len();
        let Some(length) = self.length(1, size) else {
            return Ok(());
        };
        let mut content = Vec::with_capacity(length as usize);
        let limited = file.by_ref().take(size).read_to_end(&mut content);
        limited.with_context(|| self.doing())?;
        if let Some(line) = second_mail(&content) {
            let text = format!("line {line} begins another mail: an mbox without its first line?");
            self.report.left_out.push(format!("{text} Left out"));
            return Ok(());
        }
        let location = Location {
            start: 0,
            from_line: 0,
            length: content.len() as u32,
        };
        let message = self.source.message(&file, Vec::new(), content);
        self.visit(location, message, size)
    }

    fn mbox(&mut self) -> Result<()> {
        let file = self.source.open()?;
        let size = self.source.settled_size(&file)?;
        let again = file.try_clone().with_context(|| self.doing())?;
        let mut spans = FileEntries::with_bare_lines(again, size).with_context(|| self.doing())?;
        let mut nth = 0;
        while let Some(span) = spans.next().with_context(|| self.doing())? {
            nth += 1;
            let length = self.length(nth, span.end - span.header);
            let (Some(length), Ok(from_line)) = (length, u32::try_from(span.header - span.start))
            else {
                continue;
            };
            let location = Location {
                start: span.start,
                from_line,
                length,
            };
            let end = span.start + u64::from(from_line.min(MAX_FROM_LINE));
            let line = spans.read(span.start, end);
            let line = first_line(&line.with_context(|| self.doing())?);
            let content = spans.read(span.header, span.end);
            let content = content.with_context(|| self.doing())?;
            let message = self.source.message(&file, line, content);
            self.visit(location, message, span.next)?;
        }
        Ok(())
    }

    fn log(&mut self) -> Result<()> {
        let file = self.source.open()?;
        let size = file.metadata().with_context(|| self.doing())?.len();
        let log = BufReader::new((&file).take(size));
        let log = debbugs::records(log).with_context(|| self.doing())?;
        self.report.sent = log.sent;
        if log.broken {
            let text = "left out what is no record of Debbugs";
            self.report.left_out.push(text.to_owned());
        }
        for (nth, (from, to)) in (1..).zip(log.received) {
            let Some(length) = self.length(nth, to - from) else {
                continue;
            };
            let location = Location {
                start: from,
                from_line: 0,
                length,
            };
            let message = self.source.logged_at(&file, location);
            self.visit(location, message.with_context(|| self.doing())?, to)?;
        }
        Ok(())
    }
}

impl MailSource {
    /// Hands each message to `visit`. Those that have more than `max_size` bytes are left out.
    ///
    /// # Errors
    /// The source cannot be read, or `visit` fails.
    pub(crate) fn walk(&self, max_size: u64, visit: &mut Visit) -> Result<WalkReport> {
        let mut walk = Walk {
            source: self,
            max_size: max_size.min(u32::MAX.into()),
            visit,
            count: 0,
            report: WalkReport::default(),
        };
        match &self.format {
            Format::Maildir(names) => walk.maildir(names.len())?,
            Format::Mail => walk.mail()?,
            Format::Mbox => walk.mbox()?,
            Format::DebbugsLog => walk.log()?,
        }
        Ok(walk.report)
    }

    /// The size of an mbox at a moment when no one writes to it. The lock is released at once, since an
    /// MTA may be waiting for it.
    fn settled_size(&self, file: &File) -> Result<u64> {
        if self.copy.is_none() {
            let waited = lock::wait_for_writers(file, &self.path, Patience::new(PATIENCE));
            // On a file system without locks, no one else can lock it either.
            waited.or_else(|e| match e.is::<Fault>() {
                true => Err(e),
                false => Ok(()),
            })?;
        }
        let meta = file.metadata();
        Ok(meta
            .with_context(|| format!("cannot read {}", self.name()))?
            .len())
    }
}

/// The number of the line with which a second mail begins in a file that should hold only one.
fn second_mail(mail: &[u8]) -> Option<usize> {
    let mut after_empty = false;
    let mut lines = (1..).zip(mbox::lines(mail)).peekable();
    while let Some((number, line)) = lines.next() {
        let begins = after_empty && (mbox::is_from_line(line) || mbox::is_bare_from_line(line));
        if begins && lines.peek().is_some_and(|(_, next)| is_field(next)) {
            return Some(number);
        }
        after_empty = line.trim_ascii_end().is_empty();
    }
    None
}

fn is_field(line: &[u8]) -> bool {
    !Message::new(line).fields().is_empty()
}
