//! A clock that is wrong for a while.

use super::*;

/// A program that another test is about to start may hold a copy of a lock for a moment: asks until it is tried.
pub(super) fn tried(bench: &Bench, sendmail: &Sendmail, now: i64) -> Report {
    loop {
        let report = bench.outbox.flush(sendmail, now).unwrap();
        if report.waiting.len() + report.failed.len() > 0 {
            return report;
        }
    }
}

#[test]
fn a_clock_that_jumps_gives_nothing_up() {
    // C9: what counts is how long it waited from one try to the next, at most a day each.
    for (case, times, waits) in [
        (
            "ahead for a moment",
            &[NOW + 9000 * DAY, NOW + 9000 * DAY + 60, NOW + 120][..],
            2 * DAY,
        ),
        (
            "behind, then right",
            &[1, NOW + 60, NOW + 120][..],
            DAY + 61,
        ),
        (
            "released far ahead",
            &[NOW - 9000 * DAY, NOW - 9000 * DAY + HOUR][..],
            HOUR,
        ),
        ("nothing came for a month", &[NOW + 30 * DAY][..], DAY),
    ] {
        let bench = Bench::new();
        bench.put(7, &["a@x"], NOW);
        let fails = bench.sendmail("exit 75");
        for now in times {
            let report = tried(&bench, &fails, *now);
            assert_eq!(
                (report.waiting.len(), report.failed.len()),
                (1, 0),
                "{case}"
            );
        }
        let now = times[times.len() - 1];
        let mail = &bench.outbox.waiting().unwrap()[0];
        assert!(
            now - mail.since <= waits && mail.since <= now,
            "{case}: {mail:?}"
        );
        // It keeps its pauses, and is given up once it has waited for five days.
        let pause = bench
            .outbox
            .send(&fails, &Released::default(), now + 30)
            .unwrap();
        assert_eq!((pause.waiting.len(), pause.untried), (0, 1), "{case}");
        let mut days = 0;
        while !bench.outbox.waiting().unwrap().is_empty() {
            days += 1;
            tried(&bench, &fails, now + days * DAY);
        }
        assert!((3..=5).contains(&days), "{case}: {days}");
        assert_eq!(bench.outbox.failed().unwrap().len(), 1, "{case}");
    }
}

#[test]
fn what_was_staged_in_the_future_is_not_kept_for_years() {
    // C9
    for filed in [true, false] {
        let bench = Bench::new();
        killed(bench.outbox.stage(&key(7), &[mail("a@x")], NOW).unwrap());
        let is_filed = |_: TicketId, _: &str| Ok(filed);
        let before = NOW - 9000 * DAY;
        let got = bench.outbox.recover(&is_filed, before).unwrap();
        let recovered = |released, removed| Recovered { released, removed };
        assert_eq!(got, recovered(usize::from(filed), 0));
        if filed {
            assert_eq!(bench.files(), [format!("new/{before}.7.abc123.0.ack")]);
            continue;
        }
        // Its day begins when it is seen.
        let got = bench.outbox.recover(&is_filed, before + DAY - 1).unwrap();
        assert_eq!((got, bench.files().len()), (recovered(0, 0), 1));
        let got = bench.outbox.recover(&is_filed, before + DAY).unwrap();
        assert_eq!((got, bench.files().len()), (recovered(0, 1), 0));
    }
}
