//! A library of our own between the program and libc: see `shim.c`.
//!
//! strace can make a call fail, but not do half of it: what it says was written was not. And it
//! cannot let a file look like another one. Here the call is made, and does what it says.

use crate::bench::{Bench, compiled};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The library, where the program's user can load it.
pub fn library(bench: &Bench) -> PathBuf {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| compiled("shim.c", &["-shared", "-fPIC"]));
    let path = bench.path("shim.so");
    if !path.exists() {
        bench.put("shim.so", bytes);
    }
    path
}
