//! A program in a terminal, as the operator sits before it: tmux, with a server of its own, so that
//! the user's sessions are left alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site;

/// A running program; it ends with the value.
pub struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Starts a program; of `run` only its name and arguments matter.
    pub fn start(socket: &Path, run: &Command) -> Terminal {
        let socket = socket.to_owned();
        let terminal = Terminal { socket };
        let new = "-f /dev/null new-session -d -x 120 -y 40 --";
        // The server of a session before may be on its way out, and takes the client with it.
        site::wait("tmux to start", || {
            let mut tmux = terminal.tmux(&new.split(' ').collect::<Vec<_>>());
            let started = tmux.arg(run.get_program()).args(run.get_args()).status();
            started.unwrap().success().then_some(())
        });
        terminal
    }

    /// Presses keys, by tmux's names: `r`, `Enter`, `C-c`.
    pub fn press(&self, keys: &[&str]) {
        let pressed = self.tmux(&["send-keys"]).args(keys).status();
        assert!(pressed.unwrap().success(), "the program is gone");
    }

    /// Types this text.
    pub fn types(&self, text: &str) {
        self.press(&["-l", text]);
    }

    /// Waits until the screen holds this text.
    pub fn shows(&self, text: &str) {
        site::wait(&format!("the screen to show {text:?}"), || {
            self.screen().contains(text).then_some(())
        });
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the program has ended by itself.
    pub fn wait_until_gone(self) {
        site::wait("the program to end", || self.is_gone().then_some(()));
    }

    /// True once the program has ended.
    pub fn is_gone(&self) -> bool {
        let there = self.tmux(&["has-session"]).output().unwrap();
        !there.status.success()
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .env("LANG", "C.UTF-8")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments);
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the screen\n{}", self.screen().trim_end());
        }
        let _ = self.tmux(&["kill-server"]).output();
    }
}
