//! One part more: the folder `tests/hello` and a line of `src/parts/mod.rs`, and nothing else (G4).
//!
//! The tree is copied into the target directory, the part is added there, and cargo builds the program
//! as it would build this one. What other crates it needs has been built for these tests already and
//! is taken from where it lies; what comes out lies beside the copy.
//!
//! cargo names what it builds of a package after its path from the root of the workspace, its version
//! and its profile, among others. To have the copy's packages beside those of this tree, and not in
//! their place, they get another profile: one unit of code less than the 256 of a debug build.

use super::{Bench, PARTS, Ran, SHELLS, finish, mail, off, printed, weeks, without};
use crate::bench::startable;
use crate::story::BERLIN;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the program is built from.
const BUILT_FROM: [&str; 7] = [
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    ".cargo",
    "src",
    "crates",
    "contrib",
];

const TABLE: &str = "src/parts/mod.rs";

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// The files below a path, by their paths from `root`.
fn files(root: &Path, path: &Path, found: &mut Tree) {
    let here = root.join(path);
    if here.is_dir() {
        for entry in fs::read_dir(here).unwrap() {
            files(root, &path.join(entry.unwrap().file_name()), found);
        }
    } else if let Ok(bytes) = fs::read(here) {
        found.insert(path.to_owned(), bytes);
    }
}

fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    for path in BUILT_FROM {
        files(root, Path::new(path), &mut found);
    }
    found
}

/// The tree with the part in it.
fn with_hello(mut tree: Tree) -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut part = Tree::new();
    files(&root.join("tests/hello"), Path::new(""), &mut part);
    let place = |(path, bytes)| (Path::new("src/parts/hello").join(path), bytes);
    tree.extend(part.into_iter().map(place));
    let table = tree.get_mut(Path::new(TABLE)).unwrap();
    let text = String::from_utf8(table.clone()).unwrap();
    let (parts, end) = text.rsplit_once("}\n").unwrap();
    *table = format!("{parts}    hello,\n}}\n{end}").into_bytes();
    tree
}

/// Makes the files of a directory these; what is so already keeps its date, and is not built again.
fn lay_out(root: &Path, want: &Tree) {
    let there = tree(root);
    for path in there.keys().filter(|path| !want.contains_key(*path)) {
        fs::remove_file(root.join(path)).unwrap();
    }
    for (path, bytes) in want {
        if there.get(path) != Some(bytes) {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// The program with the part `hello`, where an ordinary user can start it.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hello");
        let (copy, out) = (room.join("tree"), room.join("target"));
        fs::create_dir_all(&copy).unwrap();
        // Two runs of the tests share this directory.
        let lock = File::create(room.join("lock")).unwrap();
        lock.lock().unwrap();
        let plain = tree(here);
        lay_out(&copy, &with_hello(plain.clone()));

        // target/debug/deps/blackbox-0123456789abcdef
        let own = std::env::current_exe().unwrap();
        let shared = own.ancestors().nth(3).unwrap();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let packages = packages(&plain);
        let profiles = packages.iter().flat_map(|name| {
            let key = format!("profile.dev.package.{name}.codegen-units");
            ["--config".to_owned(), format!("{key}=255")]
        });
        let built = Command::new(cargo)
            .args(["build", "--offline", "--locked", "--bin", "tickets"])
            .args(profiles)
            .arg("--message-format=json-render-diagnostics")
            .env("CARGO_BUILD_BUILD_DIR", shared)
            .env("CARGO_TARGET_DIR", &out)
            .current_dir(&copy)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
        assert!(!said.contains("warning"), "{said}");
        one_folder_and_one_line(&plain, &tree(&copy));
        let messages = built.stdout.split(|byte| *byte == b'\n');
        let messages = messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let messages: Vec<Value> = messages.collect();
        let of_copy = messages.iter().filter_map(|it| {
            let manifest = Path::new(it["manifest_path"].as_str()?);
            manifest.strip_prefix(&copy).ok().map(Path::to_owned)
        });
        let manifests: BTreeSet<PathBuf> = of_copy.collect();
        assert_eq!(
            manifests.len(),
            packages.len(),
            "{manifests:?} {packages:?}"
        );
        let programs = messages.iter().filter_map(|it| it["executable"].as_str());
        let [program] = programs.map(Path::new).collect::<Vec<_>>()[..] else {
            panic!("one program is built");
        };
        startable(program, "tickets-hello")
    })
}

/// The names of the packages of the workspace.
fn packages(tree: &Tree) -> Vec<String> {
    let manifests = tree.iter().filter(|(path, _)| path.ends_with("Cargo.toml"));
    let name = |(_, bytes): (_, &Vec<u8>)| {
        let manifest: toml::Table = toml::from_str(std::str::from_utf8(bytes).unwrap()).unwrap();
        manifest["package"]["name"].as_str().unwrap().to_owned()
    };
    manifests.map(name).collect()
}

/// Nothing but the part's folder and its line in the table is new.
fn one_folder_and_one_line(plain: &Tree, with: &Tree) {
    let new = with.keys().filter(|path| !plain.contains_key(*path));
    let folders: BTreeSet<&Path> = new.filter_map(|path| path.parent()).collect();
    assert_eq!(folders, BTreeSet::from([Path::new("src/parts/hello")]));
    let changed: Vec<&PathBuf> = (plain.keys())
        .filter(|path| with.get(*path) != plain.get(*path))
        .collect();
    assert_eq!(changed, [Path::new(TABLE)]);
    let lines = |tree: &Tree| -> Vec<String> {
        let text = String::from_utf8_lossy(&tree[Path::new(TABLE)]);
        text.lines().map(str::to_owned).collect()
    };
    let mut table = lines(with);
    table.retain(|line| line != "    hello,");
    assert_eq!(table, lines(plain));
    assert_eq!(table.len() + 1, lines(with).len());
}

/// Runs the program that has the part.
fn hello(bench: &Bench, args: &[&str]) -> Ran {
    finish(command(bench, args), b"")
}

fn command(bench: &Bench, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(args);
    bench.as_ordinary_user(&mut command);
    command.env("TZ", BERLIN);
    command
}

#[track_caller]
fn says(bench: &Bench, args: &[&str]) -> String {
    let ran = hello(bench, args);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout
}

const TIMELINE: &str = "\
2026-10-25 09:00  closed      1  ticket-1@example.org  Re: Printer on fire
2026-10-25 02:30  opened      2  山田太郎              請求書の件について：先月分の請求書がまだ届いておりません
2026-10-25 02:30  re-opened   1  Alice Example         It burns again
2026-10-24 11:00  greeted        The desk              Good morning
2026-10-14 11:00  automatic   4  Cron Daemon           I am on holiday
2026-10-14 11:00  reply       4  Steve                 Re: login
2026-10-13 12:00  mail        4  Alice Example         copied in later
2026-10-13 11:05  quiet       4  Steve                 a note
2026-10-13 11:02  waved-at    4  The desk              Seen from afar
2026-10-13 11:00  opened      4  محمد بن عبد الله      لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس
2026-10-12 09:00  closed      3  Steve                 Re: Cron <root@web> backup
2026-10-12 06:00  opened      3  Cron Daemon           Cron <root@web> backup
2026-10-06 10:00  closed      1  Steve                 Re: Printer on fire
2026-10-05 13:00  reply       1  Steve                 Re: Printer on fire
2026-10-05 10:00  opened      1  Alice Example         Printer on fire
";

const GREETINGS: &str = "\
2026-10-24 11:00  greeted        The desk  Good morning
2026-10-13 11:02  waved-at    4  The desk  Seen from afar
";

#[test]
fn a_part_is_one_folder_and_one_line() {
    // G1, G4
    let desk = weeks();
    hello(&desk, &["hello"]).is(0, "Hello, world! This is example.org.\n", "");
    hello(&desk, &["hello", "Steve"]).is(0, "Hello, Steve! This is example.org.\n", "");
    hello(&desk, &["hello", "--help"]).is(0, HELP, "");
    for option in ["-h", "--help"] {
        let help = says(&desk, &[option]);
        assert!(help.contains("\n  hello        Greet somebody\n"), "{help}");
        assert_eq!(without(&help, &["hello"]), printed(&desk, &[option]));
    }
    for shell in SHELLS {
        assert!(says(&desk, &["completions", shell]).contains("hello"));
    }
    assert!(says(&desk, &["man", "hello"]).contains("\n.TH tickets-hello 1 "));
    assert!(says(&desk, &["man"]).contains("tickets\\-hello(1)"));

    let row = format!(
        "hello       {:7}  on     built in  command hello, 2 timeline events                  \
         greets, and keeps a record of it\n",
        env!("CARGO_PKG_VERSION")
    );
    let modules = printed(&desk, &["modules"]) + &row;
    hello(&desk, &["modules"]).is(0, &modules, "");

    hello(&desk, &["timeline"]).is(0, TIMELINE, "");
    let events = ["timeline", "--events", "Greeted,waved-at"];
    hello(&desk, &events).is(0, GREETINGS, "");
    hello(&desk, &["timeline", "--events", "waved", "--json"]).is(64, "", NO_SUCH);
    hello(&desk, &["timeline", "--events", "waved-at", "--json"]).is(0, OBJECT, "");
    hello(
        &desk,
        &["timeline", "--ticket", "4", "--from", "the desk", "--json"],
    )
    .is(0, OBJECT, "");
}

const HELP: &str = "\
Greet somebody

Usage: tickets hello [OPTIONS] [NAME]

Arguments:
  [NAME]  Who is greeted [default: world]

Options:
      --config <FILE>  Configuration file [default: ~/.config/tickets/config.toml, else
                       /etc/tickets/config.toml]
      --dir <DIR>      Directory of the tickets [default: `dir` of the configuration, else
                       ~/tickets]
  -h, --help           Print help
";

const NO_SUCH: &str = "\
tickets: invalid value 'waved' for '--events': no such events
hint: there are opened, mail, reply, closed, re-opened, quiet, automatic, greeted, waved-at
";

const OBJECT: &str = "\
{\"at\":\"2026-10-13T09:02:00Z\",\"event\":\"waved-at\",\"ticket\":4,\"message\":null,\
\"author\":{\"name\":\"The desk\",\"address\":\"desk@example.org\"},\
\"subject\":\"Seen from afar\",\"automatic\":false,\"size\":0,\"attachments\":0}
";

#[test]
fn the_part_that_was_added_can_be_off() {
    // G2, G4: then the program is the one without it, but for the list of parts.
    let desk = weeks();
    desk.configure(&off(&["hello"]));
    let gone = "tickets: unrecognized subcommand 'hello'\n\
                hint: the part hello is switched off: `tickets modules`\n";
    hello(&desk, &["hello"]).is(64, "", gone);
    let modules = says(&desk, &["modules"]);
    let row = modules.lines().last().unwrap();
    let words: Vec<&str> = row.split_whitespace().take(3).collect();
    assert_eq!(words, ["hello", env!("CARGO_PKG_VERSION"), "off"]);
    let plain = weeks();
    for args in [
        &["--help"][..],
        &["completions", "bash"],
        &["man"],
        &["timeline"],
        &["timeline", "--json"],
        &["timeline", "--events", "greeted"],
        &["list", "--all", "--json"],
    ] {
        let mut want = plain.command(args);
        want.env("TZ", BERLIN);
        let [want, got] =
            [(finish(want, b""), &plain), (hello(&desk, args), &desk)].map(|(ran, bench)| {
                let root = bench.path("").display().to_string();
                (ran.status, ran.stdout.replace(&root, ""), ran.stderr)
            });
        assert_eq!(got, want, "{args:?}");
    }
    // With all others off it is the only one.
    desk.configure(&off(&PARTS.map(|(part, _)| part)));
    hello(&desk, &["hello"]).is(0, "Hello, world! This is example.org.\n", "");
}

#[test]
fn a_broken_part_keeps_no_mail_waiting() {
    // A3, G2, G4: what takes mail in does not look into the table of parts.
    let bench = Bench::new();
    let config = bench.path("config.toml").display().to_string();
    let option = format!("--config={config}");
    for (at, args) in [
        &["deliver"][..],
        &["--config", &config, "deliver"],
        &[&option, "deliver"],
    ]
    .into_iter()
    .enumerate()
    {
        let recipient = [
            "--sender",
            "alice@example.net",
            "--recipient",
            "submit@example.org",
        ];
        let mut command = command(&bench, &[args, &recipient].concat());
        command.env("HELLO_IS_BROKEN", "1");
        let mail = mail(&at.to_string(), "Subject: Hi\n", "x");
        finish(command, mail.as_bytes()).silent();
    }
    assert_eq!(bench.names(), ["1", "2", "3"]);
    let mut list = command(&bench, &["list"]);
    list.env("HELLO_IS_BROKEN", "1");
    let ran = finish(list, b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (75, ""), "{ran:?}");
    assert!(ran.stderr.contains("hello is broken"), "{}", ran.stderr);
}
