//! Text whose paragraphs were broken into lines for transport (RFC 3676, format=flowed).

/// `text` with one line for each paragraph. With `del_sp` the blank that marks a soft line end is no
/// part of the text.
pub(crate) fn unfold(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The quote depth of a paragraph that goes on.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        // A paragraph ends where the depth changes, whatever its line says (RFC 3676, 4.5).
        let goes_on = open == Some(depth) && !signature;
        if !goes_on {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 {
                out.push(' ');
            }
        }
        let soft = content.ends_with(' ') && !signature;
        open = soft.then_some(depth);
        match soft && del_sp {
            true => out.push_str(&content[..content.len() - 1]),
            false => out.push_str(content),
        }
    }
    if text.ends_with('\n') {
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_line_ends_are_undone() {
        let table = [
            ("paragraphs", "a \nb\n\nc \nd\n", false, "a b\n\nc d\n"),
            (
                "DelSp",
                "https://example.net/abc \ndef\n",
                true,
                "https://example.net/abcdef\n",
            ),
            ("DelSp, a blank in the text", "a  \nb", true, "a b"),
            (
                "stuffed",
                " From here\n > no quote\n",
                false,
                "From here\n> no quote\n",
            ),
            (
                "quoted",
                "> a \n> b\n>> c \n>> d\ne \nf",
                false,
                "> a b\n>> c d\ne f",
            ),
            ("the depth changes", "> a \nb\n", false, "> a \nb\n"),
            ("signature", "a \n-- \nAnn \nB", false, "a \n-- \nAnn B"),
            ("quoted signature", "> -- \n> Ann", false, "> -- \n> Ann"),
            ("CRLF", "a \r\nb\r\n", false, "a b\n"),
            ("nothing", "", false, ""),
        ];
        for (case, text, del_sp, want) in table {
            assert_eq!(unfold(text, del_sp), want, "{case}");
        }
    }
}
