use super::*;
use std::collections::BTreeMap;

const HOST: &str = "desk.example.org";

fn berlin(fields: &str) -> Schedule {
    Schedule::at(fields, TimeZone::get("Europe/Berlin").unwrap()).unwrap()
}

fn seconds(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_second()
}

fn mark(last: i64) -> Option<Mark> {
    Some(Mark { last, ahead: None })
}

// I1
#[test]
fn times_are_written_as_in_cron() {
    let why = |fields: &str| Schedule::at(fields, TimeZone::UTC).map(|_| ()).unwrap_err();
    for fields in [
        "0 7 * * *",
        "*/15 9-17 * * 1-5",
        "0 0 1,15 * MON",
        "@daily",
        "@hourly",
        "0 0 29 2 *",
        "  5 4 * * *  ",
    ] {
        assert!(Schedule::at(fields, TimeZone::UTC).is_ok(), "{fields}");
    }
    assert_eq!(
        why("0 0 7 * * *"),
        "\"0 0 7 * * *\" has 6 fields, not five: minute, hour, day, month, weekday"
    );
    assert_eq!(
        why(""),
        "\"\" has 0 fields, not five: minute, hour, day, month, weekday"
    );
    assert_eq!(why("0 0 30 2 *"), "\"0 0 30 2 *\" never comes");
    for fields in ["61 * * * *", "@reboot", "* * * * x", "@"] {
        let why = why(fields);
        assert!(why.contains("is no time as in cron"), "{fields}: {why}");
    }
    assert!(Schedule::every(59).is_err() && Schedule::every(u64::MAX).is_err());
}

// I2
#[test]
fn what_is_due() {
    let daily = Schedule::at("0 7 * * *", TimeZone::UTC).unwrap();
    let late = daily.clone().late(12 * 3600);
    let skips = daily.clone().skips_missed();
    let often = Schedule::every(120).unwrap().late(1);
    let (seven, day) = (seconds("2027-03-01T07:00:00Z"), 86_400);
    for (case, schedule, last, now, want) in [
        ("new", &daily, None, seven, Verdict::New),
        (
            "on time",
            &late,
            mark(seven - day),
            seven,
            Verdict::Due(seven),
        ),
        ("before", &late, mark(seven - day), seven - 1, Verdict::Rest),
        ("once", &late, mark(seven), seven + 59, Verdict::Rest),
        (
            "a week asleep",
            &late,
            mark(seven - 7 * day),
            seven + 3600,
            Verdict::Due(seven),
        ),
        (
            "too late",
            &late,
            mark(seven - day),
            seven + 43_201,
            Verdict::Missed(seven),
        ),
        (
            "not too late",
            &late,
            mark(seven - day),
            seven + 43_200,
            Verdict::Due(seven),
        ),
        (
            "skipped",
            &skips,
            mark(seven - day),
            seven + 301,
            Verdict::Missed(seven),
        ),
        (
            "a little late",
            &skips,
            mark(seven - day),
            seven + 300,
            Verdict::Due(seven),
        ),
        (
            "the clock is set back a little",
            &daily,
            mark(seven),
            seven - 3600,
            Verdict::Rest,
        ),
        (
            "the clock is set back",
            &daily,
            mark(seven),
            seven - 3601,
            Verdict::SetBack,
        ),
        (
            "every, after a week",
            &often,
            mark(seven - 7 * day),
            seven + 119,
            Verdict::Due(seven),
        ),
        (
            "every, the clock is set back",
            &often,
            mark(seven),
            seven - 121,
            Verdict::SetBack,
        ),
        (
            "beyond the calendar",
            &daily,
            mark(seven),
            i64::MAX,
            Verdict::Rest,
        ),
        (
            "long before it",
            &daily,
            mark(seven),
            i64::MIN,
            Verdict::SetBack,
        ),
    ] {
        assert_eq!(schedule.verdict(last, now), want, "{case}");
    }
}

// I2
#[test]
fn a_clock_that_is_wrong_for_a_moment_repeats_nothing() {
    let weekly = Schedule::at("@weekly", TimeZone::UTC).unwrap();
    let now = seconds("2027-03-01T07:00:00Z");
    let ran = mark(seconds("2027-02-28T00:00:00Z"));
    let wrong = weekly.verdict(ran, 0);
    assert_eq!(wrong, Verdict::SetBack);
    let after = wrong.mark(ran, 0);
    assert_eq!(weekly.verdict(after, 0), Verdict::Rest);
    let again = weekly.verdict(after, now);
    assert_eq!(again, Verdict::SetForth);
    assert_eq!(again.mark(after, now), ran);
    let next = seconds("2027-03-07T00:00:00Z");
    let due = weekly.verdict(after, next);
    assert_eq!(due, Verdict::Due(next));
    assert_eq!(due.mark(after, next), mark(next));
}

// I2: as Debian's cron(8) does.
#[test]
fn the_clock_is_changed_twice_a_year() {
    for (fields, before, now, want) in [
        // 02:30 does not exist.
        (
            "30 2 * * *",
            "2027-03-27T12:00:00Z",
            "2027-03-28T01:05:00Z",
            Some("2027-03-28T01:00:00Z"),
        ),
        (
            "*/15 2 * * *",
            "2027-03-27T12:00:00Z",
            "2027-03-28T12:00:00Z",
            None,
        ),
        (
            "15,45 2 * * *",
            "2027-03-27T12:00:00Z",
            "2027-03-28T01:00:00Z",
            Some("2027-03-28T01:00:00Z"),
        ),
        // It exists twice.
        (
            "15,45 2 * * *",
            "2027-10-30T12:00:00Z",
            "2027-10-31T12:00:00Z",
            Some("2027-10-31T00:45:00Z"),
        ),
        (
            "30 2 * * *",
            "2027-10-30T12:00:00Z",
            "2027-10-31T12:00:00Z",
            Some("2027-10-31T00:30:00Z"),
        ),
        (
            "0 * * * *",
            "2027-10-31T00:00:00Z",
            "2027-10-31T01:10:00Z",
            Some("2027-10-31T01:00:00Z"),
        ),
    ] {
        let want = want.map_or(Verdict::Rest, |at| Verdict::Due(seconds(at)));
        let got = berlin(fields).verdict(mark(seconds(before)), seconds(now));
        assert_eq!(got, want, "{fields} {now}");
    }
}

// I1
#[test]
fn the_next_time() {
    let daily = Schedule::at("0 7 * * *", TimeZone::UTC).unwrap();
    let late = daily.clone().jitter(600, HOST, "x");
    let seven = seconds("2027-03-01T07:00:00Z");
    assert_eq!(daily.next(mark(seven), seven), Some(seven + 86_400));
    assert_eq!(daily.next(None, seven - 1), Some(seven));
    assert_eq!(daily.next(mark(seven - 86_400), seven + 5), Some(seven));
    let delay = late.next(None, seven - 1).unwrap() - seven;
    assert!((1..600).contains(&delay), "{delay}");
    assert_ne!(daily.clone().jitter(600, HOST, "y").delay, delay);
    assert_eq!(late.verdict(mark(seven - 86_400), seven), Verdict::Rest);
    let due = late.verdict(mark(seven - 86_400), seven + delay);
    assert_eq!(due, Verdict::Due(seven));
    assert_eq!(daily.next(mark(seven), i64::MAX), None);
}

/// Six processes that tick, each of which may look before another has noted that it runs a job.
const PROCESSES: usize = 6;

/// I2: ten thousand ticks in a year with both changes of the clock, a week asleep, and a clock that is set back and
/// forth. `tests/jobs/year.py` says how often each job is to run.
#[test]
fn each_job_runs_as_often_in_a_year_as_it_should() {
    const YEAR: &str = include_str!("../../../tests/jobs/year.txt");
    let rows = YEAR
        .lines()
        .filter(|line| line.contains('|') && !line.starts_with('#'));
    let steps = YEAR
        .lines()
        .filter(|line| !line.contains('|') && !line.starts_with('#'));
    let steps = steps.flat_map(|line| line.split(' '));
    let mut clock = 0;
    let ticks: Vec<i64> = steps
        .map(|step| {
            clock += step.parse::<i64>().unwrap();
            clock
        })
        .collect();
    assert_eq!(ticks.len(), 10_000);
    let together: Vec<&[i64]> = ticks.chunk_by(|a, b| a == b).collect();
    assert_eq!(together.iter().map(|it| it.len()).max(), Some(PROCESSES));
    let mut table = BTreeMap::new();
    for row in rows {
        let words: Vec<&str> = row.split('|').collect();
        let [name, zone, times, jitter, missed, late, _, want @ ..] = &words[..] else {
            panic!("{row}");
        };
        let schedule = match times.strip_prefix("every ") {
            Some(seconds) => Schedule::every(seconds.parse().unwrap()).unwrap(),
            None => Schedule::at(times, TimeZone::get(zone).unwrap()).unwrap(),
        };
        let schedule = schedule.jitter(jitter.parse().unwrap(), HOST, name);
        let schedule = match *missed {
            "skip" => schedule.skips_missed(),
            _ => schedule.late(late.parse().unwrap()),
        };
        let mut mark = None;
        let (mut runs, mut missed, mut set_back) = (Vec::new(), 0, 0);
        for ticks in &together {
            let now = ticks[0];
            // All look at once; then one after the other has the lock, and looks again.
            let seen = schedule.verdict(mark, now);
            for _ in ticks.iter().filter(|_| seen != Verdict::Rest) {
                let verdict = schedule.verdict(mark, now);
                match verdict {
                    Verdict::Due(time) => runs.push(time),
                    Verdict::Missed(_) => missed += 1,
                    Verdict::SetBack => set_back += 1,
                    Verdict::New | Verdict::SetForth | Verdict::Rest => {}
                }
                mark = verdict.mark(mark, now);
            }
        }
        let text: String = runs.iter().map(|time| format!("{time}\n")).collect();
        let digest: String = (Sha256::digest(text).iter().take(8))
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let got = [runs.len(), missed, set_back].map(|number| number.to_string());
        let got = [got.to_vec(), vec![digest]].concat();
        println!("{row}");
        table.insert(name.to_owned(), (got, want.to_vec()));
    }
    assert_eq!(table.len(), 17);
    for (name, (got, want)) in table {
        assert_eq!(got, want, "{name}");
    }
}

// I3
#[test]
fn what_was_missed_counts_from_its_first_time() {
    let minutes = Schedule::every(60).unwrap();
    let daily = Schedule::at("0 7 * * *", TimeZone::UTC).unwrap();
    let late = daily.clone().late(12 * 3600);
    let seven = seconds("2027-03-01T07:00:00Z");
    let (day, hour) = (86_400, 3600);
    let jitter = minutes.clone().jitter(50, HOST, "flush");
    assert_ne!(jitter.delay, 0);
    for (case, schedule, last, now, want) in [
        ("each minute", &minutes, seven, seven + 330, seven + 60),
        ("a fifth minute", &minutes, seven, seven + 300, seven + 60),
        ("not yet", &minutes, seven, seven + 59, seven + 60),
        ("now", &minutes, seven, seven + 60, seven + 60),
        (
            "delayed",
            &jitter,
            seven,
            seven + 330,
            seven + 60 + jitter.delay,
        ),
        ("a week", &daily, seven, seven + 7 * day + hour, seven + day),
        (
            "too late to be caught up",
            &late,
            seven,
            seven + 2 * day + 13 * hour,
            seven + day,
        ),
        ("in a day", &late, seven, seven + hour, seven + day),
        (
            "the clock was set back",
            &minutes,
            seven + day,
            seven,
            seven + 60,
        ),
    ] {
        assert_eq!(schedule.next(mark(last), now), Some(want), "{case}");
    }
    assert_eq!(minutes.next(None, seven + 1), Some(seven + 60));
}
