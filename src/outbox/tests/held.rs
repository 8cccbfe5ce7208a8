//! Mail that may not be sent yet (L6).

use super::*;

/// A mail that may be sent at this moment.
fn held(to: &str, until: i64) -> Outgoing {
    Outgoing {
        held_until: Some(until),
        ..mail(to)
    }
}

#[test]
fn what_is_held_is_sent_when_its_time_has_come() {
    let bench = Bench::new();
    let sendmail = bench.sendmail(RECORD);
    let mails = [mail("a@x"), held("b@x", NOW + HOUR)];
    let staged = bench.outbox.stage(&key(7), &mails, NOW).unwrap();
    let until = NOW + HOUR;
    assert_eq!(
        bench.files(),
        [
            "tmp/7.abc123.0.ack".to_owned(),
            format!("tmp/7.abc123.1.ack.{until}")
        ]
    );
    let released = bench.outbox.release(staged.of_filed_message(), NOW);
    let report = bench.outbox.send(&sendmail, &released.unwrap(), NOW);
    assert_eq!(recipients(&report.unwrap().sent), ["a@x"]);
    assert_eq!(bench.outbox.waiting().unwrap(), []);
    let held = bench.outbox.held().unwrap();
    assert_eq!((recipients(&held), held[0].since), (vec!["b@x"], until));
    for (now, want) in [(until - 1, 0), (until, 1)] {
        assert_eq!(bench.outbox.release_held(now).unwrap().len(), want);
    }
    // Its five days begin now.
    let waiting = &bench.outbox.waiting().unwrap()[0];
    assert_eq!((waiting.since, waiting.last_try), (until, None));
    let report = bench.outbox.flush(&sendmail, until).unwrap();
    assert_eq!(recipients(&report.sent), ["b@x"]);
    assert_eq!(bench.sent().len(), 2);
}

#[test]
fn whoever_takes_it_over_later_holds_it_no_longer_than_it_has_to_be() {
    let bench = Bench::new();
    let until = NOW + HOUR;
    for (ticket, now, want) in [(7, until - 1, 0), (8, until, 1)] {
        let staged = bench
            .outbox
            .stage(&key(ticket), &[held("b@x", until)], NOW)
            .unwrap();
        killed(staged);
        let adopted = bench.outbox.adopt(&key(ticket), now).unwrap();
        assert_eq!(adopted.len(), want);
    }
    let waiting = bench.outbox.waiting().unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].place.name(), format!("{until}.8.abc123.0.ack"));
    let held = bench.outbox.held().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].place.name(), format!("{until}.7.abc123.0.ack"));
}

#[test]
fn a_wrong_clock_holds_nothing_for_long() {
    // C9
    for (case, held_at, until, now, want) in [
        ("an hour back", NOW, NOW + HOUR, NOW - HOUR, 0),
        ("a day back", NOW, NOW + HOUR, NOW - DAY, 0),
        ("more than a day back", NOW, NOW + HOUR, NOW - DAY - 1, 1),
        ("years back", NOW, NOW + HOUR, 1000, 1),
        ("ahead", NOW, NOW + HOUR, NOW + 9000 * DAY, 1),
        ("nine days", NOW, NOW + 9 * DAY, NOW + 9 * DAY - 1, 0),
        ("more than anybody holds it", NOW, NOW + 11 * DAY, NOW, 1),
    ] {
        let bench = Bench::new();
        let staged = bench
            .outbox
            .stage(&key(7), &[held("b@x", until)], held_at)
            .unwrap();
        bench
            .outbox
            .release(staged.of_filed_message(), held_at)
            .unwrap();
        let released = bench.outbox.release_held(now).unwrap();
        assert_eq!(released.len(), want, "{case}");
        assert_eq!(bench.outbox.held().unwrap().len(), 1 - want, "{case}");
    }
}

#[test]
fn a_power_cut_that_leaves_two_names_sends_it_once() {
    let bench = Bench::new();
    let sendmail = bench.sendmail(RECORD);
    let until = NOW + HOUR;
    let staged = bench
        .outbox
        .stage(&key(7), &[held("b@x", until)], NOW)
        .unwrap();
    bench
        .outbox
        .release(staged.of_filed_message(), NOW)
        .unwrap();
    let out = bench.dir.path().join(".tickets/outbox");
    let lying = out.join(format!("held/{until}.7.abc123.0.ack"));
    fs::hard_link(&lying, out.join(format!("tmp/7.abc123.0.ack.{until}"))).unwrap();
    assert_eq!(bench.outbox.adopt(&key(7), NOW + 1).unwrap().len(), 0);
    assert_eq!(bench.outbox.release_held(until).unwrap().len(), 1);
    // And again on the way from there.
    fs::hard_link(out.join(format!("new/{until}.7.abc123.0.ack")), &lying).unwrap();
    let report = bench.outbox.flush(&sendmail, until).unwrap();
    assert_eq!(report.sent.len(), 1);
    assert_eq!(bench.outbox.held().unwrap(), []);
    assert_eq!(bench.files(), [""; 0]);
    assert_eq!(bench.sent().len(), 1);
}
