//! What somebody wrote above the mail that they answer.

/// `text` without the signature and without the quotation at its end, with the line that introduces it: people answer
/// on top, and whoever reads it next knows what is quoted.
#[must_use]
pub fn own_words(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        // Outlook draws a line above what it quotes.
        if line.trim_end() == "--" || line.starts_with("-----") || line.starts_with("_____") {
            break;
        }
        lines.push(line);
    }
    let is_quoted = |line: &&str| line.trim().is_empty() || line.starts_with('>');
    let before = lines.len();
    while lines.last().is_some_and(is_quoted) {
        lines.pop();
    }
    let quotation = before > lines.len() && text.lines().any(|line| line.starts_with('>'));
    if quotation
        && lines
            .last()
            .is_some_and(|line| line.trim_end().ends_with(':'))
    {
        lines.pop();
        // The line may have been folded: `On Sunday Ann` / `<ann@example.net> wrote:`.
        if lines.last().is_some_and(|line| line.starts_with("On ")) {
            lines.pop();
        }
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_on_top() {
        // C4
        for (case, text, want) in [
            ("plain", "Done.\n\nBye\n", "Done.\n\nBye"),
            (
                "quotation",
                "Done.\n\nOn x, Ann wrote:\n> Help\n>\n> Bye\n",
                "Done.",
            ),
            (
                "folded",
                "Done.\n\nOn Sunday Ann\n<ann@x> wrote:\n\n> Help\n",
                "Done.",
            ),
            ("signature", "Done.\n-- \nSteve\n> x\n", "Done."),
            ("Outlook", "Done.\n\n________\nFrom: Ann\nHelp\n", "Done."),
            (
                "answers between",
                "> a\nyes\n> b\nno\n",
                "> a\nyes\n> b\nno",
            ),
            ("a colon", "As follows:\n", "As follows:"),
            ("nothing", "\n> Help\n", ""),
        ] {
            assert_eq!(own_words(text), want, "{case}");
        }
    }
}
