//! What is to be written is read again before it is, and says what it should, whatever the file looks like.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

// G3
#[test]
fn nothing_is_written_that_says_something_else() {
    const BEFORE: &str =
        "x = nan\nmodules = [\"a\", \"b\"]\n[person.steve]\naddress = \"s@x.org\"\n";
    let after = |text: &str| Change {
        text: text.to_owned(),
        names: vec!["b".to_owned()],
    };
    let right = BEFORE.replace("\"a\", ", "");
    assert!(after(&right).is_right(BEFORE));
    assert_eq!(after(&right).line(), "modules = [\"b\"]");
    for wrong in [
        BEFORE.to_owned(),
        right.replace('b', "c"),
        right.replace("]", ""),
        right.replace("[\"", "[\"a\", \""),
        right.replace("nan", "1"),
        right.replace("x = nan\n", ""),
        right.replace("steve", "bob"),
        format!("{right}more = 1\n"),
        format!("[t]\n{right}"),
    ] {
        println!("{wrong}");
        assert!(!after(&wrong).is_right(BEFORE));
    }
}

/// What may stand in a list.
#[derive(Clone, Debug)]
enum Piece {
    Space(String),
    Comma,
    /// As it is written, and what it means.
    Name(String, String),
}

fn written(pieces: &[Piece]) -> String {
    let written = pieces.iter().map(|piece| match piece {
        Piece::Space(space) => space,
        Piece::Comma => ",",
        Piece::Name(written, _) => written,
    });
    written.collect()
}

fn space() -> impl Strategy<Value = Vec<Piece>> {
    let one = prop_oneof![
        Just(" ".to_owned()),
        Just("\t".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        "#[ a-z0-9,\"'#\\[\\]\\\\ü]{0,9}\n",
    ];
    prop::collection::vec(one.prop_map(Piece::Space), 0..4)
}

/// A name with what stands around it, and whether a comma is behind it if it is the last one.
fn item() -> impl Strategy<Value = (Vec<Piece>, Piece, Vec<Piece>, bool)> {
    let meant = prop::sample::select(vec!["a", "b", "c#", "d, ]", "ü"]);
    let quotes = prop::sample::select(vec!["\"", "'", "\"\"\"", "'''", "\"\"\"\n"]);
    let name = (meant, quotes).prop_map(|(name, quotes)| {
        Piece::Name(
            format!("{quotes}{name}{}", quotes.trim_end()),
            name.to_owned(),
        )
    });
    (space(), name, space(), any::<bool>())
}

fn list() -> impl Strategy<Value = Vec<Piece>> {
    let items = prop::collection::vec(item(), 0..5);
    (items, space()).prop_map(|(items, end)| {
        let mut pieces = Vec::new();
        let last = items.len();
        for (at, (before, name, behind, has_comma)) in items.into_iter().enumerate() {
            pieces.extend(before);
            pieces.push(name);
            pieces.extend(behind);
            if at + 1 < last || has_comma {
                pieces.push(Piece::Comma);
            }
        }
        pieces.extend(end);
        pieces
    })
}

/// What stands above and below: whether there are other keys, a mark, other line ends, an end of the last line.
fn around(list: &str, above: bool, mark: bool, crlf: bool, last: bool) -> String {
    let above = if above { "# ours\nx = nan # , [\n" } else { "" };
    let below = match last {
        true => " # it\n\n[person.steve] # he\nmodules = ['a']\n",
        false => "",
    };
    let text = format!("{above}modules = {list}{below}");
    let text = match crlf {
        true => text.replace('\n', "\r\n"),
        false => text,
    };
    format!("{}{text}", if mark { "\u{feff}" } else { "" })
}

/// All but commas, blanks and line ends, which is what has to stay.
fn matter(text: &str) -> String {
    text.chars().filter(|c| !",\t \r\n".contains(*c)).collect()
}

fn bare_ends(text: &str) -> usize {
    text.matches('\n').count() - text.matches("\r\n").count()
}

proptest! {
    // The same lists each time: whether a change is sound is no matter of luck.
    #![proptest_config(ProptestConfig { cases: 4000, max_global_rejects: 4000, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_list_looks_like(
        list in list(),
        name in prop::sample::select(vec!["a", "b", "zz", "d, ]"]),
        on in any::<bool>(),
        [above, mark, crlf, last] in any::<[bool; 4]>(),
    ) {
        // G3
        let around = |list: &str| around(list, above, mark, crlf, last);
        let before = around(&format!("[{}]", written(&list)));
        let changed = changed(&before, name, on).unwrap();
        let after = &changed.text;
        let meant = |piece: &Piece| match piece {
            Piece::Name(_, meant) => Some(meant.clone()),
            _ => None,
        };
        let mut names: Vec<String> = list.iter().filter_map(meant).collect();
        let has = names.iter().any(|it| it == name);
        match on {
            true if !has => names.push(name.to_owned()),
            true => {}
            false => names.retain(|it| it != name),
        }
        prop_assert_eq!(&changed.names, &names);
        prop_assert!(changed.is_right(&before), "{before}\n--\n{after}");
        if has == on {
            prop_assert_eq!(after, &before);
        }
        // Outside the list, nothing changes at all.
        let (head, tail) = (around("[").len(), around("").len() - around("").find("modules = ").unwrap() - 10);
        let head = head - tail;
        prop_assert_eq!(&after[..head], &before[..head]);
        prop_assert_eq!(&after[after.len() - tail - 1..], &before[before.len() - tail - 1..]);
        // In it, nothing but the name.
        let without: Vec<Piece> = list.iter().filter(|piece| meant(piece).as_deref() != Some(name)).cloned().collect();
        let got = matter(after);
        match (on, has) {
            (true, false) => prop_assert_eq!(got.replacen(&matter(&quoted(name)), "", 1), matter(&before)),
            (true, true) => prop_assert_eq!(got, matter(&before)),
            (false, _) => prop_assert_eq!(got, matter(&around(&format!("[{}]", written(&without))))),
        }
        match crlf {
            true => prop_assert_eq!(bare_ends(after), 0),
            false => prop_assert!(!after.contains('\r')),
        }
    }

    #[test]
    fn wherever_there_is_no_list(
        lines in prop::collection::vec(prop::sample::select(vec![
            "", "# it", "x = 1", "y = { modules = [] } # y", "z = [\n1, # one\n]", "d.e = 1", "d.f = { x = 1 }",
            "[d.g]", "\"[q\" = 1", "s = '''\n#modules = []\n'''", "#modules = []", "[t]", " [ u . v ]", "[[w]]",
        ]), 0..8),
        [mark, crlf, last] in any::<[bool; 3]>(),
    ) {
        // G3
        let mut text = lines.join("\n");
        if last && !text.is_empty() {
            text.push('\n');
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let before = format!("{}{text}", if mark { "\u{feff}" } else { "" });
        prop_assume!(text.parse::<Table>().is_ok());
        let changed = changed(&before, "a", true).unwrap();
        let after = &changed.text;
        prop_assert_eq!(&changed.names, &["a"]);
        prop_assert!(changed.is_right(&before), "{before}\n--\n{after}");
        // There is a line more, or one in the place of the comment.
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let (was, mut is) = (lines(&text), lines(after.trim_start_matches('\u{feff}')));
        let at = is.iter().position(|line| line == "modules = [\"a\"]").unwrap();
        match is.len() == was.len() {
            true => is[at] = "#modules = []".into(),
            false => drop(is.remove(at)),
        }
        prop_assert_eq!(is, was);
        prop_assert_eq!(after.starts_with('\u{feff}'), mark);
        if text.contains('\n') {
            let is_crlf = text.contains("\r\n");
            prop_assert_eq!(bare_ends(after) == 0, is_crlf);
        }
    }
}
