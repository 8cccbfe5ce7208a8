//! Decodes the attachments of a mail. Their names are safe as names of files.
//!
//!     cargo run -p tickets-mail --example attachments [MAIL]

use std::error::Error;

use tickets_mail::render::{Limits, part, render};

const SAMPLE: &[u8] = b"Content-Type: multipart/mixed; boundary=b\n\n\
    --b\n\nSee below.\n\
    --b\nContent-Disposition: attachment; filename=\"../../etc/passwd\"\n\
    Content-Transfer-Encoding: quoted-printable\n\n1 =3D 1\n\
    --b\nContent-Type: text/csv; charset=utf-8\n\
    Content-Disposition: attachment; filename==?utf-8?Q?Preise_f=C3=BCr_M=C3=A4rz.csv?=\n\
    Content-Transfer-Encoding: base64\n\nYTtiCjE7Mgo=\n\
    --b--\n";

fn main() -> Result<(), Box<dyn Error>> {
    let mail = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    for attachment in render(&mail, &Limits::default()).attachments {
        if let Some((name, bytes)) = part(&mail, attachment.number) {
            println!("{}: {} bytes", name.unwrap_or_default(), bytes.len());
            println!("{}", String::from_utf8_lossy(&bytes).escape_debug());
        }
    }
    Ok(())
}
