//! What can be switched off: one folder a part, each whole, with its pure core, its command and its
//! screen. A part is added by its folder and one line here.

use crate::part::Part;

/// Declares the module of each part, and the table of them all.
macro_rules! parts {
    ($($name:ident,)*) => {
        $(pub mod $name;)*

        /// The parts that are built in, in the order in which people are shown them.
        pub const BUILT_IN: &[&dyn Part] = &[$(&$name::PART),*];
    };
}

parts! {
    search,
    timeline,
    stats,
    archive,
    quarantine,
    alerts,
    jobs,
}
