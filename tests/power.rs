//! A power cut at any moment of a delivery loses nothing, doubles nothing and leaves no half
//! message (D7, A4, A5).
//!
//! A kill, as in `crash.rs`, leaves all that was written. A power cut leaves what was synced, and of
//! the rest anything. So what a delivery asks of the disk is recorded (`power/journal.rs`); for each
//! moment of it, each way the disk may look afterwards (`power/worlds.rs`) is laid out in a
//! directory of its own; and there the real program goes on as it would when the machine is up
//! again (`power/after.rs`). If the delivery had not ended, the MTA brings the message again. If it
//! had ended with 0, nobody does; or the MTA, in each second world, for what it had noted of that
//! may be lost as well.
//!
//! Why strace and a copy, and no other way: a disk image or a device mapper wants privileges and a
//! kernel that a CI machine does not give; a library between the program and libc would not see all
//! that SQLite and the runtime do. The kernel is asked by all of them, in the end. What strace does
//! not see are stores into a mapped file. SQLite's `-shm` is one, and after a cut such a file is
//! gone, as it was, zeros or garbage. A copy has other inodes and ctimes than its original, so the
//! program would believe nothing of what it had noted of its files, and a note that is not true
//! would do no harm here as it does in life. So the copy is given the stamps that the program saw
//! (`shim.c`), and [`the_copy_is_believed`] proves that this works.
//!
//! No more is known of the program here than the contract: mboxes, the outbox, what commands say.
//! `TICKETS_POWER=all` tries all worlds there are, not only so many of each scenario.

mod after;
mod disk;
mod event;
mod journal;
mod scenario;
mod strace;
mod worlds;

use crate::bench::{Bench, Sent, finish};
use crate::crash::strace_is_here;
use after::{After, Before, go_on, lay_out};
use disk::{Disk, Item};
use journal::{Event, Journal};
use scenario::{Scenario, Want};
use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use worlds::{World, hash, worlds};

/// How many worlds are tried of the cuts during a delivery.
const MOST: usize = 56;

/// How many of the cut when it has ended.
const MOST_AT_THE_END: usize = 24;

/// How many after each kill.
const MOST_AFTER_A_KILL: usize = 5;

/// A recording, and what had happened before it began.
struct Recording<'s> {
    scenario: &'s Scenario,
    want: &'s Want,
    bench: &'s Bench,
    journal: &'s Journal,
    /// The mail that was sent before.
    sent: Vec<Sent>,
    /// How often the delivery had died before.
    deaths: usize,
}

impl Recording<'_> {
    /// Whether the delivery has ended at this cut, and under which names mail was sent until then.
    fn known(&self, cut: usize) -> (bool, Vec<&str>) {
        let ended = cut == self.journal.events.len();
        (ended, sent_until(self.journal, cut))
    }

    /// The worlds of these cuts that are tried, each once: as many plain ones as others, and of
    /// both some, as if by chance.
    fn choose(&self, disk: &Disk, cuts: &[usize], most: usize) -> Vec<World> {
        let most = match std::env::var_os("TICKETS_POWER") {
            Some(all) if all == "all" => usize::MAX,
            _ => most,
        };
        let mut all: Vec<World> = cuts.iter().flat_map(|&cut| worlds(disk, cut)).collect();
        all.sort_by_key(|world| hash(&(world.cut, &world.what)));
        let (plain, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|w| w.is_plain);
        let mut turns = [plain.into_iter(), other.into_iter()];
        let mut seen = HashSet::new();
        let mut chosen = Vec::new();
        for turn in 0.. {
            let left = turns.iter().map(|kind| kind.len()).sum::<usize>();
            if left == 0 || chosen.len() == most {
                break;
            }
            // A world that is like one before does not count.
            let is_new = |w: &World| seen.insert((hash(&w.tree(disk)), self.known(w.cut)));
            chosen.extend(turns[turn % 2].find(is_new));
        }
        chosen
    }

    /// Tries the worlds of these cuts.
    fn try_all(&self, cuts: impl Iterator<Item = usize>, most: usize) -> Tried {
        // Before an event that only looks, all is as it is after it.
        let looks = |cut: usize| matches!(self.journal.events.get(cut), Some(Event::Seen { .. }));
        let cuts: Vec<usize> = cuts.filter(|&cut| !looks(cut)).collect();
        let disk = Disk::new(self.journal);
        let worlds = self.choose(&disk, &cuts, most);
        let count = worlds.len();
        let (left, bad) = (Mutex::new(worlds), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let world = left.lock().unwrap().pop();
                let Some(world) = world else { break };
                let what = self.describe(&world);
                let ended = catch_unwind(AssertUnwindSafe(|| self.go_on(&world, &disk, &what)));
                if ended.is_err() {
                    bad.lock().unwrap().push(what);
                }
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            scope.spawn(work);
        });
        Tried {
            cuts: cuts.len(),
            worlds: count,
            bad: bad.into_inner().unwrap(),
        }
    }

    fn go_on(&self, world: &World, disk: &Disk, what: &str) {
        let (ended, names) = self.known(world.cut);
        let mut sent = self.sent.clone();
        sent.extend(names.iter().map(|name| self.bench.sent_as(name)));
        let doubled = !self.scenario.sendmail_is_down;
        // Each second time all of it comes, if anything does.
        let comes_again = match hash(&world.what) % 2 {
            0 => usize::from(!ended),
            _ => self.scenario.deliveries().len(),
        };
        let before = Before {
            comes_again,
            sent,
            most: 1 + usize::from(doubled) * (1 + self.deaths),
        };
        go_on(self.scenario, self.want, &world.tree(disk), before, what);
    }

    fn describe(&self, world: &World) -> String {
        let next = self.journal.events.get(world.cut);
        let next: String = format!("{next:?}").chars().take(100).collect();
        let World { cut, what, .. } = world;
        format!(
            "{}: cut {cut}, before {next}; kept: {what}",
            self.scenario.name
        )
    }
}

/// The names in `sent/` of what sendmail had taken.
fn sent_until(journal: &Journal, cut: usize) -> Vec<&str> {
    let sent = journal.events[..cut]
        .iter()
        .filter_map(|event| match event {
            Event::Sent { name } => Some(name.as_str()),
            _ => None,
        });
    sent.collect()
}

/// What was tried, and what did not end well.
#[derive(Default)]
struct Tried {
    cuts: usize,
    worlds: usize,
    bad: Vec<String>,
}

impl Tried {
    fn add(&mut self, other: Tried) {
        self.cuts += other.cuts;
        self.worlds += other.worlds;
        self.bad.extend(other.bad);
    }

    fn went_well(self, name: &str) {
        let Tried { cuts, worlds, bad } = self;
        assert!(
            worlds > 0 && bad.is_empty(),
            "{} of {worlds}: {bad:#?}",
            bad.len()
        );
        println!("{name}: {cuts} cuts, {worlds} worlds, all ended well");
    }
}

/// Cuts the power at each moment of the last delivery of a scenario, and after it.
fn cut_at_any_moment(scenario: &Scenario) {
    if !strace_is_here() {
        return;
    }
    let bench = Bench::new();
    let mut journal = scenario.begin(&bench);
    let begin = journal.events.len();
    scenario.record_last(&bench, &mut journal, &[]).silent();
    let end = journal.events.len();
    let recording = Recording {
        scenario,
        want: &scenario.want(),
        bench: &bench,
        journal: &journal,
        sent: vec![],
        deaths: 0,
    };
    let mut tried = recording.try_all(begin..end, MOST);
    tried.add(recording.try_all(end..=end, MOST_AT_THE_END));
    tried.went_well(scenario.name);
}

#[test]
fn the_very_first_message() {
    cut_at_any_moment(&scenario::the_very_first());
}

#[test]
fn a_new_ticket() {
    // A4, A5, D7
    cut_at_any_moment(&scenario::new());
}

#[test]
fn a_new_ticket_after_a_look() {
    cut_at_any_moment(&scenario::new_after_a_look());
}

#[test]
fn an_update() {
    // A4, A5, D7
    cut_at_any_moment(&scenario::an_update());
}

#[test]
fn a_closing() {
    // A4, C4, D7
    cut_at_any_moment(&scenario::a_closing());
}

#[test]
fn a_reopening() {
    // A4, B11, D7
    cut_at_any_moment(&scenario::a_reopening());
}

#[test]
fn a_new_ticket_without_sendmail() {
    // C9, D7
    cut_at_any_moment(&scenario::new_without_sendmail());
}

#[test]
fn an_update_without_sendmail() {
    cut_at_any_moment(&scenario::an_update_without_sendmail());
}

#[test]
fn a_delivery_that_tidies_up() {
    cut_at_any_moment(&scenario::one_that_tidies_up());
}

/// The first try was killed where it asked for a sync, and the MTA came again at once. What that
/// try ended with is on the disk, whoever wrote it.
#[test]
fn after_a_kill_and_a_retry() {
    if !strace_is_here() {
        return;
    }
    for scenario in [
        scenario::the_very_first_without_sendmail(),
        scenario::new(),
        scenario::an_update(),
        scenario::a_closing(),
        scenario::a_reopening(),
    ] {
        let want = scenario.want();
        let mut tried = Tried::default();
        for call in ["fsync", "fdatasync"] {
            for n in 1.. {
                let bench = Bench::new();
                let mut journal = scenario.begin(&bench);
                let inject = format!("inject={call}:signal=KILL:when={n}");
                let killed = scenario.record_last(&bench, &mut journal, &["-e", &inject]);
                if killed.status == 0 {
                    break;
                }
                assert_eq!(killed.status, -9, "{killed:?}");
                scenario.record_last(&bench, &mut journal, &[]).silent();
                let recording = Recording {
                    scenario: &scenario,
                    want: &want,
                    bench: &bench,
                    journal: &journal,
                    sent: vec![],
                    deaths: 1,
                };
                let end = journal.events.len();
                tried.add(recording.try_all(end..=end, MOST_AFTER_A_KILL));
            }
        }
        tried.went_well(&format!("{}, killed and tried again", scenario.name));
    }
}

/// The power is cut while an entry is written, and again while the retry mends what is left of it.
#[test]
fn while_a_torn_entry_is_mended() {
    if !strace_is_here() {
        return;
    }
    let scenario = scenario::an_update();
    let want = scenario.want();
    let first = Bench::new();
    let mut journal = scenario.begin(&first);
    let begin = journal.events.len();
    scenario.record_last(&first, &mut journal, &[]).silent();
    let disk = Disk::new(&journal);
    let mbox = |tree: &disk::Tree| match &tree[Path::new("tickets/1")] {
        Item::File { bytes, .. } => bytes.clone(),
        Item::Dir => unreachable!(),
    };
    let everything = |cut: usize| mbox(&worlds(&disk, cut)[1].tree(&disk));
    let end = journal.events.len();
    let (old, new) = (everything(begin), everything(end));
    let mut tried = Tried::default();
    for torn in ["Head of", "HeadAndLength of", "Hole(0)"] {
        let cuts = (begin..end).flat_map(|cut| worlds(&disk, cut));
        let mut half = cuts
            .filter(|world| world.what.starts_with(torn))
            .map(|world| (world.cut, world.tree(&disk)));
        let (cut, tree) = half
            .find(|(_, tree)| ![&old, &new].contains(&&mbox(tree)))
            .unwrap();
        let names = sent_until(&journal, cut);
        let sent = names.iter().map(|name| first.sent_as(name)).collect();
        let bench = Bench::new();
        lay_out(&tree, &bench);
        let mut journal = Journal::new(&bench);
        scenario.record_last(&bench, &mut journal, &[]).silent();
        let recording = Recording {
            scenario: &scenario,
            want: &want,
            bench: &bench,
            journal: &journal,
            sent,
            deaths: 1,
        };
        tried.add(recording.try_all(0..=journal.events.len(), MOST / 2));
    }
    tried.went_well("update, mending");
}

/// The copy of a store is read as little as its original: else no world above proves anything of
/// what the program notes of its files.
#[test]
fn the_copy_is_believed() {
    if !strace_is_here() {
        return;
    }
    let bench = Bench::new();
    let scenario = scenario::an_update();
    let mut journal = scenario.begin(&bench);
    scenario.record_last(&bench, &mut journal, &[]).silent();
    let disk = Disk::new(&journal);
    let everything = &worlds(&disk, journal.events.len())[1];
    let after = After::new(&everything.tree(&disk), "everything");
    let mbox = format!("<{}>", after.bench.ticket("1").display());
    let reads = |hide: &str| {
        let log = after.bench.path("strace.log");
        let list = after.command(&["list"]);
        let mut command = Command::new("strace");
        command.args(["-y", "-e", "trace=openat", "-o"]).arg(&log);
        command.arg(list.get_program()).args(list.get_args());
        after.bench.as_ordinary_user(&mut command);
        for (name, value) in list.get_envs().filter(|(name, _)| *name != hide) {
            command.env(name, value.unwrap());
        }
        finish(command, b"").silent_but_for_output("list");
        let log = fs::read_to_string(log).unwrap();
        log.lines().filter(|line| line.contains(&mbox)).count()
    };
    assert_eq!(reads("nothing"), 0);
    assert_eq!(reads("SHIM_STAMPS"), 1);
}
