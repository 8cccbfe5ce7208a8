//! Modules that are told of what happens (G6), by what they are told and by what becomes of mail.

use crate::bench::{Bench, own};
use crate::check::MAIL;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// An observer that keeps what it is told in its own data: the first line in `heads`, the rest in `mails`.
pub const WITNESS: &str = "#!/bin/sh\n\
    while IFS= read -r line; do echo \"$line\" >>heads; break; done\ncat >>mails\n\
    env | grep -v ^TICKETS_ >>environment\necho \"$@\" >>arguments\n";

/// Makes the module `name`, which runs `script` as an observer.
pub fn module(bench: &Bench, name: &str, script: &[u8], more: &str) {
    bench.make_dir("modules");
    bench.make_dir(&format!("modules/{name}"));
    let manifest = format!(
        "name = {name:?}\nversion = \"1\"\nprotocol = 1\nsummary = \"s\"\nrun = \"run\"\npoints = [\"observer\"]\n{more}"
    );
    bench.put(&format!("modules/{name}/module.toml"), manifest.as_bytes());
    put_program(bench, name, script);
}

fn put_program(bench: &Bench, name: &str, script: &[u8]) {
    let path = format!("modules/{name}/run");
    bench.put(&path, script);
    fs::set_permissions(bench.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Switches modules on.
pub fn switch_on(bench: &Bench, names: &[&str], more: &str) {
    let path = bench.path("modules");
    bench.configure(&format!(
        "{more}modules = {names:?}\nmodules_path = {path:?}\n"
    ));
}

/// What a witness has kept in a file.
pub fn kept(bench: &Bench, name: &str, file: &str) -> String {
    let path = format!(".tickets/modules/{name}/data/{file}");
    fs::read_to_string(bench.ticket(&path)).unwrap_or_default()
}

/// The heads that a witness has kept.
pub fn heads(bench: &Bench, name: &str) -> Vec<serde_json::Value> {
    let lines = kept(bench, name, "heads");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `kind ticket.message` of each head.
pub fn told(bench: &Bench, name: &str) -> Vec<String> {
    let short = |head: &serde_json::Value| {
        let event = &head["event"];
        format!(
            "{} {}.{}",
            event["kind"].as_str().unwrap(),
            event["ticket"],
            event["message"]
        )
    };
    heads(bench, name).iter().map(short).collect()
}

fn mail(id: &str, from: &str, more: &str) -> String {
    format!(
        "From: {from}\nMessage-ID: <{id}@example.net>\nSubject: Printer on fire\n{more}\nhelp\n"
    )
}

#[test]
fn an_observer_is_told_of_all_that_happens_and_of_nothing_else() {
    // G6, G7
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    module(
        &b,
        "raw",
        WITNESS.as_bytes(),
        "raw = true\nevents = [\"opened\", \"reopened\"]\n",
    );
    switch_on(&b, &["sms", "raw"], "[module.sms]\n");
    switch_on(&b, &["sms", "raw"], "");
    let ann = "\"Ann; $(reboot)\" <ann@example.net>";
    b.file("submit", mail("1", ann, ""));
    b.file("ticket-1", mail("2", "bob@example.net", ""));
    b.file("ticket-1", mail("3", "steve@example.org", ""));
    b.file(
        "ticket-1",
        mail("4", "cron@example.net", "Auto-Submitted: auto-generated\n"),
    );
    b.file("ticket-1-quiet", mail("5", "bob@example.net", ""));
    b.run(&["close", "1", "-m", "done"], b"")
        .silent_but_for_output("close");
    b.file("ticket-1", mail("6", ann, ""));
    // Twice the same is one event.
    b.file("ticket-1", mail("6", ann, ""));
    b.run(&["close", "1", "--quiet"], b"")
        .silent_but_for_output("close");
    b.run(&["reopen", "1"], b"").silent_but_for_output("reopen");
    let all = [
        "opened 1.1",
        "mail 1.2",
        "reply 1.3",
        "automatic 1.4",
        "quiet 1.5",
        "closed 1.6",
        "re-opened 1.7",
        "closed 1.8",
        "re-opened 1.9",
    ];
    assert_eq!(told(&b, "sms"), all);
    assert_eq!(
        told(&b, "raw"),
        ["opened 1.1", "re-opened 1.7", "re-opened 1.9"]
    );
    // The same words as those of the timeline.
    let timeline = b.run(&["timeline", "--json"], b"");
    let mut words: Vec<String> = (timeline.stdout.lines())
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|it| {
            format!(
                "{} {}.{}",
                it["event"].as_str().unwrap(),
                it["ticket"],
                it["message"]
            )
        })
        .collect();
    words.reverse();
    assert_eq!(words, all);
    let mut first = heads(&b, "raw")[0].clone();
    let (id, at) = (first["id"].take(), first["event"]["at"].take());
    assert!(id.as_str().unwrap().starts_with("1."), "{id}");
    assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
    let size = mail("1", ann, "").len();
    assert_eq!(
        first,
        serde_json::json!({
            "protocol": 1, "point": "observer", "module": "raw", "project": "", "cut": false, "settings": {},
            "size": size, "id": null,
            "event": {
                "kind": "opened", "at": null, "ticket": 1, "message": 1,
                "author": {"name": "Ann; $(reboot)", "address": "ann@example.net"},
                "subject": "Printer on fire", "automatic": false, "quiet": false,
                "path": b.ticket("1"),
            },
        })
    );
    assert!(kept(&b, "raw", "mails").starts_with(&mail("1", ann, "")));
    assert_eq!(kept(&b, "sms", "mails"), "");
    let quiet: Vec<bool> = (heads(&b, "sms").iter())
        .map(|head| head["event"]["quiet"].as_bool().unwrap())
        .collect();
    assert_eq!(
        quiet,
        [false, false, false, false, true, false, false, true, false]
    );
    for name in ["sms", "raw"] {
        let environment = kept(&b, name, "environment");
        assert!(
            !environment.contains("ann@") && !environment.contains("Printer"),
            "{environment}"
        );
        assert!(
            kept(&b, name, "arguments")
                .lines()
                .all(|line| line == "observer")
        );
    }
    assert_eq!(b.outbox(), [""; 0]);
    // What is brought in from elsewhere has happened long ago.
    b.put(
        "old.mbox",
        format!("From x Mon Nov 23 10:00:00 2026\n{}\n", mail("7", ann, "")).as_bytes(),
    );
    b.works("import old.mbox");
    assert_eq!(told(&b, "sms").len(), all.len());
}

#[test]
fn every_animal_of_the_zoo_costs_no_mail_anything() {
    // G6: what each says of itself, or "" where it does what it is asked.
    let no_interpreter = "the interpreter that the first line of";
    let no_json = "its answer is no JSON object";
    let table = [
        ("badinterp", no_interpreter),
        ("badutf8", no_json),
        ("bom", no_json),
        ("closesout", ""),
        ("crlf", ""),
        ("crlfscript", "the first line of"),
        ("daemon", ""),
        ("empty", ""),
        ("flood", "it said more than 64 KiB"),
        ("hang", "it did not answer within 200 ms"),
        ("ignoreterm", "it did not answer within 200 ms"),
        ("killed", "it was killed by signal 9"),
        (
            "nohashbang",
            "it cannot be started: a script needs a first line such as #!/bin/sh",
        ),
        ("noread", ""),
        ("notexec", "module zoo: "),
        ("ok", ""),
        ("partial", "it did not answer within 200 ms"),
        ("setsid", ""),
        ("status3", "it exited with status 3"),
        ("two", no_json),
        ("virus", ""),
        ("warnfirst", no_json),
    ];
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo");
    assert_eq!(fs::read_dir(&zoo).unwrap().count(), table.len());
    for (animal, fault) in table {
        let b = Bench::new();
        let is_limited = fault.contains("200 ms");
        let more = if is_limited {
            "timeout = \"200 ms\"\n"
        } else {
            "timeout = \"60 s\"\n"
        };
        module(&b, "zoo", &fs::read(zoo.join(animal)).unwrap(), more);
        if animal == "notexec" {
            let mode = fs::Permissions::from_mode(0o644);
            fs::set_permissions(b.path("modules/zoo/run"), mode).unwrap();
        }
        // It does not keep another one from being told.
        module(&b, "witness", WITNESS.as_bytes(), "");
        switch_on(&b, &["zoo", "witness"], "");
        b.file("submit", MAIL);
        assert_eq!(b.names(), ["1"], "{animal}");
        assert_eq!(
            b.take_sent_in_short(),
            [
                "ack <> -- alice@example.net",
                "copy <> -- steve@example.org"
            ],
            "{animal}"
        );
        assert_eq!(told(&b, "witness"), ["opened 1.1"], "{animal}");
        let waiting = b.outbox();
        let ran = b.run(&["flush"], b"");
        if fault.is_empty() {
            assert_eq!(waiting, [""; 0], "{animal}");
            ran.is(0, "0 sent, 0 waiting\n", "");
            continue;
        }
        assert_eq!(waiting.len(), 1, "{animal}: {waiting:?}");
        let checked = b.run(&["check"], b"").stdout;
        assert!(
            checked.contains("outbox: 1 event is waiting, the oldest since "),
            "{checked}"
        );
        assert!(
            waiting[0].ends_with(".event.1.zoo"),
            "{animal}: {waiting:?}"
        );
        let said = "tickets: the event of ticket 1, message 1, for zoo waits in the outbox: ";
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (75, "0 sent, 1 waiting\n"),
            "{animal}"
        );
        assert!(
            ran.stderr.starts_with(&format!("{said}{fault}")),
            "{animal}: {}",
            ran.stderr
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{animal}: {}", ran.stderr);
        put_program(&b, "zoo", WITNESS.as_bytes());
        b.says("flush", "1 sent, 0 waiting\n");
        assert_eq!(told(&b, "zoo"), ["opened 1.1"], "{animal}");
        assert_eq!(b.take_sent_in_short(), [""; 0], "{animal}");
    }
}

#[test]
fn the_mta_waits_for_five_sleepers_as_long_as_for_one() {
    // G6: had they been told one after the other, four of them would have been told later, without a word.
    let b = Bench::new();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        module(&b, name, b"#!/bin/sh\nexec sleep 1000\n", "");
    }
    switch_on(&b, &names, "");
    let ran = b.deliver_aloud(MAIL);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""));
    let mut said: Vec<&str> = ran.stderr.lines().skip(1).collect();
    said.sort_unstable();
    let late = names.map(|name| {
        format!(
            "tickets: the event of ticket 1, message 1, for {name} waits in the outbox: \
             it did not answer within the 5 s that a delivery waits"
        )
    });
    assert_eq!(said, late);
    assert_eq!(b.take_sent().len(), 2);
    assert_eq!(b.outbox().len(), 5);
}

#[test]
fn five_observers_are_told_at_the_same_time() {
    // G6: none of them answers before all are at work.
    let b = Bench::new();
    let names = ["a", "b", "c", "d", "e"];
    b.make_dir("met");
    for name in names {
        let met = b.path("met");
        let script = format!(
            "#!/bin/sh\ncd {met:?} && : >{name}\nuntil [ $(ls | wc -l) = 5 ]; do :; done\n"
        );
        module(&b, name, script.as_bytes(), "");
    }
    let path = b.path("modules");
    b.configure(&format!(
        "modules = {names:?}\nmodules_path = [\"/nonexistent\", {path:?}]\n"
    ));
    b.file("submit", MAIL);
    assert_eq!(b.outbox(), [""; 0]);
}

/// A desk with a witness `sms`, which fails until there is a file `works`.
fn with_sick_witness() -> Bench {
    let b = Bench::new();
    let script = format!(
        "#!/bin/sh\n[ -e {:?} ] || exit 3\n{WITNESS}",
        b.path("works")
    );
    module(&b, "sms", script.as_bytes(), "");
    switch_on(&b, &["sms"], "");
    b
}

#[test]
fn the_events_of_a_ticket_come_in_their_order() {
    // G6
    let b = with_sick_witness();
    b.file("submit", mail("1", "ann@example.net", ""));
    b.file("ticket-1", mail("2", "ann@example.net", ""));
    b.file("submit", mail("3", "ann@example.net", ""));
    b.file("ticket-1", mail("4", "ann@example.net", ""));
    assert_eq!(b.outbox().len(), 4);
    b.put("works", b"");
    // The next one of that ticket does not overtake them.
    b.file("ticket-1", mail("5", "ann@example.net", ""));
    assert_eq!(told(&b, "sms"), [""; 0]);
    b.says("flush", "5 sent, 0 waiting\n");
    let of = |ticket: &str| {
        let all = told(&b, "sms").into_iter();
        all.filter(|it| it.contains(ticket)).collect::<Vec<_>>()
    };
    assert_eq!(
        of(" 1."),
        ["opened 1.1", "mail 1.2", "mail 1.3", "mail 1.4"]
    );
    assert_eq!(of(" 2."), ["opened 2.1"]);
}

#[test]
fn the_order_of_events_survives_that_messages_are_deleted() {
    // G6: their numbers in the ticket begin anew then.
    let b = with_sick_witness();
    b.file("submit", mail("1", "ann@example.net", ""));
    for n in 2..=3 {
        b.file("ticket-1", mail(&n.to_string(), "ann@example.net", ""));
    }
    // All but the last are deleted.
    let mbox = fs::read_to_string(b.ticket("1")).unwrap();
    let last = mbox.rfind("\n\nFrom ").unwrap() + 2;
    b.put("tickets/1", &mbox.as_bytes()[last..]);
    for n in 4..=5 {
        b.file("ticket-1", mail(&n.to_string(), "ann@example.net", ""));
    }
    assert_eq!((told(&b, "sms"), b.outbox().len()), (vec![], 5));
    b.put("works", b"");
    b.says("flush", "5 sent, 0 waiting\n");
    let want = ["opened 1.1", "mail 1.2", "mail 1.3", "mail 1.2", "mail 1.3"];
    assert_eq!(told(&b, "sms"), want);
}

#[test]
fn the_admins_are_told_once_that_a_module_rests_and_once_that_it_is_well() {
    // G5, G6
    let b = Bench::new();
    module(
        &b,
        "sms",
        b"#!/bin/sh\necho the gateway is down >&2; exit 1\n",
        "",
    );
    switch_on(&b, &["sms"], "notify = \"none\"\nack = false\n");
    let mut asked = Vec::new();
    for n in 1..=5 {
        b.file("submit", mail(&n.to_string(), "ann@example.net", ""));
        let state = fs::read(b.ticket(".tickets/modules/sms/state")).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
        asked.push(state["faults"].as_u64().unwrap());
    }
    // From the third fault on it is left alone.
    assert_eq!(asked, [1, 2, 3, 3, 3]);
    put_program(&b, "sms", WITNESS.as_bytes());
    // The five events, the mail that it fails, and the one that it works again.
    b.says("flush", "7 sent, 0 waiting\n");
    let sent = b.take_sent();
    let said: Vec<(String, &str)> = (sent.iter())
        .map(|mail| (mail.field("Subject").unwrap(), mail.body()))
        .collect();
    let subjects: Vec<&str> = said.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["The module sms fails", "The module sms works again"]
    );
    assert!(
        said[0]
            .1
            .contains("it exited with status 1: the gateway is down"),
        "{said:?}"
    );
    assert_eq!(told(&b, "sms").len(), 5);
}

// G6: it waits for nobody that waits for it, and what it does is told in its turn.
#[test]
fn an_observer_may_call_the_desk() {
    let calls = |call: &str| format!("#!/bin/sh\nread -r head\necho \"$head\" >>heads\n{call}\n");
    for serial in ["", "serial = true\n"] {
        for (call, want) in [
            // It closes the ticket of which it is told.
            (
                "case $head in *'\"kind\":\"opened\"'*) \"$TICKETS_BIN\" close --quiet 1 -m Bye. >>said 2>&1; esac",
                &["opened 1.1", "closed 1.2"][..],
            ),
            // Another one, and each closing closes the next.
            (
                "case $head in *'\"ticket\":3'*'\"kind\":\"opened\"'*|*'\"kind\":\"opened\"'*'\"ticket\":3'*)
                 \"$TICKETS_BIN\" close 1-2 -m Bye. >>said 2>&1; esac",
                &["opened 1.1", "opened 2.1", "opened 3.1", "closed 1.2", "closed 2.2"],
            ),
            // Two that undo what the other does come to an end.
            (
                "case $head in *'\"kind\":\"re-opened\"'*|*'\"kind\":\"opened\"'*) \"$TICKETS_BIN\" close 1 -m a >>said 2>&1;;
                 *) \"$TICKETS_BIN\" reopen 1 -m b >>said 2>&1; esac",
                &["opened 1.1", "closed 1.2", "re-opened 1.3"],
            ),
        ] {
            let b = Bench::new();
            module(&b, "bell", calls(call).as_bytes(), serial);
            switch_on(&b, &["bell"], "");
            for n in 1..=(1 + want.iter().filter(|it| it.starts_with("opened")).count() - 1) {
                let ran = b.deliver("submit@example.org", mail(&n.to_string(), "ann@example.net", ""));
                ran.silent();
            }
            let mut got = told(&b, "bell");
            if got.len() > 3 {
                got[3..].sort();
            }
            assert_eq!(got, want, "{serial}{call}");
            assert_eq!(b.outbox(), [""; 0], "{serial}{call}");
            let said = kept(&b, "bell", "said");
            assert!(!said.contains("waits"), "{said}");
        }
    }
}

#[test]
fn a_module_that_works_for_a_module_tells_no_other() {
    // G6
    let b = Bench::new();
    module(&b, "sms", WITNESS.as_bytes(), "");
    switch_on(&b, &["sms"], "");
    for (n, (depth, want)) in [("0", 1), ("2", 2), ("3", 2)].into_iter().enumerate() {
        let mut command = b.command(&["deliver", "-f", "ann@example.net", "submit@example.org"]);
        command.env("TICKETS_DEPTH", depth);
        let mail = mail(&n.to_string(), "ann@example.net", "");
        crate::bench::finish(command, mail.as_bytes()).silent();
        assert_eq!(told(&b, "sms").len(), want, "{depth}");
    }
    assert_eq!(b.outbox(), [""; 0]);
    own(&b.path("modules"));
}
