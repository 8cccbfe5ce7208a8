use super::*;

const NOW: i64 = 1_800_000_000;

fn jobs() -> Vec<JobLine> {
    let job = |name: &str, times: &str, last: Option<(i64, u64, RunResult)>, next: i64| JobLine {
        name: name.to_owned(),
        run: name.to_owned(),
        times: times.to_owned(),
        enabled: true,
        last: last.map(|(ago, took, result)| JobRun {
            started: NOW - ago,
            ended: (result != RunResult::None).then_some(NOW - ago + 1),
            took,
            result,
            note: "a note".to_owned(),
            ..JobRun::default()
        }),
        next: Some(NOW + next),
        ..JobLine::default()
    };
    vec![
        job("clean-up", "every 1 day", None, 3600),
        job(
            "digest",
            "0 7 * * *",
            Some((90_000, 2_100, RunResult::Ok)),
            -5 * 3600,
        ),
        JobLine {
            failures: 3,
            ..job(
                "flush",
                "every 5 min",
                Some((130, 60_000, RunResult::Failed)),
                170,
            )
        },
        JobLine {
            is_running: true,
            missed: Missed::Skip,
            ..job(
                "reindex",
                "30 2 1,15 * *",
                Some((60, 0, RunResult::None)),
                86_400,
            )
        },
        JobLine {
            idle: Some(Idle {
                state: "needs upgrade",
                why: "the module git is left out".to_owned(),
            }),
            ..job("git.fetch", "every 15 min", None, -90_000)
        },
        job(
            "remind-a-bit-longer",
            "0,15,30,45 8-18 * * 1-5",
            Some((5, 7, RunResult::Died)),
            0,
        ),
        JobLine {
            paused: Some(NOW + 7200),
            ..job("night", "@daily", Some((0, 12, RunResult::None)), -90_000)
        },
        JobLine {
            enabled: false,
            ..job("off", "@daily", None, -90_000)
        },
    ]
}

// I1
#[test]
fn jobs_line_up() {
    let plain = |width| anstream::adapter::strip_str(&table(&jobs(), NOW, width)).to_string();
    assert_eq!(
        plain(Some(80)),
        "\
job             schedule             last        took  result   next
clean-up        every 1 day          never                      in 1h
digest          0 7 * * *            1d ago      2.1s  ok       overdue by 5h
flush           every 5 min          2m ago        1m  failed   in 2m
    a note
reindex         30 2 1,15 * *, skip  1m ago            running  in 1d
git.fetch       every 15 min         never                      needs upgrade
remind-a-bit-…  0,15,30,45 8-18…     now         0.0s  died     now
    a note
night           @daily               now               died     paused for 2h
    its process was gone before it had ended
off             @daily               never                      switched off
"
    );
    for width in 1..200 {
        for line in plain(Some(width)).lines() {
            assert!(
                crate::screen::Width::width(line) <= width,
                "{width}: {line}"
            );
        }
    }
    assert!(plain(None).contains("overdue by 5h\n"), "{}", plain(None));
}

// I3
#[test]
fn a_job_is_overdue_since_it_could_run() {
    let job = |ended: i64| {
        let mut job = jobs().remove(1);
        if let Some(run) = &mut job.last {
            run.ended = Some(NOW - ended);
        }
        job.overdue(NOW)
    };
    let ages = [90_000, 5 * 3600, 121, 120, 0, -60];
    let want = [Some(18_000), Some(18_000), Some(121), None, None, None];
    assert_eq!(ages.map(job), want);
}

// I3
#[test]
fn why_a_job_failed_is_wrapped_and_harmless() {
    let mut jobs = vec![jobs().remove(2)];
    let run = jobs[0].last.as_mut().unwrap();
    run.note =
        "the address \u{1b}[31m of somebody is refused by the mail server of somebody else".into();
    let plain = |jobs: &[JobLine], width| {
        let text = table(jobs, NOW, width);
        anstream::adapter::strip_str(&text).to_string()
    };
    let want = "    the address  [31m of\n    somebody is refused by\n    the mail server of\n    somebody else\n";
    let text = plain(&jobs, Some(26));
    assert!(text.ends_with(want), "{text}");
    jobs[0].last.as_mut().unwrap().note.clear();
    assert!(plain(&jobs, None).ends_with("  in 2m\n    failed\n"));
    jobs[0].last.as_mut().unwrap().result = RunResult::Missed;
    assert!(plain(&jobs, None).ends_with("  in 2m\n"));
}

#[test]
fn overdue_is_red_and_counted() {
    let text = table(&jobs(), NOW, None);
    let red = AnsiColor::Red.on_default().bold();
    let line = text.lines().find(|line| line.contains("overdue")).unwrap();
    assert!(line.starts_with(&format!("{red}digest")), "{line}");
    let overdue: Vec<String> = jobs()
        .into_iter()
        .filter(|job| job.overdue(NOW).is_some())
        .map(|job| job.name)
        .collect();
    assert_eq!(overdue, ["digest"]);
    let json = jobs()[1].json(NOW).unwrap();
    assert_eq!(
        json,
        "{\"name\":\"digest\",\"run\":\"digest\",\"summary\":\"\",\"schedule\":\"0 7 * * *\",\"missed\":\"once\",\"enabled\":true,\
         \"running\":false,\"started\":\"2027-01-14T07:00:00Z\",\"ended\":\"2027-01-14T07:00:01Z\",\
         \"took\":2.1,\"result\":\"ok\",\"note\":\"a note\",\"failures\":0,\
         \"next\":\"2027-01-15T03:00:00Z\",\"overdue\":18000,\"paused\":false,\"paused_until\":null,\"idle\":null}"
    );
}
