//! The configuration, which modules are written into, is otherwise what it was; or it is left to a person.

use super::shelf::{path_line, put, set_mode};
use crate::bench::{Bench, Ran, binary, finish, ordinary_user, own};
use fs2::FileExt;
use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

/// The file that takes the place of the other.
const NEW: &str = ".config.toml.tickets";

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// A desk with some modules, and this text at the end of its configuration.
fn desk(text: &str) -> Bench {
    let b = Bench::new();
    for name in ["virus", "sms", "git"] {
        put(&b, name, &["observer"], "", "#!/bin/sh\n");
    }
    b.configure(&format!("{}{text}", path_line(&b)));
    b.make_store();
    b
}

fn config(b: &Bench) -> String {
    fs::read_to_string(b.path("config.toml")).unwrap()
}

/// Nothing but its modules has changed, and nothing is left beside it.
fn is_now(b: &Bench, before: &str, old: &str, new: &str) {
    assert_eq!(before.matches(old).count(), 1, "{before}");
    assert_eq!(config(b), before.replace(old, new));
    assert!(!b.path(NEW).exists());
}

/// The line is said, and the file is as it was.
fn is_left(b: &Bench, ran: &Ran, before: &str, line: &str, why: &str) {
    let path = b.path("config.toml").display().to_string();
    let said = format!(
        "tickets: cannot write {path}: {why}\n\
         hint: all else is done: write the line above into it, in the place of its line `modules` or above its tables\n"
    );
    ran.is(77, line, &said);
    assert_eq!(config(b), before);
}

#[test]
fn several_are_switched_at_once() {
    // G3
    let b = desk("modules = [\n  \"git\",\n]\n");
    let before = config(&b);
    b.says(
        "modules enable virus sms",
        "virus is on: observer\nsms is on: observer\n",
    );
    b.says("modules disable sms virus", "sms is off\nvirus is off\n");
    assert_eq!(config(&b), before);
    // What stands behind a mistake is not tried, which is said.
    let fault = "tickets: there is no module \"gone\"\nhint: modules are looked for in ";
    for (word, done) in [
        ("enable", "sms is on: observer\n"),
        ("disable", "sms is off\n"),
    ] {
        for (more, untried) in [
            (&["virus", "git"][..], "tickets: not tried: virus, git\n"),
            (&[], ""),
        ] {
            let words = [&["modules", word, "sms", "gone"], more].concat();
            let ran = b.run(&words, b"");
            let done = match more.is_empty() {
                false => done.to_owned(),
                true => done
                    .replace(" off", " off already")
                    .replace(" on:", " on already"),
            };
            let done = done.replace("already observer", "already");
            assert_eq!((ran.status, ran.stdout), (66, done));
            let said = format!("{untried}{fault}");
            assert!(ran.stderr.starts_with(&said), "{}", ran.stderr);
        }
    }
    assert_eq!(config(&b), before);
}

#[test]
fn a_mistyped_module_is_led_to_the_one_that_is_there() {
    // G1, G3
    let b = desk("modules = [\"gti\", \"else\"]\n");
    b.make_store();
    let list = b.run(&["modules"], b"").stdout;
    let why: Vec<&str> = list.lines().filter(|it| it.contains("not there")).collect();
    assert_eq!(
        why,
        ["    it is not there; is git meant?", "    it is not there"]
    );
    let checked = b.run(&["check"], b"").stdout;
    let config = b.path("config.toml").display().to_string();
    let shelf = b.path("modules").display().to_string();
    for said in [
        format!(
            "warn  module gti: it is not there; is git meant?\n      mend: \"git\" in the line `modules` of {config}\n"
        ),
        format!("warn  module else: it is not there\n      mend: a directory else in {shelf}\n"),
    ] {
        assert!(checked.contains(&said), "{checked}");
    }
}

#[test]
fn a_name_goes_and_its_comment_stays() {
    // G3
    const LISTS: [(&str, &str, &str); 3] = [
        (
            "sms",
            "modules = [\n  \"virus\", # asks clamd\n  \"sms\" # on duty: see the wiki\n]\n",
            "modules = [\n  \"virus\" # asks clamd\n  # on duty: see the wiki\n]\n",
        ),
        (
            "sms",
            "modules = [\n  \"sms\" # on duty\n  ,\"virus\"\n  ,\"git\"\n]\n",
            "modules = [\n  # on duty\n  \"virus\"\n  ,\"git\"\n]\n",
        ),
        (
            "virus",
            "modules = ['virus'\n\n, # of us\n'git']\n",
            "modules = [\n\n# of us\n'git']\n",
        ),
    ];
    for (name, old, new) in LISTS {
        for end in ["\n", "\r\n"] {
            let [old, new] = [old, new].map(|text| text.replace('\n', end));
            let b = desk(&format!("{old}# end"));
            let before = format!("\u{feff}{}", config(&b));
            b.put("config.toml", before.as_bytes());
            b.says(
                &format!("modules disable {name}"),
                &format!("{name} is off\n"),
            );
            is_now(&b, &before, &old, &new);
            b.file("submit", "Subject: Hi\n\nx\n");
            b.says(
                &format!("modules enable {name}"),
                &format!("{name} is on: observer\n"),
            );
            b.says(
                &format!("modules enable {name}"),
                &format!("{name} is on already\n"),
            );
        }
    }
}

/// Gives a file or directory an attribute. False, with a word, where the file system has none.
fn has_attribute(path: &Path, name: &str, value: &[u8]) -> bool {
    match setxattr(path, name, value, XattrFlags::empty()) {
        Err(Errno::OPNOTSUPP | Errno::PERM) => {
            println!("no attributes here: {name}");
            false
        }
        set => {
            set.unwrap();
            true
        }
    }
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 512];
    match getxattr(path, name, &mut value[..]) {
        Err(Errno::NODATA) => None,
        got => Some(value[..got.unwrap()].to_vec()),
    }
}

/// A list that lets one more user read and write, and not the group: user 1001.
fn list_for_one() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (1, 6, u32::MAX),
        (2, 6, 1001),
        (4, 0, u32::MAX),
        (16, 6, u32::MAX),
        (32, 0, u32::MAX),
    ];
    let entries = entries.map(|(tag, may, who)| {
        [
            &tag.to_le_bytes()[..],
            &may.to_le_bytes(),
            &who.to_le_bytes(),
        ]
        .concat()
    });
    [&2_u32.to_le_bytes()[..], &entries.concat()].concat()
}

#[test]
fn who_may_use_it_is_as_before() {
    // G3
    let b = desk("modules = []\n");
    let path = b.path("config.toml");
    set_mode(&path, 0o600);
    if !has_attribute(&path, ACCESS, &list_for_one()) || !has_attribute(&path, "user.from", b"us") {
        return;
    }
    let before = (config(&b), fs::metadata(&path).unwrap().mode());
    assert_eq!(before.1 & 0o777, 0o660, "that of the list");
    b.says("modules enable git", "git is on: observer\n");
    is_now(&b, &before.0, "modules = []", "modules = [\"git\"]");
    assert_eq!(fs::metadata(&path).unwrap().mode(), before.1);
    assert_eq!(attribute(&path, ACCESS), Some(list_for_one()));
    assert_eq!(attribute(&path, "user.from"), Some(b"us".to_vec()));
    // What new files get there is not for this one.
    let b = desk("modules = []\n");
    let path = b.path("config.toml");
    set_mode(&path, 0o640);
    assert!(has_attribute(&b.path(""), DEFAULT, &list_for_one()));
    let before = (config(&b), fs::metadata(&path).unwrap().mode());
    b.says("modules enable git", "git is on: observer\n");
    is_now(&b, &before.0, "modules = []", "modules = [\"git\"]");
    assert_eq!(fs::metadata(&path).unwrap().mode(), before.1);
    assert_eq!(attribute(&path, ACCESS), None);
}

#[test]
fn what_only_root_can_write_is_for_a_person() {
    // G3
    if ordinary_user().is_none() {
        return;
    }
    let b = desk("modules = []\n");
    let path = b.path("config.toml");
    let before = config(&b);
    if has_attribute(&path, "security.tickets", b"x") {
        let why = "its attribute security.tickets: Operation not permitted (os error 1)";
        let ran = b.run(&["modules", "enable", "git"], b"");
        is_left(&b, &ran, &before, "modules = [\"git\"]\n", why);
        assert!(!b.path(NEW).exists());
        let mut names = [0; 512];
        let length = listxattr(&path, &mut names[..]).unwrap();
        assert!(names[..length].starts_with(b"security.tickets\0"));
        let b = desk("modules = []\n");
        b.says("modules enable git", "git is on: observer\n");
    }
    // Somebody else has the name that the new file is to have.
    let b = desk("modules = []\n");
    let before = config(&b);
    let new = b.path(NEW);
    fs::write(&new, "x").unwrap();
    set_mode(&new, 0o666);
    chown(&new, Some(54321), None).unwrap();
    let ran = b.run(&["modules", "enable", "git"], b"");
    let why = format!("{} belongs to user 54321", new.display());
    is_left(&b, &ran, &before, "modules = [\"git\"]\n", &why);
    assert_eq!(fs::read_to_string(new).unwrap(), "x");
}

#[test]
fn what_cannot_be_replaced_is_for_a_person() {
    // G3
    let b = desk("modules = []\n");
    let before = config(&b);
    let enable = ["modules", "enable", "git"];
    fs::hard_link(b.path("config.toml"), b.path("kept.toml")).unwrap();
    let ran = b.run(&enable, b"");
    let why = "it has several names (hard links)";
    is_left(&b, &ran, &before, "modules = [\"git\"]\n", why);
    assert!(!b.path(NEW).exists());
    fs::remove_file(b.path("kept.toml")).unwrap();
    // Where no file can be made, none can take its place.
    set_mode(&b.path(""), 0o555);
    let ran = b.run(&enable, b"");
    set_mode(&b.path(""), 0o755);
    let new = b.path(NEW).display().to_string();
    let why = format!("cannot open {new}: Permission denied (os error 13)");
    is_left(&b, &ran, &before, "modules = [\"git\"]\n", &why);
    // A draft of somebody's stays.
    b.put("config.toml.new", b"draft");
    // What no file can take the place of is named.
    b.make_dir(NEW);
    let [file, new] = ["config.toml", NEW].map(|name| b.path(name).display().to_string());
    let said =
        format!("tickets: cannot write {file}: cannot open {new}: Is a directory (os error 21)\n");
    b.run(&enable, b"").is(75, "", &said);
    fs::remove_dir(&new).unwrap();
    // A container has mounted it there.
    if ordinary_user().is_some() {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$1\" \"$1\" || exit 9; shift; exec \"$@\"";
        let user = ordinary_user().unwrap();
        let user = [format!("--reuid={}", user.0), format!("--regid={}", user.1)];
        command.args(["-m", "sh", "-c", script, "sh", &file, "setpriv"]);
        command
            .args(user)
            .args(["--clear-groups", "--"])
            .arg(binary())
            .args(enable);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("TICKETS_CONFIG", &file);
        let ran = finish(command, b"");
        match ran.status {
            9 | 1 => println!("no mounts here: {ran:?}"),
            _ => {
                let why = "Device or resource busy (os error 16)";
                is_left(&b, &ran, &before, "modules = [\"git\"]\n", why);
            }
        }
    }
    assert_eq!(config(&b), before);
    b.says("modules enable git", "git is on: observer\n");
    is_now(&b, &before, "modules = []", "modules = [\"git\"]");
    assert_eq!(fs::read(b.path("config.toml.new")).unwrap(), b"draft");
}

/// Its events wait in case it is switched on again, and nothing has failed meanwhile.
#[test]
fn what_waits_for_a_module_that_is_off_is_no_failure() {
    // G6
    let b = desk("modules = [\"sms\", \"git\"]\n");
    let fails = "#!/bin/sh\necho down >&2; exit 1\n";
    put(&b, "sms", &["observer"], "", fails);
    let mail = |n: u8| format!("Message-ID: <{n}@x>\nSubject: Hi\n\nx\n");
    let waits = |n: u8, why: &str| {
        format!("tickets: the event of ticket {n}, message 1, for sms waits in the outbox: {why}\n")
    };
    for n in [1, 2] {
        b.deliver("submit@example.org", mail(n)).silent();
    }
    b.says(
        "modules disable sms",
        "sms is off; 2 events wait for it, for five days\n",
    );
    let wait = "2 events wait for a module that is off: sms";
    let mend = "`tickets modules enable sms` has it told; after five days they are given up";
    b.says("flush", &format!("0 sent, 2 waiting\n{wait}; {mend}\n"));
    b.says("flush --quiet", "");
    b.says(
        "jobs run flush",
        &format!("flush: ok: 0 sent, 2 waiting; {wait}\n"),
    );
    let checked = || {
        let checked = b.run(&["check"], b"").stdout;
        let is_about = |line: &&str| line.contains("outbox") || line.contains("five days");
        let lines: Vec<String> = checked
            .lines()
            .filter(is_about)
            .map(str::to_owned)
            .collect();
        lines
    };
    let noted = [
        format!("note  outbox: {wait}"),
        format!("      look: {mend}"),
    ];
    assert_eq!(checked(), noted);
    let numbers = b.run(&["check", "--nagios"], b"").stdout;
    assert!(numbers.contains("|waiting=0;"), "{numbers}");
    b.says("modules disable git", "git is off\n");
    // One that is on, but is gone, is missed.
    fs::rename(b.path("modules/sms"), b.path("sms")).unwrap();
    b.configure(&format!("{}modules = [\"sms\"]\n", path_line(&b)));
    let why = "sms is not switched on, or may not be run";
    let said = [1, 2].map(|n| waits(n, why)).concat();
    b.run(&["flush"], b"").is(75, "0 sent, 2 waiting\n", &said);
    let waiting = &checked()[0];
    assert!(
        waiting.starts_with("warn  outbox: 2 events are waiting, the oldest since "),
        "{waiting}"
    );
    b.configure(&path_line(&b));
    fs::rename(b.path("sms"), b.path("modules/sms")).unwrap();
    put(&b, "sms", &["observer"], "", "#!/bin/sh\n");
    b.works("modules enable sms");
    b.says("flush", "2 sent, 0 waiting\n");
}

/// Who may only read the configuration holds nobody up; who writes it, for no longer than other locks.
#[test]
fn a_lock_is_waited_for_with_patience() {
    // D5, G3
    let b = desk("modules = []\n");
    let before = config(&b);
    let read = File::open(b.path("config.toml")).unwrap();
    read.lock_shared().unwrap();
    b.says("modules enable git", "git is on: observer\n");
    is_now(&b, &before, "modules = []", "modules = [\"git\"]");
    // One that was killed left the new file.
    b.put(NEW, b"domain");
    b.says("modules disable git", "git is off\n");
    assert_eq!(config(&b), before);
    assert!(!b.path(NEW).exists());
    // One that was stopped holds it.
    let new = b.path(NEW);
    let held = File::create(&new).unwrap();
    own(&new);
    held.lock_exclusive().unwrap();
    let said = format!(
        "tickets: cannot write {}: cannot lock {}: process {2} holds it\n\
         hint: `ps -fp {2}` shows it; try again when it has ended\n",
        b.path("config.toml").display(),
        new.display(),
        std::process::id()
    );
    let waits = || b.run(&["modules", "enable", "git"], b"");
    std::thread::scope(|scope| {
        // Whoever comes first is not in the way of the other.
        for ran in [scope.spawn(waits), scope.spawn(waits)] {
            ran.join().unwrap().is(75, "", &said);
        }
    });
    assert_eq!(config(&b), before);
    assert_eq!(fs::read(&new).unwrap(), b"");
    FileExt::unlock(&held).unwrap();
    b.says("modules enable git", "git is on: observer\n");
    is_now(&b, &before, "modules = []", "modules = [\"git\"]");
}
