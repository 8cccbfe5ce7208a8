//! Parts: what is off is gone, a desk without any takes mail all the same, and one more is a folder
//! and a line (G1, G2, G4).

mod added;
mod life;

use crate::bench::{Bench, Ran, binary, finish};
use crate::crash::strace_is_here;
use crate::deliver::mail;
use crate::story::weeks;
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

/// The parts that are built in, in the order of the table, each with its commands.
const PARTS: [(&str, &[&str]); 7] = [
    ("search", &["search"]),
    ("timeline", &["timeline"]),
    ("stats", &["stats"]),
    ("archive", &["import", "export"]),
    ("quarantine", &["quarantine"]),
    ("alerts", &[]),
    ("jobs", &["jobs", "tick", "ping"]),
];

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "elvish", "powershell"];

/// The lines of a configuration with these parts off.
fn off(names: &[&str]) -> String {
    format!("[parts]\noff = {names:?}\n")
}

fn all_off() -> String {
    off(&PARTS.map(|(part, _)| part))
}

/// What a command prints, if all is well.
#[track_caller]
fn printed(bench: &Bench, args: &[&str]) -> String {
    let ran = bench.run(args, b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout
}

/// The page of help without the entries of some commands.
fn without(help: &str, commands: &[&str]) -> String {
    let entries = commands.iter().map(|command| format!("  {command} "));
    let entries: Vec<String> = entries.collect();
    let others = |line: &&str| !entries.iter().any(|entry| line.starts_with(entry));
    help.lines()
        .filter(others)
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn what_is_off_is_gone() {
    // E4, G2
    let desk = weeks();
    let all = ["-h", "--help"].map(|option| printed(&desk, &[option]));
    let manual = printed(&desk, &["man"]);
    for (part, commands) in PARTS {
        desk.configure(&off(&[part]));
        for (option, all) in ["-h", "--help"].iter().zip(&all) {
            let fewer = without(all, commands);
            assert_eq!(fewer.lines().count() + commands.len(), all.lines().count());
            assert_eq!(printed(&desk, &[option]), fewer, "{part}");
        }
        for command in commands {
            let gone = format!(
                "tickets: unrecognized subcommand '{command}'\n\
                 hint: the part {part} is switched off: `tickets modules`\n"
            );
            let dir = desk.ticket("");
            let dir = dir.to_str().unwrap();
            for args in [
                &[*command][..],
                &[*command, "--help"],
                &[*command, "toner", "-n", "1"],
                &["--dir", dir, command],
            ] {
                // A printed command leads to the same desk.
                let same = match args.contains(&"--dir") {
                    true => gone.replace(
                        "`tickets modules`",
                        &format!("`tickets --dir {dir} modules`"),
                    ),
                    false => gone.clone(),
                };
                desk.run(args, b"").is(64, "", &same);
            }
            desk.run(&["man", command], b"").is(
                64,
                "",
                &format!(
                    "tickets: no command \"{command}\"\nhint: `tickets --help` shows the commands\n"
                ),
            );
            let page = format!("tickets\\-{command}(1)");
            assert!(manual.contains(&page) && !printed(&desk, &["man"]).contains(&page));
            let word = Regex::new(&format!(r"\b{command}\b")).unwrap();
            for shell in SHELLS {
                let completions = |desk: &Bench| {
                    let text = printed(desk, &["completions", shell]);
                    // The points of modules, some of which are called like a command.
                    let is_of_commands = |line: &&str| !line.contains("observer");
                    let lines: Vec<&str> = text.lines().filter(is_of_commands).collect();
                    lines.join("\n")
                };
                assert!(!word.is_match(&completions(&desk)), "{shell} {command}");
                desk.configure("");
                assert!(word.is_match(&completions(&desk)), "{shell} {command}");
                desk.configure(&off(&[part]));
            }
        }
    }
    // The name of such a command may be a word of another.
    desk.run(&["show", "stats"], b"").is(
        64,
        "",
        "tickets: invalid value 'stats' for '<TICKET>': a ticket is a number from 1 to 999999999, \
         without leading zeros\nhint: `tickets show --help` shows its options\n",
    );
}

#[test]
fn these_are_all_the_parts_there_are() {
    // G1: the whole output is a page of its own, `snapshots/modules.snap`.
    let bench = Bench::with(&off(&["stats", "search"]));
    let objects = printed(&bench, &["modules", "--json"]);
    let rows: Vec<String> = (objects.lines())
        .map(|line| {
            let it: serde_json::Value = serde_json::from_str(line).unwrap();
            let adds = it["adds"].as_array().unwrap().iter();
            let adds = adds.filter_map(|add| add.as_str()?.strip_prefix("command "));
            let commands: Vec<&str> = adds.collect();
            format!("{} {} {commands:?}", it["name"], it["state"])
        })
        .collect();
    let want = PARTS.map(|(part, commands)| {
        let state = match part {
            "stats" | "search" => "off",
            _ => "on",
        };
        format!("{part:?} {state:?} {commands:?}")
    });
    assert_eq!(rows, want);
    assert!(!bench.ticket("").exists(), "looking creates nothing");
}

#[test]
fn a_part_that_does_not_exist_keeps_no_mail_waiting() {
    // A3, G2
    let bench = Bench::with(&off(&["search", "serach"]));
    let first = mail("1", "Subject: Hi\n", "x");
    bench.deliver("submit@example.org", first).silent();
    assert_eq!(bench.names(), ["1"]);
    // Nor does it when an MTA asks whether mail would be taken.
    bench.run(&["verify", "submit@example.org"], b"").silent();
    let ask = b"protocol_state=RCPT\nrecipient=ticket-1@example.org\n\n";
    bench.run(&["policy"], ask).is(0, "action=DUNNO\n\n", "");
    let fault = "tickets: [parts] off: there is no part \"serach\"\n\
                 hint: the parts are search, timeline, stats, archive, quarantine, alerts, jobs\n";
    for command in [&["list"][..], &["modules"], &["close", "1"], &["stats"]] {
        bench.run(command, b"").is(78, "", fault);
    }
    // What needs no configuration helps to mend it.
    for args in [
        &["--help"][..],
        &["--version"],
        &["init", "--print-config"],
        &["man"],
    ] {
        printed(&bench, args);
    }
    bench.run(&["search"], b"").is(
        64,
        "",
        "tickets: unrecognized subcommand 'search'\n\
         hint: the part search is switched off: `tickets modules`\n",
    );
}

/// Runs the program, and counts the system calls that name each file below the desk's directory.
fn touched(bench: &Bench, args: &[&str], stdin: &[u8]) -> (Ran, BTreeMap<String, usize>) {
    let log = bench.path("strace.log");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-s", "4096", "-e", "trace=%file", "-o"])
        .arg(&log)
        .arg(binary())
        .args(args);
    bench.as_ordinary_user(&mut command);
    let ran = finish(command, stdin);
    let log = fs::read_to_string(log).unwrap();
    let mut files = BTreeMap::new();
    for name in log
        .lines()
        .flat_map(|line| line.split('"').skip(1).step_by(2))
    {
        if let Ok(file) = Path::new(name).strip_prefix(bench.path("")) {
            *files.entry(file.display().to_string()).or_default() += 1;
        }
    }
    assert!(files.contains_key("config.toml"), "{files:?}");
    (ran, files)
}

/// What the parts keep below `.tickets/`.
const OF_PARTS: [&str; 4] = ["text.db", "text.lock", "text.new", "import"];

/// Files that cannot be read where the parts keep theirs.
fn spoil(bench: &Bench) {
    for name in OF_PARTS {
        bench.put(
            &format!("tickets/.tickets/{name}"),
            b"neither a database nor a lock",
        );
        let path = bench.ticket(".tickets").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    }
}

#[test]
fn a_delivery_opens_nothing_of_the_parts() {
    // G2, G4: though all of them are on, their table is not even made.
    if !strace_is_here() {
        return;
    }
    let bench = Bench::new();
    let first = mail("1", "Subject: Hi\n", "toner");
    bench.deliver("submit@example.org", first).silent();
    printed(&bench, &["search", "toner"]);
    for (to, mail) in [
        ("submit@example.org", mail("2", "Subject: New\n", "x")),
        ("ticket-1@example.org", mail("3", "Subject: More\n", "x")),
        (
            "ticket-1-done@example.org",
            mail("4", "Subject: Thanks\n", "x"),
        ),
        ("ticket-1@example.org", mail("5", "Subject: Again\n", "x")),
    ] {
        let args = [
            "deliver",
            "--sender",
            "alice@example.net",
            "--recipient",
            to,
        ];
        let (ran, files) = touched(&bench, &args, mail.as_bytes());
        ran.silent();
        println!("{to}: {files:?}");
        // Making the table of commands reads the configuration once more.
        assert_eq!(files["config.toml"], 1, "{files:?}");
        let of_parts = |file: &&String| OF_PARTS.iter().any(|name| file.contains(name));
        assert_eq!(files.keys().find(of_parts), None);
    }
    spoil(&bench);
    let last = mail("6", "Subject: Last\n", "x");
    bench.deliver("ticket-2@example.org", last).silent();
    assert_eq!(bench.names(), ["1", "2"]);
}

#[test]
fn a_delivery_does_not_look_for_modules_that_are_off() {
    // G3: what lies in modules_path, and is not among `modules`, costs it nothing.
    if !strace_is_here() {
        return;
    }
    let bench = Bench::new();
    bench.configure(&format!(
        "modules = []\nmodules_path = [{:?}]\n",
        bench.path("modules")
    ));
    fs::create_dir_all(bench.path("modules/virus")).unwrap();
    bench.put("modules/virus/module.toml", b"no manifest at all");
    for (to, id) in [("submit@example.org", "1"), ("ticket-1@example.org", "2")] {
        let sender = "alice@example.net";
        let args = ["deliver", "--sender", sender, "--recipient", to];
        let mail = mail(id, "Subject: Hi\n", "x");
        let (ran, files) = touched(&bench, &args, mail.as_bytes());
        ran.silent();
        let of_modules = |file: &&String| file.contains("module");
        assert_eq!(files.keys().find(of_modules), None);
    }
    assert_eq!(bench.names(), ["1"]);
}

#[test]
fn nothing_of_what_is_off_is_opened() {
    // G2
    if !strace_is_here() {
        return;
    }
    let bench = weeks();
    printed(&bench, &["search", "printer"]);
    bench.configure(&all_off());
    spoil(&bench);
    for args in [
        &["list", "--all"][..],
        &["list", "--waiting", "--json"],
        &["show", "1"],
        &["reopen", "1"],
        &["close", "1"],
        &["flush"],
        &["reindex"],
        &["restore", "1"],
        &["modules"],
        &["check", "--etc", "/nowhere"],
        &["check", "--store"],
        &["verify", "ticket-1@example.org"],
        &["address", "1"],
    ] {
        let (ran, files) = touched(&bench, args, b"");
        // Without a mail server there is a warning.
        let want = i32::from(args.contains(&"--etc"));
        assert_eq!(ran.status, want, "{args:?}: {ran:?}");
        let of_parts = |file: &&String| OF_PARTS.iter().any(|name| file.contains(name));
        assert_eq!(files.keys().find(of_parts), None, "{args:?}");
    }
    for name in OF_PARTS {
        let meta = fs::metadata(bench.ticket(".tickets").join(name)).unwrap();
        assert_eq!((meta.len(), meta.mode() & 0o777), (29, 0), "{name}");
    }
}
