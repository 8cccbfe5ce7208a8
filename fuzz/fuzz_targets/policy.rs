//! Postfix's policy dialogue: one line for each whole question, however it comes in and whatever the
//! decision is made of, and no more in memory than a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{BufRead, BufReader, Read};
use tickets::ticket::dialogue::{LINE, answer};
use tickets_fuzz::{Choices, run};

fuzz_target!(|data: &[u8]| run(data, target));

fn target(raw: &[u8]) {
    let mut asked = Vec::new();
    let said = answers(&mut &raw[..], &mut asked);
    let actions = actions(&said);
    let questions = questions(raw);
    assert_eq!(actions.len(), questions.len());
    let mut recipients = asked.iter();
    for (action, wanted) in actions.iter().zip(&questions) {
        assert!(
            action.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{action:?}"
        );
        match wanted {
            None => assert_eq!(*action, "DUNNO"),
            Some(recipient) => assert_eq!(Some(recipient), recipients.next()),
        }
    }
    assert_eq!(recipients.next(), None);

    // In pieces, as a connection has it.
    let capacity = 1 + Choices::of(raw).below(50);
    let mut pieces = Vec::new();
    let again = answers(&mut BufReader::with_capacity(capacity, raw), &mut pieces);
    assert_eq!((again, pieces), (said.clone(), asked));

    // A line that does not end is not kept, and what follows it is understood.
    let mut endless = Endless(4 * LINE).chain(&b"\n"[..]).chain(raw);
    let mut after = Vec::new();
    let mut bounded = Bounded(BufReader::new(&mut endless));
    assert_eq!(answers(&mut bounded, &mut after), said);
}

fn answers(input: &mut impl BufRead, asked: &mut Vec<String>) -> Vec<u8> {
    let mut said = Vec::new();
    let decide = |recipient: &str| {
        asked.push(recipient.to_owned());
        // The worst that can be said: what the stranger wrote, and the end of an answer.
        format!("550 {recipient}\n\naction=OK")
    };
    answer(input, &mut said, decide).unwrap();
    said
}

fn actions(said: &[u8]) -> Vec<&str> {
    let said = std::str::from_utf8(said).unwrap();
    let mut rest = said;
    let mut found = Vec::new();
    while let Some(answer) = rest.strip_prefix("action=") {
        let (action, after) = answer.split_once("\n\n").unwrap();
        found.push(action);
        rest = after;
    }
    assert_eq!(rest, "");
    found
}

/// A second reading: of each whole question, whom it is to be decided about.
fn questions(raw: &[u8]) -> Vec<Option<String>> {
    let mut questions = Vec::new();
    let (mut at_rcpt, mut recipients) = (false, Vec::new());
    for line in raw.split_inclusive(|&b| b == b'\n') {
        if !line.ends_with(b"\n") || line.len() > LINE {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        if let Some(state) = text.strip_prefix("protocol_state=") {
            at_rcpt = state == "RCPT";
        }
        if let Some(recipient) = text.strip_prefix("recipient=") {
            recipients.push(recipient.to_owned());
        }
        if text.is_empty() {
            let one = (at_rcpt && recipients.len() == 1).then(|| recipients.remove(0));
            questions.push(one.filter(|recipient| !recipient.is_empty()));
            (at_rcpt, recipients) = (false, Vec::new());
        }
    }
    questions
}

struct Endless(usize);

impl Read for Endless {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = to.len().min(self.0);
        to[..count].fill(b'x');
        self.0 -= count;
        Ok(count)
    }
}

/// Panics if more of a line is asked for at once than a line may have.
struct Bounded<R>(R);

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        assert!(to.len() <= LINE);
        self.0.read(to)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}
