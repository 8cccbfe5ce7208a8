use super::value::STATES;
use super::*;
use jiff::tz::TimeZone;

/// A query as one line: `&`, `|` and `!`, each phrase in quotes.
fn line(query: &Query) -> String {
    let join = |all: &[Query], sign: &str| {
        let all: Vec<String> = all.iter().map(line).collect();
        format!("({})", all.join(sign))
    };
    match query {
        Query::And(all) => join(all, " & "),
        Query::Or(all) => join(all, " | "),
        Query::Not(query) => format!("!{}", line(query)),
        Query::Words(phrase) => {
            let field = match phrase.field {
                SearchField::Any => "",
                SearchField::From => "from:",
                SearchField::To => "to:",
                SearchField::Subject => "subject:",
                SearchField::File => "file:",
            };
            let star = if phrase.prefix { "*" } else { "" };
            format!("{field}'{}'{star}", phrase.text)
        }
        Query::Before(at) => format!("before:{at}"),
        Query::After(at) => format!("after:{at}"),
        Query::Is(state) => format!("is:{state:?}"),
        Query::HasAttachment => "has:attachment".into(),
        Query::Ticket(id) => format!("ticket:{id}"),
    }
}

/// Understood in Berlin on 2026-11-22, noon.
fn parse(typed: &str) -> Result<Query, Mistake> {
    // As POSIX has it, so that no database is asked.
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    Query::parse(typed, 1_795_345_200, &zone)
}

#[test]
fn what_is_typed_is_understood() {
    for (typed, want) in [
        ("printer", "'printer'"),
        ("printer fire", "('printer' & 'fire')"),
        ("printer AND fire", "('printer' & 'fire')"),
        ("\"printer on fire\"", "'printer on fire'"),
        ("„Drucker brennt“ ja", "('Drucker brennt' & 'ja')"),
        ("on-call foo_bar", "('on-call' & 'foo_bar')"),
        ("print*", "'print'*"),
        ("\"on fi\"*", "'on fi'*"),
        ("print *", "'print'"),
        ("in*oice*.pdf", "('in'* & 'oice'* & '.pdf')"),
        ("printer -hp", "('printer' & !'hp')"),
        ("printer NOT hp", "('printer' & !'hp')"),
        ("NOT NOT -hp", "!'hp'"),
        ("-\"a b\" -from:ann", "(!'a b' & !from:'ann')"),
        ("a OR b c OR d", "('a' | ('b' & 'c') | 'd')"),
        ("(a OR b) (c d)", "(('a' | 'b') & 'c' & 'd')"),
        ("-(a OR (b))", "!('a' | 'b')"),
        ("(foo(bar) baz)", "('foo(bar)' & 'baz')"),
        ("foo) :-)", "'foo)'"),
        ("or and not Or", "('or' & 'and' & 'not' & 'Or')"),
        ("\"OR\" ORacle NOTe", "('OR' & 'ORacle' & 'NOTe')"),
        ("from:ann", "from:'ann'"),
        ("From:\"Ann Example\"", "from:'Ann Example'"),
        (
            "from:ann@example.net to:bob*",
            "(from:'ann@example.net' & to:'bob'*)",
        ),
        (
            "subject:Rechnung file:*.pdf",
            "(subject:'Rechnung' & file:'.pdf')",
        ),
        (
            "is:OPEN is:closed is:waiting",
            "(is:Open & is:Closed & is:Waiting)",
        ),
        ("has:attachment", "has:attachment"),
        ("ticket:12 OR ticket:13", "(ticket:12 | ticket:13)"),
        ("after:2026-11-01", "after:1793487600"),
        ("before:2026-11-01T00:00Z", "before:1793491200"),
        (
            "after:2026-11 before:2026-12",
            "(after:1793487600 & before:1796079600)",
        ),
        ("after:3d", "after:1795086000"),
        ("before:\"2 weeks ago\"", "before:1794135600"),
        // Neither keys nor operators.
        ("http://x.org/?a=b:c", "'http://x.org/?a=b:c'"),
        ("12:30 error:404", "('12:30' & 'error:404')"),
        ("Re: from", "('Re:' & 'from')"),
        ("\"form:a\" form://x", "('form:a' & 'form://x')"),
        ("since: form:", "('since:' & 'form:')"),
        ("C++ --all don't 50%", "('C++' & '--all' & 'don't' & '50%')"),
        ("a - -- b !!! *", "('a' & 'b')"),
        ("a -!!! (?) b", "('a' & 'b')"),
        ("a\0b\u{a0}c", "('a' & 'b' & 'c')"),
        // Written as the index has it.
        ("请求书 Straße", "('请 求 书' & 'Strasse')"),
        ("プリン*", "'プ リ ン'*"),
        ("from:Łukasz", "from:'lukasz'"),
    ] {
        let got = parse(typed).map(|query| line(&query));
        assert_eq!(got.as_deref(), Ok(want), "{typed}");
    }
}

#[test]
fn what_cannot_be_understood_is_shown() {
    let shown = |typed: &str| {
        let mistake = parse(typed).unwrap_err();
        format!(
            "{}\n{}\n{}",
            mistake.what,
            mistake.place(typed),
            mistake.hint
        )
    };
    let quotes = "close it with another \", and quote for the shell: 'from:\"Ann Example\"'";
    let sides = "put words on both sides, or \"OR\" in quotes";
    for (typed, what, place, hint) in [
        (
            "",
            "there is no word in it",
            "    \n    ^",
            "`tickets search --help` shows what can be asked",
        ),
        (
            "?! -",
            "there is no word in it",
            "    ?! -\n    ^",
            "`tickets search --help` shows what can be asked",
        ),
        (
            "a \"b c",
            "this quote is not closed",
            "    a \"b c\n      ^",
            quotes,
        ),
        (
            "from:\"b",
            "this quote is not closed",
            "    from:\"b\n         ^",
            quotes,
        ),
        (
            "a (b OR c",
            "this bracket is not closed",
            "    a (b OR c\n      ^",
            "close it with ), or put the words in quotes",
        ),
        (
            "a OR",
            "nothing stands after OR",
            "    a OR\n      ^",
            sides,
        ),
        ("OR a", "nothing stands before OR", "    OR a\n    ^", sides),
        (
            "a OR OR b",
            "nothing stands after OR",
            "    a OR OR b\n      ^",
            sides,
        ),
        (
            "(a OR ) b",
            "nothing stands after OR",
            "    (a OR ) b\n       ^",
            sides,
        ),
        (
            "a AND",
            "nothing stands after AND",
            "    a AND\n      ^",
            "words that stand side by side are all wanted: leave AND out",
        ),
        (
            "a NOT",
            "nothing stands after NOT",
            "    a NOT\n      ^",
            "-word, or \"NOT\" in quotes",
        ),
        (
            "a is:opne",
            "no ticket is opne",
            "    a is:opne\n         ^",
            STATES,
        ),
        (
            "has:money",
            "no message has money",
            "    has:money\n        ^",
            "has:attachment",
        ),
        (
            "from: ann",
            "nothing stands after from:",
            "    from: ann\n    ^",
            "from:ann, without a blank",
        ),
        (
            "a Before:",
            "nothing stands after Before:",
            "    a Before:\n      ^",
            "before:2026-11-01 or before:3d, without a blank",
        ),
        (
            "after:soon",
            "soon is neither a date (2026-11-01, yesterday) nor a span of time (3d, '2 weeks')",
            "    after:soon\n          ^",
            "after:2026-11-01, or after:3d for three days ago",
        ),
        (
            "after:15000y",
            "15000y is beyond every calendar",
            "    after:15000y\n          ^",
            "after:2026-11-01, or after:3d for three days ago",
        ),
        (
            "a from:\"an e\"*",
            "too many words begin with e",
            "    a from:\"an e\"*\n           ^",
            "put two letters or more before the *",
        ),
        (
            "ticket:x",
            "x is no ticket's number",
            "    ticket:x\n           ^",
            "ticket:12",
        ),
        (
            "请求 form:ann",
            "there is no form:",
            "    请求 form:ann\n         ^",
            "from:... is meant? Put it in quotes to look for the words",
        ),
        (
            "a since:3d",
            "there is no since:",
            "    a since:3d\n      ^",
            "after:... is meant? Put it in quotes to look for the words",
        ),
    ] {
        assert_eq!(shown(typed), format!("{what}\n{place}\n{hint}"), "{typed}");
    }
    let long = format!("{}OR", "a b\u{7}c ".repeat(15));
    let want =
        "    … b c a b c a b c a b c a b c a b c OR\n                                        ^";
    assert_eq!(parse(&long).unwrap_err().place(&long), want);
}

#[test]
fn a_question_has_an_end() {
    let many = "word ".repeat(1000);
    let what = |typed: &str| parse(typed).unwrap_err().what;
    assert_eq!(what(&many), "these are more than 200 words");
    assert_eq!(
        what(&format!("\"{many}\"")),
        "these are more than 200 words"
    );
    assert_eq!(what(&"请".repeat(201)), "these are more than 200 words");
    assert_eq!(
        what(&"(".repeat(100_000)),
        "more than 20 brackets within brackets"
    );
    assert_eq!(what(&"NOT ".repeat(100_000)), "nothing stands after NOT");
    assert!(parse(&many[..5 * 200]).is_ok());
}

#[test]
fn words_that_may_be_apart() {
    let apart = |typed: &str| -> Vec<String> {
        let query = parse(typed).unwrap();
        query.apart().iter().map(line).collect()
    };
    assert_eq!(apart("printer"), [""; 0]);
    assert_eq!(apart("printer from:ann"), [""; 0]);
    assert_eq!(apart("a OR b"), [""; 0]);
    assert_eq!(
        apart("printer subject:fire -hp from:ann (a OR b)"),
        [
            "('printer' & !'hp' & from:'ann' & ('a' | 'b'))",
            "(subject:'fire' & !'hp' & from:'ann' & ('a' | 'b'))",
        ]
    );
}

#[test]
fn wanted_are_the_words_to_be_shown() {
    let query = parse("a (b OR from:c) -d \"a\" NOT (e OR -f) is:open").unwrap();
    let wanted: Vec<&str> = query.wanted().iter().map(|p| p.text.as_str()).collect();
    assert_eq!(wanted, ["a", "b", "c"]);
}

mod any {
    use super::parse;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_is_understood_or_the_place_is_in_it(typed in "[a-c:\"“()*\\-ORNDT \\PC请\u{308}]{0,30}") {
            if let Err(mistake) = parse(&typed) {
                prop_assert!(typed.is_char_boundary(mistake.at));
                prop_assert_eq!(mistake.place(&typed).lines().count(), 2);
            }
        }
    }
}
