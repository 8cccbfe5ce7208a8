//! The start: a private umask, and no way out but the one in `cli`.

// A panic in a delivery is mail that waits: whatever can fail says so.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable
    )
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    tickets::privilege::keep_private();
    tickets::cli::main(std::env::args_os().collect())
}
