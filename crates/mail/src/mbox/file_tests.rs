//! A file that is read in pieces has the same entries as one that is in memory.

use std::io::Cursor;

use proptest::prelude::*;

use super::super::entries;
use super::super::nasty::nasty_bytes;
use super::*;

/// All spans of `file`, read `chunk` bytes at a time, each checked against [`entries`].
#[track_caller]
pub(in super::super) fn same_as_entries(name: &str, file: &[u8], chunk: usize) {
    let mut spans =
        FileEntries::with_chunk(Cursor::new(file), file.len() as u64, chunk, false).unwrap();
    let all = entries(file, 0);
    assert_eq!(
        spans.preamble(),
        all.preamble().len() as u64,
        "{name}, {chunk}"
    );
    for entry in all {
        let span = spans.next().unwrap();
        let want = EntrySpan {
            start: entry.start,
            header: entry.header,
            body: entry.body,
            end: entry.end,
            next: entry.next,
        };
        assert_eq!(span, Some(want), "{name}, {chunk} bytes at a time");
        let content = spans.read(want.header, want.end).unwrap();
        assert!(content == entry.content, "{name}, {chunk} bytes at a time");
    }
    assert_eq!(spans.next().unwrap(), None, "{name}, {chunk}");
}

#[test]
fn wherever_a_piece_ends() {
    let from = "From eve@example.org Mon Jan  1 00:00:00 2024\n";
    let files = [
        String::new(),
        "\n\n".into(),
        "no mbox at all\n".into(),
        format!("\n\n{from}A: 1\n\nx\n\n{from}B: 2\n\ny\n\n"),
        format!("torn off\n{from}A: 1\n\nx"),
        format!("{from}{from}A: 1\n\nx\n{from}B: 2\n"),
        format!(
            "{from}A: 1\nContent-Length: {}\n\na\n{from}b\n\n{from}B: 2\n\ny\n\n",
            3 + from.len()
        ),
        format!("{from}A: 1\nContent-Length: 7\ncontent-length: 2\n\na\n\n{from}B: 2\n\ny\n\n"),
        format!("{from}A: 1\r\n\r\nx\r\n\r\n{from}B: 2\r\n\r\ny\r\n\r\n"),
        format!("{from}no header\n\n{from}{}\n\n{from}\n", "q".repeat(500)),
        format!("{from}A: {}\n\n{from}B: 1\n", "q".repeat(LINE + 10)),
        format!("{from}A: 1\n\nFrom here\nFrom {from}\n\n"),
        format!(
            "{from}A: 1\n\nFrom {}@x Mon Jan  1 00:00:00 2024\nB: 2\n\n",
            "q".repeat(LINE)
        ),
    ];
    for (nth, file) in files.iter().enumerate() {
        for chunk in [1, 2, 3, 5, 7, 40, 64, 1000] {
            same_as_entries(&format!("file {nth}"), file.as_bytes(), chunk);
        }
    }
}

#[test]
fn a_file_that_gets_shorter_is_an_error() {
    let file = b"From a@x Mon Jan  1 00:00:00 2024\nA: 1\n\nx\n";
    let walk = FileEntries::with_chunk(Cursor::new(file), file.len() as u64 + 100, 8, false);
    let error = walk.and_then(|mut spans| spans.next()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

proptest! {
    #[test]
    fn any_file(parts in prop::collection::vec(nasty_bytes(), 0..4), chunk in 1..600usize) {
        let from = b"From eve@example.org Mon Jan  1 00:00:00 2024\n";
        let file: Vec<u8> = parts.iter().flat_map(|part| [&from[..], part].concat()).collect();
        same_as_entries("a file", &file, chunk);
        same_as_entries("without a From_ line", &file[from.len().min(file.len())..], chunk);
    }
}

#[test]
fn bare_from_lines_begin_entries_of_archives() {
    let dated = "From - Sun Nov 22 10:00:00 2026\n";
    for (case, file, want) in [
        (
            "after a dated one",
            format!("{dated}A: 1\n\none\n\nFrom \nB: 2\n\ntwo\n\n"),
            &["A: 1\n\none\n", "B: 2\n\ntwo\n"][..],
        ),
        (
            "first",
            "From \nA: 1\n\none\n\nFrom \nB: 2\n\ntwo\n".into(),
            &["A: 1\n\none\n", "B: 2\n\ntwo\n"],
        ),
        (
            "CRLF, a dash",
            "From -\r\nA: 1\r\n\r\none\r\n\r\nFrom -\r\nB: 2\r\n\r\n".into(),
            &["A: 1\r\n\r\none\r\n", "B: 2\r\n\r\n"],
        ),
        (
            "no header follows",
            format!("{dated}A: 1\n\none\nFrom \nhere on\n\nFrom \n"),
            &["A: 1\n\none\nFrom \nhere on\n\nFrom \n"],
        ),
        (
            "not bare",
            format!("{dated}A: 1\n\none\n\nFrom x\nB: 2\n"),
            &["A: 1\n\none\n\nFrom x\nB: 2\n"],
        ),
    ] {
        for chunk in [1, 7, 100] {
            let (input, size) = (Cursor::new(file.as_bytes()), file.len() as u64);
            let mut spans = FileEntries::with_chunk(input, size, chunk, true).unwrap();
            let mut found = Vec::new();
            while let Some(span) = spans.next().unwrap() {
                found.push(String::from_utf8(spans.read(span.header, span.end).unwrap()).unwrap());
            }
            assert_eq!(found, want, "{case}, {chunk}");
        }
        // In a store no such line counts.
        let dated = entries(file.as_bytes(), 0).count();
        assert_eq!(dated, usize::from(file.starts_with("From - Sun")), "{case}");
    }
}

#[test]
fn the_notes_of_an_imap_server_are_no_mail() {
    // D2
    let notes = "From MAILER-DAEMON Sun Nov 22 09:00:00 2026\nDate: 22 Nov 2026 09:00:00 +0000\n\
        From: Mail System Internal Data <MAILER-DAEMON@mail>\n\
        Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nInternal.\n\n";
    let mail = "From eve@example.org Mon Jan  1 00:00:00 2024\nA: 1\n\none\n\n";
    let counted = |file: &str| {
        for chunk in [1, 7, 1000] {
            same_as_entries("notes", file.as_bytes(), chunk);
        }
        entries(file.as_bytes(), 0).count()
    };
    for (case, file, want) in [
        ("first", format!("{notes}{mail}{mail}"), 2),
        ("alone", notes.to_owned(), 0),
        ("CRLF", format!("{notes}{mail}").replace('\n', "\r\n"), 1),
        (
            "a mail that looks like them is never first but by chance",
            format!("{mail}{notes}"),
            2,
        ),
        (
            "our own entry of such a mail",
            format!(
                "{}{mail}",
                notes.replacen("Date: ", "Return-Path: <>\nDate: ", 1)
            ),
            2,
        ),
        (
            "other words",
            format!("{}{mail}", notes.replace("DON'T", "DO")),
            2,
        ),
    ] {
        assert_eq!(counted(&file), want, "{case}");
    }
}
