//! Says whether a machine wrote a mail, and so whether it may be answered (RFC 3834).
//!
//!     cargo run -p tickets-mail --example automatic [MAIL]

use std::error::Error;

use tickets_mail::automatic::{Degree, LocalSigns, SpamSign, degree};
use tickets_mail::envelope::Sender;
use tickets_mail::message::Message;

const SAMPLE: &[u8] = b"Return-Path: <ann@example.org>\n\
    From: Ann <ann@example.org>\n\
    Subject: Out of office\n\
    Auto-Submitted: auto-replied (vacation)\n\
    \n\
    I am away.\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mail = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let message = Message::new(&mail);
    let sender = message.first("Return-Path").map(|path| path.text());
    let sender = sender.map_or(Sender::Unknown, |path| Sender::parse(&path));
    let domains = ["example.com".to_owned()];
    let spam = SpamSign::defaults();
    let local = LocalSigns {
        // A field that stands in every mail that this program sends.
        own_marks: &["X-My-Robot"],
        own_domains: &domains,
        spam: &spam,
    };
    match degree(&message, &sender, &local) {
        Degree::Person => println!("a person wrote it"),
        Degree::Unanswered(why) => println!("gets no automatic answer: {why}"),
        Degree::Automatic(why) => println!("a machine wrote it: {why}"),
        Degree::Ours => println!("we wrote it, and it came back"),
    }
    Ok(())
}
