//! What goes wrong in one look after another is said once.

use crate::error;
use std::collections::BTreeSet;

/// What was said of the last look, and is said of this one.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Complaints {
    /// Begins with another look.
    pub(super) fn look(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    /// Says it, unless that was done in this look or the one before.
    pub(super) fn say(&mut self, e: &anyhow::Error) {
        if self.is_news(error::line(e)) {
            error::report(e, error::hint(e));
        }
    }

    fn is_news(&mut self, line: String) -> bool {
        let was_said = self.before.contains(&line);
        self.now.insert(line) && !was_said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // I2
    #[test]
    fn what_lasts_is_said_once_and_what_comes_again_is_said_again() {
        let mut complaints = Complaints::default();
        let mut said = Vec::new();
        for look in [&["a", "a"][..], &["a", "b"], &["b"], &[], &["b", "a"]] {
            complaints.look();
            let news = look.iter().filter(|it| complaints.is_news((**it).into()));
            said.push(news.copied().collect::<Vec<_>>());
        }
        assert_eq!(said, [vec!["a"], vec!["b"], vec![], vec![], vec!["b", "a"]]);
    }
}
