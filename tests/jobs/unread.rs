//! A job of which something cannot be read (I1 to I3).

use super::{due, history, listed, make_due};
use std::fs;

const TWO: &str = "[job.flush]\nevery = \"1000 days\"\n[job.remind]\nrun = \"remind 3d\"\nevery = \"1000 days\"\n";

/// The lines of `check` about jobs, each with the one that mends it.
fn checked(bench: &crate::bench::Bench) -> Vec<String> {
    let checked = bench.run(&["check", "--etc", "/nowhere"], b"").stdout;
    let lines: Vec<&str> = checked.lines().collect();
    let of_jobs = (0..lines.len()).filter(|&at| lines[at].contains(" jobs: "));
    let with_mend = of_jobs.flat_map(|at| {
        let next = lines.get(at + 1).filter(|line| line.contains(" mend: "));
        [Some(&lines[at]), next].into_iter().flatten()
    });
    with_mend.map(|line| (*line).to_owned()).collect()
}

// I1, I2, I3
#[test]
fn a_job_of_which_something_cannot_be_read_is_named_and_hides_no_other() {
    for ending in ["json", "paused", "lock"] {
        let bench = due(TWO, &[]);
        assert_eq!(checked(&bench), ["ok    jobs: none fails"]);
        make_due(&bench, "flush");
        let file = bench.ticket(&format!(".tickets/jobs/remind.{ending}"));
        // Else nobody looks whether it is locked.
        make_due(&bench, "remind");
        let _ = fs::remove_file(&file);
        fs::create_dir(&file).unwrap();
        let doing = match ending {
            "lock" => "open",
            _ => "read",
        };
        let path = file.display();
        let why = format!("cannot {doing} {path}: a directory stands there, no file");
        let ran = bench.run(&["tick"], b"");
        assert_eq!(
            (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "", format!("tickets: {why}\n").as_str())
        );
        assert_eq!(history(&bench, "flush"), ["ok: 0 sent, 0 waiting"]);
        let ran = bench.run(&["jobs"], b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let lines: Vec<&str> = ran.stdout.lines().collect();
        let at = |name: &str| lines.iter().position(|line| line.starts_with(name));
        let remind = at("remind ").unwrap();
        assert!(lines[remind].ends_with("  unreadable"), "{ran:?}");
        assert_eq!(lines[remind + 1], format!("    {why}"));
        assert!(lines[at("flush ").unwrap()].contains("  ok "), "{ran:?}");
        let remind = listed(&bench, "remind");
        assert_eq!(
            (&remind["idle"], &remind["next"], &remind["overdue"]),
            (&why.as_str().into(), &serde_json::Value::Null, &0.into())
        );
        assert_eq!(
            checked(&bench),
            [
                format!("warn  jobs: remind does not run: {why}"),
                format!("      mend: rm -r {path}")
            ]
        );
        let nagios = bench
            .run(&["check", "--etc", "/nowhere", "--nagios"], b"")
            .stdout;
        assert!(nagios.contains(" overdue=1"), "{nagios}");
        // As it says.
        fs::remove_dir(&file).unwrap();
        bench.run(&["tick"], b"").silent();
        assert_eq!(checked(&bench), ["ok    jobs: none fails"]);
    }
}

// I1: the directory of all of them
#[test]
fn jobs_of_which_nothing_can_be_read_are_listed() {
    let bench = due(TWO, &[]);
    let dir = bench.ticket(".tickets/jobs");
    fs::rename(&dir, bench.path("elsewhere")).unwrap();
    fs::write(&dir, "").unwrap();
    let ran = bench.run(&["jobs"], b"");
    let shown: Vec<&str> = (ran.stdout.lines())
        .filter(|line| line.ends_with("  unreadable"))
        .collect();
    assert_eq!((ran.status, shown.len()), (0, 3), "{ran:?}");
    let nagios = bench
        .run(&["check", "--etc", "/nowhere", "--nagios"], b"")
        .stdout;
    assert!(nagios.contains(" overdue=3"), "{nagios}");
}
