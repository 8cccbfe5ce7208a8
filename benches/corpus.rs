//! Compares the cost of each mail of `tests/corpus` with that of an ordinary mail of the same size, to
//! find mails that are unusually expensive.
//!
//! `cargo bench --bench corpus` delivers each of them and an ordinary mail of as many bytes, and then
//! runs `show`. It prints CPU time (user and system), the minimum of `BENCH_ROUNDS=N` rounds (3), and
//! fails if a delivery costs ten times as much as the ordinary one. `BENCH_BIN=FILE` uses another
//! `tickets`, `BENCH_ONLY=TEXT` only the mails whose names contain TEXT.

#[allow(dead_code, reason = "the tests look at what is wanted, too")]
#[path = "../tests/corpus.rs"]
mod corpus;
#[path = "../tests/corpus_gen.rs"]
mod corpus_gen;
#[allow(dead_code, reason = "the other benchmarks need more of it")]
mod meter;

use meter::Meter;
use std::fs;
use std::path::{Path, PathBuf};

/// No mail may cost more than this many ordinary ones of its size.
const MOST: f64 = 10.0;
/// How many of the slowest are printed.
const SHOWN: usize = 20;

fn main() {
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let rounds = std::env::var("BENCH_ROUNDS").map_or(3, |n| n.parse().expect("a number"));
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let room = tempfile::Builder::new()
        .prefix("bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory to work in");
    let bench = Bench::build(room.path());
    let mut cases: Vec<Case> = corpus::all()
        .into_iter()
        .filter(|case| case.name.contains(&only))
        .map(|case| Case::new(&case.name, case.mail, case.want))
        .collect();
    for round in 0..rounds {
        let store = Store::new(&bench, round);
        for case in &mut cases {
            case.run(&bench, &store);
        }
    }
    let worst = print(&mut cases, rounds);
    assert!(worst < MOST, "a mail costs {worst:.1} ordinary ones");
}

/// The cost of a mail in microseconds of CPU time, and its peak memory in KiB.
struct Case {
    name: String,
    mail: Vec<u8>,
    ordinary: Vec<u8>,
    sender: String,
    deliver: Cost,
    deliver_ordinary: Cost,
    show: Cost,
    show_ordinary: Cost,
}

#[derive(Clone, Copy)]
struct Cost {
    cpu: u64,
    memory: u64,
}

impl Cost {
    const NONE: Cost = Cost {
        cpu: u64::MAX,
        memory: 0,
    };

    fn take(&mut self, other: meter::Cost) {
        self.cpu = self.cpu.min(other.cpu);
        self.memory = self.memory.max(other.memory);
    }
}

impl Case {
    fn new(name: &str, mail: Vec<u8>, want: corpus::Want) -> Case {
        let head = format!("Message-ID: <ordinary.{name}@corpus.example.net>\n");
        let ordinary = [head.into_bytes(), corpus_gen::ordinary(mail.len())].concat();
        Case {
            name: name.to_owned(),
            mail,
            ordinary,
            sender: want.sender,
            deliver: Cost::NONE,
            deliver_ordinary: Cost::NONE,
            show: Cost::NONE,
            show_ordinary: Cost::NONE,
        }
    }

    fn run(&mut self, bench: &Bench, store: &Store) {
        for ordinary in [false, true] {
            let (mail, deliver, show) = match ordinary {
                true => (
                    &self.ordinary,
                    &mut self.deliver_ordinary,
                    &mut self.show_ordinary,
                ),
                false => (&self.mail, &mut self.deliver, &mut self.show),
            };
            let to = "submit@example.org";
            let before = store.tickets();
            deliver.take(bench.cost(mail, store, &["deliver", "-f", &self.sender, "-r", to]));
            // A mail with a tag went into ticket 1, which is too large for a comparison.
            if store.tickets() > before {
                let ticket = store.tickets().to_string();
                show.take(bench.cost(b"", store, &["show", &ticket]));
            }
        }
    }

    fn times(&self) -> f64 {
        self.deliver.cpu as f64 / self.deliver_ordinary.cpu as f64
    }

    fn times_shown(&self) -> f64 {
        match (self.show.cpu, self.show_ordinary.cpu) {
            (u64::MAX, _) | (_, u64::MAX) => 0.0,
            (own, ordinary) => own as f64 / ordinary as f64,
        }
    }
}

/// A store with tickets 1 and 2.
struct Store {
    dir: PathBuf,
    config: String,
}

impl Store {
    fn new(bench: &Bench, round: u32) -> Store {
        let dir = bench.room.join(format!("store{round}"));
        let config = dir.with_extension("toml");
        let text = format!(
            "dir = {dir:?}\ndomain = \"example.org\"\nadmins = \"steve@example.org\"\n\
             ack_limit = 100000\nack_total = 100000\nsendmail = \"/bin/true\"\n"
        );
        fs::write(&config, text).expect("a config");
        let store = Store {
            dir,
            config: config.display().to_string(),
        };
        for seed in ["one", "two"] {
            let mail = format!("From: a@example.net\nMessage-ID: <{seed}@example.net>\n\nx\n");
            bench.cost(
                mail.as_bytes(),
                &store,
                &["deliver", "-r", "submit@example.org"],
            );
        }
        assert_eq!(store.tickets(), 2);
        store
    }

    fn tickets(&self) -> usize {
        let names = fs::read_dir(&self.dir).expect("the store").flatten();
        names
            .filter(|e| e.file_name().to_string_lossy().parse::<u32>().is_ok())
            .count()
    }
}

struct Bench {
    room: PathBuf,
    meter: Meter,
    tickets: String,
}

impl Bench {
    fn build(room: &Path) -> Bench {
        let tickets = std::env::var("BENCH_BIN");
        Bench {
            room: room.to_owned(),
            meter: Meter::build(room),
            tickets: tickets.unwrap_or_else(|_| env!("CARGO_BIN_EXE_tickets").into()),
        }
    }

    fn cost(&self, stdin: &[u8], store: &Store, args: &[&str]) -> meter::Cost {
        let input = self.room.join("input");
        fs::write(&input, stdin).expect("a mail");
        let mut command = vec![self.tickets.as_str(), "--config", &store.config];
        command.extend(args);
        let command: Vec<String> = command.into_iter().map(String::from).collect();
        self.meter.run(&command, &input, Path::new("/dev/null"))
    }
}

/// The largest ratio of all deliveries.
fn print(cases: &mut [Case], rounds: u32) -> f64 {
    println!(
        "{} mails, {rounds} rounds: CPU milliseconds, and MiB at the peak, of each and of an ordinary mail of its size",
        cases.len()
    );
    for (what, shown) in [("deliver", false), ("show", true)] {
        let times = |case: &Case| {
            if shown {
                case.times_shown()
            } else {
                case.times()
            }
        };
        cases.sort_by(|a, b| times(b).total_cmp(&times(a)));
        println!(
            "\n{:<44} {:>9} {:>8} {:>8} {:>6} {:>6} {:>6}",
            what, "bytes", "ms", "ordinary", "times", "MiB", "ordin."
        );
        for case in cases.iter().take(SHOWN) {
            let (own, ordinary) = match shown {
                true => (case.show, case.show_ordinary),
                false => (case.deliver, case.deliver_ordinary),
            };
            println!(
                "{:<44} {:>9} {:>8.1} {:>8.1} {:>6.2} {:>6.1} {:>6.1}",
                case.name,
                case.mail.len(),
                own.cpu as f64 / 1e3,
                ordinary.cpu as f64 / 1e3,
                times(case),
                own.memory as f64 / 1024.0,
                ordinary.memory as f64 / 1024.0,
            );
        }
    }
    cases.iter().map(Case::times).fold(0.0, f64::max)
}
