//! The rooms of the house know only who they may know, and no test file is forgotten.

use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The code of a file, without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.contains("/tests") || name.ends_with("_tests.rs") || name.ends_with("/vectors.rs")
}

#[test]
fn decisions_touch_nothing() {
    let forbidden = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "nix::",
        "rusqlite",
        "crate::store",
        "crate::index",
        "crate::outbox",
        "crate::sendmail",
        "crate::desk",
        "crate::commands",
        "crate::cli",
    ];
    let mut found = Vec::new();
    for file in ["crates/mail/src", "src/ticket"]
        .iter()
        .flat_map(|d| rust_files(&here(d)))
    {
        if is_test(&file) {
            continue;
        }
        let code = code(&file);
        for word in forbidden.iter().filter(|w| code.contains(**w)) {
            found.push(format!("{}: {word}", file.display()));
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn mail_knows_no_ticket_and_effects_not_each_other() {
    let rules = [
        (
            "crates/mail/src",
            &["crate::ticket", "crate::config", "crate::error"][..],
        ),
        (
            "src/store",
            &[
                "crate::index",
                "crate::outbox",
                "crate::sendmail",
                "crate::desk",
            ],
        ),
        (
            "src/index",
            &[
                "crate::outbox",
                "crate::sendmail",
                "crate::desk",
                "crate::config",
            ],
        ),
        (
            "src/outbox",
            &[
                "crate::store",
                "crate::index",
                "crate::desk",
                "crate::config",
            ],
        ),
        (
            "src/sendmail",
            &[
                "crate::store",
                "crate::index",
                "crate::outbox",
                "crate::desk",
            ],
        ),
        ("src/desk", &["crate::commands", "crate::cli"]),
    ];
    let mut found = Vec::new();
    for (room, strangers) in rules {
        let mut files = rust_files(&here(room));
        files.push(here(&format!("{room}.rs")));
        for file in files.iter().filter(|f| f.exists() && !is_test(f)) {
            let code = code(file);
            for word in strangers.iter().filter(|w| code.contains(**w)) {
                found.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn every_test_file_is_run() {
    for dir in ["tests", "tests/e2e"] {
        let main = fs::read_to_string(here(dir).join("main.rs")).unwrap();
        for entry in fs::read_dir(here(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.extension().is_some_and(|e| e == "rs") && name != "main" {
                assert!(
                    main.contains(&format!("mod {name};")),
                    "{dir}/{name}.rs is not run"
                );
            }
        }
    }
}

#[test]
fn no_file_is_too_long_to_live_in() {
    let long = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count() > 450;
    let found: Vec<PathBuf> = rust_files(&here("src")).into_iter().filter(long).collect();
    assert!(found.is_empty(), "{found:?}");
}
