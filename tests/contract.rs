//! The contract, `docs/contract.md`, and the bounds in `docs/security.md` are what the tests prove: each
//! promise that holds is cited by a test, each citation names a promise, and each key of the configuration
//! is one that is read.
//!
//! A citation stands in a comment, in one of two forms:
//!
//! - the comment begins with rows: `// A6`, `/// A5, B7: two at once.`, `// B1 to B3, B8`;
//! - rows in parentheses, before other words or alone: `(D9)`, `(D7, A4)`, `(C2, as a note)`.
//!
//! So the size of a sheet of paper, a charset and the number of an RFC cite nothing.
//! `cargo test --test blackbox contract:: -- --nocapture` lists the tests of each row.

use super::bench::Bench;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const PAGE: &str = include_str!("../docs/contract.md");

/// The page whose rows begin with T.
const SECURITY: &str = include_str!("../docs/security.md");

/// What stands before that which is promised and not kept yet.
const TO_COME: &str = "**To come:**";

/// Where rows are cited.
const ROOMS: [&str; 8] = [
    "src", "crates", "tests", "fuzz", "benches", "contrib", "docs", "build.rs",
];

/// Rows in the order of the page, each with the part that holds today.
fn rows(page: &str) -> Vec<(String, String)> {
    let start = Regex::new(r"^\*\*([A-LT][0-9]+)\*\* ").unwrap();
    let mut rows: Vec<(String, String)> = Vec::new();
    for paragraph in page.split("\n\n") {
        if let Some(found) = start.captures(paragraph) {
            let promised = &paragraph[found[0].len()..];
            let holds = promised.split(TO_COME).next().unwrap_or_default();
            rows.push((found[1].to_owned(), holds.trim().to_owned()));
        }
    }
    rows
}

/// The files below `path` that people wrote.
fn files(path: &Path, found: &mut Vec<PathBuf>) {
    let name = path.file_name().unwrap_or_default();
    // What this file says of citations are none.
    if name == "contract.rs" {
        return;
    }
    if ["target", "corpus", "artifacts"]
        .iter()
        .any(|d| name == *d && path.is_dir())
    {
        return;
    }
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| files(entry, found));
    } else {
        found.push(path.to_owned());
    }
}

/// All files that may cite a row: their names from the root, and their text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for room in ROOMS {
        files(&root.join(room), &mut found);
    }
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        Some((name, fs::read_to_string(path).ok()?))
    };
    found.into_iter().filter_map(read).collect()
}

/// A comment: the number of its first line, from 0, and its lines without the marks.
struct Comment<'a> {
    line: usize,
    lines: Vec<&'a str>,
}

/// The comments of a file. Lines that follow each other are one; a page is all comment.
fn comments<'a>(name: &str, text: &'a str) -> Vec<Comment<'a>> {
    if name.ends_with(".md") {
        let lines = text.lines().collect();
        return vec![Comment { line: 0, lines }];
    }
    let mark = if name.ends_with(".rs") || name.ends_with(".c") {
        "//"
    } else {
        "#"
    };
    let mut comments: Vec<Comment> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let begins = line.find(mark).filter(|&at| {
            let before = &line[..at];
            before.is_empty() || before.ends_with(' ')
        });
        let Some(at) = begins else {
            goes_on = false;
            continue;
        };
        let words = line[at..].trim_start_matches(['/', '!', '#']).trim();
        let alone = line[..at].trim().is_empty();
        match comments.last_mut() {
            Some(last) if goes_on && alone => last.lines.push(words),
            _ => comments.push(Comment {
                line: number,
                lines: vec![words],
            }),
        }
        goes_on = alone;
    }
    comments
}

/// The rows that a comment cites.
fn cited(comment: &Comment) -> BTreeSet<String> {
    const ROWS: &str = r"[A-LT][0-9]+(?:(?:, | and | to )[A-LT][0-9]+)*";
    static FIRST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"^({ROWS})(?:[:.,;]|$)")).unwrap());
    static IN_PARENTHESES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"\((?:promises? )?({ROWS})[),:;]")).unwrap());
    static PIECES: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(to )?([A-LT])([0-9]+)").unwrap());
    let whole = comment.lines.join(" ");
    let begins = comment.lines.first().and_then(|line| FIRST.captures(line));
    let lists = begins
        .into_iter()
        .chain(IN_PARENTHESES.captures_iter(&whole));
    let mut rows = BTreeSet::new();
    for list in lists {
        let mut last = 0;
        for piece in PIECES.captures_iter(list.get(1).unwrap().as_str()) {
            let number: u32 = piece[3].parse().unwrap();
            let from = if piece.get(1).is_some() { last } else { number };
            rows.extend((from..=number).map(|n| format!("{}{n}", &piece[2])));
            last = number;
        }
    }
    rows
}

/// A test: its name with its file, and its lines, from the comment above it to its end.
struct Test<'a> {
    name: String,
    first: usize,
    lines: Vec<&'a str>,
}

/// The tests of a file, which rustfmt has formatted.
fn tests<'a>(file: &str, text: &'a str) -> Vec<Test<'a>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut tests = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if line.trim() != "#[test]" {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let above = lines[..at].iter().rev().take_while(|line| {
            let line = line.trim_start();
            line.starts_with("//") || line.starts_with("#[")
        });
        let first = at - above.count();
        let end = format!("{indent}}}");
        let last = lines[at..].iter().position(|line| **line == end);
        let last = at + last.expect("a test ends with a brace");
        let body = lines[at..=last].iter();
        let name = body
            .filter_map(|line| line.trim_start().strip_prefix("fn "))
            .next();
        let name = name.and_then(|name| name.split('(').next());
        tests.push(Test {
            name: format!("{file} {}", name.expect("a test has a name")),
            first,
            lines: lines[first..=last].to_vec(),
        });
    }
    tests
}

/// The tests that cite each row.
fn citing(sources: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut citing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources.iter().filter(|(file, _)| file.ends_with(".rs")) {
        let comments = comments(file, text);
        for test in tests(file, text) {
            let own = comments.iter().filter(|comment| {
                (test.first..test.first + test.lines.len()).contains(&comment.line)
            });
            let rows: BTreeSet<String> = own.flat_map(cited).collect();
            for row in rows {
                citing.entry(row).or_default().push(test.name.clone());
            }
        }
    }
    citing
}

/// The rows of sections A to E and T that hold and that no test cites.
fn unproven(page: &str, sources: &[(String, String)]) -> Vec<String> {
    let citing = citing(sources);
    let rows = rows(page).into_iter().filter(|(row, holds)| {
        !holds.is_empty() && row.starts_with(|c| ('A'..='E').contains(&c) || c == 'T')
    });
    rows.map(|(row, _)| row)
        .filter(|row| !citing.contains_key(row))
        .collect()
}

#[test]
fn every_promise_that_holds_is_cited_by_a_test() {
    let sources = sources();
    for (row, tests) in citing(&sources) {
        println!("{row}");
        tests.iter().for_each(|test| println!("    {test}"));
    }
    for page in [PAGE, SECURITY] {
        assert_eq!(unproven(page, &sources), [""; 0], "no test cites these");
    }
}

#[test]
fn every_citation_names_a_row() {
    let pages = [PAGE, SECURITY].into_iter();
    let rows: BTreeSet<String> = pages.flat_map(rows).map(|(row, _)| row).collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for comment in comments(&file, &text) {
            for row in cited(&comment).difference(&rows) {
                wrong.push(format!("{file}:{}: {row}", comment.line + 1));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "there are no such rows");
}

#[test]
fn rows_are_numbered_without_a_gap() {
    let rows = rows(PAGE);
    let sections: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.split(". ").next().unwrap())
        .collect();
    let letters: Vec<String> = ('A'..='L').map(String::from).collect();
    assert_eq!(sections, letters);
    let mut want = Vec::new();
    for section in sections {
        let count = rows
            .iter()
            .filter(|(row, _)| row.starts_with(section))
            .count();
        want.extend((1..=count).map(|number| format!("{section}{number}")));
    }
    let got: Vec<String> = rows.into_iter().map(|(row, _)| row).collect();
    assert_eq!(got, want);
    let got: Vec<String> = self::rows(SECURITY)
        .into_iter()
        .map(|(row, _)| row)
        .collect();
    let want: Vec<String> = (1..=got.len()).map(|number| format!("T{number}")).collect();
    assert_eq!(got, want);
    // A mark that is written otherwise would be a promise that holds.
    let marks = Regex::new(r"(?i)to[ -]come")
        .unwrap()
        .find_iter(PAGE)
        .count();
    assert_eq!(PAGE.matches(TO_COME).count(), marks);
}

/// The keys of section F: name, default, and whether they are still to come.
fn keys(page: &str) -> Vec<(String, String, bool)> {
    let section = page.split("\n## F. ").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let key = |line: &str| {
        // A default may hold a bar, but none with blanks around it.
        let mut cells = line.strip_prefix("| `")?.splitn(3, " | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        let default = cells.next()?.to_owned();
        Some((name, default, cells.next()?.contains(TO_COME)))
    };
    section.lines().filter_map(key).collect()
}

#[test]
fn the_keys_are_those_of_the_configuration() {
    // `init` prints every key with its default; see `config::tests`.
    let bench = Bench::new();
    let config = bench.run(&["init", "--print-config"], b"");
    assert_eq!((config.status, config.stderr.as_str()), (0, ""));
    let line = Regex::new(r"(?m)^#?([a-z_]+) = (.+)$").unwrap();
    let read: BTreeMap<&str, &str> = line
        .captures_iter(&config.stdout)
        .map(|found| {
            (
                found.get(1).unwrap().as_str(),
                found.get(2).unwrap().as_str(),
            )
        })
        .collect();
    let keys = keys(PAGE);
    let names = |to_come: bool| -> BTreeSet<&str> {
        let some = keys.iter().filter(|(_, _, later)| *later == to_come);
        some.map(|(name, _, _)| name.as_str()).collect()
    };
    let known: BTreeSet<&str> = read.keys().copied().collect();
    assert_eq!(names(false), known, "the page, and the configuration");
    assert_eq!(names(true).intersection(&known).count(), 0, "it has come");
    // Where the page has a value, it is the default; elsewhere it says in words what is.
    for (name, default, _) in keys.iter().filter(|(_, _, later)| !later) {
        if let Some(value) = default
            .split('`')
            .nth(1)
            .filter(|_| default.starts_with('`'))
        {
            let plain = |text: &str| text.trim_matches('"').to_owned();
            assert_eq!(plain(value), plain(read[name.as_str()]), "{name}");
        }
    }
}

#[test]
fn every_key_is_tried_in_a_test() {
    let sources = sources();
    let rust = sources.iter().filter(|(file, _)| file.ends_with(".rs"));
    let tests: Vec<Test> = rust.flat_map(|(file, text)| tests(file, text)).collect();
    // Before it may stand an escaped line feed.
    let set = Regex::new(r"(?:\\n|^|[^a-z_])([a-z_]+) = ").unwrap();
    let lines = tests.iter().flat_map(|test| &test.lines);
    let sets = lines.flat_map(|line| set.captures_iter(line));
    let sets: BTreeSet<String> = sets.map(|found| found[1].to_owned()).collect();
    let keys = keys(PAGE).into_iter().filter(|(_, _, later)| !later);
    let untried: Vec<String> = keys
        .map(|(key, _, _)| key)
        .filter(|key| !sets.contains(key))
        .collect();
    assert_eq!(untried, [""; 0], "no test sets these");
}

#[test]
fn what_a_comment_cites() {
    for (text, want) in [
        ("// A6", "A6"),
        ("/// A5, B7: two at once.", "A5 B7"),
        ("// B1 to B3, B8", "B1 B2 B3 B8"),
        ("); // B6, C1", "B6 C1"),
        ("//! A cache (D9).", "D9"),
        ("// It is filed (promises D3 and D6).", "D3 D6"),
        ("// The one (C2, as a note), and so on.", "C2"),
        ("// It holds at every kill (D7,\n// A4), always.", "A4 D7"),
        ("// C4: closed.\n// More of it (B11).", "B11 C4"),
        ("// A4 paper is larger", ""),
        ("// It prints on paper of size\n// A4.", ""),
        ("// RFC2231, UTF8, (RFC 5322 3.6.4), (=C3=B6)", ""),
        ("let a = \"A4\"; let b = \"(B7)\";", ""),
        ("// Shows D1 nothing", ""),
        ("// T3: a weapon (C7).", "C7 T3"),
    ] {
        let rows: BTreeSet<String> = comments("x.rs", text).iter().flat_map(cited).collect();
        let rows: Vec<String> = rows.into_iter().collect();
        assert_eq!(rows.join(" "), want, "{text}");
    }
}

#[test]
fn a_promise_without_a_test_is_found() {
    let page = "# x\n\n## A. x\n\n**A1** one\n\n**A2** two\n**To come:** more\n\n\
        **A3** **To come:** all\n\n**A4** four\n";
    let file = |text: &str| vec![("tests/x.rs".to_owned(), text.to_owned())];
    let source = "// A1\nfn helper() {}\n\n/// A2: above it.\n#[test]\nfn two() {\n    \
        assert!(true); // A4\n}\n\n// A1: below it.\n";
    assert_eq!(unproven(page, &file(source)), ["A1"]);
    let removed = source.replace("/// A2: above it.\n", "");
    assert_eq!(unproven(page, &file(&removed)), ["A1", "A2"]);
    let removed = source.replace(" // A4", "");
    assert_eq!(unproven(page, &file(&removed)), ["A1", "A4"]);
}
