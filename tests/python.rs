//! A second opinion on every mail of the corpus: Subject, people and names of attachments as Python's
//! `email` package reads them.
//!
//! `corpus/python.py` has two readings of each value; to agree with one of them is to agree. Where we
//! agree with none, `corpus/python.toml` has the reason, and a difference that is listed there and no
//! longer occurs is a fault as well.

use crate::corpus::{self, Case};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use tickets::mail::decode::{Mailbox, clean};
use tickets::mail::message::Message;
use tickets::mail::{mbox, render};

/// No more parts of a mail are compared.
const MOST_PARTS: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// The version for which the list holds: others read a few mails in another way.
    python: String,
    /// Mails for which Python takes more than ten seconds.
    too_slow: Vec<String>,
    difference: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    reason: String,
    /// Mail and value, such as `people/flowed Subject`.
    values: Vec<String>,
    /// Patches of Python differ here, so it may not be found.
    #[serde(default)]
    sometimes: bool,
}

#[test]
fn python_reads_the_same() {
    let listed = std::fs::read_to_string(dir().join("python.toml")).unwrap();
    let listed: Listed = toml::from_str(&listed).unwrap();
    let mut cases = corpus::all();
    cases.retain(|case| !listed.too_slow.contains(&case.name));
    let Some((version, readings)) = ask_python(&cases) else {
        let required = std::env::var("TICKETS_E2E").is_ok_and(|it| it == "required");
        assert!(!required, "python3 is not installed");
        return eprintln!("SKIPPED: tests/python.rs, since python3 is not installed");
    };
    let mut faults = Vec::new();
    let (mut compared, mut failed, mut found) = (0, 0, BTreeSet::new());
    for (case, python) in cases.iter().zip(&readings) {
        for (name, ours, theirs) in values(case, python) {
            if theirs.is_empty() {
                failed += 1;
                continue;
            }
            compared += 1;
            if !theirs.contains(&ours) {
                let value = format!("{} {name}", case.name);
                faults.push((value.clone(), format!("{ours:?}, not {theirs:?}")));
                found.insert(value);
            }
        }
    }
    let known: BTreeSet<String> = listed
        .difference
        .iter()
        .flat_map(|d| d.values.clone())
        .collect();
    println!(
        "Python {version}: {} mails, {compared} values, {} differ for {} reasons; {failed} it cannot read",
        cases.len(),
        found.len(),
        listed.difference.len()
    );
    assert!(listed.difference.iter().all(|d| !d.reason.is_empty()));
    if version != listed.python {
        return eprintln!(
            "SKIPPED: tests/python.rs, since the list is for {}",
            listed.python
        );
    }
    faults.retain(|(value, _)| !known.contains(value));
    let always = listed.difference.iter().filter(|d| !d.sometimes);
    let always: BTreeSet<String> = always.flat_map(|d| d.values.clone()).collect();
    let gone: Vec<_> = always.difference(&found).collect();
    assert!(
        faults.is_empty() && gone.is_empty(),
        "not listed: {faults:#?}\nlisted, but the same: {gone:#?}"
    );
}

fn dir() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The version of Python, and what it reads in each mail; `None` if there is no Python.
fn ask_python(cases: &[Case]) -> Option<(String, Vec<Value>)> {
    let script = dir().join("python.py");
    let mut python = Command::new("python3");
    let python = python
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = python.spawn().ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<Value> = std::thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                let (_, raw) = mbox::strip_from_line(&case.mail);
                writeln!(stdin, "{}", raw.len()).unwrap();
                stdin.write_all(raw).unwrap();
            }
        });
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = stdout.lines().map(|line| line.unwrap());
        lines
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect()
    });
    assert!(child.wait().unwrap().success());
    assert_eq!(lines.len(), cases.len() + 1);
    let version = lines[0]["python"].as_str().unwrap().to_owned();
    Some((version, lines[1..].to_vec()))
}

/// A value that is compared: its name, ours, and those of Python.
type Compared = (&'static str, Vec<String>, Vec<Vec<String>>);

/// Each value of a mail that is compared.
fn values(case: &Case, python: &Value) -> Vec<Compared> {
    let (_, raw) = mbox::strip_from_line(&case.mail);
    let message = Message::new(raw);
    let readings = |name: &str, read: &dyn Fn(&Value) -> Vec<String>| {
        let readings = python[name].as_array().unwrap();
        readings.iter().map(read).collect::<Vec<_>>()
    };
    let subject = |value: &Value| vec![clean(value.as_str().unwrap())];
    let mut values = vec![(
        "Subject",
        // Of an endless one both read the beginning.
        vec![message.subject()],
        readings("Subject", &subject),
    )];
    for name in ["From", "To", "Cc"] {
        let ours = message.mailboxes(name);
        let ours = ours
            .iter()
            .map(|Mailbox { name, address }| format!("{name} <{address}>"));
        values.push((name, ours.collect(), readings(name, &people)));
    }
    let attached = render::render(raw, &render::Limits::default()).attachments;
    // An enclosed mail without a name gets one of us, from its Subject.
    let is_mail = |number: usize| {
        let found = attached.iter().find(|a| a.number == number);
        found.is_some_and(|a| a.mime.starts_with("message/"))
    };
    let named = |number| render::part(raw, number).map(|(name, _)| (number, name));
    let ours = (1..=MOST_PARTS).map_while(named);
    let ours = ours.filter(|(number, _)| !is_mail(*number));
    let ours = ours.filter_map(|(_, name)| name).collect();
    let pair = |pair: &Value| match pair[1].as_str().unwrap().starts_with("message/") {
        true => None,
        false => safe(pair[0].as_str().unwrap()),
    };
    let names = |value: &Value| {
        let pairs = value.as_array().unwrap().iter();
        pairs.filter_map(pair).collect()
    };
    values.push(("names", ours, readings("names", &names)));
    let attached = attached.iter().take(MOST_PARTS).cloned();
    let ours: Vec<(String, String)> = attached.filter_map(|a| Some((a.name?, a.mime))).collect();
    // Which parts are attached is not Python's to say, but what type they have.
    let types = |value: &Value| {
        let named: Vec<_> = value.as_array().unwrap().iter().collect();
        let of = |(name, mime): &(String, String)| {
            let mut same = named.iter().filter(|p| pair(p).as_ref() == Some(name));
            let found = same
                .clone()
                .find(|p| p[1] == **mime)
                .or_else(|| same.next());
            let mime = found.map_or(mime.as_str(), |p| p[1].as_str().unwrap());
            format!("{name} {mime}")
        };
        ours.iter().map(of).collect()
    };
    let theirs = readings("names", &types);
    let ours = ours.iter().map(|(name, mime)| format!("{name} {mime}"));
    values.push(("types", ours.collect(), theirs));
    values
}

/// Python's people that have an address, in our words.
fn people(value: &Value) -> Vec<String> {
    let person = |pair: &Value| {
        let (name, address) = (pair[0].as_str()?, pair[1].as_str()?);
        let (local, domain) = address.rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        Some(format!("{} <{local}@{domain}>", clean(name)))
    };
    value
        .as_array()
        .unwrap()
        .iter()
        .filter_map(person)
        .collect()
}

/// Python's name of a file, made as safe as ours.
fn safe(name: &str) -> Option<String> {
    let name = clean(name);
    let name = name.rsplit(['/', '\\']).next()?.trim();
    let tame = name.trim_start_matches(['.', '-', '~']);
    match (tame.is_empty(), tame.len() == name.len()) {
        (true, _) => None,
        (_, true) => Some(name.to_owned()),
        _ => Some(format!("_{tame}")),
    }
}
