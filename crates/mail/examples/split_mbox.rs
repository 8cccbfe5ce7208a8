//! Lists the mails of an mbox without having it in memory.
//!
//!     cargo run -p tickets-mail --example split_mbox [FILE]

use std::error::Error;
use std::fs::File;
use std::io::{Cursor, Read, Seek};

use tickets_mail::mbox::{self, FileEntries};
use tickets_mail::message::Message;

const SAMPLE: &[u8] = b"From ann@example.org Mon Jan  1 00:00:00 2024\n\
    Subject: A sentence is no From_ line\n\n\
    From here on it is quiet.\n>From there it is not.\n\n\
    From bob@example.net Tue Jan  2 00:00:00 2024\n\
    Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\n\
    Bye\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args_os().nth(1) {
        Some(path) => {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            list(file, size)
        }
        None => list(Cursor::new(SAMPLE), SAMPLE.len() as u64),
    }
}

fn list(file: impl Read + Seek, size: u64) -> Result<(), Box<dyn Error>> {
    let mut entries = FileEntries::new(file, size)?;
    if entries.preamble() > 0 {
        println!("{} bytes belong to no mail", entries.preamble());
    }
    while let Some(span) = entries.next()? {
        let from_line = entries.read(span.start, span.header)?;
        let sender = mbox::sender_of(&from_line).unwrap_or_default();
        let date = mbox::date_of(&from_line).and_then(|at| jiff::Timestamp::from_second(at).ok());
        let content = entries.read(span.header, span.end)?;
        println!(
            "{:>8}  {}  {}  {}",
            span.start,
            date.map(|date| date.to_string()).unwrap_or_default(),
            String::from_utf8_lossy(sender),
            Message::new(&content).subject()
        );
    }
    Ok(())
}
