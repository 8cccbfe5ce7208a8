//! What modules bring to `tickets timeline` and `tickets check`.

use super::shelf::{path_line, put, put_zoo, set_mode, shelf};
use super::switch::{MORE, POINTS, SPAM, desk};
use crate::bench::{Bench, Ran};
use std::collections::BTreeSet;
use std::fs;

const COMMITS: &str = "[[timeline.filters]]\nname = \"commit\"\nlabel = \"Commits\"\n";

/// A desk with a ticket and the module `git`, whose `timeline` is this.
fn with(script: &str) -> Bench {
    let b = Bench::new();
    put(&b, "git", &["timeline"], COMMITS, script);
    b.configure(&format!("{}modules = [\"git\"]\n", path_line(&b)));
    b.file("submit", "From: ann@example.net\nSubject: Hi\n\nx\n");
    b
}

/// The `event` of each line of `--json`.
fn events(b: &Bench, args: &[&str]) -> (Vec<String>, Ran) {
    let ran = b.run(&[&["timeline", "--json"], args].concat(), b"");
    let event = |line: &str| {
        let it: serde_json::Value = serde_json::from_str(line).unwrap();
        format!(
            "{} {}",
            it["event"].as_str().unwrap(),
            it["subject"].as_str().unwrap()
        )
    };
    (ran.stdout.lines().map(event).collect(), ran)
}

#[test]
fn events_of_modules_stand_in_the_timeline() {
    // G4
    let b = with(
        "#!/bin/sh\nread -r head; echo \"$head\" >asked\n\
         echo '{\"at\":\"2100-01-01T00:00:00Z\",\"kind\":\"commit\",\"ticket\":1,\"author\":\"Steve\",\"subject\":\"Mend <it>\",\"url\":\"https://git.example/1?a&b\"}'\n\
         echo\n\
         echo '{\"at\":1000,\"kind\":\"commit\",\"author\":{\"name\":\"\",\"address\":\"ann@example.net\"},\"subject\":\"First\",\"url\":\"file:///etc\"}'\n",
    );
    let asked = || {
        let asked = b.ticket(".tickets/modules/git/data/asked");
        let text = fs::read_to_string(&asked).ok()?;
        fs::remove_file(asked).unwrap();
        let head: serde_json::Value = serde_json::from_str(&text).unwrap();
        let keys = ["since", "until", "kinds", "ticket", "from", "limit"];
        Some(keys.map(|key| head[key].to_string()).join(" "))
    };
    let all = ["commit Mend <it>", "opened Hi", "commit First"];
    assert_eq!(events(&b, &[]).0, all);
    assert_eq!(asked().unwrap(), "null null [\"commit\"] null null null");
    assert_eq!(events(&b, &["--events", "opened"]).0, ["opened Hi"]);
    assert_eq!(asked(), None, "it is not asked for what it has not");
    let (only, ran) = events(
        &b,
        &[
            "--events", "commit", "--from", "Steve", "--ticket", "1", "-n", "7",
        ],
    );
    assert_eq!(only, ["commit Mend <it>"]);
    assert_eq!(
        ran.stdout,
        "{\"at\":\"2100-01-01T00:00:00Z\",\"event\":\"commit\",\"ticket\":1,\"message\":null,\
         \"author\":{\"name\":\"Steve\",\"address\":\"\"},\"subject\":\"Mend <it>\",\
         \"url\":\"https://git.example/1?a&b\",\"automatic\":false,\"size\":0,\"attachments\":0}\n"
    );
    assert_eq!(asked().unwrap(), "null null [\"commit\"] 1 \"steve\" 7");
    assert_eq!(
        events(&b, &["--since", "2099-01-01"]).0,
        ["commit Mend <it>"]
    );
    assert_eq!(
        asked().unwrap(),
        "\"2099-01-01T00:00:00Z\" null [\"commit\"] null null null"
    );
    for form in ["--rss", "--atom"] {
        let feed = b.run(&["timeline", form], b"");
        let said = "tickets: the url of an event of the module git is left out: it is no address such as https://git.example/1\n";
        assert_eq!((feed.status, feed.stderr.as_str()), (0, said));
        let feed = feed.stdout;
        assert!(feed.contains("https://git.example/1?a&amp;b"), "{feed}");
        assert!(feed.contains("Ticket 1, commit: Mend &lt;it&gt;"), "{feed}");
        assert!(!feed.contains("file:///etc"), "{feed}");
    }
    let lines = b.run(&["timeline"], b"");
    assert!(lines.stdout.contains("  commit  "), "{lines:?}");
}

#[test]
fn a_timeline_does_without_what_fails() {
    // G1, G4, G5
    let one = "echo '{\"at\":4000000000,\"kind\":\"commit\",\"subject\":\"one\"}'\n";
    for (script, shown, why) in [
        (
            format!("{one}echo no repository >&2; exit 1"),
            &["commit one", "opened Hi"][..],
            "it exited with status 1: no repository",
        ),
        (
            format!("{one}{}", one.replace("4000000000", "4000000001")),
            &["commit one", "opened Hi"],
            "its events are not in order, newest first",
        ),
        (
            format!("{one}yes '{{}}' | head -n 1001\n{one}"),
            &["commit one", "opened Hi"],
            "at is no time, such as 2026-11-01T12:00:00Z or seconds since 1970",
        ),
        (
            "echo hi".into(),
            &["opened Hi"],
            "its answer is no JSON object: expected value at line 1 column 1: \"hi\"",
        ),
        (
            format!("{one}echo; echo 'a\\033b'"),
            &["commit one", "opened Hi"],
            "its answer is no JSON object: expected value at line 3 column 1: \"a\\u{1b}b\"",
        ),
        (
            "echo '[]'".into(),
            &["opened Hi"],
            "its answer is no JSON object: it is another kind of value: \"[]\"",
        ),
        (
            "head -c 20000 /dev/zero".into(),
            &["opened Hi"],
            "a line of its answer is longer than 16 KiB",
        ),
        (
            "yes | tr -d '\\n'".into(),
            &["opened Hi"],
            "a line of its answer is longer than 16 KiB",
        ),
        (
            "kill -9 $$".into(),
            &["opened Hi"],
            "it was killed by signal 9",
        ),
    ] {
        let b = with(&format!("#!/bin/sh\n{script}\n"));
        let (events, ran) = events(&b, &[]);
        let fault = format!("tickets: events of the module git are missing: {why}\n");
        // One has events that are left out before.
        let said: String = (ran.stderr.split_inclusive('\n'))
            .filter(|line| !line.starts_with("tickets: 1000 events of the module git are left out"))
            .collect();
        assert_eq!((ran.status, said), (0, fault), "{script}");
        assert_eq!(events, shown, "{script}");
        let list = b.run(&["modules"], b"").stdout;
        assert!(list.contains(&format!(": {why}\n")), "{list}");
    }
}

#[test]
fn an_event_that_is_wrong_costs_no_other() {
    // G4: a stranger may have made it so, and the module goes on being asked.
    let no_time = "at is no time, such as 2026-11-01T12:00:00Z or seconds since 1970";
    let line = |event: &str| format!("echo '{event}'\n");
    let commit = |more: &str| {
        line(&format!(
            "{{\"at\":4000000000,\"kind\":\"commit\",\"subject\":\"one\"{more}}}"
        ))
    };
    let zero = commit(",\"ticket\":0");
    let (right, timeless) = (commit(""), line("{\"at\":\"x\",\"kind\":\"commit\"}"));
    let foreign = right.replace("commit", "mail");
    for (script, shown, said) in [
        (
            format!("{right}{zero}{right}"),
            2,
            "an event of the module git is left out: ticket is 0, no number of one",
        ),
        (
            format!("{right}{}", commit(",\"url\":\"https://x y/\"")),
            2,
            "the url of an event of the module git is left out: it is no address such as https://git.example/1",
        ),
        (
            format!(
                "{right}{}",
                commit(",\"url\":7").replace("4000000000", "-62167219201")
            ),
            1,
            &format!("an event of the module git is left out: {no_time}"),
        ),
        (
            format!("{timeless}{right}{zero}{right}{foreign}"),
            2,
            &format!("3 events of the module git are left out; the first: {no_time}"),
        ),
        (
            foreign.clone(),
            0,
            "an event of the module git is left out: its manifest has no [[timeline.filters]] with the name \"mail\"",
        ),
    ] {
        let b = with(&format!("#!/bin/sh\n{script}"));
        for _ in 0..4 {
            let (events, ran) = events(&b, &["--events", "commit"]);
            assert_eq!(events, vec!["commit one"; shown], "{script}");
            let said = format!("tickets: {said}\n");
            assert_eq!((ran.status, ran.stderr), (0, said), "{script}");
        }
        let list = b.run(&["modules"], b"").stdout;
        assert!(
            !list.contains("resting") && !list.contains("fails"),
            "{list}"
        );
        // Whoever writes a module wants to hear of it.
        assert_eq!(b.run(&["modules", "check", "git"], b"").status, 1);
    }
}

#[test]
fn no_animal_of_the_zoo_spoils_the_timeline() {
    // G4, G5
    let b = Bench::new();
    let names = put_zoo(
        &b,
        &["timeline"],
        &format!("timeout = \"300 ms\"\n{COMMITS}"),
    );
    b.configure(&format!("{}modules = {names:?}\n", path_line(&b)));
    b.file("submit", "From: ann@example.net\nSubject: Hi\n\nx\n");
    let (events, ran) = events(&b, &[]);
    assert_eq!((events, ran.status), (vec!["opened Hi".to_owned()], 0));
    let at_fault = |line: &str| {
        let missing = line
            .split_once("vents of the module ")
            .or(line.split_once("vent of the module "));
        let (name, what) = missing.unwrap().1.split_once(' ').unwrap();
        let is_known = ["are missing: ", "are left out; ", "is left out: "]
            .iter()
            .any(|it| what.starts_with(it));
        assert!(is_known, "{ran:?}");
        name.to_owned()
    };
    let faults: BTreeSet<String> = ran.stderr.lines().map(at_fault).collect();
    // Two say nothing.
    assert_eq!(faults.len(), names.len() - 2, "{}", ran.stderr);
}

#[test]
fn a_module_that_is_left_out_takes_no_other_event_with_it() {
    // G3, G8
    let script = "#!/bin/sh\necho '{\"at\":4000000000,\"kind\":\"commit\",\"subject\":\"x\"}'\n";
    let b = with(script);
    let module = b.path("modules/git");
    let dir = module.display().to_string();
    let upgrade = "it needs an upgrade of its data: `tickets modules upgrade git`".to_owned();
    let writable = format!("others may write to {dir}: chmod go-w");
    type Break<'a> = &'a dyn Fn(&Bench);
    let old: Break = &|b| {
        put(
            b,
            "git",
            &["timeline"],
            &format!("data_version = 2\n{COMMITS}"),
            script,
        );
    };
    let open: Break = &|b| {
        put(b, "git", &["timeline"], COMMITS, script);
        set_mode(&module, 0o777);
    };
    let gone: Break = &|b| fs::remove_dir_all(b.path("modules/git")).unwrap();
    for (break_it, why, is_known) in [
        (old, upgrade, true),
        (open, writable, true),
        // Nobody can say whether it has any events, unless somebody asks for them.
        (gone, "it is not there".to_owned(), false),
    ] {
        break_it(&b);
        let missing = format!("tickets: events of the module git are missing: {why}\n");
        for (asked, is_asked, shown) in [
            (None, is_known, &["opened Hi"][..]),
            (Some("opened"), false, &["opened Hi"]),
            (Some("opened,Commit"), true, &["opened Hi"]),
            (Some("commit"), true, &[]),
        ] {
            let args: Vec<&str> = asked.into_iter().flat_map(|it| ["--events", it]).collect();
            let (events, ran) = events(&b, &args);
            let said = if is_asked { missing.as_str() } else { "" };
            assert_eq!(
                (ran.status, ran.stderr.as_str()),
                (0, said),
                "{why} {asked:?}"
            );
            assert_eq!(events, shown, "{why} {asked:?}");
        }
        if is_known {
            let ran = b.run(&["timeline", "--events", "opened,comit"], b"");
            assert_eq!((ran.status, ran.stdout.as_str()), (64, ""), "{ran:?}");
        }
    }
}

#[test]
fn a_module_is_killed_when_the_reader_has_enough() {
    // G4: it would never end by itself.
    let b = with(
        "#!/bin/sh\necho $$ >pid\nwhile :; do echo '{\"at\":4000000000,\"kind\":\"commit\",\"subject\":\"x\"}'; done\n",
    );
    let (events, ran) = events(&b, &["-n", "1000"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(events, vec!["commit x"; 1000]);
    let pid = fs::read_to_string(b.ticket(".tickets/modules/git/data/pid")).unwrap();
    let alive = fs::read_to_string(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    assert_eq!(alive, "", "it runs on");
}

#[test]
fn three_faults_make_a_module_rest() {
    // G1, G5
    let b = with("#!/bin/sh\nexit 1\n");
    for _ in 0..3 {
        assert_eq!(b.run(&["timeline"], b"").status, 0);
    }
    let (_, ran) = events(&b, &[]);
    assert_eq!(
        ran.stderr,
        "tickets: events of the module git are missing: it rests after it exited with status 1\n"
    );
    let list = b.run(&["modules"], b"").stdout;
    assert!(
        list.contains("  resting  ") && list.contains("    rests until "),
        "{list}"
    );
    let check = b.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let warn = "warn  module git: it failed again and again and rests until ";
    assert!(check.contains(warn), "{check}");
}

#[test]
fn check_says_what_modules_find() {
    // G1
    let b = desk();
    b.works("modules enable spam");
    let check = |script: &str| {
        put(&b, "spam", &POINTS, MORE, script);
        let ran = b.run(&["check", "--etc", "/nowhere"], b"");
        assert_eq!(ran.stderr, "");
        let mut lines = ran.stdout.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if line.contains("module ") {
                found.push(line.to_owned());
                let mend = lines
                    .clone()
                    .next()
                    .filter(|line| line.starts_with("      mend"));
                found.extend(mend.map(|line| line.trim_start().to_owned()));
            }
        }
        (ran.status, found)
    };
    // Without a mail server there is a warning in any case.
    assert_eq!(
        check(SPAM),
        (1, vec!["ok    module spam: the scanner answers".into()])
    );
    assert_eq!(
        check(
            "#!/bin/sh\necho '{\"findings\":[{\"level\":\"bad\",\"what\":\"no scanner\",\"mend\":\"start it\"},{\"level\":\"warn\",\"what\":\"old\\u001b words\"}]}'\n"
        ),
        (
            2,
            vec![
                "FAIL  module spam: no scanner".into(),
                "mend: start it".into(),
                "warn  module spam: old  words".into()
            ]
        )
    );
    assert_eq!(
        check("#!/bin/sh\n"),
        (1, vec!["ok    module spam: it finds no fault".into()])
    );
    assert_eq!(
        check("#!/bin/sh\nexit 4\n"),
        (
            1,
            vec![
                "warn  module spam: check: it exited with status 4".into(),
                "mend: `tickets modules run spam check`".into()
            ]
        )
    );
    set_mode(&shelf(&b).join("spam"), 0o777);
    let at = shelf(&b).join("spam");
    assert_eq!(
        check(SPAM).1,
        ["ok    module spam: the scanner answers"],
        "`put` mends it"
    );
    set_mode(&at, 0o777);
    let ran = b.run(&["check", "--etc", "/nowhere"], b"");
    let line = format!(
        "warn  module spam: others may write to {}: chmod go-w\n",
        at.display()
    );
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    assert_eq!(ran.status, 1);
    put(&b, "spam", &POINTS, &MORE.replace('2', "3"), SPAM);
    let ran = b.run(&["check", "--etc", "/nowhere"], b"");
    let line =
        "warn  module spam: it needs an upgrade of its data: `tickets modules upgrade spam`\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let data = b.ticket(".tickets/modules/spam/data_version");
    fs::write(&data, "4\n").unwrap();
    let ran = b.run(&["check", "--etc", "/nowhere"], b"");
    let lines = "warn  module spam: its data is of version 4, and it only knows 3: it was newer once; put that version of it back, or a backup of its data\n";
    assert!(ran.stdout.contains(lines), "{}", ran.stdout);
    let list = b.run(&["modules"], b"").stdout;
    assert!(list.contains(" too old "), "{list}");
    fs::rename(&at, b.path("elsewhere")).unwrap();
    let ran = b.run(&["check", "--etc", "/nowhere"], b"");
    let lines = format!(
        "warn  module spam: it is not there\n      mend: a directory spam in {}\n",
        shelf(&b).display()
    );
    assert!(ran.stdout.contains(&lines), "{}", ran.stdout);
}

#[test]
fn check_names_settings_that_no_module_gets() {
    // G3, F
    let b = with("#!/bin/sh\n");
    let warned = |tables: &str| {
        b.configure(&format!("{}modules = [\"git\"]\n{tables}", path_line(&b)));
        let ran = b.run(&["check", "--etc", "/nowhere"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
        let lines = ran.stdout.lines();
        let lines = lines.skip_while(|line| !line.contains("[module."));
        let lines: Vec<String> = lines.take(2).map(|line| line.trim().to_owned()).collect();
        lines
    };
    let file = b.path("config.toml");
    let file = file.display();
    assert_eq!(
        warned("[module.git]\non_failure = \"defer\"\nname = \"x\"\n"),
        [""; 0]
    );
    assert_eq!(
        warned("[module.gti]\non_failure = \"quarantine\"\n"),
        [
            "warn  [module.gti]: there is no module gti, so this says nothing".to_owned(),
            format!("mend: [module.git] in {file}"),
        ]
    );
    assert_eq!(
        warned("[module.git]\non_failur = \"quarantine\"\n"),
        [
            "warn  [module.git]: `on_failur` is a setting of this module, and none of the desk's"
                .to_owned(),
            format!("mend: if `on_failure` is meant, write that in {file}"),
        ]
    );
    assert_eq!(
        warned("[module.elsewhere]\nurl = \"x\"\n"),
        [
            "warn  [module.elsewhere]: there is no module elsewhere, so this says nothing",
            "mend: `tickets modules` shows them all",
        ]
    );
    assert_eq!(
        warned("[module.git]\nurl = \"x\"\nmodules = [\"git\", \"other\"]\n"),
        [
            "warn  [module.git]: `modules` is a setting of this module here, and none of the desk's".to_owned(),
            format!(
                "mend: write it above all tables in {file}: before the first line that begins with `[`"
            ),
        ]
    );
}

#[test]
fn what_a_module_says_steers_no_terminal() {
    // T21, G1
    let evil = "#!/bin/sh\nprintf 'bad \\033[2J\\302\\233 end\\n' >&2\n\
        echo '{\"at\":4000000000,\"kind\":\"commit\",\"subject\":\"\\u001b[2J\\u009bx\\u202e\",\"author\":\"\\u001b]0;x\"}'\nexit 1\n";
    let b = with(evil);
    for args in [
        &["timeline"][..],
        &["timeline", "--json"],
        &["timeline", "--atom"],
        &["modules"],
        &["modules", "run", "git", "timeline"],
        &["modules", "check", "git"],
        &["check", "--etc", "/nowhere"],
    ] {
        let ran = b.run(args, b"");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let odd = said.chars().find(|&c| c.is_control() && c != '\n');
        assert_eq!(odd, None, "{args:?}: {said:?}");
    }
}
