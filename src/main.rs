//! The start: a private umask, and no way out but the one in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Mail is nobody else's business, whatever the MTA's umask says (D8).
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    tickets::cli::main(std::env::args_os().collect())
}
