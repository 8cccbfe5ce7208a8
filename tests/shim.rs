//! A library of our own between the program and libc: see `shim.c`.
//!
//! strace can make a call fail, but not do half of it: what it says was written was not. And it
//! cannot let a file look like another one. Here the call is made, and does what it says.

use crate::bench::Bench;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library, where the program's user can load it.
pub fn library(bench: &Bench) -> PathBuf {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let built = tempfile::tempdir().unwrap();
        let library = built.path().join("shim.so");
        // The bundled SQLite has been built with it a moment ago.
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shim.c"))
            .status()
            .unwrap();
        assert!(status.success());
        std::fs::read(library).unwrap()
    });
    let path = bench.path("shim.so");
    if !path.exists() {
        bench.put("shim.so", bytes);
    }
    path
}
