//! What the second reading works with, in which messages are filed.

use super::entry::EntryReader;
use super::group::Groups;
use super::report::ImportReport;
use super::state::StateRule;
use crate::desk::Desk;

/// What it takes to file messages, in existing tickets and in new ones.
pub(crate) struct Filing<'a, 'n> {
    pub(crate) desk: &'a mut Desk,
    pub(crate) groups: &'a Groups,
    pub(crate) entries: EntryReader<'a>,
    pub(crate) state: StateRule,
    pub(crate) dry_run: bool,
    pub(crate) report: &'a mut ImportReport<'n>,
}
