//! The messages of one archive: walked from end to end, and read again one by one.

use super::{Kind, Source, unreadable};
use crate::error::{Fault, Status};
use crate::store::lock::{self, Patience};
use crate::files::{absent, open_quietly};
use crate::parts::archive::message::{Found, Whole};
use anyhow::{Context, Result};
use crate::parts::archive::debbugs;
use mail::mbox::{self, FileEntries};
use mail::message::Message;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

/// How long an MTA may keep an mbox that it appends to.
const PATIENCE: Duration = Duration::from_secs(25);

/// No From_ line is longer.
const FROM_LINE: u32 = 64 << 10;

/// Where a message lies in its source, in twenty bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// First byte, or the position of the file in its Maildir.
    at: u64,
    /// Length of the From_ line.
    head: u32,
    /// Length of header and body.
    length: u32,
}

/// A message as it was read.
#[derive(Debug, Default)]
pub struct Piece {
    from_line: Vec<u8>,
    content: Vec<u8>,
    in_mbox: bool,
    at: Option<i64>,
    /// The ticket that its file is all of, and its place in it.
    whole: Option<Whole>,
}

impl Piece {
    /// The same for who is to understand it.
    pub fn found(&self) -> Found<'_> {
        Found {
            from_line: &self.from_line,
            content: &self.content,
            in_mbox: self.in_mbox,
            at: self.at,
            whole: self.whole,
        }
    }
}

/// What there is to tell of a source that was walked.
#[derive(Debug, Default)]
pub struct Walked {
    /// What was left out and why, one line each.
    pub broken: Vec<String>,
    /// Mails that the other system sent: copies, and acknowledgements.
    pub sent: usize,
}

/// Takes a message, where it lies, and how many bytes are read by then.
pub type Each<'a> = dyn FnMut(Spot, Piece, u64) -> Result<()> + 'a;

/// A walk through a source.
struct Walk<'a, 'b> {
    source: &'a Source,
    most: u64,
    each: &'a mut Each<'b>,
    /// Messages so far.
    seat: u32,
    walked: Walked,
}

impl Walk<'_, '_> {
    fn hand_over(&mut self, spot: Spot, mut piece: Piece, done: u64) -> Result<()> {
        self.seat += 1;
        let seat = self.seat;
        piece.whole = self.source.whole.map(|whole| Whole { seat, ..whole });
        (self.each)(spot, piece, done)
    }

    /// The length of a message, if it is not too long.
    fn length(&mut self, nth: usize, bytes: u64) -> Option<u32> {
        if bytes <= self.most {
            return u32::try_from(bytes).ok();
        }
        let text = format!("message {nth} has {bytes} bytes: too large, left out");
        self.walked.broken.push(text);
        None
    }

    fn doing(&self) -> String {
        format!("cannot read {}", self.source.name())
    }

    fn maildir(&mut self, count: usize) -> Result<()> {
        for at in 0..count as u64 {
            let spot = Spot {
                at,
                head: 0,
                length: 0,
            };
            match self.source.file_of_maildir(at, self.most) {
                Ok(Some(piece)) => {
                    let size = piece.content.len() as u64;
                    self.hand_over(spot, piece, size)?;
                }
                // Somebody removed it meanwhile, which may well be.
                Ok(None) => {}
                Err(e) => self.walked.broken.push(crate::error::line(&e)),
            }
        }
        Ok(())
    }

    fn message(&mut self) -> Result<()> {
        let mut file = self.source.open()?;
        let size = file.metadata().with_context(|| self.doing())?.len();
        let Some(length) = self.length(1, size) else {
            return Ok(());
        };
        let mut content = Vec::with_capacity(length as usize);
        let limited = file.by_ref().take(size).read_to_end(&mut content);
        limited.with_context(|| self.doing())?;
        if let Some(line) = begins_again(&content) {
            let text = format!("line {line} begins another mail: an mbox without its first line?");
            self.walked.broken.push(format!("{text} Left out"));
            return Ok(());
        }
        let spot = Spot {
            at: 0,
            head: 0,
            length: content.len() as u32,
        };
        let piece = self.source.piece(&file, Vec::new(), content);
        self.hand_over(spot, piece, size)
    }

    fn mbox(&mut self) -> Result<()> {
        let file = self.source.open()?;
        let size = self.source.settled_size(&file)?;
        let again = file.try_clone().with_context(|| self.doing())?;
        let mut spans = FileEntries::new(again, size).with_context(|| self.doing())?;
        let mut nth = 0;
        while let Some(span) = spans.next().with_context(|| self.doing())? {
            nth += 1;
            let length = self.length(nth, span.end - span.header);
            let (Some(length), Ok(head)) = (length, u32::try_from(span.header - span.start)) else {
                continue;
            };
            let spot = Spot {
                at: span.start,
                head,
                length,
            };
            let end = span.start + u64::from(head.min(FROM_LINE));
            let line = spans.read(span.start, end);
            let line = first_line(&line.with_context(|| self.doing())?);
            let content = spans.read(span.header, span.end);
            let content = content.with_context(|| self.doing())?;
            let piece = self.source.piece(&file, line, content);
            self.hand_over(spot, piece, span.next)?;
        }
        Ok(())
    }

    fn log(&mut self) -> Result<()> {
        let file = self.source.open()?;
        let log = debbugs::records(BufReader::new(&file)).with_context(|| self.doing())?;
        self.walked.sent = log.sent;
        if log.broken {
            let text = "some of it is no record of Debbugs, and was left out";
            self.walked.broken.push(text.to_owned());
        }
        for (nth, (from, to)) in (1..).zip(log.received) {
            let Some(length) = self.length(nth, to - from) else {
                continue;
            };
            let spot = Spot {
                at: from,
                head: 0,
                length,
            };
            let piece = self.source.read_log(&file, spot);
            self.hand_over(spot, piece.with_context(|| self.doing())?, to)?;
        }
        Ok(())
    }
}

impl Source {
    /// Hands each message to `each`, with the bytes that are read by then. Those that take more than
    /// `most` bytes are left out.
    ///
    /// # Errors
    /// The source cannot be read, or `each` fails.
    pub fn walk(&self, most: u64, each: &mut Each) -> Result<Walked> {
        let mut walk = Walk {
            source: self,
            most: most.min(u32::MAX.into()),
            each,
            seat: 0,
            walked: Walked::default(),
        };
        match &self.kind {
            Kind::Maildir(names) => walk.maildir(names.len())?,
            Kind::Message => walk.message()?,
            Kind::Mbox => walk.mbox()?,
            Kind::Log => walk.log()?,
        }
        Ok(walk.walked)
    }

    fn open(&self) -> Result<File> {
        let opened = match &self.held {
            Some(file) => file.try_clone().and_then(|mut file| {
                file.rewind()?;
                Ok(file)
            }),
            // A link to an archive is as good as the archive.
            None => open_quietly(&self.path).or_else(|_| File::open(&self.path)),
        };
        opened.map_err(|e| unreadable(&self.path, e))
    }

    /// The size of an mbox at a moment when nobody writes to it: the lock is held no longer than to
    /// ask, since an MTA may be waiting for it.
    fn settled_size(&self, file: &File) -> Result<u64> {
        if self.held.is_none() {
            let waited = lock::wait_for_writers(file, &self.path, Patience::new(PATIENCE));
            // Where there are no locks, nobody can wait for one.
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

    fn piece(&self, file: &File, from_line: Vec<u8>, content: Vec<u8>) -> Piece {
        Piece {
            from_line,
            content,
            in_mbox: matches!(self.kind, Kind::Mbox),
            at: file.metadata().ok().map(|meta| meta.mtime()),
            whole: self.whole,
        }
    }

    fn read_log(&self, file: &File, spot: Spot) -> std::io::Result<Piece> {
        let mut record = vec![0; spot.length as usize];
        file.read_exact_at(&mut record, spot.at)?;
        let (from_line, mail) = debbugs::mail(&record);
        Ok(self.piece(file, from_line.unwrap_or_default(), mail))
    }

    /// One file of a Maildir; `None` if it is gone.
    fn file_of_maildir(&self, at: u64, most: u64) -> Result<Option<Piece>> {
        let Kind::Maildir(names) = &self.kind else {
            return Ok(None);
        };
        let name = &*names[at as usize];
        let mut path = self.path.join(name);
        let doing = |path: &Path| format!("cannot read {}", path.display());
        let file = match open_quietly(&path) {
            Err(e) if absent(&e) => {
                // Read by somebody, it has other flags, or has moved from new/ to cur/.
                let Some(renamed) = self.renamed(name) else {
                    return Ok(None);
                };
                path = renamed;
                File::open(&path)
            }
            // A link, as some programs make them of mail in several folders.
            Err(e) if e.raw_os_error() == Some(nix::libc::ELOOP) => File::open(&path),
            opened => opened,
        };
        let mut file = match file {
            Err(e) if absent(&e) => return Ok(None),
            file => file.map_err(|e| unreadable(&path, e))?,
        };
        let size = file.metadata().with_context(|| doing(&path))?.len();
        if size > most {
            let text = format!("{name} has {size} bytes: too large, left out");
            return Err(Fault::new(Status::DataErr, text).into());
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.read_to_end(&mut bytes).with_context(|| doing(&path))?;
        let (sender, rest) = mbox::strip_from_line(&bytes);
        let mut piece = match sender {
            None => self.piece(&file, Vec::new(), bytes),
            Some(_) => self.piece(&file, first_line(&bytes), rest.to_vec()),
        };
        piece.at = delivered(name).or(piece.at);
        Ok(Some(piece))
    }

    fn renamed(&self, name: &str) -> Option<std::path::PathBuf> {
        let unique = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let wanted = unique(name.rsplit('/').next()?);
        ["cur", "new"].iter().find_map(|part| {
            let entries = std::fs::read_dir(self.path.join(part)).ok()?;
            let mut entries = entries.flatten();
            let same =
                |e: &std::fs::DirEntry| e.file_name().to_str().is_some_and(|n| unique(n) == wanted);
            entries.find(same).map(|entry| entry.path())
        })
    }
}

/// The number of the line with which a file that is said to be one mail goes on with another one.
fn begins_again(mail: &[u8]) -> Option<usize> {
    let mut after_empty = false;
    let mut lines = (1..).zip(mbox::lines(mail)).peekable();
    while let Some((number, line)) = lines.next() {
        let begins = after_empty && mbox::is_from_line(line);
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

fn first_line(bytes: &[u8]) -> Vec<u8> {
    let line = mbox::lines(bytes).next().unwrap_or_default();
    line.trim_ascii_end().to_vec()
}

/// When the file of a Maildir was delivered: its name begins with that, in seconds since 1970.
pub(super) fn delivered(name: &str) -> Option<i64> {
    let file = name.rsplit('/').next()?;
    let (seconds, _) = file.split_once('.')?;
    seconds.parse().ok().filter(|&at| at > 0)
}

/// Reads messages again, each by its spot; the file that was used last stays open.
#[derive(Debug)]
pub struct Reader<'a> {
    sources: &'a [Source],
    open: Option<(usize, File)>,
}

impl<'a> Reader<'a> {
    /// Reads from these sources.
    pub fn new(sources: &'a [Source]) -> Self {
        Reader {
            sources,
            open: None,
        }
    }

    /// The message at `spot` of the `nth` source.
    ///
    /// # Errors
    /// It cannot be read, or is gone.
    pub fn read(&mut self, nth: usize, spot: Spot) -> Result<Piece> {
        let source = &self.sources[nth];
        let doing = || format!("cannot read {} again", source.name());
        if let Kind::Maildir(_) = source.kind {
            let piece = source.file_of_maildir(spot.at, u64::MAX)?;
            return piece.with_context(|| format!("{}: a message is gone", doing()));
        }
        if self.open.as_ref().is_none_or(|(open, _)| *open != nth) {
            self.open = Some((nth, source.open()?));
        }
        let (_, file) = self.open.as_ref().with_context(doing)?;
        if let Kind::Log = source.kind {
            return source.read_log(file, spot).with_context(doing);
        }
        let mut line = vec![0; spot.head.min(FROM_LINE) as usize];
        let mut content = vec![0; spot.length as usize];
        file.read_exact_at(&mut line, spot.at)
            .and_then(|()| file.read_exact_at(&mut content, spot.at + u64::from(spot.head)))
            .map_err(|e| match e.kind() {
                ErrorKind::UnexpectedEof => std::io::Error::other("it got shorter meanwhile"),
                _ => e,
            })
            .with_context(doing)?;
        Ok(source.piece(file, first_line(&line), content))
    }
}
