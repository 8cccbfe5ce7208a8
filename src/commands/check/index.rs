//! Checks the index: it is a cache, so that nothing about it is a fault.

use super::diagnosis::{Diagnosis, count};
use super::mend::own_command;
use crate::desk::Desk;
use crate::index::{Index, IndexError, IndexKind};
use anyhow::Result;
use std::path::Path;

/// The largest file that is read from its beginning to its end. That of a hundred thousand tickets is about as large, and
/// takes half a second; larger ones the job `reindex` reads.
const SMALL: u64 = 64 << 20;

/// Says what it holds, or why it is made anew.
pub(super) fn look(desk: &mut Desk) -> Result<Diagnosis> {
    let file = desk.store.private().join("index.db");
    if !file.exists() {
        return Ok(Diagnosis::ok(
            "index: none yet; the next mail or command makes it",
        ));
    }
    match Index::kind(&file)? {
        IndexKind::Ours => {}
        IndexKind::OfAnotherVersion => {
            let text = "index: it is of another version; the next mail or command makes it anew";
            return Ok(Diagnosis::ok(text));
        }
        IndexKind::NoIndex => {
            let text = "is no index; something else wrote there, or the disk has faults";
            return Ok(bad(desk, &file, text));
        }
    }
    match held(desk, &file) {
        Ok(Some(finding)) => Ok(finding),
        Err(e) if !IndexError::among(&e).is_some_and(IndexError::is_damage) => Err(e),
        _ => Ok(bad(desk, &file, "is damaged")),
    }
}

/// How many tickets it holds; `None` if it is damaged.
fn held(desk: &Desk, file: &Path) -> Result<Option<Diagnosis>> {
    let index = desk.index()?;
    if std::fs::metadata(file)?.len() <= SMALL && !index.is_sound()? {
        return Ok(None);
    }
    let (tickets, _) = index.count()?;
    let tickets = usize::try_from(tickets).unwrap_or(usize::MAX);
    Ok(Some(match index.is_complete()? {
        true => Diagnosis::ok(format!("index: {}", count(tickets, "ticket", "tickets"))),
        false => Diagnosis::ok("index: not complete yet; the next mail or command completes it"),
    }))
}

fn bad(desk: &Desk, file: &Path, what: &str) -> Diagnosis {
    let text = format!("index: {} {what}; no mail is lost with it", file.display());
    Diagnosis::warn(text).mend(own_command(desk.store.root(), "tickets reindex"))
}
