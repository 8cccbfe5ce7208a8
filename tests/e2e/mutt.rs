//! A real mutt in a terminal, as the operator sits before it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::site::{Site, give, mode};

/// A running mutt; it ends with the value.
pub struct Mutt<'a> {
    site: &'a Site,
    socket: PathBuf,
}

impl<'a> Mutt<'a> {
    /// Opens a folder, given as the desk's user would type it, and waits until mutt shows it.
    ///
    /// ~/.muttrc sources `contrib/muttrc` as it is, unless the test made ~/.tickets.muttrc. The editor is a script that writes
    /// `answer` at the top of the mail.
    pub fn open(site: &'a Site, folder: &str, answer: &str) -> Mutt<'a> {
        let editor = site.path("home/editor");
        let script = format!(
            "#!/bin/sh\n{{ echo '{answer}'; cat \"$1\"; }} >\"$1.new\" && mv \"$1.new\" \"$1\"\n"
        );
        fs::write(&editor, script).unwrap();
        mode(&editor, 0o755);
        let pieces = site.path("home/.tickets.muttrc");
        if !pieces.exists() {
            fs::write(&pieces, include_str!("../../contrib/muttrc")).unwrap();
        }
        // The operator's own taste: no questions at the start and on the way to the compose screen.
        // An answer written within a second is none, mutt thinks, unless told otherwise.
        let taste = "source ~/.tickets.muttrc\nset folder=~/tickets editor=~/editor fast_reply include reply_to=yes quit delete=yes abort_unmodified=no\n";
        fs::write(site.path("home/.muttrc"), taste).unwrap();
        give(&site.path("home/.muttrc"), "tickets");
        let socket = site.path("tmux");
        let mutt = Mutt { site, socket };
        let run = site.as_desk(&["mutt", "-f", folder]);
        let new = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "40",
            "--",
        ];
        // The server of a session before may be on its way out, and takes the client with it.
        site.wait("tmux to start", || {
            let mut tmux = mutt.tmux(&new);
            let started = tmux.arg(run.get_program()).args(run.get_args()).status();
            started.unwrap().success().then_some(())
        });
        mutt.shows("-Mutt: ");
        mutt
    }

    /// Presses keys, by tmux's names: `r`, `Enter`, `C-c`.
    pub fn press(&self, keys: &[&str]) {
        assert!(
            self.tmux(&["send-keys"])
                .args(keys)
                .status()
                .unwrap()
                .success(),
            "mutt is gone"
        );
    }

    /// Waits until the screen holds this text.
    pub fn shows(&self, text: &str) {
        let probe = || self.screen().contains(text).then_some(());
        self.site.wait(&format!("mutt to show {text:?}"), probe);
    }

    /// Sends what is being composed. An editor that finishes as the clock's second changes makes
    /// mutt ask once more.
    pub fn send(&self) {
        self.press(&["y"]);
        let mut asked = false;
        self.site.wait("mutt to show \"Mail sent.\"", || {
            let screen = self.screen();
            if !asked && screen.contains("Update encoding") {
                asked = true;
                self.press(&["Enter"]);
            }
            screen.contains("Mail sent.").then_some(())
        });
    }

    /// Leaves mutt with `q` and waits until it has gone.
    pub fn quit(self) {
        self.press(&["q"]);
        self.wait_until_gone();
    }

    /// Waits until mutt has ended by itself.
    pub fn wait_until_gone(self) {
        self.site.wait("mutt to end", || {
            let there = self
                .tmux(&["has-session"])
                .output()
                .unwrap()
                .status
                .success();
            (!there).then_some(())
        });
    }

    fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// tmux with a server of its own, so that the user's sessions are left alone.
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

impl Drop for Mutt<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the screen\n{}", self.screen().trim_end());
        }
        let _ = self.tmux(&["kill-server"]).output();
    }
}
