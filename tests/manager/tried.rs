//! What `tickets modules run` asks, and what it says of the answer.

use super::shelf::{path_line, put, set_mode};
use super::switch::{MORE, POINTS, SPAM, desk};
use crate::bench::{Bench, Ran};

/// A desk with the module `it`, which is off.
fn with(points: &[&str], more: &str, script: &str) -> Bench {
    let b = Bench::new();
    put(&b, "it", points, more, script);
    b.configure(&path_line(&b));
    b.make_store();
    b
}

/// The head that was shown.
fn head(ran: &Ran) -> serde_json::Value {
    let line = ran.stdout.lines().next().unwrap_or_default();
    let head = line.strip_prefix("head    ");
    serde_json::from_str(head.unwrap_or_else(|| panic!("{ran:?}"))).unwrap()
}

/// What was shown behind the head, but for the time.
fn shown(ran: &Ran) -> Vec<&str> {
    let lines = ran.stdout.lines().skip(1);
    lines.filter(|line| !line.starts_with("time ")).collect()
}

#[test]
fn a_filter_is_told_what_a_delivery_would_tell_it() {
    // G3, G5
    let b = with(&["filter"], "", "#!/bin/sh\n");
    let mail = "From: Joe <joe@vendor.example>\nTo: ticket-1@example.org\nSubject: Hi\n\nx\n";
    let run = |words: &[&str], mail: &str| {
        b.run(
            &[&["modules", "run", "it", "filter"], words].concat(),
            mail.as_bytes(),
        )
    };
    b.file("submit", "From: ann@example.net\nSubject: Printer\n\nx\n");
    let ran = run(&[], mail);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(shown(&ran), ["answer  nothing", "then    it goes on"]);
    let envelope =
        serde_json::json!({"sender": "joe@vendor.example", "recipients": ["ticket-1@example.org"]});
    assert_eq!(head(&ran)["envelope"], envelope);
    let route = |verb: &str| serde_json::json!([{"ticket": 1, "verb": verb}]);
    assert_eq!(head(&ran)["route"], route("update"));
    let ran = run(
        &[
            "-f",
            "<>",
            "-r",
            "ticket-1-done@example.org",
            "-r",
            "submit@example.org",
        ],
        mail,
    );
    let envelope = serde_json::json!({"sender": "", "recipients": ["ticket-1-done@example.org", "submit@example.org"]});
    assert_eq!(head(&ran)["envelope"], envelope);
    let both = serde_json::json!([{"ticket": 1, "verb": "done"}, {"new": true}]);
    assert_eq!(head(&ran)["route"], both);
    // Without a recipient of the desk's it is a mail that would open a ticket.
    let ran = run(
        &[],
        &mail.replace("ticket-1@example.org", "x@vendor.example"),
    );
    assert_eq!(head(&ran)["route"], serde_json::json!([{"new": true}]));
    run(&["-r", "ticket-7@example.org"], mail).is(
        67,
        "",
        "tickets: There is no ticket ticket-7@example.org: please write to submit@example.org to open a new one.\n",
    );
}

#[test]
fn an_answer_means_what_it_would_mean_to_a_delivery() {
    // G3, G5
    let b = with(&["filter"], "", "");
    b.file("submit", "From: ann@example.net\nSubject: Printer\n\nx\n");
    for (answer, then) in [
        (r#"{"go":"new"}"#, Ok("it opens a ticket")),
        (r#"{"go":"quiet"}"#, Ok("it goes on, and nobody is told")),
        (r#"{"go":"ticket","ticket":1}"#, Ok("it goes to ticket 1")),
        (
            r#"{"go":"quarantine","reason":"a virus"}"#,
            Ok("it goes into quarantine: a virus"),
        ),
        (
            r#"{"go":"ticket","ticket":4711}"#,
            Err("it names ticket 4711, which does not exist"),
        ),
        (
            r#"{"go":"project","project":"x"}"#,
            Err("there are no projects"),
        ),
        (
            r#"{"go":"away"}"#,
            Err("go is \"away\", and not on, ticket, new, quiet or quarantine"),
        ),
    ] {
        put(
            &b,
            "it",
            &["filter"],
            "",
            &format!("#!/bin/sh\necho '{answer}'\n"),
        );
        let ran = b.run(&["modules", "run", "it", "filter"], b"");
        match then {
            Ok(then) => {
                assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
                assert_eq!(shown(&ran)[2..], [format!("then    {then}")]);
            }
            Err(why) => {
                let fault = format!("tickets: module it: {why}\n");
                assert_eq!((ran.status, &*ran.stderr), (75, &*fault));
                assert_eq!(shown(&ran).len(), 2);
            }
        }
    }
    // What cannot be read is shown.
    put(
        &b,
        "it",
        &["filter"],
        "",
        "#!/bin/sh\necho Warning: foo; echo '{}'\n",
    );
    let ran = b.run(&["modules", "run", "it", "filter"], b"");
    assert_eq!(ran.status, 75);
    assert_eq!(shown(&ran)[1..], ["printed Warning: foo", "printed {}"]);
    let ran = b.run(&["modules", "check", "it"], b"");
    assert!(ran.stdout.contains(": \"Warning: foo\"\n"), "{ran:?}");
}

#[test]
fn a_mail_that_is_made_up_is_said_to_be() {
    // G3
    let b = with(&["filter", "observer", "check"], "", "#!/bin/sh\n");
    let run = |words: &[&str], mail: &str| {
        let words = [&["modules", "run", "it"], words].concat();
        b.run(&words, mail.as_bytes())
    };
    let mail = "From: joe@vendor.example\nSubject: Hi\n\nx\n";
    let made_up = "mail    made up, since standard input had none";
    for point in ["filter", "observer"] {
        assert_eq!(shown(&run(&[point], ""))[0], made_up, "{point}");
        assert_eq!(shown(&run(&[point], mail))[0], "answer  nothing", "{point}");
        // A file that was to be the mail, without its `<`.
        run(&[point, "mail.eml"], mail).is(
            64,
            "",
            &format!(
                "tickets: module it: nothing follows the point {point}, so \"mail.eml\" is too much\n\
                 hint: it reads a mail on standard input: `<mail.eml`\n"
            ),
        );
    }
    assert_eq!(shown(&run(&["check"], "")), ["answer  nothing"]);
    run(&["check", "x"], "").is(
        64,
        "",
        "tickets: module it: nothing follows the point check, so \"x\" is too much\n",
    );
}

#[test]
fn a_mistake_elsewhere_in_the_configuration_keeps_no_module_from_being_tried() {
    // G3
    let b = with(&["filter"], "", "#!/bin/sh\n");
    let bad = "[[alert]]\nto = \"a@sms.example\"\nwhen = \"22-7\"\n";
    b.configure(&format!("{}{bad}", path_line(&b)));
    let file = b.path("config.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text[..text.find(bad).unwrap()].lines().count() + 1;
    let said = format!(
        "tickets: cannot use {}:{line}: [[alert]] number 1: alert.when: \"22-7\" names no hours such as ",
        file.display()
    );
    for deed in [&["run", "it", "filter"][..], &["check", "it"]] {
        let ran = b.run(&[&["modules"], deed].concat(), b"");
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.stderr.starts_with(&said), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    }
    let ran = b.run(&["modules", "enable", "it"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (78, ""));
    assert!(ran.stderr.starts_with(&said), "{ran:?}");
}

#[test]
fn an_answer_of_which_nothing_is_known_is_named() {
    // G3: it is no fault, since a later program may know its fields.
    for (points, answer, odd) in [
        (
            &["check"][..],
            r#"{"level":"bad","what":"a"}"#,
            "level, what; known is findings",
        ),
        (
            &["filter"],
            r#"{"GO":"quiet"}"#,
            "GO; known are go, ticket, reason, note, score",
        ),
        (&["observer"], r#"{"nota":"x"}"#, "nota; known is note"),
    ] {
        let b = with(points, "", &format!("#!/bin/sh\necho '{answer}'\n"));
        let why = format!("none of the fields of its answer is known: {odd}");
        let ran = b.run(&["modules", "run", "it", points[0]], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let remark = format!("remark  {why}");
        assert!(shown(&ran).contains(&&*remark), "{ran:?}");
        let ran = b.run(&["modules", "check", "it"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(
            ran.stdout.contains(&format!("  ok, but {why}\n")),
            "{ran:?}"
        );
    }
    let b = with(
        &["filter"],
        "",
        "#!/bin/sh\necho '{\"note\":\"x\",\"more\":1}'\n",
    );
    for deed in [&["run", "it", "filter"][..], &["check", "it"]] {
        let ran = b.run(&[&["modules"], deed].concat(), b"");
        assert!(!ran.stdout.contains("is known"), "{ran:?}");
    }
}

#[test]
fn each_job_and_each_command_can_be_tried() {
    // G3, G4
    let more = "[[job]]\nname = \"count\"\nevery = \"1 h\"\n[[job]]\nname = \"nightly\"\nat = \"@daily\"\n\
        [[command]]\nname = \"see\"\nsummary = \"x\"\n[[command]]\nname = \"look\"\nsummary = \"x\"\n";
    let script = "#!/bin/sh\ntest $1 = job || { echo \"$*:$TICKETS_TRIAL:${TICKETS_OPERATOR:+by}\"; exit 7; }\n";
    let b = with(&["job", "command"], more, script);
    let run = |words: &[&str]| b.run(&[&["modules", "run", "it"], words].concat(), b"");
    for (words, want) in [
        (&["job"][..], "count"),
        (&["job", "count"], "count"),
        (&["job", "nightly"], "nightly"),
    ] {
        let ran = run(words);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(head(&ran)["job"], want);
    }
    run(&["job", "bogus"]).is(
        64,
        "",
        "tickets: module it: it has no job \"bogus\"\nhint: it has count, nightly\n",
    );
    run(&["command", "look", "5", "--x"]).is(7, "command look 5 --x:1:by\n", "");
    run(&["--for-real", "command", "look"]).is(7, "command look::by\n", "");
    run(&["command"]).is(7, "command see:1:by\n", "");
    run(&["command", "5"]).is(
        64,
        "",
        "tickets: module it: it has no command \"5\"\nhint: it has see, look\n",
    );
}

#[test]
fn what_the_manifest_does_not_name_is_not_tried() {
    // G3
    let more = "data_version = 1\n[[page]]\npath = \"/list\"\ntitle = \"x\"\n[[verb]]\nname = \"priority\"\n";
    let script = "#!/bin/sh\ntest $1 = page && printf 'Content-Type: text/plain\\n\\n%s\\n' \"$PATH_INFO\" && exit\n\
                  echo '{\"done\":\"x\"}'\n";
    let b = with(&["page", "verb", "setup"], more, script);
    b.says("modules upgrade it", "it: data set up, version 1\n");
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        b.run(&[&["modules", "run", "it"], &words[..]].concat(), b"")
    };
    for (words, why, hint) in [
        ("page /nolist", "it has no page \"/nolist\"", "it has /list"),
        (
            "page /listing",
            "it has no page \"/listing\"",
            "it has /list",
        ),
        (
            "verb prio high",
            "it has no verb \"prio\"",
            "it has priority",
        ),
        (
            "setup",
            "`run` does not ask for its setup",
            "`tickets modules upgrade it` sets up its data, and `tickets modules check it` tries that on new data",
        ),
    ] {
        let said = format!("tickets: module it: {why}\nhint: {hint}\n");
        run(words).is(64, "", &said);
    }
    for (words, path) in [
        ("page", "/list"),
        ("page /list?a=/b", "/list"),
        ("page /list/12", "/list/12"),
    ] {
        let ran = run(words);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let shown = format!("field   content-type: text/plain\n{path}\ntime ");
        assert!(ran.stdout.contains(&shown), "{ran:?}");
    }
    let ran = run("verb priority high");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(shown(&ran), ["answer  {\"done\":\"x\"}", "done    x"]);
}

#[test]
fn nobody_is_called_unless_it_is_for_real() {
    // G3
    let points = ["filter", "observer", "timeline", "page", "check", "job"];
    let more = "[[page]]\npath = \"/\"\ntitle = \"x\"\n[[job]]\nname = \"x\"\n";
    let script = "#!/bin/sh\necho \"trial=$TICKETS_TRIAL\" >&2\nexit 1\n";
    let b = with(&points, more, script);
    for point in points {
        for (words, want) in [(&[][..], "trial=1"), (&["--for-real"], "trial=")] {
            let ran = b.run(&[&["modules", "run", "it", point], words].concat(), b"");
            let fault = format!("tickets: module it: it exited with status 1: {want}\n");
            assert_eq!((ran.status, ran.stderr), (75, fault), "{point}");
        }
    }
}

#[test]
fn an_observer_that_is_tried_changes_no_ticket() {
    // G3, G6
    let script = "#!/bin/sh\nread -r head; n=${head#*\\\"ticket\\\":}; n=${n%%[!0-9]*}\n\
        echo \"$n\" >>told; \"$TICKETS_BIN\" close --quiet $n\n";
    let b = with(&["observer"], "", script);
    for n in 1..=12 {
        let mail = format!("From: ann@example.net\nSubject: Hi\n\n{n}\n");
        b.file("submit", mail);
    }
    b.take_sent();
    let (names, before) = (b.names(), b.mbox("12"));
    let mail = "From: Joe <joe@vendor.example>\nSubject: Mine\n\nx\n";
    for words in [&["observer"][..], &["observer", "--for-real"]] {
        let ran = b.run(
            &[&["modules", "run", "it"], words].concat(),
            mail.as_bytes(),
        );
        // The commands of the desk that it uses find no such ticket.
        assert_eq!(ran.status, 75, "{ran:?}");
        assert!(ran.stderr.contains("it exited with status 66"), "{ran:?}");
        assert_eq!(head(&ran)["event"]["subject"], "Mine");
    }
    assert_eq!((b.names(), b.mbox("12")), (names, before));
    assert_eq!(b.take_sent_in_short(), [""; 0]);
    // What it keeps is kept where it always is.
    let told = std::fs::read_to_string(b.ticket(".tickets/modules/it/data/told")).unwrap();
    assert_eq!(told, "12\n999999999\n");
}

#[test]
fn of_a_command_of_the_desk_that_fails_the_fault_is_told_and_not_the_hint() {
    // G3
    for (said, told) in [
        (
            "tickets: there is no ticket 12\nhint: `tickets list` shows them\n",
            ": tickets: there is no ticket 12",
        ),
        (
            "hint: look into the manual\n",
            ": hint: look into the manual",
        ),
        ("Traceback\nKeyError: 'x'\n", ": KeyError: 'x'"),
        ("\n \n", ""),
    ] {
        let b = with(&["filter"], "", "");
        b.put("said", said.as_bytes());
        let script = format!("#!/bin/sh\ncat {} >&2\nexit 66\n", b.path("said").display());
        put(&b, "it", &["filter"], "", &script);
        let ran = b.run(&["modules", "run", "it", "filter"], b"");
        let fault = format!("tickets: module it: it exited with status 66{told}\n");
        assert_eq!((ran.status, ran.stderr), (75, fault));
    }
}

#[test]
fn a_built_in_part_is_no_module_to_try() {
    // G1, G3
    let b = with(&["filter"], "", "");
    for words in [
        &["check", "search"][..],
        &["enable", "search"],
        &["disable", "search"],
        &["run", "search", "filter"],
    ] {
        b.run(&[&["modules"], words].concat(), b"").is(
            64,
            "",
            "tickets: search is a built-in part\n\
             hint: in the configuration, [parts] off = [\"search\"] switches it off\n",
        );
    }
}

#[test]
fn a_command_of_a_module_that_is_off_or_broken_leads_to_the_module() {
    // G3, G4
    let more = "[[command]]\nname = \"spam\"\nsummary = \"x\"\n";
    let b = with(&["command"], more, "#!/bin/sh\necho ran\n");
    let says = |hint: &str| {
        let said = format!("tickets: unrecognized subcommand 'spam'\nhint: {hint}\n");
        b.run(&["spam", "1"], b"").is(64, "", &said);
    };
    says("the module it is off: `tickets modules enable it`");
    b.configure(&format!("{}modules = [\"it\"]\n", path_line(&b)));
    b.says("spam 1", "ran\n");
    let program = b.path("modules/it/run");
    set_mode(&program, 0o644);
    let program = program.display();
    says(&format!(
        "the module it is left out: {program} is not executable: chmod +x"
    ));
    // One that would not get it leads nowhere.
    put(&b, "it", &["filter"], more, "#!/bin/sh\n");
    b.configure(&path_line(&b));
    says("it comes later; `tickets close --quiet 1` closes without telling anybody");
}

#[test]
fn what_nobody_can_have_meant_is_said() {
    // G3
    let b = with(
        &["filter", "job", "page", "verb", "timeline"],
        "timeout = \"2 min\"\ntimeuot = \"3 s\"\ndata_version = 1\nevents = [\"opened\", \"reopend\"]\n\
         [[job]]\nname = \"hand\"\n[[command]]\nname = \"see\"\nsummary = \"x\"\n",
        "#!/bin/sh\r\n",
    );
    let said = [
        "the first line of run ends in CR LF: `sed -i 's/\\r$//' run`",
        "this program knows no key `timeuot`; is `timeout` meant?",
        "it has [[command]], but `points` has no \"command\"",
        "`points` has \"page\", but it has no [[page]]",
        "`points` has \"verb\", but it has no [[verb]]",
        "`points` has \"timeline\", but it has no [[timeline.filters]]",
        "it has events, but `points` has no \"observer\"",
        "it has data_version, but `points` has no \"setup\"",
        "events: \"reopend\" is no kind of event; there are opened, mail, reply, closed, re-opened, quiet, automatic",
        "timeout: at filter it has no more than 1m",
        "timeout: at timeline it has no more than 1m",
        "timeout: at page it has no more than 1m",
        "timeout: at verb it has no more than 1m",
        "the job hand has no time of its own: it runs where [job.NAME] has run = \"it.hand\"",
    ];
    let ran = b.run(&["modules", "check", "it"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let all = said.map(|line| format!("{line}\n")).concat();
    assert!(ran.stdout.contains(&all), "{}", ran.stdout);
    put(
        &b,
        "it",
        &["filter"],
        "timeout = \"2 min\"\n",
        "#!/bin/sh\n",
    );
    b.run(&["modules", "enable", "it"], b"").is(
        0,
        "it is on: filter\n",
        "tickets: module it: timeout: at filter it has no more than 1m\n",
    );
    // What is on is looked at by whoever looks at the desk, but a limit that is too long harms nobody.
    let checked = b.run(&["check"], b"").stdout;
    assert!(
        checked.contains("\nok    module it: it is on\n"),
        "{checked}"
    );
    put(
        &b,
        "it",
        &["filter", "dream", "job"],
        "timeuot = \"3 s\"\n",
        "#!/bin/sh\n",
    );
    let checked = b.run(&["check"], b"").stdout;
    let manifest = b.path("modules/it/module.toml");
    for why in [
        "points: this program knows no point \"dream\"",
        "this program knows no key `timeuot`; is `timeout` meant?",
        "`points` has \"job\", but it has no [[job]]",
    ] {
        let warns = format!(
            "\nwarn  module it: {why}\n      mend: correct {}\n",
            manifest.display()
        );
        assert_eq!(checked.matches(&warns).count(), 1, "{checked}");
    }
    let events = "events = [\"opened\", \"bogus\", \"reopend\"]\n";
    put(&b, "it", &["observer"], events, "#!/bin/sh\n");
    let on = b.run(&["modules", "enable", "it"], b"");
    let checked = b.run(&["check"], b"").stdout;
    for odd in ["bogus", "reopend"] {
        let why = format!("events: {odd:?} is no kind of event; there are opened, mail, ");
        assert_eq!(on.stderr.matches(&why).count(), 1, "{on:?}");
        let warns = format!("\nwarn  module it: {why}");
        assert_eq!(checked.matches(&warns).count(), 1, "{checked}");
    }
}

#[test]
fn a_misspelt_point_is_told_and_without_any_other_it_is_refused() {
    // G3
    let b = with(&["check", "fliter"], "", "#!/bin/sh\n");
    let remark = "points: this program knows no point \"fliter\"; is \"filter\" meant?";
    let ran = b.run(&["modules", "check", "it"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.stdout.lines().nth(1), Some(remark), "{ran:?}");
    b.run(&["modules", "enable", "it"], b"").is(
        0,
        "it is on: check, fliter (unknown here)\n",
        &format!("tickets: module it: {remark}\n"),
    );
    b.says("modules disable it", "it is off\n");
    let before = std::fs::read(b.path("config.toml")).unwrap();
    let manifest = b.path("modules/it/module.toml").display().to_string();
    put(&b, "it", &["fliter"], "", "#!/bin/sh\n");
    let wrong = format!("tickets: module it: {manifest}: {remark}\n");
    for line in [
        "modules check it",
        "modules enable it",
        "modules run it filter",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        b.run(&words, b"").is(78, "", &wrong);
    }
    let none = "`points` does not say what it is asked: one or more of filter, observer, timeline, job, command, \
                page, check, verb, setup";
    put(&b, "it", &[], "pionts = [\"filter\"]\n", "#!/bin/sh\n");
    let wrong = format!("tickets: module it: {manifest}: {none}\n");
    b.run(&["modules", "enable", "it"], b"").is(78, "", &wrong);
    assert_eq!(std::fs::read(b.path("config.toml")).unwrap(), before);
    let listed = b.run(&["modules", "--json"], b"").stdout;
    let listed = listed.lines().last().unwrap_or_default();
    let listed: serde_json::Value = serde_json::from_str(listed).unwrap();
    assert_eq!(listed["name"], "it");
    assert_eq!(listed["why"], format!("{manifest}: {none}"));
}

#[test]
fn without_what_it_needs_a_module_is_not_tried() {
    // G3
    let finding = r#"{"findings":[{"level":"bad","what":"url is not set","mend":"write it"}]}"#;
    let script = format!("#!/bin/sh\ntest $1 = check && {{ echo '{finding}'; exit; }}\nexit 1\n");
    let b = with(
        &["filter", "check", "job"],
        "[[job]]\nname = \"x\"\n",
        &script,
    );
    let ran = b.run(&["modules", "check", "it"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let end = "filter    not tried\njob       not run\n\
               the job x has no time";
    assert!(
        !ran.stdout.contains("BROKEN") && !ran.stdout.contains(end),
        "{ran:?}"
    );
    let end = "filter    not tried\njob       not run\nit cannot be used yet: url is not set\nmend: write it\n";
    assert!(ran.stdout.ends_with(end), "{}", ran.stdout);
}

#[test]
fn a_timeline_says_whose_events_are_missing_until_an_upgrade() {
    // G8
    let b = desk();
    b.works("modules enable spam");
    b.file("submit", "From: ann@example.net\nSubject: Printer\n\nx\n");
    put(&b, "spam", &POINTS, &MORE.replace('2', "3"), SPAM);
    let missing = "tickets: events of the module spam are missing: it needs an upgrade of its data: `tickets modules upgrade spam`\n";
    for (args, said) in [
        (&["timeline"][..], missing),
        (&["timeline", "--events", "opened"], ""),
    ] {
        let ran = b.run(args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, said));
    }
    let check = b.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let warning =
        "warn  module spam: it needs an upgrade of its data: `tickets modules upgrade spam`\n";
    assert!(check.contains(warning), "{check}");
}
