//! How the program is linked, for it is started anew for each message.
//!
//! The unwinder of GCC is linked in instead of loading libgcc_s at every start, which takes a
//! tenth of a millisecond: as much as the whole of the locking. And the program has a fixed
//! address, or the loader would copy and change forty pages of pointers at every start: three
//! tenths. Stack, heap and libraries lie at random addresses as ever. Who wants the program's own
//! code there as well builds with `TICKETS_PIE=1`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    let native = std::env::var("HOST").is_ok_and(|host| host == target);
    if !native || !target.ends_with("-linux-gnu") {
        return;
    }
    println!("cargo:rerun-if-env-changed=TICKETS_PIE");
    if std::env::var_os("TICKETS_PIE").is_none() {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    // Where there is no such archive, the program is linked as Rust does by itself.
    let found = Command::new("cc")
        .arg("-print-file-name=libgcc_eh.a")
        .output()
        .ok()
        .and_then(|out| String::from_utf8(out.stdout).ok());
    let found = found.as_deref().map(|path| Path::new(path.trim_end()));
    if let Some(dir) = found
        .filter(|p| p.is_absolute() && p.exists())
        .and_then(Path::parent)
    {
        println!("cargo:rustc-link-search=native={}", dir.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}
