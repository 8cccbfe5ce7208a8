//! Jobs of modules: they run as those that are built in do (G4, I1).

use super::{history, listed, make_due, state};
use crate::bench::Bench;
use crate::deliver::mail;
use crate::manager::shelf::{path_line, put, put_zoo, set_mode};
use serde_json::Value;
use std::fs;

/// What a module that fetches says in its manifest.
const FETCH: &str = "[[job]]\nname = \"fetch\"\nevery = \"15 min\"\ntimeout = \"2 min\"\n";

/// A module that keeps what it is told, and whose answer is this.
fn answering(answer: &str) -> String {
    format!("#!/bin/sh\nhead -n 1 >told\necho this is printed >&2\nprintf '%s\\n' '{answer}'\n")
}

/// A desk with the module `git`, which is switched on, and with one mail; `config` ends the configuration. Its jobs were
/// all seen.
fn desk(manifest: &str, script: &str, config: &str) -> Bench {
    let bench = Bench::new();
    put(&bench, "git", &["job"], manifest, script);
    switch_on(&bench, config);
    bench.file("submit", mail("1", "", "x"));
    bench.take_sent();
    bench.run(&["tick"], b"").silent();
    bench
}

fn switch_on(bench: &Bench, config: &str) {
    bench.configure(&format!(
        "{}modules = [\"git\"]\n[job.flush]\nevery = \"1000 days\"\n{config}",
        path_line(bench)
    ));
}

/// The job cannot be run by this word of `tickets jobs`, and that says why.
#[track_caller]
fn cannot(bench: &Bench, deed: &str, why: &str) {
    let said = format!("tickets: cannot run the job git.fetch: {why}\nhint: `tickets modules`\n");
    bench
        .run(&["jobs", deed, "git.fetch"], b"")
        .is(78, "", &said);
}

/// What the module was told last.
fn told(bench: &Bench) -> Value {
    let told = fs::read(bench.ticket(".tickets/modules/git/data/told")).unwrap();
    serde_json::from_slice(&told).unwrap()
}

/// Name, schedule and what is said of the next run, of each job that is not built in.
fn shown(bench: &Bench) -> Vec<String> {
    let ran = bench.run(&["jobs"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let own = [
        "    ",
        "job ",
        "clean-up ",
        "flush ",
        "quarantine ",
        "upgrade ",
    ];
    let lines = ran.stdout.lines();
    let lines = lines.filter(|line| !own.iter().any(|name| line.starts_with(name)));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split("  ").filter(|it| !it.is_empty()).collect();
            let last = columns.last().unwrap();
            format!("{}: {}: {}", columns[0], columns[1].trim(), last.trim())
        })
        .collect()
}

// G4, I1
#[test]
fn a_module_brings_jobs() {
    let bench = desk(FETCH, &answering(r#"{"note":"fetched\t3"}"#), "");
    let job = listed(&bench, "git.fetch");
    assert_eq!(
        (&job["run"], &job["schedule"], &job["summary"]),
        (
            &"git.fetch".into(),
            &"every 15 min".into(),
            &"Does git".into()
        )
    );
    make_due(&bench, "git.fetch");
    bench
        .run(&["tick", "-v"], b"")
        .is(0, "", "tickets: git.fetch: ok: fetched 3\n");
    let first = told(&bench);
    assert_eq!(
        (
            &first["point"],
            &first["module"],
            &first["job"],
            &first["last_ok"]
        ),
        (&"job".into(), &"git".into(), &"fetch".into(), &Value::Null)
    );
    let seconds = |value: &Value| -> i64 {
        let time: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
        time.as_second()
    };
    // Its time was a quarter of an hour that is over.
    let run = state(&bench, "git.fetch")["run"].clone();
    assert_eq!(seconds(&first["due"]), run["due"].as_i64().unwrap());
    assert_eq!(seconds(&first["due"]) % 900, 0);
    bench.says("jobs run git.fetch", "git.fetch: ok: fetched 3\n");
    assert_eq!(
        seconds(&told(&bench)["last_ok"]),
        run["started"].as_i64().unwrap()
    );
    let log = bench.run(&["jobs", "log", "git.fetch"], b"").stdout;
    assert!(log.ends_with("\n\nthis is printed\n"), "{log}");
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
}

// I3: of what a module brings, too, somebody hears that no time passes.
#[test]
fn who_switches_on_a_module_with_jobs_expects_time_to_pass() {
    let bench = Bench::new();
    let day = 86_400;
    put(&bench, "git", &["job"], FETCH, &answering("{}"));
    let path = format!("{}log = {:?}\n", path_line(&bench), bench.path("log"));
    let on = format!("{path}modules = [\"git\"]\n");
    bench.configure(&on);
    bench.file("submit", mail("1", "", "x"));
    bench.take_sent();
    let lines = fs::read_to_string(bench.path("log")).unwrap();
    assert!(lines.contains("no_tick_for="), "{lines}");
    let check = |bench: &Bench| -> Vec<String> {
        let checked = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
        let lines = checked.lines().filter(|line| line.contains(" jobs: "));
        lines.map(str::to_owned).collect()
    };
    let nagios = |bench: &Bench| {
        bench
            .run(&["check", "--etc", "/nowhere", "--nagios"], b"")
            .stdout
    };
    let never = "no job runs: `tickets tick` was never run";
    for command in ["list", "jobs"] {
        let said = bench.run(&[command], b"").stderr;
        assert!(
            said.starts_with(&format!("tickets: {never}\n")),
            "{command}: {said}"
        );
    }
    assert_eq!(check(&bench), [format!("warn  jobs: {never}")]);
    assert!(nagios(&bench).contains(" overdue=0"), "{}", nagios(&bench));
    let told = jiff::Timestamp::now().as_second() - day - 1;
    bench.put(
        "tickets/.tickets/jobs/silence",
        format!("{told}\n").as_bytes(),
    );
    bench.file("submit", mail("2", "", "x"));
    let notes: Vec<String> = (bench.take_sent().iter())
        .filter(|it| it.field("X-Tickets-Ticket").is_none())
        .map(|it| it.field("Subject").unwrap())
        .collect();
    assert_eq!(notes, ["No job runs"]);
    bench.run(&["tick"], b"").silent();
    assert_eq!(check(&bench), ["ok    jobs: none fails"]);
    make_due(&bench, "git.fetch");
    assert_eq!(check(&bench), ["warn  jobs: overdue: git.fetch"]);
    assert!(nagios(&bench).contains(" overdue=1"), "{}", nagios(&bench));
    bench.run(&["tick"], b"").silent();
    // Nobody waits for what does not run: a job without times, that of a module that is off, and all of a desk without jobs.
    fs::remove_file(bench.ticket(".tickets/jobs/beat")).unwrap();
    bench.configure(&format!("{on}[parts]\noff = [\"jobs\"]\n"));
    assert_eq!(check(&bench), [""; 0]);
    bench
        .run(&["list", "-q"], b"")
        .silent_but_for_output("list");
    bench.configure(&path);
    assert_eq!(check(&bench), [""; 0]);
    put(
        &bench,
        "git",
        &["job"],
        "[[job]]\nname = \"fetch\"\n",
        &answering("{}"),
    );
    bench.configure(&on);
    assert_eq!(check(&bench), [""; 0]);
}

// I1
#[test]
fn the_configuration_says_when_the_job_of_a_module_runs() {
    let twice = format!("{FETCH}[[job]]\nname = \"fetch\"\n[[job]]\nname = \"tidy\"\n");
    let bench = desk(&twice, &answering("{}"), "");
    // One that does not say when it runs does not run.
    assert_eq!(shown(&bench).len(), 1);
    let not_there = |name: &str, hint: &str| {
        for deed in ["run", "pause", "resume"] {
            let said = format!("tickets: there is no job {name:?}\nhint: {hint}\n");
            bench.run(&["jobs", deed, name], b"").is(64, "", &said);
        }
    };
    not_there(
        "git.tidy",
        "its module says no time for it: it runs where [job.NAME] has run = \"git.tidy\", and has that NAME",
    );
    not_there("git.fetsh", "is git.fetch meant?");
    not_there("fetch", "is git.fetch meant?");
    not_there("flusj", "is flush meant?");
    let own = "[job.night]\nrun = \"git.fetch\"\nat = \"0 3 * * *\"\n";
    switch_on(&bench, own);
    let names = |bench: &Bench| -> Vec<String> {
        let lines = shown(bench).into_iter();
        lines
            .map(|line| line.rsplit_once(": ").unwrap().0.to_owned())
            .collect()
    };
    assert_eq!(names(&bench), ["night: 0 3 * * *"]);
    not_there("git.fetch", "it runs as night");
    switch_on(
        &bench,
        "[job.\"git.fetch\"]\nevery = \"2 h\"\n[job.x]\nrun = \"git.tidy\"\nevery = \"1 h\"\n",
    );
    assert_eq!(names(&bench), ["git.fetch: every 2 h", "x: every 1 h"]);
    switch_on(
        &bench,
        "[job.often]\nrun = \"git.fetch\"\ntimeout = \"1 h\"\n",
    );
    assert_eq!(names(&bench), ["often: every 15 min"]);
    switch_on(&bench, "[job.git.fetch]\nevery = \"2 h\"\n");
    let file = bench.path("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    let at = |head: &str| 1 + text[..text.find(head).unwrap()].lines().count();
    let place = format!("{}:{}", file.display(), at("[job.git.fetch]"));
    let said = format!(
        "tickets: {place}: job.git: unknown key `fetch`\nhint: of a job of the module git: [job.\"git.fetch\"]\n"
    );
    bench.run(&["jobs"], b"").is(78, "", &said);
    switch_on(&bench, "[job.x]\nrun = \"git.fetsh\"\nevery = \"2 h\"\n");
    let ran = bench.run(&["jobs"], b"");
    assert_eq!(ran.status, 78);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        format!(
            "tickets: {}:{}: job.x.run: there is no job \"git.fetsh\"",
            file.display(),
            at("[job.git.fetch]") + 1
        )
    );
}

// I1, G3: what is wrong with a module breaks nothing else
#[test]
fn a_job_of_a_module_that_cannot_be_asked_is_named_and_not_run() {
    let bench = desk(FETCH, &answering("{}"), "");
    let ran = bench.ticket(".tickets/modules/git/data/told");
    make_due(&bench, "git.fetch");
    let idle = |state: &str, status: i32, why: &str| {
        assert_eq!(shown(&bench)[0].rsplit(": ").next().unwrap(), state);
        let job = listed(&bench, "git.fetch");
        assert_eq!(
            (&job["idle"], &job["next"], &job["overdue"]),
            (&why.into(), &Value::Null, &0.into())
        );
        bench.run(&["tick"], b"").silent();
        assert!(!ran.exists(), "{why}");
        if status == 78 {
            cannot(&bench, "run", why);
            cannot(&bench, "work", why);
        } else {
            bench.run(&["jobs", "work", "git.fetch"], b"").silent();
        }
        bench.works("list");
        assert!(!ran.exists(), "{why}");
    };
    // Of one that is off, only where a table names it.
    let table = "[job.\"git.fetch\"]\nevery = \"1 h\"\n";
    bench.configure(&path_line(&bench));
    assert_eq!(shown(&bench), [""; 0]);
    bench.configure(&format!("{}{table}", path_line(&bench)));
    idle("module off", 78, "the module git is switched off");
    let check = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
    assert!(
        check.contains("warn  jobs: git.fetch does not run: the module git is switched off\n"),
        "{check}"
    );
    // Switched on, but others may change it: nobody reads its manifest, and its table says when.
    switch_on(&bench, table);
    let module = bench.path("modules/git");
    set_mode(&module, 0o777);
    let why = format!(
        "the module git is left out: others may write to {}: chmod go-w",
        module.display()
    );
    idle("module broken", 78, &why);
    set_mode(&module, 0o755);
    // Its data is too old.
    switch_on(&bench, "");
    put(
        &bench,
        "git",
        &["job"],
        &format!("data_version = 1\n{FETCH}"),
        &answering("{}"),
    );
    idle(
        "needs upgrade",
        78,
        "the module git is left out: it needs an upgrade of its data: `tickets modules upgrade git`",
    );
    // Its manifest says what is no time, and its table says when.
    put(
        &bench,
        "git",
        &["job"],
        "[[job]]\nname = \"fetch\"\nat = \"0 25 * * *\"\n",
        &answering("{}"),
    );
    switch_on(&bench, table);
    let why = format!(
        "the module git is left out: {}: at of the job fetch: \"0 25 * * *\" is no time as in cron: the hour 25 is not 0 to 23",
        module.join("module.toml").display()
    );
    idle("module broken", 78, &why);
    switch_on(&bench, "");
    put(&bench, "git", &["job"], FETCH, &answering("{}"));
    let health = format!(
        "{{\"faults\":3,\"last_fault\":\"hung\",\"rests_until\":{}}}",
        jiff::Timestamp::now().as_second() + 600
    );
    bench.make_dir("tickets/.tickets/modules/git");
    bench.put("tickets/.tickets/modules/git/state", health.as_bytes());
    idle("module rests", 0, "the module git rests: hung");
    // By hand it is run: somebody may want to know whether it is well again.
    bench.says("jobs run git.fetch", "git.fetch: ok\n");
    assert!(ran.exists());
    assert_eq!(history(&bench, "git.fetch"), ["ok: "]);
}

// I1, G3: a job that has run does not vanish with its module
#[test]
fn a_job_whose_module_is_broken_or_off_is_named_and_its_log_can_be_read() {
    let bench = desk(FETCH, &answering("{}"), "");
    bench.says("jobs run git.fetch", "git.fetch: ok\n");
    let log = bench.run(&["jobs", "log", "git.fetch"], b"");
    assert!(log.stdout.ends_with("\nthis is printed\n"), "{log:?}");
    let is_idle = |why: &str| {
        cannot(&bench, "run", why);
        bench
            .run(&["jobs", "log", "git.fetch"], b"")
            .is(0, &log.stdout, "");
    };
    let program = bench.path("modules/git/run");
    set_mode(&program, 0o644);
    let why = format!(
        "the module git is left out: {} is not executable: chmod +x",
        program.display()
    );
    is_idle(&why);
    // Its time is not known, since nobody may read its manifest.
    let job = listed(&bench, "git.fetch");
    assert_eq!(
        (&job["idle"], &job["schedule"], &job["next"], &job["result"]),
        (&why.as_str().into(), &"".into(), &Value::Null, &"ok".into())
    );
    bench.run(&["tick"], b"").silent();
    set_mode(&program, 0o755);
    // One that is off is not listed, but answers to its name.
    bench.configure(&path_line(&bench));
    assert_eq!(shown(&bench), [""; 0]);
    is_idle("the module git is switched off");
    // And one that is gone has nothing more to say than its log.
    fs::rename(bench.path("modules/git"), bench.path("modules/other")).unwrap();
    bench
        .run(&["jobs", "log", "git.fetch"], b"")
        .is(0, &log.stdout, "");
    bench.run(&["jobs", "log", "git.bogus"], b"").is(
        64,
        "",
        "tickets: there is no job \"git.bogus\"\nhint: the jobs are clean-up, flush\n",
    );
}

// I3, G7: whatever a module does, its run ends in time and is named
#[test]
fn every_animal_may_have_a_job() {
    let bench = Bench::new();
    let job = "[[job]]\nname = \"job\"\nevery = \"1 h\"\ntimeout = \"3 s\"\n";
    let names = put_zoo(&bench, &["job"], job);
    let config = |more: &str| {
        bench.configure(&format!(
            "{}modules = {names:?}\n[job.flush]\nevery = \"1000 days\"\n{more}",
            path_line(&bench)
        ));
    };
    config("");
    bench.file("submit", mail("1", "", "x"));
    bench.take_sent();
    bench.run(&["tick"], b"").silent();
    // The file of one is no program, so that its manifest is not read.
    let able: Vec<&String> = names.iter().filter(|name| *name != "notexec").collect();
    for name in &able {
        make_due(&bench, &format!("{name}.job"));
    }
    bench.run(&["tick"], b"").silent();
    let no_object = |why: &str| format!("failed: its answer is no JSON object: {why}");
    let killed = || "killed: killed at 3 s".to_owned();
    for name in able {
        let run = bench
            .path(&format!("modules/{name}/run"))
            .display()
            .to_string();
        let no_interpreter =
            || format!("failed: the interpreter that the first line of {run} names is not there");
        let want = match name.as_str() {
            "badinterp" => no_interpreter(),
            "crlfscript" => format!("failed: the first line of {run} ends in CR LF"),
            "badutf8" => no_object(
                "invalid unicode code point at line 1 column 10: \"{\"note\":\"\u{fffd}\"}\"",
            ),
            "bom" => no_object(r#"expected value at line 1 column 1: "\u{feff}{"go":"on"}""#),
            "warnfirst" => {
                no_object("expected value at line 1 column 1: \"DeprecationWarning: blah\"")
            }
            "two" => no_object(r#"trailing characters at line 2 column 1: "{"go":"on"}""#),
            "flood" => "failed: it said more than 64 KiB".to_owned(),
            "hang" | "ignoreterm" | "partial" => killed(),
            "killed" => "failed: it was killed by signal 9".to_owned(),
            "nohashbang" => {
                "failed: it cannot be started: a script needs a first line such as #!/bin/sh"
                    .to_owned()
            }
            "status3" => "failed: it exited with status 3".to_owned(),
            _ => "ok: ".to_owned(),
        };
        assert_eq!(history(&bench, &format!("{name}.job")), [want], "{name}");
    }
    let store = bench.ticket("").display().to_string();
    let of_store = format!("TICKETS_DIR={}\0", store.trim_end_matches('/'));
    let left = fs::read_dir("/proc").unwrap().flatten().filter_map(|it| {
        let environment = fs::read(it.path().join("environ")).ok()?;
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let runs = fs::read_to_string(it.path().join("cmdline")).unwrap_or_default();
        // Whoever leaves its session is not found again.
        let is_left = environment.contains(&of_store) && !runs.starts_with("sleep\x0031\0");
        is_left.then_some(runs)
    });
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    // They are mistakes of jobs, and no reason for a filter of theirs to rest.
    let list = bench.run(&["modules"], b"").stdout;
    assert!(!list.contains("last fault"), "{list}");
    // A note that is no text.
    put(&bench, "ok", &["job"], job, &answering(r#"{"note":7}"#));
    bench
        .run(&["jobs", "run", "ok.job"], b"")
        .is(75, "ok.job: failed: note is no text\n", "");
    assert_eq!(bench.names(), ["1"]);
}

// I3
#[test]
fn a_module_that_takes_too_long_for_its_job_is_asked_once_to_end_and_has_time_for_it() {
    let manifest = "[[job]]\nname = \"fetch\"\nevery = \"15 min\"\ntimeout = \"1 s\"\n";
    let script = "#!/bin/sh\ntrap 'echo asked >>log; asked=1' TERM\n\
        until [ \"$asked\" ]; do sleep 0.05; done\n\
        for i in 1 2 3 4 5 6 7 8 9; do sleep 0.05; done\necho tidied >>log\n";
    let bench = desk(manifest, script, "");
    make_due(&bench, "git.fetch");
    bench.run(&["tick"], b"").silent();
    let log = fs::read_to_string(bench.ticket(".tickets/modules/git/data/log"));
    assert_eq!(log.unwrap(), "asked\ntidied\n");
    assert_eq!(history(&bench, "git.fetch"), ["killed: killed at 1 s"]);
}

// I3
#[test]
fn what_a_job_writes_is_bounded_and_its_beginning_and_end_are_kept() {
    let script = "#!/bin/sh\nreadlink /proc/self/fd/2 >told\necho begin >&2\n\
        head -c 20000000 /dev/zero | tr '\\0' x >&2\n\
        wc -c <\"$TICKETS_DIR/.tickets/jobs/git.fetch.log\" >>told\nprintf '\\nthe end\\n' >&2\nexit 3\n";
    let bench = desk(FETCH, script, "");
    make_due(&bench, "git.fetch");
    bench.run(&["tick"], b"").silent();
    let failed = "failed: it exited with status 3: the end";
    assert_eq!(history(&bench, "git.fetch"), [failed]);
    let told = fs::read_to_string(bench.ticket(".tickets/modules/git/data/told")).unwrap();
    let (stderr, size) = told.split_once('\n').unwrap();
    // No file of which nobody knows the size.
    assert!(stderr.starts_with("pipe:"), "{told}");
    let size: u64 = size.trim().parse().unwrap();
    assert!((1..=97 << 10).contains(&size), "{size}");
    let log = fs::read_to_string(bench.ticket(".tickets/jobs/git.fetch.log")).unwrap();
    assert!(log.len() < 65 << 10, "{}", log.len());
    assert!(log.starts_with("begin\nxxx"));
    assert!(log.contains("xxx\n[199"), "{}", &log[32_000..33_000]);
    let end = "xxx\nthe end\ntickets: it exited with status 3\n";
    assert!(log.ends_with(end), "{}", &log[log.len() - 100..]);
}

// I3
#[test]
fn what_a_job_answered_and_cannot_be_read_is_in_its_log() {
    let bench = desk(FETCH, &answering("fetched 3 commits"), "");
    let ran = bench.run(&["jobs", "log", "flush"], b"");
    ran.is(0, "", "tickets: flush has never run\n");
    let why =
        "its answer is no JSON object: expected ident at line 1 column 2: \"fetched 3 commits\"";
    bench.run(&["jobs", "run", "git.fetch"], b"").is(
        75,
        &format!("git.fetch: failed: {why}\n"),
        "",
    );
    let log = bench.run(&["jobs", "log", "git.fetch"], b"");
    assert_eq!((log.status, log.stderr.as_str()), (0, ""));
    let (_, printed) = log.stdout.split_once("\n\n").unwrap();
    assert_eq!(
        printed,
        format!(
            "this is printed\nits answer, which is no JSON object:\nfetched 3 commits\ntickets: {why}\n"
        )
    );
}

// I3
#[test]
fn a_job_that_is_ended_keeps_what_it_wrote() {
    let manifest = "[[job]]\nname = \"fetch\"\nevery = \"15 min\"\ntimeout = \"1 s\"\n";
    let script = "#!/bin/sh\ntrap 'echo asked to end >&2; exit 1' TERM\necho begun >&2\nwhile :; do sleep 0.05; done\n";
    let bench = desk(manifest, script, "");
    make_due(&bench, "git.fetch");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "git.fetch"), ["killed: killed at 1 s"]);
    let log = bench.run(&["jobs", "log", "git.fetch"], b"").stdout;
    assert!(log.contains("\n\nbegun\n"), "{log}");
}

// I1: what a module prints hides nothing of the log
#[test]
fn control_characters_in_a_log_can_be_seen() {
    let script = "#!/bin/sh\nprintf 'one \\033[8mtwo\\033[2J\\b\\n' >&2\n";
    let bench = desk(FETCH, script, "");
    bench.says("jobs run git.fetch", "git.fetch: ok\n");
    let log = bench.run(&["jobs", "log", "git.fetch"], b"");
    assert_eq!((log.status, log.stderr.as_str()), (0, ""));
    let end = "  ok\n\none ^[[8mtwo^[[2J^H\n";
    assert!(log.stdout.ends_with(end), "{log:?}");
}

// G8: an upgrade that fails is named
#[test]
fn a_day_later_at_most_a_module_is_upgraded() {
    let bench = desk(FETCH, &answering("{}"), "");
    let newer = |exit: &str| {
        let manifest = format!("data_version = 2\n{FETCH}");
        let script = format!("#!/bin/sh\necho \"$1\" >>asked\n{exit}\n");
        put(&bench, "git", &["job", "setup"], &manifest, &script);
    };
    assert_eq!(listed(&bench, "upgrade")["schedule"], "every 1 day");
    newer("echo no room >&2; exit 1");
    make_due(&bench, "upgrade");
    bench.run(&["tick"], b"").silent();
    let failed = "failed: module git: its data is not set up: it exited with status 1: no room";
    assert_eq!(history(&bench, "upgrade"), [failed]);
    assert_eq!(
        shown(&bench)[0].rsplit(": ").next().unwrap(),
        "needs upgrade"
    );
    newer("");
    make_due(&bench, "upgrade");
    make_due(&bench, "git.fetch");
    bench.run(&["tick"], b"").silent();
    assert_eq!(
        history(&bench, "upgrade")[1],
        "ok: git: data set up, version 2"
    );
    bench.says("jobs run upgrade", "upgrade: ok: nothing to upgrade\n");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "git.fetch"), ["ok: "]);
    let asked = fs::read_to_string(bench.ticket(".tickets/modules/git/data/asked")).unwrap();
    assert_eq!(asked, "setup\njob\n");
    // Without modules there is nothing to upgrade.
    bench.configure("");
    let jobs = bench.run(&["jobs"], b"").stdout;
    assert!(!jobs.contains("upgrade"), "{jobs}");
}
