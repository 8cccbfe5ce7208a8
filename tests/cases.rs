//! Mails that were once understood wrongly, and what a series of them comes to: `tests/corpus/cases`.

use crate::bench::Bench;
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stories {
    story: Vec<Story>,
    archive: Vec<Archive>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    name: String,
    /// The rows of the contract that it is about.
    #[allow(dead_code, reason = "for whoever reads the file")]
    keeps: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    mail: String,
    to: String,
    sent: Vec<String>,
    tickets: Vec<String>,
    /// The ticket whose last message it is then; not looked at if it is not given.
    filed: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    name: String,
    says: String,
    remarks: String,
    listed: Vec<String>,
}

fn file(name: &str) -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.join("tests/corpus/cases").join(name)
}

fn stories() -> Stories {
    toml::from_str(&fs::read_to_string(file("stories.toml")).unwrap()).unwrap()
}

#[test]
fn stories_come_out_right() {
    // A2, A5, A7, B4, B5, B11, C1 to C6
    for story in stories().story {
        let bench = Bench::new();
        for (n, step) in story.steps.iter().enumerate() {
            let what = format!("{}, mail {} ({})", story.name, n + 1, step.mail);
            let mail = fs::read(file(&format!("{}.eml", step.mail))).unwrap();
            bench.file(&step.to, mail);
            assert_eq!(bench.take_sent_in_short(), step.sent, "{what}");
            assert_eq!(bench.names(), step.tickets, "{what}");
            if let Some(ticket) = step.filed {
                let shown = bench
                    .run(&["show", "--json", &ticket.to_string()], b"")
                    .stdout;
                let last: serde_json::Value =
                    serde_json::from_str(shown.lines().last().unwrap()).unwrap();
                let raw = String::from_utf8(fs::read(file(&format!("{}.eml", step.mail))).unwrap());
                let id = last["message_id"].as_str().unwrap().to_owned();
                assert!(raw.unwrap().contains(&id), "{what}: {id}");
            }
        }
    }
}

#[test]
fn archives_are_read_right() {
    for archive in stories().archive {
        let bench = Bench::new();
        let path = file(&format!("{}.mbox", archive.name));
        bench.put("archive.mbox", &fs::read(path).unwrap());
        let path = bench.path("archive.mbox").display().to_string();
        let ran = bench.run(&["import", &path], b"");
        ran.is(0, &archive.says, &archive.remarks);
        let list = bench.run(&["list", "--all"], b"").stdout;
        assert_eq!(
            list.lines().count(),
            archive.listed.len(),
            "{}: {list}",
            archive.name
        );
        for wanted in archive.listed {
            let (author, subject) = wanted.split_once(": ").unwrap();
            let is_it =
                |line: &str| line.contains(&format!(" {author} ")) && line.ends_with(subject);
            assert!(
                list.lines().any(is_it),
                "{}: {wanted}: {list}",
                archive.name
            );
        }
    }
}
