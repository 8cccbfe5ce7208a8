//! Elements that are open while what is in them is read.

use super::page::RowStart;

/// An open element.
pub(super) struct Open {
    pub(super) name: String,
    /// A margin of the page ends with it.
    pub(super) has_margin: bool,
    pub(super) kind: Kind,
}

/// What is to be known of an open element.
pub(super) enum Kind {
    Block,
    /// The number of the next item; `None` if they have no numbers.
    List(Option<i64>, usize),
    Pre,
    Table,
    /// Where the row began, how many cells it has, and how many columns the last of them takes.
    Row(RowStart, usize, usize),
    Cell,
}

impl Open {
    /// True if an end tag of that name within this element ends nothing outside of it.
    pub(super) fn bars(&self, name: &str) -> bool {
        match self.kind {
            Kind::Table => name != "table",
            Kind::Cell => !["td", "th", "tr", "table"].contains(&name),
            Kind::List(..) => name == "li",
            _ => false,
        }
    }
}
