//! tickets-config(5), made from the commented configuration, so that nobody has to write either twice.
//!
//! In that file a key stands as `#key = default` below the lines `# text` that explain it; four blanks
//! more begin a line of an example; `#[table]` begins a table. What explains no key is about the file.

use std::fmt::Write;

/// The page.
pub(super) fn page(config: &str, date: &str, version: &str) -> String {
    let mut about = String::new();
    let mut keys = String::new();
    let mut table = String::new();
    for block in config.split("\n\n") {
        let mut text = Vec::new();
        let mut named = Vec::new();
        for line in block.lines() {
            match line.strip_prefix('#') {
                Some("") => text.push(""),
                Some(said) if said.starts_with(' ') => text.push(&said[1..]),
                Some(key) if key.starts_with('[') => {
                    key.clone_into(&mut table);
                    named.push(key.to_owned());
                }
                Some(key) if table.is_empty() => named.push(key.to_owned()),
                Some(key) => named.push(format!("{key}    (in {table})")),
                None => {}
            }
        }
        // A table is named with each of its keys.
        if named.len() > 1 {
            named.retain(|key| !key.starts_with('['));
        }
        let into = match named.is_empty() && keys.is_empty() {
            true => &mut about,
            false => &mut keys,
        };
        for (nth, key) in named.iter().enumerate() {
            let macro_ = if nth == 0 { ".TP" } else { ".TQ" };
            let (name, rest) = key.split_at(key.find(" =").unwrap_or(key.len()));
            _ = writeln!(into, "{macro_}\n\\fB{}\\fR{}", escaped(name), escaped(rest));
        }
        paragraphs(&text, named.is_empty(), into);
    }
    format!(
        ".TH tickets\\-config 5 {date} \"{version}\" tickets\n.nh\n\
         .SH NAME\ntickets\\-config \\- configuration of the support desk tickets\n\
         .SH DESCRIPTION\n{}\
         .PP\nThe file is TOML. An unknown key or a wrong type is an error that names the line and the \
         nearest\nright key, and mail waits until it is mended.\n\
         .SH KEYS\nEach is shown with its default, or with an example if it has none.\n{keys}\
         .SH EXAMPLES\n.EX\n\
         domain = \"example.org\"\nadmins = [\"steve@example.org\", \"ann@example.org\"]\n\
         name = \"Example Support\"\n.EE\n\
         .SH SEE ALSO\n.BR tickets (1),\n.BR tickets-init (1),\n.BR tickets-check (1)\n",
        // No paragraph begins right below a heading.
        about.trim_start_matches(".PP\n"),
    )
}

/// Writes text, with lines of examples as they stand; `begun` if it needs the beginning of a paragraph.
fn paragraphs(text: &[&str], begun: bool, into: &mut String) {
    let mut fresh = begun;
    let mut example = false;
    for line in text {
        let is_example = line.starts_with("   ");
        if is_example != example {
            into.push_str(if is_example { ".EX\n" } else { ".EE\n" });
            example = is_example;
        }
        match line.is_empty() {
            true => fresh = true,
            false => {
                if std::mem::take(&mut fresh) && !is_example {
                    into.push_str(".PP\n");
                }
                into.push_str(&escaped(line));
                into.push('\n');
            }
        }
    }
    if example {
        into.push_str(".EE\n");
    }
}

/// Text as roff prints it: no character of it is an instruction or becomes a typographer's.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    if text.starts_with(['.', '\'']) {
        out.push_str("\\&");
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '~' => out.push_str("\\(ti"),
            '^' => out.push_str("\\(ha"),
            '`' => out.push_str("\\(ga"),
            '\'' => out.push_str("\\(aq"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# About the file.\n#\n# More.\n\n# A key of `ours'.\n#     ls -l\n# On.\n\
                          #key = ['\\d~']\n\n#[table]\n#one = 1\n#two = 2\n\n# .dot\n#last = 0\n";

    #[test]
    fn every_key_is_described() {
        let page = page(CONFIG, "2026-11-01", "tickets 1");
        let body = page.split(".SH KEYS\n").nth(1).unwrap();
        let body = &body[..body.find(".SH EXAMPLES").unwrap()];
        assert_eq!(
            body,
            "Each is shown with its default, or with an example if it has none.\n\
             .TP\n\\fBkey\\fR = [\\(aq\\ed\\(ti\\(aq]\nA key of \\(gaours\\(aq.\n.EX\n    ls \\-l\n.EE\nOn.\n\
             .TP\n\\fBone\\fR = 1    (in [table])\n.TQ\n\\fBtwo\\fR = 2    (in [table])\n\
             .TP\n\\fBlast\\fR = 0    (in [table])\n\\&.dot\n"
        );
        let about = page.split(".SH DESCRIPTION\n").nth(1).unwrap();
        assert!(about.starts_with("About the file.\n.PP\nMore.\n.PP\nThe file is TOML"));
    }
}
