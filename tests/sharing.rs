//! D8, E8: two operators of the desk that one of them had alone: what leads both to it, and that nothing that the program
//! says takes it away from the first.

use crate::bench::Ran;
use crate::machine::{Machine, TEMPLATE, USERS, exim, machine};

const STEVES: &str = "var/steve/.config/tickets/config.toml";
const MACHINES: &str = "etc/tickets/config.toml";
const SHARE: &str = "with `group`, in the configuration that all of them read, /etc/tickets/config.toml, several users work on one desk";

/// A machine with the users steve and paula, who are in the group `support`, and steve's own desk with a ticket, to which
/// Exim brings mail.
fn desk() -> Option<Machine> {
    let m = machine()?;
    let people = "steve:x:64993:64993::/var/lib/steve:/bin/sh\npaula:x:64994:64994::/var/lib/paula:/bin/sh\n";
    m.put("etc/passwd", &format!("{USERS}{people}"));
    let groups = m.text("etc/group");
    m.put(
        "etc/group",
        &format!("{groups}steve:x:64993:\npaula:x:64994:\nsupport:x:64999:steve,paula\n"),
    );
    m.put("etc/exim4/update-exim4.conf.conf", "");
    m.put(TEMPLATE, &format!("tickets_submit:\n{}", exim("steve", "")));
    let ran = m.run(
        "for who in steve paula; do install -d -m 711 -o $who -g $who /var/lib/$who; done
         as_user steve \"$program\" init --etc mta --domain example.org --admin steve@example.net >/dev/null
         echo 'sendmail = \"/bin/true\"' >>/var/lib/steve/.config/tickets/config.toml
         as_user steve \"$program\" deliver -r submit@example.org <mail",
    );
    assert_eq!((ran.status, &*ran.stderr), (0, ""), "{ran:?}");
    Some(m)
}

/// Runs a command in a new login of this user: with all groups of the user database.
fn login(m: &Machine, who: &str, command: &str) -> Ran {
    m.run(&format!(
        "cd /var/lib; setpriv --reuid {who} --regid {who} --init-groups \"$program\" {command}"
    ))
}

/// What `check` finds wrong, and the mends.
fn faults(ran: &Ran) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_mend = false;
    for line in ran.stdout.lines() {
        let is_fault = line.starts_with("FAIL") || line.starts_with("warn");
        if is_fault || is_mend && line.starts_with("      mend: ") {
            found.push(line.trim());
        }
        is_mend = is_fault;
    }
    found
}

/// E8: a second configuration is written over nobody's store, and none for a desk to which no mail comes.
#[test]
fn nobody_sets_up_the_desk_of_another() {
    let Some(m) = desk() else { return };
    let own = "/var/lib/paula/.config/tickets/config.toml";
    let before = m.run("ls -lR /var/lib/steve").stdout;
    let init = "init --domain example.org --admin paula@example.net";
    login(&m, "paula", init).is(
        77,
        "",
        &format!(
            "tickets: cannot set up a desk: the mail server brings mail to that of user steve\n\
             hint: `sudo -u steve tickets list` works on it, and {SHARE}; `tickets --config {own} init` sets up another one\n"
        ),
    );
    let theirs = format!(
        "tickets: cannot set up a desk: the store in /var/lib/steve/tickets is that of steve\n\
         hint: {SHARE}; `tickets --config {own} init` sets up another one\n"
    );
    login(&m, "paula", &format!("--dir /var/lib/steve/tickets {init}")).is(77, "", &theirs);
    let root = "tickets init --etc mta --user steve --dir /var/lib/steve/tickets --domain example.org --admin a@b";
    m.run(root).is(
        77,
        "",
        "tickets: cannot set up a desk: steve has one, configured in /var/lib/steve/.config/tickets/config.toml\n\
         hint: `sudo install -D -m 644 /var/lib/steve/.config/tickets/config.toml /etc/tickets/config.toml && \
         sudo rm /var/lib/steve/.config/tickets/config.toml`, with `dir = \"/var/lib/steve/tickets\"` in it, \
         makes it the machine's; `tickets --config /etc/tickets/config.toml init` sets up another one\n",
    );
    m.run("ls -A /var/lib/paula /etc").is(
        0,
        "/etc:\nexim4\ngroup\nnsswitch.conf\npasswd\n\n/var/lib/paula:\n",
        "",
    );
    assert_eq!(m.run("ls -lR /var/lib/steve").stdout, before);
    // Who has one already is told of that, and who asks for another gets it.
    let ran = login(&m, "paula", &format!("--config {own} {init}"));
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    let ran = login(&m, "paula", init);
    assert_eq!(
        ran.stderr.lines().next(),
        Some(&*format!("tickets: cannot write {own}: it already exists"))
    );
}

/// E4: who has no desk is told of the one that there is, by each command that looks for one.
#[test]
fn who_has_no_desk_is_told_of_the_one_that_there_is() {
    let Some(m) = desk() else { return };
    let there = format!(
        "the mail server brings mail to the desk of steve: `sudo -u steve tickets list`; {SHARE}"
    );
    let none = "no tickets in /var/lib/paula/tickets yet";
    login(&m, "paula", "list").is(0, "", &format!("tickets: {none}; {there}\n"));
    login(&m, "paula", "close 1 --quiet").is(
        66,
        "",
        &format!("tickets: cannot find the store: there is no directory /var/lib/paula/tickets\nhint: {there}\n"),
    );
    let ran = login(&m, "paula", "check");
    assert_eq!(
        (ran.status, faults(&ran)),
        (
            2,
            vec![
                &*format!(
                    "FAIL  config: no desk here yet; the mail server brings mail to another desk, that of user steve: {SHARE}"
                ),
                "mend: sudo -u steve tickets list",
            ]
        )
    );
    // Where it brings mail to nobody, it is one's own to make, and nothing else is looked at.
    m.put(TEMPLATE, "");
    login(&m, "paula", "list").is(
        0,
        "",
        &format!("tickets: {none}; `tickets init` sets up a desk\n"),
    );
    m.put("etc/mailname", "example.org\n");
    let said = "FAIL  config: no desk here yet\n      mend: tickets init --domain example.org --admin you@example.org\n";
    let ran = login(&m, "paula", "check");
    assert!(ran.stdout.contains(said), "{ran:?}");
    assert_eq!((ran.status, faults(&ran).len()), (2, 2), "{ran:?}");
    // The store of another, without its configuration.
    m.run("chmod 755 /var/lib/steve/tickets; chmod 644 /var/lib/steve/tickets/1")
        .is(0, "", "");
    let ran = login(&m, "paula", "--dir /var/lib/steve/tickets close 1");
    let hint = format!("hint: it is the desk of steve; {SHARE}\n");
    assert!(ran.status == 78 && ran.stderr.ends_with(&hint), "{ran:?}");
    let ran = login(
        &m,
        "paula",
        &format!("--config {} list", STEVES.replace("var/", "/var/lib/")),
    );
    ran.is(
        78,
        "",
        &format!(
            "tickets: cannot read /var/lib/steve/.config/tickets/config.toml: Permission denied (os error 13)\n\
             hint: it is that of steve; {SHARE}\n"
        ),
    );
}

/// D8: as README has it: the configuration is moved, `group` is set, and `check` names the rest, until both work on it.
#[test]
fn the_desk_of_one_becomes_that_of_two() {
    let Some(m) = desk() else { return };
    // What `check` says now is done, one command after the other, by whom it is for.
    let check = |who: &str| login(&m, who, "check --etc /nowhere");
    let shared = |ran: &Ran| -> Vec<String> {
        let found = faults(ran).into_iter().map(str::to_owned);
        found
            .filter(|line| !line.contains("MTA") && !line.contains("apt install"))
            .collect()
    };
    let group = "group = \"support\"\ndir = \"/var/lib/steve/tickets\"\n";
    let text = m.text(STEVES);
    m.put(STEVES, &format!("{group}{text}"));
    m.run(&format!(
        "chown steve: {0}; chmod 600 {0}",
        "/var/lib/steve/.config/tickets/config.toml"
    ))
    .is(0, "", "");
    let found = shared(&check("steve"));
    let moved = "sudo install -D -m 644 /var/lib/steve/.config/tickets/config.toml /etc/tickets/config.toml && \
         rm /var/lib/steve/.config/tickets/config.toml";
    assert_eq!(
        found[..2],
        [
            "warn  config: paula of the group support cannot read /var/lib/steve/.config/tickets/config.toml".to_owned(),
            format!("mend: {moved}  # with `dir = \"/var/lib/steve/tickets\"` in it"),
        ]
    );
    assert_eq!(found[3], "mend: tickets check --mend", "{found:?}");
    m.run(&moved.replace("sudo ", "")).is(0, "", "");
    let ran = login(&m, "steve", "check --mend");
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    assert_eq!(shared(&check("steve")), [""; 0]);
    assert_eq!(shared(&check("paula")), [""; 0]);
    login(&m, "paula", "close 1").is(0, "closed 1  Printer\n", "");
    login(&m, "steve", "reopen 1").is(0, "re-opened 1  Printer\n", "");
    assert_eq!(shared(&check("steve")), [""; 0]);
    // A file that one of them put there is that one's to give.
    m.run("f=/var/lib/steve/tickets/7; cp mail $f; chown paula:paula $f; chmod 600 $f")
        .is(0, "", "");
    let may_not = "warn  store: the group support may not use /var/lib/steve/tickets/7";
    assert_eq!(
        shared(&check("paula")),
        [may_not, "mend: tickets check --mend"]
    );
    login(&m, "steve", "check --mend").is(
        77,
        "",
        "tickets: cannot share /var/lib/steve/tickets/7: Permission denied (os error 13)\n\
         hint: `sudo -u paula tickets check --mend`\n",
    );
    login(&m, "paula", "check --mend").is(0, "gave the group support 1 file or directory\n", "");
    assert_eq!(shared(&check("steve")), [""; 0]);
    // The configuration as it was moved, and what steve and paula are told.
    m.run("chmod 600 /etc/tickets/config.toml; chown steve /etc/tickets/config.toml; rm /var/lib/steve/tickets/7").is(0, "", "");
    let open = "sudo chmod a+rX /etc/tickets/config.toml  # secrets have files of their own";
    login(&m, "paula", "list").is(
        78,
        "",
        &format!("tickets: cannot read /etc/tickets/config.toml: Permission denied (os error 13)\nhint: `{open}`\n"),
    );
    assert_eq!(
        shared(&check("steve")),
        [
            "warn  config: paula of the group support cannot read /etc/tickets/config.toml"
                .to_owned(),
            format!("mend: {open}"),
        ]
    );
    m.run("chmod 700 /etc/tickets; chown steve /etc/tickets")
        .is(0, "", "");
    let open =
        "sudo chmod a+rX /etc/tickets /etc/tickets/config.toml  # secrets have files of their own";
    assert!(
        login(&m, "paula", "list")
            .stderr
            .ends_with(&format!("hint: `{open}`\n"))
    );
    assert!(shared(&check("steve")).contains(&format!("mend: {open}")));
    m.run(&open.replace("sudo ", "")).is(0, "", "");
    // And the way to the store.
    m.run("chmod 700 /var/lib/steve").is(0, "", "");
    assert_eq!(
        shared(&check("steve")),
        [
            "warn  store: paula of the group support cannot pass through /var/lib/steve",
            "mend: chmod o+x /var/lib/steve",
        ]
    );
    m.run("chmod o+x /var/lib/steve").is(0, "", "");
    login(&m, "paula", "list -q").is(0, "1\n", "");
    assert_eq!(m.text(MACHINES), format!("{group}{text}"));
}

/// E8: what `check` says to a second operator with a configuration of her own takes the desk from nobody.
#[test]
fn no_mend_takes_the_desk_from_its_owner() {
    let Some(m) = desk() else { return };
    m.run("cd /var/lib/steve/tickets; chgrp -R support . && chmod -R g+rwX . && find . -type d -exec chmod g+s {} +")
        .is(0, "", "");
    m.put(
        "var/paula/.config/tickets/config.toml",
        "dir = \"/var/lib/steve/tickets\"\ndomain = \"example.org\"\nadmins = \"paula@example.net\"\n",
    );
    let own = "/var/lib/paula/.config/tickets/config.toml";
    let ran = login(&m, "paula", "check");
    assert_eq!(
        (ran.status, faults(&ran)),
        (
            2,
            vec![
                &*format!(
                    "FAIL  config: /var/lib/steve/tickets is the desk of steve, and {own} is not its configuration: {SHARE}"
                ),
                &*format!(
                    "mend: `group = ...` in {own}, if it is read by all of them; else use that of steve, and rm {own}"
                ),
            ]
        )
    );
    // Steve himself is asked which of the two he means.
    let ran = login(&m, "steve", "check --etc /nowhere");
    let asks = "FAIL  store: the group can write to /var/lib/steve/tickets, but `group` is not set";
    let faults = faults(&ran);
    assert_eq!(
        faults[..2],
        [
            asks,
            "mend: `group = \"support\"` in /var/lib/steve/.config/tickets/config.toml; else, if nobody is to share it, chmod -R g-w /var/lib/steve/tickets",
        ]
    );
    assert_eq!(
        faults.iter().filter(|it| it.contains("can write")).count(),
        1
    );
    // A desk of her own, to which no mail comes.
    m.run("rm -r /var/lib/paula/.config").is(0, "", "");
    let init = format!("--config {own} init --domain example.org --admin paula@example.net");
    assert_eq!(login(&m, "paula", &init).status, 0);
    let ran = login(&m, "paula", "check");
    let mend = format!(
        "mend: tickets init --exim | sudo sh -s -- --instead=steve  # takes it from steve; else, {SHARE}\n"
    );
    assert!(ran.stdout.contains(&mend), "{ran:?}");
}

/// D8: a group counts from the next login on.
#[test]
fn who_joined_since_the_login_is_told_so() {
    let Some(m) = desk() else { return };
    let text = m.text(STEVES);
    m.run("install -d /etc/tickets; rm /var/lib/steve/.config/tickets/config.toml")
        .is(0, "", "");
    m.put(
        MACHINES,
        &format!("group = \"support\"\ndir = \"/var/lib/steve/tickets\"\n{text}"),
    );
    assert_eq!(login(&m, "steve", "check --mend").status, 0);
    let joined = "store: steve is a member of the group support by now, but was not when this login began, so that commands in it fail";
    let newgrp = "newgrp support  # or log in again";
    let ran = m.run("as_user steve \"$program\" check --etc /nowhere");
    let found = faults(&ran);
    let mend = format!("mend: {newgrp}");
    assert!(
        found.contains(&&*format!("warn  {joined}")) && found.contains(&&*mend),
        "{ran:?}"
    );
    assert!(!ran.stdout.contains("usermod"), "{ran:?}");
    m.run("as_user steve \"$program\" check --mend").is(
        77,
        "",
        &format!("tickets: {joined}\nhint: `{newgrp}`\n"),
    );
    // Nor may the other one do anything yet.
    let hint = "hint: `newgrp support`, or log in again: paula is in that group by now, but not in this login\n";
    for command in ["check --etc /nowhere", "show 1", "close 1"] {
        let ran = m.run(&format!("as_user paula \"$program\" {command}"));
        assert!(
            ran.status == 77 && ran.stderr.ends_with(hint),
            "{command}: {ran:?}"
        );
    }
    login(&m, "paula", "close 1").is(0, "closed 1  Printer\n", "");
}

/// E7, D8: or the machine's configuration is the first: what README begins with.
#[test]
fn two_begin_with_the_configuration_of_the_machine() {
    let Some(m) = desk() else { return };
    m.run("rm -r /var/lib/steve/.config /var/lib/steve/tickets; rm /etc/exim4/exim4.conf.template")
        .is(0, "", "");
    let ran = m.run(
        "tickets init --etc mta --user steve --dir /var/lib/steve/tickets --domain example.org --admin steve@example.net",
    );
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    let text = m.text(MACHINES);
    m.put(
        MACHINES,
        &format!("group = \"support\"\nsendmail = \"/bin/true\"\n{text}"),
    );
    let ran = login(&m, "steve", "check --mend");
    assert_eq!((ran.status, &*ran.stderr), (0, ""));
    login(
        &m,
        "steve",
        "deliver -r submit@example.org <\"$OLDPWD/mail\"",
    )
    .is(0, "", "");
    login(&m, "paula", "close 1").is(0, "closed 1  Printer\n", "");
    login(&m, "steve", "reopen 1").is(0, "re-opened 1  Printer\n", "");
    for who in ["steve", "paula"] {
        let ran = login(&m, who, "check --etc /nowhere");
        assert!(
            !ran.stdout.contains("FAIL") && !ran.stdout.contains("usermod"),
            "{ran:?}"
        );
    }
}

/// D8: `~` in a configuration that several read is the same home for all of them, and what they may not read is named.
#[test]
fn what_a_shared_configuration_names_is_the_same_for_all() {
    let Some(m) = desk() else { return };
    let secret = "/var/lib/steve/.config/tickets/secret";
    let templates = "/var/lib/steve/.config/tickets/texts";
    let named = "group = \"support\"\naddress_secret = \"~/.config/tickets/secret\"\n\
                 templates = \"~/.config/tickets/texts\"\n";
    let text = m.text(STEVES);
    m.put(MACHINES, &format!("{named}{text}"));
    m.run(&format!(
        "rm /var/lib/steve/.config/tickets/config.toml; chmod 700 /var/lib/steve/.config
         (umask 077; echo 0123456789012345678901234567890 >{secret}; mkdir {templates}; echo Bye. >{templates}/closed.txt)
         chown -R steve: /var/lib/steve/.config"
    ))
    .is(0, "", "");
    let check = |who: &str| login(&m, who, "check --etc /nowhere");
    let lines = |ran: &Ran| -> Vec<String> {
        let ours = ["config: without", "address_secret", "templates"];
        let found = faults(ran).into_iter().map(str::to_owned);
        let found: Vec<String> = found.collect();
        let at = |line: &String| ours.iter().any(|it| line.contains(it));
        found.into_iter().filter(at).collect()
    };
    // Each would look for the tickets in a home of their own.
    let dir =
        "write `dir = \"/var/lib/steve/tickets\"` above all tables of /etc/tickets/config.toml";
    let found = lines(&check("steve"));
    assert_eq!(
        found[0],
        "FAIL  config: without `dir`, each of the group support looks for the tickets in the own home"
    );
    assert!(check("steve").stdout.contains(&format!("mend: {dir}")));
    m.put(
        MACHINES,
        &format!("dir = \"/var/lib/steve/tickets\"\n{named}{text}"),
    );
    let move_secret = format!("sudo install -m 640 -g support {secret} /etc/tickets/secret");
    let move_texts = format!(
        "sudo install -d -m 750 -g support /etc/tickets/texts && sudo install -m 640 -g support {templates}/*.txt /etc/tickets/texts"
    );
    let file = "/etc/tickets/config.toml";
    assert_eq!(
        lines(&check("steve")),
        [
            format!("FAIL  address_secret: paula of the group support cannot read {secret}"),
            format!(
                "mend: {move_secret}  # and address_secret = \"/etc/tickets/secret\" in {file}"
            ),
            format!("FAIL  templates: paula of the group support cannot read {templates}"),
            format!("mend: {move_texts}  # and templates = \"/etc/tickets/texts\" in {file}"),
        ]
    );
    // She is not told to make a secret of her own, with which she would write addresses that the desk refuses.
    login(&m, "paula", "close 1").is(
        78,
        "",
        &format!(
            "tickets: cannot use {file}: address_secret: cannot read {secret}: Permission denied (os error 13)\n\
             hint: whoever works on the desk must be able to read it: `tickets check` of its owner says how\n"
        ),
    );
    m.run(&move_secret.replace("sudo ", "")).is(0, "", "");
    let named = named.replace("~/.config/tickets/secret", "/etc/tickets/secret");
    m.put(
        MACHINES,
        &format!("dir = \"/var/lib/steve/tickets\"\n{named}{text}"),
    );
    let whose = "mend: whoever works on the desk must be able to read them: `tickets check` of its owner says how";
    assert_eq!(login(&m, "steve", "check --mend").status, 0);
    let ran = check("paula");
    assert_eq!(
        lines(&ran),
        [format!(
            "FAIL  templates: cannot look into {templates}: Permission denied (os error 13)"
        )]
    );
    assert!(ran.stdout.contains(whose), "{ran:?}");
    m.run(&move_texts.replace("sudo ", "")).is(0, "", "");
    let named = named.replace("~/.config/tickets/texts", "/etc/tickets/texts");
    m.put(
        MACHINES,
        &format!("dir = \"/var/lib/steve/tickets\"\n{named}{text}"),
    );
    assert_eq!(
        (lines(&check("steve")), lines(&check("paula"))),
        (vec![], vec![])
    );
    let address = login(&m, "steve", "address 1").stdout;
    login(&m, "paula", "address 1").is(0, &address, "");
}
