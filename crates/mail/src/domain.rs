//! Domains as they stand, and the one other spelling that a domain may have.
//!
//! A domain beyond ASCII has many spellings that are mapped to one (UTS 46): in full-width or circled
//! letters, with an ideographic full stop, with a soft hyphen in it. Anybody can write them, and
//! whoever maps them takes a stranger for whom the stranger names. So where it matters who somebody
//! is, only a U-label is taken for its A-label (RFC 5890), which needs no mapping.
//!
//! ```
//! use tickets_mail::domain::in_ascii;
//!
//! assert_eq!(in_ascii("Example.ORG").as_deref(), Some("example.org"));
//! assert_eq!(in_ascii("b\u{fc}cher.example").as_deref(), Some("xn--bcher-kva.example"));
//! assert_eq!(in_ascii("\u{ff45}xample.org"), None);
//! ```

use std::borrow::Cow;

/// A domain in A-labels and ASCII lower case, without a root dot. `None` if a letter of it would have
/// to be mapped. What is ASCII is not checked further.
pub fn in_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_ascii() {
        let upper = domain.bytes().any(|b| b.is_ascii_uppercase());
        return Some(match upper {
            true => Cow::Owned(domain.to_ascii_lowercase()),
            false => Cow::Borrowed(domain),
        });
    }
    // No domain is longer, and an A-label is never shorter than its U-label in characters.
    if domain.len() > 1024 {
        return None;
    }
    let labels: Option<Vec<_>> = domain.split('.').map(label).collect();
    labels.map(|labels| Cow::Owned(labels.join(".")))
}

fn label(label: &str) -> Option<String> {
    let lower = label.to_ascii_lowercase();
    if label.is_ascii() {
        return Some(lower);
    }
    let ascii = idna::domain_to_ascii(&lower).ok()?;
    let (unicode, sound) = idna::domain_to_unicode(&ascii);
    (sound.is_ok() && unicode == lower).then_some(ascii)
}

/// True if both are one address, as far as the addresses themselves say so: ASCII letters in any
/// case, and U-labels for A-labels.
pub fn same_address(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return true;
    }
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, domain)), Some((other_local, other_domain))) => {
            // Most addresses are told apart here.
            local.eq_ignore_ascii_case(other_local) && same(domain, other_domain)
        }
        _ => false,
    }
}

/// True if both are one domain, as [`same_address`] takes them.
pub fn same(one: &str, other: &str) -> bool {
    in_ascii(one).is_some_and(|one| in_ascii(other).is_some_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings that browsers and mail programs map to `example.org` or `kelvin.example`.
    const FOREIGN: [&str; 8] = [
        "\u{ff45}xample.org",
        "example\u{3002}org",
        "example\u{ff0e}org",
        "exam\u{ad}ple.org",
        "\u{24d4}xample.org",
        "example.\u{2134}rg",
        "\u{212a}elvin.example",
        "exa\u{200b}mple.org",
    ];

    #[test]
    fn a_domain_is_what_stands_there() {
        // C8
        for (domain, want) in [
            ("example.org", Some("example.org")),
            ("EXAMPLE.org.", Some("example.org")),
            ("b\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("b\u{fc}cher.EXAMPLE", Some("xn--bcher-kva.example")),
            ("XN--BCHER-KVA.example", Some("xn--bcher-kva.example")),
            ("stra\u{df}e.example", Some("xn--strae-oqa.example")),
            ("B\u{dc}CHER.example", None),
            ("bu\u{308}cher.example", None),
            ("", Some("")),
        ] {
            assert_eq!(in_ascii(domain).as_deref(), want, "{domain}");
        }
        for domain in FOREIGN {
            assert_eq!(in_ascii(domain), None, "{domain}");
            assert!(!same(domain, "example.org") && !same(domain, "kelvin.example"));
        }
        assert_eq!(in_ascii(&"\u{fc}".repeat(100_000)), None);
    }

    #[test]
    fn an_address_is_what_stands_there() {
        // C8
        for (one, other, want) in [
            ("Steve@Example.ORG", "steve@example.org", true),
            ("a@b\u{fc}cher.example", "A@xn--bcher-kva.example", true),
            ("a@example.org.", "a@example.org", true),
            ("mar\u{212a}@example.org", "mark@example.org", false),
            ("\u{17f}teve@example.org", "steve@example.org", false),
            ("\"steve\"@example.org", "steve@example.org", false),
            ("steve", "steve@example.org", false),
            ("steve", "STEVE", true),
        ] {
            assert_eq!(same_address(one, other), want, "{one} {other}");
        }
        for domain in FOREIGN {
            let one = format!("steve@{domain}");
            assert!(!same_address(&one, "steve@example.org"), "{one}");
        }
    }
}
