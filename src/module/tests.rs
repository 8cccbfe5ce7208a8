//! The modules of tests/zoo, each of which misbehaves in a way of its own, and the questions that modules get.

use super::*;
use serde_json::{Map, Value, json};

/// The animal `run` of tests/zoo, with `more` in its manifest. Its store is in `dir`.
pub(super) fn animal(dir: &tempfile::TempDir, run: &str, more: &str) -> Module {
    let text = format!(
        "name = \"zoo\"\nversion = \"1\"\nprotocol = 1\nsummary = \"an animal\"\nrun = {run:?}\n\
         points = [\"filter\"]\n{more}"
    );
    let found = Runnable {
        manifest: Manifest::parse("zoo", &text).unwrap(),
        dir: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zoo").into(),
    };
    let host = Host {
        store: dir.path().to_owned(),
        config: None,
        project: String::new(),
    };
    Module::new(found, Switched::default(), &host)
}

fn filter(mail: &[u8]) -> Request<'_> {
    Request {
        point: Point::Filter,
        head: Head::default(),
        mail: Some(RawMail::Bytes(mail)),
        limit: None,
    }
}

#[test]
fn every_animal_of_the_zoo_comes_to_a_known_end() {
    // G5, G6. A limit that is short for those that run into it, and none for the others.
    let short = "timeout = \"200 ms\"";
    let zoo: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zoo");
    let no_object = |why: &str| format!("its answer is no JSON object: {why}");
    let table: &[(&str, &str, Result<&str, String>)] = &[
        (
            "badinterp",
            "",
            Err(format!(
                "the interpreter that the first line of {zoo}/badinterp names is not there"
            )),
        ),
        (
            "badutf8",
            "",
            Err(no_object(
                "invalid unicode code point at line 1 column 10: \"{\"note\":\"\u{fffd}\"}\"",
            )),
        ),
        (
            "bom",
            "",
            Err(no_object(
                r#"expected value at line 1 column 1: "\u{feff}{"go":"on"}""#,
            )),
        ),
        ("closesout", "", Ok(r#"{"go":"on"}"#)),
        ("crlf", "", Ok(r#"{"go":"on"}"#)),
        (
            "crlfscript",
            "",
            Err(format!("the first line of {zoo}/crlfscript ends in CR LF")),
        ),
        ("daemon", "", Ok(r#"{"go":"on"}"#)),
        ("empty", "", Ok("{}")),
        ("flood", "", Err("it said more than 64 KiB".into())),
        ("hang", short, Err("it did not answer within 200 ms".into())),
        (
            "ignoreterm",
            short,
            Err("it did not answer within 200 ms".into()),
        ),
        ("killed", "", Err("it was killed by signal 9".into())),
        (
            "nohashbang",
            "",
            Err("it cannot be started: a script needs a first line such as #!/bin/sh".into()),
        ),
        ("noread", "", Ok(r#"{"go":"on"}"#)),
        (
            "notexec",
            "",
            Err("it cannot be started: Permission denied (os error 13)".into()),
        ),
        ("ok", "", Ok(r#"{"go":"on"}"#)),
        (
            "partial",
            short,
            Err("it did not answer within 200 ms".into()),
        ),
        ("setsid", "", Ok(r#"{"go":"on"}"#)),
        ("status3", "", Err("it exited with status 3".into())),
        (
            "two",
            "",
            Err(no_object(
                r#"trailing characters at line 2 column 1: "{"go":"on"}""#,
            )),
        ),
        (
            "virus",
            "",
            Ok(r#"{"go":"quarantine","reason":"a virus was found"}"#),
        ),
        (
            "warnfirst",
            "",
            Err(no_object(
                "expected value at line 1 column 1: \"DeprecationWarning: blah\"",
            )),
        ),
        ("missing", "", Err(format!("there is no {zoo}/missing"))),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (run, more, want) in table {
        let module = animal(&dir, run, more);
        let asked = module.ask(filter(b"X-Virus-Status: Infected\n\nhello\n"));
        let got = asked.and_then(Asking::answer);
        let got = got
            .map(|answer| Value::Object(answer).to_string())
            .map_err(|e| e.to_string());
        assert_eq!(got, want.clone().map(str::to_owned), "{run}");
    }
    // Every one that is there was shown.
    for entry in std::fs::read_dir(zoo).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            table.iter().any(|(run, ..)| *run == name),
            "{name} is not in the table"
        );
    }
}

#[test]
fn a_module_reads_one_line_and_then_the_message_byte_for_byte() {
    // G7: what it reads, its arguments and its environment, as they are.
    let dir = tempfile::tempdir().unwrap();
    let mut module = animal(&dir, "ok", "");
    module.dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/module").into();
    module.manifest.run = "witness.sh".into();
    module
        .switched
        .settings
        .insert("url".into(), json!("http://localhost"));
    let mail = b"Subject: $(reboot)\r\n\n\0\xff -rf \"'\nlast line without an end";
    let request = Request {
        head: Head::default()
            .with("subject", "a\nb\u{1b}[1m")
            .with("list", vec![7; 101]),
        ..filter(mail)
    };
    assert_eq!(module.ask(request).unwrap().answer().unwrap(), Map::new());
    let data = dir.path().join(".tickets/modules/zoo/data");
    let read = |name: &str| std::fs::read(data.join(name)).unwrap();
    let head: Value = serde_json::from_slice(&read("head")).unwrap();
    let want = json!({
        "protocol": 1, "point": "filter", "module": "zoo", "project": "", "size": mail.len(),
        "subject": "a b [1m", "list": vec![7; 100], "cut": true, "settings": {"url": "http://localhost"},
    });
    assert_eq!(head, want);
    assert_eq!(read("mail"), mail);
    assert_eq!(read("argv"), b"filter\n");
    assert_eq!(read("pwd"), format!("{}\n", data.display()).into_bytes());
    let names = String::from_utf8(read("env")).unwrap();
    assert_eq!(names, include_str!("witness.env"));
}

#[test]
fn a_head_is_never_longer_than_64_kib() {
    let long = "ü\n".repeat(1 << 12);
    let table = [
        ("one long string", json!(long)),
        ("many strings", json!(vec![long.clone(); 1000])),
        ("lists in lists", json!(vec![vec![long.clone(); 50]; 50])),
    ];
    for (case, value) in table {
        let line = Head::default()
            .with("value", value)
            .line(&Map::new())
            .unwrap();
        assert!(line.len() <= 64 << 10, "{case}: {}", line.len());
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["cut"], true, "{case}");
        assert_eq!(line.matches('\n').count(), 1, "{case}");
    }
    let settings = Map::from_iter([("a".to_owned(), json!("x".repeat(40_000)))]);
    let line = Head::default().line(&settings);
    assert_eq!(line, Err("its settings are longer than 32 KiB".into()));
}

#[test]
fn a_key_that_nobody_knows_is_told() {
    // G3
    let good = "name = \"spam\"\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\n\
                points = [\"filter\"]\n";
    let all = "timeout = \"1 s\"\nserial = true\nraw = true\nevents = []\ndata_version = 1\n\
               [[timeline.filters]]\nname = \"a\"\nlabel = \"A\"\n[[command]]\nname = \"a\"\nsummary = \"s\"\n\
               [[job]]\nname = \"a\"\nat = \"@daily\"\ntimeout = \"1 s\"\n[[job]]\nname = \"b\"\nevery = \"1 h\"\n\
               [[page]]\npath = \"/\"\ntitle = \"t\"\nnav = true\n[[verb]]\nname = \"a\"\nargs = \"x\"\nby = \"admins\"\n";
    for (more, want) in [
        ("", &[][..]),
        (all, &[]),
        (
            "timeuot = \"3 s\"\nzzzzzz = 1",
            &[
                "this program knows no key `timeuot`; is `timeout` meant?",
                "this program knows no key `zzzzzz`",
            ],
        ),
        (
            "[[job]]\nname = \"a\"\nevry = \"1 h\"",
            &["[[job]]: this program knows no key `evry`; is `every` meant?"],
        ),
        (
            "[[command]]\nname = \"a\"\nsummary = \"s\"\ntimeout = \"3 s\"",
            &["[[command]]: this program knows no key `timeout`; does it belong above all tables?"],
        ),
        (
            "[[timeline.filters]]\nname = \"a\"\nlabel = \"A\"\nlable = \"A\"\n[timeline.fliters]\na = 1",
            &[
                "[[timeline.filters]]: this program knows no key `lable`; is `label` meant?",
                "[timeline]: this program knows no key `fliters`; is `filters` meant?",
            ],
        ),
        (
            "\"zzzz\\u001bzz\" = 1",
            &["this program knows no key `zzzz zz`"],
        ),
    ] {
        let manifest = Manifest::parse("spam", &format!("{good}{more}")).unwrap();
        assert_eq!(manifest.unknown_keys, want, "{more}");
    }
}

#[test]
fn a_manifest_that_is_wrong_says_what_and_where() {
    let good = "name = \"spam\"\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\n\
                points = [\"filter\"]\n";
    let points = |list: &str| good.replace("[\"filter\"]", list);
    let with = |line: &str| format!("{good}{line}\n");
    let table = [
        (with("new_key = 1"), None),
        (points("[\"filter\", \"telepathy\"]"), None),
        (
            points("[\"fliter\", \"telepathy\"]"),
            Some(
                "points: this program knows no point \"fliter\"; is \"filter\" meant?; \
                 this program knows no point \"telepathy\"",
            ),
        ),
        (
            points("[]"),
            Some(
                "`points` does not say what it is asked: one or more of filter, observer, timeline, job, command, \
                 page, check, verb, setup",
            ),
        ),
        (
            good.replace("points", "pionts"),
            Some(
                "`points` does not say what it is asked: one or more of filter, observer, timeline, job, command, \
                 page, check, verb, setup",
            ),
        ),
        (
            good.replace("spam", "ham"),
            Some("name is \"ham\", but its directory is \"spam\""),
        ),
        (
            good.replace("protocol = 1", "protocol = 2"),
            Some("it speaks protocol 2, and this program only 1: it needs a newer one"),
        ),
        (
            good.replace("protocol = 1", "protocol = 0"),
            Some("there is no protocol 0; write protocol = 1"),
        ),
        (
            good.replace("\"run\"", "\"../run\""),
            Some("run is \"../run\", no name below its directory"),
        ),
        (
            good.replace("\"run\"", "\"/bin/sh\""),
            Some("run is \"/bin/sh\", no name below its directory"),
        ),
        (
            good.replace("\"run\"", "\"\""),
            Some("run is \"\", no name below its directory"),
        ),
        (
            good.replace("\"s\"", "\"a\\nb\""),
            Some("summary is no line of at most 200 characters"),
        ),
        (
            good.replace("protocol = 1", "protocol = \"one\""),
            Some(
                "line 3: protocol: expected a whole number from 0 to 4294967295, not string \"one\"",
            ),
        ),
        (
            good.replace("run = \"run\"\n", ""),
            Some("it has no key `run`"),
        ),
        (
            good.replace("summary", "sumary"),
            Some("it has no key `summary`; is `sumary` meant for it?"),
        ),
        (
            with("[[command]]\nname = \"x\""),
            Some("line 7: the key `summary` is missing"),
        ),
        (
            good.replace("\"filter\"]", "\"filter\"]\nname = \"spam\""),
            Some("line 7: duplicate key `name`, which stands in line 1, too"),
        ),
        (
            with("timeout = \"soon\""),
            Some("timeout is \"soon\", no span of time such as \"10 s\""),
        ),
        (
            with("[[job]]\nname = \"x\"\nevery = \"1 h\"\ntimeout = \"3 min\""),
            None,
        ),
        (
            with("[[job]]\nname = \"x\"\nat = \"0 25 * * *\""),
            Some(
                "at of the job x: \"0 25 * * *\" is no time as in cron: the hour 25 is not 0 to 23",
            ),
        ),
        (
            with("[[job]]\nname = \"x\"\nevery = \"30 s\""),
            Some("every of the job x: once a minute is the most, and not every 30 s"),
        ),
        (
            with("[[job]]\nname = \"x\"\nevery = \"often\""),
            Some("every of the job x is \"often\", no span of time such as \"10 min\""),
        ),
        (
            with("[[job]]\nname = \"x\"\ntimeout = \"0 s\""),
            Some("timeout of the job x is \"0 s\", no span of time such as \"10 min\""),
        ),
        (
            with("[[job]]\nname = \"x\"\nevery = \"1 h\"\nat = \"@daily\""),
            Some("the job x has at and every; one is enough"),
        ),
        (
            with("[[job]]\nname = \"a23456789-b23456789-c23456789-x-y\""),
            Some("the job \"a23456789-b23456789-c23456789-x-y\" has more than 32 letters"),
        ),
        (
            with("[[command]]\nname = \"../x\"\nsummary = \"s\""),
            Some("\"../x\" is no lower-case word"),
        ),
        (
            with("[[page]]\npath = \"x\"\ntitle = \"s\""),
            Some("the path \"x\" of a page does not begin with /"),
        ),
        (
            "name = ".into(),
            Some("line 1: expected a value; text stands in quotes"),
        ),
        (
            good.replace("\"s\"", "spam"),
            Some("line 4: expected a value; text stands in quotes"),
        ),
        (
            points("\"filter\""),
            Some("line 6: points: expected a list, not string \"filter\""),
        ),
        (
            with("serial = \"yes\""),
            Some("line 7: serial: expected true or false, not string \"yes\""),
        ),
        (
            with("[command]\nname = \"x\"\nsummary = \"s\""),
            Some("line 7: `[[command]]` is meant, in two pairs of brackets"),
        ),
        (
            with("command = [\"x\"]"),
            Some("line 7: command: expected a table, not string \"x\""),
        ),
        (
            with("[[verb]]\nname = \"x\"\nby = \"admin\""),
            Some("line 9: by: expected `admins` or `participants`, not `admin`"),
        ),
    ];
    for (text, want) in table {
        let got = Manifest::parse("spam", &text).err();
        assert_eq!(got.as_deref(), want, "{text}");
    }
}
