//! The mails of `tests/corpus`, and what each is to the desk.
//!
//! A mail lies in `ROOM/NAME.eml`, byte for byte as it comes in; `ROOM/want.toml` says of each what
//! is wanted, and must not forget one. Large ones are made by `corpus_gen.rs`.

use crate::corpus_gen;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the corpus, as they are walked. `generated` has no files but `want.toml`.
pub const ROOMS: [&str; 9] = [
    "",
    "bytes",
    "generated",
    "heads",
    "machines",
    "people",
    "shown",
    "threads",
    "who",
];

/// One mail.
pub struct Case {
    /// `people/reply-mutt`.
    pub name: String,
    pub mail: Vec<u8>,
    pub want: Want,
}

/// What is wanted of one mail. The desk has ticket 1, which is open, and ticket 2, which is closed;
/// its admin is steve@example.org.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// The envelope; an empty sender is the null sender.
    #[serde(default = "submit")]
    pub recipient: String,
    #[serde(default = "alice")]
    pub sender: String,
    /// `new`, or a ticket and what leads there: `1 by address`, `1 by tag`, `1 by reference`,
    /// `1 by copy`.
    #[serde(default = "new")]
    pub filed: String,
    /// `person`, `unanswered`, `automatic` or `ours`.
    #[serde(default = "person")]
    pub degree: String,
    /// Why it is no person's.
    pub because: Option<String>,
    /// Who gets an acknowledgement; else nobody.
    pub ack: Option<String>,
    /// The admin gets a copy.
    #[serde(default = "yes")]
    pub told: bool,
    /// `NAME <ADDRESS>` of the first author; else there is none that can be read.
    pub author: Option<String>,
    /// The Subject as a person reads it; not looked at if it is not given.
    pub subject: Option<String>,
    /// How many parts are attached.
    pub attachments: Option<usize>,
    /// What the attached parts are called; `-` for one without a name.
    pub names: Option<Vec<String>>,
    /// How the text begins.
    pub text: Option<String>,
    /// When it was written, by its Date, in RFC 3339.
    pub date: Option<String>,
    /// The whole text.
    pub shown: Option<String>,
    /// What is listed below the text: `2: bill.pdf, application/pdf, 404`.
    pub listed: Option<Vec<String>>,
}

fn submit() -> String {
    "submit@example.org".into()
}

fn alice() -> String {
    "alice@example.net".into()
}

fn new() -> String {
    "new".into()
}

fn person() -> String {
    "person".into()
}

fn yes() -> bool {
    true
}

fn dir(room: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(room)
}

/// The mails of one room, by name.
pub fn room(room: &str) -> Vec<Case> {
    let wants = fs::read_to_string(dir(room).join("want.toml")).unwrap();
    let mut wants: BTreeMap<String, Want> =
        toml::from_str(&wants).unwrap_or_else(|e| panic!("{room}/want.toml: {e}"));
    let mut cases = Vec::new();
    for (name, mail) in mails(room) {
        let want = wants.remove(&name);
        let want = want.unwrap_or_else(|| panic!("{room}/want.toml says nothing of {name}"));
        let name = format!("{room}/{name}").trim_start_matches('/').to_owned();
        cases.push(Case { name, mail, want });
    }
    assert!(wants.is_empty(), "{room} has no {:?}", wants.keys());
    cases
}

/// All mails.
pub fn all() -> Vec<Case> {
    ROOMS.iter().flat_map(|name| room(name)).collect()
}

fn mails(room: &str) -> Vec<(String, Vec<u8>)> {
    if room == "generated" {
        let make = |(name, mail): &(&str, corpus_gen::Make)| ((*name).to_owned(), mail());
        return corpus_gen::MAILS.iter().map(make).collect();
    }
    let files = fs::read_dir(dir(room)).unwrap();
    let mut mails: Vec<(String, Vec<u8>)> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    mails.sort();
    mails
}
