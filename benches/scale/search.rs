//! Is a search faster than ripgrep, which reads every file? Does it also find mail in base64, which ripgrep
//! cannot decode?

use super::Bench;
use super::meter::Cost;
use super::table::{Table, count, time};
use super::words::NEEDLES;
use super::{installed, typical};

/// A search must be this many times faster.
const TIMES: f64 = 20.0;
/// ripgrep reads everything, so a few rounds are enough.
const ROUNDS: usize = 5;
/// Two words that many mails contain, in any letter case.
const COMMON: [&str; 2] = ["Drucker", "Rechnung"];

pub fn measure(bench: &Bench, table: &mut Table) {
    if !bench.has("search", table) {
        return;
    }
    let (plain, encoded) = bench.source.needles();
    let ripgrep = installed("rg", table);
    // All needles are in lower case, so ripgrep need not ignore case for them.
    for (words, options) in [(NEEDLES, ""), (COMMON, "-iw")] {
        let own = bench.command(&["search", "-q", words[0], words[1]]);
        let best = bench.command(&["search", words[0], words[1]]);
        // The first search indexes recent deliveries.
        let (_, hits) = bench.lines(&own);
        let cost = typical(&repeated(bench, &own, bench.rounds));
        let shown = typical(&repeated(bench, &best, bench.rounds));
        let what = format!("`search {} {}`", words[0], words[1]);
        table.row(
            &format!("{what}, the best 20 with their lines"),
            time(shown.wall),
            String::new(),
        );
        let what = what.replace("search", "search -q");
        let measured = format!("{}, {} tickets", time(cost.wall), count(hits as u64));
        let Some(ripgrep) = &ripgrep else {
            table.row(&what, measured, String::new());
            continue;
        };
        let store = bench.place.store().display().to_string();
        let [first, second] = words;
        let line = format!(
            "{ripgrep} -l0 {options} {first} {store} | xargs -0 {ripgrep} -l {options} {second}"
        );
        let other = ["/bin/sh", "-c", &line].map(String::from);
        // With a warm cache, like ours.
        let (_, found) = bench.lines(&other);
        let beside = typical(&repeated(bench, &other, ROUNDS));
        let times = beside.wall as f64 / cost.wall as f64;
        table.goal(
            &what,
            measured,
            format!(
                "ripgrep {}, {} tickets",
                time(beside.wall),
                count(found as u64)
            ),
            &format!("{TIMES} times quicker; {times:.0}"),
            times >= TIMES,
        );
        if words == NEEDLES {
            assert_eq!(found as u32, plain, "what ripgrep finds");
            table.goal(
                "tickets found whose mail is in base64",
                format!("{} of {encoded}", hits.saturating_sub(found)),
                "ripgrep 0".into(),
                "all",
                hits as u32 == plain + encoded,
            );
        }
    }
}

fn repeated(bench: &Bench, command: &[String], rounds: usize) -> Vec<Cost> {
    (0..rounds).map(|_| bench.run(command)).collect()
}
