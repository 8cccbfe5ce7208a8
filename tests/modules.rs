//! `tickets modules`, and `[parts]` in the configuration (G1, G2).

use crate::bench::Bench;

const ALL: [&str; 4] = ["search", "timeline", "stats", "archive"];

/// The names of the parts in a state, in the order in which they are listed.
fn parts(b: &Bench, state: &str) -> Vec<String> {
    let ran = b.run(&["modules", "--json"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let objects = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    objects
        .filter(|part| part["state"] == state)
        .map(|part| part["name"].as_str().unwrap().to_owned())
        .collect()
}

// G1
#[test]
fn every_part_is_listed() {
    let b = Bench::new();
    assert_eq!(parts(&b, "on"), ALL);
    let b = Bench::with("[parts]\noff = [\"stats\", \"search\"]\n");
    assert_eq!(parts(&b, "off"), ["search", "stats"]);
    assert_eq!(parts(&b, "on"), ["timeline", "archive"]);
}

// G2: the command of a part that is off is gone.
#[test]
fn a_part_that_is_off_has_no_command() {
    let b = Bench::with("[parts]\noff = \"stats\"\n");
    b.run(&["stats"], b"").is(
        64,
        "",
        "tickets: unrecognized subcommand 'stats'\n\
         hint: the part stats is switched off: `tickets modules`\n",
    );
    let has = |b: &Bench, name: &str| {
        let help = b.run(&["--help"], b"").stdout;
        help.lines()
            .any(|line| line.trim_start().starts_with(&format!("{name} ")))
    };
    assert!(has(&Bench::new(), "stats"));
    assert!(!has(&b, "stats") && has(&b, "timeline"));
}

// G2: mail is taken in, filed and answered without any part.
#[test]
fn a_desk_without_parts_files_mail() {
    let b = Bench::with("[parts]\noff = [\"search\", \"timeline\", \"stats\", \"archive\"]\n");
    assert_eq!(parts(&b, "off"), ALL);
    b.deliver(
        "submit@example.org",
        "From: alice@example.net\nSubject: Hi\nMessage-ID: <1@example.net>\n\nHi\n",
    )
    .silent();
    assert!(b.ticket("1").is_file());
    let sent: Vec<String> = b.sent().iter().map(|mail| mail.in_short()).collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
    b.run(&["list", "-q"], b"").is(0, "1\n", "");
}

#[test]
fn a_part_that_does_not_exist_is_a_mistake() {
    let b = Bench::with("[parts]\noff = [\"statistics\"]\n");
    b.run(&["list"], b"").is(
        78,
        "",
        "tickets: [parts] off: there is no part \"statistics\"\n\
         hint: the parts are search, timeline, stats, archive\n",
    );
}
