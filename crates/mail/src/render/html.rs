//! HTML as text, in time that is linear in its length whatever it holds.
//!
//! The converter, nanohtml2text, is small and robust, but quadratic on tags that never end
//! (`<a "<a "...`). So it does not get a stranger's HTML, but what is left of it here: whole tags
//! without attributes, links, and text.

use std::panic::catch_unwind;

/// Elements whose content is not for the reader.
const HIDDEN: [&str; 6] = ["script", "style", "title", "template", "object", "svg"];

/// Elements that would change how the converter reads what follows; their tags are dropped.
const BARE: [&str; 6] = [
    "textarea",
    "xmp",
    "plaintext",
    "listing",
    "noembed",
    "noframes",
];

/// The text of `html`: paragraphs, lists, rows of tables on a line, links in parentheses.
pub(crate) fn to_text(html: &str) -> String {
    let simple = simplify(html);
    match catch_unwind(|| nanohtml2text::html2text(&simple)) {
        Ok(text) => text.replace('\u{a0}', " "),
        Err(_) => simple,
    }
}

/// `html` with nothing but whole tags in it, without attributes except for links.
fn simplify(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut ahead = Ahead::default();
    // The text of a list item follows its dash on the same line.
    let mut after_dash = false;
    while let Some(at) = rest.find('<') {
        let (text, tail) = rest.split_at(at);
        after_dash &= text.trim().is_empty();
        out.push_str(text);
        if let Some(comment) = tail.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let closing = tail.starts_with("</");
        let inner = &tail[if closing { 2 } else { 1 }..];
        let is_tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || "!?".contains(c));
        let end = if is_tag {
            tag_end(inner, &mut ahead)
        } else {
            None
        };
        let Some(end) = end else {
            out.push_str("&lt;");
            rest = &tail[1..];
            continue;
        };
        let (tag, after) = (&inner[..end], &inner[end + 1..]);
        rest = after;
        let len = tag
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(tag.len());
        let name = tag[..len].to_ascii_lowercase();
        match name.as_str() {
            // A doctype, an XML prologue, or an element of another namespace.
            "" => {}
            name if tag[len..].starts_with(':') || BARE.contains(&name) => {}
            name if HIDDEN.contains(&name) => {
                if !closing && !tag.ends_with('/') {
                    rest = after_element(rest, name);
                }
            }
            "td" | "th" => out.push(' '),
            "img" => {
                let alt = attribute(&tag[len..], "alt")
                    .unwrap_or_default()
                    .replace('<', "&lt;");
                if !alt.trim().is_empty() {
                    out.push_str(&format!(" [{alt}] "));
                }
            }
            "a" if !closing => {
                let link = attribute(&tag[len..], "href").unwrap_or_default().trim();
                let shown = ["http:", "https:", "ftp:"].iter().any(|scheme| {
                    link.get(..scheme.len())
                        .is_some_and(|s| s.eq_ignore_ascii_case(scheme))
                });
                let link = if shown {
                    link.replace(['"', '<', '>'], "")
                } else {
                    String::new()
                };
                out.push_str(&format!("<a href=\"{link}\">"));
            }
            "li" if !closing => {
                out.push_str("<li>- ");
                after_dash = true;
            }
            "p" | "div" if after_dash => {}
            name => out.push_str(&format!("<{}{name}>", if closing { "/" } else { "" })),
        }
    }
    out.push_str(rest);
    out
}

/// What is known to be missing in all that follows, so that it is searched only once.
#[derive(Default)]
struct Ahead {
    /// A quote had no end, so quotes mean nothing from then on.
    open_quote: bool,
    /// There is no further `>`.
    no_end: bool,
}

/// Where the `>` of a tag stands. One in quotes does not count, as long as the quotes are closed.
fn tag_end(tag: &str, ahead: &mut Ahead) -> Option<usize> {
    if ahead.no_end {
        return None;
    }
    if !ahead.open_quote {
        let mut open = None;
        for (at, byte) in tag.bytes().enumerate() {
            match (open, byte) {
                (None, b'>') => return Some(at),
                (None, b'"' | b'\'') => open = Some(byte),
                (Some(quote), byte) if byte == quote => open = None,
                _ => {}
            }
        }
        ahead.open_quote = true;
    }
    let end = tag.find('>');
    ahead.no_end = end.is_none();
    end
}

/// What follows the end tag of an element; nothing if there is no end tag.
fn after_element<'a>(mut rest: &'a str, name: &str) -> &'a str {
    while let Some((_, tail)) = rest.split_once("</") {
        rest = tail;
        if rest
            .get(..name.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(name))
        {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

/// The value of an attribute as written, without its quotes.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let len = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/');
        let (found, tail) = rest.split_at(len.unwrap_or(rest.len()));
        if found.is_empty() && tail.is_empty() {
            return None;
        }
        let tail = tail.trim_start();
        let Some(value) = tail.strip_prefix('=').map(str::trim_start) else {
            rest = tail;
            continue;
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(
                value
                    .find(|c: char| c.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_text() {
        let table = [
            (
                "paragraphs",
                "<p>one<p class=x>two</p>three",
                "one\n\ntwo\n\nthree",
            ),
            ("line breaks", "a<br>b<BR/>c", "a\nb\nc"),
            (
                "entities",
                "a &lt;b&gt; &amp;&nbsp;&auml;&#228;",
                "a <b> & ää",
            ),
            (
                "head",
                "<html><head><title>T</title><style>p{}</style></head><body>x",
                "x",
            ),
            ("script", "a<script>if (1 < 2) '</b>'</SCRIPT >b", "ab"),
            ("no end of script", "a<script>b", "a"),
            (
                "comment",
                "a<!-- <p> -->b<!--[if mso]><p>x<![endif]-->c",
                "abc",
            ),
            ("comment without end", "a<!-- b", "a"),
            (
                "doctype, namespace",
                "<!DOCTYPE html><o:p></o:p><?xml x?>a",
                "a",
            ),
            (
                "link",
                "<a class=x href=\"https://x.example/?a=1&amp;b\">here</a>",
                "here (https://x.example/?a=1&b)",
            ),
            (
                "link that says itself",
                "<a href='http://x'>http://x</a>",
                "http://x",
            ),
            ("bare link", "<a href=http://x/>y</a>", "y (http://x/)"),
            (
                "script as link",
                "<a href=\"javascript:x()\">y</a> <a href='mailto:a@b'>a@b</a>",
                "y a@b",
            ),
            (
                "picture",
                "a<img src=x alt=\"Logo &gt;\">b<img alt=''>",
                "a [Logo >] b",
            ),
            ("list", "<ul><li>a<li><p>b</p></li></ul>", "- a\n- b"),
            (
                "table",
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
                "a b\nc",
            ),
            ("pre", "<pre>a\n  b</pre>", "a\n  b"),
            ("> in an attribute", "<p title=\"a>b\">c</p>", "c"),
            ("quote without end", "<p title=\"a>b<i>c</i>", "bc"),
            ("tag without end", "a <b", "a <b"),
            ("no tag", "1 < 2 <> 3 <", "1 < 2 <> 3 <"),
            (
                "form",
                "<textarea>a</textarea><xmp>b</xmp><plaintext>c",
                "abc",
            ),
        ];
        for (case, html, want) in table {
            assert_eq!(super::super::tidy(&to_text(html)), want, "{case}");
        }
    }
}
