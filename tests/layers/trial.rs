//! How arrows, circles and what is impure are found, tried on little houses.

use super::graph::Graph;
use super::impure;
use std::collections::BTreeSet;

/// The files of a little house, and what they use of each other: `a.rs b.rs`.
fn arrows(files: &[(&str, &str)]) -> (Graph, Vec<String>) {
    let texts = files
        .iter()
        .map(|(path, text)| (format!("src/{path}"), (*text).to_owned()));
    let graph = Graph::read(&texts.collect(), &[("house", "src/lib.rs")]);
    let name = |path: &str| path.trim_start_matches("src/").to_owned();
    let pairs: BTreeSet<String> = (graph.arrows.iter())
        .map(|arrow| format!("{} {}", name(&arrow.from), name(&arrow.to)))
        .collect();
    (graph, pairs.into_iter().collect())
}

#[test]
fn arrows_are_read_from_the_code() {
    let two = "pub mod a;\nmod b;";
    let b = "pub struct B;\npub fn f() {}";
    for (case, a, want) in [
        ("an import", "use crate::b::B;", "a.rs b.rs"),
        ("of several", "use crate::{b::{self, B as C}};", "a.rs b.rs"),
        ("a path", "fn g() { crate::b::f() }", "a.rs b.rs"),
        ("by its parent", "fn g() { super::b::f() }", "a.rs b.rs"),
        (
            "by a module",
            "use crate::b;\nfn g() { b::f() }",
            "a.rs b.rs",
        ),
        (
            "by another name",
            "use crate::b as c;\nfn g() { c::f() }",
            "a.rs b.rs",
        ),
        ("of everything", "use super::b::*;", "a.rs b.rs"),
        (
            "in a macro",
            "fn g() { m!(\"{}\", crate::b::f()) }",
            "a.rs b.rs",
        ),
        (
            "in a type",
            "fn g<'b>(x: &'b crate::b::B) -> impl F + use<'b> { x }",
            "a.rs b.rs",
        ),
        (
            "after a character",
            "fn g() { let q = '\"'; crate::b::f(); '\\'' }",
            "a.rs b.rs",
        ),
        ("a module alone", "use crate::b;", ""),
        (
            "a comment",
            "// use crate::b::B;\n/* crate::b::f() /* */ crate::b::f() */",
            "",
        ),
        (
            "a string",
            "const S: &str = \"crate::b::f() \\\" crate::b::f()\";",
            "",
        ),
        (
            "a raw string",
            "const S: &str = r#\"\" crate::b::f()\"#;",
            "",
        ),
        ("where it is seen", "pub(in crate::b) fn g() {}", ""),
        (
            "a test",
            "#[cfg(test)]\nmod tests { use crate::b::B; }\nfn g() {}",
            "",
        ),
        (
            "a test's import",
            "#[cfg(test)]\nuse crate::b::{B, f};\nfn g() {}",
            "",
        ),
        (
            "somebody else's",
            "use other::b::B;\nfn g() { other::b::f() }",
            "",
        ),
    ] {
        let (_, got) = arrows(&[("lib.rs", two), ("a.rs", a), ("b.rs", b)]);
        assert_eq!(got.join(", "), want, "{case}: {a}");
    }
}

#[test]
fn what_is_passed_on_is_not_used() {
    let lib = "mod a;\nmod b;\nmacro_rules! parts { () => {} }";
    let child = "use super::T;\npub struct C;";
    for (case, a, b, want) in [
        (
            "passed on",
            "mod c;\npub struct T;\npub use c::C;",
            "",
            "a/c.rs a.rs",
        ),
        (
            "and used",
            "mod c;\npub struct T;\npub use c::C;\nfn g(_: C) {}",
            "",
            "a.rs a/c.rs, a/c.rs a.rs",
        ),
        (
            "used elsewhere",
            "mod c;\npub struct T;\npub use c::C;",
            "use crate::a::C;",
            "a/c.rs a.rs, b.rs a/c.rs",
        ),
        (
            "a table of parts",
            "parts! { c, }\npub struct T;",
            "",
            "a.rs a/c.rs, a/c.rs a.rs",
        ),
    ] {
        let files = [("lib.rs", lib), ("a.rs", a), ("a/c.rs", child), ("b.rs", b)];
        let (graph, got) = arrows(&files);
        assert_eq!(got.join(", "), want, "{case}");
        let circle = got.len() == 2 && b.is_empty();
        let want = [BTreeSet::from(["src/a.rs", "src/a/c.rs"])];
        assert_eq!(graph.circles(), want[..usize::from(circle)], "{case}");
    }
}

#[test]
fn circles_are_found_however_long_they_are() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::X;"),
        ("b.rs", "pub struct X; use crate::c::X as Y;"),
        ("c.rs", "pub struct X; fn f() { crate::a::f() }"),
        ("d.rs", "use crate::a::f;"),
    ];
    let (graph, _) = arrows(&files);
    let circles = graph.circles();
    let [circle] = &circles[..] else {
        panic!("{circles:?}");
    };
    let want = BTreeSet::from(["src/a.rs", "src/b.rs", "src/c.rs"]);
    assert_eq!(*circle, want);
    let shown = "  src/a.rs:1 uses crate::b::X of src/b.rs\n  \
                 src/b.rs:1 uses crate::c::X of src/c.rs\n  \
                 src/c.rs:1 uses crate::a::f of src/a.rs\n";
    assert_eq!(graph.within(circle), shown);
}

#[test]
fn what_touches_the_world_is_found() {
    for (code, want) in [
        ("use std::fs;", "line 1: std::fs"),
        ("use std::{fmt, fs::File};", "line 1: std::fs::File"),
        (
            "use std::io;\nfn f() { io::stdin() }",
            "line 2: std::io::stdin",
        ),
        (
            "use jiff::Zoned as Z;\nfn f() { Z::now() }",
            "line 2: jiff::Zoned::now",
        ),
        (
            "fn f() { std::time::SystemTime::now() }",
            "line 1: std::time::SystemTime::now",
        ),
        ("use std::path::Path;", "line 1: std::path::Path"),
        ("fn f() { println!() }", "println"),
        ("use std::io::Write;\nfn f() { std::fmt::format(x) }", ""),
        ("// std::fs\nconst C: &str = \"std::fs\";", ""),
    ] {
        let (graph, _) = arrows(&[("lib.rs", "mod a;"), ("a.rs", code)]);
        let found = impure(&graph, &graph.files["src/a.rs"]);
        assert_eq!(found.join(", "), want, "{code}");
    }
}
