//! `tickets stats --json`, `--csv` and `--svg`.

use crate::stats::{object, stats};
use crate::story::weeks;
use roxmltree::Document;

#[test]
fn an_object_for_programs() {
    let quiet = "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]";
    let want = [
        r#"{"first":"2026-10-05","last":"2026-10-31","by":"month","automatic":false,"#,
        r#""total":{"opened":3,"closed":2,"reopened":1,"open":2,"unanswered":1,"tickets":4,"#,
        r#""by_machines":1,"submitters":3,"messages":13,"mail":5,"replies":6,"automatic":2,"#,
        r#""bytes":4372,"attachments":0},"#,
        r#""first_reply":{"count":2,"median":48600,"p90":86400},"#,
        r#""closing":{"count":1,"median":1728000,"p90":1728000},"#,
        r#""periods":[{"period":"2026-10","first":"2026-10-01","opened":3,"closed":2,"#,
        r#""reopened":1,"open":2,"mail":5,"replies":6,"automatic":2,"#,
        r#""first_reply":{"count":2,"median":48600,"p90":86400},"#,
        r#""closing":{"count":1,"median":1728000,"p90":1728000}}],"#,
        r#""hours":[0,0,2,0,0,0,0,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0,0],"#,
        r#""weekdays":[1,2,0,0,0,0,2],"#,
        r#""week":[[0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0],"#,
        "[0,0,0,0,0,0,0,0,0,0,0,1,1,0,0,0,0,0,0,0,0,0,0,0],",
        &format!("{quiet},{quiet},{quiet},{quiet},"),
        "[0,0,2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]],",
        r#""submitters":[{"name":"Alice Example","address":"alice@example.net","tickets":1}],"#,
        r#""largest":[{"ticket":1,"subject":"Printer on fire","messages":5,"bytes":1710}],"#,
        r#""undated":0,"future":0}"#,
        "\n",
    ]
    .concat();
    stats(&weeks(), &["--json", "--by", "month", "--top", "1"]).is(0, &want, "");
}

#[test]
fn one_number_a_line() {
    stats(&weeks(), &["--csv", "--by", "month", "--top", "1"]).is(
        0,
        "\
section,key,measure,value
total,,opened,3
total,,closed,2
total,,reopened,1
total,,mail,5
total,,replies,6
total,,automatic,2
total,,open,2
total,,unanswered,1
total,,tickets,4
total,,by_machines,1
total,,submitters,3
total,,messages,13
total,,bytes,4372
total,,attachments,0
total,,undated,0
total,,future,0
total,,first_replies,2
total,,first_reply_median,48600
total,,first_reply_p90,86400
total,,closings,1
total,,closing_median,1728000
total,,closing_p90,1728000
period,2026-10,opened,3
period,2026-10,closed,2
period,2026-10,reopened,1
period,2026-10,mail,5
period,2026-10,replies,6
period,2026-10,automatic,2
period,2026-10,open,2
period,2026-10,first_replies,2
period,2026-10,first_reply_median,48600
period,2026-10,first_reply_p90,86400
period,2026-10,closings,1
period,2026-10,closing_median,1728000
period,2026-10,closing_p90,1728000
hour,0,mail,0
hour,1,mail,0
hour,2,mail,2
hour,3,mail,0
hour,4,mail,0
hour,5,mail,0
hour,6,mail,0
hour,7,mail,0
hour,8,mail,0
hour,9,mail,0
hour,10,mail,1
hour,11,mail,1
hour,12,mail,1
hour,13,mail,0
hour,14,mail,0
hour,15,mail,0
hour,16,mail,0
hour,17,mail,0
hour,18,mail,0
hour,19,mail,0
hour,20,mail,0
hour,21,mail,0
hour,22,mail,0
hour,23,mail,0
weekday,Monday,mail,1
weekday,Tuesday,mail,2
weekday,Wednesday,mail,0
weekday,Thursday,mail,0
weekday,Friday,mail,0
weekday,Saturday,mail,0
weekday,Sunday,mail,2
submitter,alice@example.net,tickets,1
ticket,1,messages,5
ticket,1,bytes,1710
",
        "",
    );
}

#[test]
fn a_stretch_and_its_unit() {
    let b = weeks();
    let short = |args: &[&str]| {
        let it = object(&b, args);
        let periods: Vec<&str> = (it["periods"].as_array().unwrap().iter())
            .map(|p| p["period"].as_str().unwrap())
            .collect();
        let total = &it["total"];
        format!(
            "{} {}: {} {} {} {}",
            it["by"].as_str().unwrap(),
            periods.join(" "),
            total["opened"],
            total["closed"],
            total["reopened"],
            total["open"],
        )
    };
    for (args, want) in [
        (
            &["--since", "2026-10-25"][..],
            "day 2026-10-25 2026-10-26 2026-10-27 2026-10-28 2026-10-29 2026-10-30 2026-10-31: 1 1 1 2",
        ),
        (
            &["--since", "2026-10-24T22:00:00Z", "--by", "day"],
            "day 2026-10-25 2026-10-26 2026-10-27 2026-10-28 2026-10-29 2026-10-30 2026-10-31: 1 1 1 2",
        ),
        (
            &["--since", "2026-10-24T22:00:01Z", "--by", "week"],
            "week 2026-W43 2026-W44: 1 1 1 2",
        ),
        (
            &["--since", "2026-08", "--by", "month"],
            "month 2026-08 2026-09 2026-10: 3 2 1 2",
        ),
        (
            &["--since", "2026-01"],
            "month 2026-01 2026-02 2026-03 2026-04 2026-05 2026-06 2026-07 2026-08 2026-09 2026-10: 3 2 1 2",
        ),
        (
            &["--since", "2020", "--by", "year"],
            "year 2020 2021 2022 2023 2024 2025 2026: 3 2 1 2",
        ),
        (&["--by", "year", "--automatic"], "year 2026: 4 3 1 2"),
    ] {
        assert_eq!(short(args), want, "{args:?}");
    }
}

// The days on which the clocks change have 23 and 25 hours, and are days.
#[test]
fn hours_are_those_of_the_clock_on_the_wall() {
    let it = object(&weeks(), &[]);
    let at = |day: usize, hour: usize| it["week"][day][hour].as_u64().unwrap();
    // Both mails of the night of 25 October came at half past two.
    assert_eq!((at(6, 2), it["hours"][2].as_u64()), (2, Some(2)));
    assert_eq!(it["weekdays"][6].as_u64(), Some(2));
}

#[test]
fn charts_for_a_report() {
    let b = weeks();
    let file = b.path("tickets/report.svg");
    stats(&b, &["--svg", file.to_str().unwrap()]).silent();
    let drawn = std::fs::read_to_string(&file).unwrap();
    stats(&b, &["--svg", "-"]).is(0, &drawn, "");
    let picture = Document::parse(&drawn).unwrap();
    let texts: Vec<&str> = (picture.descendants())
        .filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .filter_map(|n| n.text())
        .collect();
    for want in [
        "Support at example.org, 2026-10-05 to 2026-10-31",
        "Tickets opened and closed, by day",
        "median to first reply",
        "Without 1 ticket that machines opened.",
    ] {
        assert!(texts.contains(&want), "{want}: {texts:?}");
    }
    // A picture is passed on: no names of customers.
    assert!(
        !drawn.contains("Alice") && !drawn.contains("Printer"),
        "{drawn}"
    );
    let nowhere = b.path("nowhere/report.svg");
    let nowhere = nowhere.to_str().unwrap();
    stats(&b, &["--svg", nowhere]).is(
        75,
        "",
        &format!("tickets: cannot write {nowhere}: No such file or directory (os error 2)\n"),
    );
}
