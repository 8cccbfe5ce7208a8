//! E3, E7: what `check` says of a store that is lost, and of one that is looked for in the wrong place.

use crate::check::{MAIL, desk};
use crate::machine::{Machine, USERS, machine};
use std::fs;

/// A machine on which `tickets`, `steve` and `bea` are in the group `support`, and `steve` and `bea` have a home.
fn with_operators() -> Option<Machine> {
    let m = machine()?;
    let operators = "steve:x:64993:64993::/var/lib/steve:/bin/sh\n\
        bea:x:64994:64994::/var/lib/bea:/bin/sh\n";
    m.put("etc/passwd", &format!("{USERS}{operators}"));
    m.put(
        "etc/group",
        "tickets:x:64991:\nother:x:64992:\nsteve:x:64993:\nbea:x:64994:\n\
         support:x:64995:tickets,steve,bea\n",
    );
    let homes = "for who in steve bea; do install -d -m 755 -o $who -g $who var/$who; done";
    m.run(homes).is(0, "", "");
    Some(m)
}

/// What runs as an operator, with all groups.
const OPERATOR: &str = "operator() { who=$1; shift; setpriv --reuid \"$who\" --regid \"$who\" --init-groups \
    env HOME=/var/lib/$who \"$program\" \"$@\"; }\n";

/// The pieces that Postfix has of the desk of `user`.
fn postfix(user: &str) -> String {
    format!(
        "tickets unix - n n - - pipe\n  flags=X null_sender= user={user}\n  \
         argv=/usr/local/bin/tickets deliver --routed --sender=${{sender}}\n"
    )
}

/// E3, E7: whoever looks, it is one fault, with the command that makes the store for whom the mail server starts the
/// program.
#[test]
fn a_lost_store_is_made_for_the_desks_user() {
    for (pieces, group) in [
        (postfix("tickets:support"), "group = \"support\"\n"),
        // The user whose home it is.
        (String::new(), "group = \"support\"\n"),
        (String::new(), ""),
    ] {
        let Some(m) = with_operators() else { return };
        m.run("tickets init --domain example.org --admin steve@example.net >out && rm -r /var/lib/tickets")
            .is(0, "", "");
        let config = m.text("etc/tickets/config.toml");
        m.put("etc/tickets/config.toml", &format!("{group}{config}"));
        m.put("etc/postfix/master.cf", &pieces);
        let make = match group {
            "" => "install -d -o tickets -m 711 /var/lib/tickets",
            _ => "install -d -o tickets -g support -m 2771 /var/lib/tickets",
        };
        let gone = "there is no directory /var/lib/tickets";
        let first = "if there were tickets, mount or restore it first";
        for (who, sudo) in [
            ("tickets", ""),
            ("operator steve", "sudo "),
            ("operator tickets", "sudo "),
        ] {
            let run = |args: &str| m.run(&format!("{OPERATOR}{who} {args}"));
            let fault = format!("FAIL  store: {gone}; {first}\n      mend: {sudo}{make}\n");
            run("check --etc /etc").is(2, &fault, "");
            run("check -q --etc /etc").is(
                2,
                &format!("tickets: FAIL: 1 fault: store: {gone}; {first}\n"),
                "",
            );
            let ran = run("check --nagios --etc /etc");
            let line = format!("TICKETS CRITICAL - 1 fault: store: {gone}; {first}");
            assert!(ran.status == 2 && ran.stdout.starts_with(&line), "{ran:?}");
            run("list").is(
                66,
                "",
                &format!(
                    "tickets: cannot find the store: {gone}\nhint: if the name is right, `{sudo}{make}` makes it\n"
                ),
            );
        }
        m.run("ls /var/lib").is(0, "bea\nsteve\n", "");
        // As the mend says; so is the directory on which a disk is not mounted.
        let empty = format!(
            "warn  store: there are no tickets in /var/lib/tickets yet; the next mail opens ticket 1; {first}\n"
        );
        m.run(&format!("{make} && tickets check --etc /etc | grep store"))
            .is(0, &empty, "");
        m.run("tickets deliver -r submit@example.org <mail && tickets list -q")
            .is(0, "1\n", "");
        m.run("tickets check --etc /etc | grep -c 'tickets: 1 open'")
            .is(0, "1\n", "");
    }
}

/// E3: who is alone and has lost the store hears of it before the next mail makes another one.
#[test]
fn a_lost_store_of_ones_own_is_a_warning() {
    let b = desk("");
    b.file("submit", MAIL);
    let etc = b.path("etc").display().to_string();
    let store = b.ticket("").display().to_string();
    let store = store.trim_end_matches('/');
    fs::rename(store, b.path("elsewhere")).unwrap();
    let said = format!(
        "store: there is no directory {store}; the next mail makes it and opens ticket 1; \
         if there were tickets, mount or restore it first"
    );
    let ran = b.run(&["check", "--etc", &etc], b"");
    let line = format!("warn  {said}\n");
    assert!(ran.status == 1 && ran.stdout.contains(&line), "{ran:?}");
    let ran = b.run(&["check", "--nagios", "--etc", &etc], b"");
    assert!(
        ran.status == 1
            && ran.stdout.starts_with("TICKETS WARNING - ")
            && ran.stdout.contains(&said),
        "{ran:?}"
    );
    assert!(!b.ticket("").exists(), "looking creates nothing");
    fs::rename(b.path("elsewhere"), store).unwrap();
    let ran = b.run(&["check", "--etc", &etc], b"");
    assert!(!ran.stdout.contains("there is no directory"), "{ran:?}");
}

/// D8, E3: without `dir`, each of the group is told the same, and nobody to take the desk.
#[test]
fn a_group_without_dir_is_one_fault_for_all() {
    let Some(m) = with_operators() else { return };
    m.run("as_user steve \"$program\" init --domain example.org --admin steve@example.org >out && \
           chmod 711 var/steve/tickets && mkdir etc/tickets && \
           { echo 'group = \"support\"'; cat var/steve/.config/tickets/config.toml; } >etc/tickets/config.toml && \
           rm -r var/steve/.config")
        .is(0, "", "");
    m.put("etc/postfix/master.cf", &postfix("steve"));
    let fault = "FAIL  config: without `dir`, each of the group support looks for the tickets in the own home\n      \
        mend: write `dir = \"/var/lib/steve/tickets\"` above all tables of /etc/tickets/config.toml\n";
    for who in ["steve", "bea"] {
        m.run(&format!("{OPERATOR}operator {who} check --etc /etc"))
            .is(2, fault, "");
    }
    m.run("ls -A /var/lib/bea").is(0, "", "");
}
