//! A mail in the form that a customer's or a colleague's mail program would give it.

use super::languages::{Language, Transfer};
use super::random::Random;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// The author of a mail.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub address: String,
}

/// The content of a mail.
pub struct Draft<'a> {
    pub from: &'a Person,
    pub to: &'a str,
    pub cc: Option<&'a Person>,
    pub subject: &'a str,
    /// Seconds since 1970.
    pub at: i64,
    pub msg_id: &'a str,
    /// The Message-IDs of the mails before it, oldest first.
    pub references: &'a [String],
    pub language: &'a Language,
    /// The text, with LF line ends.
    pub text: &'a str,
    /// `None` stands for what is usual for the language.
    pub form: Option<(&'static str, Transfer)>,
}

const PROGRAMS: [&str; 7] = [
    "User-Agent: Mozilla Thunderbird",
    "X-Mailer: Microsoft Outlook 16.0",
    "X-Mailer: Apple Mail (2.3774.500.171.1.1)",
    "User-Agent: Mutt/2.2.12 (2023-09-09)",
    "X-Mailer: iPhone Mail (21F90)",
    "User-Agent: Roundcube Webmail/1.6.9",
    "X-Mailer: YahooMailWebService/0.8.110",
];

/// The mail in the form in which it arrives.
pub fn compose(draft: &Draft, random: &mut Random) -> Vec<u8> {
    let form = draft
        .form
        .unwrap_or_else(|| *random.weighted(draft.language.forms));
    let mut mail = header(draft, random).into_bytes();
    let boundary = format!("=_{:016x}", random.next());
    let with_html = random.percent(13.0);
    let attached = random.percent(1.5);
    let part = |mail: &mut Vec<u8>, subtype: &str, text: &str| {
        let (charset, transfer, body) = encoded(text, form);
        let transfer_name = match transfer {
            Transfer::SevenBit => "7bit",
            Transfer::EightBit => "8bit",
            Transfer::Quoted => "quoted-printable",
            Transfer::Base64 => "base64",
        };
        let head = format!(
            "Content-Type: text/{subtype}; charset={charset}\n\
             Content-Transfer-Encoding: {transfer_name}\n\n"
        );
        mail.extend_from_slice(head.as_bytes());
        mail.extend_from_slice(&body);
    };
    let inner = format!("{boundary}.1");
    let multipart = |subtype: &str, boundary: &str| {
        format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\n\n")
    };
    if attached {
        mail.extend_from_slice(multipart("mixed", &boundary).as_bytes());
        mail.extend_from_slice(format!("--{boundary}\n").as_bytes());
    }
    if with_html {
        mail.extend_from_slice(multipart("alternative", &inner).as_bytes());
        mail.extend_from_slice(format!("--{inner}\n").as_bytes());
        part(&mut mail, "plain", draft.text);
        mail.extend_from_slice(format!("\n--{inner}\n").as_bytes());
        part(&mut mail, "html", &html(draft.text));
        mail.extend_from_slice(format!("\n--{inner}--\n").as_bytes());
    } else {
        part(&mut mail, "plain", draft.text);
    }
    if attached {
        attach(&mut mail, &boundary, random);
    }
    if random.percent(3.0) {
        return with_crlf(&mail);
    }
    mail
}

fn header(draft: &Draft, random: &mut Random) -> String {
    let zone = *random.pick(&[0, 3600, 7200, -18000, 28800]);
    let date = date(draft.at, zone);
    let domain = draft.from.address.split('@').nth(1).unwrap_or_default();
    let mut text = String::with_capacity(1500);
    for hop in 0..random.between(1, 2) {
        let _ = writeln!(
            text,
            "Received: from mx{hop}.{domain} (mx{hop}.{domain} [198.51.100.{}])\n\
             \tby mail.example.org with esmtps (TLS1.3)\n\tid 1{:06x}-{:06x}-{:02x}; {date}",
            random.below(256),
            random.next() as u32 >> 8,
            random.next() as u32 >> 8,
            random.next() as u8,
        );
    }
    if random.percent(15.0) {
        let mut noise = [0; 150];
        fill(&mut noise, random);
        let _ = writeln!(
            text,
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=mail;\n\
             \th=from:to:subject:date:message-id; bh={};\n\tb={}",
            STANDARD.encode(&noise[..32]),
            STANDARD.encode(&noise[32..]),
        );
    }
    let _ = writeln!(text, "From: {}\nTo: {}", mailbox(draft.from), draft.to);
    if let Some(cc) = draft.cc {
        let _ = writeln!(text, "Cc: {}", mailbox(cc));
    }
    let _ = writeln!(
        text,
        "Subject: {}\nDate: {date}\nMessage-ID: {}",
        words(draft.subject),
        draft.msg_id
    );
    if let Some(parent) = draft.references.last() {
        let all = draft.references.join("\n ");
        let _ = writeln!(text, "In-Reply-To: {parent}\nReferences: {all}");
    }
    let _ = writeln!(text, "{}\nMIME-Version: 1.0", random.pick(&PROGRAMS));
    text
}

fn date(at: i64, zone: i32) -> String {
    let offset = jiff::tz::Offset::from_seconds(zone).expect("an offset");
    let at = jiff::Timestamp::from_second(at).expect("a date");
    let local = offset.to_datetime(at);
    let minutes = zone.abs() / 60;
    let sign = if zone < 0 { '-' } else { '+' };
    let local = local.strftime("%a, %d %b %Y %H:%M:%S");
    format!("{local} {sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn mailbox(person: &Person) -> String {
    format!("{} <{}>", words(&person.name), person.address)
}

/// The text of a header field, as encoded-words if necessary (RFC 2047).
fn words(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        // 45 bytes are 60 letters of base64.
        let end = rest.floor_char_boundary(45);
        let blank = if out.is_empty() { "" } else { "\n " };
        let word = STANDARD.encode(&rest[..end]);
        let _ = write!(out, "{blank}=?UTF-8?B?{word}?=");
        rest = &rest[end..];
    }
    out
}

/// A body in the charset and transfer encoding of `form`, or in UTF-8 if that charset lacks a character.
fn encoded(text: &str, form: (&'static str, Transfer)) -> (&'static str, Transfer, Vec<u8>) {
    let (mut charset, mut transfer) = form;
    let bytes = match charset {
        "utf-8" => text.as_bytes().to_vec(),
        "us-ascii" if text.is_ascii() => text.as_bytes().to_vec(),
        "utf-16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => {
            let encoding = encoding_rs::Encoding::for_label(charset.as_bytes());
            let (bytes, _, lossy) = encoding.expect("a charset").encode(text);
            if lossy || charset == "us-ascii" {
                (charset, transfer) = ("utf-8", Transfer::Base64);
                text.as_bytes().to_vec()
            } else {
                bytes.into_owned()
            }
        }
    };
    if charset == "utf-16" {
        charset = "utf-16le";
    }
    let body = match transfer {
        Transfer::SevenBit | Transfer::EightBit => bytes,
        Transfer::Base64 => base64_lines(&bytes),
        Transfer::Quoted => {
            let text = quoted_printable::encode_to_str(with_crlf(&bytes));
            text.replace("\r\n", "\n").into_bytes()
        }
    };
    (charset, transfer, body)
}

fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4 / 3 + bytes.len() / 50 + 8);
    for line in bytes.chunks(57) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.push(b'\n');
    }
    out
}

fn html(text: &str) -> String {
    let mut html = String::from(
        "<!DOCTYPE html>\n<html><head><style>p { margin: 0 0 1em 0; font-family: sans-serif }</style>\
         </head>\n<body>\n",
    );
    for paragraph in text.split("\n\n") {
        let safe = paragraph.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            html,
            "<p class=\"MsoNormal\">{}</p>",
            safe.replace('\n', "<br>\n")
        );
    }
    html.push_str("</body></html>\n");
    html
}

/// A file of some kilobytes of noise, and the end of the multipart.
fn attach(mail: &mut Vec<u8>, boundary: &str, random: &mut Random) {
    let (mime, suffix) = *random.pick(&[
        ("image/png", "png"),
        ("application/pdf", "pdf"),
        ("application/zip", "zip"),
    ]);
    let name = format!("scan{:05}.{suffix}", random.below(100_000));
    let mut noise = vec![0; random.size(4000.0, 0.9).min(200_000.0) as usize];
    fill(&mut noise, random);
    let head = format!(
        "\n--{boundary}\nContent-Type: {mime}; name=\"{name}\"\n\
         Content-Disposition: attachment; filename=\"{name}\"\n\
         Content-Transfer-Encoding: base64\n\n"
    );
    mail.extend_from_slice(head.as_bytes());
    mail.extend_from_slice(&base64_lines(&noise));
    mail.extend_from_slice(format!("\n--{boundary}--\n").as_bytes());
}

fn fill(bytes: &mut [u8], random: &mut Random) {
    for chunk in bytes.chunks_mut(8) {
        let noise = random.next().to_le_bytes();
        chunk.copy_from_slice(&noise[..chunk.len()]);
    }
}

fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 40);
    for line in mail.split_inclusive(|&b| b == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => out.extend_from_slice(&[text, b"\r\n"].concat()),
            None => out.extend_from_slice(line),
        }
    }
    out
}
