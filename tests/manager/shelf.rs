//! A directory with modules, for a desk.

use crate::bench::{Bench, own};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The directory with the modules of a desk.
pub fn shelf(bench: &Bench) -> PathBuf {
    let shelf = bench.path("modules");
    if !shelf.exists() {
        bench.make_dir("modules");
        set_mode(&shelf, 0o755);
    }
    shelf
}

/// The line of the configuration that names it.
pub fn path_line(bench: &Bench) -> String {
    format!("modules_path = [{:?}]\n", shelf(bench))
}

/// Puts a module on the shelf: its program is `script`, and `more` ends its manifest.
pub fn put(bench: &Bench, name: &str, points: &[&str], more: &str, script: &str) {
    shelf(bench);
    let dir = format!("modules/{name}");
    bench.make_dir(&dir);
    set_mode(&bench.path(&dir), 0o755);
    let manifest = format!(
        "name = {name:?}\nversion = \"1.2.0\"\nprotocol = 1\nsummary = \"Does {name}\"\n\
         run = \"run\"\npoints = {points:?}\n{more}"
    );
    bench.put(&format!("{dir}/module.toml"), manifest.as_bytes());
    bench.put(&format!("{dir}/run"), script.as_bytes());
    set_mode(&bench.path(&format!("{dir}/run")), 0o755);
    set_mode(&bench.path(&format!("{dir}/module.toml")), 0o644);
}

/// Puts the animals of tests/zoo on the shelf, each as the program of a module of its name.
pub fn put_zoo(bench: &Bench, points: &[&str], more: &str) -> Vec<String> {
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo");
    let mut names = Vec::new();
    for animal in fs::read_dir(zoo).unwrap() {
        let animal = animal.unwrap();
        let name = animal.file_name().into_string().unwrap();
        put(bench, &name, points, more, "");
        let run = bench.path(&format!("modules/{name}/run"));
        fs::copy(animal.path(), &run).unwrap();
        own(&run);
        names.push(name);
    }
    names.sort();
    names
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
