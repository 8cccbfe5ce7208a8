//! Modules are listed, switched on and off, and their commands run.

use super::shelf::{path_line, put, put_zoo, set_mode, shelf};
use crate::bench::{Bench, finish, ordinary_user};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

/// A module that does a little of all.
pub const SPAM: &str = r#"#!/bin/sh
case $1 in
check) echo '{"findings":[{"level":"ok","what":"the scanner answers"}]}' ;;
setup) echo words >"$TICKETS_DATA/words" ;;
command)
    shift
    printf '%s:' "$TICKETS_SETTINGS" "$TICKETS_MODULE" "$@"
    echo
    pwd
    cat
    echo "no such ticket" >&2
    exit 7
    ;;
timeline) echo '{"at":1000,"kind":"verdict","ticket":1,"subject":"spam"}' ;;
esac
"#;

pub const POINTS: [&str; 5] = ["filter", "timeline", "command", "check", "setup"];

pub const MORE: &str = r#"data_version = 2
[[timeline.filters]]
name = "verdict"
label = "Verdicts"
[[command]]
name = "spam"
summary = "Teach that tickets are spam"
"#;

/// A desk whose shelf holds the module `spam`.
pub fn desk() -> Bench {
    let bench = Bench::new();
    put(&bench, "spam", &POINTS, MORE, SPAM);
    bench.configure(&path_line(&bench));
    bench.make_store();
    bench
}

#[test]
fn nothing_is_run_that_somebody_else_may_change() {
    // G3, T21
    let b = desk();
    let run = shelf(&b).join("spam/run");
    let says = |want: &str| {
        let fault = format!("tickets: module spam: {want}\n");
        b.run(&["modules", "enable", "spam"], b"")
            .is(78, "", &fault);
        let config = fs::read_to_string(b.path("config.toml")).unwrap();
        assert!(!config.contains("\nmodules = "), "{config}");
    };
    for (path, mode, good) in [
        ("", 0o777, 0o755),
        ("spam", 0o775, 0o755),
        ("spam/module.toml", 0o666, 0o644),
        ("spam/run", 0o757, 0o755),
    ] {
        let at = shelf(&b).join(path);
        set_mode(&at, mode);
        let at = at.display().to_string();
        says(&format!(
            "others may write to {}: chmod go-w",
            at.trim_end_matches('/')
        ));
        set_mode(&shelf(&b).join(path), good);
    }
    // Whoever may put another directory in the place of one may change what is in it.
    b.make_dir("pub");
    fs::rename(shelf(&b), b.path("pub/modules")).unwrap();
    symlink(b.path("pub/modules"), b.path("link")).unwrap();
    for (shelf, path_line) in ["pub/modules", "link"].map(|name| {
        let shelf = b.path(name);
        (shelf.clone(), format!("modules_path = [{shelf:?}]\n"))
    }) {
        b.configure(&path_line);
        for (mode, is_open) in [(0o757, true), (0o775, false), (0o1777, false)] {
            set_mode(&b.path("pub"), mode);
            let found = b.run(&["modules", "--json"], b"").stdout;
            let why = format!("others may write to {}: chmod o-w", b.path("pub").display());
            assert_eq!(found.contains(&why), is_open, "{shelf:?} {mode:o}: {found}");
            if is_open {
                says(&why);
            }
        }
    }
    fs::rename(b.path("pub/modules"), b.path("modules")).unwrap();
    b.configure(&path_line(&b));
    set_mode(&run, 0o644);
    says(&format!("{} is not executable: chmod +x", run.display()));
    fs::remove_file(&run).unwrap();
    symlink("/bin/true", &run).unwrap();
    says(&format!(
        "cannot read {}: a symbolic link stands there, no file",
        run.display()
    ));
    if ordinary_user().is_some() {
        fs::remove_file(&run).unwrap();
        fs::write(&run, SPAM).unwrap();
        set_mode(&run, 0o755);
        std::os::unix::fs::chown(&run, Some(12345), None).unwrap();
        says(&format!(
            "{run} is the property of user 12345, and neither of root nor of the desk's user: sudo chown {} {run}",
            "nobody",
            run = run.display()
        ));
    }
}

#[test]
fn nothing_in_the_store_is_a_module() {
    // G3
    let b = desk();
    b.configure(&format!("modules_path = [{:?}]\n", b.ticket("modules")));
    b.make_dir("tickets/modules");
    fs::rename(b.path("modules/spam"), b.ticket("modules/spam")).unwrap();
    set_mode(&b.ticket("modules"), 0o755);
    b.run(&["modules", "enable", "spam"], b"").is(
        66,
        "",
        "tickets: there is no module \"spam\"\nhint: modules are looked for in no directory\n",
    );
}

#[test]
fn no_way_leads_to_a_module_in_the_store() {
    // G3
    let b = desk();
    b.make_dir("tickets/modules");
    fs::rename(b.path("modules/spam"), b.ticket("modules/spam")).unwrap();
    set_mode(&b.ticket("modules"), 0o755);
    symlink(b.path("tickets"), b.path("link")).unwrap();
    symlink(b.ticket("modules"), b.path("direct")).unwrap();
    let within = "it lies in the store";
    for (dir, why) in [
        (b.path("link/modules"), within),
        (b.path("direct"), within),
        (b.path("modules/../tickets/modules"), within),
        (
            "/proc/self/cwd/modules".into(),
            "it is another one for each process",
        ),
        (
            "/proc/self/root".into(),
            "it is another one for each process",
        ),
    ] {
        b.configure(&format!("modules_path = [{dir:?}]\nmodules = [\"spam\"]\n"));
        b.run(&["modules", "run", "spam", "check"], b"").is(
            66,
            "",
            "tickets: there is no module \"spam\"\nhint: modules are looked for in no directory\n",
        );
        b.run(&["spam"], b"").is(
            64,
            "",
            "tickets: unrecognized subcommand 'spam'\nhint: the module spam is left out: it is not there\n",
        );
        let said = b.run(&["check"], b"").stdout;
        let line = format!(
            "warn  modules_path: no module is looked for in {}: {why}\n      mend: another directory in {}\n",
            dir.display(),
            b.path("config.toml").display()
        );
        assert!(said.contains(&line), "{said}");
    }
}

#[test]
fn a_module_that_is_not_well_is_not_switched_on() {
    // G3
    let b = desk();
    let sick = |script: &str, want: &str| {
        put(&b, "spam", &POINTS, MORE, script);
        let before = fs::read(b.path("config.toml")).unwrap();
        let fault = format!("tickets: module spam: {want}\n");
        b.run(&["modules", "enable", "spam"], b"")
            .is(75, "", &fault);
        assert_eq!(fs::read(b.path("config.toml")).unwrap(), before);
    };
    sick(
        "#!/bin/sh\necho '{\"findings\":[{\"level\":\"bad\",\"what\":\"no scanner\",\"mend\":\"start it\"}]}'\n",
        "no scanner\nhint: start it",
    );
    sick(
        "#!/bin/sh\necho oh >&2; exit 1\n",
        "check: it exited with status 1: oh",
    );
    sick(
        "#!/bin/sh\ntest $1 = check || { echo x >\"$TICKETS_DATA/half\"; echo disk full >&2; exit 9; }\n",
        "its data is not set up: it exited with status 9: disk full",
    );
    assert_eq!(
        fs::read_dir(b.ticket(".tickets/modules/spam/data"))
            .unwrap()
            .count(),
        0,
        "what a failed setup made is gone"
    );
}

#[test]
fn the_configuration_keeps_its_mode_and_may_be_a_link() {
    // G3
    let b = desk();
    fs::rename(b.path("config.toml"), b.path("real.toml")).unwrap();
    symlink("real.toml", b.path("config.toml")).unwrap();
    set_mode(&b.path("real.toml"), 0o640);
    let before = fs::metadata(b.path("real.toml")).unwrap();
    let adds = "filter, 1 timeline event, command spam, check";
    b.says("modules enable spam", &format!("spam is on: {adds}\n"));
    let after = fs::metadata(b.path("real.toml")).unwrap();
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    assert!(
        fs::symlink_metadata(b.path("config.toml"))
            .unwrap()
            .is_symlink()
    );
    let text = fs::read_to_string(b.path("config.toml")).unwrap();
    assert!(text.contains("\nmodules = [\"spam\"]\n"), "{text}");
    assert!(!b.path(".real.toml.tickets").exists());
    // One that may only be read is for whoever wrote it.
    set_mode(&b.path("real.toml"), 0o440);
    let yours = format!(
        "tickets: cannot write {}: permission denied\n\
         hint: all else is done: write the line above into it, in the place of its line `modules` or above its tables\n",
        b.path("config.toml").display()
    );
    b.run(&["modules", "disable", "spam"], b"")
        .is(77, "modules = []\n", &yours);
    assert_eq!(fs::read_to_string(b.path("config.toml")).unwrap(), text);
    // So is somebody else's, as on a machine's own desk, where it is root's.
    if ordinary_user().is_some() {
        set_mode(&b.path("real.toml"), 0o644);
        std::os::unix::fs::chown(b.path("real.toml"), Some(0), Some(0)).unwrap();
        let yours = yours.replace("permission denied", "it belongs to root");
        b.run(&["modules", "disable", "spam"], b"")
            .is(77, "modules = []\n", &yours);
        assert_eq!(fs::read_to_string(b.path("config.toml")).unwrap(), text);
    }
}

#[test]
fn a_built_in_name_wins() {
    // G3, G4
    let b = desk();
    put(&b, "search", &["filter"], "", "#!/bin/sh\n");
    let commands = "[[command]]\nname = \"list\"\nsummary = \"x\"\n[[command]]\nname = \"stats\"\nsummary = \"x\"\n\
         [[command]]\nname = \"spam\"\nsummary = \"Another\"\n[[command]]\nname = \"help\"\nsummary = \"x\"\n\
         [[timeline.filters]]\nname = \"mail\"\nlabel = \"Mail\"\n";
    put(
        &b,
        "rival",
        &["command", "timeline"],
        commands,
        "#!/bin/sh\necho rival\n",
    );
    b.run(&["modules", "enable", "search"], b"").is(
        78,
        "",
        "tickets: module search: search is the name of a built-in part\n",
    );
    b.works("modules enable spam");
    b.run(&["modules", "enable", "rival"], b"").is(
        0,
        "rival is on: 1 timeline event\n",
        "tickets: the command list stays the one that is built in\n\
         tickets: the command stats stays the one that is built in\n\
         tickets: the command spam stays that of the module spam\n\
         tickets: the command help stays the one that is built in\n\
         tickets: the timeline has events mail already; `--events mail` shows both\n",
    );
    b.run(&["list"], b"").is(
        0,
        "",
        &format!(
            "tickets: no tickets in {} yet; the first mail to submit@example.org opens one\n",
            b.ticket("").display().to_string().trim_end_matches('/')
        ),
    );
    let list = b.run(&["modules"], b"");
    let line =
        "    without the command list, stats, spam, help: there is one of that name already\n";
    assert!(list.stdout.contains(line), "{list:?}");
    assert_eq!(b.run(&["spam"], b"").status, 7, "the first one's");
    // What is written by hand is no better.
    b.configure(&format!("{}modules = [\"search\"]\n", path_line(&b)));
    let list = b.run(&["modules"], b"");
    assert!(
        list.stdout
            .contains("    search is the name of a built-in part\n"),
        "{list:?}"
    );
    assert_eq!(b.run(&["search", "x"], b"").status, 1);
}

#[test]
fn what_a_manifest_has_twice_is_named() {
    // G4
    let b = desk();
    let more = "[[command]]\nname = \"list\"\nsummary = \"x\"\n\
         [[job]]\nname = \"fetch\"\nevery = \"1 h\"\n[[job]]\nname = \"fetch\"\nevery = \"2 h\"\n\
         [[job]]\nname = \"fetch\"\nevery = \"3 h\"\n[[command]]\nname = \"twin\"\nsummary = \"x\"\n\
         [[command]]\nname = \"twin\"\nsummary = \"y\"\n[[timeline.filters]]\nname = \"opened\"\nlabel = \"x\"\n\
         [[timeline.filters]]\nname = \"opened\"\nlabel = \"y\"\n";
    let points = ["command", "job", "timeline"];
    put(&b, "twin", &points, more, "#!/bin/sh\n");
    let own = [
        "it has the event opened more than once; the first counts",
        "it has the command twin more than once; the first counts",
        "it has the job fetch more than once; the first counts",
    ];
    let others = [
        "the command list stays the one that is built in",
        "the timeline has events opened already; `--events opened` shows both",
    ];
    let checked = b.run(&["modules", "check", "twin"], b"");
    let said: Vec<&str> = checked.stdout.lines().skip(1).take(6).collect();
    assert_eq!(said[..3], own, "{checked:?}");
    assert_eq!(said[3], others[0], "{checked:?}");
    assert_eq!(said[4], others[1], "{checked:?}");
    let on = b.run(&["modules", "enable", "twin"], b"");
    let adds = "twin is on: 1 timeline event, job fetch, command twin\n";
    assert_eq!((on.status, on.stdout.as_str()), (0, adds));
    for line in own.iter().chain(&others) {
        assert_eq!(on.stderr.matches(line).count(), 1, "{on:?}");
    }
    let jobs = b.run(&["jobs"], b"").stdout;
    let own: Vec<&str> = jobs.lines().filter(|it| it.starts_with("twin.")).collect();
    assert!(
        own.len() == 1 && own[0].starts_with("twin.fetch  every 1 h  "),
        "{jobs}"
    );
}

#[test]
fn what_is_wrong_with_modules_breaks_no_other_command() {
    // G3
    let b = Bench::new();
    let mut names = put_zoo(&b, &["filter", "timeline", "command", "check"], "");
    for (name, manifest) in [
        ("odd", "name = 7"),
        (
            "other",
            "name = \"else\"\nversion = \"1\"\nprotocol = 1\nsummary = \"\"\nrun = \"run\"\n",
        ),
        (
            "future",
            "name = \"future\"\nversion = \"1\"\nprotocol = 2\nsummary = \"\"\nrun = \"run\"\n",
        ),
        (
            "outside",
            "name = \"outside\"\nversion = \"1\"\nprotocol = 1\nsummary = \"\"\nrun = \"../run\"\n",
        ),
    ] {
        put(&b, name, &[], "", "#!/bin/sh\n");
        b.put(&format!("modules/{name}/module.toml"), manifest.as_bytes());
        names.push(name.into());
    }
    names.push("missing".into());
    b.configure(&format!("{}modules = {names:?}\n", path_line(&b)));
    b.file("submit", "Subject: Hi\n\nx\n");
    for args in [
        &["list"][..],
        &["show", "1"],
        &["close", "1"],
        &["stats"],
        &["--help"],
        &["check", "--store"],
    ] {
        let ran = b.run(args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    }
    let list = b.run(&["modules"], b"");
    let at = shelf(&b).display().to_string();
    assert_eq!((list.status, list.stderr.as_str()), (0, ""));
    for line in [
        "notexec     -        broken   -".to_owned(),
        format!("    {at}/notexec/run is not executable: chmod +x"),
        format!("    {at}/odd/module.toml: line 1: name: expected a string, not integer `7`"),
        format!("    {at}/other/module.toml: name is \"else\", but its directory is \"other\""),
        format!(
            "    {at}/future/module.toml: it speaks protocol 2, and this program only 1: it needs a newer one"
        ),
        format!("    {at}/outside/module.toml: run is \"../run\", no name below its directory"),
        "    it is not there".to_owned(),
    ] {
        let has = list.stdout.lines().any(|it| it.starts_with(&line));
        assert!(has, "{line}\n{}", list.stdout);
    }
}

#[test]
fn a_command_gets_its_words_and_the_desk_is_ours() {
    // G4, G7
    let b = desk();
    b.works("modules enable spam");
    fs::write(b.path("config.toml"), {
        let text = fs::read_to_string(b.path("config.toml")).unwrap();
        text + "[module.spam]\nscore = 5\n"
    })
    .unwrap();
    let config = b.path("config.toml").display().to_string();
    let says = |args: &[&str], words: &str| {
        let out = format!(
            "{{\"score\":5}}:spam:{words}:\n{}\nin\n",
            b.path("").display().to_string().trim_end_matches('/')
        );
        b.run(args, b"in\n").is(7, &out, "no such ticket\n");
    };
    says(&["spam"], "spam");
    says(&["spam", "--help"], "spam:--help");
    says(&["help", "spam"], "spam:--help");
    says(&["spam", "-V", "", "$(x)"], "spam:-V::$(x)");
    says(&["--config", &config, "spam", "x"], "spam:x");
    says(&["spam", "x", "--config", &config, "y"], "spam:x:y");
    says(
        &["spam", "--", "--config", "y", "--"],
        "spam:--:--config:y:--",
    );
    // Without the configuration nobody knows whose it is.
    let gone = b.path("gone").display().to_string();
    let unread = format!(
        "tickets: unrecognized subcommand 'spam'\n\
         hint: nobody knows the commands of modules: cannot read {gone}: No such file or directory (os error 2)\n"
    );
    for args in [["--config", &gone, "spam"], ["spam", "--config", &gone]] {
        b.run(&args, b"").is(64, "", &unread);
    }
    // It is the program itself then: what ends it, ends the command.
    put(&b, "spam", &POINTS, MORE, "#!/bin/sh\nkill -TERM $$\n");
    assert_eq!(b.run(&["spam"], b"").status, -15);
    // Root's and the caller's secrets stay here.
    put(&b, "spam", &POINTS, MORE, "#!/bin/sh\nenv | sort\n");
    let mut command = b.command(&["spam"]);
    command
        .env("SECRET", "x")
        .env("TERM", "dumb")
        .env("HOME", "/h");
    let ran = finish(command, b"");
    let names: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    assert_eq!(
        names,
        [
            "HOME",
            "LANG",
            "PATH",
            "PWD",
            "TERM",
            "TICKETS_BIN",
            "TICKETS_CONFIG",
            "TICKETS_DATA",
            "TICKETS_DEPTH",
            "TICKETS_DIR",
            "TICKETS_MODULE",
            "TICKETS_MODULE_DIR",
            "TICKETS_OPERATOR",
            "TICKETS_POINT",
            "TICKETS_PROJECT",
            "TICKETS_PROTOCOL",
            "TICKETS_SETTINGS"
        ]
    );
    put(&b, "spam", &POINTS, MORE, "#!/no/such/thing\n");
    b.run(&["spam"], b"").is(
        78,
        "",
        &format!(
            "tickets: cannot run the module spam: the interpreter that the first line of {} names is not there\n\
             hint: `tickets modules check spam`\n",
            shelf(&b).join("spam/run").display()
        ),
    );
}

#[test]
fn the_list_is_as_wide_as_the_screen() {
    // G1
    let b = desk();
    b.configure(&format!(
        "{}modules = [\"spam\", \"gone\"]\n",
        path_line(&b)
    ));
    // A heading, a line for each, and two that say why a module is left out.
    let rows = b.run(&["modules", "--json"], b"").stdout.lines().count();
    assert_eq!(b.run(&["modules"], b"").stdout.lines().count(), rows + 3);
    for width in [20, 80, 400] {
        let mut command = b.command(&["modules"]);
        command.env("COLUMNS", width.to_string());
        let ran = finish(command, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let is_whole = ran.stdout.lines().count() == rows + 3;
        assert_eq!(is_whole, width == 400, "{}", ran.stdout);
        let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{}", ran.stdout);
    }
}

#[test]
fn the_log_says_who_switched_what() {
    // L7
    let b = desk();
    let log = b.path("log");
    b.configure(&format!("log = {log:?}\n{}", path_line(&b)));
    b.works("modules enable spam");
    b.works("modules enable spam");
    b.works("modules disable spam");
    let log = fs::read_to_string(log).unwrap();
    let said = |line: &str| {
        let (_, said) = line.split_once("> ")?;
        said.rsplit_once(" ms=").map(|(said, _)| said.to_owned())
    };
    let lines: Vec<String> = log.lines().filter_map(said).collect();
    assert_eq!(
        lines,
        [
            "upgrade module=<spam> data=\"data set up, version 2\"",
            "enable module=<spam>",
            "disable module=<spam>"
        ],
        "{log}"
    );
}
