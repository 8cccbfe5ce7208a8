//! As much SMTP (RFC 5321) as tells whether a mail would be taken: the recipients are named, and nothing is sent.

use super::ask::time_left;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long the whole talk may take, and where no time is left for more.
const PATIENCE: Duration = Duration::from_secs(30);
const IMPATIENCE: Duration = Duration::from_secs(3);

/// How long a server may take to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest line, and the most lines of one reply, that are read.
const LINE: u64 = 2048;
const LINES: usize = 100;

/// A reply: its code, and the text of its last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Reply {
    /// Reads the last line of a reply; `None` for any other line.
    pub(super) fn read(line: &str) -> Option<Reply> {
        let line = line.trim_end();
        let code = line.get(..3)?.parse().ok()?;
        let ends = matches!(line.as_bytes().get(3), None | Some(b' '));
        let text = line.chars().take(200).collect();
        (ends && (200..600).contains(&code)).then_some(Reply { code, text })
    }

    pub(super) fn is_yes(&self) -> bool {
        self.code < 300
    }

    /// True if it asks to try again later.
    pub(super) fn is_later(&self) -> bool {
        (400..500).contains(&self.code)
    }
}

/// The commands after the greeting that name these recipients of a mail without a sender, and leave it at that.
pub(super) fn commands(recipients: &[&str]) -> Vec<String> {
    let mut commands = vec!["MAIL FROM:<>".to_owned()];
    commands.extend(recipients.iter().map(|it| format!("RCPT TO:<{it}>")));
    commands.push("QUIT".to_owned());
    commands
}

/// The replies to the recipients among `replies`: what came after the greeting and two commands.
///
/// # Errors
/// The reply that ended the talk before.
pub(super) fn to_recipients(replies: &[Reply]) -> Result<&[Reply], Option<&Reply>> {
    let odd = replies.iter().take(3).find(|reply| !reply.is_yes());
    match (odd, replies.get(3..)) {
        (Some(odd), _) => Err(Some(odd)),
        (None, Some(rest)) => Ok(rest),
        (None, None) => Err(replies.last()),
    }
}

/// Greets a server and says these commands to it; returns its greeting and its replies.
///
/// # Errors
/// It is not there, or does not speak SMTP, or takes too long.
pub(super) fn converse(server: SocketAddr, commands: &[String]) -> io::Result<Vec<Reply>> {
    let limit = time_left().clamp(IMPATIENCE, PATIENCE);
    let until = Instant::now() + limit;
    let stream = TcpStream::connect_timeout(&server, CONNECT.min(limit))?;
    stream.set_write_timeout(Some(CONNECT))?;
    // A name could be looked up, and not be found (RFC 5321, section 4.1.3).
    let hello = match stream.local_addr()?.ip().to_canonical() {
        IpAddr::V4(ip) => format!("EHLO [{ip}]"),
        IpAddr::V6(ip) => format!("EHLO [IPv6:{ip}]"),
    };
    let mut stream = BufReader::new(stream);
    let mut replies = vec![reply(&mut stream, until)?];
    for command in [&hello].into_iter().chain(commands) {
        // A server that has said no to the greeting says no more.
        let told = stream
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes());
        let said = told.and_then(|()| reply(&mut stream, until));
        match said {
            Ok(said) => replies.push(said),
            Err(e) if e.kind() == ErrorKind::TimedOut => return Err(e),
            Err(_) => break,
        }
    }
    Ok(replies)
}

fn reply(stream: &mut BufReader<TcpStream>, until: Instant) -> io::Result<Reply> {
    let slow = || io::Error::new(ErrorKind::TimedOut, "it takes too long to answer");
    for _ in 0..LINES {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(slow());
        }
        stream.get_ref().set_read_timeout(Some(left))?;
        let mut line = Vec::new();
        let got = stream.by_ref().take(LINE).read_until(b'\n', &mut line);
        match got {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(slow());
            }
            got => got?,
        };
        if line.is_empty() {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "it hung up"));
        }
        let line = String::from_utf8_lossy(&line);
        match Reply::read(&line) {
            Some(reply) => return Ok(reply),
            None if goes_on(&line) => {}
            None => break,
        }
    }
    Err(io::Error::new(
        ErrorKind::InvalidData,
        "it does not speak SMTP",
    ))
}

/// True for a line of a reply that is not its last: `250-SIZE`.
fn goes_on(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    digits == 3 && line.as_bytes().get(3) == Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What is made of a server that says these words at once.
    fn talk(words: &'static [u8]) -> Result<Vec<u16>, ErrorKind> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(words);
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let replies = converse(address, &commands(&["a@b"]));
        server.join().unwrap();
        let replies = replies.map(|replies| replies.iter().map(|reply| reply.code).collect());
        replies.map_err(|e| e.kind())
    }

    // E3
    #[test]
    fn servers_are_bounded() {
        assert_eq!(talk(b"220 x\r\n250-a\r\n250 b\r\n"), Ok(vec![220, 250]));
        assert_eq!(talk(b"554 go away\r\n"), Ok(vec![554]));
        assert_eq!(talk(b""), Err(ErrorKind::UnexpectedEof));
        assert_eq!(talk(b"SSH-2.0-x\r\n"), Err(ErrorKind::InvalidData));
        let endless = b"250-x\r\n".repeat(LINES + 1).leak();
        assert_eq!(talk(endless), Err(ErrorKind::InvalidData));
        assert_eq!(talk(&[b'2'; 5000]), Err(ErrorKind::InvalidData));
    }

    #[test]
    fn what_was_said_to_the_recipients() {
        let all = |codes: &[u16]| -> Vec<Reply> {
            let reply = |code: &u16| Reply {
                code: *code,
                text: String::new(),
            };
            codes.iter().map(reply).collect()
        };
        let replies = all(&[220, 250, 250, 550, 250]);
        assert_eq!(to_recipients(&replies), Ok(&replies[3..]));
        for (codes, want) in [(&[220, 554][..], 554), (&[220, 250], 250)] {
            let replies = all(codes);
            let refused = to_recipients(&replies).unwrap_err();
            assert_eq!(refused.map(|reply| reply.code), Some(want));
        }
        assert_eq!(to_recipients(&[]), Err(None));
    }
}
