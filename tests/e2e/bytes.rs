//! D6: what came in comes out again, to the byte, whatever mutt did to the file meanwhile.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::mutt::Mutt;
use crate::site::{self, Form, Site};

/// Mails that are easily broken: name and bytes.
fn mails() -> Vec<(&'static str, Vec<u8>)> {
    let head = |id: &str, rest: &str| {
        format!(
            "From: Alice <alice@example.net>\nTo: ticket-1@example.org\nSubject: {id}\n\
             Message-ID: <{id}@example.net>\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n{rest}"
        )
    };
    let attachments = head(
        "attachments",
        "Content-Type: multipart/mixed; boundary=\"=_b 1\"\n\nThis is MIME.\n--=_b 1\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\u{fc}\u{df}e,\n\n\
         From here on it burns.\n>From there too.\n\n--=_b 1\nContent-Type: image/png; name=\"fire.png\"\n\
         Content-Disposition: attachment; filename=\"fire.png\"\nContent-Transfer-Encoding: base64\n\n\
         iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\n\n--=_b 1\nContent-Type: message/rfc822\n\n\
         From: bob@example.net\nSubject: inner\nStatus: RO\n\nFrom within.\n\n--=_b 1--\n",
    );
    // The blanks at the ends of lines, the dash-escape and the empty last line are all signed.
    let signed = head(
        "signed",
        "Content-Type: multipart/signed; micalg=pgp-sha512;\n\tprotocol=\"application/pgp-signature\"; boundary=\"sig\"\n\n\
         --sig\nContent-Type: text/plain\n\nFrom =20  \n- -- \nFrom me\n\n\n--sig\n\
         Content-Type: application/pgp-signature; name=\"signature.asc\"\n\n\
         -----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCgAdFiEEtickets\n=abcd\n-----END PGP SIGNATURE-----\n\n--sig--\n",
    );
    let steering = head(
        "steering",
        "Content-Length: 3\nLines: 1\nStatus: RO\nX-Status: D\nX-UID: 7\n\nFrom a@example.net Sun Nov 22 10:00:00 2026\n\nFrom: inner\n\n\n\n",
    );
    vec![
        ("attachments", attachments.clone().into_bytes()),
        ("PGP/MIME", signed.clone().into_bytes()),
        ("steering fields", steering.into_bytes()),
        (
            "CRLF",
            signed
                .replace("<signed@", "<crlf@")
                .replace('\n', "\r\n")
                .into_bytes(),
        ),
        (
            "no final newline",
            attachments
                .replace("<attachments@", "<torn@")
                .trim_end()
                .as_bytes()
                .to_vec(),
        ),
        (
            "Latin-1",
            [head("latin", "\n").as_bytes(), b"Gr\xfc\xdfe\n"].concat(),
        ),
    ]
}

/// Runs the program on this site as the desk's user; it must succeed.
fn tickets(site: &Site, arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut run = site.as_desk(&[&["tickets"], arguments].concat());
    let mut child = run
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "tickets {arguments:?}: {output:?}");
    output.stdout
}

fn sha256(site: &Site, bytes: &[u8]) -> String {
    let mut child = site
        .as_desk(&["sha256sum"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn raw_bytes_outlive_mutt() {
    // D6
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    let mails = mails();
    for (number, (_, bytes)) in mails.iter().enumerate() {
        let recipient = if number == 0 {
            "submit@example.org"
        } else {
            "ticket-1@example.org"
        };
        let envelope = [
            "deliver",
            "--sender",
            "alice@example.net",
            "--recipient",
            recipient,
        ];
        tickets(&site, &envelope, bytes);
    }
    let check = |when: &str| {
        for (at, (name, bytes)) in mails.iter().enumerate() {
            let raw = tickets(&site, &["show", "--raw", "1", &(at + 1).to_string()], b"");
            assert_eq!(
                sha256(&site, &raw),
                sha256(&site, bytes),
                "{name}, {when}:\n{}\n--- for\n{}",
                String::from_utf8_lossy(&raw),
                String::from_utf8_lossy(bytes)
            );
        }
    };
    check("as filed");
    let path = site.store().join("1");
    let filed = fs::read(&path).unwrap();
    let mutt = Mutt::open(&site, "~/tickets/1", "");
    mutt.press(&["=", "F", "$"]);
    site.wait("mutt to write the folder", || {
        (fs::read(&path).unwrap() != filed).then_some(())
    });
    mutt.quit();
    let written = fs::read(&path).unwrap();
    assert!(
        written.windows(11).any(|window| window == b"X-Status: F"),
        "mutt kept no flag"
    );
    check("after mutt");
    site.settle();
}
