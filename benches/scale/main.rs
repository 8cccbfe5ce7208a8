//! Measures a large store: deliveries, lists, searches, rebuilding the index. Compares them with ripgrep,
//! notmuch and mu if those are installed.
//!
//!     cargo bench --bench scale                                   20,000 tickets
//!     BENCH_TICKETS=1000000 BENCH_DIR=/var/tmp/million cargo bench --bench scale
//!
//! It creates its own store, the same in every run, in `BENCH_DIR` (which is kept and reused by the next run)
//! or in cargo's temporary directory. A million tickets are 3.6 GB of mail (6 GB on a disk with blocks of
//! 4 KiB) and take some minutes to write. The peers read the mails of `BENCH_PEERS=N` other tickets (10,000),
//! one mail per file. `BENCH_ROUNDS=N` sets the number of rounds of short measurements (50), `BENCH_RT=1`
//! excludes other load on the machine from them (needs root), `BENCH_BIN=FILE` uses another `tickets`.
//! Arguments select `fill`, `deliver`, `list`, `search`, `rebuild` and `memory`; `fill` only creates the
//! store. Only compare results of the same run.

mod deliver;
mod fill;
mod languages;
mod list;
mod mail;
mod memory;
#[path = "../meter.rs"]
mod meter;
mod random;
mod rebuild;
mod search;
mod table;
mod thread;
mod words;

use fill::{Facts, Place};
use meter::{Cost, Meter};
use std::path::{Path, PathBuf};
use std::process::Command;
use table::{Table, count, megabytes};
use thread::Source;

/// All mails depend on this number. Change it whenever they are generated differently, or old stores would be reused.
const SEED: u64 = 1;
/// How many tickets are open, if there are at least twice as many.
const OPEN: u32 = 10_000;
const PARTS: [&str; 6] = ["fill", "deliver", "list", "search", "rebuild", "memory"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` asks for a run as well; nothing is tested here.
    if arguments.iter().any(|a| a == "--test") {
        return;
    }
    let parts: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let unknown = parts.iter().find(|part| !PARTS.contains(part));
    assert_eq!(unknown, None, "the parts are {PARTS:?}");
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);

    let room = tempfile::Builder::new()
        .prefix("bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory to work in");
    let bench = Bench::new(room.path());
    let mut table = Table::default();
    if parts != ["fill"] {
        if wanted("rebuild") {
            rebuild::alone(&bench, &mut table);
        } else {
            bench.tickets(&["list", "-q"]);
        }
    }
    if wanted("deliver") {
        deliver::measure(&bench, &mut table);
    }
    if wanted("list") {
        list::measure(&bench, &mut table);
    }
    if wanted("search") {
        search::measure(&bench, &mut table);
    }
    if wanted("rebuild") {
        rebuild::beside_peers(&bench, &mut table);
    }
    if wanted("memory") {
        memory::measure(&bench, &mut table);
    }
    let Facts {
        tickets,
        open,
        mails,
        bytes,
    } = bench.facts;
    println!(
        "{} tickets, {} of them open, {} mails, {}; {}\n",
        count(tickets.into()),
        count(open.into()),
        count(mails),
        megabytes(bytes),
        machine()
    );
    table.print();
}

/// A store to measure, and the tools for it.
struct Bench {
    /// A directory for temporary files.
    room: PathBuf,
    meter: Meter,
    /// The program.
    program: String,
    place: Place,
    facts: Facts,
    source: Source,
    rounds: usize,
}

impl Bench {
    fn new(room: &Path) -> Bench {
        let tickets = number("BENCH_TICKETS", 20_000);
        let kept = std::env::var("BENCH_DIR").map(PathBuf::from);
        let place = Place {
            room: kept.unwrap_or_else(|_| room.join("scale")),
        };
        let source = Source::new(SEED, tickets, OPEN.min(tickets / 2));
        let facts = place.make(&source, false);
        Bench {
            room: room.to_owned(),
            meter: Meter::build(room),
            program: meter::tickets(),
            place,
            facts,
            source,
            rounds: number("BENCH_ROUNDS", 50) as usize,
        }
    }

    /// `tickets` with these arguments and the large store.
    fn command(&self, arguments: &[&str]) -> Vec<String> {
        self.command_at(&self.place.config(), arguments)
    }

    fn command_at(&self, config: &Path, arguments: &[&str]) -> Vec<String> {
        let config = config.display().to_string();
        let all = [&self.program, "--config", &config].into_iter();
        all.chain(arguments.iter().copied())
            .map(String::from)
            .collect()
    }

    /// Runs it and discards its output.
    fn tickets(&self, arguments: &[&str]) -> Cost {
        self.run(&self.command(arguments))
    }

    fn run(&self, command: &[String]) -> Cost {
        let nothing = Path::new("/dev/null");
        self.meter.run(command, nothing, nothing)
    }

    /// Like `run`, for commands that take minutes: they do not keep other programs from running.
    fn long(&self, command: &[String]) -> Cost {
        let nothing = Path::new("/dev/null");
        self.meter.run_among_others(command, nothing, nothing)
    }

    /// Runs it and returns its number of output lines.
    fn lines(&self, command: &[String]) -> (Cost, usize) {
        let said = self.room.join("said");
        let cost = self.meter.run(command, Path::new("/dev/null"), &said);
        let said = std::fs::read(said).expect("what was said");
        (cost, said.split_inclusive(|&b| b == b'\n').count())
    }

    /// The median wall time and the median CPU time of each of `commands`, which run alternately.
    fn in_turn(&self, commands: &[Vec<String>]) -> Vec<Cost> {
        let mut costs = vec![Vec::new(); commands.len()];
        for round in 0..=self.rounds {
            for (command, costs) in commands.iter().zip(&mut costs) {
                let cost = self.run(command);
                // The first run finds cold files.
                if round > 0 {
                    costs.push(cost);
                }
            }
        }
        costs.iter().map(|costs| typical(costs)).collect()
    }

    /// True if the program has this subcommand. If not, the table says so.
    fn has(&self, subcommand: &str, table: &mut Table) -> bool {
        let help = Command::new(&self.program).arg("--help").output();
        let help = String::from_utf8_lossy(&help.expect("tickets --help").stdout).into_owned();
        let has = help
            .lines()
            .any(|line| line.split_whitespace().next() == Some(subcommand));
        if !has {
            table.left_out(&format!(
                "`tickets {subcommand}`, which this program does not have"
            ));
        }
        has
    }
}

/// The medians.
fn typical(costs: &[Cost]) -> Cost {
    let median = |of: fn(&Cost) -> u64| meter::median(costs.iter().map(of).collect());
    Cost {
        wall: median(|c| c.wall),
        cpu: median(|c| c.cpu),
        memory: median(|c| c.memory),
    }
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |n| n.parse().expect("a number"))
}

/// The path of a program. If it is not installed, the table says so.
fn installed(program: &str, table: &mut Table) -> Option<String> {
    let path = format!("/usr/bin/{program}");
    if Path::new(&path).exists() {
        return Some(path);
    }
    table.left_out(&format!("{program}, which is not installed"));
    None
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split(": ").nth(1));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} x {}", model.unwrap_or("unknown processor"))
}
