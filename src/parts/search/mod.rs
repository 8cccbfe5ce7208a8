//! `tickets search`: finds messages by their words.

mod ask;
mod command;
mod find;
mod follow;
mod found;
mod fulltext;
mod highlight;
mod lines;
mod minus;
mod page;
mod query;
mod snippet;

use crate::desk::{Desk, Watch};
use crate::part::{BuiltIn, Command, Part};
use anyhow::Result;
use fulltext::FullText;

/// The part.
pub(crate) const PART: SearchPart = SearchPart;

/// See [`Part`].
pub(crate) struct SearchPart;

impl Part for SearchPart {
    fn name(&self) -> &str {
        "search"
    }

    fn summary(&self) -> &str {
        "finds messages by their words"
    }

    fn commands(&self) -> Vec<&dyn Command> {
        vec![&BuiltIn::<command::Search>::COMMAND]
    }

    fn rebuild_index(&self, desk: &mut Desk, watch: Watch) -> Option<Result<()>> {
        Some(desk.rebuild::<FullText>(watch))
    }
}
