//! What attributes and the names of elements say about how something looks.

use std::borrow::Cow;

use super::tokens::attribute;

/// The value of a property in a `style` attribute, without blanks at its ends and `!important`.
pub(super) fn property<'a>(style: &'a str, name: &str) -> Option<&'a str> {
    let declarations = style.split(';').filter_map(|one| one.split_once(':'));
    let mut found = declarations.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    let (_, value) = found.next_back()?;
    Some(value.split('!').next().unwrap_or_default().trim())
}

/// The line ends that a block needs before and behind it; 0 if the element is no block.
pub(super) fn gap_of(name: &str) -> usize {
    match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "blockquote" | "pre" | "hr" | "ul"
        | "ol" | "dl" => 2,
        "div" | "table" | "caption" | "thead" | "tbody" | "tfoot" | "tr" | "li" | "dt" | "dd"
        | "address" | "article" | "aside" | "section" | "header" | "footer" | "main" | "nav"
        | "center" | "form" | "fieldset" | "legend" | "figure" | "figcaption" | "details"
        | "summary" | "option" | "body" | "html" | "head" => 1,
        _ => 0,
    }
}

/// The value of an attribute, decoded.
pub(super) fn value<'a>(attributes: &'a str, name: &str) -> Cow<'a, str> {
    let written = attribute(attributes, name).unwrap_or_default();
    htmlize::unescape_attribute(written)
}

/// True if a browser does not show the element. Small print does not count: an outer element may have
/// the size 0, and the one in it another.
pub(super) fn is_hidden(attributes: &str) -> bool {
    if attributes.len() < 6 {
        return false;
    }
    if attribute(attributes, "hidden").is_some() {
        return true;
    }
    let style = value(attributes, "style");
    let is = |name, wanted: &str| {
        property(&style, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    let zero = |name| property(&style, name).is_some_and(nothing);
    is("display", "none")
        || is("visibility", "hidden")
        || zero("opacity")
        || (zero("max-height") && is("overflow", "hidden"))
}

/// True for a length of zero: `0`, `0px`, `0.0cm`.
fn nothing(length: &str) -> bool {
    let number = length.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    !number.is_empty() && number.bytes().all(|b| b == b'0' || b == b'.')
}

/// True for a paragraph without space around it.
pub(super) fn is_tight(attributes: &str) -> bool {
    let class = value(attributes, "class");
    if ["MsoNormal", "MsoPlainText", "MsoListParagraph"]
        .iter()
        .any(|c| class.contains(c))
    {
        return true;
    }
    let style = value(attributes, "style");
    let margin = property(&style, "margin").unwrap_or_default();
    let sides: Vec<&str> = margin.split_ascii_whitespace().take(4).collect();
    let of = |name, side: usize| {
        property(&style, name)
            .or_else(|| sides.get(side).or(sides.first()).copied())
            .is_some_and(nothing)
    };
    of("margin-top", 0) && of("margin-bottom", 2)
}
