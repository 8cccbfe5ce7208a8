//! Starts the program, which outlives its limits, with a private umask. `cli` decides how it ends.

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

use std::process::ExitCode;

fn main() -> ExitCode {
    tickets::limits::outlive();
    tickets::privilege::keep_private();
    tickets::cli::main(std::env::args_os().collect())
}
