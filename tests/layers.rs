//! The rooms of the house know only who they may know, files do not use each other in a circle, one
//! name is one type, and no file is too long or forgotten.

mod graph;
mod source;
mod trial;

use graph::{Arrow, File, Graph, Texts};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The Rust files below a directory, by their paths from the root.
fn rust_files(dir: &str) -> Texts {
    let mut files = Texts::new();
    for entry in fs::read_dir(here(dir)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{dir}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files.extend(rust_files(&path));
        } else if path.ends_with(".rs") {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
    files
}

fn sources() -> Texts {
    let mut texts = rust_files("src");
    texts.extend(rust_files("crates"));
    texts
}

/// The program and its libraries, without what only tests see.
fn house() -> &'static Graph {
    static HOUSE: OnceLock<Graph> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let texts = sources();
        let mut crates = vec![("main", "src/main.rs"), ("tickets", "src/lib.rs")];
        crates.extend(texts.keys().filter_map(|path| {
            let name = path.strip_prefix("crates/")?.strip_suffix("/src/lib.rs")?;
            Some((name, path.as_str()))
        }));
        let house = Graph::read(&texts, &crates);
        println!("{} files, {} arrows", house.files.len(), house.arrows.len());
        house
    })
}

/// The rooms from top to bottom. Those on the same floor do not know each other.
const FLOORS: [&[&str]; 9] = [
    &["main"],
    &["cli"],
    &["commands", "parts"],
    &["part", "listing"],
    &["desk"],
    &["store", "index", "outbox", "config", "limits"],
    // The outbox hands mail to sendmail, and what happened to modules.
    &["sendmail", "module", "log"],
    // The configuration is read as the one whose desk it is, and programs are started as that one. All wait for locks.
    &["ticket", "privilege", "process", "patience"],
    &["mail", "memory", "terminal"],
];

/// Where a file lies in the house: `src/desk/file.rs` in `desk`, `src/parts/stats/svg.rs` in
/// `parts/stats`, `crates/mail/src/mbox.rs` in `mail`. The table `src/parts/mod.rs` is `parts`.
fn room(file: &str) -> String {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.trim_start_matches("crates/");
    let mut names = path.split('/').filter(|name| *name != "mod");
    let room = names.next().unwrap_or_default();
    match names.next() {
        Some(part) if room == "parts" => format!("{room}/{part}"),
        _ => room.to_owned(),
    }
}

/// The number of a room's floor; parts live with their table.
fn floor(room: &str) -> usize {
    let room = room.split('/').next().unwrap_or_default();
    let floor = FLOORS.iter().position(|floor| floor.contains(&room));
    floor.unwrap_or_else(|| panic!("on which floor is {room}?"))
}

/// True if a file of the room `from` may use something of the room `to`.
fn may_know(from: &str, to: &str) -> bool {
    match (from, to) {
        _ if from == to => true,
        // Leaves, which know nothing of the program. What is pure does without the disk.
        ("error" | "files" | "clock", _) => false,
        ("ticket" | "mail" | "screen", "files" | "clock") => false,
        (_, "error" | "files" | "clock") => true,
        // A pager is started as the one whose desk it is.
        ("screen", _) => ["ticket", "mail", "privilege"].contains(&to),
        (_, "screen") => (floor("commands")..=floor("part")).contains(&floor(from)),
        // Nobody names a part but the table.
        _ if to.starts_with("parts/") => from == "parts",
        _ => floor(from) < floor(to),
    }
}

#[test]
fn arrows_go_down() {
    let up = |arrow: &&Arrow| !may_know(&room(&arrow.from), &room(&arrow.to));
    let up: Vec<String> = (house().arrows.iter().filter(up))
        .map(|arrow| format!("{arrow}\n"))
        .collect();
    assert!(
        up.is_empty(),
        "arrows that go up or aside:\n{}",
        up.concat()
    );
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles: Vec<String> = (house().circles().iter())
        .map(|files| {
            let names: Vec<&str> = files.iter().copied().collect();
            format!("{}\n{}\n", names.join(" "), house().within(files))
        })
        .collect();
    let (count, shown) = (circles.len(), circles.concat());
    assert!(circles.is_empty(), "{count} circles:\n{shown}");
}

/// What touches the disk, the clock, the environment or a process, wherever it stands in a path.
const IMPURE: [&str; 20] = [
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net",
    "std::os",
    "std::path",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::get",
    "TimeZone::system",
    "fs2",
    "nix",
    "rusqlite",
    "tempfile",
];

/// The same, as macros and methods.
const IMPURE_WORDS: [&str; 11] = [
    "canonicalize",
    "dbg",
    "eprint",
    "eprintln",
    "metadata",
    "print",
    "println",
    "read_dir",
    "read_link",
    "symlink_metadata",
    "try_exists",
];

/// What a file names of all that.
fn impure(house: &Graph, file: &File) -> Vec<String> {
    let paths = house.written_out(file).into_iter().filter_map(|named| {
        let name = named.path.join("::");
        let touches = |what: &&str| format!("::{name}::").contains(&format!("::{what}::"));
        IMPURE.iter().copied().find(touches)?;
        Some(format!("line {}: {name}", named.line))
    });
    let words = file.source.words.iter();
    let words = words.filter(|word| IMPURE_WORDS.contains(&word.as_str()));
    paths.chain(words.cloned()).collect()
}

#[test]
fn decisions_touch_nothing() {
    let house = house();
    let pure = |path: &str| ["mail", "ticket"].contains(&room(path).as_str());
    let files: Vec<_> = house.files.iter().filter(|(path, _)| pure(path)).collect();
    assert!(files.len() > 30, "{}", files.len());
    let found: BTreeMap<&String, Vec<String>> = (files.into_iter())
        .map(|(path, file)| (path, impure(house, file)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// T17: nobody forgets that root starts programs of another user.
#[test]
fn programs_are_started_in_one_place() {
    let house = house();
    let starts = |file: &File| {
        let mut paths = house.written_out(file).into_iter();
        paths.any(|named| {
            named
                .path
                .join("::")
                .ends_with("std::process::Command::new")
        })
    };
    let starting = house.files.iter().filter(|(_, file)| starts(file));
    let starting: Vec<&str> = starting.map(|(path, _)| path.as_str()).collect();
    assert_eq!(starting, ["src/privilege/program.rs"]);
}

#[test]
fn no_two_types_have_the_same_name() {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, file) in &house().files {
        for named in &file.source.types {
            let place = format!("{path}:{}", named.line);
            places.entry(&named.path[0]).or_default().push(place);
        }
    }
    assert!(places.len() > 100, "{}", places.len());
    places.retain(|_, places| places.len() > 1);
    let shown = places
        .iter()
        .map(|(name, at)| format!("{name}: {}\n", at.join(", ")));
    let shown: String = shown.collect();
    assert!(places.is_empty(), "names that several types have:\n{shown}");
}

#[test]
fn no_file_is_too_long_to_live_in() {
    let lines = |text: &str| text.lines().count();
    let texts = sources();
    let long = texts.iter().filter(|(_, text)| lines(text) > 400);
    let long: Vec<String> = long
        .map(|(path, text)| format!("{path}: {} lines", lines(text)))
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn every_test_file_is_run() {
    for dir in ["tests", "tests/e2e"] {
        let main = fs::read_to_string(here(dir).join("main.rs")).unwrap();
        for entry in fs::read_dir(here(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.extension().is_some_and(|e| e == "rs") && name != "main" {
                assert!(
                    main.contains(&format!("mod {name};")),
                    "{dir}/{name}.rs is not run"
                );
            }
        }
    }
}

#[test]
fn who_may_know_whom() {
    for (from, to, want) in [
        ("src/main.rs", "src/cli.rs", true),
        ("src/cli.rs", "src/parts/mod.rs", true),
        ("src/cli.rs", "src/parts/stats/mod.rs", false),
        ("src/parts/mod.rs", "src/parts/stats/mod.rs", true),
        ("src/parts/stats/svg.rs", "src/parts/stats/mod.rs", true),
        ("src/parts/stats/svg.rs", "src/parts/search/find.rs", false),
        ("src/parts/stats/mod.rs", "src/parts/mod.rs", false),
        ("src/parts/stats/mod.rs", "src/commands/mod.rs", false),
        ("src/commands/mod.rs", "src/parts/mod.rs", false),
        ("src/commands/list.rs", "crates/mail/src/words.rs", true),
        ("src/part.rs", "src/desk/file.rs", true),
        ("src/desk.rs", "src/part.rs", false),
        ("src/desk.rs", "src/screen.rs", false),
        ("src/listing.rs", "src/screen/table.rs", true),
        ("src/screen.rs", "src/ticket/mod.rs", true),
        ("src/screen.rs", "src/desk.rs", false),
        ("src/store/mod.rs", "src/index.rs", false),
        ("src/outbox.rs", "src/config.rs", false),
        ("src/ticket/mod.rs", "src/error.rs", true),
        ("src/ticket/mod.rs", "src/files.rs", false),
        ("src/files.rs", "src/error.rs", false),
        ("crates/mail/src/lib.rs", "src/ticket/mod.rs", false),
    ] {
        assert_eq!(may_know(&room(from), &room(to)), want, "{from} {to}");
    }
}
