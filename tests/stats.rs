//! `tickets stats`.

use crate::bench::{Bench, Ran, finish};
use crate::story::{ALICE, BERLIN, STEVE, empty, entry, run, weeks};
use roxmltree::Document;

/// Everything until the end of October, whenever the test is run.
const ALL: [&str; 3] = ["stats", "--until", "2026-10"];

pub fn stats(b: &Bench, args: &[&str]) -> Ran {
    run(b, &[&ALL, args].concat(), None)
}

fn on_utf8(b: &Bench, args: &[&str], columns: u32) -> Ran {
    let mut command = b.command(&[&ALL, args].concat());
    command.env("TZ", BERLIN).env("LC_ALL", "C.UTF-8");
    command.env("COLUMNS", columns.to_string());
    finish(command, b"")
}

#[test]
fn the_numbers_of_a_desk() {
    stats(&weeks(), &[]).is(
        0,
        "\
Support at example.org, 2026-10-05 to 2026-10-31

day        opened  closed  re-opened  open  reply    closing   opened
2026-10-05      1       0          0     1  3h                 #################
2026-10-06      0       1          0     0
2026-10-07      0       0          0     0
2026-10-08      0       0          0     0
2026-10-09      0       0          0     0
2026-10-10      0       0          0     0
2026-10-11      0       0          0     0
2026-10-12      0       0          0     0
2026-10-13      1       0          0     1                     #################
2026-10-14      0       0          0     1  1d
... 10 days without a message
2026-10-25      1       1          1     2           20d       #################
2026-10-26      0       0          0     2
2026-10-27      0       0          0     2
2026-10-28      0       0          0     2
2026-10-29      0       0          0     2
2026-10-30      0       0          0     2
2026-10-31      0       0          0     2
all             3       2          1     2  13h 30m  20d
Machines opened 1 more: --automatic counts it.

First reply  half within 13h 30m, 90 % within 1d (2 tickets); 1 waits for one
Closing      half within 20d, 90 % within 20d (1 ticket)
Messages     13 in 4 tickets: 5 by customers, 6 replies, 2 by machines
Size         4.4 kB, 0 attachments

Customers write at (most at 2:00: 2 of 5)
      ##
      ##
      ##
      ##                      ## ## ##
      ##                      ## ## ##
      ##                      ## ## ##
0  1  2  3  4  5  6  7  8  9  10 11 12 13 14 15 16 17 18 19 20 21 22 23

Customers write on
Monday     1  ##############################
Tuesday    2  ############################################################
Wednesday  0
Thursday   0
Friday     0
Saturday   0
Sunday     2  ############################################################

Most tickets are from
1  Alice Example <alice@example.net>  ##########################################
1  محمد بن عبد الله <m@example.net>   ##########################################
1  山田太郎 <yamada@example.net>      ##########################################

Largest tickets
1   1.7 kB  5 messages  Printer on fire
4   1.5 kB  5 messages  لا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس
3    718 B  2 messages  Cron <root@web> backup
2    402 B  1 message   請求書の件について：先月分の請求書がまだ届いておりません
",
        "",
    );
}

#[test]
fn blocks_where_the_locale_has_them() {
    on_utf8(
        &weeks(),
        &["--by", "month", "--automatic", "--top", "2"],
        60,
    )
    .is(
        0,
        "\
Support at example.org, 2026-10-05 to 2026-10-31

month      opened  closed  re-opened  open  reply    closing
2026-10         4       3          1     2  13h 30m  10d 1h
Machines opened 1 of these tickets.

First reply  half within 13h 30m, 90 % within 1d
             (2 tickets); 1 waits for one
Closing      half within 10d 1h, 90 % within 20d (2 tickets)
Messages     13 in 4 tickets: 5 by customers, 6 replies,
             2 by machines
Size         4.4 kB, 0 attachments

Customers write at (most at 2:00: 2 of 5)
    █
    █
    █
    █               █ █ █
    █               █ █ █
    █               █ █ █
0     3     6     9     12    15    18    21

Customers write on
Monday     1  ███████████████████████
Tuesday    2  ██████████████████████████████████████████████
Wednesday  0
Thursday   0
Friday     0
Saturday   0
Sunday     2  ██████████████████████████████████████████████

Most tickets are from
1  Alice Example <alice@examp…  ████████████████████████████
1  محمد بن عبد الله <m@exampl…  ████████████████████████████
… and 2 more

Largest tickets
1   1.7 kB  5 messages  Printer on fire
4   1.5 kB  5 messages  لا أستطيع تسجيل الدخول إلى حسابي من…
",
        "",
    );
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    let b = weeks();
    for columns in [10, 30, 47, 71, 72, 80, 120, 200] {
        let ran = on_utf8(&b, &[], columns);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        for line in ran.stdout.lines() {
            assert!(line.width() <= columns as usize, "{columns}: {line}");
        }
    }
}

pub fn object(b: &Bench, args: &[&str]) -> serde_json::Value {
    let ran = stats(b, &[args, &["--json"]].concat());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{args:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn one_ticket_and_none() {
    let b = empty();
    b.put(
        "tickets/1",
        &entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi"),
    );
    stats(&b, &["--since", "2026-10-05"]).is(
        0,
        "\
Support at example.org, 2026-10-05 to 2026-10-31

day        opened  closed  re-opened  open  reply    closing   opened
2026-10-05      1       0          0     1                     #################
... 26 days without a message
all             1       0          0     1

First reply  none; 1 waits for one
Closing      none
Messages     1 in 1 ticket: 1 by customers, 0 replies, 0 by machines
Size         319 B, 0 attachments

Customers write at (most at 10:00: 1 of 1)
                              ##
                              ##
                              ##
                              ##
                              ##
                              ##
0  1  2  3  4  5  6  7  8  9  10 11 12 13 14 15 16 17 18 19 20 21 22 23

Customers write on
Monday     1  ############################################################
Tuesday    0
Wednesday  0
Thursday   0
Friday     0
Saturday   0
Sunday     0

Most tickets are from
1  Alice Example <alice@example.net>  ##########################################

Largest tickets
1    319 B  1 message   Hi
",
        "",
    );
    // Before all that was.
    run(
        &b,
        &["stats", "--since", "2026-09-01", "--until", "2026-09-02"],
        None,
    )
    .is(
        0,
        "\
Support at example.org, 2026-09-01 to 2026-09-02

day        opened  closed  re-opened  open  reply    closing
2026-09-01      0       0          0     0
2026-09-02      0       0          0     0
all             0       0          0     0

First reply  none
Closing      none
Messages     0 in 0 tickets: 0 by customers, 0 replies, 0 by machines
Size         0 B, 0 attachments
",
        "",
    );
}

// D1: where the mbox lies is the state, whoever put it there.
#[test]
fn what_is_moved_by_hand_is_closed_by_nobody() {
    let b = empty();
    b.put(
        "tickets/archived/1",
        &entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi"),
    );
    let it = object(&b, &[]);
    assert_eq!(
        (&it["total"]["closed"], &it["total"]["open"]),
        (&0.into(), &0.into())
    );
    std::fs::rename(b.ticket("archived/1"), b.ticket("1")).unwrap();
    assert_eq!(object(&b, &[])["total"]["open"], 1);
}

#[test]
fn an_admin_of_today_wrote_yesterdays_replies() {
    let b = empty();
    let thread = [
        entry("2026-10-05T08:00:00Z", ALICE, "submit", "Hi"),
        entry(
            "2026-10-05T09:00:00Z",
            "joe@example.com",
            "ticket-1",
            "Re: Hi",
        ),
        entry("2026-10-05T10:00:00Z", STEVE, "ticket-1", "Re: Hi"),
    ];
    b.put("tickets/1", &thread.concat());
    assert_eq!(object(&b, &[])["first_reply"]["median"], 7200);
    b.configure("admins = [\"steve@example.org\", \"joe@example.com\"]\n");
    assert_eq!(object(&b, &[])["first_reply"]["median"], 3600);
}

#[test]
fn nothing_is_said_so() {
    let b = Bench::new();
    let store = b.path("tickets").display().to_string();
    let none = format!(
        "tickets: no tickets in {store} yet; the first mail to submit@example.org opens one\n"
    );
    run(&b, &["stats"], None).is(0, "", &none);
    let it = object(&b, &[]);
    assert_eq!(
        (&it["first"], &it["total"]["opened"]),
        (&serde_json::Value::Null, &0.into())
    );
    let picture = stats(&b, &["--svg", "-"]);
    assert!(Document::parse(&picture.stdout).is_ok());
    // Looking creates nothing.
    assert!(!b.path("tickets").exists());
}

// E4
#[test]
fn mistakes_name_the_way_out() {
    let b = weeks();
    let options = "hint: `tickets stats --help` shows its options\n";
    for (args, want) in [
        (
            &["--by", "wek"][..],
            "tickets: invalid value 'wek' for '--by <UNIT>'\n\
             hint: one of day, week, month, year\n"
                .to_owned(),
        ),
        (
            &["--top", "1001"],
            format!(
                "tickets: invalid value '1001' for '--top <COUNT>': 1001 is not in 0..=1000\n{options}"
            ),
        ),
        (
            &["--json", "--csv"],
            format!("tickets: the argument '--json' cannot be used with '--csv'\n{options}"),
        ),
        (
            &["--since", "2026-12"],
            "tickets: --until does not lie after --since\n".to_owned(),
        ),
        (
            &["--svg"],
            format!(
                "tickets: a value is required for '--svg <FILE>' but none was supplied\n{options}"
            ),
        ),
    ] {
        let ran = stats(&b, args);
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (64, String::new(), want),
            "{args:?}"
        );
    }
}

// E4
#[test]
fn a_closed_pipe_ends_quietly() {
    let b = weeks();
    for form in ["--by=day", "--json", "--csv", "--svg=-"] {
        b.run_into_closed_pipe(&["stats", form]);
    }
}
