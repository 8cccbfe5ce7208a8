//! What the signatures of a message say of themselves (RFC 6376, RFC 8617). Whether they are true is
//! for a mail server to find out, which knows the keys: see [`crate::authres`].
//!
//! ```
//! use tickets_mail::{message::Message, signature};
//!
//! let message = Message::new(b"DKIM-Signature: d=example.org; h=from:to;\n\ts=x; b=Ab+=\n\n");
//! assert!(signature::all_cover(&message, "To") && !signature::all_cover(&message, "Cc"));
//! ```

use crate::message::{Field, Message};

/// The fields in which signatures stand. Servers copy tags of them into their results.
const FIELDS: [&str; 3] = ["DKIM-Signature", "ARC-Seal", "ARC-Message-Signature"];

/// What domains, selectors and identities are made of, besides letters and digits: what an atom of an
/// address may hold (RFC 5322, 3.2.3), but no `=`, which begins a code (RFC 6376, 2.11).
const PLAIN: &[u8] = b".@!#$%&'*+-/?^_`{|}~";

/// Name and value of each tag (RFC 6376, 3.2), without the blanks around them.
fn tags<'a>(field: &Field<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    field.value.split(|&b| b == b';').map(|tag| {
        let equals = tag.iter().position(|&b| b == b'=');
        let (name, value) = tag.split_at(equals.unwrap_or(tag.len()));
        let value = value.get(1..).unwrap_or_default();
        (name.trim_ascii(), value.trim_ascii())
    })
}

/// False if the domain, selector or identity of a signature could be more than that where a server
/// copies it. OpenDKIM and Exim decode identities: `i=x=3Bdkim=3Dpass...` is a whole result there,
/// which looks like any other.
pub fn all_plain(message: &Message) -> bool {
    let mut fields = FIELDS.iter().flat_map(|name| message.all(name));
    let plain = |&b: &u8| b.is_ascii_alphanumeric() || PLAIN.contains(&b);
    fields.all(|field| {
        tags(field).all(|(name, value)| {
            let copied = matches!(name, b"d" | b"s" | b"i");
            !copied || value.iter().all(plain)
        })
    })
}

/// True if there is but one field of this name, and each DKIM signature is one of it, and of the whole
/// body. True as well if there is no signature.
///
/// What a signature does not cover can be added by anyone who has the mail, and sent again with it. A
/// verifier looks at the last of several fields (RFC 6376, 5.4.2).
pub fn all_cover(message: &Message, name: &str) -> bool {
    message.all(name).nth(1).is_none()
        && message.all("DKIM-Signature").all(|field| {
            let covered = |list: &[u8]| {
                let mut names = list.split(|&b| b == b':');
                names.any(|one| one.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
            };
            let part = tags(field).any(|(tag, _)| tag == b"l");
            let mut headers = tags(field).filter(|(tag, _)| *tag == b"h");
            let list = headers.next().map(|(_, list)| list);
            !part && list.is_some_and(covered) && headers.next().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signatures_cover() {
        // C5
        for (case, header, want) in [
            ("unsigned", "To: a@b\n", true),
            (
                "signed",
                "DKIM-Signature: h=from : TO:subject; b=x\nTo: a@b\n",
                true,
            ),
            (
                "folded",
                "DKIM-Signature: h=from:\n\tto; b=x\nTo: a@b\n",
                true,
            ),
            (
                "not signed",
                "DKIM-Signature: h=from:too; b=x\nTo: a@b\n",
                false,
            ),
            (
                "signed of what is not there",
                "DKIM-Signature: h=to\n",
                true,
            ),
            (
                "a second one",
                "To: b@c\nDKIM-Signature: h=to\nTo: a@b\n",
                false,
            ),
            (
                "by one of two",
                "DKIM-Signature: h=to\nDKIM-Signature: h=from\n",
                false,
            ),
            (
                "by an odd name",
                "DKIM-Signature : h=from\nTo: a@b\n",
                false,
            ),
            ("two lists", "DKIM-Signature: h=from; h=to\n", false),
            ("no list", "DKIM-Signature: d=x\n", false),
            ("a part of the body", "DKIM-Signature: h=to; l=0\n", false),
        ] {
            let header = format!("{header}\n");
            assert_eq!(
                all_cover(&Message::new(header.as_bytes()), "To"),
                want,
                "{case}"
            );
        }
    }
}
