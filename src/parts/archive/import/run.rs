//! The steps of an import.
//!
//! The archives are read twice: once to find out what belongs together, then ticket by ticket. No one
//! is notified. What is filed already is recognized by its message, like a message that is delivered
//! twice (A5), so an import may be repeated: after a crash, and when the archive has grown. New tickets
//! are written and synced in batches; between two batches, a delivery finds everything in order.

use super::append::{append, clear_stale_locks};
use super::entry::EntryReader;
use super::filing::Filing;
use super::group::group;
use super::message::{Conventions, ReadingRules};
use super::numbers::Numbers;
use super::open::NewTickets;
use super::report::{ImportReport, ImportTotals, Notice};
use super::source::{MailSource, find};
use super::state::StateRule;
use super::survey::survey;
use crate::desk::Desk;
use anyhow::Result;
use std::path::PathBuf;

/// What is to be imported, and how.
pub(crate) struct ImportRequest {
    /// Files and directories; `-` is standard input.
    pub(crate) paths: Vec<PathBuf>,
    /// Import the subdirectories of a directory, too.
    pub(crate) folders: bool,
    /// Import messages that are marked as deleted, too.
    pub(crate) with_deleted: bool,
    pub(crate) conventions: Conventions,
    /// A ticket gets the number that the archive gives it, if that is free.
    pub(crate) keep_numbers: bool,
    pub(crate) state: StateRule,
    /// Only report what would be done.
    pub(crate) dry_run: bool,
}

/// Files the archives of a request. What cannot be read is left out and reported to `notify`.
///
/// # Errors
/// The store failed. The import may be repeated.
pub(crate) fn import(
    desk: &mut Desk,
    request: &ImportRequest,
    notify: &mut dyn FnMut(Notice),
) -> Result<ImportTotals> {
    let mut report = ImportReport::new(notify);
    let store_exists = desk.store.private().is_dir();
    let lock = match request.dry_run {
        true => None,
        false => Some(desk.store.lock_import()?),
    };
    let sources = find_sources(desk, request, &mut report);
    if store_exists {
        // An import that died may have left files that the index does not have.
        desk.despite_index(|desk| {
            desk.complete_index()?;
            desk.reconcile_all()
        })?;
    }
    let addresses = desk.config.addresses.clone();
    let rules = ReadingRules {
        conventions: &request.conventions,
        addresses: &addresses,
        with_deleted: request.with_deleted,
        now: desk.now(),
    };
    let survey = survey(desk, &sources, &rules, &mut report)?;
    let groups = group(desk, survey, &mut report)?;
    if !request.dry_run {
        clear_stale_locks(&desk.store, &groups);
    }
    let new = groups.groups.iter().filter(|g| g.existing.is_none());
    let archived = new.filter_map(|group| group.number);
    let numbers = Numbers::new(desk, request.keep_numbers, archived)?;
    let mut filing = Filing {
        desk,
        entries: EntryReader::new(&rules, request.state, &groups.survey, &sources),
        groups: &groups,
        state: request.state,
        dry_run: request.dry_run,
        report: &mut report,
    };
    let mut new_tickets = NewTickets::new(lock, numbers);
    let (mut done, total) = (0, groups.count());
    for group in &groups.groups {
        match group.existing {
            Some(id) => append(&mut filing, group, id)?,
            None => new_tickets.add(&mut filing, group)?,
        }
        done += group.len();
        filing.report.progress(Notice::Filing { done, total });
    }
    new_tickets.open_batch(&mut filing)?;
    Ok(report.totals)
}

/// The archives of a request. A path that names none is reported.
fn find_sources(
    desk: &Desk,
    request: &ImportRequest,
    report: &mut ImportReport,
) -> Vec<MailSource> {
    let private = desk.store.private();
    let scratch = match private.is_dir() {
        true => private,
        false => std::env::temp_dir(),
    };
    let mut sources = Vec::new();
    for path in &request.paths {
        for found in find::find(path, request.folders, &scratch) {
            match found {
                Ok(source) => sources.push(source),
                Err(e) => report.failure(&e),
            }
        }
    }
    sources
}
