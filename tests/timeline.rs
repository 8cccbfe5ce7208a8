//! `tickets timeline`.

use crate::bench::{Bench, Ran};
use crate::story::{empty, entry, run, weeks};
use roxmltree::Document;

fn timeline(args: &[&str]) -> Ran {
    run(&weeks(), &[&["timeline"], args].concat(), None)
}

#[test]
fn the_newest_comes_first() {
    timeline(&[]).is(
        0,
        "\
2026-10-25 09:00  closed      1  ticket-1@example.org  Re: Printer on fire
2026-10-25 02:30  opened      2  山田太郎              請求書の件について：先月分の請求書がまだ届いておりません
2026-10-25 02:30  re-opened   1  Alice Example         It burns again
2026-10-14 11:00  automatic   4  Cron Daemon           I am on holiday
2026-10-14 11:00  reply       4  Steve                 Re: login
2026-10-13 12:00  mail        4  Alice Example         copied in later
2026-10-13 11:05  quiet       4  Steve                 a note
2026-10-13 11:00  opened      4  محمد بن عبد الله      لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس
2026-10-12 09:00  closed      3  Steve                 Re: Cron <root@web> backup
2026-10-12 06:00  opened      3  Cron Daemon           Cron <root@web> backup
2026-10-06 10:00  closed      1  Steve                 Re: Printer on fire
2026-10-05 13:00  reply       1  Steve                 Re: Printer on fire
2026-10-05 10:00  opened      1  Alice Example         Printer on fire
",
        "",
    );
}

#[test]
fn it_fits_the_terminal() {
    let args = ["timeline", "--events", "opened"];
    let lrm = "\u{200e}";
    run(&weeks(), &args, Some(60)).is(
        0,
        &format!(
            "\
2026-10-25 02:30  opened      2  山田太郎      請求書の件に…
2026-10-13 11:00  opened      4  محمد بن عبد…{lrm}  لا أستطيع تس…
2026-10-12 06:00  opened      3  Cron Daemon   Cron <root@w…
2026-10-05 10:00  opened      1  Alice Examp…  Printer on f…
"
        ),
        "",
    );
}

#[test]
fn filters_choose_what_is_shown() {
    let b = weeks();
    let shown = |args: &[&str]| {
        let ran = run(&b, &[&["timeline", "--json"], args].concat(), None);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        let short = |line: &str| {
            let it: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{}.{}", it["ticket"], it["message"])
        };
        ran.stdout.lines().map(short).collect::<Vec<_>>().join(" ")
    };
    for (args, want) in [
        (&["-n", "3"][..], "1.5 2.1 1.4"),
        (&["-n", "0"], ""),
        (&["--events", "closed"], "1.5 3.2 1.3"),
        (&["--events", "re-opened,quiet"], "1.4 4.2"),
        (&["--events", "Reopened", "--events", "mail"], "1.4 4.5"),
        (&["--ticket", "4"], "4.4 4.3 4.5 4.2 4.1"),
        (&["--ticket", "4", "-n", "2"], "4.4 4.3"),
        (&["--from", "ALICE"], "1.4 4.5 1.1"),
        (&["--from", "山田"], "2.1"),
        (&["--from", "nobody"], ""),
        // From midnight in Berlin, which is 22:00 in UTC.
        (&["--since", "2026-10-25"], "1.5 2.1 1.4"),
        (&["--since", "2026-10-25 02:30:00"], "1.5 2.1 1.4"),
        (&["--since", "2026-10-25T00:30:01Z"], "1.5 2.1"),
        (&["--until", "2026-10-06"], "1.3 1.2 1.1"),
        (&["--until", "2026-10-06 10:00"], "1.2 1.1"),
        (
            &["--since", "2026-10-12", "--until", "2026-10-12"],
            "3.2 3.1",
        ),
        (&["--since", "2026-11"], ""),
        (&["--until", "2026-09"], ""),
        (
            &[
                "--since",
                "2026-10-06",
                "--until",
                "2026-10",
                "--events",
                "opened",
                "-n",
                "1",
            ],
            "2.1",
        ),
    ] {
        assert_eq!(shown(args), want, "{args:?}");
    }
}

#[test]
fn objects_for_programs() {
    timeline(&["--json", "--ticket", "3"]).is(
        0,
        "\
{\"at\":\"2026-10-12T07:00:00Z\",\"event\":\"closed\",\"ticket\":3,\"message\":2,\
\"author\":{\"name\":\"Steve\",\"address\":\"steve@example.org\"},\
\"subject\":\"Re: Cron <root@web> backup\",\"automatic\":false,\"size\":350,\"attachments\":0}
{\"at\":\"2026-10-12T04:00:00Z\",\"event\":\"opened\",\"ticket\":3,\"message\":1,\
\"author\":{\"name\":\"Cron Daemon\",\"address\":\"root@example.net\"},\
\"subject\":\"Cron <root@web> backup\",\"automatic\":true,\"size\":368,\"attachments\":0}
",
        "",
    );
}

#[test]
fn feeds_for_readers() {
    let rss = timeline(&["--rss", "--from", "cron"]);
    rss.silent_but_for_output("rss");
    let rss = Document::parse(&rss.stdout).unwrap();
    let texts = |name: &str| -> Vec<String> {
        let named = rss.descendants().filter(|n| n.tag_name().name() == name);
        named
            .map(|n| n.text().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        texts("title"),
        [
            "Support at example.org",
            "Ticket 4, automatic: I am on holiday",
            "Ticket 3, opened: Cron <root@web> backup"
        ]
    );
    assert_eq!(
        texts("pubDate"),
        [
            "Wed, 14 Oct 2026 09:00:05 +0000",
            "Mon, 12 Oct 2026 04:00:00 +0000"
        ]
    );
    assert_eq!(texts("link")[1], "mailto:ticket-4@example.org");

    let atom = timeline(&["--atom", "-n", "2"]);
    atom.silent_but_for_output("atom");
    let atom = Document::parse(&atom.stdout).unwrap();
    let named = atom
        .descendants()
        .filter(|n| n.tag_name().name() == "updated");
    let dates: Vec<&str> = named.filter_map(|n| n.text()).collect();
    let date = "2026-10-25T08:00:00Z";
    assert_eq!(dates, [date, date, "2026-10-25T01:30:00Z"]);
}

#[test]
fn a_feed_holds_a_hundred() {
    let b = empty();
    let mails: Vec<u8> = (0..150)
        .flat_map(|n| {
            let date = format!("2026-10-01T{:02}:{:02}:00Z", n / 60, n % 60);
            entry(&date, "ann@example.net", "submit", &format!("Mail {n}"))
        })
        .collect();
    b.put("tickets/1", &mails);
    let count = |args: &[&str]| {
        let ran = run(&b, &[&["timeline"], args].concat(), None);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
        ran.stdout.matches("<item>").count() + ran.stdout.matches("<entry>").count()
    };
    assert_eq!(count(&["--rss"]), 100);
    assert_eq!(count(&["--atom"]), 100);
    assert_eq!(count(&["--atom", "-n", "120"]), 120);
    let lines = run(&b, &["timeline"], None).stdout.lines().count();
    assert_eq!(lines, 150);
}

/// More entries than are read at a time, many of them of the same second.
fn long() -> Bench {
    let b = empty();
    let mails = |ticket: u32| -> Vec<u8> {
        let mail = |n: u32| {
            let date = format!("2026-10-01T00:00:{:02}Z", n / 300);
            let subject = format!("{ticket}.{}", n + 1);
            entry(&date, "ann@example.net", "submit", &subject)
        };
        (0..700).flat_map(mail).collect()
    };
    b.put("tickets/1", &mails(1));
    b.put("tickets/2", &mails(2));
    b
}

#[test]
fn a_long_one_is_read_bit_by_bit() {
    let b = long();
    let shown = run(&b, &["timeline", "--json"], None).stdout;
    let mut seen: Vec<(String, u64, u64)> = shown
        .lines()
        .map(|line| {
            let it: serde_json::Value = serde_json::from_str(line).unwrap();
            let at = it["at"].as_str().unwrap().to_owned();
            (
                at,
                it["ticket"].as_u64().unwrap(),
                it["message"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen.len(), 1400);
    let shown = seen.clone();
    seen.sort();
    seen.reverse();
    assert_eq!(shown, seen);
    seen.dedup();
    assert_eq!(seen.len(), 1400);
}

#[test]
fn nothing_is_said_so() {
    let b = Bench::new();
    let store = b.path("tickets").display().to_string();
    let none = format!(
        "tickets: no tickets in {store} yet; the first mail to submit@example.org opens one\n"
    );
    run(&b, &["timeline"], None).is(0, "", &none);
    run(&b, &["timeline", "--json"], None).silent();
    let feed = run(&b, &["timeline", "--atom"], None);
    assert_eq!(
        Document::parse(&feed.stdout)
            .unwrap()
            .root_element()
            .tag_name()
            .name(),
        "feed"
    );
    // Looking creates nothing.
    assert!(!b.path("tickets").exists());
    timeline(&["--from", "bob"]).is(0, "", "tickets: nothing of that kind happened\n");
}

// E4
#[test]
fn mistakes_name_the_way_out() {
    let b = weeks();
    let store = b.path("tickets").display().to_string();
    let options = "hint: `tickets timeline --help` shows its options\n";
    for (args, status, want) in [
        (
            &["--events", "opend"][..],
            64,
            "tickets: invalid value 'opend' for '--events': no such events\n\
             hint: there are opened, mail, reply, closed, re-opened, quiet, automatic\n"
                .to_owned(),
        ),
        (
            &["--events", "opened,,mail"],
            64,
            "tickets: invalid value '' for '--events': no such events\n\
             hint: there are opened, mail, reply, closed, re-opened, quiet, automatic\n"
                .to_owned(),
        ),
        (
            &["--since", "soon"],
            64,
            format!(
                "tickets: invalid value 'soon' for '--since <DATE|SPAN>': neither a date \
                 (2026-11-01) nor a span of time (3d, '2 weeks')\n{options}"
            ),
        ),
        (
            &["--since", "2026-11", "--until", "2026-10"],
            64,
            "tickets: --until does not lie after --since\n".to_owned(),
        ),
        (
            &["--rss", "--json"],
            64,
            format!("tickets: the argument '--rss' cannot be used with '--json'\n{options}"),
        ),
        (
            &["-n", "-1"],
            64,
            format!("tickets: unexpected argument '-1' found\n{options}"),
        ),
        (
            &["--ticket", "99"],
            66,
            format!(
                "tickets: no ticket 99 in {store}\nhint: `tickets list --all` shows every ticket\n"
            ),
        ),
        (
            &["--evnets", "opened"],
            64,
            "tickets: unexpected argument '--evnets' found\n\
             hint: a similar argument exists: '--events'\n"
                .to_owned(),
        ),
    ] {
        let ran = run(&b, &[&["timeline"], args].concat(), None);
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (status, String::new(), want),
            "{args:?}"
        );
    }
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    // More than fits into a buffer, and less.
    for b in [long(), weeks()] {
        for form in ["--from=e", "--json", "--rss", "--atom"] {
            b.run_into_closed_pipe(&["timeline", "-n", "2000", form]);
        }
    }
}
