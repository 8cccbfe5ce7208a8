//! `tickets check --store`: is every message there, and what it was when it was filed (D6, D10)?

use super::count;
use crate::desk::Desk;
use crate::error::Status;
use crate::screen::say;
use crate::ticket::State;
use anyhow::Result;
use mail::entry::{Tail, Verdict, decode, tail};
use mail::mbox;
use std::path::Path;

/// Reads all tickets and says what is not as it was filed.
pub fn verify(desk: &mut Desk) -> Result<Status> {
    let store = &desk.store;
    let open = store.ids(State::Open)?;
    let archived = store.ids(State::Closed)?;
    let mut all: Vec<_> = open.iter().chain(&archived).copied().collect();
    all.sort_unstable();
    all.dedup();
    let (mut intact, mut changed, mut foreign, mut torn) = (0, 0, 0, 0);
    let mut edited = Vec::new();
    for &id in &all {
        // It may be gone by now.
        let Some((_, _, bytes)) = store.read(id)? else {
            continue;
        };
        for (at, entry) in mbox::entries(&bytes, 0).enumerate() {
            let decoded = decode(entry.content);
            match decoded.verdict {
                Verdict::Intact => intact += 1,
                Verdict::Foreign => foreign += 1,
                Verdict::Changed => {
                    changed += 1;
                    edited.push(decoded.sha256);
                    let number = at + 1;
                    say(format_args!(
                        "ticket {id}, message {number} was changed after it was filed"
                    ))?;
                }
            }
        }
        match tail(&bytes, 0) {
            // A missing empty line loses nothing, and mutt leaves one out.
            Tail::Whole | Tail::Missing(_) => {}
            Tail::Torn { .. } | Tail::SetAside { .. } => {
                torn += 1;
                say(format_args!(
                    "ticket {id} ends in a part of a message; the next mail to it mends that"
                ))?;
            }
        }
    }
    let both: Vec<_> = open
        .iter()
        .filter(|id| archived.binary_search(id).is_ok())
        .collect();
    for id in &both {
        say(format_args!(
            "ticket {id} is both open and archived; mail goes to the open one"
        ))?;
    }
    // Looking must not make a store.
    let mut missing = match desk.store.private().is_dir() {
        true => desk.missing()?,
        false => Vec::new(),
    };
    // What was changed has been named, though it is no longer there as it came either.
    missing.retain(|gone| !edited.contains(&digest_of(&gone.copy.path)));
    for gone in &missing {
        let (id, day, author) = (gone.copy.ticket, &gone.copy.day, &gone.author);
        let subject = &gone.subject;
        say(format_args!(
            "ticket {id} lacks a message of {day}: {author}: {subject} (`tickets restore {id}`)"
        ))?;
    }
    let messages = count(intact + changed + foreign, "message", "messages");
    let mut summary = format!("{messages} in {}", count(all.len(), "ticket", "tickets"));
    match changed {
        0 => summary.push_str(", none changed"),
        changed => summary.push_str(&format!(", {changed} changed")),
    }
    if foreign > 0 {
        let text = count(
            foreign,
            "that another program wrote",
            "that other programs wrote",
        );
        summary.push_str(&format!(", {text} and nothing is known of"));
    }
    say(summary)?;
    Ok(
        if changed + torn == 0 && both.is_empty() && missing.is_empty() {
            Status::Ok
        } else {
            Status::DataErr
        },
    )
}

/// The digest recorded in the copy of an entry.
fn digest_of(copy: &Path) -> Option<String> {
    let bytes = std::fs::read(copy).ok()?;
    decode(mbox::entries(&bytes, 0).next()?.content).sha256
}
