//! What helps to write a module: `tickets modules new`, `run` and `check`.

use super::shelf::{path_line, put, put_zoo, set_mode, shelf};
use super::switch::{MORE, POINTS, SPAM, desk};
use crate::bench::{Bench, Ran, finish};
use regex::Regex;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// What a command said, with `N` for each number of milliseconds.
fn without_times(ran: &Ran) -> String {
    let times = Regex::new(r"(?m)(^time +|  )\d+( ms$|  )").unwrap();
    let once = times.replace_all(&ran.stdout, "${1}N${2}");
    let twice = times.replace_all(&once, "${1}N${2}");
    let blanks = Regex::new("  +").unwrap();
    blanks.replace_all(&twice, "  ").into_owned()
}

#[test]
fn a_new_module_passes_the_trial_and_can_be_switched_on() {
    // G3
    for lang in ["sh", "python"] {
        if lang == "python" && !Path::new("/usr/bin/python3").exists() {
            eprintln!("SKIPPED: a module in Python, since python3 is not installed");
            continue;
        }
        let b = Bench::new();
        shelf(&b);
        // The first directory in which the user may write.
        b.configure(&format!(
            "modules_path = [\"/proc/modules\", {:?}]\n",
            shelf(&b)
        ));
        b.make_store();
        let dir = shelf(&b).join("mine");
        let at = dir.display();
        let ran = b.run(&["modules", "new", "mine", "--lang", lang], b"");
        ran.is(
            0,
            &format!(
                "wrote {at}/module.toml and run\n\
                 try it:       tickets modules check mine\n\
                 switch it on: tickets modules enable mine\n"
            ),
            "",
        );
        assert_eq!(fs::read_dir(shelf(&b)).unwrap().count(), 1);
        assert!(fs::read_to_string(dir.join("run")).unwrap().lines().count() <= 12);
        assert_eq!(
            fs::metadata(dir.join("run")).unwrap().permissions().mode() & 0o777,
            0o755
        );
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        b.make_dir("corpus");
        let mut mails = 15;
        for mail in fs::read_dir(corpus).unwrap().map(|it| it.unwrap().path()) {
            if mail.extension().is_some_and(|it| it == "eml") {
                b.put(
                    &format!("corpus/{}", mail.file_name().unwrap().display()),
                    &fs::read(&mail).unwrap(),
                );
                mails += 1;
            }
        }
        assert!(mails > 30, "{mails}");
        let ran = b.run(&["modules", "check", "mine", "--corpus", "corpus"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert_eq!(
            without_times(&ran),
            format!(
                "{at}: its manifest and the owner of its files are right\n  ms (median, longest)\n\
                 filter  {mails} mails  N  N  ok\nfilter  16 MiB  N  N  ok\n\
                 filter  the same twice  N  N  ok\nfilter  without a home  N  N  ok\n\
                 filter  eight at once  N  N  ok\ncheck  the same twice  N  N  ok\n\
                 check  without a home  N  N  ok\ncheck  eight at once  N  N  ok\n"
            )
        );
        b.says("modules enable mine", "mine is on: filter, check\n");
        let virus = b"Subject: Hi\nX-Virus-Status: infected\n\nx\n";
        let ran = b.run(&["modules", "run", "mine", "filter"], virus);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let answer = "\nanswer  {\"go\":\"quarantine\",\"reason\":\"a virus was found\"}\n";
        assert!(ran.stdout.contains(answer), "{}", ran.stdout);
        let ran = b.run(
            &["modules", "run", "mine", "filter"],
            b"Subject: Hi\n\nX-Virus-Status: infected\n",
        );
        assert!(ran.stdout.contains("\nanswer  nothing\n"), "{}", ran.stdout);
    }
}

#[test]
fn a_module_is_written_only_where_there_is_none() {
    // G3
    let b = desk();
    let usage = |name: &str, why: &str| {
        let fault = format!("tickets: cannot write {name:?}: {why}\n");
        b.run(&["modules", "new", name], b"").is(64, "", &fault);
    };
    let spam = shelf(&b).join("spam");
    let there = format!("there is one of that name already, {}", spam.display());
    usage("spam", &there);
    usage("stats", "it is the name of a built-in part");
    let long = "a name begins with a letter, and has at most 32 of a-z, 0-9 and -";
    usage("../x", long);
    usage("A", long);
    set_mode(&shelf(&b), 0o555);
    let ran = b.run(&["modules", "new", "mine"], b"");
    assert_eq!((ran.status, ran.stdout.as_str()), (77, ""));
    let fault =
        "tickets: cannot write to any directory of modules_path\nhint: `sudo install -d -o ";
    assert!(
        ran.stderr.starts_with(fault) && ran.stderr.contains("` gives it to "),
        "{ran:?}"
    );
}

#[test]
fn a_run_shows_the_beginning_of_what_is_no_answer_and_each_event_that_is_wrong() {
    // G7
    let b = desk();
    let more = "[[timeline.filters]]\nname = \"call\"\nlabel = \"Calls\"\n";
    let script = "#!/bin/sh\ntest $1 = filter && exec seq 1000\n\
        echo '{\"at\":3,\"kind\":\"calls\"}'\necho '{\"at\":2,\"kind\":\"call\"}'\necho '{\"at\":1,\"kind\":\"call\",\"ticket\":0}'\n";
    put(&b, "spam", &["filter", "timeline"], more, script);
    b.make_store();
    let ran = b.run(&["modules", "run", "spam", "filter"], b"");
    let fault = "tickets: module spam: its answer is no JSON object: trailing characters at line 2 column 1: \"1\"\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (75, fault), "{ran:?}");
    let shown = without_times(&ran);
    let (_, shown) = shown.split_once('\n').unwrap();
    let twenty: String = (1..=20).map(|n| format!("printed {n}\n")).collect();
    let made_up = "mail  made up, since standard input had none\n";
    assert_eq!(
        shown,
        format!("{made_up}{twenty}printed ... and more\ntime  N ms\n")
    );

    let ran = b.run(&["modules", "run", "spam", "timeline"], b"");
    let shown = without_times(&ran);
    let (_, shown) = shown.split_once('\n').unwrap();
    let wrong = "its manifest has no [[timeline.filters]] with the name \"calls\"";
    assert_eq!(
        shown,
        format!(
            "event  {{\"at\":3,\"kind\":\"calls\"}}\nwrong  {wrong}\n\
            event  {{\"at\":2,\"kind\":\"call\"}}\n\
            event  {{\"at\":1,\"kind\":\"call\",\"ticket\":0}}\nwrong  ticket is 0, no number of one\ntime  N ms\n"
        )
    );
    let fault = format!("tickets: module spam: {wrong}\n");
    assert_eq!((ran.status, ran.stderr), (75, fault));
}

#[test]
fn a_run_shows_all_of_it() {
    // G7: what a stranger wrote is in the line, and nowhere else.
    let b = desk();
    b.works("modules enable spam");
    put(
        &b,
        "spam",
        &["filter"],
        MORE,
        "#!/bin/sh\necho \"$@\" >&2; env | grep reboot >&2\necho '{\"go\":\"on\",\"note\":\"hm\"}'\n",
    );
    let mail = "From: \"$(reboot)\" <a@x.example>\nSubject: $(reboot)\nMessage-ID: <1@x>\n\n";
    let ran = b.run(&["modules", "run", "spam", "filter"], mail.as_bytes());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let lines: Vec<String> = without_times(&ran).lines().map(str::to_owned).collect();
    let head: serde_json::Value =
        serde_json::from_str(lines[0].strip_prefix("head  ").unwrap()).unwrap();
    assert_eq!(head["message"]["subject"], "$(reboot)");
    assert_eq!(head["message"]["from"]["name"], "$(reboot)");
    assert_eq!(head["size"], mail.len());
    assert_eq!(
        lines[1..],
        [
            "answer  {\"go\":\"on\",\"note\":\"hm\"}",
            "stderr  filter",
            "then  it goes on",
            "time  N ms"
        ]
    );
    // Not even a module that fails ever rests for it.
    put(
        &b,
        "spam",
        &["filter"],
        MORE,
        "#!/bin/sh\necho oh no >&2; exit 3\n",
    );
    for _ in 0..4 {
        let ran = b.run(&["modules", "run", "spam", "filter"], b"");
        let fault = "tickets: module spam: it exited with status 3: oh no\n";
        assert_eq!((ran.status, ran.stderr.as_str()), (75, fault));
        assert!(ran.stdout.contains("\nstderr  oh no\ntime "), "{ran:?}");
    }
    let list = b.run(&["modules"], b"").stdout;
    assert!(list.contains(" on ") && !list.contains("fault"), "{list}");
    for (point, fault) in [
        ("job", "it has no point job\nhint: it has filter"),
        ("check", "it has no point check\nhint: it has filter"),
    ] {
        let fault = format!("tickets: module spam: {fault}\n");
        b.run(&["modules", "run", "spam", point], b"")
            .is(64, "", &fault);
    }
    b.run(&["modules", "run", "spam", "hook"], b"").is(
        64,
        "",
        "tickets: invalid value 'hook' for '<POINT>': there are filter, observer, timeline, job, command, page, check, verb, setup\n\
         hint: `tickets modules run --help` shows its options\n",
    );
}

#[test]
fn pages_and_verbs_can_be_tried() {
    // G7
    let b = Bench::new();
    let script = r#"#!/bin/sh
case $1 in
page)
    test "$PATH_INFO" = /list/none && { echo hm >&2; exit 1; }
    test "$PATH_INFO" = /list/odd && { echo warned >&2; printf 'hello\n\nx'; exit; }
    printf 'Content-Type: text/html\r\nSet-Cookie: x\r\n\r\n'
    echo "$GATEWAY_INTERFACE $REQUEST_METHOD $SCRIPT_NAME $PATH_INFO $QUERY_STRING $TICKETS_SETTINGS"
    ;;
verb)
    read -r head
    case $head in
    *'"args":["none"]'*) cat >&2; echo nothing to say >&2 ;;
    *'"args":["odd"]'*) echo '{"ok":true}' ;;
    *'"args":["garbage"]'*) echo OK ;;
    *'"args":["high"]'*'"verb":"priority"'*) echo warned >&2; echo '{"done":"it is high now"}' ;;
    *'"verb":"priority"'*) echo '{"refused":"high or low?"}' ;;
    esac
    ;;
esac
"#;
    let more = "[[page]]\npath = \"/list\"\ntitle = \"Spam\"\n[[verb]]\nname = \"priority\"\nargs = \"LEVEL\"\n";
    put(&b, "spam", &["page", "verb"], more, script);
    b.configure(&format!("{}[module.spam]\na = 1\n", path_line(&b)));
    b.make_store();
    let run = |words: &[&str]| {
        let ran = b.run(&[&["modules", "run", "spam"], words].concat(), b"");
        (ran.status, without_times(&ran), ran.stderr)
    };
    assert_eq!(
        run(&["page", "/list?a=$(x)&b"]),
        (
            0,
            "status  200\nfield  content-type: text/html\n\
             CGI/1.1 GET /m/spam /list a=$(x)&b {\"a\":1}\ntime  N ms\n"
                .into(),
            String::new()
        )
    );
    assert_eq!(
        run(&["page", "/list/none"]),
        (
            75,
            "stderr  hm\ntime  N ms\n".into(),
            "tickets: module spam: it exited with status 1: hm\n".into()
        )
    );
    assert_eq!(
        run(&["page", "/list/odd"]),
        (
            75,
            "printed hello\nprinted \nprinted x\nstderr  warned\ntime  N ms\n".into(),
            "tickets: module spam: a line of its header has no colon\n".into()
        )
    );
    for (word, rest) in [
        (
            "high",
            "answer  {\"done\":\"it is high now\"}\nstderr  warned\ndone  it is high now\ntime  N ms\n",
        ),
        (
            "-rf",
            "answer  {\"refused\":\"high or low?\"}\nrefused high or low?\ntime  N ms\n",
        ),
        (
            "none",
            "answer  nothing\nstderr  nothing to say\ntime  N ms\n",
        ),
        ("odd", "answer  {\"ok\":true}\ntime  N ms\n"),
        ("garbage", "printed OK\ntime  N ms\n"),
    ] {
        let (status, said, fault) = run(&["verb", "priority", word]);
        let (head, end) = said.split_once('\n').unwrap();
        let head: serde_json::Value =
            serde_json::from_str(head.strip_prefix("head  ").unwrap()).unwrap();
        assert_eq!(head["args"][0], word);
        assert_eq!(end, rest);
        let why = match word {
            "none" | "odd" => "tickets: module spam: it says neither done nor refused, or both\n",
            "garbage" => {
                "tickets: module spam: its answer is no JSON object: expected value at line 1 column 1: \"OK\"\n"
            }
            _ => "",
        };
        assert_eq!(
            (status, fault.as_str()),
            (if why.is_empty() { 0 } else { 75 }, why)
        );
    }
    let ran = b.run(&["modules", "check", "spam"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let table = without_times(&ran);
    assert!(
        table.ends_with("page  each page  N  N  ok\nverb  each verb  N  N  ok\n"),
        "{table}"
    );
}

#[test]
fn the_trial_says_which_observer_takes_longer_than_a_delivery_waits() {
    // G6, G7
    let b = desk();
    let script = "#!/bin/sh\ntest -n \"$HOME\" || exec sleep 5.1\n";
    put(&b, "spam", &["observer"], "", script);
    let ran = b.run(&["modules", "check", "spam"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let slow =
        "  ok, but a delivery waits 5 s for it, ends it then, and `tickets flush` tells it again";
    let is_slow = |line: &&str| line.ends_with(slow);
    let slow: Vec<&str> = ran.stdout.lines().filter(is_slow).collect();
    assert_eq!(slow.len(), 1, "{}", ran.stdout);
    assert!(slow[0].starts_with("observer  without a home "), "{slow:?}");
    assert!(!ran.stdout.contains("BROKEN"), "{}", ran.stdout);
}

#[test]
fn the_trial_says_on_a_terminal_what_it_is_trying() {
    // G3: it may take minutes.
    const ON_TERMINAL: &str = "import os, pty, sys\n\
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))\n";
    let b = desk();
    put(&b, "spam", &["filter"], "", "#!/bin/sh\n");
    let mut command = Command::new("python3");
    command.args(["-c", ON_TERMINAL]);
    command.arg(crate::bench::binary());
    command.args(["modules", "check", "spam"]);
    b.as_ordinary_user(&mut command);
    let ran = finish(command, b"");
    assert_eq!(ran.status, 0, "{ran:?}");
    let tried: Vec<&str> = ran.stdout.split("\r\u{1b}[K").collect();
    let (table, lines) = tried.split_last().unwrap();
    let lines: Vec<&str> = lines.iter().copied().filter(|it| !it.is_empty()).collect();
    assert_eq!(
        lines,
        [
            "filter: 15 mails ...",
            "filter: 16 MiB ...",
            "filter: the same twice ...",
            "filter: without a home ...",
            "filter: eight at once ...",
        ]
    );
    assert!(!table.contains("..."), "{table:?}");
    assert!(table.contains(" ok\r\n"), "{table:?}");
}

#[test]
fn the_trial_finds_every_animal_that_misbehaves() {
    // G3: each of them as a filter with a short limit.
    let b = Bench::new();
    let names = put_zoo(&b, &["filter"], "timeout = \"300 ms\"\n");
    b.configure(&path_line(&b));
    let mut table = String::new();
    for name in &names {
        let ran = b.run(&["modules", "check", name], b"");
        let broken = ran
            .stdout
            .lines()
            .find_map(|line| line.split_once("BROKEN: "));
        let why = match (&*ran.stderr, broken) {
            ("", None) => "",
            ("", Some((_, why))) => why,
            (fault, _) => fault.trim_end(),
        };
        let why = why.replace(&shelf(&b).display().to_string(), "<shelf>");
        table += format!("{name}: {} {why}", ran.status).trim_end();
        table += "\n";
    }
    let about = "about the mail \"plain\":";
    let gone = "about the mail \"plain\": the interpreter that the first line of <shelf>/";
    let no_object = "about the mail \"plain\": its answer is no JSON object:";
    assert_eq!(
        table,
        format!(
            "badinterp: 1 {gone}badinterp/run names is not there\n\
             badutf8: 1 {no_object} invalid unicode code point at line 1 column 10: \"{{\"note\":\"�\"}}\"\n\
             bom: 1 {no_object} expected value at line 1 column 1: \"\\u{{feff}}{{\"go\":\"on\"}}\"\n\
             closesout: 1 {about} it did not answer within 300 ms\n\
             crlf: 0\n\
             crlfscript: 1 {about} the first line of <shelf>/crlfscript/run ends in CR LF\n\
             daemon: 0\n\
             empty: 0\n\
             flood: 1 {about} it said more than 64 KiB\n\
             hang: 1 {about} it did not answer within 300 ms\n\
             ignoreterm: 1 {about} it did not answer within 300 ms\n\
             killed: 1 {about} it was killed by signal 9\n\
             nohashbang: 1 {about} it cannot be started: a script needs a first line such as #!/bin/sh\n\
             noread: 0\n\
             notexec: 78 tickets: module notexec: <shelf>/notexec/run is not executable: chmod +x\n\
             ok: 0\n\
             partial: 1 {about} it did not answer within 300 ms\n\
             setsid: 0\n\
             status3: 1 {about} it exited with status 3\n\
             two: 1 {no_object} trailing characters at line 2 column 1: \"{{\"go\":\"on\"}}\"\n\
             virus: 0\n\
             warnfirst: 1 {no_object} expected value at line 1 column 1: \"DeprecationWarning: blah\"\n"
        )
    );
}

#[test]
fn the_trial_tells_a_module_that_it_is_one() {
    // G3: nobody is called, and the real data stays as it is.
    let b = desk();
    b.works("modules enable spam");
    let script = SPAM.replace(
        "timeline)",
        "observer) echo \"$TICKETS_TRIAL\" >\"$TICKETS_DATA/trial\"; test \"$TICKETS_TRIAL\" = 1 ;;\ntimeline)",
    );
    put(
        &b,
        "spam",
        &[&POINTS[..], &["observer"]].concat(),
        MORE,
        &script,
    );
    let mut command = Command::new("true");
    b.as_ordinary_user(&mut command);
    finish(command, b"").silent();
    let ran = b.run(&["modules", "check", "spam"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let table = without_times(&ran);
    for row in [
        "setup  new data  N  N  ok\n",
        "observer  15 mails  N  N  ok\n",
        "timeline  all events  N  N  ok\n",
        "command  not run\n",
    ] {
        assert!(table.contains(row), "{table}");
    }
    assert!(!b.ticket(".tickets/modules/spam/data/trial").exists());
}
