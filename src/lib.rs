//! `tickets` turns a mail address into a support desk: one mbox per ticket.
//!
//! Direction of knowledge: `cli` -> {`commands`, `parts`} -> {`part`, `listing`} -> `desk` ->
//! {`store`, `index`, `outbox`} -> `ticket` -> `mail`. The last two are pure: they touch no disk,
//! clock, environment or process, and get time, host name and limits as values.
//! `docs/design.md` says more, and `tests/layers.rs` checks it.

// A panic in a delivery defers the mail. So code that can fail returns an error instead.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod cli;
mod clock;
mod commands;
mod config;
mod desk;
mod error;
mod files;
mod index;
pub mod limits;
mod listing;
mod log;
mod module;
mod outbox;
mod part;
mod parts;
mod patience;
pub mod privilege;
mod process;
pub mod screen;
mod sendmail;
pub mod store;
pub mod ticket;

pub use mail;
