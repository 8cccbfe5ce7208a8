//! Mails as the tests look at them. Written apart from `crates/mail`, so that one cannot hide
//! what the other gets wrong.

use std::path::Path;

/// One mail, from its first header line to its last byte.
#[derive(Clone)]
pub struct Mail(pub String);

impl Mail {
    /// The values of all fields of this name, unfolded, in order.
    pub fn all(&self, name: &str) -> Vec<String> {
        let head = self.0.split("\n\n").next().unwrap_or_default();
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        unfolded
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// The value of the first field of this name; empty if there is none.
    pub fn get(&self, name: &str) -> String {
        self.all(name).into_iter().next().unwrap_or_default()
    }

    /// What follows the header.
    pub fn body(&self) -> &str {
        self.0.split_once("\n\n").map_or("", |(_, body)| body)
    }
}

/// The mails of a Maildir, seen or not, by the time they came in.
pub fn maildir(dir: &Path) -> Vec<Mail> {
    let entries = ["new", "cur"].map(|name| std::fs::read_dir(dir.join(name)));
    let entries = entries.into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    names.sort_by_key(|path| came_in(path));
    names
        .iter()
        .map(|path| Mail(lossy(&std::fs::read(path).unwrap())))
        .collect()
}

/// Seconds and microseconds of a name that Exim gave, `1795305600.H4711P815.host`, not padded,
/// or Postfix: `1795305600.Vfe00I1a2bM4711.host`.
fn came_in(path: &Path) -> (u64, u64) {
    let name = path.file_name().unwrap().to_string_lossy();
    let mut parts = name.split('.');
    let mut next = || parts.next().unwrap_or_default();
    let (seconds, unique) = (next(), next());
    let micros = unique
        .strip_prefix('H')
        .or_else(|| unique.rsplit_once('M').map(|(_, micros)| micros))
        .and_then(|rest| rest.split('P').next())
        .and_then(|digits| digits.parse().ok());
    (
        seconds.parse().expect("seconds"),
        micros.expect("microseconds"),
    )
}

/// The entries of an mbox, without their From_ lines.
pub fn mbox(path: &Path) -> Vec<Mail> {
    let text = lossy(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
    assert!(
        text.starts_with("From "),
        "{} begins with {:?}",
        path.display(),
        text.lines().next()
    );
    format!("\n\n{text}")
        .split("\n\nFrom ")
        .skip(1)
        .map(|entry| {
            Mail(
                entry
                    .split_once('\n')
                    .map_or("", |(_, mail)| mail)
                    .to_owned(),
            )
        })
        .collect()
}

/// The Message-IDs of these mails, in their order.
pub fn ids(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|mail| mail.get("Message-ID")).collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
