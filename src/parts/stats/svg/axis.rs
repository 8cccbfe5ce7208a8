//! Round numbers for axes.

use crate::parts::stats::count::Unit;
use crate::screen::grouped;
use jiff::civil::Date;

/// Round numbers from 0 to at least `most`, about `few` of them.
pub(super) fn counts(most: u64, few: u64) -> Vec<u64> {
    // A larger number leaves no room for the multiples of a step.
    let most = most.min(u64::MAX / 100);
    let tens = (0..18).map(|n| 10_u64.pow(n));
    let nice = tens.flat_map(|ten| [ten, 2 * ten, 5 * ten]);
    let mut steps = nice.skip_while(|step| most.div_ceil(*step) > few.max(1));
    let step = steps.next().unwrap_or(most);
    let last = most.div_ceil(step).max(1);
    (0..=last).map(|n| n * step).collect()
}

/// `1200` as `1,200`, and many millions as `25M`.
pub(super) fn short(n: u64) -> String {
    match n {
        10_000_000.. => format!("{}M", grouped(n / 1_000_000)),
        _ => grouped(n),
    }
}

/// Spans of time that people think in, in seconds.
const SPANS: [(u64, &str); 11] = [
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (86_400, "1 day"),
    (7 * 86_400, "1 week"),
    (30 * 86_400, "30 days"),
    (365 * 86_400, "1 year"),
    (3650 * 86_400, "10 years"),
];

/// The part of [`SPANS`] that covers `least` to `most` seconds; at least two of them.
pub(super) fn spans(least: u64, most: u64) -> &'static [(u64, &'static str)] {
    let first = SPANS.iter().rposition(|(s, _)| *s <= least).unwrap_or(0);
    let last = SPANS.iter().position(|(s, _)| *s >= most);
    let last = last.unwrap_or(SPANS.len() - 1);
    match last.cmp(&first) {
        std::cmp::Ordering::Greater => &SPANS[first..=last],
        _ if first + 1 < SPANS.len() => &SPANS[first..=first + 1],
        _ => &SPANS[first - 1..=first],
    }
}

/// Where `seconds` lies between the first and the last of `spans`, from 0 to 1, on a logarithmic scale.
pub(super) fn share(seconds: u64, spans: &[(u64, &str)]) -> f64 {
    let (Some((first, _)), Some((last, _))) = (spans.first(), spans.last()) else {
        return 0.0;
    };
    let log = |s: u64| (s.max(1) as f64).ln();
    ((log(seconds) - log(*first)) / (log(*last) - log(*first))).clamp(0.0, 1.0)
}

/// What stands below the periods: a short name, and the year below the first one of each.
pub(super) fn labels(unit: Unit, starts: &[Date]) -> Vec<(String, Option<String>)> {
    let mut year = None;
    let label = |date: &Date| {
        let format = match unit {
            Unit::Day | Unit::Week => "%-d %b",
            Unit::Month => "%b",
            Unit::Year => "%Y",
        };
        let new = (year.replace(date.year()) != Some(date.year())).then(|| date.year().to_string());
        let new = new.filter(|_| unit != Unit::Year);
        (date.strftime(format).to_string(), new)
    };
    starts.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers() {
        for (most, few, want) in [
            (0, 5, &[0, 1][..]),
            (1, 5, &[0, 1]),
            (3, 5, &[0, 1, 2, 3]),
            (7, 5, &[0, 2, 4, 6, 8]),
            (10, 5, &[0, 2, 4, 6, 8, 10]),
            (11, 5, &[0, 5, 10, 15]),
            (49, 5, &[0, 10, 20, 30, 40, 50]),
            (51, 5, &[0, 20, 40, 60]),
            (999, 4, &[0, 500, 1000]),
            (120_000, 3, &[0, 50_000, 100_000, 150_000]),
        ] {
            assert_eq!(counts(most, few), want, "{most}");
        }
        assert!(counts(u64::MAX, 5).len() > 2);
        for (n, want) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
            (25_900_000, "25M"),
            (1_200_000_000, "1,200M"),
        ] {
            assert_eq!(short(n), want);
        }
    }

    #[test]
    fn spans_hold_what_is_shown() {
        for (least, most, want) in [
            (0, 0, ["1 s", "10 s"]),
            (70, 500, ["1 min", "10 min"]),
            (60, 60, ["1 min", "10 min"]),
            (3600, 90_000, ["1 h", "1 week"]),
            (5, 40_000_000, ["1 s", "10 years"]),
            (u64::MAX, u64::MAX, ["1 year", "10 years"]),
        ] {
            let got = spans(least, most);
            let ends = [got[0].1, got[got.len() - 1].1];
            assert_eq!(ends, want, "{least} to {most}");
        }
        let hours = spans(3600, 36_000);
        assert_eq!([share(0, hours), share(3600, hours)], [0.0, 0.0]);
        assert_eq!([share(86_400, hours), share(u64::MAX, hours)], [1.0, 1.0]);
        assert!((share(6 * 3600, hours) - 0.5638).abs() < 0.001);
    }
}
