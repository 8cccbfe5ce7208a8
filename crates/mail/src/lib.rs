#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
// A panic in a delivery is mail that waits, so whatever can fail says so.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable
    )
)]

pub mod authres;
pub mod automatic;
pub mod decode;
pub mod entry;
pub mod envelope;
pub mod mbox;
pub mod message;
pub mod render;
pub mod submission;
pub mod words;
