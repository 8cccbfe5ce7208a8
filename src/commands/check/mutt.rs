//! Checks the file for mutt of whoever runs this: it holds the desk's addresses as they were when it was made.

use super::diagnosis::Diagnosis;
use super::way::read;
use crate::commands::init::mutt::muttrc;
use crate::commands::text::here;
use crate::config::Overrides;
use crate::desk::Desk;
use crate::privilege;
use std::path::Path;

/// Where README has it made.
const FILE: &str = ".mutt/tickets";

/// What the file says that is there, if one is and may be read, against what `init --mutt` would write. Comments do not
/// count.
pub(super) fn look(desk: &Desk, overrides: &Overrides) -> Option<Diagnosis> {
    let user = privilege::user(&privilege::caller()?)?;
    let has = read(&user.dir.join(Path::new(FILE)));
    if !desk.config.domain_known || has.trim().is_empty() {
        return None;
    }
    // Where it cannot be written, `init` says why.
    let wanted = muttrc(&desk.config).ok()?;
    let said = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    if said(&has) == said(&wanted) {
        return None;
    }
    let text = format!(
        "mutt: ~/{FILE} is not what this desk needs now, so that mail from `mutt -f` may bear another address or name"
    );
    let make = format!("{} init --mutt >~/{FILE}", here(overrides));
    Some(Diagnosis::warn(text).mend(make))
}
