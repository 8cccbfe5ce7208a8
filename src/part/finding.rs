//! What a part has to say to `tickets check`, and what is said of one that there is not.

use crate::error::{Fault, Status};

/// What `tickets check` says of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// It is as it should be.
    pub is_well: bool,
    pub text: String,
    /// A command, or a short sentence, that mends it.
    pub mend: Option<String>,
    /// A number for monitors, and its name.
    pub number: Option<(&'static str, usize)>,
}

/// The mistake in a configuration that switches off `odd`; there are these parts.
pub(super) fn no_such_part<'n>(odd: &str, names: impl Iterator<Item = &'n str>) -> Fault {
    let text = format!("[parts] off: there is no part {odd:?}");
    let names = names.collect::<Vec<_>>().join(", ");
    Fault::new(Status::Config, text).hint(format!("the parts are {names}"))
}
