//! Shows a mail as text, with a list of what is attached.
//!
//!     cargo run -p tickets-mail --example render [MAIL]

use std::error::Error;

use tickets_mail::render::{Limits, render};

const SAMPLE: &[u8] = b"Content-Type: multipart/mixed; boundary=b\n\n\
    --b\nContent-Type: text/html; charset=iso-8859-1\n\n\
    <p>Hello J\xf6rg,<p>the new prices:<ul><li>5 &euro;<li><a href=\"https://example.org/\">all</a></ul>\n\
    --b\nContent-Type: application/pdf; name*0*=utf-8''na%C3%AF; name*1=ve.pdf\n\
    Content-Transfer-Encoding: base64\n\nJVBERg==\n\
    --b--\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mail = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let rendered = render(&mail, &Limits::default());
    println!("{}", rendered.text);
    for attachment in rendered.attachments {
        println!(
            "[{}: {}, {}, {} bytes]",
            attachment.number,
            attachment.name.as_deref().unwrap_or("no name"),
            attachment.mime,
            attachment.size
        );
    }
    Ok(())
}
