//! The protocol in which Postfix asks whether it shall take a recipient (its SMTPD_POLICY_README).
//!
//! A question is lines `name=value` and an empty line; the answer is a line `action=...` and an empty
//! line. What stands in the values was chosen by strangers.

use std::io::{self, BufRead, Read, Write};

/// A longer line is left out; Postfix sends about 2 KB at most. So much of a question is in memory.
pub const LINE: usize = 16 << 10;

/// What to answer to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    /// At RCPT time; at other times Postfix names no recipient, or the last one.
    about_recipient: bool,
    recipient: Recipient,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Recipient {
    #[default]
    None,
    One(String),
    /// Postfix never names two, and which one counted could not be told.
    Several,
}

/// Answers questions until `input` ends. `decide` is asked about recipients, and gives the action; of
/// anything else Postfix is told to go on. What `input` breaks off is not answered.
///
/// # Errors
/// `input` cannot be read, or `output` not be written.
pub fn answer(
    input: &mut impl BufRead,
    output: &mut impl Write,
    mut decide: impl FnMut(&str) -> String,
) -> io::Result<()> {
    while let Some(request) = Request::read(input)? {
        let action = match request.recipient {
            Recipient::One(recipient) if request.about_recipient && !recipient.is_empty() => {
                decide(&recipient)
            }
            _ => "DUNNO".into(),
        };
        // Whatever the words are made of, they are one line.
        let action = action.replace(|c: char| !(' '..='~').contains(&c), "?");
        output.write_all(format!("action={action}\n\n").as_bytes())?;
        output.flush()?;
    }
    Ok(())
}

impl Request {
    /// The next question; `None` if there is none, or only a part of one.
    fn read(input: &mut impl BufRead) -> io::Result<Option<Request>> {
        let mut request = Request::default();
        loop {
            let line = match line(input)? {
                Line::End => return Ok(None),
                Line::TooLong => continue,
                Line::Of(line) => line,
            };
            if line.is_empty() {
                return Ok(Some(request));
            }
            match line.split_once('=') {
                Some(("protocol_state", state)) => request.about_recipient = state == "RCPT",
                Some(("recipient", recipient)) => {
                    request.recipient = match request.recipient {
                        Recipient::None => Recipient::One(recipient.to_owned()),
                        _ => Recipient::Several,
                    }
                }
                _ => {}
            }
        }
    }
}

enum Line {
    /// Without its end.
    Of(String),
    TooLong,
    /// The end of input, perhaps within a line.
    End,
}

fn line(input: &mut impl BufRead) -> io::Result<Line> {
    let mut line = Vec::new();
    input
        .by_ref()
        .take(LINE as u64)
        .read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        if line.len() < LINE {
            return Ok(Line::End);
        }
        input.skip_until(b'\n')?;
        return Ok(Line::TooLong);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Line::Of(text.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read() {
        let long = format!(
            "x={}\nprotocol_state=RCPT\nrecipient=a@b\n\n",
            "y".repeat(40_000)
        );
        let cut = format!("protocol_state=RCPT\nrecipient=a@b{}\n\n", "y".repeat(LINE));
        for (case, input, want) in [
            ("nothing", "", &[][..]),
            ("cut off", "protocol_state=RCPT\nrecipient=a@b\n", &[]),
            (
                "cut off in a line",
                "protocol_state=RCPT\n\nrecip",
                &["DUNNO"],
            ),
            (
                "two",
                "protocol_state=RCPT\nrecipient=a@b\n\nprotocol_state=RCPT\nrecipient=c=d\n\n",
                &["<a@b>", "<c=d>"],
            ),
            ("DATA", "protocol_state=DATA\nrecipient=a@b\n\n", &["DUNNO"]),
            ("garbage", "\u{1}\n=\nrecipient\n\n", &["DUNNO"]),
            (
                "CRLF",
                "protocol_state=RCPT\r\nrecipient=a@b\r\n\r\n",
                &["<a@b>"],
            ),
            ("a long line", &long, &["<a@b>"]),
            ("a long recipient", &cut, &["DUNNO"]),
            (
                "two recipients",
                "protocol_state=RCPT\nrecipient=a@b\nrecipient=c@d\n\n",
                &["DUNNO"],
            ),
            (
                "no recipient",
                "protocol_state=RCPT\nrecipient=\n\n",
                &["DUNNO"],
            ),
            (
                "an answer in the recipient",
                "protocol_state=RCPT\nrecipient=a\raction=OK\u{b}\u{e9}\u{2028}\n\n",
                &["<a?action=OK???>"],
            ),
            ("empty lines", "\n\n", &["DUNNO", "DUNNO"]),
        ] {
            let mut said = Vec::new();
            answer(&mut input.as_bytes(), &mut said, |r| format!("<{r}>")).unwrap();
            let want: String = want.iter().map(|a| format!("action={a}\n\n")).collect();
            assert_eq!(String::from_utf8(said).unwrap(), want, "{case}");
        }
    }
}
