//! D8: with `group`, two operators share one store, whoever made what.

use crate::bench::{Bench, Ran, binary, finish, ordinary_user};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use tickets::mail::{entry, mbox};

/// The users `daemon` and `sys`, who have nothing in common but the group `games`.
pub const OPERATORS: [u32; 2] = [1, 3];
pub const GROUP: u32 = 60;

/// A desk in a directory of the first operator's and the group's; `None`, and said so, without root.
pub fn desk(group: bool) -> Option<Bench> {
    if ordinary_user().is_none() {
        eprintln!("SKIPPED: only root can work as two users");
        return None;
    }
    let bench = Bench::new();
    let home = bench.path("home");
    fs::create_dir(&home).unwrap();
    lchown(&home, Some(OPERATORS[0]), Some(GROUP)).unwrap();
    fs::set_permissions(bench.path(""), PermissionsExt::from_mode(0o755)).unwrap();
    configure(&bench, group);
    Some(bench)
}

pub fn configure(bench: &Bench, group: bool) {
    let group = if group { "group = \"games\"\n" } else { "" };
    let text = format!(
        "domain = \"example.org\"\nadmins = \"steve@example.org\"\nsendmail = \"/bin/true\"\ndir = {:?}\n{group}",
        bench.path("home/tickets")
    );
    fs::write(bench.path("config.toml"), text).unwrap();
    fs::set_permissions(bench.path("config.toml"), PermissionsExt::from_mode(0o644)).unwrap();
}

pub fn run(bench: &Bench, operator: u32, args: &[&str], stdin: &str) -> Ran {
    let ids = format!("{operator}");
    let groups = format!("{GROUP}");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &ids, "--regid", &ids, "--groups", &groups])
        .arg(binary())
        .args(args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TICKETS_CONFIG", bench.path("config.toml"))
        .current_dir("/");
    finish(command, stdin.as_bytes())
}

fn works(bench: &Bench, operator: u32, line: &str) {
    let ran = run(bench, operator, &line.split(' ').collect::<Vec<_>>(), "");
    let what = format!("{operator}: {line}: {ran:?}");
    let says = if line == "restore" {
        "tickets: nothing is missing\n"
    } else {
        ""
    };
    assert_eq!((ran.status, ran.stderr.as_str()), (0, says), "{what}");
}

pub fn file(bench: &Bench, operator: u32, to: &str, id: &str) {
    let mail = format!("From: a@b.example\nSubject: hello\nMessage-ID: <{id}@x>\n\nhello\n");
    let to = format!("{to}@example.org");
    let args = ["deliver", "-f", "a@b.example", "-r", &to];
    run(bench, operator, &args, &mail).is(0, "", "");
}

/// What in the store the group may not use.
fn unshared(bench: &Bench) -> Vec<String> {
    let (mut found, mut dirs) = (Vec::new(), vec![bench.path("home/tickets")]);
    while let Some(dir) = dirs.pop() {
        let look = |path: &Path, wanted: u32| {
            let meta = fs::metadata(path).unwrap();
            let shared = meta.gid() == GROUP && meta.mode() & wanted == wanted;
            (!shared).then(|| format!("{} {:o} {}", path.display(), meta.mode(), meta.gid()))
        };
        found.extend(look(&dir, 0o2070));
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => found.extend(look(&path, 0o060)),
            }
        }
    }
    found
}

/// Every command, in turn by both.
fn take_turns(bench: &Bench) {
    for (turn, line) in [
        "list -q",
        "search -q hello",
        "close 1 -m done;reopen 1",
        "stats",
        "timeline",
        "flush -q",
        "tick;jobs run flush;jobs run clean-up",
        "jobs pause flush;jobs resume flush;jobs;jobs log flush",
        "restore",
        "check --store",
        "reindex",
        "search -q hello",
        "list --all",
    ]
    .iter()
    .enumerate()
    {
        for operator in OPERATORS {
            for line in line.split(';') {
                works(bench, operator, line);
            }
            file(bench, operator, "submit", &format!("n{turn}.{operator}"));
            file(bench, operator, "ticket-2", &format!("u{turn}.{operator}"));
        }
        assert_eq!(unshared(bench), [""; 0], "after {line}");
    }
}

#[test]
fn two_operators_share_all_of_a_store() {
    // D8
    let Some(bench) = desk(true) else { return };
    file(&bench, OPERATORS[0], "submit", "1");
    file(&bench, OPERATORS[1], "submit", "2");
    take_turns(&bench);
}

#[test]
fn one_operators_test_mail_is_filed_by_the_other() {
    // D8, E3
    let Some(bench) = desk(true) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    let held = bench.path("home/held");
    bench.sendmail(&format!("#!/bin/sh\ncat >{}\n", held.display()));
    let config = bench.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let sendmail = bench.path("sendmail").display().to_string();
    fs::write(&config, text.replace("/bin/true", &sendmail)).unwrap();
    let sends = |operator| {
        let args = ["check", "--send", "--wait", "0", "--etc", "/nowhere", "-q"];
        let never = "tickets: FAIL: 1 fault, 1 warning: send: a mail to submit@example.org was not filed within 0 s\n";
        run(&bench, operator, &args, "").is(2, never, "");
    };
    sends(first);
    let mail = fs::read_to_string(&held).unwrap();
    let args = ["deliver", "-f", "", "-r", "submit@example.org"];
    run(&bench, second, &args, &mail).is(0, "", "");
    assert_eq!(unshared(&bench), [""; 0]);
    let dir = bench.path("home/tickets/.tickets/check");
    let names = || fs::read_dir(&dir).unwrap().count();
    assert_eq!(names(), 1);
    let late = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    let file = fs::File::options().write(true).open(late).unwrap();
    file.set_modified(hours_ago).unwrap();
    // The first one's test takes it away. A new one is expected.
    let args = ["check", "--send", "--wait", "0", "--etc", "/nowhere", "-q"];
    let said = run(&bench, first, &args, "");
    assert!(
        said.stdout
            .starts_with("tickets: FAIL: 1 fault, 2 warnings: "),
        "{said:?}"
    );
    assert_eq!(names(), 1);
    run(&bench, second, &["list", "-q", "--all"], "").is(0, "1\n", "");
}

// D8: Postfix starts a program with one group only. What it makes is shared all the same, and what it may not read, it
// says so that it can be mended.
#[test]
fn a_delivery_without_the_group_shares_what_it_makes_and_says_what_it_lacks() {
    let Some(bench) = desk(true) else { return };
    // The name of the owner's own group, of which the user database says that they are in it, is known everywhere.
    let config = bench.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"games\"", "\"daemon\"")).unwrap();
    let [owner, other] = OPERATORS;
    lchown(bench.path("home"), Some(owner), Some(owner)).unwrap();
    let run = |user: u32, group: u32, args: &[&str], stdin: &str| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", &user.to_string(), "--regid", &group.to_string()])
            .arg("--clear-groups")
            .arg(binary())
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TICKETS_CONFIG", &config)
            .current_dir("/");
        finish(command, stdin.as_bytes())
    };
    let mail = |id: u32| format!("From: a@b.example\nMessage-ID: <{id}@x>\n\nhello\n");
    let deliver = ["deliver", "--routed", "-r", "submit@example.org"];
    // Nothing can be given to the group then, not even the store.
    let dir = bench.path("home/tickets");
    let lacks = format!(
        "daemon is in the group daemon, but the mail server starts the program without it; `sudo -u daemon tickets --config {} \
         init --postfix | sudo sh` mends that\n",
        config.display()
    );
    let cannot = format!(
        "tickets: cannot make the store {}: it is to be shared with the group daemon, in which this process is not: ",
        dir.display()
    );
    run(owner, GROUP, &deliver, &mail(1)).is(75, "", &format!("{cannot}{lacks}"));
    run(owner, owner, &deliver, &mail(1)).is(0, "", "");
    fs::remove_dir_all(dir.join(".tickets/recent")).unwrap();
    // A day of its own, which is made by whom the group is strange to.
    run(owner, GROUP, &deliver, &mail(2)).is(0, "", "");
    let shared = |name: &str| {
        let meta = fs::metadata(dir.join(name)).unwrap();
        (meta.gid(), meta.mode() & 0o7777)
    };
    assert_eq!(shared(".tickets/recent"), (owner, 0o2770));
    for day in fs::read_dir(dir.join(".tickets/recent")).unwrap() {
        let day = day.unwrap().path();
        assert_eq!(shared(day.to_str().unwrap()), (owner, 0o2770));
        for copy in fs::read_dir(day).unwrap() {
            assert_eq!(
                shared(copy.unwrap().path().to_str().unwrap()),
                (owner, 0o660)
            );
        }
    }
    // What another operator has made.
    let _ = run(owner, owner, &["list"], "");
    run(other, owner, &["close", "--quiet", "1"], "").is(0, "closed 1\n", "");
    let journal = dir.join(".tickets/journal");
    assert_eq!(fs::metadata(&journal).unwrap().uid(), other);
    let cannot = format!(
        "tickets: cannot read {}: Permission denied (os error 13): ",
        journal.display()
    );
    run(owner, GROUP, &deliver, &mail(3)).is(75, "", &format!("{cannot}{lacks}"));
    // By a way that knows no pieces.
    let elsewhere = "daemon is in the group daemon, but the mail server starts the program without it; docs/manual.md, \
                     \"Several operators\", says what mends that\n";
    let deliver = ["deliver", "submit@example.org"];
    run(owner, GROUP, &deliver, &mail(3)).is(75, "", &format!("{cannot}{elsewhere}"));
    run(owner, owner, &deliver, &mail(3)).is(0, "", "");
}

// D8, I2: what runs the jobs as somebody who may not open the store says so by its status.
#[test]
fn a_tick_that_may_look_at_no_job_fails() {
    let Some(bench) = desk(true) else { return };
    file(&bench, OPERATORS[0], "submit", "1");
    works(&bench, OPERATORS[0], "tick");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "3", "--regid", "3", "--clear-groups"])
        .arg(binary())
        .arg("tick")
        .env_clear()
        .env("TICKETS_CONFIG", bench.path("config.toml"))
        .current_dir("/");
    let said = format!(
        "tickets: cannot look into {}: Permission denied (os error 13)\nhint: `sudo -u daemon tickets --config {} tick`\n",
        bench.path("home/tickets/.tickets").display(),
        bench.path("config.toml").display()
    );
    finish(command, b"").is(77, "", &said);
}

// D8: a backup is restored by whoever may read it.
#[test]
fn who_is_not_in_the_group_is_told_how_to_make_a_store_elsewhere() {
    let Some(bench) = desk(true) else { return };
    file(&bench, OPERATORS[0], "submit", "1");
    let mbox = run(&bench, OPERATORS[0], &["export", "--mbox", "-"], "").stdout;
    bench.make_dir("strangers");
    lchown(bench.path("strangers"), Some(3), Some(3)).unwrap();
    let elsewhere = bench.path("strangers/elsewhere").display().to_string();
    let stranger = |config: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "3", "--regid", "3", "--clear-groups"])
            .arg(binary())
            .args(config)
            .args(["--dir", &elsewhere, "import", "--keep-numbers", "-"])
            .env_clear()
            .env("TICKETS_CONFIG", bench.path("config.toml"))
            .current_dir("/");
        finish(command, mbox.as_bytes())
    };
    stranger(&[]).is(
        77,
        "",
        &format!(
            "tickets: cannot make the store {elsewhere}: it is to be shared with the group games, in which this process is not\n\
             hint: a store that is not to be shared: tickets --config /dev/null --dir ...\n"
        ),
    );
    assert!(!bench.path("strangers/elsewhere").exists());
    let ran = stranger(&["--config", "/dev/null"]);
    ran.is(0, "filed 1 message in 1 new ticket\n", "");
    let restored = fs::read_to_string(bench.path("strangers/elsewhere/1")).unwrap();
    let message = "From: a@b.example\nSubject: hello\nMessage-ID: <1@x>\n\nhello\n\n";
    assert!(restored.ends_with(message), "{restored}");
}

#[test]
fn a_store_that_is_to_be_shared_is_given_to_the_group() {
    // D8, E3
    let Some(bench) = desk(false) else { return };
    let [first, second] = OPERATORS;
    file(&bench, first, "submit", "1");
    file(&bench, first, "submit", "2");
    works(&bench, first, "search -q hello");
    configure(&bench, true);
    let store = bench.path("home/tickets");
    let store = store.display();
    let checked = run(&bench, first, &["check", "--etc", "/nowhere"], "");
    let finding = format!("store: the group games may not use {store} and ");
    let after = checked
        .stdout
        .split_once(&finding)
        .expect(&checked.stdout)
        .1;
    assert!(after.contains("tickets check --mend"), "{after}");
    // It is not the second one's to give.
    let ran = run(&bench, second, &["check", "--mend"], "");
    assert!([75, 77].contains(&ran.status), "{ran:?}");
    let ran = run(&bench, first, &["check", "--mend"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.starts_with("gave the group games "), "{ran:?}");
    assert_eq!(unshared(&bench), [""; 0]);
    run(&bench, first, &["check", "--mend"], "").is(0, "nothing to mend\n", "");
    // Where a member may not write an export, the owner of the desk is no help.
    for (option, name) in [("--mbox", "night"), ("--maildir", "nights")] {
        let to = bench.path(name).display().to_string();
        let ran = run(&bench, second, &["export", option, &to], "");
        assert_eq!((ran.status, ran.stdout.as_str()), (77, ""), "{ran:?}");
        let why = format!("tickets: cannot create {to}: Permission denied");
        let hint = "\nhint: name a directory where you may write\n";
        assert!(ran.stderr.starts_with(&why), "{ran:?}");
        assert!(ran.stderr.ends_with(hint), "{ran:?}");
        assert!(!bench.path(name).exists());
    }
    let to = bench.path("charts.svg").display().to_string();
    run(&bench, second, &["stats", "--svg", &to], "").is(
        77,
        "",
        &format!(
            "tickets: cannot write {to}: Permission denied (os error 13)\n\
             hint: name a directory where you may write\n"
        ),
    );
    // A backup is its owner's alone, whatever the desk's umask is.
    for option in ["--mbox", "--maildir"] {
        let to = bench.path(&format!("home/own{option}"));
        works(&bench, first, &format!("export {option} {}", to.display()));
        let mode = fs::metadata(&to).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{option} {mode:o}");
    }
    let checked = run(&bench, second, &["check", "--etc", "/nowhere"], "");
    assert!(
        !checked.stdout.contains("may not use"),
        "{}",
        checked.stdout
    );
    take_turns(&bench);
}

/// What an operator gives in each round. OWN is a ticket of their own, ROUND the number of the round; ticket 3 is
/// both's.
const ROUND: [&str; 21] = [
    "list -q",
    "close OWN -m closed-OWN.ROUND",
    "search -q hello",
    "stats --json",
    "reindex",
    "reopen OWN -m reopened-OWN.ROUND",
    "timeline --json",
    "close 3 -m both-OWN.ROUND",
    "restore",
    "list --all --json",
    "flush -q",
    "check --store",
    "search -n 0 hello",
    "import ARCHIVE",
    "restore --all",
    "show OWN --json",
    "export --mbox -",
    "verify submit@example.org",
    "address OWN",
    "modules",
    "reindex",
];

/// How many rounds each operator gives.
const ROUNDS: usize = 3;

/// How many mails come in meanwhile.
const MAILS: usize = 60;

/// Gives all rounds of an operator, and returns what did not end with 0 and in silence. `one_import` is held during
/// an import, since a store takes one at a time, and says so.
fn rounds(bench: &Bench, operator: u32, own: &str, one_import: &Mutex<()>) -> Vec<String> {
    let mut bad = Vec::new();
    for round in 0..ROUNDS {
        let mail = format!("From: c@d.example\nMessage-ID: <imported-{own}.{round}@x>\n\nold\n");
        let archive = format!("{own}.{round}.mbox");
        let text = format!("From c@d.example Mon Jan  1 10:00:00 2024\n{mail}\n");
        bench.put(&archive, text.as_bytes());
        for line in ROUND {
            let _one = line.starts_with("import").then(|| one_import.lock());
            let line = line
                .replace("OWN", own)
                .replace("ROUND", &round.to_string())
                .replace("ARCHIVE", bench.path(&archive).to_str().unwrap());
            let ran = run(bench, operator, &line.split(' ').collect::<Vec<_>>(), "");
            let is_said = |said: &str| match &line {
                restore if restore.starts_with("restore") => {
                    said == "tickets: nothing is missing\n"
                }
                // The other one closed it, or the next mail opened it.
                close if close.starts_with("close 3") => {
                    ["", "tickets: ticket 3 is closed already\n"].contains(&said)
                }
                // The mail that comes in opens it again.
                reopen if reopen.starts_with("reopen") => {
                    said.is_empty() || said == format!("tickets: ticket {own} is open already\n")
                }
                _ => said.is_empty(),
            };
            if ran.status != 0 || !is_said(&ran.stderr) {
                bad.push(format!("{operator}: {line}: {ran:?}"));
            }
        }
    }
    bad
}

/// The Message-IDs and the words of the operators that lie in a store, with how often they do.
fn filed(bench: &Bench) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let store = bench.path("home/tickets");
    for dir in [store.clone(), store.join("archived")] {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.parse::<u32>().is_err() {
                continue;
            }
            let file = fs::read(&path).unwrap();
            for message in mbox::entries(&file, 0) {
                let raw = entry::decode(message.content).raw.into_owned();
                let text = String::from_utf8(raw).unwrap();
                let id = text.split("Message-ID: <").nth(1).unwrap();
                let what = match id.split_once('>').unwrap().0 {
                    id if id.ends_with("@x") => id,
                    _ => text.trim_end().lines().last().unwrap(),
                };
                *found.entry(what.to_owned()).or_default() += 1;
            }
        }
    }
    found
}

/// D8, D9: both give every command as fast as they can while mail comes in, and each makes the index anew under the
/// hands of the other. All of it works, and all is there once.
#[test]
fn two_operators_at_once() {
    let Some(bench) = &desk(true) else { return };
    let [first, second] = OPERATORS;
    let mut want = BTreeMap::new();
    for id in ["1", "2", "3"] {
        file(bench, first, "submit", id);
        want.insert(format!("{id}@x"), 1);
    }
    let one_import = &Mutex::new(());
    let bad = std::thread::scope(|scope| {
        let operators = [(first, "1"), (second, "2")]
            .map(|(operator, own)| scope.spawn(move || rounds(bench, operator, own, one_import)));
        for nth in 0..MAILS {
            let to = ["submit", "ticket-1", "ticket-2", "ticket-3"][nth % 4];
            file(bench, OPERATORS[nth % 2], to, &format!("mail-{nth}"));
        }
        operators.map(|operator| operator.join().unwrap()).concat()
    });
    assert_eq!(bad, [""; 0]);
    want.extend((0..MAILS).map(|nth| (format!("mail-{nth}@x"), 1)));
    for own in ["1", "2"] {
        for round in 0..ROUNDS {
            for what in ["closed", "reopened", "both"] {
                want.insert(format!("{what}-{own}.{round}"), 1);
            }
            want.insert(format!("imported-{own}.{round}@x"), 1);
        }
    }
    assert_eq!(filed(bench), want);
    assert_eq!(unshared(bench), [""; 0]);
    // The index says what one says that is made of the files now.
    let says = || {
        ["list --all --json", "timeline --json", "search -q hello"].map(|line| {
            let ran = run(bench, second, &line.split(' ').collect::<Vec<_>>(), "");
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{line}");
            ran.stdout
        })
    };
    let before = says();
    for name in ["index.db", "text.db"] {
        let _ = fs::remove_file(bench.path("home/tickets/.tickets").join(name));
    }
    assert_eq!(says(), before);
    // And whatever was done to them in between, they are where their last word put them.
    for (operator, own) in [(first, "1"), (second, "2")] {
        works(bench, operator, &format!("close {own} -m last"));
        assert!(bench.path("home/tickets/archived").join(own).exists());
    }
    works(bench, first, "check --store");
}

// D8, L7: whoever comes first makes the log, and all write it; what mends it keeps what is in it.
#[test]
fn a_log_is_shared_and_its_mend_keeps_it() {
    let Some(bench) = desk(true) else { return };
    let log = bench.path("home/log");
    let config = bench.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("log = {log:?}\n{text}")).unwrap();
    let is = || {
        let meta = fs::metadata(&log).unwrap();
        (meta.gid(), meta.mode() & 0o777)
    };
    let lines = || fs::read_to_string(&log).unwrap().lines().count();
    let said = |operator| {
        let said = run(&bench, operator, &["check"], "").stdout;
        let lines: Vec<String> = said.lines().map(str::to_owned).collect();
        let at = lines
            .iter()
            .position(|line| line[6..].starts_with("log: "))
            .unwrap();
        (
            lines[at].clone(),
            lines.get(at + 1).cloned().unwrap_or_default(),
        )
    };
    // The directory is the first operator's, and lets the group write.
    fs::set_permissions(bench.path("home"), PermissionsExt::from_mode(0o770)).unwrap();
    for (nth, operator) in OPERATORS.iter().rev().enumerate() {
        file(&bench, *operator, "submit", &format!("n{nth}"));
        assert_eq!((is(), lines()), ((GROUP, 0o660), nth + 1));
    }
    let ok = format!("ok    log: {}", log.display());
    assert_eq!(OPERATORS.map(|it| said(it).0 == ok), [true; 2]);
    for (uid, gid, mode, finds) in [
        (
            OPERATORS[1],
            0,
            0o660,
            format!("the group games may not write {}", log.display()),
        ),
        (
            OPERATORS[1],
            GROUP,
            0o640,
            format!("the group games may not write {}", log.display()),
        ),
        (
            0,
            0,
            0o600,
            format!(
                "cannot write {}: Permission denied (os error 13)",
                log.display()
            ),
        ),
    ] {
        lchown(&log, Some(uid), Some(gid)).unwrap();
        fs::set_permissions(&log, PermissionsExt::from_mode(mode)).unwrap();
        let before = lines();
        let (found, mend) = said(OPERATORS[1]);
        assert_eq!(found, format!("warn  log: {finds}"));
        let mend = mend
            .trim()
            .strip_prefix("mend: ")
            .unwrap()
            .replace("sudo ", "");
        assert!(
            Command::new("sh")
                .args(["-c", &mend])
                .status()
                .unwrap()
                .success(),
            "{mend}"
        );
        assert_eq!(OPERATORS.map(|it| said(it).0 == ok), [true; 2], "{mend}");
        assert_eq!(lines(), before, "{mend}");
    }
    // Without a group, it is the owner's, who is the one that filed first.
    fs::write(
        &config,
        format!("log = {log:?}\n{}", text.replace("group = \"games\"\n", "")),
    )
    .unwrap();
    lchown(&log, Some(0), Some(0)).unwrap();
    fs::set_permissions(&log, PermissionsExt::from_mode(0o644)).unwrap();
    let (_, mend) = said(OPERATORS[1]);
    let shown = log.display();
    assert_eq!(
        mend.trim(),
        format!("mend: sudo chown sys {shown} && sudo chmod u+rw {shown}")
    );
    fs::remove_file(&log).unwrap();
    fs::set_permissions(bench.path("home"), PermissionsExt::from_mode(0o750)).unwrap();
    let (_, mend) = said(OPERATORS[1]);
    assert_eq!(
        mend.trim(),
        format!("mend: sudo install -D -o sys -m 640 /dev/null {shown}")
    );
}

// D8, G6
#[test]
fn what_a_login_may_not_read_makes_no_module_rest() {
    let Some(bench) = desk(true) else {
        return;
    };
    // Else others than the desk's users could put modules there.
    lchown(bench.path(""), Some(0), Some(0)).unwrap();
    let modules = bench.path("modules");
    let dir = modules.join("sms");
    fs::create_dir_all(&dir).unwrap();
    let secret = bench.path("secret");
    fs::write(&secret, "s").unwrap();
    lchown(&secret, Some(OPERATORS[0]), None).unwrap();
    fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let manifest = "name = \"sms\"\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\npoints = [\"observer\"]\n";
    fs::write(dir.join("module.toml"), manifest).unwrap();
    let script = format!(
        "#!/bin/sh\nread -r head\ncat {} >/dev/null || exit 1\necho \"$head\" >>told\n",
        secret.display()
    );
    fs::write(dir.join("run"), script).unwrap();
    for (path, mode) in [
        (&modules, 0o755),
        (&dir, 0o755),
        (&dir.join("module.toml"), 0o644),
        (&dir.join("run"), 0o755),
    ] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let config = fs::read_to_string(bench.path("config.toml")).unwrap();
    let on = format!("{config}modules = [\"sms\"]\nmodules_path = {modules:?}\n");
    fs::write(bench.path("config.toml"), on).unwrap();
    let told = || -> Vec<String> {
        let told = bench.path("home/tickets/.tickets/modules/sms/data/told");
        let text = fs::read_to_string(told).unwrap_or_default();
        let kind = |line: &str| {
            let head: serde_json::Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                head["event"]["kind"].as_str().unwrap(),
                head["event"]["ticket"]
            )
        };
        text.lines().map(kind).collect()
    };
    let [owner, guest] = OPERATORS;
    for id in 1..=4 {
        file(&bench, owner, "submit", &id.to_string());
    }
    let mut want: Vec<String> = (1..=4).map(|id| format!("opened {id}")).collect();
    assert_eq!(told(), want, "{:?}", run(&bench, owner, &["modules"], ""));
    for id in ["1", "2", "3", "4"] {
        let ran = run(&bench, guest, &["close", "--quiet", id], "");
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    assert_eq!(told(), want);
    // It does not rest: the next delivery tells it, and what waits is told as soon as the owner looks.
    file(&bench, owner, "submit", "5");
    want.push("opened 5".to_owned());
    assert_eq!(told(), want);
    let ran = run(&bench, owner, &["flush"], "");
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, "4 sent, 0 waiting\n"),
        "{ran:?}"
    );
    want.extend((1..=4).map(|id| format!("closed {id}")));
    assert_eq!(told(), want);
}
