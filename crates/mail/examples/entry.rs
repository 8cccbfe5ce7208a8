//! Writes a mail as an entry of an mbox, and reads back the very bytes.
//!
//!     cargo run -p tickets-mail --example entry [MAIL]

use std::error::Error;
use std::io::{Write, stdout};

use tickets_mail::entry::{Tail, Trace, Verdict, decode, encode, tail};
use tickets_mail::mbox::{entries, strip_from_line};

/// CRLF, a field that hides mail from its reader, a line that looks like a From_ line, no last line end.
const SAMPLE: &[u8] = b"From: Ann <ann@example.org>\r\nStatus: D\r\n\r\n\
    From eve@example.org Mon Jan  1 00:00:00 2024\r\nbye";

fn main() -> Result<(), Box<dyn Error>> {
    let mail = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let (_, mail) = strip_from_line(&mail);
    let trace = Trace {
        sender: Some("ann@example.org"),
        filed_under: "help@example.org",
        at: 1_705_050_487,
    };
    let file = encode(&trace, mail);
    stdout().write_all(&file)?;

    // Nothing is torn, so the next entry may be appended.
    assert_eq!(tail(&file, 0), Tail::Whole);
    let found = entries(&file, 0).next().ok_or("no entry")?;
    let decoded = decode(found.content);
    assert_eq!(decoded.verdict, Verdict::Intact);
    assert_eq!(*decoded.raw, *mail);
    println!("{} bytes came back", decoded.raw.len());
    Ok(())
}
