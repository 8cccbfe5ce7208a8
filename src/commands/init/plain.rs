//! What may stand in a piece for another program: an allow-list.
//!
//! Root's shell reads the pieces, a mail server expands some of them as root (`${run{...}}` in Exim), and mutt
//! runs what stands in backticks. Each of these layers has rules of its own for quoting; a value that would
//! need any is refused. So no value of a configuration, which need not be root's, means anything to them.

use crate::config::Config;
use crate::error::{Fault, Status};
use anyhow::Result;
use std::path::Path;

/// One kind of value.
struct Kind {
    /// What it may begin with besides letters and digits of ASCII. Exim's lists have a meaning for `+` there,
    /// and echo for a minus.
    first: &'static str,
    /// What it may hold besides them.
    more: &'static str,
}

const PATH: Kind = Kind {
    first: "/",
    more: "/._-+@=",
};
const DOMAIN: Kind = Kind {
    first: "",
    more: ".-_",
};
const LOCAL_PART: Kind = Kind {
    first: "_",
    more: "._-+=",
};
const ADDRESS: Kind = Kind {
    first: "_",
    more: "._-+=@",
};
const NAME: Kind = Kind {
    first: "_",
    more: "._-",
};

/// Looks at what all pieces are made of: the addresses.
///
/// # Errors
/// Status 78 for a value outside the list; it names the key.
pub(super) fn addresses(config: &Config) -> Result<()> {
    let addresses = &config.addresses;
    for domain in addresses.domains() {
        look("domain", domain, &DOMAIN)?;
    }
    for submit in addresses.submits() {
        look("submit", submit, &ADDRESS)?;
    }
    for template in addresses.templates() {
        let after = format!("x{}", template.after);
        let parts = [&template.before, &after];
        if parts
            .iter()
            .any(|part| look("ticket", part, &LOCAL_PART).is_err())
        {
            return Err(refused("ticket", &template.to_string(), &LOCAL_PART));
        }
    }
    Ok(())
}

/// A path as it may stand in a piece.
///
/// # Errors
/// Status 78, as for [`addresses`]; `key` says which path it is.
pub(super) fn path(key: &str, path: &Path) -> Result<String> {
    let text = path.to_string_lossy().into_owned();
    // The macros of the pieces are replaced wherever they stand.
    match text.contains("TICKETS_") || path.to_str().is_none() {
        true => Err(refused(key, &text, &PATH)),
        false => look(key, &text, &PATH).map(|()| text),
    }
}

/// The name of a Unix group as it may stand in a piece.
///
/// # Errors
/// As for [`addresses`].
pub(super) fn group(name: &str) -> Result<&str> {
    look("group", name, &NAME).map(|()| name)
}

/// The name of a Unix user as it may stand in a piece.
///
/// # Errors
/// Status 78, as for [`addresses`].
pub(super) fn user(name: &str) -> Result<()> {
    look("the user", name, &NAME)
}

fn look(key: &str, value: &str, kind: &Kind) -> Result<()> {
    let plain = |more: &'static str| move |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    match value.starts_with(plain(kind.first)) && value.chars().all(plain(kind.more)) {
        true => Ok(()),
        false => Err(refused(key, value, kind)),
    }
}

fn refused(key: &str, value: &str, kind: &Kind) -> anyhow::Error {
    let marks: Vec<String> = kind.more.chars().map(String::from).collect();
    let text = format!(
        "cannot write the pieces: {key}: {value:?} could mean something else to a shell or a mail program"
    );
    let hint = format!(
        "give it a value of ASCII letters, digits and {}",
        marks.join(" ")
    );
    Fault::new(Status::Config, text).hint(hint).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn what_means_something_to_somebody_is_refused() {
        for odd in [
            "",
            "a b",
            "a\nb",
            "a'b",
            "a\"b",
            "a`b",
            "a$b",
            "a\\b",
            "a;b",
            "a#b",
            "a:b",
            "a|b",
            "a&b",
            "a{b",
            "a*b",
            "a!b",
            "a~b",
            "a%b",
            "a(b",
            "a<b",
            "a^b",
            "a,b",
            "a\u{e4}",
            "a\u{202e}",
            "a\0",
        ] {
            for kind in [&PATH, &DOMAIN, &LOCAL_PART, &ADDRESS, &NAME] {
                assert!(look("x", odd, kind).is_err(), "{odd:?}");
            }
            assert!(path("dir", &Path::new("/x").join(odd).join("y")).is_err() != odd.is_empty());
        }
        for (kind, odd) in [
            (&DOMAIN, "-x"),
            (&DOMAIN, "a+b"),
            (&LOCAL_PART, "+x"),
            (&LOCAL_PART, "-n"),
            (&LOCAL_PART, "a@b"),
            (&ADDRESS, "@"),
            (&NAME, "a/b"),
        ] {
            assert!(look("x", odd, kind).is_err(), "{odd}");
        }
        assert!(path("dir", Path::new("/srv/TICKETS_USER")).is_err());
        assert_eq!(
            path("dir", Path::new("/srv/a-b_c.d/1")).unwrap(),
            "/srv/a-b_c.d/1"
        );
        assert!(look("x", "help+", &LOCAL_PART).is_ok());
    }
}
