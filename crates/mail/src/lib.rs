#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
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

pub mod authres;
pub mod automatic;
pub mod decode;
pub mod domain;
pub mod enclosed;
pub mod entry;
pub mod envelope;
pub mod mbox;
pub mod message;
pub mod render;
pub mod signature;
pub mod submission;
pub mod words;
