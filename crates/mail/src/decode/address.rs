//! A single address: `local-part@domain` (RFC 5322, 3.4.1).

use super::clean;

/// Longer than any address a mail server takes (RFC 5321, 4.5.3.1 asks for 320).
const ADDRESS_LIMIT: usize = 512;

/// The address in what stood between angle brackets, its domain in lower case. `None` for anything
/// that no mail server would take for one address.
pub(super) fn addr_spec(written: &str) -> Option<String> {
    let mut text = written.trim_matches([' ', '\t']);
    if text.starts_with('@') {
        // A route (RFC 5322, 4.4) is obsolete, and to be ignored.
        text = text.split_once(':')?.1;
    }
    let text = text.trim_start_matches([' ', '\t']);
    let quoted = if text.starts_with('"') {
        quoted_end(text)?
    } else {
        0
    };
    let tail = without_folds(&text[quoted..]);
    let (local, domain) = tail.split_once('@')?;
    let local = format!("{}{local}", &text[..quoted]);
    let domain = domain.to_ascii_lowercase();
    let address = format!("{local}@{domain}");
    let fits = address.len() <= ADDRESS_LIMIT
        && is_local_part(&local)
        && is_domain(&domain)
        && clean(&address) == address;
    fits.then_some(address)
}

/// Drops blanks beside `@` and `.`, where long addresses are folded. An address with other blanks
/// fails the checks that follow.
fn without_folds(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        out.push_str(word);
        if let Some(next) = words.peek()
            && !(word.ends_with(['@', '.']) || next.starts_with(['@', '.']))
        {
            out.push(' ');
        }
    }
    out
}

fn is_local_part(local: &str) -> bool {
    if local.starts_with('"') {
        return quoted_end(local) == Some(local.len());
    }
    // Dots may stand anywhere, since some providers handed out such addresses.
    !local.is_empty()
        && !local.contains(|c: char| c.is_whitespace() || "()<>[]:;,@\\\"".contains(c))
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(|ip| {
            !ip.is_empty()
                && ip
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-.:_".contains(&b))
        });
    }
    domain.split('.').all(|label| {
        let fits = |c: char| match c.is_ascii() {
            true => c.is_ascii_alphanumeric() || c == '-' || c == '_',
            false => !c.is_whitespace() && !is_left_out(c),
        };
        !label.is_empty() && label.chars().all(fits)
    })
}

/// True for what is left out where a domain is mapped (UTS 46): it would look like another domain.
fn is_left_out(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// The length of the quoted string at the start of `text`, quotes included.
pub(super) fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate().skip(1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
