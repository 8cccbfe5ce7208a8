//! How long does it take to rebuild a lost index, and how large is it? For comparison, notmuch and mu read
//! the same mails from a Maildir.

use super::fill::{Facts, Place};
use super::meter::Cost;
use super::table::{Table, count, cpu, megabytes, time};
use super::thread::Source;
use super::{Bench, OPEN, SEED, installed, memory, number};
use std::fs;
use std::path::Path;

/// The largest permitted size of the index, in percent of the mails.
const LARGEST: f64 = 60.0;

/// Rebuilds the index of the whole store.
pub fn alone(bench: &Bench, table: &mut Table) {
    let cost = bench.long(&bench.command(&["reindex"]));
    let size = index_size(&bench.place.store());
    let Facts { mails, bytes, .. } = bench.facts;
    let each = cost.cpu as f64 / mails as f64;
    table.row(
        "`reindex`",
        described(cost, size),
        format!("{each:.0} µs of CPU time a mail"),
    );
    let percent = 100.0 * size as f64 / bytes as f64;
    table.goal(
        "size of the index",
        megabytes(size),
        format!("mails {}", megabytes(bytes)),
        &format!("< {LARGEST} %; {percent:.0} %"),
        percent < LARGEST,
    );
    memory::peak(table, "reindex", cost);
}

/// Compares with the peers, with fewer tickets: a Maildir of millions of files would be a burden.
pub fn beside_peers(bench: &Bench, table: &mut Table) {
    let (notmuch, mu) = (installed("notmuch", table), installed("mu", table));
    if notmuch.is_none() && mu.is_none() {
        return;
    }
    let tickets = number("BENCH_PEERS", 10_000);
    let place = Place {
        room: bench.place.room.join("peers"),
    };
    let source = Source::new(SEED, tickets, OPEN.min(tickets / 2));
    let facts = place.make(&source, true);
    let maildir = place.maildir().display().to_string();

    let own = bench.run(&bench.command_at(&place.config(), &["reindex"]));
    let mut peers = Vec::new();
    if let Some(notmuch) = notmuch {
        let database = place.maildir().join(".notmuch");
        let _ = fs::remove_dir_all(&database);
        let config = bench.room.join("notmuch");
        let text = format!(
            "[database]\npath={maildir}\n[user]\nprimary_email=steve@example.org\n\
             [new]\ntags=\n[maildir]\nsynchronize_flags=false\n"
        );
        fs::write(&config, text).expect("notmuch's configuration");
        let config = format!("--config={}", config.display());
        let cost = bench.run(&[notmuch, config, "new".into()]);
        peers.push(("notmuch new", cost, bytes_in(&database)));
        let _ = fs::remove_dir_all(&database);
    }
    if let Some(mu) = mu {
        let home = bench.room.join("mu");
        let home_option = format!("--muhome={}", home.display());
        let begin = format!("--maildir={maildir}");
        bench.run(&[mu.clone(), "init".into(), home_option.clone(), begin]);
        let cost = bench.run(&[mu, "index".into(), "--quiet".into(), home_option]);
        peers.push(("mu index", cost, bytes_in(&home)));
    }
    let size = index_size(&place.store());
    for (peer, cost, peer_size) in peers {
        table.goal(
            &format!(
                "`reindex`, {} mails ({})",
                count(facts.mails),
                megabytes(facts.bytes)
            ),
            described(own, size),
            format!("{peer} {}", described(cost, peer_size)),
            "no slower",
            own.wall <= cost.wall,
        );
    }
}

fn described(cost: Cost, size: u64) -> String {
    format!(
        "{} (CPU {}), peak {}, index {}",
        time(cost.wall),
        cpu(cost.cpu),
        megabytes(cost.memory * 1024),
        megabytes(size)
    )
}

/// Bytes of all files of the index of a store.
fn index_size(store: &Path) -> u64 {
    let entries = fs::read_dir(store.join(".tickets")).expect("the index");
    let files = entries.flatten().flat_map(|entry| entry.metadata());
    files.filter(|m| m.is_file()).map(|m| m.len()).sum()
}

/// Bytes of all files in a directory and below.
fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("a directory").flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
