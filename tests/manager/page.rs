//! docs/modules.md, by which a stranger writes a module: what it shows works, and nothing is left out.

use super::shelf::{path_line, put, set_mode, shelf};
use crate::bench::Bench;

const PAGE: &str = include_str!("../../docs/modules.md");

/// The blocks of this language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let mut blocks = Vec::new();
    let mut rest = PAGE;
    while let Some((_, after)) = rest.split_once(&format!("```{language}\n")) {
        let (block, after) = after.split_once("\n```").unwrap();
        blocks.push(block);
        rest = after;
    }
    blocks
}

#[test]
fn the_first_module_works_as_it_stands() {
    // G3
    let b = Bench::new();
    b.configure(&path_line(&b));
    b.make_store();
    b.make_dir("modules/virus");
    set_mode(&shelf(&b).join("virus"), 0o755);
    b.put("modules/virus/module.toml", blocks("toml")[0].as_bytes());
    b.put(
        "modules/virus/virus.sh",
        format!("{}\n", blocks("sh")[0]).as_bytes(),
    );
    set_mode(&shelf(&b).join("virus/virus.sh"), 0o755);
    set_mode(&shelf(&b).join("virus/module.toml"), 0o644);
    b.works("modules check virus");
    let virus = b"Subject: Hi\nX-Virus-Status: infected\n\nx\n";
    let ran = b.run(&["modules", "run", "virus", "filter"], virus);
    let answer = "\nanswer  {\"go\":\"quarantine\",\"reason\":\"a virus was found\"}\n";
    assert!(ran.status == 0 && ran.stdout.contains(answer), "{ran:?}");
    b.says("modules enable virus", "virus is on: filter\n");
}

#[test]
fn every_variable_and_every_point_is_described() {
    // G7
    let b = Bench::new();
    let all =
        "\n[[command]]\nname = \"see\"\nsummary = \"x\"\n[[page]]\npath = \"/\"\ntitle = \"x\"\n";
    let script = "#!/bin/sh\necho 'Content-Type: x'; echo; env | sed 's/=.*//' | sort\n";
    put(&b, "see", &["command", "page"], all, script);
    b.configure(&format!("{}modules = [\"see\"]\n", path_line(&b)));
    b.make_store();
    for args in [&["see"][..], &["modules", "run", "see", "page", "/?x"]] {
        let ran = b.run(args, b"");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let names = ran.stdout.lines().filter(|name| {
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            // A shell sets this one.
            !name.is_empty() && name.chars().all(is_name) && *name != "PWD"
        });
        let names: Vec<&str> = names.collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(PAGE.contains(&format!("`{name}`")), "{name}");
        }
    }
    let points = b.run(&["modules", "run", "see", "x"], b"").stderr;
    let (_, points) = points
        .lines()
        .next()
        .unwrap()
        .split_once("there are ")
        .unwrap();
    for point in points.split(", ") {
        let rows = [format!("\n| `{point}` | "), format!("\n| [`{point}`](#")];
        assert!(rows.iter().any(|row| PAGE.contains(row)), "{point}");
    }
    assert!(include_str!("../../README.md").contains("docs/modules.md"));
}
