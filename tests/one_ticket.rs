//! All that can happen to one ticket, at the same time.

use crate::bench::Bench;
use crate::tally::{self, Letter, deliver_until_filed};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

const SUBMIT: &str = "submit@example.org";
const UPDATE: &str = "ticket-1@example.org";
const DONE: &str = "ticket-1-done@example.org";
const QUIET: &str = "ticket-1-quiet@example.org";

/// Letters that are delivered, some of them twice, and letters whose first delivery is killed.
const LETTERS: usize = 160;
const VICTIMS: usize = 10;

/// A5, B11, C4, D1, D5, D7, D9.
#[test]
fn everything_at_once() {
    let bench = Bench::with("notify = \"none\"\nack = false\n");
    let taken = bench.path("taken");
    let script = format!("#!/bin/sh\necho \"$*\" >>{}\n", taken.display());
    bench.sendmail(&script);
    bench.put("taken", b"");
    let mut letters = vec![Letter::new(SUBMIT, 0)];
    letters.extend((1..=LETTERS).map(|n| match n % 8 {
        0 => Letter::new(DONE, n),
        4 => Letter::new(QUIET, n),
        _ => Letter::new(UPDATE, n),
    }));
    deliver_until_filed(&bench, &letters[0]);
    // Some come again while their first delivery is at work, some later.
    let steps: Vec<&Letter> = (1..=LETTERS)
        .flat_map(|n| {
            let at_once = (n % 5 == 0).then_some(n);
            let later = (n % 3 == 0 && n > 7).then(|| n - 7);
            [Some(n), at_once, later].into_iter().flatten()
        })
        .map(|n| &letters[n])
        .collect();
    let victims: Vec<Letter> = (1..=VICTIMS)
        .map(|n| {
            let mut letter = Letter::new(UPDATE, LETTERS + n);
            letter.bytes.extend(b"And so on.\n".repeat(10_000));
            letter
        })
        .collect();

    let next = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    // Does it once after so many deliveries, and says how often it was done.
    let after_each = |so_many: usize, work: &dyn Fn()| {
        let (mut times, mut seen) = (0, 0);
        while !over.load(Relaxed) {
            if next.load(Relaxed) < seen + so_many {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            seen = next.load(Relaxed);
            work();
            times += 1;
        }
        times
    };
    let deferred = AtomicUsize::new(0);
    let work = || {
        while let Some(letter) = steps.get(next.fetch_add(1, Relaxed)) {
            deferred.fetch_add(deliver_until_filed(&bench, letter), Relaxed);
        }
    };
    let kill = || {
        let killed = victims.iter().filter(|letter| {
            let killed = kill_when_it_holds_the_lock(&bench, letter);
            deliver_until_filed(&bench, letter);
            killed
        });
        killed.count()
    };
    let reindex = || {
        for command in ["reindex", "list"] {
            let ran = bench.run(&[command], b"");
            // Whoever removes the index over and over may do so under it.
            assert!([0, 75].contains(&ran.status), "{ran:?}");
        }
    };
    // As `rm .tickets/index.db*` does.
    let remove_index = || {
        let names = fs::read_dir(bench.ticket(".tickets")).unwrap();
        let mut names: Vec<PathBuf> = names.map(|name| name.unwrap().path()).collect();
        names.retain(|path| {
            path.file_name()
                .unwrap()
                .as_bytes()
                .starts_with(b"index.db")
        });
        names.sort();
        for path in names {
            // Some are there for a moment.
            let _ = fs::remove_file(path);
        }
    };
    let [killed, reindexed, removed, written] = thread::scope(|scope| {
        let workers = [(); 4].map(|()| scope.spawn(work));
        let killer = scope.spawn(kill);
        let others = [
            scope.spawn(|| after_each(20, &reindex)),
            scope.spawn(|| after_each(8, &remove_index)),
            scope.spawn(|| after_each(3, &|| write_back(&bench))),
        ];
        let workers = workers.map(ScopedJoinHandle::join);
        let killed = killer.join();
        over.store(true, Relaxed);
        for worker in workers {
            worker.unwrap();
        }
        let [reindexed, removed, written] = others.map(|other| other.join().unwrap());
        [killed.unwrap(), reindexed, removed, written]
    });
    println!(
        "{} deliveries of {LETTERS} letters, {} deferred, {killed} of {VICTIMS} killed under the \
         lock; index made anew {reindexed} times, removed {removed} times; ticket written back \
         {written} times",
        steps.len(),
        deferred.into_inner()
    );
    assert!(killed > 0 && reindexed > 0 && removed > 10 && written > 10);

    letters.extend(victims);
    let tickets = tally::tickets(&bench);
    tally::assert_each_once(&tickets, &letters);
    let (open, closings) = tickets[0].story();
    assert_eq!(tickets[0].open, open, "its last entries say otherwise");
    let notices = fs::read_to_string(&taken).unwrap();
    let notices: Vec<&str> = notices.lines().collect();
    assert_eq!(notices, vec!["-i -f <> -- alice@example.net"; closings]);
    tally::assert_sound(&bench, &tickets);
}

/// Delivers, and kills the delivery as soon as a lock of its own lies there: what the kernel held
/// for it is gone then, and `1.lock` stays. False if it came to its end before.
fn kill_when_it_holds_the_lock(bench: &Bench, letter: &Letter) -> bool {
    let mut command = bench.command(&["deliver", "--recipient", &letter.recipient]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let ours = format!("{} ", child.id());
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = pipe.write_all(&letter.bytes);
        });
        let locks = ["1.lock", "archived/1.lock"].map(|name| bench.ticket(name));
        let holds = |lock: &PathBuf| fs::read_to_string(lock).is_ok_and(|t| t.starts_with(&ours));
        loop {
            if locks.iter().any(holds) {
                child.kill().unwrap();
                return child.wait().unwrap().code().is_none();
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_micros(200));
        }
    })
}

/// Does what mutt does to a folder in which the operator has flagged a mail: takes the fcntl lock
/// and the dotlock, writes the file back in place with a line more in the header of the first
/// message, or with one less, and puts the time of change back.
fn write_back(bench: &Bench) {
    let whole = libc::flock {
        l_type: libc::F_WRLCK as _,
        l_whence: libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    loop {
        let places = [bench.ticket("1"), bench.ticket("archived/1")];
        let mut opened = places.iter().filter_map(|path| {
            let file = OpenOptions::new().read(true).write(true).open(path);
            Some((path, file.ok()?))
        });
        let Some((path, file)) = opened.next() else {
            continue;
        };
        if fcntl(&file, FcntlArg::F_SETLK(&whole)).is_err() {
            thread::sleep(Duration::from_millis(1));
            continue;
        }
        let Some(_dotlock) = MuttsDotlock::take(path) else {
            continue;
        };
        let meta = file.metadata().unwrap();
        if !fs::metadata(path).is_ok_and(|now| now.ino() == meta.ino()) {
            continue;
        }
        let mut old = vec![0; meta.len() as usize];
        file.read_exact_at(&mut old, 0).unwrap();
        let header = old.windows(2).position(|two| two == b"\n\n").unwrap() + 1;
        let flag: &[u8] = b"Status: RO\n";
        let new = match old[..header].strip_suffix(flag) {
            Some(head) => [head, &old[header..]].concat(),
            None => [&old[..header], flag, &old[header..]].concat(),
        };
        for (n, part) in new.chunks(4096).enumerate() {
            file.write_all_at(part, n as u64 * 4096).unwrap();
        }
        file.set_len(new.len() as u64).unwrap();
        file.set_modified(meta.modified().unwrap()).unwrap();
        return;
    }
}

/// `1.lock` as mutt_dotlock makes it: a link to a file that says nothing.
struct MuttsDotlock {
    lock: PathBuf,
    own: PathBuf,
}

impl MuttsDotlock {
    /// `None` if it is taken and is so still after a few attempts; then mutt asks the operator.
    fn take(mbox: &Path) -> Option<MuttsDotlock> {
        let [lock, own] = ["lock", "host.4711"].map(|suffix| mbox.with_extension(suffix));
        File::create(&own).unwrap();
        for _ in 0..5 {
            if fs::hard_link(&own, &lock).is_ok() {
                return Some(MuttsDotlock { lock, own });
            }
            thread::sleep(Duration::from_millis(5));
        }
        fs::remove_file(&own).unwrap();
        None
    }
}

impl Drop for MuttsDotlock {
    fn drop(&mut self) {
        fs::remove_file(&self.lock).unwrap();
        fs::remove_file(&self.own).unwrap();
    }
}
