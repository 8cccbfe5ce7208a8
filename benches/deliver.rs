//! Compares the cost of a delivery with procmail, maildrop and a minimal C program.
//!
//! `cargo bench` runs all programs alternately. Each message is different (a repeated Message-ID would be
//! a duplicate), and each file grows by one message a round. Only compare results of the same run.
//! `BENCH_RT=1` excludes other load on the machine (needs root), `BENCH_ROUNDS=N` sets the number of
//! rounds, `BENCH_BIN=FILE` uses another `tickets`.

mod meter;

use meter::{Cost, Meter, median, message};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bytes of a message: a short mail with an ordinary header.
const SIZE: usize = 4083;
/// Tickets in the large store.
const MANY: u32 = 10_000;

fn main() {
    // `cargo test --benches` runs this as well, but there is nothing to test.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let rounds = match std::env::var("BENCH_ROUNDS") {
        Ok(rounds) => rounds.parse().expect("BENCH_ROUNDS is a number"),
        Err(_) => 300,
    };
    let room = tempfile::Builder::new()
        .prefix("bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory to work in");
    let bench = Bench::build(room.path());
    let mut cases = bench.cases();
    for round in 0..=rounds {
        for case in &mut cases {
            let cost = bench.time(case, round);
            // The first run finds cold files and creates directories.
            if round > 0 {
                case.costs.push(cost);
            }
        }
    }
    bench.check(&cases, rounds);
    print(&cases, rounds);
}

struct Case {
    name: String,
    command: Vec<String>,
    costs: Vec<Cost>,
    /// A store, and the number of tickets it had.
    store: Option<(PathBuf, u32)>,
    opens: bool,
}

struct Bench {
    room: PathBuf,
    meter: Meter,
    tickets: String,
    message: PathBuf,
}

impl Bench {
    fn build(room: &Path) -> Bench {
        let meter = Meter::build(room);
        meter.compile("floor", "floor", &[]);
        meter.compile("floor-static", "floor", &["-static"]);
        Bench {
            room: room.to_owned(),
            meter,
            tickets: meter::tickets(),
            message: room.join("message"),
        }
    }

    fn cases(&self) -> Vec<Case> {
        let at = |name: &str| self.room.join(name).display().to_string();
        let mut cases = Vec::new();
        let mut case = |name: &str, command: &[&str]| {
            cases.push(Case {
                name: name.into(),
                command: command.iter().map(|&w| w.to_owned()).collect(),
                costs: Vec::new(),
                store: None,
                opens: false,
            });
        };
        case("fork + exec of /bin/true", &["/bin/true"]);
        case("floor (C)", &[&at("floor"), &at("floor.mbox")]);
        let (floor, mbox) = (at("floor-static"), at("floor-static.mbox"));
        case("floor (C), static", &[&floor, &mbox]);
        if Path::new("/usr/bin/procmail").exists() {
            let rc = at("procmailrc");
            let mbox = at("procmail.mbox");
            fs::write(&rc, format!("DEFAULT={mbox}\nSHELL=/bin/sh\n")).expect("procmailrc");
            case("procmail", &["/usr/bin/procmail", "-m", &rc]);
        } else {
            println!("procmail is not installed: left out");
        }
        if Path::new("/usr/bin/maildrop").exists() {
            let rc = at("mailfilter");
            fs::write(&rc, format!("to \"{}\"\n", at("maildrop.mbox"))).expect("mailfilter");
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&rc, private).expect("mailfilter");
            case("maildrop", &["/usr/bin/maildrop", &rc]);
        } else {
            println!("maildrop is not installed: left out");
        }
        for answers in [false, true] {
            for opens in [false, true] {
                for size in [1, MANY] {
                    cases.push(self.delivery(answers, opens, size));
                }
            }
        }
        cases
    }

    fn delivery(&self, answers: bool, opens: bool, size: u32) -> Case {
        let what = if opens { "new ticket" } else { "update" };
        let mode = if answers { "answers on" } else { "answers off" };
        let name = format!("tickets: {what}, {mode}, store of {size}");
        let store = self
            .room
            .join(name.replace(|c: char| !c.is_alphanumeric(), ""));
        let config = store.with_extension("toml");
        meter::configure(&config, &store, &["steve@example.org"], answers);
        fill(&store, size);
        let config = config.display().to_string();
        let made = Command::new(&self.tickets)
            .args(["--config", &config, "reindex"])
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("tickets").success(), "tickets reindex");
        let recipient = if opens { "submit" } else { "ticket-1" };
        let recipient = format!("{recipient}@example.org");
        let words = [
            &self.tickets,
            "--config",
            &config,
            "deliver",
            "--sender",
            "alice@example.net",
            "--recipient",
            &recipient,
        ];
        Case {
            name,
            command: words.iter().map(|&w| w.to_owned()).collect(),
            costs: Vec::new(),
            store: Some((store, size)),
            opens,
        }
    }

    /// One run of the case, with a new message.
    fn time(&self, case: &Case, round: usize) -> Cost {
        let text = message(&round.to_string(), None, SIZE);
        fs::write(&self.message, text).expect("a message");
        let nowhere = Path::new("/dev/null");
        self.meter.run(&case.command, &self.message, nowhere)
    }

    /// Checks that every message was filed: a program that files nothing would be fast.
    fn check(&self, cases: &[Case], rounds: usize) {
        for case in cases {
            let name = &case.name;
            match &case.store {
                Some((store, size)) if case.opens => {
                    let last = store.join((size + rounds as u32 + 1).to_string());
                    assert_eq!(meter::filed(&last), 1, "{name}");
                }
                Some((store, _)) => {
                    assert_eq!(meter::filed(&store.join("1")), rounds + 2, "{name}");
                }
                None if name.starts_with("fork") => {}
                None => {
                    let mbox = match name.as_str() {
                        "floor (C)" => "floor.mbox".into(),
                        "floor (C), static" => "floor-static.mbox".into(),
                        name => format!("{name}.mbox"),
                    };
                    assert_eq!(meter::filed(&self.room.join(mbox)), rounds + 1, "{name}");
                }
            }
        }
    }
}

/// Creates tickets of one message each, opened years ago.
fn fill(store: &Path, size: u32) {
    fs::create_dir_all(store).expect("a store");
    for n in 1..=size {
        let from = "From alice@example.net Fri Jan 12 09:08:07 2024\n";
        let text = format!("{from}{}\n", message(&format!("old.{n}"), None, SIZE));
        fs::write(store.join(n.to_string()), text).expect("a ticket");
    }
}

fn print(cases: &[Case], rounds: usize) {
    let of = |name: &str| cases.iter().find(|c| c.name == name);
    let wall = |case: &Case| median(case.costs.iter().map(|c| c.wall).collect());
    let cpu = |case: &Case| median(case.costs.iter().map(|c| c.cpu).collect());
    let ratio = |own: u64, other: Option<u64>| match other {
        Some(other) => format!("{:.2}", own as f64 / other as f64),
        None => "-".into(),
    };
    println!("{SIZE} bytes a message, {rounds} rounds, milliseconds, MiB\n");
    println!(
        "{:<48} {:>6} {:>6} {:>6} {:>6} {:>5}  {:>9} {:>9}",
        "", "wall", "min", "cpu", "min", "peak", "maildrop", "floor"
    );
    println!(
        "{:<48} {:>6} {:>6} {:>6} {:>6} {:>5}  {:>9} {:>9}",
        "", "median", "", "median", "", "", "wall cpu", "wall min"
    );
    for case in cases {
        let least = |of: fn(&Cost) -> u64| case.costs.iter().map(of).min().unwrap_or(0);
        let most = case.costs.iter().map(|c| c.memory).max().unwrap_or(0);
        let (maildrop, floor) = (of("maildrop"), of("floor (C)"));
        let floor_least = floor.and_then(|f| f.costs.iter().map(|c| c.wall).min());
        println!(
            "{:<48} {:>6.2} {:>6.2} {:>6.2} {:>6.2} {:>5.1}  {:>4} {:>4} {:>4} {:>4}",
            case.name,
            wall(case) as f64 / 1e6,
            least(|c| c.wall) as f64 / 1e6,
            cpu(case) as f64 / 1e3,
            least(|c| c.cpu) as f64 / 1e3,
            most as f64 / 1024.0,
            ratio(wall(case), maildrop.map(wall)),
            ratio(cpu(case), maildrop.map(cpu)),
            ratio(wall(case), floor.map(wall)),
            ratio(least(|c| c.wall), floor_least),
        );
    }
}
