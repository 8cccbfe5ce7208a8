//! A real mutt in a terminal, as the operator sits before it.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, ordinary_user};
use crate::people::Person;
use crate::site::{self, Site, give, mode};
use crate::terminal::Terminal;

/// A running mutt; it ends with the value.
pub struct Mutt {
    terminal: Terminal,
}

impl Mutt {
    /// Opens a folder, given as the desk's user would type it, and waits until mutt shows it.
    ///
    /// ~/.muttrc sources `contrib/muttrc` as it is, unless the test made ~/.tickets.muttrc. The editor is a script that writes
    /// `answer` at the top of the mail.
    pub fn open(site: &Site, folder: &str, answer: &str) -> Mutt {
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
        let run = site.as_desk(&["mutt", "-f", folder]);
        let terminal = Terminal::start(&site.path("tmux"), &run);
        terminal.shows("-Mutt: ");
        Mutt { terminal }
    }

    /// Opens the mailbox of somebody who has nothing to do with the desk, and whose mutt speaks SMTP
    /// with the MTA. The editor writes `words` at the top of a mail.
    pub fn at_home(site: &Site, who: Person, words: &str) -> Mutt {
        const OWNER: &str = "Debian-exim";
        let (mailbox, home) = (site.path("mail").join(who.address), site.path(who.name));
        for name in ["new", "cur", "tmp"] {
            fs::create_dir_all(mailbox.join(name)).unwrap();
            give(&mailbox.join(name), OWNER);
        }
        give(&mailbox, OWNER);
        fs::create_dir_all(&home).unwrap();
        give(&home, OWNER);
        let (editor, rc) = (home.join("editor"), home.join("muttrc"));
        let script = format!(
            "#!/bin/sh\n{{ echo '{words}'; cat \"$1\"; }} >\"$1.new\" && mv \"$1.new\" \"$1\"\n"
        );
        fs::write(&editor, script).unwrap();
        mode(&editor, 0o755);
        let settings = format!(
            "set from={} realname='{}' use_from hostname=example.net askcc editor={}\n\
             set smtp_url=smtp://127.0.0.1:{}/ ssl_force_tls=no ssl_starttls=no header_cache='' record='' postponed=''\n\
             set fast_reply include reply_to=yes quit delete=yes abort_unmodified=no move=no\n\
             set sort=mailbox-order wait_key=no folder={}\n",
            who.address,
            who.name,
            editor.display(),
            site.port,
            home.display(),
        );
        fs::write(&rc, settings).unwrap();
        let mut run = Command::new("setpriv");
        run.args(["--init-groups", "--reuid", OWNER, "--regid", OWNER]);
        run.args(["env", "-i", "LANG=C.UTF-8", "TERM=screen"]);
        run.arg(format!("PATH={}", site::PATH));
        run.arg(format!("HOME={}", home.display()));
        run.args(["mutt", "-n", "-F"])
            .arg(rc)
            .arg("-f")
            .arg(mailbox);
        let terminal = Terminal::start(&home.join("tmux"), &run);
        terminal.shows("-Mutt: ");
        Mutt { terminal }
    }

    /// Goes to the mail with this msg-id.
    pub fn find(&self, id: &str) {
        self.press(&["/"]);
        self.shows("Search for:");
        self.types(&format!("~i \"{}\"", id.trim_matches(['<', '>'])));
        self.press(&["Enter"]);
    }

    /// Types this text.
    pub fn types(&self, text: &str) {
        self.terminal.types(text);
    }

    /// Presses keys, by tmux's names: `r`, `Enter`, `C-c`.
    pub fn press(&self, keys: &[&str]) {
        self.terminal.press(keys);
    }

    /// Waits until the screen holds this text.
    pub fn shows(&self, text: &str) {
        self.terminal.shows(text);
    }

    /// Sends what is being composed. An editor that finishes as the clock's second changes makes
    /// mutt ask once more.
    pub fn send(&self) {
        self.press(&["y"]);
        let mut asked = false;
        site::wait("mutt to show \"Mail sent.\"", || {
            let screen = self.terminal.screen();
            if !asked && screen.contains("Update encoding") {
                asked = true;
                self.press(&["Enter"]);
            }
            screen.contains("Mail sent.").then_some(())
        });
    }

    /// Sends what `C` composed, after which mutt leaves by itself, and says nothing of a mailbox that is gone.
    pub fn send_and_leave(self) {
        self.press(&["y"]);
        let mut asked = false;
        site::wait("mutt to leave", || {
            let screen = self.terminal.screen();
            assert!(!screen.contains("corrupted"), "{screen}");
            // The question takes the keys that would leave.
            if !asked && screen.contains("Update encoding") {
                asked = true;
                self.press(&["Enter"]);
                self.shows("Mail sent.");
                self.press(&["x"]);
            }
            self.terminal.is_gone().then_some(())
        });
    }

    /// Leaves mutt with `q` and waits until it has gone.
    pub fn quit(self) {
        self.press(&["q"]);
        self.wait_until_gone();
    }

    /// Waits until mutt has ended by itself.
    pub fn wait_until_gone(self) {
        self.terminal.wait_until_gone();
    }
}

/// What runs a program as the desk's user, whose home is the bench's directory, on a terminal. The program is to be
/// added, and what more stands in its environment before it.
pub fn at_home(bench: &Bench) -> Command {
    let mut run = Command::new("setpriv");
    if let Some((uid, gid)) = ordinary_user() {
        run.arg(format!("--reuid={uid}"))
            .arg(format!("--regid={gid}"));
        run.arg("--clear-groups");
    }
    run.args(["env", "-i", "LANG=C.UTF-8", "TERM=screen"]);
    run.arg(format!("PATH={}", site::PATH));
    run.arg(format!("HOME={}", bench.path("").display()));
    run
}

/// Starts a mail program with these arguments where there is a desk and no MTA, as the desk's user,
/// whose home is the bench's directory. `rc` is the whole of its configuration.
pub fn at_bench(bench: &Bench, program: &[&str], rc: &str, arguments: &[&str]) -> Terminal {
    bench.put("muttrc", rc.as_bytes());
    let mut run = at_home(bench);
    run.args(program)
        .arg("-n")
        .arg("-F")
        .arg(bench.path("muttrc"));
    run.args(arguments);
    Terminal::start(&bench.path("tmux"), &run)
}
