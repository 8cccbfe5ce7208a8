//! As much SMTP as a sender's server speaks to ours.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One connection. Every method returns the server's reply, its lines joined by newlines.
pub struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    /// Connects and says EHLO.
    pub fn connect(port: u16) -> Smtp {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connect to the MTA");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut smtp = Smtp {
            stream: BufReader::new(stream),
        };
        let greeting = smtp.reply();
        assert!(greeting.starts_with("220 "), "greeting: {greeting}");
        let hello = smtp.say("EHLO client.example.net");
        assert!(hello.starts_with("250"), "EHLO: {hello}");
        smtp
    }

    /// Sends one command.
    pub fn say(&mut self, command: &str) -> String {
        self.stream
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())
            .expect("write to the MTA");
        self.reply()
    }

    /// Sends a whole message and returns the id that the server gave it.
    ///
    /// `message` has LF or CRLF line ends; what goes over the wire has CRLF.
    pub fn send(&mut self, sender: &str, recipients: &[&str], message: &[u8]) -> String {
        self.send_with(sender, "", recipients, message)
    }

    /// The same, with parameters after the sender's address.
    pub fn send_with(
        &mut self,
        sender: &str,
        parameters: &str,
        recipients: &[&str],
        message: &[u8],
    ) -> String {
        self.expect("250", &format!("MAIL FROM:<{sender}>{parameters}"));
        for recipient in recipients {
            self.expect("250", &format!("RCPT TO:<{recipient}>"));
        }
        self.expect("354", "DATA");
        let mut wire = Vec::with_capacity(message.len() + message.len() / 16);
        for line in message.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b".") {
                wire.push(b'.');
            }
            wire.extend_from_slice(line);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b".\r\n");
        self.stream
            .get_mut()
            .write_all(&wire)
            .expect("write to the MTA");
        let reply = self.reply();
        // Exim's words, and Postfix's.
        let id = reply
            .strip_prefix("250 OK id=")
            .or_else(|| reply.strip_prefix("250 2.0.0 Ok: queued as "))
            .unwrap_or_else(|| panic!("after DATA: {reply}"));
        id.to_owned()
    }

    fn expect(&mut self, code: &str, command: &str) {
        let reply = self.say(command);
        assert!(reply.starts_with(code), "{command}: {reply}");
    }

    fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("read from the MTA");
            reply.push_str(line.trim_end());
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
            reply.push('\n');
        }
    }
}
