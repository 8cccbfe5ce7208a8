//! Which messages are filed already, as far as the index knows.

use crate::desk::Desk;
use anyhow::Result;

/// True if no ticket has ever been filed: most archives are imported into an empty store.
pub(crate) fn nothing_is_filed(desk: &Desk) -> Result<bool> {
    Ok(!desk.store.private().is_dir() || desk.index()?.highest()? == 0)
}
