//! Quiet hours of the desk's people (L6), on desks whose clock is set.

use crate::bench::{Bench, Ran, Sent, finish};
use crate::crash::{at_each, calls_in, changes, strace_is_here};
use crate::shim::library;
use jiff::Timestamp;
use std::fs;
use std::process::Command;

/// Steve sleeps at night in Berlin, and Eva does not.
const PEOPLE: &str = "[person.steve]\naddress = [\"steve@example.org\", \"steve@home.example\"]\n\
    quiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"\n[person.eva]\naddress = \"eva\"\n";

/// Half past ten at night there, and seven in the morning.
const NIGHT: &str = "2027-01-11T21:30Z";
const MORNING: &str = "2027-01-12T06:00:00Z";

fn seconds(moment: &str) -> i64 {
    moment.parse::<Timestamp>().unwrap().as_second()
}

/// So many seconds after a moment.
fn after(moment: &str, later: i64) -> String {
    Timestamp::from_second(seconds(moment) + later)
        .unwrap()
        .to_string()
}

/// The variables under which it is this moment. Some of its time is over when the program looks at the clock: no test is
/// about a second.
fn clock(b: &Bench, moment: &str) -> [(&'static str, String); 3] {
    let later = seconds(moment) - Timestamp::now().as_second();
    [
        ("LD_PRELOAD", library(b).display().to_string()),
        ("SHIM_LATER", later.to_string()),
        ("TZ", "UTC".to_owned()),
    ]
}

fn at(b: &Bench, moment: &str, args: &[&str], stdin: &str) -> Ran {
    let mut command = b.command(args);
    command.envs(clock(b, moment));
    finish(command, stdin.as_bytes())
}

fn mail(n: u32, from: &str) -> String {
    format!(
        "From: {from}\nTo: desk@example.org\nMessage-ID: <{n}@example.net>\nSubject: Printer {n}\n\nhelp {n}\n"
    )
}

#[track_caller]
fn file_at(b: &Bench, moment: &str, to: &str, n: u32, from: &str) {
    let to = format!("{to}@example.org");
    at(b, moment, &["deliver", "-f", from, &to], &mail(n, from)).silent();
}

/// The names of what is held, and until when: the ticket and the kind.
fn held(b: &Bench) -> Vec<(i64, String)> {
    let dir = b.ticket(".tickets/outbox/held");
    let names = fs::read_dir(dir).into_iter().flatten();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    let held = names.map(|name| {
        let parts: Vec<&str> = name.split('.').collect();
        let (due, what) = (parts[0].parse(), format!("{} {}", parts[1], parts[4]));
        (due.unwrap(), what)
    });
    let mut held: Vec<_> = held.collect();
    held.sort();
    held
}

/// True if mail is held until two minutes after a moment at most.
fn is_end(until: i64, moment: &str) -> bool {
    (0..=120).contains(&(until - seconds(moment)))
}

/// `2027-01-12 06:01`
fn shown(until: i64) -> String {
    let until = Timestamp::from_second(until).unwrap();
    until.strftime("%Y-%m-%d %H:%M").to_string()
}

#[test]
fn mail_to_one_of_the_desk_waits_for_the_end_of_the_night() {
    // L6, C9, E8
    let b = Bench::with(PEOPLE);
    file_at(&b, NIGHT, "submit", 1, "ann@example.net");
    let to_eva = b.take_sent();
    let short: Vec<String> = to_eva.iter().map(Sent::in_short).collect();
    assert_eq!(
        short,
        ["ack <> -- ann@example.net", "copy <> -- eva@example.org"]
    );
    assert_eq!(b.outbox(), [""; 0]);
    let held_now = held(&b);
    let until = held_now[0].0;
    assert!(is_end(until, MORNING), "{until}");
    assert_eq!(held_now, [(until, "1 copy".to_owned())]);

    // It is said, and it is no fault.
    let said = format!("0 sent, 0 waiting, 1 held until {}\n", shown(until));
    for moment in [NIGHT, "2027-01-12T05:59:30Z"] {
        at(&b, moment, &["flush"], "").is(0, &said, "");
        at(&b, moment, &["jobs", "run", "flush"], "").silent_but_for_output("flush");
        let checked = at(&b, moment, &["check", "--etc", "/nowhere"], "").stdout;
        let of_outbox: Vec<&str> = (checked.lines())
            .filter(|line| line.contains("outbox"))
            .collect();
        let want = format!(
            "ok    outbox: 1 mail is held back, the next until {}",
            shown(until)
        );
        assert_eq!(of_outbox, [&want]);
        let listed = at(&b, moment, &["list", "--waiting"], "").stdout;
        assert!(
            listed.contains("Printer 1") && !listed.contains('!'),
            "{listed}"
        );
    }
    let log = at(&b, NIGHT, &["jobs", "log", "flush"], "").stdout;
    assert!(log.contains(said.trim_end()), "{log}");
    assert_eq!((b.take_sent(), held(&b)), (vec![], held_now));

    // The mails themselves differ in nothing but who gets them.
    at(&b, &after(MORNING, 121), &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
    let to_steve = b.take_sent();
    assert_eq!(to_steve.len(), 1);
    assert_eq!(to_steve[0].args, "-i -f <> -- steve@example.org");
    assert_eq!(to_steve[0].mail, to_eva[1].mail);
    assert_eq!((b.outbox(), held(&b)), (vec![], vec![]));

    // By day all goes at once, in one mail; and a delivery sends what was held as well.
    file_at(&b, "2027-01-12T20:59Z", "ticket-1", 2, "ann@example.net");
    assert_eq!(
        b.take_sent_in_short(),
        ["copy <> -- eva@example.org steve@example.org"]
    );
    file_at(&b, "2027-01-12T21:01Z", "ticket-1", 3, "ann@example.net");
    file_at(
        &b,
        "2027-01-13T03:00Z",
        "ticket-1-done",
        4,
        "ann@example.net",
    );
    let two = held(&b);
    assert_eq!(two.len(), 2);
    // Steve always waits for as many seconds more.
    let of_a_day = until - seconds(MORNING) + seconds("2027-01-13T06:00:00Z");
    assert!(two.iter().all(|(due, _)| *due == of_a_day), "{two:?}");
    b.take_sent();
    let said = format!(
        "0 sent, 0 waiting, 2 held, the first until {}\n",
        shown(of_a_day)
    );
    at(&b, "2027-01-13T03:00Z", &["flush"], "").is(0, &said, "");
    file_at(&b, "2027-01-13T06:30Z", "submit", 5, "bob@example.net");
    assert_eq!(
        b.take_sent_in_short(),
        [
            "ack <> -- bob@example.net",
            "copy <> -- steve@example.org",
            "copy <> -- steve@example.org",
            "copy <> -- eva@example.org steve@example.org",
        ]
    );
    assert_eq!((b.outbox(), held(&b)), (vec![], vec![]));
}

#[test]
fn quiet_hours_end_as_the_clock_on_the_wall_says() {
    // L6
    let b = Bench::new();
    b.put("holidays", b"2026-12-25 Christmas\n");
    let work = format!(
        "quiet = \"outside 08:00-18:00 Mon-Fri\"\nzone = \"Europe/Berlin\"\nholidays = {:?}",
        b.path("holidays")
    );
    let night = "quiet = \"22:00-07:00\"\nzone = \"Europe/Berlin\"";
    let skipped = "quiet = \"22:00-02:30\"\nzone = \"Europe/Berlin\"";
    for (n, (keys, moment, end)) in [
        // A weekend, and Christmas before it.
        (&*work, "2027-01-15T17:00:00Z", Some("2027-01-18T07:00:00Z")),
        (&work, "2027-01-15T16:59:00Z", None),
        (&work, "2026-12-24T17:30:00Z", Some("2026-12-28T07:00:00Z")),
        // The clock is put forward, and back.
        (night, "2027-03-27T22:00:00Z", Some("2027-03-28T05:00:00Z")),
        (night, "2027-10-30T21:00:00Z", Some("2027-10-31T06:00:00Z")),
        (
            skipped,
            "2027-03-28T00:30:00Z",
            Some("2027-03-28T01:00:00Z"),
        ),
        (night, "2027-07-12T19:59:00Z", None),
        (night, "2027-07-12T20:00:00Z", Some("2027-07-13T05:00:00Z")),
    ]
    .into_iter()
    .enumerate()
    {
        let n = n as u32 + 1;
        b.configure(&format!("[person.steve]\naddress = \"steve\"\n{keys}\n"));
        file_at(&b, moment, "submit", n, "ann@example.net");
        let sent = b.take_sent_in_short();
        let Some(end) = end else {
            assert_eq!(sent.len(), 2, "{moment}: {sent:?}");
            continue;
        };
        assert_eq!(sent, ["ack <> -- ann@example.net"], "{moment}");
        let until = held(&b)[0].0;
        assert!(is_end(until, end), "{moment}: {}", shown(until));
        let early = at(&b, &after(end, -30), &["flush"], "");
        assert!(
            early.stdout.starts_with("0 sent, 0 waiting, 1 held"),
            "{early:?}"
        );
        at(&b, &after(end, 121), &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
        assert_eq!(b.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    }
}

#[test]
fn who_is_held_and_what_is_not() {
    // L6, I3
    let b = Bench::with(&format!(
        "{PEOPLE}[job.digest]\nat = \"0 0 1 1 *\"\n[[alert]]\nto = \"4917@sms.example\"\n"
    ));
    // Whichever of his addresses a mail goes to, and whatever it says, waits; an alert has hours of its own.
    file_at(&b, NIGHT, "submit", 1, "steve@home.example");
    assert_eq!(
        b.take_sent_in_short(),
        ["alert <> -- 4917@sms.example", "copy <> -- eva@example.org"]
    );
    file_at(&b, &after(NIGHT, 60), "ticket-1-done", 2, "eva@example.org");
    assert_eq!(b.take_sent(), []);
    let kinds: Vec<String> = held(&b).into_iter().map(|(_, what)| what).collect();
    assert_eq!(kinds, ["1 ack", "1 closed"]);
    // What jobs write has its time from the configuration.
    at(&b, &after(NIGHT, 120), &["jobs", "run", "digest"], "").silent_but_for_output("digest");
    assert_eq!(
        b.take_sent_in_short(),
        ["note <> -- eva@example.org steve@example.org"]
    );
    at(&b, &after(MORNING, 121), &["flush"], "").is(0, "2 sent, 0 waiting\n", "");
    assert_eq!(
        b.take_sent_in_short(),
        [
            "ack <> -- steve@home.example",
            "closed <> -- steve@home.example"
        ]
    );
    // That no time passes is an alarm, and so is a mail that was given up.
    file_at(
        &b,
        "2027-01-12T22:00Z",
        "ticket-1-quiet",
        9,
        "bob@example.net",
    );
    let sent = b.take_sent();
    let subjects: Vec<_> = sent.iter().map(|mail| mail.field("Subject")).collect();
    assert_eq!(subjects, [Some("No job runs".to_owned())]);
    assert_eq!(
        sent[0].in_short(),
        "note <> -- eva@example.org steve@example.org"
    );
    b.sendmail("#!/bin/sh\nexit 75\n");
    file_at(&b, "2027-02-01T12:00Z", "ticket-1", 3, "ann@example.net");
    for day in 2..=6 {
        let moment = format!("2027-02-0{day}T22:00Z");
        assert_eq!(at(&b, &moment, &["flush"], "").status, 75);
    }
    b.mend_sendmail();
    let given_up = b.outbox();
    assert!(given_up.iter().any(|name| name.starts_with("failed/new/")));
    let flushed = at(&b, "2027-02-06T22:30Z", &["flush"], "");
    assert_eq!((flushed.status, flushed.stderr.as_str()), (0, ""));
    let sent = b.take_sent();
    let alarm = sent.iter().find(|mail| mail.mail.contains("was given up"));
    let alarm = alarm.map(|mail| mail.args.as_str());
    assert_eq!(
        alarm,
        Some("-i -f <> -- eva@example.org steve@example.org"),
        "{sent:?}"
    );
}

#[test]
fn what_is_held_outlives_the_person_and_their_hours() {
    // L6
    for config in ["", "[person.eva]\naddress = \"eva\"\n"] {
        let b = Bench::with(PEOPLE);
        file_at(&b, NIGHT, "submit", 1, "ann@example.net");
        b.take_sent();
        b.configure(&format!("admins = \"eva@example.org\"\n{config}"));
        let until = shown(held(&b)[0].0);
        let said = format!("0 sent, 0 waiting, 1 held until {until}\n");
        at(&b, NIGHT, &["flush"], "").is(0, &said, "");
        // Whoever lets no jobs run hears of it.
        let checked = at(
            &b,
            &after(MORNING, 1200),
            &["check", "--etc", "/nowhere"],
            "",
        )
        .stdout;
        let want = format!(
            "warn  outbox: 1 mail is held back, one of them though it was to be sent at {until}: no job `flush` runs\n\
             \x20     mend: tickets flush\n"
        );
        assert!(checked.contains(&want), "{checked}");
        at(&b, &after(MORNING, 121), &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
        assert_eq!(b.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    }
}

#[test]
fn a_delivery_sends_what_is_held_whatever_became_of_the_hours() {
    // L6
    let hours_of_eva = PEOPLE.replace("steve@", "steves@");
    for config in [
        "admins = \"eva@example.org\"\n",
        "[person.steve]\naddress = \"steve@example.org\"\n[person.eva]\naddress = \"eva\"\n",
        &hours_of_eva,
    ] {
        let b = Bench::with(PEOPLE);
        file_at(&b, NIGHT, "submit", 1, "ann@example.net");
        b.take_sent();
        b.configure(config);
        file_at(
            &b,
            &after(MORNING, -60),
            "ticket-1-quiet",
            2,
            "ann@example.net",
        );
        assert_eq!((b.take_sent_in_short(), held(&b).len()), (vec![], 1));
        file_at(
            &b,
            &after(MORNING, 121),
            "ticket-1-quiet",
            3,
            "ann@example.net",
        );
        assert_eq!(b.take_sent_in_short(), ["copy <> -- steve@example.org"]);
        assert_eq!((b.outbox(), held(&b)), (vec![], vec![]));
    }
}

#[test]
fn a_clock_that_is_set_back_holds_mail_a_day_longer_at_most() {
    // L6, C9
    let b = Bench::with(PEOPLE);
    // Ten hours: the night is to come.
    file_at(&b, NIGHT, "submit", 1, "ann@example.net");
    b.take_sent();
    let noon = at(&b, "2027-01-11T11:30Z", &["flush"], "");
    assert!(
        noon.stdout
            .starts_with("0 sent, 0 waiting, 1 held until 2027-01-12 06:0")
    );
    at(&b, &after(MORNING, 121), &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
    assert_eq!(b.take_sent_in_short(), ["copy <> -- steve@example.org"]);
    // A year: nobody knows when that morning is.
    file_at(&b, "2028-01-11T21:30Z", "ticket-1", 2, "ann@example.net");
    b.take_sent();
    file_at(&b, "2027-01-13T12:00Z", "submit", 3, "bob@example.net");
    assert_eq!(
        b.take_sent_in_short(),
        [
            "ack <> -- bob@example.net",
            "copy <> -- steve@example.org",
            "copy <> -- eva@example.org steve@example.org",
        ]
    );
    assert_eq!((b.outbox(), held(&b)), (vec![], vec![]));
}

#[test]
fn the_five_days_begin_when_the_hours_end() {
    // L6, C9
    let b = Bench::with(
        "[person.steve]\naddress = \"steve\"\nquiet = \"outside 08:00-18:00 Mon-Fri\"\nzone = \"UTC\"\n",
    );
    // A Friday evening.
    file_at(&b, "2027-01-15T18:30Z", "submit", 1, "ann@example.net");
    b.take_sent();
    b.sendmail("#!/bin/sh\necho full >&2\nexit 75\n");
    let reason = "tickets: the copy of ticket 1 for steve@example.org waits in the outbox: ";
    for moment in [
        "2027-01-18T08:05Z",
        "2027-01-19T08:00Z",
        "2027-01-20T08:00Z",
        "2027-01-21T08:00Z",
        "2027-01-22T08:00Z",
        "2027-01-23T08:00Z",
    ] {
        let ran = at(&b, moment, &["flush"], "");
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (75, "0 sent, 1 waiting\n")
        );
        assert!(ran.stderr.starts_with(reason), "{ran:?}");
    }
    assert_eq!(b.outbox().len(), 1);
    let ran = at(&b, "2027-01-23T08:10Z", &["flush"], "");
    assert!(
        ran.stderr.contains("was given up after five days"),
        "{ran:?}"
    );
    let lying = b.outbox();
    assert_eq!(lying.len(), 2, "{lying:?}");
    assert!(lying[0].starts_with("failed/new/") && lying[0].ends_with(".copy"));
    assert!(lying[1].contains("notice"));
}

/// (L6, C9, D7) A delivery at night that dies at each system call, and a flush in the morning that does.
#[test]
fn whatever_dies_steve_is_told_once_and_not_at_night() {
    if !strace_is_here() {
        return;
    }
    let run = |b: &Bench, options: &[&str], moment: &str, args: &[&str], stdin: &str| {
        let plain = b.command(args);
        let mut command = Command::new("strace");
        for (name, value) in clock(b, moment) {
            command.args(["-E", &format!("{name}={value}")]);
        }
        command
            .args(options)
            .arg(plain.get_program())
            .args(plain.get_args());
        b.as_ordinary_user(&mut command);
        finish(command, stdin.as_bytes())
    };
    let deliver = ["deliver", "-f", "ann@example.net", "submit@example.org"];
    let message = mail(1, "ann@example.net");
    let morning = after(MORNING, 121);
    let all = format!("trace={}", crate::crash::CALLS);
    let counted = |at_night: bool| {
        let b = Bench::with(PEOPLE);
        let log = b.path("strace.log");
        let options = ["-o", log.to_str().unwrap(), "-e", &all];
        let ran = run(
            &b,
            if at_night { &options } else { &[] },
            NIGHT,
            &deliver,
            &message,
        );
        if !at_night {
            run(&b, &options, &morning, &["flush", "--quiet"], "").silent();
        }
        assert_eq!(ran.status, 0);
        changes(calls_in(&log))
    };
    for at_night in [true, false] {
        let count = at_each(&counted(at_night), |name, n| {
            let what = format!("{name} {n}, at night: {at_night}");
            let b = Bench::with(PEOPLE);
            let inject = format!("inject={name}:signal=KILL:when={n}");
            let kill = ["-o", "/dev/null", "-e", &inject];
            let ran = match at_night {
                true => run(&b, &kill, NIGHT, &deliver, &message),
                false => at(&b, NIGHT, &deliver, &message),
            };
            assert!([-9, 0].contains(&ran.status), "{what}: {ran:?}");
            at(&b, NIGHT, &deliver, &message).silent();
            at(&b, NIGHT, &["flush", "--quiet"], "").silent();
            let to = |b: &Bench, who: &str| {
                let sent = b.sent();
                sent.iter().filter(|mail| mail.args.ends_with(who)).count()
            };
            assert_eq!(to(&b, "steve@example.org"), 0, "{what}");
            assert!((1..=2).contains(&to(&b, "eva@example.org")), "{what}");
            assert_eq!(held(&b).len(), 1, "{what}");
            assert_eq!(b.names(), ["1"], "{what}");
            if !at_night {
                let ran = run(&b, &kill, &morning, &["flush", "--quiet"], "");
                assert!([-9, 0].contains(&ran.status), "{what}: {ran:?}");
            }
            at(&b, &morning, &["flush", "--quiet"], "").silent();
            let most = if at_night { 1 } else { 2 };
            let told = to(&b, "steve@example.org");
            assert!((1..=most).contains(&told), "{what}: {told}");
            assert_eq!((b.outbox(), held(&b)), (vec![], vec![]), "{what}");
        });
        println!("{count} kill points");
    }
}

#[test]
fn check_names_holidays_that_nobody_can_read() {
    // L6, E8
    let b = Bench::with(
        "[person.steve]\naddress = \"steve\"\nquiet = \"22:00-07:00\"\nholidays = \"/nonexistent\"\nzone = \"Europe/Berlin\"\n",
    );
    b.make_store();
    let checked = b.run(&["check"], b"").stdout;
    for line in [
        "warn  person.steve: cannot read /nonexistent: No such file or directory (os error 2); no day is a holiday",
        "quiet = \"22:00-07:00\"",
        "zone = \"Europe/Berlin\"",
        "holidays = \"/nonexistent\"",
    ] {
        assert!(checked.lines().any(|it| it == line), "{checked}");
    }
}

/// Steve wants to hear of the day alone.
const DIGEST: &str =
    "[person.steve]\naddress = \"steve\"\ndigest = true\n[person.eva]\naddress = \"eva\"\n";

#[test]
fn who_wants_a_digest_gets_no_copies() {
    // L6, I1, C5
    let b = Bench::with(DIGEST);
    // Each is later than the one before: of the silence of the clock they hear once a day.
    let later = |minutes: i64| after(NIGHT, 60 * minutes);
    file_at(&b, &later(1), "submit", 1, "ann@example.net");
    file_at(&b, &later(2), "ticket-1", 2, "ann@example.net");
    // What a copy would have said of what was not done is said to him all the same.
    file_at(&b, &later(3), "ticket-1-done", 3, "bob@example.net");
    assert_eq!(
        b.take_sent_in_short(),
        [
            "ack <> -- ann@example.net",
            "copy <> -- eva@example.org",
            "copy <> -- eva@example.org",
            "copy <> -- eva@example.org",
            "refused <> -- steve@example.org",
        ]
    );
    // He is a customer like others in a ticket of his own.
    file_at(&b, &later(4), "submit", 4, "steve@example.org");
    assert_eq!(
        b.take_sent_in_short(),
        ["ack <> -- steve@example.org", "copy <> -- eva@example.org"]
    );
    let jobs = at(&b, NIGHT, &["jobs", "--json"], "").stdout;
    let job = jobs
        .lines()
        .find(|line| line.contains("\"digest\""))
        .unwrap();
    assert!(job.contains("\"schedule\":\"0 7 * * *\""), "{job}");
    at(&b, &after(NIGHT, 3600), &["jobs", "run", "digest"], "").silent_but_for_output("digest");
    let sent = b.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].in_short(), "note <> -- steve@example.org");
    assert_eq!(sent[0].field("To").as_deref(), Some("steve@example.org"));
    let body = sent[0].body();
    assert!(
        body.starts_with("The last 24 hours: 2 opened, 0 closed, 4 messages in all.\n"),
        "{body}"
    );
    assert!(body.contains("Printer 1"), "{body}");

    // A table says when, and then all hear of it, as without anybody who wants it.
    for table in ["digest", "evening"] {
        let run = format!("[job.{table}]\nrun = \"digest\"\nat = \"0 18 * * *\"\n");
        b.configure(&format!("{DIGEST}{run}"));
        let jobs = at(&b, NIGHT, &["jobs", "--json"], "").stdout;
        let times: Vec<&str> = jobs
            .lines()
            .filter(|line| line.contains("0 18 * * *"))
            .collect();
        assert!(times.len() == 1 && !jobs.contains("0 7 * * *"), "{jobs}");
        at(&b, &after(NIGHT, 7200), &["jobs", "run", table], "").silent_but_for_output(table);
        assert_eq!(
            b.take_sent_in_short(),
            ["note <> -- eva@example.org steve@example.org"]
        );
    }
}

#[test]
fn who_wants_a_digest_that_does_not_come_gets_copies() {
    // L6
    let copies = "copy <> -- eva@example.org steve@example.org";
    let digest_of = |b: &Bench| -> Vec<String> {
        let checked = at(b, NIGHT, &["check", "--etc", "/nowhere"], "").stdout;
        let lines = checked.lines().filter(|line| line.contains("jobs: "));
        let lines = lines.filter(|line| line.contains("digest"));
        lines.map(str::to_owned).collect()
    };
    for table in [
        "[job.digest]\nenabled = false\n",
        "[job.digest]\nrun = \"flush\"\nevery = \"5 min\"\n",
        "[job.evening]\nrun = \"digest\"\nat = \"0 18 * * *\"\nenabled = false\n",
    ] {
        let b = Bench::with(&format!("{DIGEST}{table}"));
        file_at(&b, NIGHT, "submit", 1, "ann@example.net");
        let sent = b.take_sent_in_short();
        assert_eq!(sent, ["ack <> -- ann@example.net", copies], "{table}");
        let want =
            "warn  jobs: no job digest runs, so whoever has `digest = true` gets copies instead";
        assert_eq!(digest_of(&b), [want], "{table}");
    }
    // One of two is enough, whatever its name.
    let b = Bench::with(&format!(
        "{DIGEST}[job.digest]\nrun = \"flush\"\nevery = \"5 min\"\n\
         [job.evening]\nrun = \"digest\"\nat = \"0 18 * * *\"\n"
    ));
    file_at(&b, NIGHT, "submit", 1, "ann@example.net");
    let only_eva = ["ack <> -- ann@example.net", "copy <> -- eva@example.org"];
    assert_eq!(b.take_sent_in_short(), only_eva);
    assert_eq!(digest_of(&b), [""; 0]);
    // A job that is paused is not gone.
    let paused = at(&b, NIGHT, &["jobs", "pause", "evening"], "");
    paused.silent_but_for_output("pause");
    let said = "evening is paused, and whoever has `digest = true` hears of nothing meanwhile";
    assert_eq!(digest_of(&b), [format!("warn  jobs: {said}")]);
    let checked = at(&b, NIGHT, &["check", "--etc", "/nowhere"], "").stdout;
    let mend = format!("{said}\n      mend: tickets jobs resume evening\n");
    assert!(checked.contains(&mend), "{checked}");
}

#[test]
fn check_names_lines_of_holidays_that_are_no_dates() {
    // L6
    for (text, more) in [
        ("25.12.2026\n", ""),
        (
            "2026-12-25\n25.12.2026 # Christmas\n2026-13-01\n",
            ", nor is 1 other line",
        ),
        ("25.12.2026\n12/25/2026\nsoon\n", ", nor are 2 other lines"),
    ] {
        let b = Bench::new();
        b.put("holidays", text.as_bytes());
        let file = b.path("holidays");
        let holidays = format!("holidays = {file:?}\n");
        let hours = "quiet = \"22:00-07:00\"\n";
        b.configure(&format!(
            "{PEOPLE}{hours}{holidays}[[alert]]\nto = \"4917@sms.example\"\nwhen = \"10:00-17:00\"\n{holidays}"
        ));
        b.make_store();
        let checked = at(&b, NIGHT, &["check", "--etc", "/nowhere"], "").stdout;
        let wrong = format!(
            "{}: \"25.12.2026\" is no date such as 2026-12-25, and no holiday{more}",
            file.display()
        );
        for whose in ["person.eva", "alert"] {
            let want = format!("warn  {whose}: {wrong}");
            assert!(
                checked.lines().any(|line| line == want),
                "{want}\n{checked}"
            );
        }
    }
}

#[test]
fn without_jobs_there_is_no_digest() {
    // L6, G2
    let b = Bench::with(&format!("{DIGEST}[parts]\noff = [\"jobs\"]\n"));
    file_at(&b, NIGHT, "submit", 1, "ann@example.net");
    assert_eq!(
        b.take_sent_in_short(),
        [
            "ack <> -- ann@example.net",
            "copy <> -- eva@example.org steve@example.org"
        ]
    );
    let checked = at(&b, NIGHT, &["check", "--etc", "/nowhere"], "").stdout;
    let want =
        "note  parts: jobs is switched off, so nothing comes of what the configuration says of it";
    assert!(checked.lines().any(|line| line == want), "{checked}");
    assert!(!checked.contains("digest = true"), "{checked}");
    // Where it is on, and no time passes, that is said.
    b.configure(DIGEST);
    let checked = at(&b, NIGHT, &["check", "--etc", "/nowhere"], "").stdout;
    for want in [
        "warn  jobs: no job runs: `tickets tick` was never run",
        "digest = true",
    ] {
        assert!(checked.lines().any(|line| line == want), "{checked}");
    }
}
