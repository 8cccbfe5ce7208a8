//! Filters: modules that are asked about a message before it is filed (G5, G7).

use crate::bench::{Bench, own};
use crate::crash::{strace_is_here, under_strace};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A mail of Alice's to which every filter has something to say that looks for a virus.
pub const MAIL: &str = "From: Alice <alice@example.net>\nTo: submit@example.org\nSubject: Printer\n\
    Date: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.net>\nX-Virus-Status: infected\n\nIt burns.\n";

/// Puts the module `name` there, whose program has these bytes; `more` stands in its manifest.
pub fn install(b: &Bench, name: &str, program: &[u8], more: &str) {
    let dir = format!("modules/{name}");
    b.make_dir(&dir);
    for dir in ["modules", &dir] {
        fs::set_permissions(b.path(dir), Permissions::from_mode(0o755)).unwrap();
    }
    let manifest = format!(
        "name = {name:?}\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\npoints = [\"filter\"]\n{more}"
    );
    put(b, &format!("{dir}/module.toml"), manifest.as_bytes(), 0o644);
    put(b, &format!("{dir}/run"), program, 0o755);
}

fn put(b: &Bench, name: &str, bytes: &[u8], mode: u32) {
    b.put(name, bytes);
    fs::set_permissions(b.path(name), Permissions::from_mode(mode)).unwrap();
}

/// Switches these modules on, with more lines of configuration, and a log in a file.
pub fn switch_on(b: &Bench, names: &[&str], more: &str) {
    b.configure(&format!(
        "log = {:?}\nmodules = {names:?}\nmodules_path = [{:?}]\n{more}",
        b.path("log"),
        b.path("modules"),
    ));
}

/// A desk with a filter `f` that answers with what it is told to answer.
pub fn desk() -> Bench {
    let b = Bench::new();
    install(
        &b,
        "f",
        b"#!/bin/sh\ncat \"$TICKETS_MODULE_DIR/answer\"\n",
        "",
    );
    switch_on(&b, &["f"], "");
    b
}

/// Says what the filter of [`desk`] answers.
pub fn answers(b: &Bench, answer: &str) {
    put(b, "modules/f/answer", answer.as_bytes(), 0o644);
}

/// The files in quarantine.
pub fn held(b: &Bench) -> Vec<String> {
    let mut texts = Vec::new();
    for sub in ["new", "cur"] {
        let entries = fs::read_dir(b.ticket("quarantine").join(sub));
        for entry in entries.into_iter().flatten() {
            texts.push(fs::read_to_string(entry.unwrap().path()).unwrap());
        }
    }
    texts
}

/// The names in the store but for quarantine.
pub fn tickets(b: &Bench) -> Vec<String> {
    let mut names = b.names();
    names.retain(|name| name != "quarantine");
    names
}

/// What the log says of modules, without times.
fn log(b: &Bench) -> Vec<String> {
    let text = fs::read_to_string(b.path("log")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let line = line.split_once("module=")?.1;
        Some(line.split(" from=<").next()?.to_owned())
    });
    lines.collect()
}

/// The trace fields of modules in an mbox.
fn traces(b: &Bench, name: &str) -> Vec<String> {
    let mbox = b.mbox(name);
    let lines = mbox
        .lines()
        .filter(|line| line.starts_with("X-Tickets-Module:"));
    lines.map(str::to_owned).collect()
}

/// Each animal of the zoo, the limit that it gets, and why it fails; `None` if it says go on.
fn zoo(b: &Bench) -> Vec<(&'static str, Option<String>)> {
    let program = b.path("modules/zoo/run").display().to_string();
    let no_object = |why: &str| Some(format!("its answer is no JSON object: {why}"));
    let no_interpreter = || {
        Some(format!(
            "the interpreter that the first line of {program} names is not there"
        ))
    };
    let too_late = || Some("it did not answer within 300 ms".to_owned());
    vec![
        ("badinterp", no_interpreter()),
        (
            "badutf8",
            no_object(
                "invalid unicode code point at line 1 column 10: \"{\"note\":\"\u{fffd}\"}\"",
            ),
        ),
        (
            "bom",
            no_object(r#"expected value at line 1 column 1: "\u{feff}{"go":"on"}""#),
        ),
        ("closesout", None),
        ("crlf", None),
        (
            "crlfscript",
            Some(format!("the first line of {program} ends in CR LF")),
        ),
        ("daemon", None),
        ("empty", None),
        ("flood", Some("it said more than 64 KiB".into())),
        ("hang", too_late()),
        ("ignoreterm", too_late()),
        ("killed", Some("it was killed by signal 9".into())),
        (
            "nohashbang",
            Some("it cannot be started: a script needs a first line such as #!/bin/sh".into()),
        ),
        ("noread", None),
        (
            "notexec",
            Some(format!("{program} is not executable: chmod +x")),
        ),
        ("ok", None),
        ("partial", too_late()),
        ("setsid", None),
        ("status3", Some("it exited with status 3".into())),
        (
            "two",
            no_object(r#"trailing characters at line 2 column 1: "{"go":"on"}""#),
        ),
        ("virus", None),
        (
            "warnfirst",
            no_object("expected value at line 1 column 1: \"DeprecationWarning: blah\""),
        ),
        (
            "missing",
            Some(format!(
                "cannot read {program}: No such file or directory (os error 2)"
            )),
        ),
    ]
}

/// Puts an animal of the zoo there as the module `zoo`.
fn cage(b: &Bench, animal: &str) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zoo")).join(animal);
    let program = fs::read(path).unwrap_or_default();
    let hangs = ["hang", "ignoreterm", "partial"].contains(&animal);
    install(
        b,
        "zoo",
        &program,
        if hangs { "timeout = \"300 ms\"" } else { "" },
    );
    match animal {
        "notexec" => {
            fs::set_permissions(b.path("modules/zoo/run"), Permissions::from_mode(0o644)).unwrap();
        }
        "missing" => fs::remove_file(b.path("modules/zoo/run")).unwrap(),
        _ => {}
    }
}

const ANSWERS: [&str; 2] = [
    "ack <> -- alice@example.net",
    "copy <> -- steve@example.org",
];

// G5, A3, A4: each animal as a filter, for each thing that may be done when one fails.
#[test]
fn no_animal_of_the_zoo_loses_or_delays_a_message() {
    for on_failure in ["go-on", "quarantine", "defer"] {
        let animals = zoo(&Bench::new());
        for (at, (animal, _)) in animals.iter().enumerate() {
            let b = Bench::new();
            let what = format!("{animal}, {on_failure}");
            let fails = zoo(&b).swap_remove(at).1;
            cage(&b, animal);
            switch_on(
                &b,
                &["zoo"],
                &format!("[module.zoo]\non_failure = {on_failure:?}\n"),
            );
            let ran = b.deliver("submit@example.org", MAIL);
            let said = fails
                .as_ref()
                .map(|why| format!("zoo; failed={}", quoted(why)));
            let failed = fails
                .as_ref()
                .map(|why| format!("<zoo> failed={}", logged_as(why)));
            let mut logged: Vec<String> = failed.into_iter().collect();
            match (on_failure, &fails) {
                _ if *animal == "virus" => {
                    ran.silent();
                    assert_eq!(tickets(&b), [""; 0], "{what}");
                    let said = "zoo; go=quarantine; reason=\"a virus was found\"";
                    assert_held(&b, said, &what);
                    let line = "<zoo> reason=\"a virus was found\" answers=0";
                    logged = vec![line.into()];
                }
                (_, None) => {
                    ran.silent();
                    assert_eq!(tickets(&b), ["1"], "{what}");
                    assert_eq!(traces(&b, "1"), [""; 0], "{what}");
                    assert_eq!(b.take_sent_in_short(), ANSWERS, "{what}");
                }
                ("go-on", Some(_)) => {
                    ran.silent();
                    assert_eq!(tickets(&b), ["1"], "{what}");
                    let said = format!("X-Tickets-Module: {}", said.unwrap());
                    assert_eq!(traces(&b, "1"), [said], "{what}");
                    assert_eq!(b.take_sent_in_short(), ANSWERS, "{what}");
                }
                ("quarantine", Some(why)) => {
                    ran.silent();
                    assert_eq!(tickets(&b), [""; 0], "{what}");
                    assert_held(&b, &format!("{}; go=quarantine", said.unwrap()), &what);
                    logged.push(format!("<zoo> reason={} answers=0", logged_as(why)));
                }
                (_, Some(why)) => {
                    let said = format!("tickets: cannot file the message: module zoo: {why}\n");
                    ran.is(75, "", &said);
                    assert_eq!(b.names(), [""; 0], "{what}");
                }
            }
            assert_eq!(log(&b), logged, "{what}");
            assert_eq!(b.take_sent_in_short(), [""; 0], "{what}");
            if fails.is_none() && *animal != "virus" {
                b.works("check --store");
            }
        }
        let here = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zoo")).unwrap();
        for entry in here {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(animals.iter().any(|(animal, _)| *animal == name), "{name}");
        }
    }
}

/// As it stands in a trace field.
fn quoted(why: &str) -> String {
    let why = why.replace('"', "'");
    format!("\"{}\"", why.chars().take(200).collect::<String>())
}

/// As it stands in a log line.
fn logged_as(why: &str) -> String {
    quoted(why).replace('\u{fffd}', "???")
}

/// One message is in quarantine, with what modules said of it, and as it came in.
fn assert_held(b: &Bench, said: &str, what: &str) {
    let held = held(b);
    assert_eq!(held.len(), 1, "{what}: {held:?}");
    let at = held[0].split("X-Tickets-Quarantine: ").nth(1).unwrap();
    let at = at.split(';').next().unwrap();
    let want = format!(
        "X-Tickets-Sender: <alice@example.net>\nX-Tickets-Recipient: submit@example.org\n\
         X-Tickets-Module: {said}\nX-Tickets-Quarantine: {at}; from=envelope\n{MAIL}"
    );
    assert_eq!(held[0], want, "{what}");
}

/// A mail of Alice's with this number.
fn numbered(number: usize) -> String {
    MAIL.replace("<1@", &format!("<{number}@"))
}

// G5: the third fault makes it rest, whoever brings it; the admins are told once.
#[test]
fn eight_messages_at_once_come_through_each_animal() {
    let animals = zoo(&Bench::new());
    for (animal, fails) in animals.iter().filter(|(animal, _)| *animal != "virus") {
        let b = Bench::new();
        cage(&b, animal);
        switch_on(&b, &["zoo"], "");
        std::thread::scope(|scope| {
            for number in 1..=8 {
                let b = &b;
                scope.spawn(move || b.deliver("submit@example.org", numbered(number)).silent());
            }
        });
        let numbers: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        assert_eq!(tickets(&b), numbers, "{animal}");
        b.run(&["flush", "--quiet"], b"").silent();
        let sent = b.take_sent();
        let of_kind = |kind: &str| {
            let is_it =
                |sent: &&crate::bench::Sent| sent.field("X-Tickets-Kind").as_deref() == Some(kind);
            sent.iter().filter(is_it).count()
        };
        // Five answers an hour go to one address, and the admins are told of the first that does not.
        assert_eq!((of_kind("ack"), of_kind("copy")), (5, 8), "{animal}");
        let notes: Vec<String> = sent
            .iter()
            .filter(|sent| sent.field("X-Tickets-Ticket").is_none())
            .map(|sent| sent.field("Subject").unwrap())
            .collect();
        let want: &[&str] = match fails {
            Some(_) => &["The module zoo fails"],
            None => &[],
        };
        assert_eq!(notes, want, "{animal}");
    }
}

/// A ticket that is there before, opened by Bob.
const BEFORE: &str = "From: Bob <bob@example.com>\nMessage-ID: <0@example.com>\nSubject: b\n\nb\n";

/// A desk with ticket 1, which is open, and ticket 2, which is closed, and nothing said of them.
pub fn desk_with_tickets() -> Bench {
    let b = desk();
    answers(&b, "");
    b.file("submit", BEFORE);
    b.file("submit", BEFORE.replace("<0@", "<00@"));
    let closing = "From: steve@example.org\nMessage-ID: <c@example.org>\n\nc\n";
    b.file("ticket-2-done", closing);
    b.take_sent();
    b
}

/// Where a message of [`MAIL`]'s kind is filed: `NAME ADDRESS`, and its trace.
pub fn filed(b: &Bench) -> Vec<String> {
    let mut found = Vec::new();
    for name in tickets(b) {
        let mbox = b.mbox(&name);
        for entry in mbox.split("\n\nFrom ") {
            if entry.contains("Message-ID: <1@example.net>") {
                let field = |name: &str| {
                    let line = entry.lines().find(|line| line.starts_with(name));
                    line.map_or("", |line| &line[name.len()..]).to_owned()
                };
                let (to, said) = (field("Delivered-To: "), field("X-Tickets-Module: "));
                found.push(format!("{name} {to} {said}").trim().to_owned());
            }
        }
    }
    found
}

// G5, B3, B11
#[test]
fn what_a_filter_may_say_and_what_follows() {
    let copy = "copy <> -- steve@example.org";
    let ack = "ack <> -- alice@example.net";
    let submit = "submit@example.org";
    let failed = |why: &str| format!("3 submit@example.org f; failed=\"{why}\"");
    let is_no_word = "go is 'refuse', and not on, ticket, new, quiet or quarantine";
    let table: Vec<(&str, &str, Vec<String>, Vec<&str>)> = vec![
        (
            submit,
            r#"{"go":"on","score":1.5,"note":"ham"}"#,
            vec!["3 submit@example.org f; go=on; score=1.5; note=\"ham\"".into()],
            vec![ack, copy],
        ),
        (
            submit,
            r#"{"go":"ticket","ticket":1}"#,
            vec!["1 ticket-1@example.org f; go=ticket 1; instead-of=\"new\"".into()],
            vec![copy],
        ),
        // As any mail to it, and no more: a person's opens it again.
        (
            submit,
            r#"{"go":"ticket","ticket":2}"#,
            vec!["2 ticket-2@example.org f; go=ticket 2; instead-of=\"new\"".into()],
            vec![copy],
        ),
        (
            submit,
            r#"{"go":"quiet"}"#,
            vec!["3 submit@example.org f; go=quiet".into()],
            vec![],
        ),
        (
            submit,
            r#"{"go":"new"}"#,
            vec!["3 submit@example.org f; go=new; instead-of=\"new\"".into()],
            vec![ack, copy],
        ),
        (
            "ticket-1@example.org",
            r#"{"go":"new"}"#,
            vec!["3 submit@example.org f; go=new; instead-of=\"ticket 1\"".into()],
            vec![ack, copy],
        ),
        (
            "ticket-1-done@example.org",
            r#"{"go":"quiet"}"#,
            vec!["1 ticket-1-quiet@example.org f; go=quiet".into()],
            vec![],
        ),
        (
            "ticket-2@example.org",
            r#"{"go":"quiet"}"#,
            vec!["archived/2 ticket-2-quiet@example.org f; go=quiet".into()],
            vec![],
        ),
        (
            "ticket-1-done@example.org",
            r#"{"go":"ticket","ticket":1}"#,
            vec!["1 ticket-1@example.org f; go=ticket 1; instead-of=\"ticket 1-done\"".into()],
            vec![copy],
        ),
        (submit, r#"{"go":"quarantine"}"#, vec![], vec![]),
        (
            submit,
            r#"{"go":"ticket","ticket":99}"#,
            vec![failed("it names ticket 99, which does not exist")],
            vec![ack, copy],
        ),
        (
            submit,
            r#"{"go":"refuse"}"#,
            vec![failed(is_no_word)],
            vec![ack, copy],
        ),
        (
            submit,
            r#"{"go":"project","project":"web"}"#,
            vec![failed("there are no projects")],
            vec![ack, copy],
        ),
        (
            submit,
            r#"["go"]"#,
            vec![failed(
                r#"its answer is no JSON object: it is another kind of value: '['go']'"#,
            )],
            vec![ack, copy],
        ),
    ];
    for (to, answer, want, sent) in table {
        let b = desk_with_tickets();
        answers(&b, answer);
        b.deliver(to, MAIL).silent();
        assert_eq!(filed(&b), want, "{to} {answer}");
        assert_eq!(b.take_sent_in_short(), sent, "{to} {answer}");
        assert_eq!(
            held(&b).len(),
            usize::from(want.is_empty()),
            "{to} {answer}"
        );
        b.works("check --store");
    }
}

// G5, A5: whatever a filter says the second time, the message is where it was.
#[test]
fn the_same_message_again_stays_where_it_is() {
    let words = [
        r#"{"go":"on"}"#,
        r#"{"go":"ticket","ticket":1}"#,
        r#"{"go":"ticket","ticket":2}"#,
        r#"{"go":"new"}"#,
        r#"{"go":"quiet"}"#,
        r#"{"go":"quarantine","reason":"r"}"#,
        "broken",
    ];
    for to in ["submit@example.org", "ticket-1@example.org"] {
        for first in words {
            for again in words {
                let what = format!("{to}: {first}, then {again}");
                let b = desk_with_tickets();
                answers(&b, first);
                b.deliver(to, MAIL).silent();
                let (was, held_was) = (filed(&b), held(&b));
                assert_eq!(was.len() + held_was.len(), 1, "{what}");
                b.take_sent();
                answers(&b, again);
                b.deliver(to, MAIL).silent();
                assert_eq!(filed(&b), was, "{what}");
                assert_eq!(held(&b), held_was, "{what}");
                assert_eq!(b.take_sent_in_short(), [""; 0], "{what}");
            }
        }
    }
}

// G5, A6: each of several recipients has its own word; none is lost.
#[test]
fn a_message_that_the_mta_brings_once_for_each_recipient() {
    let b = desk_with_tickets();
    answers(&b, r#"{"go":"quarantine","reason":"r"}"#);
    b.file("ticket-1", MAIL);
    b.file("submit", MAIL);
    b.file("submit", MAIL);
    assert_eq!(held(&b).len(), 2);
    answers(&b, "");
    b.file("ticket-2", MAIL);
    assert_eq!(filed(&b), ["2 ticket-2@example.org"]);
    let said = b.run(&["quarantine", "release", "--all"], b"");
    assert_eq!((said.status, said.stderr.as_str()), (0, ""));
    assert!(
        said.stdout.contains("ticket 1 updated") && said.stdout.contains("ticket 3 opened"),
        "{said:?}"
    );
    let reason = "f; go=quarantine; reason=\"r\"";
    let want = [
        format!("1 ticket-1@example.org {reason}"),
        "2 ticket-2@example.org".into(),
        format!("3 submit@example.org {reason}"),
    ];
    assert_eq!(filed(&b), want);
    assert_eq!(held(&b), [""; 0]);
}

// G5, A6: what a filter does with the mail for one recipient takes nothing from the others.
#[test]
fn a_filter_that_moves_the_mail_for_one_recipient_leaves_that_for_the_others_alone() {
    let filter = "#!/bin/sh\nread -r head\ncase $head in *'\"new\":true'*) echo '{\"go\":\"ticket\",\"ticket\":1}'; esac\n";
    let both = MAIL.replace("Alice <alice@example.net>", "Steve <steve@example.org>");
    for verb in ["", "-done"] {
        let own = format!("ticket-2{verb}");
        for order in [["submit", &own], [&own, "submit"]] {
            let what = format!("{order:?}");
            let b = Bench::new();
            b.file("submit", MAIL.replace("<1@", "<8@"));
            b.file("submit", MAIL.replace("<1@", "<9@"));
            install(&b, "f", filter.as_bytes(), "");
            switch_on(&b, &["f"], "");
            b.take_sent();
            for to in order {
                b.file(to, &both);
            }
            let mut sent = b.take_sent_in_short();
            sent.sort();
            let closing = "closed <> -- alice@example.net";
            let two = match verb {
                "-done" => "archived/2 ticket-2-done@example.org",
                _ => "2 ticket-2@example.org",
            };
            let mut want = vec![
                "1 ticket-1@example.org f; go=ticket 1; instead-of=\"new\"".to_owned(),
                two.to_owned(),
            ];
            want.sort();
            let filed_now = || {
                let mut all = filed(&b);
                all.sort();
                all
            };
            assert_eq!(filed_now(), want, "{what}");
            // The MTA brings both again.
            for to in order {
                b.file(to, &both);
            }
            assert_eq!(filed_now(), want, "{what}");
            assert_eq!(b.take_sent_in_short(), [""; 0], "{what}");
            let mut told = vec!["copy ticket-1@example.org -- alice@example.net"];
            told.push(match verb {
                "-done" => closing,
                _ => "copy ticket-2@example.org -- alice@example.net",
            });
            told.sort();
            assert_eq!(sent, told, "{what}");
        }
    }
}

// G5, B3, A6
#[test]
fn nobody_is_told_of_what_a_filter_sends_quietly_on_whomever_it_names() {
    let seven: Vec<String> = (1..=7).map(|n| format!("ticket-{n}")).collect();
    let with_unknown = ["submit", "ticket-99"].map(str::to_owned).to_vec();
    for (to, count) in [(with_unknown, 1), (seven, 7)] {
        for (answer, is_told) in [(r#"{"go":"quiet"}"#, false), ("{}", true)] {
            let b = desk();
            answers(&b, "");
            for n in 1..=7 {
                b.file("submit", BEFORE.replace("<0@", &format!("<0{n}@")));
            }
            b.take_sent();
            answers(&b, answer);
            let to = to.iter().map(|to| format!("{to}@example.org"));
            let args = ["deliver", "-f", "alice@example.net"].map(str::to_owned);
            let args: Vec<String> = args.into_iter().chain(to).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            b.run(&args, MAIL.as_bytes()).silent();
            let sent = b.take_sent_in_short();
            assert_eq!(filed(&b).len(), count, "{args:?} {answer}");
            let is_refusal = |it: &String| it.starts_with("refused <> -- steve@example.org");
            let told = (!sent.is_empty(), sent.iter().any(is_refusal));
            assert_eq!(told, (is_told, is_told), "{args:?} {answer}: {sent:?}");
            assert_eq!(b.outbox(), [""; 0]);
        }
    }
}

// G5, D3: what the mail itself says under the name of the field is not believed.
#[test]
fn a_strangers_field_is_no_word_of_a_module() {
    let b = desk();
    answers(&b, r#"{"note":"n"}"#);
    let forged = format!("X-Tickets-Module: f; go=ticket 1\n{MAIL}");
    b.file("submit", &forged);
    let said = b.run(&["show", "1"], b"").stdout;
    let shown: Vec<&str> = said.lines().filter(|line| line.contains("go=")).collect();
    assert_eq!(shown, ["Module: f; go=on; note=\"n\""], "{said}");
    let raw = b.run(&["show", "--raw", "1"], b"");
    raw.is(0, &forged, "");
}

// D3, E3: what modules said goes with the entry.
#[test]
fn what_a_filter_said_is_exported_and_imported() {
    let b = desk();
    answers(&b, r#"{"note":"n"}"#);
    b.file("submit", MAIL);
    let before = traces(&b, "1");
    assert_eq!(before, ["X-Tickets-Module: f; go=on; note=\"n\""]);
    b.works("export --mbox out");
    fs::remove_dir_all(b.ticket("")).unwrap();
    b.works("import --keep-numbers out");
    assert_eq!(traces(&b, "1"), before);
    b.works("check --store");
}

// G5, E3: a message that a filter moved stays where it is, though the store was made anew from an export.
#[test]
fn what_a_filter_moved_stays_there_in_a_store_that_was_imported() {
    for (to, word, then) in [
        ("submit@example.org", r#"{"go":"ticket","ticket":1}"#, "{}"),
        ("ticket-1@example.org", r#"{"go":"new"}"#, "{}"),
        (
            "ticket-1@example.org",
            r#"{"go":"new"}"#,
            r#"{"go":"quarantine"}"#,
        ),
    ] {
        let b = desk_with_tickets();
        answers(&b, word);
        b.deliver(to, MAIL).silent();
        let was = filed(&b);
        assert_eq!(was.len(), 1, "{was:?}");
        b.works("export --mbox out");
        fs::remove_dir_all(b.ticket("")).unwrap();
        b.works("import --keep-numbers out");
        assert_eq!(filed(&b), was);
        b.take_sent();
        answers(&b, then);
        b.deliver(to, MAIL).silent();
        assert_eq!((filed(&b), held(&b)), (was, Vec::new()), "{to}: {word}");
        assert_eq!(b.take_sent_in_short(), [""; 0], "{to}: {word}");
    }
}

// G5, D9: the table of what was moved may be removed like the index that it belongs to: alone, or with it.
#[test]
fn what_a_filter_moved_stays_there_whatever_cache_is_removed() {
    for caches in [&["moved"][..], &["index.db"], &["moved", "index.db"]] {
        let b = desk_with_tickets();
        answers(&b, r#"{"go":"ticket","ticket":1}"#);
        b.deliver("submit@example.org", MAIL).silent();
        let was = filed(&b);
        assert_eq!(was.len(), 1, "{was:?}");
        b.works("list");
        b.take_sent();
        for cache in caches {
            fs::remove_file(b.ticket(&format!(".tickets/{cache}"))).unwrap();
        }
        answers(&b, "{}");
        // Another message that is moved does not make the table look whole.
        for (message, word) in [
            (MAIL.to_owned(), "{}"),
            (numbered(7), r#"{"go":"ticket","ticket":1}"#),
            (MAIL.to_owned(), "{}"),
        ] {
            answers(&b, word);
            b.deliver("submit@example.org", &message).silent();
        }
        assert_eq!(filed(&b), was, "{caches:?}");
        assert_eq!(b.mbox("1").matches("\nDelivered-To: ").count(), 3);
        b.works("check --store");
    }
}

/// A desk with a message that a filter has moved, which says nothing from now on; and where that message is.
fn desk_with_one_moved() -> (Bench, Vec<String>) {
    let b = desk_with_tickets();
    answers(&b, r#"{"go":"ticket","ticket":1}"#);
    b.deliver("submit@example.org", MAIL).silent();
    let was = filed(&b);
    assert_eq!(was.len(), 1, "{was:?}");
    b.take_sent();
    answers(&b, "{}");
    (b, was)
}

/// Brings it again: it stays where it was, and nobody is answered.
fn comes_again(b: &Bench, was: &[String], what: &str) {
    b.deliver("submit@example.org", MAIL).silent();
    assert_eq!(filed(b), was, "{what}");
    assert_eq!(b.take_sent_in_short(), [""; 0], "{what}");
    b.works("check --store");
}

// G5, D9: whoever makes an index from the lines of deliveries, or finds a part of the table, or another one.
#[test]
fn what_a_filter_moved_stays_there_whatever_stands_in_the_table() {
    let table = |b: &Bench| b.ticket(".tickets/moved");
    // The lines are not applied yet: the new index is made of them, too.
    let (b, was) = desk_with_one_moved();
    assert!(b.ticket(".tickets/journal").exists());
    for cache in ["moved", "index.db"] {
        let _ = fs::remove_file(b.ticket(&format!(".tickets/{cache}")));
    }
    b.works("list");
    comes_again(&b, &was, "removed before the lines were applied");
    for length in [0, 16, 100_000] {
        let (b, was) = desk_with_one_moved();
        b.works("list");
        let file = fs::File::options().write(true).open(table(&b)).unwrap();
        file.set_len(length).unwrap();
        comes_again(&b, &was, &format!("cut off at {length}"));
    }
    let (b, was) = desk_with_one_moved();
    b.works("list");
    let other = desk_with_tickets();
    other.works("list");
    fs::write(table(&b), fs::read(table(&other)).unwrap()).unwrap();
    comes_again(&b, &was, "another desk's");
}

// G5, D9: the index in use and its table stay, or both are new.
#[test]
fn what_a_filter_moved_stays_there_though_a_reindex_is_killed() {
    if !strace_is_here() {
        return;
    }
    for n in 1.. {
        let (b, was) = desk_with_one_moved();
        b.works("list");
        fs::remove_file(b.ticket(".tickets/moved")).unwrap();
        let inject = format!("inject=renameat,renameat2:signal=KILL:when={n}");
        let options = ["-o", "/dev/null", "-e", &inject];
        let ran = under_strace(&b, &options, &["reindex"], b"");
        comes_again(&b, &was, &format!("killed at {n}"));
        if ran.status == 0 {
            assert!(n > 2, "it renames the index and its table");
            break;
        }
        b.works("reindex");
        comes_again(&b, &was, &format!("killed at {n}, and done again"));
    }
}

// G5, A5: an MTA may name the recipients of a mail in any order.
#[test]
fn what_a_filter_moved_stays_there_whatever_order_the_recipients_have() {
    let b = desk_with_tickets();
    answers(&b, r#"{"go":"ticket","ticket":2}"#);
    let bring = |to: [&str; 2]| {
        let args = ["deliver", "-f", "alice@example.net", to[0], to[1]];
        b.run(&args, MAIL.as_bytes()).silent();
    };
    bring(["submit@example.org", "ticket-1@example.org"]);
    let was = filed(&b);
    assert_eq!(was.len(), 1, "{was:?}");
    b.take_sent();
    answers(&b, "{}");
    bring(["ticket-1@example.org", "submit@example.org"]);
    assert_eq!(filed(&b), was);
    assert_eq!(b.take_sent_in_short(), [""; 0]);
}

// G5, A5: whoever switches a filter off between two attempts gets no second copy.
#[test]
fn what_a_filter_moved_stays_there_though_it_is_off_by_now() {
    let (b, was) = desk_with_one_moved();
    switch_on(&b, &[], "");
    comes_again(&b, &was, "moved");
    let b = desk_with_tickets();
    answers(&b, r#"{"go":"quarantine"}"#);
    b.deliver("submit@example.org", MAIL).silent();
    let there = held(&b);
    assert_eq!(there.len(), 1);
    b.take_sent();
    // The index, and with it the table, is made by whoever first needs it.
    b.works("reindex");
    b.deliver("submit@example.org", MAIL).silent();
    switch_on(&b, &[], "");
    comes_again(&b, &[], "put into quarantine");
    assert_eq!(held(&b), there);
}

// G5, D9: mail to a ticket that no filter moves needs no index, which may be damaged: it is neither read nor mended.
#[test]
fn a_filter_that_moves_nothing_opens_no_index() {
    let b = desk_with_tickets();
    b.works("list");
    let index = b.ticket(".tickets/index.db");
    let mut bytes = fs::read(&index).unwrap();
    bytes[100..].fill(0xff);
    fs::write(&index, &bytes).unwrap();
    for (number, word) in ["", r#"{"go":"on","note":"n"}"#, r#"{"go":"quiet"}"#]
        .iter()
        .enumerate()
    {
        answers(&b, word);
        b.deliver("ticket-1@example.org", numbered(number)).silent();
        assert_eq!(
            b.mbox("1").matches("\nDelivered-To: ").count(),
            number + 2,
            "{word}"
        );
        assert_eq!(fs::read(&index).unwrap(), bytes, "{word}");
    }
    // Where one moves it, the index is asked, and made anew.
    answers(&b, r#"{"go":"ticket","ticket":1}"#);
    for again in ["submit@example.org", "submit@example.org"] {
        b.deliver(again, MAIL).silent();
    }
    assert_eq!(filed(&b).len(), 1);
    b.works("check --store");
}

// G7: what it reads; no byte of a mail is in its arguments or its environment.
#[test]
fn what_a_filter_is_told() {
    let b = Bench::new();
    let script = "#!/bin/sh\nread -r head\nprintf '%s' \"$head\" >head\ncat >mail\necho \"$*\" >argv\nenv >env\n";
    install(&b, "f", script.as_bytes(), "");
    // Below the first of the directories there is none of that name.
    b.configure(&format!(
        "modules = \"f\"\nmodules_path = [\"/nowhere\", {:?}]\n[module.f]\nurl = \"http://localhost\"\n",
        b.path("modules")
    ));
    let mail = "From: =?utf-8?q?Al=C3=AFce?= <alice@example.net>\nTo: submit@example.org\nCc: x@example.com\n\
        Subject: $(reboot) `id` -rf \"'\n\tfolded\nDate: Sun, 22 Nov 2026 10:00:00 +0100\nMessage-ID: <1@example.net>\n\
        MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
        Content-Type: application/pdf; name=\"../a.pdf\"\n\n12345\n--b--\n";
    b.deliver("submit@example.org", mail).silent();
    let data = b.ticket(".tickets/modules/f/data");
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap();
    let mut head: serde_json::Value = serde_json::from_str(&read("head")).unwrap();
    let id = head["id"].take();
    assert!(id.as_str().is_some_and(|id| id.len() == 32), "{id}");
    let want = serde_json::json!({
        "protocol": 1, "point": "filter", "module": "f", "project": "", "settings": {"url": "http://localhost"},
        "cut": false, "size": mail.len(), "id": null, "way": "pipe",
        "envelope": {"sender": "alice@example.net", "recipients": ["submit@example.org"]},
        "route": [{"new": true}],
        "message": {
            "from": {"name": "Alïce", "address": "alice@example.net"},
            "subject": "$(reboot) `id` -rf \"' folded",
            "date": "2026-11-22T09:00:00Z",
            "message_id": "<1@example.net>",
            "automatic": false,
            "proof": null,
            "attachments": [{"name": "a.pdf", "type": "application/pdf", "size": 5}],
        },
    });
    assert_eq!(head, want);
    assert_eq!(read("mail"), mail);
    assert_eq!(read("argv"), "filter\n");
    assert!(
        !read("env").contains("reboot") && !read("env").contains("alice"),
        "{}",
        read("env")
    );
}

// G5: three faults in a row make it rest; the admins hear of it once, and once when it is over.
#[test]
fn a_filter_that_fails_again_and_again_rests() {
    let b = Bench::new();
    let script =
        b"#!/bin/sh\necho x >>\"$TICKETS_DATA/starts\"\ncat \"$TICKETS_MODULE_DIR/answer\"\n";
    install(&b, "f", script, "");
    switch_on(&b, &["f"], "");
    answers(&b, "broken");
    let starts = || {
        let text = fs::read_to_string(b.ticket(".tickets/modules/f/data/starts"));
        text.unwrap().lines().count()
    };
    let news = |sent: Vec<crate::bench::Sent>| -> Vec<String> {
        let about = sent
            .iter()
            .filter(|sent| sent.field("X-Tickets-Ticket").is_none());
        about.map(|sent| sent.mail.clone()).collect()
    };
    for number in 1..=2 {
        b.file("submit", numbered(number));
    }
    assert_eq!(news(b.take_sent()), [""; 0]);
    b.file("submit", numbered(3));
    let told = news(b.take_sent());
    assert_eq!(told.len(), 1, "{told:?}");
    for line in [
        "From: Support <submit@example.org>\n",
        "To: steve@example.org\n",
        "Subject: The module f fails\n",
        "X-Tickets-Kind: note\n",
        "Auto-Submitted: auto-generated\n",
        "The module f failed three times in a row, the last time because its answer is no",
    ] {
        assert!(told[0].contains(line), "{line}\n{}", told[0]);
    }
    assert_eq!(starts(), 3);
    b.file("submit", numbered(4));
    assert_eq!(starts(), 3, "it rests");
    let skipped = "X-Tickets-Module: f; failed=\"it rests, since it failed again and again\"";
    assert_eq!(traces(&b, "4"), [skipped]);
    // The rest is over, and it still fails; then it is well.
    let state = ".tickets/modules/f/state";
    let rested = || {
        let text = fs::read_to_string(b.ticket(state)).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value["rests_until"] = 0.into();
        b.put(&format!("tickets/{state}"), value.to_string().as_bytes());
    };
    rested();
    b.file("submit", numbered(5));
    assert_eq!(starts(), 4);
    assert_eq!(news(b.take_sent()), [""; 0]);
    rested();
    answers(&b, "");
    b.file("submit", numbered(6));
    let told = news(b.take_sent());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("Subject: The module f works again\n"),
        "{}",
        told[0]
    );
    b.file("submit", numbered(7));
    assert_eq!(news(b.take_sent()), [""; 0]);
}

// G5: asked in the order of the configuration, until one decides; a rest is no way past a filter without which
// nothing is to be filed.
// G5: whoever asks to be told hears of a filter that failed
#[test]
fn a_delivery_that_talks_names_the_filters_without_a_word() {
    let b = Bench::new();
    install(
        &b,
        "f",
        b"#!/bin/sh\necho cannot reach clamd >&2\nexit 3\n",
        "",
    );
    switch_on(&b, &["f"], "");
    b.make_store();
    let failed = "tickets: module f: it exited with status 3: cannot reach clamd; the mail went on as if it were not there";
    let rests = "tickets: module f: it rests, since it failed again and again; the mail went on as if it were not there";
    for (number, want) in [(1, failed), (2, failed), (3, failed), (4, rests)] {
        let ran = b.deliver_aloud(MAIL.replace("<1@", &format!("<{number}@")));
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{ran:?}");
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert!(
            lines[0].starts_with(&format!("ticket {number} opened: ")),
            "{ran:?}"
        );
        assert_eq!(lines[1..], [want], "{ran:?}");
    }
    // One that quarantines is named as the one that did.
    switch_on(&b, &["f"], "[module.f]\non_failure = \"quarantine\"\n");
    let ran = b.deliver_aloud(MAIL.replace("<1@", "<5@"));
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.starts_with("quarantined by f: "), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
}

#[test]
fn the_first_word_but_go_on_ends_the_asking() {
    let b = Bench::new();
    let script = |answer: &str| format!("#!/bin/sh\necho '{answer}'\n").into_bytes();
    install(&b, "one", &script(r#"{"note":"1"}"#), "");
    install(&b, "two", &script(r#"{"go":"quiet"}"#), "");
    install(&b, "three", &script(r#"{"go":"quarantine"}"#), "");
    install(&b, "observer", &script("broken"), "");
    let manifest = b.path("modules/observer/module.toml");
    let text = fs::read_to_string(&manifest)
        .unwrap()
        .replace("filter", "observer");
    fs::write(&manifest, text).unwrap();
    own(&manifest);
    switch_on(&b, &["observer", "one", "two", "three"], "");
    b.file("submit", MAIL);
    let want = [
        "X-Tickets-Module: one; go=on; note=\"1\"",
        "X-Tickets-Module: two; go=quiet",
    ];
    assert_eq!(traces(&b, "1"), want);
    install(&b, "two", b"#!/bin/sh\nexit 1\n", "");
    switch_on(&b, &["two"], "[module.two]\non_failure = \"defer\"\n");
    for why in [
        "it exited with status 1",
        "it exited with status 1",
        "it exited with status 1",
        "it rests, since it failed again and again",
    ] {
        let said = format!("tickets: cannot file the message: module two: {why}\n");
        b.deliver("submit@example.org", numbered(2))
            .is(75, "", &said);
    }
    assert_eq!(tickets(&b), ["1"]);
}

// G5: where addresses are secret, a filter leads nobody to a ticket whose address they cannot know.
#[test]
fn a_filter_opens_no_way_around_a_secret() {
    let b = desk();
    b.put("secret", b"0123456789abcdef0123456789abcdef");
    let secret = format!("address_secret = {:?}\n", b.path("secret"));
    switch_on(&b, &["f"], &secret);
    answers(&b, "");
    b.file("submit", BEFORE);
    answers(&b, r#"{"go":"ticket","ticket":1}"#);
    b.file("submit", MAIL);
    let why = "it names ticket 1, whose address the author of the message cannot know";
    assert_eq!(
        filed(&b),
        [format!("2 submit@example.org f; failed=\"{why}\"")]
    );
    let of_bob = MAIL.replace("Alice <alice@example.net>", "Bob <bob@example.com>");
    b.file("submit", of_bob.replace("<1@", "<2@"));
    assert_eq!(tickets(&b), ["1", "2"]);
    assert!(b.mbox("1").contains("Message-ID: <2@example.net>"));
    // Whoever tries again and again does not make it rest.
    for n in 3..7 {
        b.file("submit", MAIL.replace("<1@", &format!("<{n}@")));
        let said = traces(&b, &n.to_string());
        assert_eq!(said, [format!("X-Tickets-Module: f; failed=\"{why}\"")]);
    }
}

// G5, C5: who works here, as far as that is to be proven.
#[test]
fn a_forged_admin_leads_no_filter_around_a_secret() {
    let b = desk();
    b.put("secret", b"0123456789abcdef0123456789abcdef");
    let secret = format!("address_secret = {:?}\n", b.path("secret"));
    answers(&b, "");
    switch_on(&b, &["f"], &secret);
    b.file("submit", BEFORE);
    let steve = MAIL.replace("Alice <alice@example.net>", "steve@example.org");
    let forged = |n: u32| steve.replace("<1@", &format!("<{n}@"));
    answers(&b, r#"{"go":"ticket","ticket":1}"#);
    // Without authserv_id From is believed.
    b.file("submit", forged(2));
    assert!(b.mbox("1").contains("Message-ID: <2@example.net>"));
    switch_on(
        &b,
        &["f"],
        &format!("{secret}authserv_id = \"mx.example.org\"\n"),
    );
    b.take_sent();
    // He takes part in that ticket by now.
    b.file("submit", forged(3));
    assert_eq!(tickets(&b), ["1", "2"]);
    let why = "it names ticket 1, and nothing proves that the author of the message works here";
    assert_eq!(
        traces(&b, "2"),
        [format!("X-Tickets-Module: f; failed=\"{why}\"")]
    );
    let proof = "Authentication-Results: mx.example.org; auth=pass smtp.auth=steve@example.org\n";
    b.file("submit", format!("{proof}{}", forged(4)));
    assert_eq!(tickets(&b), ["1", "2"]);
    assert!(b.mbox("1").contains("Message-ID: <4@example.net>"));
}

// G5, C9: nobody waits for the news; what sendmail does not take goes out later.
#[test]
fn the_news_of_a_filter_waits_in_the_outbox() {
    let b = desk();
    answers(&b, "broken");
    b.file("submit", numbered(1));
    b.file("submit", numbered(2));
    b.sendmail("#!/bin/sh\nexit 75\n");
    b.file("submit", numbered(3));
    let waits = b
        .outbox()
        .into_iter()
        .filter(|name| name.contains(".0.modulef"));
    assert_eq!(waits.count(), 1, "{:?}", b.outbox());
    b.mend_sendmail();
    b.run(&["flush", "--quiet"], b"").silent();
    let sent = b.take_sent();
    let about = sent
        .iter()
        .filter(|sent| sent.field("X-Tickets-Ticket").is_none());
    assert_eq!(about.count(), 1);
    assert_eq!(b.outbox(), [""; 0]);
}

// G3, C9: whatever is started from another directory finds the same desk, and the program where it is put.
#[test]
fn the_program_and_the_desk_are_named_by_where_they_are() {
    let b = Bench::new();
    let script = b"#!/bin/sh\necho \"$TICKETS_BIN $TICKETS_CONFIG $TICKETS_DIR\" >seen\n";
    install(&b, "f", script, "");
    switch_on(&b, &["f"], "");
    b.sendmail(
        "#!/bin/sh\necho \"$TICKETS_CONFIG $TICKETS_DIR\" >\"${0%/*}/seen\"\ncat >/dev/null\n",
    );
    let program = fs::canonicalize(b.copy_program("program")).unwrap();
    let mut command = Command::new(&program);
    b.as_ordinary_user(&mut command);
    let mut child = command
        .env("TICKETS_CONFIG", "config.toml")
        .env("TICKETS_DIR", "tickets")
        .args(["deliver", "-f", "alice@example.net", "submit@example.org"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // It runs, and is replaced before it has the mail.
    fs::rename(b.copy_program("new"), &program).unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(MAIL.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let [config, dir] = ["config.toml", "tickets"].map(|name| b.path(name).display().to_string());
    let seen = |name: &str| fs::read_to_string(b.path(name)).unwrap();
    assert_eq!(
        seen("tickets/.tickets/modules/f/data/seen"),
        format!("{} {config} {dir}\n", program.display())
    );
    assert_eq!(seen("seen"), format!("{config} {dir}\n"));
}
