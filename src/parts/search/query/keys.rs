//! The keys of a query (`from:`), and what people type instead of them.

use super::tree::SearchField;

/// What stands before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryKey {
    From,
    To,
    Subject,
    File,
    Is,
    Has,
    Before,
    After,
    Ticket,
}

impl QueryKey {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        let named = KEYS.iter().find(|(_, key)| *key == self);
        named.map_or("", |(name, _)| *name)
    }

    /// Where the words stand that come after the key; `None` if it takes no words.
    pub(super) fn field(self) -> Option<SearchField> {
        match self {
            QueryKey::From => Some(SearchField::From),
            QueryKey::To => Some(SearchField::To),
            QueryKey::Subject => Some(SearchField::Subject),
            QueryKey::File => Some(SearchField::File),
            _ => None,
        }
    }
}

/// Every key, and its name.
const KEYS: [(&str, QueryKey); 9] = [
    ("from", QueryKey::From),
    ("to", QueryKey::To),
    ("subject", QueryKey::Subject),
    ("file", QueryKey::File),
    ("is", QueryKey::Is),
    ("has", QueryKey::Has),
    ("before", QueryKey::Before),
    ("after", QueryKey::After),
    ("ticket", QueryKey::Ticket),
];

/// Names that other programs give them.
const ELSEWHERE: [(&str, &str); 15] = [
    ("author", "from"),
    ("sender", "from"),
    ("cc", "to"),
    ("recipient", "to"),
    ("title", "subject"),
    ("filename", "file"),
    ("attachment", "file"),
    ("state", "is"),
    ("status", "is"),
    ("since", "after"),
    ("newer", "after"),
    ("until", "before"),
    ("older", "before"),
    ("issue", "ticket"),
    ("id", "ticket"),
];

/// The key of that name, in any letter case.
pub(super) fn key(name: &str) -> Option<QueryKey> {
    let found = KEYS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, key)| *key)
}

/// The key that was probably meant by `name`, which is not the name of a key.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name);
    elsewhere.map(|(_, key)| *key).or_else(|| {
        // A slip in a shorter word often makes another word.
        let long = KEYS.iter().map(|(key, _)| *key).filter(|key| key.len() > 3);
        long.into_iter().find(|key| is_slip(&name, key))
    })
}

/// True if the two differ by one letter: it is wrong, missing, superfluous, or swapped with the next.
fn is_slip(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a.as_bytes()[same..], &b.as_bytes()[same..]);
    match (a, b) {
        ([x, y, a @ ..], [v, w, b @ ..]) if x == w && y == v && a == b => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen() {
        for (name, want) in [
            ("form", Some("from")),
            ("fro", Some("from")),
            ("fromm", Some("from")),
            ("Subjekt", Some("subject")),
            ("subjct", Some("subject")),
            ("befroe", Some("before")),
            ("tikcet", Some("ticket")),
            ("files", Some("file")),
            ("Since", Some("after")),
            ("re", None),
            ("http", None),
            ("error", None),
            ("fire", Some("file")),
            ("sbjct", None),
            ("", None),
        ] {
            assert_eq!(meant(name), want, "{name}");
        }
        assert_eq!((key("FROM"), key("form")), (Some(QueryKey::From), None));
    }
}
