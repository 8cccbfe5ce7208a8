//! Which of the jobs that are due are started. Pure.

/// So many jobs of a lane run at once: a bound for a machine, not for a desk.
const MOST: usize = 16;

/// Who has places of their own. However many jobs of modules run, and for however long, `flush` finds a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// What is built in.
    BuiltIn,
    /// What is a module's.
    Module,
}

/// Those of the jobs that are due, each with the time since when it waits, for which there is a place beside those that
/// run: whoever has waited longest goes first.
pub(super) fn chosen<T>(mut due: Vec<(i64, Lane, T)>, running: &[Lane]) -> Vec<T> {
    due.sort_by_key(|&(since, ..)| since);
    let taken = |lane| running.iter().filter(|&&it| it == lane).count();
    let (mut built_in, mut module) = (taken(Lane::BuiltIn), taken(Lane::Module));
    let has_place = |&(_, lane, _): &(i64, Lane, T)| {
        let taken = match lane {
            Lane::BuiltIn => &mut built_in,
            Lane::Module => &mut module,
        };
        *taken += 1;
        *taken <= MOST
    };
    due.into_iter()
        .filter(has_place)
        .map(|(.., job)| job)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // I2
    #[test]
    fn who_waits_longest_goes_first_and_modules_leave_room() {
        use Lane::{BuiltIn, Module};
        let all = || {
            vec![
                (9, Module, "a"),
                (7, BuiltIn, "b"),
                (8, Module, "c"),
                (9, BuiltIn, "d"),
                (7, Module, "e"),
            ]
        };
        for (case, modules, built_in, want) in [
            ("nothing runs", 0, 0, vec!["b", "e", "c", "a", "d"]),
            ("two places", MOST - 2, 0, vec!["b", "e", "c", "d"]),
            ("one place", MOST - 1, MOST, vec!["e"]),
            ("modules have them all", MOST, 1, vec!["b", "d"]),
            ("more than there should be", MOST + 5, MOST + 5, vec![]),
        ] {
            let running = [vec![Module; modules], vec![BuiltIn; built_in]].concat();
            assert_eq!(chosen(all(), &running), want, "{case}");
        }
    }
}
