//! Alerts (L6), on desks whose clock is set.

use crate::bench::{Bench, Ran, finish};
use crate::observers::{WITNESS, module, told};
use crate::shim::library;
use jiff::Timestamp;
use std::fs;

/// The line, and the sender and recipients, of each alert that was sent.
fn alerts(b: &Bench) -> Vec<(String, String)> {
    let sent = b.take_sent().into_iter();
    let alerts = sent.filter(|mail| mail.field("X-Tickets-Kind").as_deref() == Some("alert"));
    let mut alerts: Vec<_> = alerts
        .map(|mail| (mail.body().trim_end().to_owned(), mail.args))
        .collect();
    alerts.sort();
    alerts
}

fn lines(b: &Bench) -> Vec<String> {
    alerts(b).into_iter().map(|(line, _)| line).collect()
}

fn mail(n: u32, more: &str) -> String {
    format!(
        "From: Ann <ann@example.net>\nMessage-ID: <{n}@example.net>\nSubject: Printer {n} on fire\n{more}\nhelp\n"
    )
}

/// Runs the program at this moment.
fn at(b: &Bench, moment: &str, args: &[&str], stdin: &str) -> Ran {
    let moment: Timestamp = moment.parse().unwrap();
    // Some of its time is over when it looks at the clock: no test is about a second.
    let later = moment.as_second() - Timestamp::now().as_second();
    let mut command = b.command(args);
    command
        .env("LD_PRELOAD", library(b))
        .env("SHIM_LATER", later.to_string());
    finish(command, stdin.as_bytes())
}

fn open_at(b: &Bench, moment: &str, n: u32) {
    let args = ["deliver", "-f", "ann@example.net", "submit@example.org"];
    at(b, moment, &args, &mail(n, "")).silent();
}

#[test]
fn whoever_is_to_be_woken_gets_one_line() {
    // L6, C6, C12
    let b = Bench::with("[[alert]]\nto = \"4917@sms.example\"\n");
    b.file("submit", mail(1, ""));
    let sent = b.sent();
    let sms = sent.iter().find(|mail| mail.args.contains("sms")).unwrap();
    assert_eq!(sms.args, "-i -f <> -- 4917@sms.example");
    assert_eq!(sms.body(), "#1 ann@example.net: Printer 1 on fire\n");
    for (field, want) in [
        ("From", "ticket-1@example.org"),
        ("To", "4917@sms.example"),
        ("Subject", "#1"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Tickets-Ticket", "1"),
        ("X-Tickets-Kind", "alert"),
    ] {
        assert_eq!(sms.field(field).as_deref(), Some(want), "{field}");
    }
    b.take_sent();
    // No other event, and nothing that a machine wrote.
    b.file("ticket-1", mail(2, ""));
    b.file("submit", mail(3, "Auto-Submitted: auto-generated\n"));
    b.run(&["close", "1"], b"").silent_but_for_output("close");
    assert_eq!(lines(&b), [""; 0]);

    b.configure(
        "[[alert]]\nto = [\"a@sms.example\", \"b@sms.example\"]\nfrom = \"steve@example.org\"\n\
         events = [\"opened\", \"automatic\", \"closed\", \"mail\"]\n[[alert]]\nto = \"c@sms.example\"\n",
    );
    b.file("submit", mail(4, "Auto-Submitted: auto-generated\n"));
    b.file("ticket-2", mail(5, ""));
    b.run(&["close", "2", "--quiet"], b"")
        .silent_but_for_output("close");
    b.run(&["reopen", "2"], b"").silent_but_for_output("reopen");
    b.run(&["close", "2"], b"").silent_but_for_output("close");
    let both = "-i -f <> -- a@sms.example b@sms.example".to_owned();
    assert_eq!(
        alerts(&b),
        [
            (
                "#2 closed ticket-2@example.org: [issue2] Printer 3 on fire".to_owned(),
                both.clone()
            ),
            (
                "#2 mail ann@example.net: Printer 5 on fire".to_owned(),
                both.clone()
            ),
            ("#3 ann@example.net: Printer 4 on fire".to_owned(), both),
        ]
    );
    assert_eq!(b.outbox(), [""; 0]);
}

#[test]
fn an_alert_has_its_hours() {
    // L6
    let b = Bench::new();
    let holidays = b.path("holidays");
    b.put("holidays", b"2026-12-25 Christmas\n");
    let one = |to: &str, keys: &str| format!("[[alert]]\nto = \"{to}@sms.example\"\n{keys}\n");
    let zone = |name: &str| {
        one(
            name,
            "when = \"outside 10:00-17:00 Mon-Fri\"\nzone = \"Europe/Berlin\"",
        )
    };
    b.configure(&format!(
        "{}{}{}",
        zone("night"),
        one("day", "when = \"10:00-17:00\"\nzone = \"America/New_York\""),
        one(
            "work",
            &format!("when = \"08:00-20:00 Mon-Fri\"\nzone = \"UTC\"\nholidays = {holidays:?}")
        ),
    ));
    for (n, moment, want) in [
        // A Monday in winter.
        (1, "2027-01-11T08:59:30Z", &["night", "work"][..]),
        (2, "2027-01-11T09:00Z", &["work"]),
        (3, "2027-01-11T15:30Z", &["day", "work"]),
        (4, "2027-01-11T16:00Z", &["day", "night", "work"]),
        // In summer it is later there.
        (5, "2027-07-12T08:00Z", &["work"]),
        // A Saturday, and a holiday on a Friday.
        (6, "2027-01-09T12:00Z", &["night"]),
        (7, "2026-12-25T12:00Z", &[]),
    ] {
        open_at(&b, moment, n);
        let mut woken: Vec<String> = (alerts(&b).iter())
            .map(|(_, args)| args.rsplit(' ').next().unwrap().replace("@sms.example", ""))
            .collect();
        woken.sort();
        assert_eq!(woken, want, "{moment}");
    }
}

#[test]
fn an_alert_that_comes_too_late_is_none() {
    // L6: the observer could not be told before the hours were over.
    let b = Bench::with(
        "[[alert]]\nto = \"night@sms.example\"\nwhen = \"outside 10:00-17:00\"\nzone = \"UTC\"\n",
    );
    let blocked = b.ticket(".tickets/alerts.lock");
    open_at(&b, "2027-01-11T08:00Z", 1);
    assert_eq!(lines(&b).len(), 1);
    fs::remove_file(&blocked).unwrap();
    fs::create_dir(&blocked).unwrap();
    open_at(&b, "2027-01-11T09:59Z", 2);
    assert_eq!(b.outbox().len(), 1);
    fs::remove_dir(&blocked).unwrap();
    at(&b, "2027-01-11T10:30Z", &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
    assert_eq!(lines(&b), [""; 0]);
}

#[test]
fn what_is_too_much_is_counted() {
    // L6
    let b = Bench::with("[[alert]]\nto = \"4917@sms.example\"\nlimit = \"2/h\"\n");
    for n in 1..=5 {
        open_at(&b, &format!("2027-01-11T08:0{n}Z"), n);
    }
    let line = |n: u32| format!("#{n} ann@example.net: Printer {n} on fire");
    assert_eq!(lines(&b), [line(1), line(2)]);
    let held = || {
        let held = fs::read_dir(b.ticket(".tickets/outbox/held")).unwrap();
        held.map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>()
    };
    let shown = held().concat();
    let (due, rest) = shown.split_once('.').unwrap();
    assert!(
        rest.starts_with("5.more") && rest.ends_with(".3.alert"),
        "{rest}"
    );
    assert_eq!(due.parse::<i64>().unwrap() / 60, 1_799_658_180 / 60);
    // An hour after the first that was too much, and not before.
    let flushed = at(&b, "2027-01-11T09:02:30Z", &["flush"], "");
    flushed.silent_but_for_output("flush");
    let said = flushed.stdout;
    assert!(
        said.starts_with("0 sent, 0 waiting, 1 held until 20"),
        "{said}"
    );
    open_at(&b, "2027-01-11T09:02:30Z", 6);
    assert_eq!(lines(&b), [""; 0]);
    let checked = at(&b, "2027-01-11T09:02:30Z", &["check"], "").stdout;
    assert!(
        checked.contains("outbox: 1 mail is held back, the next until "),
        "{checked}"
    );
    at(&b, "2027-01-11T09:03:30Z", &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
    assert_eq!(lines(&b), ["and 4 more, the last is #6"]);
    assert_eq!(held(), [""; 0]);
    // A delivery does as well, and then all begins anew.
    for (n, minute) in [(7, "10"), (8, "10"), (9, "11")] {
        open_at(&b, &format!("2027-01-11T09:{minute}Z"), n);
    }
    open_at(&b, "2027-01-11T10:30Z", 10);
    assert_eq!(
        lines(&b),
        [
            line(10),
            line(7),
            line(8),
            "and 1 more, the last is #9".to_owned()
        ]
    );
    // Whoever looks on hears of it.
    let args = [
        "deliver",
        "-v",
        "-f",
        "ann@example.net",
        "submit@example.org",
    ];
    for (n, is_over) in [(11, false), (12, true)] {
        let ran = at(&b, "2027-01-11T10:31Z", &args, &mail(n, ""));
        let said: Vec<&str> = ran.stderr.lines().skip(1).collect();
        let over = "tickets: the alert for 4917@sms.example is over its limit, and is only counted";
        let want = if is_over { over } else { "" };
        assert_eq!((ran.status, said.concat().as_str()), (0, want), "{ran:?}");
    }
}

#[test]
fn another_alert_above_it_takes_nothing_from_one() {
    // L6
    let one = |to: &str, limit: u32| format!("[[alert]]\nto = \"{to}\"\nlimit = \"{limit}/h\"\n");
    let a = one("a@sms.example", 1);
    for above in [
        one("b@sms.example", 5),
        one("a@sms.example", 5).replace("limit", "events = \"opened\"\nlimit"),
    ] {
        let b = Bench::with(&a);
        open_at(&b, "2027-01-11T11:00Z", 1);
        open_at(&b, "2027-01-11T11:10Z", 2);
        let line = |n: u32| format!("#{n} ann@example.net: Printer {n} on fire");
        assert_eq!(lines(&b), [line(1)]);
        // With a mistake it counts for nothing, and moves nothing either.
        for above in [above.clone(), format!("[[alert]]\nto = 1\n{above}")] {
            b.configure(&format!("{above}{a}"));
            let n = if above.contains("to = 1") { 4 } else { 3 };
            open_at(&b, &format!("2027-01-11T11:{n}0Z"), n);
            assert_eq!(lines(&b), [line(n)]);
        }
        // Another limit is the same alert.
        b.configure(&format!("{above}{}", one("a@sms.example", 2)));
        at(&b, "2027-01-11T12:11Z", &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
        assert_eq!(
            alerts(&b),
            [(
                "and 3 more, the last is #4".to_owned(),
                "-i -f <> -- a@sms.example".to_owned()
            )]
        );
    }
    // Two that say the same are two.
    let b = Bench::with(&format!("{a}{a}"));
    open_at(&b, "2027-01-11T11:00Z", 1);
    open_at(&b, "2027-01-11T11:10Z", 2);
    assert_eq!(lines(&b).len(), 2);
    at(&b, "2027-01-11T12:11Z", &["flush"], "").is(0, "2 sent, 0 waiting\n", "");
    assert_eq!(lines(&b), ["and 1 more, the last is #2"; 2]);
}

#[test]
fn a_delivery_says_what_was_too_much_though_the_alert_is_gone() {
    // L6
    for config in ["", "[parts]\noff = [\"alerts\"]\n"] {
        let b = Bench::with("[[alert]]\nto = \"4917@sms.example\"\nlimit = \"1/h\"\n");
        for n in 1..=3 {
            open_at(&b, &format!("2027-01-11T08:0{n}Z"), n);
        }
        assert_eq!(lines(&b), ["#1 ann@example.net: Printer 1 on fire"]);
        b.configure(config);
        open_at(&b, "2027-01-11T09:00Z", 4);
        assert_eq!(lines(&b), [""; 0]);
        open_at(&b, "2027-01-11T09:02:30Z", 5);
        assert_eq!(lines(&b), ["and 2 more, the last is #3"]);
    }
}

#[test]
fn what_is_too_much_is_said_before_the_hours_are_over() {
    // L6: the line must not wake at night who is to be woken by day.
    let b = Bench::with(
        "[[alert]]\nto = \"4917@sms.example\"\nlimit = \"1/h\"\nwhen = \"08:00-18:00\"\nzone = \"UTC\"\n",
    );
    for n in 1..=3 {
        open_at(&b, &format!("2027-01-11T17:4{n}Z"), n);
    }
    assert_eq!(lines(&b), ["#1 ann@example.net: Printer 1 on fire"]);
    open_at(&b, "2027-01-11T17:59Z", 4);
    assert_eq!(lines(&b), [""; 0]);
    at(&b, "2027-01-11T18:00:30Z", &["flush"], "").is(0, "1 sent, 0 waiting\n", "");
    assert_eq!(lines(&b), ["and 3 more, the last is #4"]);
    assert_eq!(b.outbox(), [""; 0]);
}

#[test]
fn who_is_alerted_alerts_nobody() {
    // L6, C7: by From, by Reply-To or by the envelope, however that is spelt.
    let b =
        Bench::with("[[alert]]\nto = \"4917@sms.example\"\n[[alert]]\nto = \"c@sms.example\"\n");
    let deliver = |n: u32, sender: &str, header: &str| {
        let mail = format!(
            "Message-ID: <{n}@sms.example>\nSubject: sent\n{header}\n\nYour SMS was sent.\n"
        );
        b.run(
            &["deliver", "-f", sender, "-r", "submit@example.org"],
            mail.as_bytes(),
        )
        .silent();
    };
    deliver(1, "x@sms.example", "From: 4917@SMS.example");
    deliver(
        2,
        "x@sms.example",
        "From: x@sms.example\nReply-To: \"4917\"@sms.example",
    );
    deliver(3, "4917+report@sms.example", "From: x@sms.example");
    deliver(4, "c@sms.example", "From: x@sms.example");
    assert_eq!(b.names(), ["1", "2", "3", "4"]);
    assert_eq!(lines(&b), [""; 0]);
    deliver(5, "x@sms.example", "From: x@sms.example");
    assert_eq!(lines(&b), ["#5 x@sms.example: sent"; 2]);
    assert_eq!(b.outbox(), [""; 0]);
}

#[test]
fn an_alert_may_tell_a_module() {
    // L6, G6
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    let path = b.path("modules");
    b.configure(&format!(
        "modules = [\"sms\"]\nmodules_path = {path:?}\n\
         [[alert]]\nkind = \"module:sms\"\nwhen = \"outside 10:00-17:00\"\nzone = \"UTC\"\n"
    ));
    open_at(&b, "2027-01-11T09:00Z", 1);
    open_at(&b, "2027-01-11T12:00Z", 2);
    let args = ["deliver", "-f", "ann@example.net", "ticket-1@example.org"];
    at(&b, "2027-01-11T18:00Z", &args, &mail(3, "")).silent();
    assert_eq!(told(&b, "sms"), ["opened 1.1"]);
    assert_eq!(b.outbox(), [""; 0]);
}

#[test]
fn a_mistake_in_an_alert_to_a_module_does_not_let_everything_through() {
    // L6, G6
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    module(&b, "log", WITNESS.as_bytes(), "");
    let path = b.path("modules");
    let config = b.path("config.toml").display().to_string();
    let switched = format!("modules = [\"sms\", \"log\"]\nmodules_path = {path:?}\n");
    for (n, (bad, why)) in (1..).zip([
        (
            "kind = \"module:sms\"\nwhen = \"25:00-17:00\"",
            "alert.when: \"25:00-17:00\" names no hours such as \"outside 10:00-17:00 Mon-Fri\" or \"22:00-07:00\"",
        ),
        (
            "kind = \"module:sms\"\nwhem = \"10:00-17:00\"",
            "unknown key `whem`",
        ),
        ("kinds = \"module:sms\"", "unknown key `kinds`"),
        (
            "kind = \"modul:sms\"",
            "alert.kind: \"modul:sms\" is neither \"mail\" nor \"module:NAME\"",
        ),
        (
            "kind = [\"module:sms\"]",
            "alert.kind: expected a string, not a list",
        ),
    ]) {
        b.configure(&format!("{switched}[[alert]]\n{bad}\n"));
        b.file("submit", mail(n, ""));
        assert_eq!(told(&b, "sms"), [""; 0], "{bad}");
        // Whom no alert names is told of all.
        assert_eq!(told(&b, "log").len(), n as usize, "{bad}");
        assert_eq!(b.outbox(), [""; 0]);
        let text = std::fs::read_to_string(&config).unwrap();
        let above = text[..text.find("[[alert]]").unwrap()].lines().count() + 1;
        let said = format!(
            "cannot use {config}:{above}: [[alert]] number 1: {why}; until that is corrected, this alert tells the module sms of nothing"
        );
        let checked = b.run(&["check"], b"");
        assert_eq!(checked.status, 2);
        let line = format!("FAIL  config: {said}");
        assert!(checked.stdout.lines().any(|it| it == line), "{checked:?}");
    }
    // What another alert lets through is told.
    b.configure(&format!(
        "{switched}[[alert]]\nkind = \"module:sms\"\nevents = \"opend\"\n\
         [[alert]]\nkind = \"module:sms\"\nevents = \"mail\"\n"
    ));
    b.file("submit", mail(6, ""));
    b.file("ticket-6", mail(7, ""));
    assert_eq!(told(&b, "sms"), ["mail 6.2"]);
}

#[test]
fn check_names_an_alert_that_reaches_nobody() {
    // L6, E8
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    let path = b.path("modules");
    let alert = |name: &str| {
        b.configure(&format!(
            "modules_path = {path:?}\n[[alert]]\nkind = \"module:{name}\"\nholidays = \"/nonexistent\"\n"
        ));
    };
    alert("sms");
    b.make_store();
    let checked = b.run(&["check"], b"").stdout;
    let config = b.path("config.toml");
    for line in [
        "warn  alert: the module sms is not switched on, so nobody is alerted".to_owned(),
        format!("      mend: \"sms\" in `modules` in {}", config.display()),
        "warn  alert: cannot read /nonexistent: No such file or directory (os error 2); no day is a holiday".to_owned(),
    ] {
        assert!(checked.lines().any(|it| it == line), "{checked}");
    }
    for (name, mend) in [
        ("smm", "kind = \"module:sms\"".to_owned()),
        (
            "elsewhere",
            "the name of a module; `tickets modules` shows them all".to_owned(),
        ),
    ] {
        alert(name);
        let checked = b.run(&["check"], b"").stdout;
        let said = format!(
            "warn  alert: there is no module {name}, so nobody is alerted\n      mend: {mend} in {}\n",
            config.display()
        );
        let said = said.replace(" shows them all in ", " shows them all, in ");
        assert!(checked.contains(&said), "{checked}");
    }
}

#[test]
fn check_names_an_alert_to_a_telephone_number_alone() {
    // L6, E8: a name without a domain is one of the desk's, as in `admins`.
    let file = |b: &Bench| b.path("config.toml").display().to_string();
    for (to, warned) in [
        ("\"491701234567\"", Some("491701234567")),
        ("[\"a@sms.example\", \"+49170\"]", Some("+49170")),
        ("[\"steve\", \"4917@sms.example\"]", None),
    ] {
        let b = Bench::with(&format!("[[alert]]\nto = {to}\n"));
        b.make_store();
        let checked = b.run(&["check"], b"").stdout;
        let found: Vec<&str> = checked
            .lines()
            .skip_while(|line| !line.contains("  alert: "))
            .take(2)
            .collect();
        let want = warned.map(|number| {
            [
                format!("warn  alert: to = {number:?} has no @, so that the mail goes to {number}@example.org"),
                format!(
                    "      mend: the whole address, such as {number}@sms.example, in {}",
                    file(&b)
                ),
            ]
        });
        assert_eq!(
            found,
            want.map_or_else(Vec::new, |it| it.to_vec()),
            "{checked}"
        );
    }
}

#[test]
fn a_mistake_in_an_alert_keeps_no_mail_waiting() {
    // L6
    let b = Bench::new();
    let good = "[[alert]]\nto = \"4917@sms.example\"\n";
    let config = b.path("config.toml").display().to_string();
    for (bad, why) in [
        (
            "[[alert]]\nto = \"a@sms.example\"\nwhen = \"22-7\"\n",
            "number 2: alert.when: \"22-7\" names no hours such as ",
        ),
        (
            "[[alert]]\nto = \"a@sms.example\"\nlimit = 5\n",
            "number 2: alert.limit: expected a string, not integer `5`\n",
        ),
        (
            "[[alert]]\nwenn = \"22-7\"\n",
            "number 2: unknown key `wenn`\nhint: the key is `when`\n",
        ),
        (
            "[[alert]]\nkind = \"module:sms\"\nlimit = \"1/h\"\n",
            "number 2: alert.limit: a module has no limit here: it is for mail\nhint: leave it out; a module has settings of its own, in [module.sms]\n",
        ),
        (
            "[[alert]]\nkind = \"module:sms\"\nfrom = \"a@example.org\"\n",
            "number 2: alert.from: a module has no sender here: it is for mail\nhint: leave it out; a module has settings of its own, in [module.sms]\n",
        ),
    ] {
        let log = b.path("log");
        b.configure(&format!("log = {log:?}\n{good}{bad}"));
        b.file("submit", mail(1, ""));
        // Until somebody gives a command, the log says that it is left out.
        let logged = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert_eq!(logged.lines().count(), 1, "{logged}");
        let text = std::fs::read_to_string(b.path("config.toml")).unwrap();
        let above = text[..text.find(bad).unwrap()].lines().count() + 1;
        let (first, _) = why.split_once('\n').unwrap_or((why, ""));
        let left_out = format!("cannot use {config}:{above}: [[alert]] {first}").replace('"', "'");
        assert!(logged.contains(&format!(" alert=\"{left_out}")), "{logged}");
        b.works("flush");
        let sent = b.take_sent();
        let to: Vec<_> = sent
            .iter()
            .filter(|sent| sent.field("To").unwrap().contains("sms."))
            .collect();
        assert_eq!(to.len(), 1, "{sent:?}");
        let said = format!("tickets: cannot use {config}:{above}: [[alert]] {why}");
        let ran = b.run(&["list"], b"");
        assert_eq!((ran.status, ran.stdout.as_str()), (78, ""));
        assert!(ran.stderr.starts_with(&said), "{ran:?}");
        let checked = b.run(&["check"], b"");
        let (line, _) = said
            .trim_end()
            .split_once("\nhint")
            .unwrap_or((said.trim_end(), ""));
        let line = line.replacen("tickets: ", "FAIL  config: ", 1);
        assert_eq!(checked.status, 2);
        assert!(checked.stdout.starts_with(&line), "{checked:?}");
        // Mail is taken all the same, so everything else is looked at.
        for other in ["\nok    config: mail for example.org\n", "\nok    outbox: "] {
            assert!(checked.stdout.contains(other), "{checked:?}");
        }
        let said = b.deliver_aloud(mail(2, "")).stderr;
        let remark = format!("\ntickets: cannot use {config}:{above}: [[alert]] number 2: ");
        assert!(said.contains(&remark), "{said}");
        b.take_sent();
        std::fs::remove_file(&log).unwrap();
        std::fs::remove_dir_all(b.ticket("")).unwrap();
    }
    // Not a table of them.
    b.configure("alert = 1\n");
    b.file("submit", mail(2, ""));
    let text = std::fs::read_to_string(b.path("config.toml")).unwrap();
    let above = text[..text.find("alert = 1").unwrap()].lines().count() + 1;
    let said = format!(
        "tickets: cannot use {config}:{above}: [[alert]] number 1: alert: expected tables, each below a line [[alert]]\n"
    );
    b.run(&["list"], b"").is(78, "", &said);
}

#[test]
fn check_names_an_alert_to_a_module_that_is_no_observer() {
    // L6, E8
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    let manifest = b.path("modules/sms/module.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("observer", "filter")).unwrap();
    let path = b.path("modules");
    b.configure(&format!(
        "modules = [\"sms\"]\nmodules_path = {path:?}\n[[alert]]\nkind = \"module:sms\"\n"
    ));
    b.make_store();
    let checked = b.run(&["check"], b"").stdout;
    let line = format!(
        "warn  alert: the module sms is no observer, so nobody is alerted\n      mend: another `kind` in {}\n",
        b.path("config.toml").display()
    );
    assert!(checked.contains(&line), "{checked}");
}

#[test]
fn check_names_an_alert_to_a_module_that_does_not_want_it() {
    // L6, E8
    let b = Bench::new();
    module(
        &b,
        "sms",
        WITNESS.as_bytes(),
        "events = [\"opened\", \"re-opened\"]\n",
    );
    let path = b.path("modules");
    b.make_store();
    let manifest = b.path("modules/sms/module.toml");
    let mend = format!(
        "      mend: `events` of this [[alert]], or of {}",
        manifest.display()
    );
    let not = "warn  alert: the manifest of the module sms does not want";
    for (events, want) in [
        (
            "\"mail\", \"closed\"",
            Some(format!("{not} mail, closed, so nobody is alerted")),
        ),
        (
            "\"opened\", \"closed\"",
            Some(format!("{not} closed, so of that nobody is alerted")),
        ),
        (
            "\"automatic\"",
            Some(format!("{not} automatic, so nobody is alerted")),
        ),
        ("\"opened\", \"automatic\"", None),
        ("\"re-opened\"", None),
    ] {
        b.configure(&format!(
            "modules = [\"sms\"]\nmodules_path = {path:?}\n\
             [[alert]]\nkind = \"module:sms\"\nevents = [{events}]\n"
        ));
        let checked = b.run(&["check"], b"").stdout;
        let lines: Vec<&str> = checked.lines().collect();
        let at = lines.iter().position(|line| line.contains(" alert: "));
        let said = at.map(|at| (lines[at].to_owned(), lines[at + 1].to_owned()));
        assert_eq!(said, want.map(|want| (want, mend.clone())), "{events}");
    }
}

#[test]
fn alerts_that_are_off_tell_nobody() {
    // L6, G2
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    let path = b.path("modules");
    let alerts = format!(
        "modules = [\"sms\"]\nmodules_path = {path:?}\n[[alert]]\nto = \"4917@sms.example\"\n\
         limit = \"1/h\"\n[[alert]]\nkind = \"module:sms\"\nholidays = \"/nonexistent\"\n"
    );
    let off = "[parts]\noff = [\"alerts\"]\n";
    b.configure(&format!("{alerts}{off}"));
    open_at(&b, "2027-01-11T08:00Z", 1);
    assert_eq!(lines(&b), [""; 0]);
    // A module that only alerts name is not told of everything instead.
    assert_eq!(told(&b, "sms"), [""; 0]);
    assert_eq!(b.outbox(), [""; 0]);
    for file in ["alerts", "alerts.lock", "outbox/held"] {
        assert!(!b.ticket(".tickets").join(file).exists(), "{file}");
    }
    let checked = b.run(&["check"], b"").stdout;
    let of_alerts: Vec<&str> = (checked.lines())
        .filter(|line| line.contains("alert") && line.contains(": "))
        .collect();
    assert_eq!(
        of_alerts,
        [
            "note  parts: alerts is switched off, so nothing comes of what the configuration says of it"
        ]
    );
    let listed = b.run(&["modules"], b"").stdout;
    let listed = listed
        .lines()
        .find(|line| line.starts_with("alerts "))
        .unwrap();
    let words: Vec<&str> = listed.split_whitespace().collect();
    assert_eq!(words[2..6], ["off", "built", "in", "observer"], "{listed}");
    // Its mistakes are still mistakes.
    b.configure(&format!(
        "{off}[[alert]]\nto = \"a@sms.example\"\nlimit = \"5\"\n"
    ));
    let ran = b.run(&["list"], b"");
    assert_eq!(ran.status, 78);
    assert!(
        ran.stderr.contains("alert.limit: \"5\" is no limit"),
        "{ran:?}"
    );
    // Once it is on, what happens from then on is told, and nothing that happened before.
    b.configure(&alerts);
    open_at(&b, "2027-01-11T08:10Z", 2);
    assert_eq!(lines(&b), ["#2 ann@example.net: Printer 2 on fire"]);
    assert_eq!(told(&b, "sms"), ["opened 2.1"]);
}
