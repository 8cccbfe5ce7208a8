use super::*;
use crate::parts::stats::count::Counts;
use jiff::ToSpan;
use jiff::civil::date;
use roxmltree::Document;

fn times(median: u64) -> Times {
    Times {
        count: 1,
        median: Some(median),
        ninety: Some(2 * median),
    }
}

/// Numbers of so many periods, from 2026-01-01 on.
fn stats(unit: Unit, periods: usize, scale: u64) -> DeskStats {
    let mut start = date(2026, 1, 1);
    let period = |n: usize| {
        let it = Period {
            start,
            counts: Counts {
                opened: scale * (n as u64 % 7),
                closed: scale * (n as u64 % 5),
                ..Counts::default()
            },
            open: scale * n as u64,
            first_reply: times(60 << (n % 12)),
            closing: if n.is_multiple_of(3) {
                Times::default()
            } else {
                times(86_400)
            },
        };
        start = unit.next(start).unwrap();
        it
    };
    let mut hours = [[0; 24]; 7];
    hours[2][11] = scale * 12;
    hours[6][23] = scale;
    let periods: Vec<Period> = (0..periods).map(period).collect();
    DeskStats {
        days: periods.first().map(|p| (p.start, p.start + 3.days())),
        unit,
        periods,
        total: Counts {
            opened: 1234 * scale,
            ..Counts::default()
        },
        open: 25,
        unanswered: 3,
        tickets: 7,
        by_machines: 1,
        automatic: false,
        bytes: 1,
        attachments: 1,
        first_reply: times(3600),
        closing: Times::default(),
        hours,
        submitters: 1,
        top: Vec::new(),
        largest: Vec::new(),
        undated: 1,
        future: 2,
    }
}

/// The texts with their places.
fn texts(svg: &str) -> Vec<(f64, f64, f64, String)> {
    let document = Document::parse(svg).unwrap();
    let named = document
        .descendants()
        .filter(|n| n.tag_name().name() == "text");
    let state = |n: roxmltree::Node| {
        let number = |name| n.attribute(name).unwrap().parse::<f64>().unwrap();
        let text = n.text().unwrap_or_default().to_owned();
        let wide = width_of(&text, number("font-size") as u32);
        let left = match n.attribute("text-anchor").unwrap() {
            "start" => number("x"),
            "middle" => number("x") - wide / 2.0,
            _ => number("x") - wide,
        };
        (left, left + wide, number("y"), text)
    };
    named.map(state).collect()
}

#[test]
fn every_picture_is_well_formed_and_nothing_lies_outside_of_it() {
    for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        for periods in [0, 1, 2, 12, 31, 200, 1000] {
            for scale in [0, 1, 1_000_000] {
                let svg = draw(
                    "Tom & Jerry's <desk> \u{1b}[31m",
                    &stats(unit, periods, scale),
                );
                let case = format!("{periods} {unit:?}, {scale}");
                let document = Document::parse(&svg).unwrap_or_else(|e| panic!("{case}: {e}"));
                let root = document.root_element();
                assert_eq!(
                    root.tag_name().namespace(),
                    Some("http://www.w3.org/2000/svg")
                );
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{case}");
                let height: f64 = root.attribute("height").unwrap().parse().unwrap();
                for (left, right, y, text) in texts(&svg) {
                    let inside = left >= 0.0 && right <= WIDTH && (10.0..height).contains(&y);
                    assert!(
                        inside,
                        "{case}: {text} at {left} to {right}, {y} of {height}"
                    );
                }
            }
        }
    }
}

#[test]
fn labels_do_not_touch() {
    for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        for periods in [1, 2, 12, 31, 60, 200, 1000] {
            let svg = draw("Desk", &stats(unit, periods, 10));
            let mut texts = texts(&svg);
            texts.sort_by(|a, b| (a.2, a.0).partial_cmp(&(b.2, b.0)).unwrap());
            texts.dedup();
            for pair in texts.windows(2) {
                let [a, b] = pair else { continue };
                let same_line = (a.2 - b.2).abs() < 1.0;
                assert!(
                    !same_line || a.1 <= b.0,
                    "{periods} {unit:?}: {a:?} and {b:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_counted_is_as_high_as_the_axis_says() {
    // Two months: 0 and 10 tickets opened, an axis to 10, 170 pixels high from 184 on.
    let svg = draw("Desk", &stats(Unit::Month, 2, 10));
    let document = Document::parse(&svg).unwrap();
    let fill = |colour: &str| {
        let filled = document
            .descendants()
            .filter(|n| n.attribute("fill") == Some(colour));
        // The first one belongs to the legend.
        let path = filled.filter_map(|n| n.attribute("d")).nth(1);
        path.unwrap_or_default().to_owned()
    };
    // The second month begins at 504; its middle is 717, and a bar 40 wide.
    assert_eq!(fill(BLUE), "M677 184h40v170h-40z");
    assert_eq!(fill(SKY), "M717 184h40v170h-40z");
    let labels = texts(&svg);
    let labels: Vec<&str> = labels.iter().map(|(_, _, _, text)| text.as_str()).collect();
    for want in [
        "Desk, 2026-01-01 to 2026-01-04",
        "12,340",
        "Jan",
        "Feb",
        "2026",
        "1h",
        "–",
        "Without 1 ticket that machines opened.",
        "Without 3 messages that have no date or one in the future.",
    ] {
        assert!(labels.contains(&want), "{want}: {labels:?}");
    }
}
