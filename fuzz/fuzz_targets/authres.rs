//! Authentication-Results: what is believed stands in the field as plain as a server writes it, and
//! nothing that a stranger can add to a name makes another one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::authres::{self, AuthResult};
use tickets::mail::message::Message;
use tickets::ticket::address::Addresses;
use tickets::ticket::person::Person;
use tickets::ticket::trust::{Proof, Verifier};
use tickets_fuzz::run;

/// The server in the seeds.
const SERVER: &str = "mx.example.org";

fuzz_target!(|data: &[u8]| run(data, target));

fn target(raw: &[u8]) {
    field(raw);
    // Any value of a field may be that of ours, and any bytes.
    let message = Message::new(raw);
    let values = message.fields().iter().map(|f| f.value).take(20);
    for value in values.chain([raw]) {
        let head = b"Authentication-Results: mx.example.org; ";
        let value: Vec<u8> = value
            .iter()
            .map(|&b| if b == b'\n' { b' ' } else { b })
            .collect();
        let end = b"\nFrom: steve@example.org\n\n";
        field(&[&head[..], &value, end].concat());
        copied(&value);
    }
}

fn read(raw: &[u8]) -> Vec<AuthResult> {
    authres::results(&Message::new(raw), SERVER)
}

/// What holds of what is found in a mail.
fn field(raw: &[u8]) {
    let message = Message::new(raw);
    let found = read(raw);
    let count = |method| found.iter().filter(|f| f.method == method).count();
    assert!(count("auth") <= 1 && count("dmarc") <= 1);
    if found.is_empty() {
        assert_eq!(proof(&message), Proof::Missing);
        return;
    }
    assert!(authres::has_field(&message, SERVER));
    let fields: Vec<String> = message
        .all("Authentication-Results")
        .map(|f| String::from_utf8_lossy(f.value).into_owned())
        .collect();
    let stands = |name: &str, value: &str| {
        fields.iter().any(|text| {
            let lower = text.to_ascii_lowercase();
            let ends =
                |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n', ';']);
            let mut ways = [format!("{name}={value}"), format!("{name}=\"{value}\"")].into_iter();
            ways.any(|way| {
                let way = way.to_ascii_lowercase();
                lower.match_indices(&way).any(|(at, _)| {
                    let before = lower[..at].chars().next_back();
                    let begins = before.is_none_or(|c| ";".contains(c) || c.is_ascii_whitespace());
                    begins && ends(&lower[at + way.len()..])
                })
            })
        })
    };
    for finding in &found {
        for (name, _) in &finding.properties {
            if let Some(login) = finding.login(name) {
                assert!(
                    !login.contains(['(', ')', '"', ';', '=', ' ', '\\']),
                    "{login:?}"
                );
                assert!(stands(name, login), "{name}={login}");
            }
            if let Some(domain) = finding.domain(name) {
                let plain =
                    |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
                assert!(domain.bytes().all(plain), "{domain:?}");
                if finding.property(name).is_some_and(str::is_ascii) {
                    let root = format!("{domain}.");
                    assert!(
                        stands(name, &domain) || stands(name, &root),
                        "{name}={domain}"
                    );
                }
            }
        }
    }
    if proof(&message) != Proof::Missing {
        let passed = ["pass", "\"pass\""];
        let mut methods = ["auth", "dkim", "dmarc"].iter();
        let says = |method: &&str| {
            let lower = fields.concat().to_ascii_lowercase();
            passed
                .iter()
                .any(|p| lower.contains(&format!("{method}={p}")))
                || lower.contains(&format!("{method}/"))
        };
        assert!(methods.any(says));
        assert_eq!(message.from().len(), 1);
    }
    for name in ["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature"] {
        for signature in message.all(name) {
            let text = String::from_utf8_lossy(signature.value);
            for tag in text.split(';') {
                let (name, value) = tag.split_once('=').unwrap_or_default();
                if ["d", "s", "i"].contains(&name.trim()) {
                    assert!(
                        !value.trim().contains(['(', ')', '"', '=', ' ', '\\']),
                        "{value:?}"
                    );
                }
            }
        }
    }
    // Line ends are the transport's.
    if !raw.contains(&b'\r') && raw.len() < 30_000 {
        let crlf: Vec<u8> = raw
            .iter()
            .flat_map(|&b| if b == b'\n' { vec![b'\r', b] } else { vec![b] })
            .collect();
        let names = |found: Vec<AuthResult>| -> Vec<_> {
            // A quoted string may be folded.
            let one = |f: AuthResult| (f.method, f.result.replace('\r', ""));
            found.into_iter().map(one).collect()
        };
        assert_eq!(names(read(&crlf)), names(found));
    }
}

fn proof(message: &Message) -> Proof {
    let addresses = Addresses::new(&["example.org".into()], false, &[], "ticket-{n}").unwrap();
    let verifier = Verifier {
        server: SERVER,
        addresses: &addresses,
        people: &[Person::with_address("steve@example.org")],
    };
    verifier.proof(message)
}

/// A server copies a stranger's text behind what it found. Whatever it is, unless it is a result that
/// looks like any other, nobody is proven by it.
fn copied(text: &[u8]) {
    let whole = text.contains(&b';') || memchr::memmem::find(text, b"header.d").is_some();
    for name in ["header.d", "header.from", "smtp.auth"] {
        let method = match name {
            "header.d" => "dkim",
            "header.from" => "dmarc",
            _ => "auth",
        };
        let head = format!("Authentication-Results: {SERVER}; {method}=pass {name}=");
        let mail = |value: &[u8], from: &str| {
            let end = format!(" header.s=x\nFrom: {from}\n\n");
            [head.as_bytes(), value, end.as_bytes()].concat()
        };
        let honest = text.trim_ascii();
        let own = [
            &b"steve"[..],
            b"steve@example.org",
            b"example.org",
            b"example.org.",
        ];
        let same = own.iter().any(|own| {
            let quoted = [&b"\""[..], own, b"\""].concat();
            honest.eq_ignore_ascii_case(own) || honest.eq_ignore_ascii_case(&quoted)
        });
        if !whole && !same && !text.contains(&b'\n') && !text.contains(&b'=') {
            let raw = mail(text, "steve@example.org");
            // A parent domain may sign.
            if name != "header.d" || !honest.eq_ignore_ascii_case(b"org") {
                assert_eq!(proof(&Message::new(&raw)), Proof::Missing);
            }
        }
        // A parenthesis that touches the value spoils it.
        for value in [[text, b"(x)"].concat(), [b"(x)", text].concat()] {
            let raw = mail(&value, "steve@example.org");
            let touches = text
                .first()
                .is_some_and(|b| !b.is_ascii_whitespace() && *b != b';')
                && text
                    .last()
                    .is_some_and(|b| !b.is_ascii_whitespace() && *b != b';');
            let quoted = text.contains(&b'"') || text.contains(&b'(');
            if touches && !quoted && !text.contains(&b'\n') {
                assert!(read(&raw).is_empty());
            }
        }
    }
}
