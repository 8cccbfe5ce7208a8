//! Says what a mail server found out about the author of a mail (RFC 8601).
//!
//!     cargo run -p tickets-mail --example authres [MAIL SERVER]

use std::error::Error;

use tickets_mail::authres;
use tickets_mail::message::Message;

const SAMPLE: &[u8] = b"Authentication-Results: mx.example.org;\n\
    \tdkim=pass (2048-bit key) header.d=example.net header.s=s1;\n\
    \tspf=softfail smtp.mailfrom=example.net; dmarc=pass header.from=example.net\n\
    Authentication-Results: mx.forged.example; dkim=pass header.d=example.com\n\
    From: Ann <ann@example.net>\n\
    \n\
    Hello\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let mail = match args.next() {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let server = args.next().map(|name| name.to_string_lossy().into_owned());
    let server = server.unwrap_or_else(|| "mx.example.org".to_owned());
    let message = Message::new(&mail);
    if !authres::has_field(&message, &server) {
        println!("{server} says nothing");
    }
    for result in authres::results(&message, &server) {
        println!("{}: {}", result.method, result.result);
        for (name, value) in &result.properties {
            println!("    {name} = {value}");
        }
    }
    Ok(())
}
