//! Does a list of ten thousand open tickets appear at once?

use super::Bench;
use super::table::{Table, count, time};

/// Times of a start of the program, and nanoseconds beside them.
const STARTS: u64 = 3;
const MORE: u64 = 30_000_000;

pub fn measure(bench: &Bench, table: &mut Table) {
    let forms: [&[&str]; 4] = [
        &["list"],
        &["list", "--json"],
        &["list", "-q"],
        &["list", "--waiting"],
    ];
    let mut commands = vec![bench.command(&["--version"])];
    commands.extend(forms.iter().map(|form| bench.command(form)));
    // The first list applies the journal of earlier deliveries.
    let (_, open) = bench.lines(&bench.command(&["list", "-q"]));
    assert!(open >= bench.facts.open as usize, "{open} open tickets");
    let costs = bench.in_turn(&commands);
    let (start, costs) = costs.split_first().expect("the start of the program");
    let most = STARTS * start.wall + MORE;
    for (form, cost) in forms.iter().zip(costs) {
        let what = format!("`{}`, {} open", form.join(" "), count(open as u64));
        let measured = format!("{} (CPU {})", time(cost.wall), super::table::cpu(cost.cpu));
        let beside = format!("`--version` {}", time(start.wall));
        if form.contains(&"--json") {
            // This output is for programs, which can wait a moment.
            table.row(&what, measured, beside);
            continue;
        }
        let goal = format!("< {STARTS} starts + 30 ms = {}", time(most));
        table.goal(&what, measured, beside, &goal, cost.wall < most);
    }
}
