//! Decodes the header of a mail: RFC 2047, 2231 and 5322.
//!
//!     cargo run -p tickets-mail --example header [MAIL]

use std::error::Error;

use tickets_mail::message::Message;

const SAMPLE: &[u8] = b"From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <Joerg@EXAMPLE.net>\n\
    To: \"Support, the\" <help@example.org>, Staff: ann@example.org, bob@example.org;\n\
    Subject: =?utf-8?B?R3LDtsOf?= =?utf-8?B?ZSBYTA==?=\n\
    Date: Sun, 22 Nov 2026 10:00 EST\n\
    Message-ID: <2@example.net>\n\
    References: <0@example.net>\n <1@example.net>\n\
    \n\
    Hello\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mail = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let message = Message::new(&mail);
    for name in ["From", "Reply-To", "To", "Cc"] {
        for mailbox in message.mailboxes(name) {
            println!("{name}: {:?} at {}", mailbox.name, mailbox.address);
        }
    }
    println!("Subject: {}", message.subject());
    if let Some(at) = message.date() {
        println!("Date: {}", jiff::Timestamp::from_second(at)?);
    }
    println!("Message-ID: {}", message.message_id().unwrap_or_default());
    println!("answers: {}", message.parents().join(", "));
    Ok(())
}
