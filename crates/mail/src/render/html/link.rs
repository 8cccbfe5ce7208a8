//! Where a link leads, said once.

use std::borrow::Cow;

/// Longer addresses are cut, since nobody can type them.
const LONGEST: usize = 2000;

/// A link that is being read.
pub(super) struct Link {
    address: String,
    /// It holds a picture without an alternative text.
    pub(super) has_picture: bool,
}

/// What is to be written of a link's address.
pub(super) enum Shown {
    /// The text says it already, or there is nothing to click on.
    Nothing,
    /// The address is the text.
    Itself(String),
    /// This follows the text.
    Behind(String),
}

impl Link {
    pub(super) fn new(address: String) -> Link {
        Link {
            address,
            has_picture: false,
        }
    }

    /// What is to be written of the address, if `text` is the text of the link.
    pub(super) fn shown(&self, text: &str) -> Shown {
        let text = text.trim();
        if text.is_empty() {
            return match self.has_picture {
                true => Shown::Itself(format!(" {} ", self.address)),
                false => Shown::Nothing,
            };
        }
        match bare(text) == bare(&self.address) || text.contains(&self.address) {
            true => Shown::Nothing,
            false => Shown::Behind(format!(" ({})", self.address)),
        }
    }
}

/// An address without the pieces that make no difference to a reader.
fn bare(address: &str) -> Cow<'_, str> {
    let mut rest = address;
    for scheme in ["https://", "http://", "mailto:"] {
        if let Some(start) = rest.get(..scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            rest = &rest[scheme.len()..];
            break;
        }
    }
    let rest = rest.trim_end_matches('/');
    // Only the name of a host may be written in any case, but nobody means another page.
    match rest.contains('/') {
        true => Cow::Borrowed(rest),
        false => Cow::Owned(rest.to_ascii_lowercase()),
    }
}

/// The address that `href` holds, if it means something to a reader: a page, a file, a mailbox or a
/// telephone.
pub(super) fn address(href: &str) -> Option<String> {
    let href = htmlize::unescape_attribute(href);
    let href = href.trim_matches(|c: char| c <= ' ');
    let scheme = href.split_once(':').map(|(s, _)| s.to_ascii_lowercase())?;
    let address = match scheme.as_str() {
        "http" | "https" | "ftp" => href,
        "mailto" => href["mailto:".len()..]
            .split('?')
            .next()
            .unwrap_or_default(),
        "tel" | "sms" => &href[scheme.len() + 1..],
        _ => return None,
    };
    let mut clean = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            // As a browser does (URL Standard, 4.4).
            '\t' | '\n' | '\r' => {}
            ' ' | '\u{a0}' => clean.push_str("%20"),
            '"' => clean.push_str("%22"),
            '<' => clean.push_str("%3C"),
            '>' => clean.push_str("%3E"),
            c => clean.push(c),
        }
    }
    if scheme == "mailto" {
        clean = clean.replace("%40", "@").replace("%20", "");
    }
    if clean.len() > LONGEST {
        let mut end = LONGEST;
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        clean.truncate(end);
        clean.push('\u{2026}');
    }
    (!clean.is_empty()).then_some(clean)
}
