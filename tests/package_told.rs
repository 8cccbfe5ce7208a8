//! What the Debian package tells whoever installs or removes it, and whether that is so.

use crate::package::{here, text};
use std::fs;

// L1: whoever has the package finds what its README files name.
#[test]
fn what_the_package_tells_of_is_beside_it() {
    let install = text("debian/install");
    let links = text("debian/links");
    let mut beside: Vec<String> = Vec::new();
    for line in install
        .lines()
        .filter_map(|line| line.strip_suffix(" usr/share/tickets"))
    {
        beside.extend(
            line.split(' ')
                .map(|it| it.strip_prefix("contrib/").unwrap().to_owned()),
        );
    }
    // A link leads to what is installed.
    for (from, to) in links.lines().map(|line| line.split_once(' ').unwrap()) {
        let name = to.strip_prefix("usr/share/tickets/").unwrap();
        let source = format!("contrib/{name}");
        let dir = from.rsplit_once('/').unwrap().0;
        let is_installed = install.lines().any(|line| {
            let (sources, into) = line.rsplit_once(' ').unwrap();
            into == dir && sources.split(' ').any(|it| it == source)
        });
        assert!(is_installed, "{from}");
        beside.push(name.to_owned());
    }
    let table = text("contrib/README.md");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert!(named.len() >= 8, "{named:?}");
    for name in named {
        let inside = |it: &String| it == name.trim_end_matches('/') || it.starts_with(name);
        assert!(beside.iter().any(inside), "{name} of {beside:?}");
    }
    for (page, place) in [
        ("README.md", "`/usr/share/tickets`"),
        ("README.md", "`/usr/share/doc/tickets`"),
        ("contrib/README.md", "`/usr/share/doc/tickets`"),
    ] {
        assert!(text(page).contains(place), "{page}: {place}");
    }
    // Of `docs/` all pages are there, and of `contrib/` all that the first page names.
    let docs = text("debian/docs");
    for entry in fs::read_dir(here("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            docs.lines().any(|it| it == format!("docs/{name}")),
            "{name}"
        );
    }
    for name in text("README.md")
        .split('`')
        .filter_map(|it| it.strip_prefix("contrib/"))
    {
        let name = name.trim_end_matches('/');
        let inside = |it: &String| {
            name.is_empty() || it == name || name.starts_with(it) || it.starts_with(name)
        };
        let is_itself = name == "README.md";
        assert!(is_itself || beside.iter().any(inside), "contrib/{name}");
    }
}
