//! `tickets quarantine`: what filters kept from the tickets, for the operator to let out or to drop.
//!
//! That filters can put a message there is the core's; without this part, mutt opens the directory as a Maildir.

mod command;
mod job;

use crate::desk::Desk;
use crate::error::quoted_path;
use crate::module::Point;
use crate::part::{BuiltIn, Command, Finding, Job, Part};
use crate::screen::plural;

/// The part.
pub(crate) const PART: QuarantinePart = QuarantinePart;

/// See [`Part`].
pub(crate) struct QuarantinePart;

impl Part for QuarantinePart {
    fn name(&self) -> &str {
        "quarantine"
    }

    fn summary(&self) -> &str {
        "shows and releases what filters kept from the tickets"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Quarantine>::COMMAND]
    }

    fn jobs(&self) -> Vec<&dyn Job> {
        vec![&job::KeepQuarantine]
    }

    /// Filters go on putting messages there. None is lost, and none removed; but nobody hears of them.
    fn findings_off(&self, desk: &Desk) -> Vec<Finding> {
        let held = desk.store.quarantined().map_or(0, |held| held.len());
        let mut modules = desk.config.modules_on().into_iter().flatten();
        let filter = modules.find(|module| module.manifest.has(Point::Filter));
        let why = match (held, filter) {
            (0, None) => return Vec::new(),
            (0, Some(filter)) => format!(
                "what the module {} sends there stays there, and nobody is told",
                filter.name()
            ),
            (held, _) => format!("{} there, of which nobody is told", plural(held, "message")),
        };
        let dir = quoted_path(&desk.store.quarantine_dir());
        vec![Finding {
            is_well: false,
            text: format!("quarantine: this part is switched off: {why}; `mutt -f {dir}` shows it"),
            mend: Some(format!(
                "take \"quarantine\" out of `off` in [parts] in {}",
                desk.config.file_to_edit()
            )),
            number: None,
        }]
    }
}
