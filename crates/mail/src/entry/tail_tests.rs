//! What a kill or a power cut can leave, cut at every byte (D7).

use super::tail as tail_of_bytes;
use super::*;
use crate::entry;
use crate::mbox::entries;

const OTHERS: &str =
    "From eve@x  Mon Jan  1 00:00:00 2024\nSubject: from Postfix\n\nhello\n\nFrom here on\n\n";

fn ours(raw: &[u8]) -> Vec<u8> {
    let trace = Trace {
        sender: Some("bob@example.net"),
        filed_under: "ticket-12@example.org",
        at: 1_705_050_487,
    };
    let modules = ["rspamd; go=on; note=\"From x\"".to_owned()];
    entry::encode_noted(&trace, &modules, raw)
}

/// The same as an export writes it, with a field on top.
fn exported(raw: &[u8]) -> Vec<u8> {
    let entry = ours(raw);
    let line = entry.iter().position(|&b| b == b'\n').unwrap() + 1;
    let mark = b"X-Tickets-Export: ticket=12; state=closed; entry=1;\n date=2024-01-12T09:08:07Z\n";
    [&entry[..line], mark, &entry[line..]].concat()
}

/// Mails whose every prefix is a trap: empty lines, bodies that end in them, quotes, held fields, NULs.
fn mails() -> Vec<Vec<u8>> {
    let mails: &[&[u8]] = &[
        b"Subject: a\n\none\n\ntwo\n\nFrom eve@x Mon Jan  1 00:00:00 2024\n\nF\n",
        b"Subject: crlf\r\nStatus: RO\r\n\r\none\r\n\r\nFrom \r\n\r\n\r\n\r\n",
        b"Lines:",
        b"From ",
        b"",
        b"\n",
        b"no header, no end",
        b"Subject: no body\n",
        b"A: b\n\nmixed\r\n\nFr\r\n\r\n",
        b"N\0: x\n\nends in\n\n\n\n",
        b"A: b\n\nnul\0\0",
        b"\nmixed, cut behind a CR\r\n\r",
        b"A: crlf, cut behind a CR\r\n\r\n\r",
    ];
    mails.iter().map(|mail| mail.to_vec()).collect()
}

/// What the end needs, which is the same whether the file is in memory or not.
fn tail(file: &[u8], base: u64) -> Tail {
    let judged = tail_of_bytes(file, base);
    if base == 0 {
        let found = tail_of_file(&mut std::io::Cursor::new(file), file.len() as u64);
        assert_eq!(
            found.unwrap(),
            judged,
            "{:?}",
            String::from_utf8_lossy(file)
        );
    }
    judged
}

/// Does what the store does, until a new entry may follow; what was set aside was not yet lost.
fn mend(file: &mut Vec<u8>) {
    for _ in 0..3 {
        match tail(file, 0) {
            Tail::Whole => return,
            Tail::Missing(newlines) => file.extend_from_slice(newlines),
            Tail::Torn { keep } | Tail::SetAside { keep } => file.truncate(keep as usize),
        }
    }
    panic!("never mended: {:?}", String::from_utf8_lossy(file));
}

fn contents(file: &[u8]) -> Vec<Vec<u8>> {
    assert_eq!(entries(file, 0).preamble(), b"");
    entries(file, 0)
        .map(|entry| entry.content.to_vec())
        .collect()
}

/// Cuts `last` at every byte behind `before`, mends, appends, and looks at what there is.
fn cut_everywhere(before: &[u8], last: &[u8]) {
    let new = ours(b"Subject: new\n\nnew\n");
    for cut in 0..=last.len() {
        let mut file = [before, &last[..cut]].concat();
        let case = format!("{cut}: {:?}", String::from_utf8_lossy(&file));
        mend(&mut file);
        assert!(file.starts_with(before), "{case}");
        let whole = file.len() > before.len();
        file.extend_from_slice(&new);
        let (old, all) = (contents(before), contents(&file));
        assert_eq!(all.len(), old.len() + usize::from(whole) + 1, "{case}");
        assert!(all.starts_with(&old), "{case}: an earlier entry changed");
        if whole {
            // The bytes may differ where the digest proves a line end that was cut off.
            let (was, is) = (&contents(last)[0], &all[old.len()]);
            let (was, is) = (entry::decode(was), entry::decode(is));
            assert_eq!(is.verdict, Verdict::Intact, "{case}: half of it remains");
            assert_eq!(is, was, "{case}");
        }
        assert_eq!(
            &*entry::decode(&all[all.len() - 1]).raw,
            b"Subject: new\n\nnew\n",
            "{case}"
        );
    }
}

#[test]
fn a_cut_at_any_byte_leaves_whole_entries() {
    let first = ours(b"Subject: first\n\nfirst\n");
    for mail in mails() {
        cut_everywhere(b"", &ours(&mail));
        cut_everywhere(&first, &ours(&mail));
        cut_everywhere(&ours(&mail), &first);
        cut_everywhere(&[&first[..], OTHERS.as_bytes()].concat(), &ours(&mail));
        cut_everywhere(&first, &exported(&mail));
    }
    let long = [&[b'>'; 20_000][..], b"From "].concat();
    let entry = ours(&long);
    for cut in entry.len() - 60..entry.len() - 3 {
        assert_eq!(tail(&entry[..cut], 0), Tail::Torn { keep: 0 }, "{cut}");
    }
}

#[test]
fn a_cut_with_nuls_behind_it_is_set_aside() {
    let first = ours(b"Subject: first\n\nfirst\n");
    let last = ours(b"Subject: a\n\none\n\ntwo\n");
    for cut in 0..=last.len() {
        let mut file = [&first[..], &last[..cut], &[0; 4096]].concat();
        let Tail::SetAside { keep } = tail(&file, 0) else {
            panic!("{cut}: {:?}", tail(&file, 0));
        };
        file.truncate(keep as usize);
        mend(&mut file);
        let found = contents(&file);
        assert_eq!(found[0], contents(&first)[0], "{cut}");
        for content in found {
            assert_eq!(entry::decode(&content).verdict, Verdict::Intact, "{cut}");
        }
    }
}

#[test]
fn of_an_entry_with_a_hole_nothing_remains() {
    let line = "A line, and an empty one.\n\nFrom here on\n";
    let long = format!("Subject: a\n\n{}", line.repeat(400));
    let befores = [
        ours(b"Subject: first\n\nfirst\n"),
        // It has NULs of its own, just before the hole.
        ours(&[b"A: b\n\n".as_slice(), &[0; 1500]].concat()),
        [&ours(b"A: b\n\n\0"), OTHERS.as_bytes()].concat(),
    ];
    for (before, block) in befores.iter().flat_map(|b| [(b, 512), (b, 4096)]) {
        let whole = [&before[..], &ours(long.as_bytes())].concat();
        assert_eq!(tail(&whole, 0), Tail::Whole);
        let first = before.len() / block;
        let blocks = whole.len().div_ceil(block);
        for one in first..blocks {
            let is_lost: [&dyn Fn(usize) -> bool; 3] = [&|i| i == one, &|i| i != one, &|i| {
                i % 3 == one % 3 && i <= one
            }];
            for is_lost in is_lost {
                let mut file = whole.clone();
                for i in (first..blocks).filter(|&i| is_lost(i)) {
                    let end = whole.len().min((i + 1) * block);
                    file[before.len().max(i * block)..end].fill(0);
                }
                mend(&mut file);
                let what = file.len();
                assert!(
                    file == *before || file == whole,
                    "{block} {one}: {what} bytes"
                );
            }
        }
    }
}

/// A mail with NULs of its own wherever a block may end, and mutt's flags in its header: no hole.
#[test]
fn a_mail_of_nuls_that_mutt_flagged_is_whole() {
    let nuls = [b"Subject: x\n\n".to_vec(), b"\n\n\0".repeat(1000)].concat();
    for lines in 0..4 {
        let mail = [nuls.clone(), b"\n".repeat(lines)].concat();
        let file = ours(&mail);
        let body = file.windows(2).position(|w| w == b"\n\n").unwrap();
        let (head, rest) = file.split_at(body + 1);
        let flagged = [head, b"Status: RO\nX-Status: F\n", rest].concat();
        for before in [&b""[..], OTHERS.as_bytes()] {
            let file = [before, &flagged].concat();
            assert_eq!(tail(&file, 0), Tail::Whole);
        }
    }
}

#[test]
fn what_may_be_mail_is_never_cut() {
    let first = String::from_utf8(ours(b"Subject: first\n\nfirst\n")).unwrap();
    let mail = String::from_utf8(ours(b"Subject: a\n\none\n\ntwo\n")).unwrap();
    let at = first.len() as u64;
    let flagged = mail.replace(
        "Subject: a\n",
        "Subject: a\nStatus: RO\nContent-Length: 9\nLines: 3\n",
    );
    let from = "From eve@x  Mon Jan  1 00:00:00 2024\n";
    let table: &[(&str, String, Tail)] = &[
        ("empty", String::new(), Tail::Whole),
        ("only empty lines", "\n\n".into(), Tail::Torn { keep: 0 }),
        (
            "no mbox at all",
            "a letter\n".into(),
            Tail::SetAside { keep: 0 },
        ),
        ("ours", first.clone() + &mail, Tail::Whole),
        (
            "more empty lines",
            first.clone() + &mail + "\n\n",
            Tail::Whole,
        ),
        (
            "one newline gone",
            first.clone() + &mail[..mail.len() - 1],
            Tail::Missing(b"\n"),
        ),
        (
            "two newlines gone",
            first.clone() + &mail[..mail.len() - 2],
            Tail::Missing(b"\n\n"),
        ),
        ("mutt flagged it", first.clone() + &flagged, Tail::Whole),
        (
            "flagged, one newline gone",
            first.clone() + &flagged[..flagged.len() - 1],
            Tail::Missing(b"\n"),
        ),
        (
            "flagged and shortened",
            first.clone() + &flagged.replace("\n\ntwo", ""),
            Tail::Whole,
        ),
        (
            "made longer",
            first.clone() + &mail.replace("two", "two, three"),
            Tail::Whole,
        ),
        (
            "as long, but other words",
            first.clone() + &mail.replace("two", "six"),
            Tail::Whole,
        ),
        (
            "shorter, by an editor or a cut",
            first.clone() + &mail.replace("two\n", ""),
            Tail::SetAside { keep: at },
        ),
        ("by others", OTHERS.into(), Tail::Whole),
        (
            "by others, one newline",
            OTHERS.trim_end().to_owned() + "\n",
            Tail::Missing(b"\n"),
        ),
        (
            "by others, no newline",
            OTHERS.trim_end().into(),
            Tail::Missing(b"\n\n"),
        ),
        (
            "by others, with NULs",
            OTHERS.replace("hello\n", "\0\0hello\0\n\0\n\n\0\0\n"),
            Tail::Whole,
        ),
        (
            "as long, but with NULs",
            first.clone() + &mail.replace("two", "\0\0\0"),
            Tail::Whole,
        ),
        ("by others, CRLF", OTHERS.replace('\n', "\r\n"), Tail::Whole),
        (
            "by others, only a header",
            format!("{from}Subject: x\n"),
            Tail::Missing(b"\n"),
        ),
        (
            "by others, only a From_ line",
            first.clone() + from,
            Tail::SetAside { keep: at },
        ),
        (
            "by others, then a cut From_ line",
            format!("{OTHERS}From bo"),
            Tail::SetAside {
                keep: OTHERS.len() as u64,
            },
        ),
        (
            "ours, then a cut From_ line",
            first.clone() + "From bo",
            Tail::Torn { keep: at },
        ),
        (
            "ours, then a sentence",
            first.clone() + "From here I go",
            Tail::Missing(b"\n\n"),
        ),
        (
            "ours, then NULs",
            first.clone() + "\0\0\0",
            Tail::SetAside { keep: at },
        ),
    ];
    for (case, file, want) in table {
        assert_eq!(tail(file.as_bytes(), 0), *want, "{case}");
    }
    // Only the end of the file is at hand.
    assert_eq!(tail(b"", 700), Tail::Whole);
    assert_eq!(tail(b"\n", 700), Tail::Whole);
    assert_eq!(tail(b"From bob", 700), Tail::Torn { keep: 700 });
    assert_eq!(
        tail(&mail.as_bytes()[..mail.len() - 4], 700),
        Tail::Torn { keep: 700 }
    );
}
