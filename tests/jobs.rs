//! What a desk does at times of its own: `tickets jobs`, `tickets tick`, `tickets ping` (I1 to I3).
//!
//! No test waits for a time to come: a job is made due by what is known of its last run.

mod beside;
mod crash;
mod endless;
mod modules;
mod ping;
mod unread;

use crate::bench::{Bench, Ran, Sent, binary};
use crate::deliver::mail;
use crate::until::until;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

/// A desk whose jobs were all seen, and of which these are due: each ran last in 1970. Unless `config` says otherwise,
/// `flush` runs so seldom that none of its times comes while a test runs.
fn due(config: &str, jobs: &[&str]) -> Bench {
    let seldom = "[job.flush]\nevery = \"1000 days\"\n";
    let bench = match config.contains("job") {
        true => Bench::with(config),
        false => Bench::with(&format!("{config}{seldom}")),
    };
    bench.file("submit", mail("1", "", "x"));
    bench.take_sent();
    bench.run(&["tick"], b"").silent();
    for job in jobs {
        make_due(&bench, job);
    }
    bench
}

/// Makes a job due that was seen.
pub fn make_due(bench: &Bench, job: &str) {
    let mut state = state(bench, job);
    state["last"] = 0.into();
    bench.put(
        &format!("tickets/.tickets/jobs/{job}.json"),
        state.to_string().as_bytes(),
    );
}

/// What is known of a job.
fn state(bench: &Bench, job: &str) -> Value {
    let file = bench.ticket(&format!(".tickets/jobs/{job}.json"));
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Result and note of its runs, oldest first.
fn history(bench: &Bench, job: &str) -> Vec<String> {
    let state = state(bench, job);
    let run = |run: &Value| {
        format!(
            "{}: {}",
            run["result"].as_str().unwrap(),
            run["note"].as_str().unwrap()
        )
    };
    state["history"]
        .as_array()
        .into_iter()
        .flatten()
        .map(run)
        .collect()
}

/// Subjects of what was sent.
fn subjects(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(|it| it.field("Subject").unwrap()).collect()
}

/// `tickets jobs --json`, by name.
fn listed(bench: &Bench, job: &str) -> Value {
    let ran = bench.run(&["jobs", "--json"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let lines = ran.stdout.lines();
    let objects = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found = objects.filter(|object| object["name"] == job);
    found.next().unwrap()
}

// I1
#[test]
fn a_desk_has_jobs_of_its_own() {
    let bench = due("# No word of jobs.\n", &[]);
    let names: Vec<String> = bench
        .run(&["jobs", "--json"], b"")
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].to_string())
        .collect();
    assert_eq!(names, ["\"clean-up\"", "\"flush\""]);
    let flush = listed(&bench, "flush");
    assert_eq!(flush["schedule"], "every 5 min");
    assert_eq!(flush["overdue"], 0);
    bench.configure("[job.flush]\nenabled = false\n[job.now]\nrun = \"flush\"\nevery = \"2 h\"\n");
    assert_eq!(listed(&bench, "flush")["enabled"], false);
    assert_eq!(listed(&bench, "now")["schedule"], "every 2 h");
    // A desk in which nothing was ever filed has nothing to do.
    let empty = Bench::new();
    empty.make_dir("tickets");
    empty.run(&["tick"], b"").silent();
    assert_eq!(empty.names(), [""; 0]);
    assert!(!empty.ticket(".tickets").exists());
}

// I2
#[test]
fn a_job_that_is_due_runs_once_however_many_tick() {
    let bench = due("", &["flush"]);
    let overdue = listed(&bench, "flush")["overdue"].as_i64().unwrap();
    assert!(overdue >= 0, "{overdue}");
    let ticks: Vec<_> = (0..6)
        .map(|_| {
            let mut command = bench.command(&["tick"]);
            command.stdin(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut tick in ticks {
        assert!(tick.wait().unwrap().success());
    }
    // Of fifty years, one time is caught up.
    assert_eq!(history(&bench, "flush"), ["ok: 0 sent, 0 waiting"]);
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush"), ["ok: 0 sent, 0 waiting"]);
    make_due(&bench, "flush");
    bench
        .run(&["tick", "-v"], b"")
        .is(0, "", "tickets: flush: ok: 0 sent, 0 waiting\n");
    assert_eq!(history(&bench, "flush").len(), 2);
}

// I2
#[test]
fn what_was_missed_for_too_long_is_noted_and_not_run() {
    let config = "[job.flush]\nat = \"0 0 1 1 *\"\nzone = \"UTC\"\nlate = \"60 s\"\n\
                  [job.skips]\nrun = \"flush\"\nat = \"0 0 1 1 *\"\nzone = \"UTC\"\nmissed = \"skip\"\njitter = \"10 s\"\n\
                  [job.once]\nrun = \"flush\"\nat = \"0 0 1 1 *\"\nzone = \"UTC\"\nlate = \"1000 days\"\n";
    let bench = due(config, &["flush", "skips", "once"]);
    assert_eq!(listed(&bench, "flush")["missed"], "once");
    let skips = listed(&bench, "skips");
    let said = (&skips["schedule"], &skips["missed"]);
    assert_eq!(said, (&"0 0 1 1 *".into(), &"skip".into()));
    let list = bench.run(&["jobs"], b"").stdout;
    assert_eq!(list.matches("  0 0 1 1 *, skip  ").count(), 1, "{list}");
    bench.run(&["tick"], b"").silent();
    for job in ["flush", "skips"] {
        assert_eq!(history(&bench, job), ["missed: it was missed for too long"]);
    }
    assert_eq!(history(&bench, "once"), ["ok: 0 sent, 0 waiting"]);
}

// I2: a run that has the lock, and one that died with it.
#[test]
fn a_job_never_runs_twice_at_a_time_and_its_lock_dies_with_it() {
    let bench = due("", &[]);
    bench.sendmail("#!/bin/sh\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    make_due(&bench, "flush");
    // It hangs until the test has looked.
    bench.sendmail("#!/bin/sh\ncd \"${0%/*}\"\necho $PPID >worker\nuntil [ -e go ] || ! [ -e \"$PWD\" ]; do sleep 0.05; done\nexit 75\n");
    let mut command = bench.command(&["tick"]);
    let mut tick = command.stdin(Stdio::null()).spawn().unwrap();
    let worker = || fs::read_to_string(bench.path("worker")).unwrap_or_default();
    until("the job runs", || worker().ends_with('\n'));
    let worker: i32 = worker().trim().parse().unwrap();
    let flush = listed(&bench, "flush");
    assert_eq!(
        (&flush["running"], &flush["result"]),
        (&true.into(), &"running".into())
    );
    let before = state(&bench, "flush");
    make_due(&bench, "flush");
    bench.run(&["tick", "-v"], b"").silent();
    let ran = bench.run(&["jobs", "run", "flush"], b"");
    let said = ran.stderr.split(" since ").next().unwrap();
    let runs = "tickets: the job flush runs already,";
    assert_eq!((ran.status, said, ran.stdout.as_str()), (75, runs, ""));
    bench.put(
        "tickets/.tickets/jobs/flush.json",
        before.to_string().as_bytes(),
    );
    let pid = nix::unistd::Pid::from_raw(worker);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    assert!(tick.wait().unwrap().success());
    bench.put("go", b"");
    let died = "died: its process was gone before it had ended";
    assert_eq!(history(&bench, "flush"), [died]);
    bench.mend_sendmail();
    make_due(&bench, "flush");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush")[0], died);
    assert!(
        history(&bench, "flush")[1].starts_with("ok: "),
        "{:?}",
        history(&bench, "flush")
    );
}

// I3
#[test]
fn a_job_that_takes_too_long_is_ended_with_its_children() {
    let bench = due(
        "[job.flush]\nevery = \"1000 days\"\ntimeout = \"1 s\"\n[job.clean-up]\nevery = \"1 h\"\n",
        &[],
    );
    bench.sendmail("#!/bin/sh\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    bench.sendmail("#!/bin/sh\ncd \"${0%/*}\"\necho $$ >child\nexec sleep 1000\n");
    make_due(&bench, "flush");
    make_due(&bench, "clean-up");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush"), ["killed: killed at 1 s"]);
    assert_eq!(history(&bench, "clean-up"), ["ok: nothing to remove"]);
    let child = fs::read_to_string(bench.path("child")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    assert_eq!(listed(&bench, "flush")["result"], "killed");
    // The schedule goes on.
    bench.mend_sendmail();
    make_due(&bench, "flush");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush")[1], "ok: 2 sent, 0 waiting");
}

// I3
#[test]
fn admins_hear_that_a_job_fails_and_that_it_works_again() {
    let bench = due("", &[]);
    bench.sendmail("#!/bin/sh\necho no >&2\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    for _ in 0..5 {
        make_due(&bench, "flush");
        bench.run(&["tick"], b"").silent();
    }
    // Which of the two comes first is left to chance.
    let begin = "failed: 0 sent, 2 waiting: the ";
    let end = " waits in the outbox: sendmail exited with status 75: no";
    let runs = history(&bench, "flush");
    assert_eq!(runs.len(), 5);
    let is_it = |run: &String| run.starts_with(begin) && run.ends_with(end);
    assert!(runs[..3].iter().all(is_it), "{runs:?}");
    let flush = listed(&bench, "flush");
    assert_eq!(
        (&flush["failures"], &flush["result"]),
        (&5.into(), &"failed".into())
    );
    let log = bench.run(&["jobs", "log", "flush"], b"");
    assert_eq!((log.status, log.stderr.as_str()), (0, ""));
    assert_eq!(log.stdout.matches("  failed   ").count(), 5);
    assert!(log.stdout.contains("\n\ntickets: the "), "{}", log.stdout);
    let check = bench.run(&["check", "--etc", "/nowhere"], b"");
    assert!(
        check
            .stdout
            .contains("warn  jobs: flush has failed 5 times in a row: "),
        "{}",
        check.stdout
    );
    assert_eq!(bench.sent(), []);
    bench.mend_sendmail();
    make_due(&bench, "flush");
    bench.run(&["tick"], b"").silent();
    let sent = bench.take_sent();
    let notes: Vec<&Sent> = sent
        .iter()
        .filter(|it| it.field("X-Tickets-Ticket").is_none())
        .collect();
    let of = |it: &&Sent| (it.field("Subject").unwrap(), it.args.clone());
    let args = "-i -f <> -- steve@example.org".to_owned();
    assert_eq!(
        notes.iter().map(of).collect::<Vec<_>>(),
        [
            ("Job flush fails".to_owned(), args.clone()),
            ("Job flush works again".to_owned(), args)
        ]
    );
    let fails = notes[0];
    assert_eq!(
        fails.field("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    assert_eq!(
        fails.field("From").as_deref(),
        Some("Support <submit@example.org>")
    );
    assert!(
        fails
            .body()
            .starts_with("The job flush has failed 3 times in a row, for the first time at ")
    );
    assert_eq!(sent.len(), 4);
    assert_eq!(listed(&bench, "flush")["failures"], 0);
    // It comes back to nobody's ticket.
    let back = bench.deliver("submit@example.org", &fails.mail);
    back.silent();
    assert_eq!(bench.take_sent_in_short(), [""; 0]);
}

// I1
#[test]
fn mistakes_are_named_and_keep_no_mail_waiting() {
    for (config, number, line, hint) in [
        (
            "[job.x]\nrun = \"flush\"\nat = \"0 0 7 * * *\"\n",
            3,
            "job.x.at: \"0 0 7 * * *\" has 6 fields, not five: minute, hour, day, month, weekday",
            "",
        ),
        (
            "[job.x]\nrun = \"flush\"\nat = \"0 0 30 2 *\"\n",
            3,
            "job.x.at: \"0 0 30 2 *\" never comes",
            "",
        ),
        (
            "[job.x]\nrun = \"flush\"\nat = \"0 25 * * *\"\n",
            3,
            "job.x.at: \"0 25 * * *\" is no time as in cron: the hour 25 is not 0 to 23",
            "",
        ),
        (
            "[job.x]\nrun = \"flsh\"\nevery = \"1 h\"\n",
            2,
            "job.x.run: there is no job \"flsh\"",
            "the jobs are archive, clean-up, digest, flush, quarantine, reindex, remind, upgrade",
        ),
        (
            "[job.flush]\nevery = \"1 s\"\n",
            2,
            "job.flush.every: once a minute is the most, and not every 1 s",
            "",
        ),
        (
            "[job.flush]\nevry = \"1 h\"\n",
            2,
            "job.flush: unknown key `evry`",
            "the key is `every`",
        ),
        (
            "[job.flush]\nenabled = \"no\"\n",
            2,
            "job.flush.enabled: expected true or false, not string \"no\"",
            "",
        ),
        (
            "[job.flush]\nevery = \"1 h\"\nat = \"@daily\"\n",
            1,
            "job.flush: it has `at` and `every`; one is enough",
            "",
        ),
        (
            "[job.remind]\n",
            1,
            "job.remind.at: expected a time, or `every`",
            "for example: at = \"0 7 * * *\" or every = \"2 h\"",
        ),
        (
            "[job.remind]\nrun = \"remind soon\"\nevery = \"1 h\"\n",
            2,
            "job.remind.run: \"soon\" is not a length of time such as \"3d\"",
            "",
        ),
        (
            "[job.flush]\nat = \"@daily\"\nzone = \"Mars/Base\"\n",
            3,
            "job.flush.zone: \"Mars/Base\" is no time zone",
            "a name such as \"Europe/Berlin\" or \"UTC\"; `timedatectl list-timezones` lists them",
        ),
        (
            "[job.\"../x\"]\n",
            1,
            "job.\"../x\": a name has 32 ASCII letters, digits, - and _ at most, and begins with a letter or digit",
            "",
        ),
        ("job = 1\n", 1, "job: expected a table for each job", ""),
    ] {
        let bench = due("", &["clean-up"]);
        bench.configure(config);
        let hint = match hint {
            "" => String::new(),
            hint => format!("hint: {hint}\n"),
        };
        let file = bench.path("config.toml");
        let text = fs::read_to_string(&file).unwrap();
        let above = text[..text.find(config).unwrap()].lines().count();
        let said = format!(
            "tickets: {}:{}: {line}\n{hint}",
            file.display(),
            above + number
        );
        bench.run(&["jobs"], b"").is(78, "", &said);
        bench.run(&["list"], b"").is(78, "", &said);
        bench.file("submit", mail("2", "", "x"));
        assert_eq!(bench.names(), ["1", "2"]);
        bench.says("flush", "0 sent, 0 waiting\n");
        // The others run.
        bench.run(&["tick"], b"").is(78, "", &said);
        assert_eq!(
            history(&bench, "clean-up"),
            ["ok: nothing to remove"],
            "{config}"
        );
    }
}

// I1
#[test]
fn a_job_is_run_paused_and_resumed_by_hand() {
    let bench = due("", &[]);
    bench.says("jobs run flush", "flush: ok: 0 sent, 0 waiting\n");
    bench.says(
        "jobs pause flush",
        "flush is paused; `tickets jobs resume flush`\n",
    );
    assert_eq!(listed(&bench, "flush")["paused"], true);
    make_due(&bench, "flush");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush").len(), 1);
    assert_eq!(listed(&bench, "flush")["overdue"], 0);
    bench.says("jobs resume flush", "flush runs again\n");
    bench
        .run(&["jobs", "resume", "flush"], b"")
        .is(0, "", "tickets: flush was not paused\n");
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "flush").len(), 2);
    bench.says(
        "jobs pause flush --until 2999-12-24T00:00:00Z",
        "flush is paused until 2999-12-24 00:00\n",
    );
    assert_eq!(
        listed(&bench, "flush")["paused_until"],
        "2999-12-24T00:00:00Z"
    );
    // What is over does not count.
    bench.put("tickets/.tickets/jobs/flush.paused", b"5\n");
    assert_eq!(listed(&bench, "flush")["paused"], false);
    for past in ["1999-01-01", "2 weeks ago", "0s"] {
        let said = format!("tickets: cannot use --until: {past:?} is in the past\n");
        bench
            .run(&["jobs", "pause", "flush", "--until", past], b"")
            .is(64, "", &said);
        assert_eq!(listed(&bench, "flush")["paused"], false);
    }
    for deed in ["run", "pause", "resume", "log"] {
        bench.run(&["jobs", deed, "nix"], b"").is(
            64,
            "",
            "tickets: there is no job \"nix\"\nhint: the jobs are clean-up, flush\n",
        );
    }
}

// I1
#[test]
fn admins_are_reminded_and_told_of_the_day() {
    let config = "[job.remind]\nrun = \"remind 3d\"\nevery = \"1 day\"\n\
                  [job.wait]\nrun = \"remind 0s\"\nevery = \"1 day\"\n\
                  [job.digest]\nevery = \"1 day\"\n";
    let bench = due(config, &["remind", "wait", "digest"]);
    bench.file(
        "submit",
        mail(
            "2",
            "Subject: second\nAuto-Submitted: auto-generated\n",
            "x",
        ),
    );
    bench.take_sent();
    bench.run(&["tick"], b"").silent();
    assert_eq!(history(&bench, "remind"), ["ok: nothing waits"]);
    assert_eq!(
        history(&bench, "wait"),
        ["ok: 1 ticket waits for an answer"]
    );
    assert_eq!(
        history(&bench, "digest"),
        ["ok: 2 opened, 0 closed, 1 waiting"]
    );
    let sent = bench.take_sent();
    assert_eq!(
        subjects(&sent),
        [
            "1 ticket waits for an answer",
            "The day: 2 opened, 0 closed, 1 waiting"
        ]
    );
    assert_eq!(
        sent[0].body(),
        "In this ticket somebody has waited for an answer for 0s or longer:\n\n     1  now  Alice:\n"
    );
    assert_eq!(
        sent[1].body(),
        "The last 24 hours: 2 opened, 0 closed, 2 messages in all.\n\nSomebody waits for an answer in:\n\n     \
         1  now  Alice:\n"
    );
    for mail in &sent {
        assert_eq!(mail.args, "-i -f <> -- steve@example.org");
        assert_eq!(
            mail.field("Auto-Submitted").as_deref(),
            Some("auto-generated")
        );
    }
}

// I1
#[test]
fn a_damaged_index_is_made_anew() {
    let bench = due("[job.reindex]\nevery = \"1 day\"\n", &["reindex"]);
    bench.run(&["tick"], b"").silent();
    let index = bench.ticket(".tickets/index.db");
    let mut bytes = fs::read(&index).unwrap();
    let end = bytes.len();
    bytes[4096..end].fill(0x55);
    fs::write(&index, bytes).unwrap();
    make_due(&bench, "reindex");
    bench.run(&["tick"], b"").silent();
    assert_eq!(
        history(&bench, "reindex"),
        [
            "ok: the index is sound",
            "ok: the index was damaged, and is made anew"
        ]
    );
    bench.works("list");
}

// I3
#[test]
fn it_is_seen_that_no_time_passes() {
    let log = "log = \"LOG\"\n";
    let bench = Bench::new();
    let log = log.replace("LOG", bench.path("log").to_str().unwrap());
    let jobs = "[job.flush]\nevery = \"2 min\"\n";
    bench.configure(&format!("{log}{jobs}"));
    bench.file("submit", mail("1", "", "x"));
    let never = "tickets: no job runs: `tickets tick` was never run\n";
    let list = |said: &str| {
        let ran = bench.run(&["list"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, said));
        bench.run(&["list", "-q"], b"").is(0, "1\n", "");
    };
    list(never);
    let check = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let warning = format!(
        "warn  jobs: no job runs: `tickets tick` was never run\n      mend: {}\n",
        crontab(&bench)
    );
    assert!(check.contains(&warning), "{check}");
    let lines = fs::read_to_string(bench.path("log")).unwrap();
    assert!(lines.contains(" no_tick_for="), "{lines}");
    bench.run(&["tick"], b"").silent();
    list("");
    let check = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
    assert!(check.contains("ok    jobs: none fails\n"), "{check}");
    let beat = fs::File::options()
        .write(true)
        .open(bench.ticket(".tickets/jobs/beat"))
        .unwrap();
    let (now, two_hours) = (
        std::time::SystemTime::now(),
        std::time::Duration::from_secs(7230),
    );
    beat.set_modified(now + two_hours).unwrap();
    list("tickets: no job runs: `tickets tick` was last run when the clock was ahead\n");
    beat.set_modified(now - two_hours).unwrap();
    list("tickets: no job runs: `tickets tick` was last run 2h ago\n");
    let ran: Ran = bench.run(&["check", "--nagios", "--etc", "/nowhere"], b"");
    assert!(
        ran.stdout.trim_end().ends_with(" overdue=0;0;;0"),
        "{}",
        ran.stdout
    );
    // Without a word about jobs nobody expects them.
    bench.configure(&log);
    list("");
    bench.take_sent();
    bench.file("ticket-1", mail("2", "", "x"));
    let lines = fs::read_to_string(bench.path("log")).unwrap();
    assert_eq!(lines.matches("no_tick_for").count(), 1, "{lines}");
}

/// What lets time pass on this desk, by this very program.
fn crontab(bench: &Bench) -> String {
    let owner = fs::metadata(bench.ticket("")).unwrap().uid();
    let owner = nix::unistd::User::from_uid(owner.into());
    format!(
        "`* * * * * {} --config {} tick` in the crontab of {}, or a timer: docs/manual.md, \"Jobs\"",
        binary().display(),
        bench.path("config.toml").display(),
        owner.unwrap().unwrap().name
    )
}

// I3
#[test]
fn what_is_overdue_says_since_when_and_what_makes_time_pass() {
    let bench = due("[job.flush]\nevery = \"1 min\"\n", &[]);
    let silent = |seconds: u64| {
        let beat = fs::File::options()
            .write(true)
            .open(bench.ticket(".tickets/jobs/beat"))
            .unwrap();
        beat.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(seconds))
            .unwrap();
    };
    let mut of_flush = state(&bench, "flush");
    let last = jiff::Timestamp::now().as_second() - 600;
    of_flush["last"] = last.into();
    let file = "tickets/.tickets/jobs/flush.json";
    bench.put(file, of_flush.to_string().as_bytes());
    let flush = listed(&bench, "flush");
    let first = last.div_euclid(60) * 60 + 60;
    assert_eq!(
        flush["next"],
        jiff::Timestamp::from_second(first).unwrap().to_string()
    );
    let overdue = flush["overdue"].as_i64().unwrap();
    assert!(overdue >= last + 600 - first, "{overdue}");
    let timer = crontab(&bench);
    let timer = timer.as_str();
    for (seconds, said, finding, mend) in [
        // It will be looked after in a moment.
        (
            30,
            String::new(),
            "overdue: flush",
            "`tickets jobs`".to_owned(),
        ),
        (
            330,
            format!(
                "tickets: time does not pass: `tickets tick` was last run 5m ago\nhint: {timer}\n"
            ),
            "overdue: flush",
            format!("{timer}; `tickets tick` was last run 5m ago"),
        ),
        (
            7230,
            format!("tickets: no job runs: `tickets tick` was last run 2h ago\nhint: {timer}\n"),
            "no job runs: `tickets tick` was last run 2h ago",
            timer.to_owned(),
        ),
    ] {
        silent(seconds);
        let ran = bench.run(&["jobs"], b"");
        assert_eq!((ran.status, ran.stderr), (0, said));
        let check = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
        let warning = format!("warn  jobs: {finding}\n      mend: {mend}\n");
        assert!(check.contains(&warning), "{warning}{check}");
        assert_eq!(check.matches(" jobs: ").count(), 1, "{check}");
    }
}

// I3: it has no time of its own before somebody lets time pass, and would seem to run in a moment for ever.
#[test]
fn a_job_that_no_tick_has_seen_waits_for_one() {
    let seldom = "[job.flush]\nevery = \"1000 days\"\n";
    let bench = due(seldom, &[]);
    let beat = bench.ticket(".tickets/jobs/beat");
    let remind = format!("{seldom}[job.remind]\nevery = \"1000 days\"\nenabled = true\n");
    bench.configure(&remind);
    let of_remind = || {
        let ran = bench.run(&["jobs"], b"");
        let line = ran.stdout.lines().find(|line| line.starts_with("remind "));
        let next = line.unwrap().rsplit("  ").next().unwrap().to_owned();
        (next, ran.status, ran.stderr)
    };
    // A tick was run a moment ago, and the next one comes.
    let (next, ..) = of_remind();
    assert!(next.starts_with("in "), "{next}");
    let file = fs::File::options().write(true).open(beat).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(330))
        .unwrap();
    let waits = "waits for `tickets tick`".to_owned();
    let said = format!(
        "tickets: time does not pass: `tickets tick` was last run 5m ago\nhint: {}\n",
        crontab(&bench)
    );
    assert_eq!(of_remind(), (waits, 0, said));
    bench.configure(&remind.replace("true", "false"));
    assert_eq!(of_remind(), ("switched off".to_owned(), 0, String::new()));
    bench.configure(&remind);
    bench.run(&["tick"], b"").silent();
    let (next, _, stderr) = of_remind();
    assert!(next.starts_with("in ") && stderr.is_empty(), "{next}");
}

// I3
#[test]
fn it_is_shown_why_a_job_failed() {
    let bench = due("[job.flush]\nevery = \"1000 days\"\n", &[]);
    bench.sendmail("#!/bin/sh\necho no room >&2\nexit 75\n");
    bench.file("submit", mail("2", "", "x"));
    make_due(&bench, "flush");
    bench.run(&["tick"], b"").silent();
    let said = bench.run(&["jobs"], b"");
    let note = state(&bench, "flush")["run"]["note"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut below = said
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("flush "));
    assert_eq!(below.nth(1), Some(format!("    {note}").as_str()));
    assert!(note.ends_with("no room"), "{note}");
    // One that died and was not yet seen to.
    let mut of_flush = state(&bench, "flush");
    of_flush["run"] = serde_json::json!({"due": 1, "started": 1});
    let file = "tickets/.tickets/jobs/flush.json";
    bench.put(file, of_flush.to_string().as_bytes());
    let check = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let died = "jobs: flush has failed once: its process was gone before it had ended\n";
    assert!(check.contains(died), "{check}");
}

// I3
#[test]
fn admins_get_one_mail_a_day_while_no_time_passes() {
    let bench = Bench::with("[job.flush]\nevery = \"2 min\"\n");
    let day = 86_400;
    let mut nth = 0;
    let mut silence = || -> Vec<String> {
        nth += 1;
        bench.file("submit", mail(&nth.to_string(), "", "x"));
        let sent = bench.take_sent();
        let notes = sent
            .iter()
            .filter(|it| it.field("X-Tickets-Ticket").is_none());
        notes
            .map(|it| {
                assert_eq!(
                    (it.field("Subject").as_deref(), it.args.as_str()),
                    (Some("No job runs"), "-i -f <> -- steve@example.org")
                );
                it.body().split(',').next().unwrap().to_owned()
            })
            .collect()
    };
    let silent = [""; 0];
    let told = "tickets/.tickets/jobs/silence";
    let told_ago = |ago: i64| {
        let at = jiff::Timestamp::now().as_second() - ago;
        bench.put(told, format!("{at}\n").as_bytes());
    };
    // Whoever sets a desk up has a day for the timer.
    assert_eq!(silence(), silent);
    assert_eq!(silence(), silent);
    told_ago(day + 1);
    assert_eq!(silence(), ["No job of this desk has run ever"]);
    assert_eq!(silence(), silent);
    bench.run(&["tick"], b"").silent();
    let beats = |ago: u64| {
        let beat = fs::File::options()
            .write(true)
            .open(bench.ticket(".tickets/jobs/beat"))
            .unwrap();
        beat.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(ago))
            .unwrap();
    };
    told_ago(2 * day);
    assert_eq!(silence(), silent);
    beats(23 * 3600);
    assert_eq!(silence(), silent);
    beats(25 * 3600);
    assert_eq!(silence(), ["No job of this desk has run for a day"]);
    beats(50 * 3600);
    assert_eq!(silence(), silent);
    // A clock that was set back keeps nobody silent, and a file that is none of ours neither.
    told_ago(-day);
    assert_eq!(silence(), ["No job of this desk has run for 2 days"]);
    bench.put(told, b"\xff\xff");
    assert_eq!(silence(), silent);
    // What cannot be noted is no reason for a mail to wait.
    fs::remove_file(bench.path(told)).unwrap();
    bench.make_dir(told);
    assert_eq!(silence(), silent);
    fs::remove_dir(bench.path(told)).unwrap();
    assert_eq!(silence(), ["No job of this desk has run for 2 days"]);
    // Nobody expects jobs without a word of them.
    fs::remove_file(bench.path(told)).unwrap();
    bench.configure("");
    assert_eq!(silence(), silent);
    assert!(!bench.path(told).exists());
}

// G2
#[test]
fn with_the_part_its_jobs_are_gone() {
    let bench = due("[job.flush]\nevery = \"2 min\"\n", &["flush"]);
    bench.configure("[parts]\noff = [\"jobs\"]\n[job.flush]\nevery = \"nonsense\"\n");
    for command in ["jobs", "tick", "ping"] {
        let ran = bench.run(&[command], b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (64, ""));
        assert!(
            ran.stderr.contains("the part jobs is switched off"),
            "{}",
            ran.stderr
        );
    }
    bench.works("list");
}
