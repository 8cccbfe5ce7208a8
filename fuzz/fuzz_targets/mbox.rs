//! The mbox: messages come out as they went in, a cut leaves whole entries, and any file can be read (D2, D3, D6, D7).
#![no_main]

use libfuzzer_sys::fuzz_target;
use tickets::mail::entry::{self, Tail, Trace, Verdict, tail};
use tickets::mail::mbox::{self, entries};
use tickets::mail::message::Message;
use tickets_fuzz::{Choices, run};

fuzz_target!(|data: &[u8]| run(data, target));

const TRACE: Trace<'_> = Trace {
    sender: Some("bob@example.net"),
    filed_under: "ticket-12-done@example.org",
    at: 1_705_050_487,
};

fn target(data: &[u8]) {
    let mut choices = Choices::of(data);
    let (_, raw) = mbox::strip_from_line(data);
    comes_back(raw);
    quoting(raw);
    cut(raw, &mut choices);
    any_file(data, &mut choices);
}

/// D6: also after a mail program has written its flags into the file, twice.
fn comes_back(raw: &[u8]) {
    let file = entry::encode(&TRACE, raw);
    assert!(file.ends_with(b"\n\n"));
    let from_lines = lines(&file).filter(|line| line.starts_with(b"From "));
    assert_eq!(from_lines.count(), 1, "an entry more to Python");
    let flagged_once = flagged(&file);
    let flagged_twice = flagged(&flagged_once);
    for file in [&file, &flagged_once, &flagged_twice] {
        let decoded = entry::decode(only_content(file));
        assert_eq!(decoded.verdict, Verdict::Intact);
        assert!(*decoded.raw == *raw, "other bytes");
        assert_eq!(decoded.delivered_to.as_deref(), Some(TRACE.filed_under));
        assert_eq!(decoded.return_path.as_deref(), TRACE.sender);
        assert_eq!(decoded.size, Some(raw.len() as u64));
        assert_eq!(decoded.sha256, Some(entry::digest(raw)));
        assert_eq!(tail(file, 0), Tail::Whole);
    }

    // Any envelope sender that a stranger may give.
    let sender = Message::new(raw)
        .first("Return-Path")
        .map(|f| String::from_utf8_lossy(f.value).into_owned());
    let trace = Trace {
        sender: sender.as_deref(),
        ..TRACE
    };
    let file = entry::encode(&trace, raw);
    let line = mbox::from_line(trace.sender, trace.at);
    assert!(mbox::is_from_line(line.as_bytes()) && file.starts_with(line.as_bytes()));
    assert_eq!(mbox::date_of(line.as_bytes()), Some(trace.at));
    let decoded = entry::decode(only_content(&file));
    assert!(decoded.verdict == Verdict::Intact && *decoded.raw == *raw);
    assert_eq!(decoded.delivered_to.as_deref(), Some(TRACE.filed_under));
    assert_eq!(tail(&file, 0), Tail::Whole);
}

fn quoting(raw: &[u8]) {
    let mut stored = Vec::new();
    mbox::quote_into(&mut stored, raw);
    for line in lines(&stored) {
        // mutt reads a long line in pieces and treats each as a line.
        assert!(line.chunks(8191).all(|piece| !piece.starts_with(b"From ")));
    }
    assert!(*mbox::unquote(&stored) == *raw);
    let mut back = Vec::new();
    mbox::unquote_into(&mut back, &stored);
    assert!(back == raw);
}

/// D7: a file that is cut anywhere, mended and appended to contains only whole entries, and all that were whole.
fn cut(raw: &[u8], choices: &mut Choices) {
    let first = entry::encode(&TRACE, b"Subject: first\n\nfirst\n");
    let this = entry::encode(&TRACE, raw);
    for (before, last) in [(&first, &this), (&this, &first)] {
        let mut cuts = vec![0, last.len(), last.len() - 1, last.len() - 2];
        cuts.extend((0..3).map(|_| choices.below(last.len())));
        cuts.extend((0..2).map(|_| last.len().saturating_sub(choices.below(12))));
        // The position of the message itself.
        cuts.push(last.len() - choices.below(last.len().min(raw.len() + 3)));
        for cut in cuts {
            cut_at(before, last, cut);
        }
    }
    let cut = choices.below(this.len() + 1);
    let mut file = [&first[..], &this[..cut], &[0; 512]].concat();
    let Tail::SetAside { keep } = tail(&file, 0) else {
        panic!("cut at {cut}, with NULs behind it: {:?}", tail(&file, 0));
    };
    file.truncate(keep as usize);
    mend(&mut file);
    let found: Vec<_> = entries(&file, 0).collect();
    assert_eq!(found[0].content, only_content(&first));
    for entry in found {
        assert_eq!(
            entry::decode(entry.content).verdict,
            Verdict::Intact,
            "cut at {cut}"
        );
    }
}

fn cut_at(before: &[u8], last: &[u8], cut: usize) {
    let new = entry::encode(&TRACE, b"Subject: new\n\nnew\n");
    let mut file = [before, &last[..cut]].concat();
    mend(&mut file);
    assert!(
        file.starts_with(before),
        "cut at {cut}: an earlier entry is gone"
    );
    let whole = file.len() > before.len();
    assert!(
        cut < last.len() || whole,
        "cut at {cut}: nothing was missing"
    );
    file.extend_from_slice(&new);
    let found: Vec<&[u8]> = entries(&file, 0).map(|entry| entry.content).collect();
    assert_eq!(entries(&file, 0).preamble(), b"");
    assert_eq!(found.len(), 2 + usize::from(whole), "cut at {cut}");
    assert_eq!(
        found[0],
        only_content(before),
        "cut at {cut}: an earlier entry changed"
    );
    assert_eq!(*found[found.len() - 1], *only_content(&new), "cut at {cut}");
    if whole {
        // The bytes may differ: a line end that the digest proves need not be stored.
        let (was, is) = (entry::decode(only_content(last)), entry::decode(found[1]));
        assert_eq!(
            is.verdict,
            Verdict::Intact,
            "cut at {cut}: half of it remains"
        );
        assert!(is == was, "cut at {cut}: another message");
    }
}

/// Mends a file as the store does before it appends. Text that would be set aside is dropped.
fn mend(file: &mut Vec<u8>) {
    for _ in 0..3 {
        match tail(file, 0) {
            Tail::Whole => return,
            Tail::Missing(newlines) => file.extend_from_slice(newlines),
            Tail::Torn { keep } | Tail::SetAside { keep } => {
                assert!(keep < file.len() as u64);
                file.truncate(keep as usize);
            }
        }
    }
    panic!("never mended");
}

/// The input as a file that other programs wrote or changed.
fn any_file(file: &[u8], choices: &mut Choices) {
    let all: Vec<_> = entries(file, 0).collect();
    let mut pos = entries(file, 0).preamble().len() as u64;
    for entry in &all {
        assert_eq!(entry.start, pos);
        assert!(entry.start < entry.header && entry.header <= entry.body);
        assert!(entry.body <= entry.end && entry.end <= entry.next);
        assert!(mbox::is_from_line(entry.from_line));
        assert_eq!(
            entry.content,
            &file[entry.header as usize..entry.end as usize]
        );
        pos = entry.next;
        let decoded = entry::decode(entry.content);
        match decoded.verdict {
            Verdict::Intact => {
                assert_eq!(decoded.sha256, Some(entry::digest(&decoded.raw)));
                assert_eq!(decoded.size, Some(decoded.raw.len() as u64));
            }
            Verdict::Changed => assert!(decoded.sha256.is_some()),
            Verdict::Foreign => {
                assert!(*decoded.raw == *entry.content && decoded.delivered_to.is_none())
            }
        }
    }
    assert_eq!(pos, file.len() as u64);

    // Reading can start after entries that are known already.
    if !all.is_empty() {
        let nth = choices.below(all.len());
        let from = all[nth].start;
        let rest: Vec<_> = entries(&file[from as usize..], from).collect();
        assert_eq!(rest, all[nth..]);
    }
    mended(file);
}

/// Mending any file only removes bytes at its end, and keeps the entries before.
fn mended(file: &[u8]) {
    let mut mended = file.to_vec();
    let mut kept = file.len();
    for round in 0.. {
        // Each round removes at least an entry or a run of empty lines.
        assert!(round <= file.len(), "never mended");
        match tail(&mended, 0) {
            Tail::Whole => break,
            Tail::Missing(newlines) => mended.extend_from_slice(newlines),
            Tail::Torn { keep } | Tail::SetAside { keep } => {
                mended.truncate(keep as usize);
                kept = kept.min(mended.len());
            }
        }
        if round > 20 {
            // A file that is torn this often does not occur in practice.
            return;
        }
    }
    assert_eq!(mended[..kept], file[..kept]);
    assert!(mended[kept..].iter().all(|&b| b == b'\n') && mended.len() - kept < 8);
    // A Content-Length of others may reach beyond the end of the file, and is then ignored until there is more.
    let lengths = |line: &[u8]| {
        line.get(..14)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"content-length"))
    };
    if lines(file).any(lengths) {
        return;
    }
    let before: Vec<_> = entries(&mended, 0)
        .map(|entry| entry.content.to_vec())
        .collect();
    let new = entry::encode(&TRACE, b"Subject: new\n\nnew\n");
    mended.extend_from_slice(&new);
    let after: Vec<_> = entries(&mended, 0)
        .map(|entry| entry.content.to_vec())
        .collect();
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.starts_with(&before), "an entry changed");
    assert_eq!(*after[before.len()], *only_content(&new));
}

fn only_content(file: &[u8]) -> &[u8] {
    let mut found = entries(file, 0);
    assert_eq!(found.preamble(), b"");
    let entry = found.next().expect("an entry");
    assert_eq!(found.next(), None, "two entries");
    entry.content
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&b| b == b'\n')
}

/// Adds flags as mutt does: fields at the end of what it considers the header.
fn flagged(file: &[u8]) -> Vec<u8> {
    let entry = entries(file, 0).next().expect("an entry");
    let mut end = 0;
    for (nth, line) in lines(entry.content).enumerate() {
        let folded = nth > 0 && line.starts_with(b" ");
        let colon = line.iter().position(|b| b": \t".contains(b));
        let is_field = colon.is_some_and(|at| line[at] == b':');
        if !(folded || is_field || line.starts_with(b">From ")) {
            break;
        }
        end += line.len();
    }
    let (fields, rest) = entry.content.split_at(end);
    let body = rest
        .strip_prefix(b"\n")
        .or(rest.strip_prefix(b"\r\n"))
        .unwrap_or(rest);
    let added = format!(
        "Status: RO\nX-Status: F\nContent-Length: {}\nLines: 7\n\n",
        body.len()
    );
    let from_line = &file[..entry.header as usize];
    [from_line, fields, added.as_bytes(), body, b"\n"].concat()
}
