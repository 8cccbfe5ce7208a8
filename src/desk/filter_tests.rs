//! The time that filters have together, which no other test waits for.

use super::*;
use crate::config::{Config, Overrides};
use mail::envelope::{Envelope, RecipientSource};
use mail::message::Message;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file that nobody else may change.
fn put(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

// G5: when the time of all is over, nobody is asked any more, and nobody is to blame who had too little of it.
#[test]
fn filters_have_one_time_together() {
    let dir = tempfile::tempdir().unwrap();
    let modules = dir.path().join("modules");
    for (name, script) in [
        ("hangs", "sleep 100"),
        ("quick", "echo '{\"go\":\"quiet\"}'"),
    ] {
        let home = modules.join(name);
        fs::create_dir_all(&home).unwrap();
        for dir in [&modules, &home] {
            fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
        }
        let manifest = format!(
            "name = {name:?}\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\npoints = [\"filter\"]\n"
        );
        put(&home.join("module.toml"), &manifest, 0o644);
        put(&home.join("run"), &format!("#!/bin/sh\n{script}\n"), 0o755);
    }
    let config = dir.path().join("config.toml");
    let text = format!(
        "domain = \"example.org\"\nlog = \"none\"\nmodules = [\"hangs\", \"quick\"]\nmodules_path = [{modules:?}]\n"
    );
    put(&config, &text, 0o644);
    let overrides = Overrides {
        config: Some(config),
        dir: Some(dir.path().join("store")),
    };
    let mut desk = Desk::open(Config::load(&overrides).unwrap()).unwrap();
    let message = Message::new(b"From: ann@example.net\n\nx\n");
    let envelope = Envelope {
        sender: Sender::Null,
        recipients: vec!["submit@example.org".into()],
        recipients_from: RecipientSource::Envelope,
    };
    let by = desk.staff().authorship(&message);
    let question = Question {
        incoming: super::super::parcel::Incoming {
            message: &message,
            envelope: &envelope,
        },
        by: &by,
        degree: &mail::automatic::Degree::Person,
        proof: Proof::NotRequired,
        route: &[Destination::Open],
        now: 0,
    };
    let judged = desk.ask_filters(&question, Duration::from_millis(300));
    let judged = judged.unwrap().unwrap();
    let want = [
        "hangs; failed=\"the others left it too little time\"",
        "quick; failed=\"the others took all the time that there is\"",
    ];
    assert_eq!(
        (judged.go, judged.said),
        (Go::On, want.map(str::to_owned).to_vec())
    );
    for name in ["hangs", "quick"] {
        let state = desk
            .store
            .private()
            .join("modules")
            .join(name)
            .join("state");
        assert!(!state.exists(), "{name}");
    }
}
