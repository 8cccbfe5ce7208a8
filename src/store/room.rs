//! Whether a store can be made in a directory: nothing else lies there.

use super::Store;
use crate::error::{Fault, Status};
use crate::files::absent;
use crate::ticket::{State, TicketId};
use anyhow::{Context, Result};

/// So many names of others are shown.
const SHOWN: usize = 3;

impl Store {
    /// Makes sure that no store is made among other things, as in the source tree of this very program: whoever removes
    /// those would remove the tickets with them. Nor is one made within another. A store that is there already, or a
    /// ticket, is good.
    ///
    /// # Errors
    /// Status 77 if other things lie there, and what they are, or if the place lies in a store.
    pub fn expect_room(&self) -> Result<()> {
        if self.has_own_directories()? || !self.is_empty(State::Open)? {
            return Ok(());
        }
        let root = self.root().display();
        let mut above = self.root().ancestors().skip(1);
        if let Some(outer) = above.find(|above| above.join(".tickets").is_dir()) {
            let text = format!(
                "cannot make a store in {root}: it would lie within that in {}",
                outer.display()
            );
            let hint = "the same with `--dir ANOTHER`, a directory outside of it";
            return Err(Fault::new(Status::NoPerm, text).hint(hint).into());
        }
        let names = match self.dir_of(State::Open).and_then(|dir| dir.names()) {
            Err(e) if absent(&e) => return Ok(()),
            names => names.with_context(|| format!("cannot read {root}"))?,
        };
        // Who made a part of it was killed, or the rest is on its way here.
        if names.iter().any(|name| name == "archived") {
            return Ok(());
        }
        let mut others: Vec<String> = names.into_iter().filter(|it| is_of_others(it)).collect();
        if others.is_empty() {
            return Ok(());
        }
        others.sort();
        let more = match others.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        others.truncate(SHOWN);
        let text = format!(
            "cannot make a store in {root}: it has other things in it ({}{more})",
            others.join(", ")
        );
        let hint = "the same with `--dir ANOTHER`, a directory that is empty or is not there yet";
        Err(Fault::new(Status::NoPerm, text).hint(hint).into())
    }
}

/// True for what is neither a store's, nor what every home (`.profile`) or every disk has.
fn is_of_others(name: &str) -> bool {
    let number = name.strip_suffix(".lock").unwrap_or(name);
    let is_ours = number.parse::<TicketId>().is_ok();
    !is_ours && !name.starts_with('.') && name != "lost+found"
}
