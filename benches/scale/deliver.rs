//! Does a delivery cost more if there are many tickets?

use super::Bench;
use super::meter::{self, Cost, message, msg_id};
use super::table::{Table, cpu, time};
use super::thread::ADMINS;
use super::typical;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of a message.
const SIZE: usize = 4083;
/// How many times as much as in an empty store a delivery may cost.
const MOST: f64 = 1.2;
const WAYS: [Way; 3] = [Way::Opens, Way::Adds, Way::Answers];

/// How a mail finds its ticket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It opens a new one.
    Opens,
    /// By the ticket's address.
    Adds,
    /// It is sent to submit@ and replies to a mail of the ticket.
    Answers,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Opens => "a new ticket",
            Way::Adds => "mail to a ticket's address",
            Way::Answers => "an answer sent to submit@",
        }
    }
}

pub fn measure(bench: &Bench, table: &mut Table) {
    // When a run is repeated on the same store, its mails are different.
    let run = jiff::Timestamp::now().as_millisecond();
    let stores = [
        Store::new(bench, &bench.room.join("empty"), &run.to_string()),
        Store::new(bench, &bench.place.store(), &run.to_string()),
    ];
    for way in WAYS {
        let mut costs = [Vec::new(), Vec::new()];
        for round in 0..=bench.rounds {
            for (store, costs) in stores.iter().zip(&mut costs) {
                let cost = store.deliver(bench, way, &format!("{run}.{}.{round}", way as u8));
                // The first run finds cold files.
                if round > 0 {
                    costs.push(cost);
                }
            }
        }
        let [empty, large] = costs.map(|costs| typical(&costs));
        let times = large.wall as f64 / empty.wall as f64;
        table.goal(
            &format!("`deliver`, {}", way.name()),
            format!("{} (CPU {})", time(large.wall), cpu(large.cpu)),
            format!(
                "{} (CPU {}) with an empty store",
                time(empty.wall),
                cpu(empty.cpu)
            ),
            &format!("<= {MOST} times; {times:.2}"),
            times <= MOST,
        );
    }
    for store in &stores {
        store.check(bench.rounds);
    }
}

struct Store {
    dir: PathBuf,
    config: PathBuf,
    /// The ticket that mail is added to, and the Message-ID that opened it.
    ticket: u32,
    msg_id: String,
}

impl Store {
    /// The store at `dir`, with one more ticket.
    fn new(bench: &Bench, dir: &Path, run: &str) -> Store {
        let name = dir.file_name().expect("a name").to_string_lossy();
        let config = bench.room.join(format!("{name}.toml"));
        let admins = ADMINS.map(|(_, address)| address);
        meter::configure(&config, dir, &admins, false);
        let mut store = Store {
            dir: dir.to_owned(),
            config,
            ticket: 0,
            msg_id: msg_id(run),
        };
        store.deliver(bench, Way::Opens, run);
        store.ticket = store.last();
        store
    }

    /// The last number assigned.
    fn last(&self) -> u32 {
        let text = fs::read_to_string(self.dir.join(".tickets/sequence"));
        text.expect("the sequence")
            .trim()
            .parse()
            .expect("a number")
    }

    fn deliver(&self, bench: &Bench, way: Way, name: &str) -> Cost {
        let (recipient, answered) = match way {
            Way::Opens => ("submit".into(), None),
            Way::Adds => (format!("ticket-{}", self.ticket), None),
            Way::Answers => ("submit".into(), Some(self.msg_id.as_str())),
        };
        let input = bench.room.join("message");
        fs::write(&input, message(name, answered, SIZE)).expect("a message");
        let recipient = format!("{recipient}@example.org");
        let arguments = ["deliver", "-f", "alice@example.net", "-r", &recipient];
        let command = bench.command_at(&self.config, &arguments);
        bench.meter.run(&command, &input, Path::new("/dev/null"))
    }

    /// Whoever was fast because nothing was filed is found out here.
    fn check(&self, rounds: usize) {
        let added = meter::filed(&self.dir.join(self.ticket.to_string()));
        assert_eq!(added, 1 + 2 * (rounds + 1), "{}", self.dir.display());
        assert_eq!(self.last() as usize, self.ticket as usize + rounds + 1);
    }
}
