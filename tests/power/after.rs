//! The machine is up again: a world is laid out, and the program goes on in it.

use super::disk::{Item, Tree};
use super::scenario::{Scenario, Want, further, mboxes, undated};
use crate::bench::{Bench, Sent, finish, own};
use crate::shim;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

/// Seconds until the machine is up again and the MTA comes back, as long as a queue waits. By then
/// a lock that says nothing is stale (D5).
const LATER: &str = "900";

/// What was known when the power went.
pub struct Before {
    /// So many of the last deliveries the MTA brings again: the one that had not ended, and those
    /// of which it had noted that they had, but not on its disk.
    pub comes_again: usize,
    /// sendmail has taken these.
    pub sent: Vec<Sent>,
    /// How often a mail may have gone out in the end: each cut doubles at most once.
    pub most: usize,
}

/// A desk in a world.
pub struct After<'a> {
    pub bench: Bench,
    what: &'a str,
}

impl After<'_> {
    pub fn new<'a>(tree: &Tree, what: &'a str) -> After<'a> {
        let bench = Bench::new();
        lay_out(tree, &bench);
        After { bench, what }
    }

    /// The program as it runs later, on files that look as they did.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command(args);
        command
            .env("LD_PRELOAD", shim::library(&self.bench))
            .env("SHIM_STAMPS", self.bench.path("stamps"))
            .env("SHIM_NOSYNC", "1")
            .env("SHIM_LATER", LATER);
        command
    }

    /// Runs it to a good end; what it prints.
    #[track_caller]
    fn run(&self, args: &[&str], stdin: &str) -> String {
        let ran = finish(self.command(args), stdin.as_bytes());
        let good = ran.status == 0 && ran.stderr.is_empty();
        assert!(good, "{args:?}: {ran:?}: {}", self.what);
        ran.stdout
    }

    fn looks(&self, want: &Want, last: &str) {
        let what = self.what;
        let numbers = want.names.iter().map(|n| n.trim_start_matches("archived/"));
        let mut numbers: Vec<&str> = numbers.collect();
        numbers.sort_unstable();
        let shown = self.run(&["show", numbers.last().unwrap(), "--raw"], "");
        assert_eq!(shown, last, "{what}");
        // The newest come first.
        let listed = self.run(&["list", "--all", "-q"], "");
        let mut listed: Vec<&str> = listed.lines().collect();
        listed.sort_unstable();
        assert_eq!(listed, numbers, "{what}");
    }
}

/// Lets the machine go on from a world, and looks at what becomes of it.
pub fn go_on(scenario: &Scenario, want: &Want, tree: &Tree, before: Before, what: &str) {
    let after = After::new(tree, what);
    let last = &scenario.last;
    match before.comes_again {
        0 => after.looks(want, &last.mail),
        count => {
            let all = scenario.deliveries();
            for delivery in &all[all.len() - count..] {
                after.run(&delivery.args(), &delivery.mail);
            }
        }
    }
    // A lock that was left has no owner, and the next delivery removes it.
    let mut names = after.bench.names();
    names.retain(|name| !name.contains(".lock"));
    assert_eq!(names, want.names, "{what}");
    let checked = after.run(&["check", "--store"], "");
    let sound = checked.ends_with(", none changed\n") && checked.lines().count() == 1;
    assert!(sound, "{checked}: {what}");

    // B7, and a ticket that is written to again.
    let (args, mail) = further();
    assert_eq!(after.run(&args, &mail), "", "{what}");
    if !after.bench.outbox().is_empty() {
        after.run(&["flush", "--quiet"], "");
    }
    let mboxes = mboxes(&after.bench);
    for ((name, mbox), (want_name, want)) in mboxes.iter().zip(&want.mboxes) {
        assert_eq!(name, want_name, "{what}");
        assert!(
            mbox == want,
            "{name}: {mbox:.4000}\n---\n{want:.4000}: {what}"
        );
    }
    assert_eq!(mboxes.len(), want.mboxes.len(), "{what}");
    assert_eq!(after.bench.outbox(), [""; 0], "{what}");
    let sent = after.bench.take_sent();
    check_sent(want, before.sent.into_iter().chain(sent), before.most, what);
}

/// Each mail went out, and not more often than that.
fn check_sent(want: &Want, sent: impl Iterator<Item = Sent>, most: usize, what: &str) {
    let mut sent: Vec<Sent> = sent.map(undated).collect();
    for mail in &want.sent {
        let before = sent.len();
        sent.retain(|other| other != mail);
        let times = before - sent.len();
        let good = (1..=most).contains(&times);
        assert!(good, "{times} times {}: {what}", mail.in_short());
    }
    assert_eq!(sent, [], "{what}");
}

/// Lays out a world in a desk, and the stamps of its files.
pub fn lay_out(tree: &Tree, bench: &Bench) {
    let mut stamps = String::new();
    let mut laid: HashMap<usize, PathBuf> = HashMap::new();
    for (path, item) in tree {
        let path = bench.path(path.to_str().unwrap());
        match item {
            Item::Dir => fs::create_dir(&path).unwrap(),
            Item::File { id, bytes, .. } => match laid.get(id) {
                Some(other) => fs::hard_link(other, &path).unwrap(),
                None => {
                    fs::write(&path, bytes.as_slice()).unwrap();
                    laid.insert(*id, path.clone());
                }
            },
        }
        own(&path);
    }
    // Now that no more names are given, which would change a ctime.
    for item in tree.values() {
        if let Item::File {
            id,
            stamp: Some((inode, (sec, nsec))),
            ..
        } = item
        {
            let has = fs::metadata(&laid[id]).unwrap();
            let (has_sec, has_nsec) = (has.ctime(), has.ctime_nsec());
            writeln!(
                stamps,
                "{} {has_sec} {has_nsec} {inode} {sec} {nsec}",
                has.ino()
            )
            .unwrap();
        }
    }
    bench.put("stamps", stamps.as_bytes());
}
