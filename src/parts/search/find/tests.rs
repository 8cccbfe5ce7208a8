use super::*;
use crate::files::Stamp;
use crate::index::TicketFile;
use crate::index::journal::Located;
use crate::parts::search::fulltext::{FullText, path_beside};
use crate::parts::search::highlight::Highlighter;
use crate::patience::Patience;
use crate::ticket::State;
use crate::ticket::address::Addresses;
use crate::ticket::event::Event;
use crate::ticket::staff::Authorship;
use crate::ticket::summary::Summary;
use jiff::tz::TimeZone;
use mail::envelope::Sender;
use mail::message::Message;
use mail::words::{composed, words};
use proptest::prelude::*;
use std::path::Path;

fn id(n: u32) -> TicketId {
    TicketId::new(n).unwrap()
}

/// An index with these messages in ticket 1, 2 and so on.
fn index(dir: &Path, tickets: &[&[&str]]) -> Index {
    let index = Index::open(&dir.join("index.db"), Patience::default()).unwrap();
    let text = FullText::create(index.path()).unwrap();
    for (n, mails) in (1..).zip(tickets) {
        let domain = ["example.org".to_owned()];
        let addresses = Addresses::new(&domain, false, &[], "ticket-{n}").unwrap();
        let summary = |raw: &str| {
            let message = Message::new(raw.as_bytes());
            let by = Authorship::of(&message);
            Summary::of(&message, &Sender::Unknown, &by, n, &addresses)
        };
        let located = Located {
            event: Event::Filed,
            offset: 0,
            size: 0,
        };
        let entries = mails.iter().map(|raw| (summary(raw), located));
        let number = id(n as u32);
        index
            .replace(&TicketFile {
                id: number,
                state: State::Open,
                stamp: Stamp {
                    inode: 1,
                    size: 1,
                    ctime: 1,
                },
                entries: entries.collect(),
                whole: true,
                moved: Vec::new(),
            })
            .unwrap();
        let said: Vec<_> = mails.iter().map(|raw| words(raw.as_bytes())).collect();
        text.note(number, 0, &said).unwrap();
    }
    drop(text);
    index.attach(&path_beside(index.path()), "words").unwrap();
    index
}

fn query(typed: &str) -> Query {
    Query::parse(typed, 0, &TimeZone::UTC).unwrap()
}

/// What is found, as `ticket:message,message`.
fn found(index: &Index, typed: &str, most: Option<usize>) -> Vec<String> {
    let question = Question {
        query: &query(typed),
        waiting: &[id(2)],
        most,
    };
    let hits = find(index, &question).unwrap();
    let line = |hit: &Hit| {
        let messages: Vec<String> = hit.messages.iter().map(u64::to_string).collect();
        format!("{}:{}", hit.ticket, messages.join(","))
    };
    hits.best.iter().map(line).collect()
}

#[test]
fn tickets_come_with_the_messages_that_fit_best() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("\n{} toner", "hay ".repeat(500));
    let index = index(
        dir.path(),
        &[
            &[
                "Subject: toner\n\nx",
                "\nno",
                &long,
                "\ntoner toner",
                "\ntoner x y z",
            ],
            &["\nink", "\nwater"],
            &["\nwater", "\nink\n", "\nsand"],
        ],
    );
    let table = [
        ("toner", Some(9), &["1:0,3,4"][..]),
        ("ink", Some(9), &["3:1", "2:0"]),
        ("ink", Some(1), &["3:1"]),
        ("ink OR toner", None, &["3:1", "2:0", "1:4,3,2"]),
        ("ink water", Some(9), &["3:1,0", "2:0,1"]),
        ("water (ink OR is:closed)", Some(9), &[]),
        ("water (sand OR is:waiting)", Some(9), &["2:1"]),
        // A minus looks at the whole ticket.
        ("ink -water", Some(9), &[]),
        ("ink water -sand", Some(9), &["2:0,1"]),
        ("-ink -subject:toner", Some(9), &[]),
        ("-sand", None, &["2:1,0", "1:4,3,2"]),
        ("-(ink water)", None, &["3:2,1,0", "2:1,0", "1:4,3,2"]),
        ("-(ink OR water) -ticket:1", None, &[]),
        ("NOT (is:open toner)", Some(9), &["3:2,1,0", "2:1,0"]),
        (
            "(toner -sand) OR (sand -is:waiting)",
            Some(9),
            &["3:2", "1:4,3,2"],
        ),
        ("ink -(sand OR -water)", Some(9), &["2:0"]),
        ("ink -before:1971-01-01", Some(9), &[]),
    ];
    let got = table.map(|(typed, most, _)| (typed, most, found(&index, typed, most)));
    let want = table
        .map(|(typed, most, want)| (typed, most, want.iter().map(|w| (*w).to_owned()).collect()));
    assert_eq!(got, want);
}

#[test]
fn of_very_many_the_newest_are_weighed() {
    let dir = tempfile::tempdir().unwrap();
    let index = index(dir.path(), &[&["\nx"][..]; 300]);
    let question = |most| Question {
        query: &Query::HasAttachment,
        waiting: &[],
        most,
    };
    assert_eq!(find(&index, &question(Some(5))).unwrap(), Hits::default());
    let x = query("x");
    let question = |most| Question {
        query: &x,
        waiting: &[],
        most,
    };
    let hits = find(&index, &question(Some(5))).unwrap();
    let numbers: Vec<u32> = hits.best.iter().map(|hit| hit.ticket.get()).collect();
    assert_eq!(numbers, [300, 299, 298, 297, 296]);
    assert_eq!((hits.count, hits.and_more), (300, false));
    assert_eq!(find(&index, &question(None)).unwrap().best.len(), 300);
}

#[test]
fn words_are_marked_as_they_are_found() {
    let highlighter = Highlighter::new().unwrap();
    let marked = |typed: &str, text: &str| {
        let query = query(typed);
        let text = composed(text);
        let marks = highlighter.marks(&text, &query.wanted()).unwrap();
        let words: Vec<&str> = marks.into_iter().map(|mark| &text[mark]).collect();
        words.join("|")
    };
    for (typed, text, want) in [
        (
            "printer",
            "The Printer, a PRINTER: printers",
            "Printer|PRINTER",
        ),
        ("print*", "prints the Printer", "prints|Printer"),
        (
            "\"on fire\" floor",
            "on\nfire on the floor",
            "on\nfire|floor",
        ),
        (
            "muller OR strasse",
            "Müller, Mu\u{308}ller, Straße",
            "Müller|Müller|Straße",
        ),
        ("請求書", "先月分の請求書がまだ", "請求書"),
        ("from:ann subject:b", "ann b c", "ann|b"),
        ("a -b", "a b", "a"),
        ("is:open", "open", ""),
        ("C++", "c, C++", "c|C"),
    ] {
        assert_eq!(marked(typed, text), want, "{typed}");
    }
}

proptest! {
    /// Whatever is typed is understood or refused, and never an error of the database.
    #[test]
    fn no_query_is_wrong_sql(
        typed in r#"(\PC|[ "*():a-z-]|NOT |OR |from:|subject:|file:|is:open |has:file |[^\PZ]|\x00|NEAR\(|\^|\{|\}|\+|'){0,12}"#,
        most in prop::option::of(0..3_usize),
    ) {
        thread_local! {
            static INDEX: (tempfile::TempDir, Index) = {
                let dir = tempfile::tempdir().unwrap();
                let index = index(dir.path(), &[&["Subject: a\n\nb", "\nc 请"], &["\na b c"]]);
                (dir, index)
            };
        }
        if let Ok(query) = Query::parse(&typed, 0, &TimeZone::UTC) {
            let question = Question { query: &query, waiting: &[], most };
            INDEX.with(|(_, index)| find(index, &question)).unwrap();
            let highlighter = Highlighter::new().unwrap();
            highlighter.marks("a b 请 ß", &query.wanted()).unwrap();
        }
    }

    /// Whoever types a word as it stands in a text, or in capitals, or without its accents, finds it.
    #[test]
    fn what_is_read_can_be_typed(
        said in prop::collection::vec(
            "[a-zA-Z0-9]{1,9}|[à-öø-ÿĀ-ňŊ-žßæœŁđ]{1,5}|([a-z][\u{300}-\u{308}]){1,4}|[Α-Ωα-ωά-ώ]{1,6}|[А-яёЁ]{1,6}\
             |[ぁ-んァ-ヶー]{1,4}|[一-龥]{1,3}|[가-힣]{1,4}|[ก-ฮ][ก-ฺเ-๎]{0,5}|[א-ת]{1,5}|[ء-ي\u{64b}-\u{652}]{1,6}\
             |[अ-ह][अ-हा-्]{0,4}|[Ａ-Ｚａ-ｚ０-９]{1,3}",
            1..8,
        ),
        gap in "[ ,.\n>-]|, | / ",
        which in any::<prop::sample::Index>(),
    ) {
        let text = said.join(&gap);
        let text = composed(&text);
        let word = which.get(&said);
        let highlighter = Highlighter::new().unwrap();
        for typed in [word.clone(), word.to_uppercase(), word.to_lowercase()] {
            let Ok(query) = Query::parse(&format!("\"{typed}\""), 0, &TimeZone::UTC) else {
                // Marks without a letter.
                continue;
            };
            let marks = highlighter.marks(&text, &query.wanted()).unwrap();
            prop_assert!(!marks.is_empty(), "{:?} in {:?}", typed, text);
            for mark in marks {
                prop_assert!(text.get(mark.clone()).is_some_and(|found| !found.is_empty()));
            }
        }
    }
}
