//! Bytes of mail on standard output: as they are, but not to a terminal that they could steer (E2).

use crate::error::{Fault, Status};
use std::io::{self, IsTerminal, Read, Write};

/// Standard output for bytes that strangers wrote.
#[derive(Debug)]
pub(crate) struct RawOutput {
    terminal: bool,
    command: String,
}

impl RawOutput {
    /// `command` is what was typed.
    pub(crate) fn new(command: impl Into<String>) -> RawOutput {
        RawOutput {
            terminal: io::stdout().is_terminal(),
            command: command.into(),
        }
    }

    /// Prints bytes as they are.
    ///
    /// # Errors
    /// As for [`RawOutput::check`].
    pub(crate) fn print(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.check(bytes)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        Ok(stdout.flush()?)
    }

    /// Prints all of `input`, of which a terminal alone needs all in memory.
    ///
    /// # Errors
    /// As for [`RawOutput::check`]; and `input` cannot be read.
    pub(crate) fn copy(&self, mut input: impl Read) -> anyhow::Result<()> {
        if self.terminal {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes)?;
            return self.print(&bytes);
        }
        let mut stdout = io::stdout().lock();
        io::copy(&mut input, &mut stdout)?;
        Ok(stdout.flush()?)
    }

    /// Looks whether bytes may be printed: all of what is printed, or whole lines of it.
    ///
    /// # Errors
    /// Status 64 if standard output is a terminal to which they could do harm.
    pub(crate) fn check(&self, bytes: &[u8]) -> anyhow::Result<()> {
        if self.terminal && !is_harmless(bytes) {
            let text = "cannot show this on a terminal: it holds control characters or binary data";
            let fault = Fault::new(Status::Usage, text);
            return Err(fault
                .hint(format!("`{} > FILE` saves it", self.command))
                .into());
        }
        Ok(())
    }
}

/// `bytes` as text in which every control character but tabs and line ends can be seen: ESC is `^[`, as cat(1) shows it.
pub(crate) fn visible(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' => shown.push(c),
            '\0'..='\x1f' | '\x7f' => {
                shown.push('^');
                shown.push(char::from(c as u8 ^ 0x40));
            }
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// True if `bytes` are text whose only control characters are tabs and line ends.
fn is_harmless(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        let mut controls = text.chars().filter(|c| c.is_control());
        controls.all(|c| matches!(c, '\t' | '\r' | '\n'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // I1
    #[test]
    fn control_characters_can_be_seen() {
        let table: [(&[u8], &str); 4] = [
            ("Grüße\r\n\tzu\n".as_bytes(), "Grüße\n\tzu\n"),
            (b"a\x1b[8mb\x1b[2J\x07\0\x7f\r", "a^[[8mb^[[2J^G^@^?^M"),
            ("\u{9b}2J".as_bytes(), "\\u{9b}2J"),
            (b"\xff", "\u{fffd}"),
        ];
        for (bytes, want) in table {
            assert_eq!(visible(bytes), want);
            assert!(is_harmless(visible(bytes).as_bytes()));
        }
    }

    #[test]
    fn terminals_get_text_only() {
        for (case, bytes, want) in [
            ("text", "Grüße\r\n\tzu\n".as_bytes(), true),
            ("escape", b"\x1b[2J", false),
            ("eight bit", b"\x9b2J", false),
            ("C1", "\u{9b}2J".as_bytes(), false),
            ("NUL", b"a\0", false),
            ("nothing", b"", true),
        ] {
            assert_eq!(is_harmless(bytes), want, "{case}");
        }
    }
}
