//! `tickets stats --json`, `--csv` and `--svg`.

use crate::stats::{object, stats};
use crate::story::weeks;
use roxmltree::Document;

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
}
