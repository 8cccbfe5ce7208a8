//! The mail by which `tickets check --send` tries whether mail comes in.

use super::identity;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use mail::message::Message;

/// The field that makes it one, if its token is that of a mail which is expected.
const FIELD: &str = "X-Tickets-Check";

/// Letters of a token: those of 16 random bytes.
const LENGTH: usize = 32;

/// What transports are known to change, if they change anything.
const BODY: &str = "\
This mail tries whether mail to this address is filed; nobody need read it.\n\
From here on it holds what mail servers like to change: a line like the last,\n\
>From a quotation, dots at the beginning,\n\
.\n\
..\n\
a blank and a tab at the end, \t\n\
eight bits (Gr\u{fc}\u{df}e, \u{20ac}),\n\
\n\
\n\
and empty lines.\n";

/// A mail that is to come back.
pub struct Probe {
    /// What it is known by, which does not tell the token.
    pub digest: String,
    /// Its bytes, with LF line ends.
    pub mail: Vec<u8>,
}

impl Probe {
    /// The mail to `submit`, with a token that nobody can guess.
    pub fn new(random: [u8; 16], submit: &str, now: Timestamp) -> Probe {
        let token = identity::hex(&random);
        let digest = mail::entry::digest(token.as_bytes());
        // A Message-ID shows in logs, and the token must not.
        let id: String = digest.chars().take(LENGTH).collect();
        let domain = submit
            .rsplit_once('@')
            .map_or("localhost", |(_, domain)| domain);
        let date = rfc2822::to_string(&now.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
        let mail = format!(
            "From: {submit}\nTo: {submit}\nSubject: Test of tickets\nDate: {date}\n\
             Message-ID: <check.{id}@{domain}>\n{FIELD}: {token}\nAuto-Submitted: auto-generated\n\
             Precedence: bulk\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\n{BODY}"
        );
        let mail = mail.into_bytes();
        Probe { digest, mail }
    }

    /// What is other in the mail that came than in the one that was sent; `None` if nothing is. Mail servers may add
    /// fields, and lines of white space at the end.
    pub fn difference(&self, came: &[u8]) -> Option<String> {
        let (sent, came) = (Message::new(&self.mail), Message::new(came));
        let field = sent.fields().iter().find(|field| {
            let name = String::from_utf8_lossy(field.name);
            !came
                .all(&name)
                .any(|other| other.value.trim_ascii() == field.value.trim_ascii())
        });
        if let Some(field) = field {
            return Some(format!(
                "its {} is another",
                String::from_utf8_lossy(field.name)
            ));
        }
        let (mut sent, mut came) = (lines(sent.body()), lines(came.body()));
        let mut at = 0;
        loop {
            at += 1;
            match (sent.next(), came.next()) {
                (None, None) => return None,
                (None, Some(_)) => return Some("its text is longer".into()),
                (Some(line), other) if other != Some(line) => {
                    return Some(format!("line {at} of its text is another"));
                }
                _ => {}
            }
        }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.trim_ascii_end();
    text.split(|&c| c == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The digest of the token that a mail bears; `None` if it bears none, or does not begin as a test mail does: whoever
/// saw the token could put it into a mail that is to be read.
pub fn digest(message: &Message) -> Option<String> {
    let token = message.first(FIELD)?.value.trim_ascii();
    let is_token = token.len() == LENGTH && token.iter().all(u8::is_ascii_hexdigit);
    let is_ours = lines(message.body()).next() == lines(BODY.as_bytes()).next();
    (is_token && is_ours).then(|| mail::entry::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn a_probe_that_comes_back_is_compared() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let probe = Probe::new([7; 16], "submit@example.org", now);
        assert_eq!(
            digest(&Message::new(&probe.mail)),
            Some(probe.digest.clone())
        );
        let sent = String::from_utf8(probe.mail.clone()).unwrap();
        let token = "07".repeat(16);
        assert_eq!(sent.matches(&token).count(), 1);
        assert!(
            !probe.digest.contains(&token) && sent.contains("Date: Fri, 15 Jan 2027"),
            "{sent}"
        );
        let cases: &[(String, Option<&str>)] = &[
            (sent.clone(), None),
            (format!("Received: by x\n{sent}\n"), None),
            (sent.replace('\n', "\r\n"), None),
            (
                sent.replace(": Test", ": [x] Test"),
                Some("its Subject is another"),
            ),
            (
                sent.replace("\nFrom here", "\n>From here"),
                Some("line 2 of its text is another"),
            ),
            (
                sent.replace("\n..\n", "\n.\n"),
                Some("line 5 of its text is another"),
            ),
            (
                sent.replace("end, \t\n", "end,\n"),
                Some("line 6 of its text is another"),
            ),
            (
                sent.replace("and empty lines.\n", ""),
                Some("line 8 of its text is another"),
            ),
            (format!("{sent}-- \nA list\n"), Some("its text is longer")),
            (String::new(), Some("its From is another")),
        ];
        for (came, want) in cases {
            assert_eq!(
                probe.difference(came.as_bytes()).as_deref(),
                *want,
                "{came}"
            );
        }
        let other = sent.replace("This mail tries", "I wonder");
        assert_eq!(digest(&Message::new(other.as_bytes())), None);
        for odd in ["", "x", "0707", &"g7".repeat(16), &"07".repeat(17)] {
            let mail = format!("{FIELD}: {odd}\n\n{BODY}");
            assert_eq!(digest(&Message::new(mail.as_bytes())), None, "{odd}");
        }
    }
}
