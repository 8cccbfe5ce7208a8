//! Starts programs as the user who stands in for the one of a desk.
//!
//! The standard library would do so by fork(2): it copies the page tables of the tests, which have grown to hundreds of
//! megabytes, and each page that they write to afterwards, tens of thousands of times. A small program that is started
//! by vfork(2), and then becomes the user, takes a fraction of that.

use crate::bench::{compile, ordinary_user};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The command with its arguments, but without anything else that was set, as an ordinary user if we are root.
pub fn as_ordinary_user(command: &Command) -> Command {
    let mut made = match ordinary_user() {
        None => Command::new(command.get_program()),
        Some((uid, gid)) => {
            let mut made = Command::new(launcher());
            made.args([uid.to_string(), gid.to_string()])
                .arg(command.get_program());
            made
        }
    };
    made.args(command.get_args());
    made
}

fn launcher() -> &'static PathBuf {
    static LAUNCHER: OnceLock<PathBuf> = OnceLock::new();
    LAUNCHER.get_or_init(|| {
        // The compiler writes it, so that no process that we start meanwhile has it open.
        let dir = std::env::temp_dir().join(format!("tickets-test-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let program = dir.join("as_user");
        compile("as_user.c", &["-static"], &program);
        program
    })
}
