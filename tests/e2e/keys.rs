//! The keys of `contrib/muttrc` that close a ticket, in mutt and in neomutt, where the mail is delivered before sendmail
//! has ended: the folder has moved away by then.

use crate::bench::{Bench, binary};
use crate::mutt::{self, at_home};
use crate::site;
use crate::terminal::Terminal;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A program that the operator's mail program starts.
fn script(bench: &Bench, name: &str, text: &str) {
    bench.put(name, text.as_bytes());
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_closes_a_ticket_leaves_the_mail_program() {
    if !site::may_run(site::missing(&["mutt", "neomutt", "tmux"])) {
        return;
    }
    for program in ["mutt", "neomutt"] {
        let bench = Bench::new();
        let (desk, path) = (bench.path("config.toml"), bench.path(""));
        let (desk, path) = (desk.display(), path.display());
        let own = binary().display();
        bench.make_dir("bin");
        script(
            &bench,
            "bin/tickets",
            &format!("#!/bin/sh\nTICKETS_CONFIG={desk} exec {own} \"$@\"\n"),
        );
        script(
            &bench,
            "editor",
            "#!/bin/sh\n{ echo Done.; cat \"$1\"; } >\"$1.new\" && mv \"$1.new\" \"$1\"\n",
        );
        script(
            &bench,
            "at-once",
            &format!(
                "#!/bin/sh\ncat >{path}/letter\nfor to; do case $to in ticket-*) {path}/bin/tickets deliver \\\n\
                 -f steve@example.org -r \"$to\" <{path}/letter;; esac; done\n"
            ),
        );
        let pieces = bench.run(&["init", "--mutt"], b"").stdout;
        let rc = format!(
            "{pieces}\nset my_tickets_name=\"Steve (Support)\"\nsetenv PATH {path}/bin:{}\nset sendmail={path}/at-once editor={path}/editor folder={path} fast_reply \
             include reply_to=yes quit abort_unmodified=no\n",
            site::PATH
        );
        for (number, key) in [(1, "C"), (2, "X"), (3, "Z")] {
            let text = format!(
                "From: ann@example.net\nSubject: {key}\nMessage-ID: <{number}@x>\n\nHelp\n"
            );
            bench.file("submit", &text);
            bench.take_sent();
            let folder = bench.ticket(&number.to_string()).display().to_string();
            let terminal = mutt::at_bench(&bench, &[program], &rc, &["-f", &folder]);
            terminal.shows("utt: ");
            if key == "C" {
                // A closing that is given up, and then another mail, which is filed in the ticket.
                terminal.press(&["C"]);
                terminal.shows("q:Abort");
                terminal.press(&["q"]);
                terminal.shows("ostpone");
                terminal.press(&["n"]);
                terminal.shows("tickets/1 [Msgs");
                terminal.press(&["m"]);
                terminal.shows("To:");
                terminal.press(&["bob@example.com", "Enter"]);
                terminal.shows("Subject:");
                terminal.press(&["Spare part", "Enter"]);
                terminal.shows("y:Send  q:Abort");
                terminal.shows("utt: Compose  [Approx. msg size: ");
                terminal.press(&["y"]);
                site::wait("the mail to be filed", || {
                    let mbox = fs::read_to_string(bench.ticket("1")).ok()?;
                    mbox.contains("Subject: Spare part").then_some(())
                });
                let letter = fs::read_to_string(bench.path("letter")).unwrap();
                let from = "\nFrom: \"Steve (Support)\" <ticket-1@example.org>\n";
                assert!(letter.contains(from), "{program}\n{letter}");
                assert!(
                    letter.contains("\nCc: ticket-1@example.org\n"),
                    "{program}\n{letter}"
                );
                terminal.shows("tickets/1 [Msgs");
                bench.take_sent();
            }
            // The line below the index names the keys.
            terminal.shows("C:Reply+close X:Close Z:Close quietly");
            terminal.press(&["Home", key]);
            if key == "C" {
                terminal.shows("q:Abort");
                terminal.shows("-- y:Send, close the ticket and leave  [Atts: 1]---");
                terminal.press(&["y"]);
            }
            let both = format!("{program} {key}: the ticket to be archived and the program to end");
            site::wait(&both, || {
                let screen = terminal.screen();
                assert!(!screen.contains("corrupted"), "{program} {key}\n{screen}");
                let archived = bench.ticket(&format!("archived/{number}"));
                (terminal.is_gone() && archived.exists()).then_some(())
            });
            // Who answers has told the submitter; of a closing the desk tells them, unless it is quiet. The ticket moves
            // before the notice goes.
            if key == "X" {
                let is_notice = |mail: &crate::bench::Sent| {
                    mail.field("X-Tickets-Kind").as_deref() == Some("closed")
                };
                site::wait("the notice", || {
                    bench.sent().iter().any(is_notice).then_some(())
                });
            }
            let sent = bench.take_sent();
            let kinds = sent.iter().filter_map(|mail| mail.field("X-Tickets-Kind"));
            let notices = kinds.filter(|kind| kind == "closed").count();
            assert_eq!(
                notices,
                usize::from(key == "X"),
                "{program} {key}: {sent:?}"
            );
        }
        // In any other folder they close nothing, and the line below is mutt's own.
        bench.put("box", &fs::read(bench.ticket("archived/1")).unwrap());
        let folder = bench.path("box").display().to_string();
        for key in ["X", "Z"] {
            let terminal = mutt::at_bench(&bench, &[program], &rc, &["-f", &folder]);
            terminal.shows("utt: ");
            terminal.press(&[key]);
            terminal.shows("This folder is no ticket");
            let screen = terminal.screen();
            assert!(!screen.contains("C:Reply"), "{program}\n{screen}");
            terminal.press(&["q"]);
            terminal.wait_until_gone();
        }
    }
}

/// E3: in a home that has seen no mail yet, mutt opens a ticket, or a reply, and asks nothing; a folder of the user's own
/// stays that.
#[test]
fn mutt_asks_nothing_in_a_new_home() {
    if !site::may_run(site::missing(&["mutt", "tmux"])) {
        return;
    }
    let bench = Bench::new();
    bench.file(
        "submit",
        "From: ann@example.net\nSubject: Printer\nMessage-ID: <1@x>\n\nHelp\n",
    );
    let config = bench.path("config.toml").display().to_string();
    let start = |words: &[&str]| {
        let mut run = at_home(&bench);
        run.arg(format!("TICKETS_CONFIG={config}"));
        run.arg(binary()).args(words);
        Terminal::start(&bench.path("tmux"), &run)
    };
    let rc = "set editor=/bin/true abort_unmodified=no\n";
    bench.put(".muttrc", rc.as_bytes());
    let terminal = start(&["mutt", "1"]);
    terminal.shows("-Mutt: ");
    // A question would take it.
    terminal.press(&["q"]);
    terminal.wait_until_gone();
    let terminal = start(&["reply", "1"]);
    terminal.shows("Compose");
    terminal.press(&["q"]);
    terminal.shows("ostpone");
    terminal.press(&["n"]);
    terminal.wait_until_gone();
    bench.make_dir("own");
    bench.put("own/box", &fs::read(bench.ticket("1")).unwrap());
    bench.put(".muttrc", format!("{rc}set folder=~/own\n").as_bytes());
    let terminal = start(&["mutt", "1"]);
    terminal.shows("-Mutt: ");
    terminal.press(&["c"]);
    terminal.shows("Open mailbox");
    terminal.press(&["C-u"]);
    terminal.types("=box");
    terminal.press(&["Enter"]);
    terminal.shows("/own/box [Msgs:1");
    let screen = terminal.screen();
    assert!(!screen.contains("C:Reply"), "{screen}");
    terminal.press(&["q"]);
    terminal.wait_until_gone();
}
