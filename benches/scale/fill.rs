//! Writes the tickets to the disk in the way the program itself would file them.

use super::meter;
use super::thread::{ADMINS, Mail, Source, Ticket};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use tickets::mail::entry::{self, Trace};
use tickets::store::Store;

/// The content of a filled store, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub tickets: u32,
    pub open: u32,
    pub mails: u64,
    pub bytes: u64,
}

/// The store of a run, and the Maildir for comparison.
pub struct Place {
    pub room: PathBuf,
}

impl Place {
    pub fn store(&self) -> PathBuf {
        self.room.join("store")
    }

    /// The same mails, one per file.
    pub fn maildir(&self) -> PathBuf {
        self.room.join("Maildir")
    }

    pub fn config(&self) -> PathBuf {
        self.room.join("config.toml")
    }

    fn facts(&self) -> PathBuf {
        self.room.join("facts")
    }

    /// Creates the store and, if needed, the Maildir, unless an earlier run left them.
    pub fn make(&self, source: &Source, maildir: bool) -> Facts {
        let facts = match self.found(source.seed, source.tickets) {
            Some(facts) => facts,
            None => {
                // It may belong to somebody else, so it is not removed.
                let other = [self.store(), self.maildir()]
                    .into_iter()
                    .find(|p| p.exists());
                assert_eq!(other, None, "half made, or made otherwise; remove it");
                self.fill(source, maildir)
            }
        };
        let admins = ADMINS.map(|(_, address)| address);
        meter::configure(&self.config(), &self.store(), &admins, true);
        facts
    }

    /// The store of an earlier run, if it is complete and was made from the same parameters.
    fn found(&self, seed: u64, tickets: u32) -> Option<Facts> {
        let text = fs::read_to_string(self.facts()).ok()?;
        let numbers: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
        let [had, count, open, mails, bytes] = numbers[..] else {
            return None;
        };
        (had == seed && count == u64::from(tickets)).then_some(Facts {
            tickets,
            open: open as u32,
            mails,
            bytes,
        })
    }

    /// Writes store and Maildir, on all processors.
    fn fill(&self, source: &Source, maildir: bool) -> Facts {
        let began = Instant::now();
        let Source { seed, tickets, .. } = *source;
        let store = self.store();
        let room = Store::new(&store, None);
        fs::create_dir_all(&self.room).expect("a directory to work in");
        room.create_directories().expect("the store");
        if maildir {
            for name in ["cur", "new", "tmp"] {
                fs::create_dir_all(self.maildir().join(name)).expect("the Maildir");
            }
        }
        let next = AtomicU32::new(1);
        let (open, mails, bytes) = (AtomicU32::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let work = || {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number > tickets {
                    return;
                }
                let ticket = source.ticket(number);
                let size = write_ticket(&store, number, &ticket).expect("a ticket");
                if maildir {
                    write_mails(&self.maildir(), number, &ticket.mails).expect("the Maildir");
                }
                open.fetch_add(u32::from(ticket.is_open), Relaxed);
                mails.fetch_add(ticket.mails.len() as u64, Relaxed);
                bytes.fetch_add(size, Relaxed);
                if number.is_multiple_of(100_000) {
                    eprintln!(
                        "{number} tickets after {:.0} s",
                        began.elapsed().as_secs_f64()
                    );
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        room.sequence()
            .expect("the sequence")
            .set(tickets)
            .expect("the sequence");
        let facts = Facts {
            tickets,
            open: open.into_inner(),
            mails: mails.into_inner(),
            bytes: bytes.into_inner(),
        };
        let Facts {
            open, mails, bytes, ..
        } = facts;
        let text = format!("{seed} {tickets} {open} {mails} {bytes}\n");
        fs::write(self.facts(), text).expect("the facts");
        facts
    }
}

/// Writes an mbox and returns its size.
fn write_ticket(store: &Path, number: u32, ticket: &Ticket) -> io::Result<u64> {
    let mut mbox = Vec::new();
    for mail in &ticket.mails {
        let trace = Trace {
            sender: Some(&mail.sender),
            filed_under: &mail.filed_under,
            at: mail.at,
        };
        mbox.extend_from_slice(&entry::encode(&trace, &mail.raw));
    }
    let path = match ticket.is_open {
        true => store.join(number.to_string()),
        false => store.join("archived").join(number.to_string()),
    };
    create(&path, &mbox)?;
    Ok(mbox.len() as u64)
}

fn write_mails(maildir: &Path, number: u32, mails: &[Mail]) -> io::Result<()> {
    for (n, mail) in mails.iter().enumerate() {
        let name = format!("cur/{}.{number}_{n}.bench:2,S", mail.at);
        create(&maildir.join(name), &mail.raw)?;
    }
    Ok(())
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}
