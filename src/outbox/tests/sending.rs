//! What becomes of released mail.

use super::clock::tried;
use super::*;

#[test]
fn a_failed_mail_stays_and_says_why() {
    // C9
    let table = [
        (
            "try later",
            "echo busy >&2; exit 75",
            "sendmail exited with status 75: busy",
        ),
        ("killed", "kill -9 $$", "sendmail was killed by signal 9"),
        (
            "hangs",
            "exec sleep 3600",
            "sendmail did not exit within 0 s",
        ),
    ];
    for (case, script, reason) in table {
        let bench = Bench::new();
        let released = bench.put(7, &["a@x", "b@x"], NOW);
        let mut sendmail = bench.sendmail(script);
        if case == "hangs" {
            sendmail.timeout = Duration::from_millis(50);
        }
        let report = bench.outbox.send(&sendmail, &released, NOW).unwrap();
        assert!(report.sent.is_empty() && report.failed.is_empty(), "{case}");
        assert_eq!(
            recipients(report.waiting.iter().map(|(mail, _)| mail)),
            ["a@x", "b@x"],
            "{case}"
        );
        assert!(
            report.waiting.iter().all(|(_, why)| why == reason),
            "{case}: {report:?}"
        );
        let waiting = bench.outbox.waiting().unwrap();
        assert_eq!(recipients(&waiting), ["a@x", "b@x"], "{case}");
        let mail = &waiting[0];
        assert_eq!(
            (mail.ticket, mail.kind.as_str()),
            (TicketId::new(7), "ack"),
            "{case}"
        );
        assert_eq!((mail.since, mail.last_try), (NOW, Some(NOW + 1)), "{case}");
        // A program that another test is about to start may hold a copy of a lock for a moment.
        let mut sent = 0;
        while !bench.outbox.waiting().unwrap().is_empty() {
            let report = bench.outbox.flush(&bench.sendmail(RECORD), NOW).unwrap();
            assert!(
                report.waiting.is_empty() && report.failed.is_empty(),
                "{case}"
            );
            sent += report.sent.len();
        }
        assert_eq!(sent, 2, "{case}");
    }
}

#[test]
fn an_internationalized_address_that_is_refused_is_given_up_at_once() {
    // C1: a sendmail without SMTPUTF8 will not learn it.
    for (case, script, gives_up) in [
        ("refused", "echo no SMTPUTF8 >&2; exit 65", true),
        ("later", "exit 75", false),
        ("killed", "kill -9 $$", false),
    ] {
        let bench = Bench::new();
        let released = bench.put(7, &["ünal@x"], NOW);
        let report = bench.outbox.send(&bench.sendmail(script), &released, NOW);
        let report = report.unwrap();
        let failed = recipients(report.failed.iter().map(|(mail, _)| mail));
        let waiting = recipients(report.waiting.iter().map(|(mail, _)| mail));
        let (want_failed, want_waiting): (&[&str], &[&str]) = match gives_up {
            true => (&["ünal@x"], &[]),
            false => (&[], &["ünal@x"]),
        };
        assert_eq!(
            (&failed[..], &waiting[..]),
            (want_failed, want_waiting),
            "{case}"
        );
        assert_eq!(
            bench.outbox.waiting().unwrap().is_empty(),
            gives_up,
            "{case}"
        );
    }
}

#[test]
fn without_sendmail_all_waits() {
    // E6: flush gives up after one mail, since the next would fail in the same way.
    let bench = Bench::new();
    bench.put(7, &["a@x", "b@x", "c@x", "d@x", "e@x", "f@x"], NOW);
    let missing = Sendmail {
        program: "/nonexistent/sendmail".into(),
        args: vec![],
        timeout: Duration::ZERO,
    };
    let report = bench.outbox.flush(&missing, NOW).unwrap();
    assert_eq!((report.waiting.len(), report.untried), (1, 5));
    assert_eq!(report.waiting[0].1, "there is no /nonexistent/sendmail");
    assert_eq!(bench.outbox.waiting().unwrap().len(), 6);
}

#[test]
fn the_pause_grows_with_the_age() {
    // C9: tried at once by its own delivery, then by others.
    let table = [
        ("just released", NOW, NOW + 59, false),
        ("released a minute ago", NOW, NOW + 60, true),
        ("tried after 10 minutes", NOW + 600, NOW + 1199, false),
        ("and waited as long again", NOW + 600, NOW + 1200, true),
        (
            "tried after two days",
            NOW + 2 * DAY,
            NOW + 2 * DAY + 6 * HOUR - 1,
            false,
        ),
        (
            "six hours at most",
            NOW + 2 * DAY,
            NOW + 2 * DAY + 6 * HOUR,
            true,
        ),
        ("the clock went back", NOW + 2 * DAY, NOW + DAY, true),
    ];
    for (case, last_try, now, due) in table {
        let bench = Bench::new();
        bench.put(7, &["a@x"], NOW);
        let path = bench.outbox.path("new/1732240000.7.abc123.0.ack");
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(entry::time(last_try))
            .unwrap();
        let report = bench
            .outbox
            .send(&bench.sendmail(RECORD), &Released::default(), now)
            .unwrap();
        assert_eq!(
            (report.sent.len(), report.untried),
            (usize::from(due), usize::from(!due)),
            "{case}"
        );
    }
}

#[test]
fn old_mail_goes_with_the_next_delivery_until_one_fails() {
    // C9
    let bench = Bench::new();
    for ticket in 1..=12 {
        bench.put(ticket, &[&format!("{ticket}@x")], NOW + i64::from(ticket));
    }
    let fails_at_3 = bench.sendmail(r#"test $last != 3@x && cat >$OUT/$last"#);
    let later = NOW + HOUR;
    let report = bench
        .outbox
        .send(&fails_at_3, &Released::default(), later)
        .unwrap();
    assert_eq!(recipients(&report.sent), ["1@x", "2@x"]);
    assert_eq!(
        (report.waiting[0].0.recipients[0].as_str(), report.untried),
        ("3@x", 9)
    );
    // The one that failed is not due yet, and it does not hold up the others.
    let report = bench
        .outbox
        .send(&fails_at_3, &Released::default(), later)
        .unwrap();
    assert_eq!(
        (report.sent.len(), report.waiting.len(), report.untried),
        (9, 0, 1)
    );

    let bench = Bench::new();
    for ticket in 1..=12 {
        bench.put(ticket, &["a@x"], NOW);
    }
    let fresh = bench.put(13, &["fresh@x"], later);
    let report = bench
        .outbox
        .send(&bench.sendmail("exit 75"), &fresh, later)
        .unwrap();
    assert_eq!(
        (report.waiting.len(), report.untried),
        (1, 12),
        "fresh mail fails: no old mail is tried"
    );
    let fresh = bench.put(14, &["fresh@x"], later);
    let report = bench
        .outbox
        .send(&bench.sendmail(RECORD), &fresh, later)
        .unwrap();
    assert_eq!(
        (report.sent.len(), report.untried),
        (11, 3),
        "ten old ones at a time"
    );
}

#[test]
fn after_five_days_it_is_given_up() {
    // C9
    let bench = Bench::new();
    bench.put(7, &["a@x"], NOW);
    let refuse = bench.sendmail("echo no such user >&2; exit 67");
    for day in 1..5 {
        tried(&bench, &refuse, NOW + day * DAY);
    }
    let report = tried(&bench, &refuse, NOW + 5 * DAY - 1);
    assert_eq!((report.waiting.len(), report.failed.len()), (1, 0));
    let report = tried(&bench, &refuse, NOW + 5 * DAY);
    assert_eq!(
        (report.waiting.len(), report.failed[0].1.as_str()),
        (0, "sendmail exited with status 67: no such user")
    );
    assert_eq!(bench.files(), ["failed/new/1732240000.7.abc123.0.ack"]);
    let failed = bench.outbox.failed().unwrap();
    assert_eq!(
        (recipients(&failed), &failed[0].place),
        (vec!["a@x"], &report.failed[0].0.place)
    );
    assert!(
        bench
            .outbox
            .flush(&bench.sendmail(RECORD), NOW + 6 * DAY)
            .unwrap()
            .sent
            .is_empty()
    );
}

#[test]
fn a_mail_is_sent_by_one_at_a_time() {
    let bench = Bench::new();
    let released = bench.put(7, &["a@x"], NOW);
    let holder = fs::File::open(released.0[0].path()).unwrap();
    fs2::FileExt::lock_exclusive(&holder).unwrap();
    let report = bench
        .outbox
        .send(&bench.sendmail(RECORD), &released, NOW)
        .unwrap();
    assert!(report.sent.is_empty() && report.waiting.is_empty() && bench.sent().is_empty());
    drop(holder);
    assert_eq!(
        bench
            .outbox
            .send(&bench.sendmail(RECORD), &released, NOW)
            .unwrap()
            .sent
            .len(),
        1
    );
    assert!(
        bench
            .outbox
            .send(&bench.sendmail(RECORD), &released, NOW)
            .unwrap()
            .sent
            .is_empty()
    );
}

#[test]
fn mutt_may_have_opened_it() {
    // C9: mutt moves what was seen to cur/ and adds flags, even while it is being sent.
    let bench = Bench::new();
    let released = bench.put(7, &["a@x"], NOW);
    fs::rename(
        released.0[0].path(),
        bench.outbox.path("cur/1732240000.7.abc123.0.ack:2,S"),
    )
    .unwrap();
    assert_eq!(bench.outbox.adopt(&key(7), NOW).unwrap().len(), 1);
    let waiting = bench.outbox.waiting().unwrap();
    assert_eq!((waiting[0].kind.as_str(), waiting[0].since), ("ack", NOW));
    assert_eq!(
        bench
            .outbox
            .flush(&bench.sendmail(RECORD), NOW)
            .unwrap()
            .sent
            .len(),
        1
    );

    let released = bench.put(8, &["a@x"], NOW);
    let outbox = bench.outbox.path("");
    let outbox = outbox.display();
    let moves = bench.sendmail(&format!("mv {outbox}/new/*.8.* {outbox}/cur/$last:2,S"));
    assert_eq!(
        bench
            .outbox
            .send(&moves, &released, NOW)
            .unwrap()
            .sent
            .len(),
        1
    );
    assert!(bench.files().is_empty());
}

#[test]
fn files_of_others_are_left_alone() {
    let bench = Bench::new();
    bench.put(7, &["a@x"], NOW);
    let new = bench.outbox.path("new");
    fs::write(
        new.join("stray"),
        "To: a@x\nX-Tickets-Recipient: b@x\n\nhello\n",
    )
    .unwrap();
    std::os::unix::fs::symlink("/etc/passwd", new.join("link")).unwrap();
    fs::create_dir(new.join("dir")).unwrap();
    let report = bench.outbox.flush(&bench.sendmail(RECORD), NOW).unwrap();
    assert_eq!((report.sent.len(), report.waiting.len()), (1, 1));
    assert_eq!(
        report.waiting[0].1,
        "it does not begin with X-Tickets-Sender and X-Tickets-Recipient"
    );
    assert_eq!(bench.files(), ["new/stray"]);
}
