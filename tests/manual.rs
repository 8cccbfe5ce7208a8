//! `--help`, `tickets man` and `tickets completions`, and what is mistyped.

use crate::bench::Bench;
use crate::transcript::Transcript;
use std::fs;
use std::path::Path;

/// The commands that `--help` lists.
fn commands(b: &Bench) -> Vec<String> {
    let help = b.run(&["--help"], b"");
    help.silent_but_for_output("--help");
    let (_, list) = help.stdout.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let name = |line: &str| {
        line.strip_prefix("  ")?
            .split(' ')
            .next()
            .map(str::to_owned)
    };
    let names: Vec<String> = lines
        .filter_map(name)
        .filter(|name| !name.is_empty())
        .collect();
    assert!(names.len() > 10, "{}", help.stdout);
    names
}

#[test]
fn every_command_has_a_help_text() {
    let b = Bench::new();
    let mut t = Transcript::new(&b);
    t.run("tickets --help");
    insta::assert_snapshot!("help", t);
    drop(t);
    // What all of them have stands in that one.
    let list = b.run(&["list", "--help"], b"").stdout;
    let common = &list[list.find("      --config").unwrap()..];
    assert!(common.lines().count() < 10, "{common}");
    for name in commands(&b) {
        let mut t = Transcript::new(&b);
        t.begin();
        let mut help = b.run(&[&name, "--help"], b"");
        if let Some(own) = help.stdout.strip_suffix(common) {
            help.stdout = format!("{own}      ...\n");
        }
        t.ran(&format!("tickets {name} --help"), &help);
        insta::assert_snapshot!(format!("help-{name}"), t);
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let b = Bench::new();
    let page = |args: &[&str], title: &str| {
        let page = b.run(args, b"");
        page.silent_but_for_output(title);
        assert!(
            page.stdout.contains(&format!("\n.TH {title} 1 ")),
            "{title}"
        );
    };
    page(&["man"], "tickets");
    for name in commands(&b) {
        page(&["man", &name], &format!("tickets-{name}"));
    }
    // What stands below a command has one, too.
    let saved = b.run(&["man", "--save", "man"], b"");
    saved.silent();
    for name in ["enable", "disable", "upgrade", "new", "run", "check"] {
        let title = format!("tickets-modules-{name}");
        page(&["man", &title["tickets-".len()..]], &title);
        assert!(b.path(&format!("man/man1/{title}.1")).exists(), "{title}");
    }
}

// The values of options have names, and what can be repeated is followed by dots.
#[test]
fn a_synopsis_names_values_and_what_can_be_repeated() {
    let b = Bench::new();
    let synopsis = |name: &[&str]| {
        let page = b.run(&[&["man"], name].concat(), b"").stdout;
        let text = page.split("\n.SH SYNOPSIS\n").nth(1).unwrap();
        let text = text.split("\n.SH ").next().unwrap();
        let text = text.replace("\\fB", "").replace("\\fI", "");
        text.replace("\\fR", "")
            .replace("\\-", "-")
            .replace("\\ ", " ")
    };
    let mut t = String::new();
    for name in [
        &[][..],
        &["close"],
        &["list"],
        &["import"],
        &["export"],
        &["stats"],
        &["modules-run"],
    ] {
        t += &format!("{}\n", synopsis(name));
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("synopsis", t);
    });
    // As `--help` has it.
    for name in commands(&b) {
        let usage = b.run(&[&name, "--help"], b"").stdout;
        let usage = usage
            .lines()
            .find_map(|line| line.strip_prefix("Usage: "))
            .unwrap();
        let repeated = usage.matches("...").count();
        let line = synopsis(&[&name]);
        assert!(line.matches("...").count() >= repeated, "{name}: {line}");
        assert!(!line.contains(['<', '>', '\\']), "{name}: {line}");
    }
}

/// Each exit status in the program's own list is explained to whoever reads it in a script.
#[test]
fn every_exit_status_is_in_the_manual() {
    let b = Bench::new();
    let at =
        |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let list = at("src/error.rs");
    let list = list.split("pub enum Status {\n").nth(1).unwrap();
    let list = list.split("\n}").next().unwrap();
    let numbers: Vec<&str> = (list.lines())
        .filter_map(|line| Some(line.trim().strip_suffix(',')?.split_once(" = ")?.1))
        .collect();
    assert!(numbers.len() >= 11, "{numbers:?}");
    let page = b.run(&["man"], b"").stdout;
    let page = page.split("\n.SH EXIT STATUS\n").nth(1).unwrap();
    let page = page.split("\n.SH ").next().unwrap();
    let manual = at("docs/manual.md");
    let manual = manual.split("\n## Exit status\n").nth(1).unwrap();
    let manual = manual.split("\n## ").next().unwrap();
    for number in numbers {
        assert!(
            page.contains(&format!("\n.B {number}\n")),
            "tickets(1): {number}"
        );
        let mut words = manual.split(|c: char| !c.is_ascii_alphanumeric());
        assert!(words.any(|word| word == number), "docs/manual.md: {number}");
    }
    let of_check = "\n.B 1\nnothing was found; of\n.BR tickets\\-check (1):\na warning\n\
                    .TP\n.B 2\nof\n.BR tickets\\-check (1):\na fault\n";
    assert!(page.contains(of_check), "{page}");
}

#[test]
fn shells_complete_the_commands() {
    let b = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = b.run(&["completions", shell], b"");
        script.silent_but_for_output(shell);
        assert!(script.stdout.contains("reopen"), "{shell}");
    }
}

// E4
#[test]
fn what_is_mistyped_is_explained() {
    let b = Bench::new();
    let mut t = Transcript::new(&b);
    t.step(
        "A command that there is not.",
        "tickets\ntickets nonsense\ntickets shwo 1\ntickets man delivr\ntickets spam 7\ntickets delete",
    );
    t.step(
        "Options and values of a command.",
        "tickets --config config.toml show\n\
         tickets show twelve\n\
         tickets show 12 --rwa\n\
         tickets list --sort foo\n\
         tickets search --toner\n\
         tickets completions basch",
    );
    insta::assert_snapshot!("mistyped", t);
}
