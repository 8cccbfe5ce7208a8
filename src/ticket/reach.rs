//! Addresses as mail is sent to them, and which of them reach the same mailbox.

use super::address::Addresses;
use mail::decode;

/// `address` in a form that is safe in a header and on sendmail's command line: one `local@domain`, with the domain
/// as A-labels (RFC 5890). `None` for anything else. The local-part may be internationalized (RFC 6531): sendmail(8)
/// of Exim and Postfix then asks the next server for SMTPUTF8.
#[must_use]
pub fn mail_address(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let special = |c: char| c == ' ' || "()<>[]:;,@\\\"".contains(c);
    let plain = if quoted {
        is_quoted_string(local)
    } else {
        !local.is_empty() && !local.contains(special)
    };
    // What `clean` would take out could harm a terminal, and white space beyond ASCII a header.
    let harmless = |c: char| !c.is_control() && (c == ' ' || !c.is_whitespace());
    if !plain || !local.chars().all(harmless) || decode::clean(local) != local {
        return None;
    }
    let domain = match domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(literal) => literal
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b))
            .then(|| domain.into()),
        None => idna::domain_to_ascii(domain)
            .ok()
            .filter(|ascii| is_host(ascii)),
    }?;
    let address = format!("{local}@{domain}");
    (address.len() <= 512).then_some(address)
}

/// Like [`mail_address`], but `None` unless all of it is ASCII, so that any server takes it.
#[must_use]
pub fn ascii_address(address: &str) -> Option<String> {
    mail_address(address).filter(|address| address.is_ascii())
}

/// The same text for all spellings of one mailbox: without needless quotes and quoted-pairs, the domain in A-labels,
/// all in lower case. Mailboxes whose local-parts differ in letter case only are taken for one (C7).
#[must_use]
pub fn mailbox_key(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else {
        return address.to_lowercase();
    };
    let quoted = local.strip_prefix('"').and_then(|l| l.strip_suffix('"'));
    let local = match quoted {
        Some(inner) => {
            let mut plain = String::with_capacity(inner.len());
            let mut chars = inner.chars();
            while let Some(c) = chars.next() {
                plain.extend(if c == '\\' { chars.next() } else { Some(c) });
            }
            plain.to_lowercase()
        }
        None => local.to_lowercase(),
    };
    let domain = domain.trim_end_matches('.');
    let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase());
    format!("{local}@{domain}")
}

/// One word for all addresses that most servers deliver to one mailbox, to count what it gets (C7): like
/// [`mailbox_key`], but for what follows a plus (RFC 5233).
#[must_use]
pub fn counted_as(address: &str) -> String {
    let key = mailbox_key(address).replace(|c: char| c.is_whitespace() || c.is_control(), "_");
    let Some((local, domain)) = key.rsplit_once('@') else {
        return key;
    };
    match local.split_once('+') {
        Some((user, _)) if !user.is_empty() => format!("{user}@{domain}"),
        _ => key,
    }
}

/// True if mail to `address`, however it is spelt, comes back to the desk. MTAs know more spellings than RFC 5321:
/// `submit%example.org@example.org`, `example.org!submit@example.org`, `submit+x@example.org`, and they take
/// `submit@localhost` and `submit@[192.0.2.1]` for their own.
#[must_use]
pub fn is_ours(addresses: &Addresses, address: &str) -> bool {
    let ours = |address: &str| addresses.recorded(address).is_some();
    let key = mailbox_key(address);
    if ours(address) || ours(&key) {
        return true;
    }
    let Some((local, domain)) = key.rsplit_once('@') else {
        return false;
    };
    let is_host = domain.starts_with('[') || domain == "localhost";
    let is_near = is_host
        || addresses
            .domains()
            .iter()
            .any(|own| mailbox_key(&format!("x@{own}")) == format!("x@{domain}"));
    if !is_near {
        return false;
    }
    // What the local-part says when the MTA has taken off its own domain.
    let local = local.rsplit_once('!').map_or(local, |(_, local)| local);
    let (local, rest) = local.split_once('%').unwrap_or((local, ""));
    let domain = rest.split('%').next().unwrap_or_default();
    let plain = local.split_once('+').map_or(local, |(user, _)| user);
    [local, plain]
        .iter()
        .any(|local| ours(local) || (!domain.is_empty() && ours(&format!("{local}@{domain}"))))
}

fn is_quoted_string(local: &str) -> bool {
    let mut escaped = false;
    let inner = &local[1..local.len() - 1];
    let closed = inner.chars().all(|c| {
        let fits = escaped || c != '"';
        escaped = !escaped && c == '\\';
        fits
    });
    closed && !escaped
}

fn is_host(domain: &str) -> bool {
    !domain.is_empty()
        && domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_one_mailbox() {
        // C7
        for (address, want) in [
            ("Ann+news@Example.net", "ann@example.net"),
            ("ann@example.net", "ann@example.net"),
            ("+1@example.net", "+1@example.net"),
            ("\"a b\"@example.net", "a_b@example.net"),
            ("ann", "ann"),
        ] {
            assert_eq!(counted_as(address), want, "{address}");
        }
    }

    #[test]
    fn one_mailbox_has_one_key() {
        // C7
        for (spelling, want) in [
            ("Ann@Example.NET", "ann@example.net"),
            ("\"ann\"@example.net.", "ann@example.net"),
            ("\"a\\nn\"@example.net", "ann@example.net"),
            ("ann@m\u{fc}nchen.example", "ann@xn--mnchen-3ya.example"),
            ("ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example"),
            ("\u{dc}nal@example.net", "\u{fc}nal@example.net"),
            ("\"a b\"@x", "a b@x"),
            ("nobody", "nobody"),
        ] {
            assert_eq!(mailbox_key(spelling), want, "{spelling}");
        }
    }

    #[test]
    fn our_own_address_is_known_in_any_spelling() {
        // C7
        let ours = Addresses::new(&["d.org".into()], false, &["submit".into()], "ticket-{n}");
        let ours = ours.unwrap();
        for address in [
            "ticket-1@d.org",
            "\"ticket-1-done\"@d.org",
            "\"sub\\mit\"@D.org.",
            "ticket-1%d.org@d.org",
            "d.org!ticket-1-done@d.org",
            "\"ticket-1%d.org\"@localhost",
            "submit+x@d.org",
            "ticket-1@[192.0.2.1]",
            "submit@localhost",
        ] {
            assert!(is_ours(&ours, address), "{address}");
        }
        for address in [
            "ticket-1@x.org",
            "ann@d.org",
            "ann%d.org@d.org",
            "ann+submit@d.org",
            "a!ann@d.org",
        ] {
            assert!(!is_ours(&ours, address), "{address}");
        }
    }

    #[test]
    fn internationalized_addresses_can_be_written_to() {
        // C1
        for (address, want) in [
            ("\u{fc}nal@example.net", Some("\u{fc}nal@example.net")),
            (
                "\u{fc}nal@m\u{fc}nchen.example",
                Some("\u{fc}nal@xn--mnchen-3ya.example"),
            ),
            ("\u{202e}nal@example.net", None),
            ("a\u{a0}b@example.net", None),
            ("a\u{85}b@example.net", None),
        ] {
            assert_eq!(mail_address(address).as_deref(), want, "{address}");
        }
        assert_eq!(ascii_address("\u{fc}nal@example.net"), None);
    }
}
