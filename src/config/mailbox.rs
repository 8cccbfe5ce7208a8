//! What is an address that mail can be sent to (RFC 5321, 4.1.2), and what is the name of a host.

use crate::error::harmless;

/// What an atom may hold besides letters and digits (RFC 5322, 3.2.3).
const SIGNS: &str = "!#$%&'*+-/=?^_`{|}~";

/// True for a mailbox as SMTP and sendmail(8) take one, without a name or brackets around it; what is beyond ASCII
/// are letters (RFC 6531). One that begins with a minus is none, for some program would take it for an option.
#[must_use]
pub fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let literal = domain.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    is_local_part(local)
        && match literal {
            Some(literal) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || ".:-".contains(c);
                !literal.is_empty() && literal.chars().all(plain)
            }
            None => labels(domain, "-_"),
        }
}

/// True for what may stand before the `@`.
#[must_use]
pub fn is_local_part(text: &str) -> bool {
    if harmless(text) != text || text.starts_with('-') {
        return false;
    }
    match text.strip_prefix('"') {
        Some(quoted) => ends_in_quotes(quoted),
        None => {
            let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(|c| is_plain(c, SIGNS));
            text.split('.').all(is_atom)
        }
    }
}

/// True if the first quotation mark without a backslash is the last character.
fn ends_in_quotes(text: &str) -> bool {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return rest.next().is_none(),
            '\\' => drop(rest.next()),
            _ => {}
        }
    }
    false
}

/// True for the name of a host: what a domain has to be that others are to find.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    labels(text, "-")
}

fn labels(domain: &str, more: &str) -> bool {
    let is_label = |label: &str| {
        let ends = [label.starts_with('-'), label.ends_with('-')];
        !label.is_empty() && ends == [false; 2] && label.chars().all(|c| is_plain(c, more))
    };
    harmless(domain) == domain && domain.split('.').all(is_label)
}

fn is_plain(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || more.contains(c) || !c.is_ascii() && !c.is_whitespace()
}
