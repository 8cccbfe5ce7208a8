//! One file per subcommand: its options, whose doc comments are its --help, and what it does.
//! What can be switched off lies in [`crate::parts`].

pub mod address;
pub mod check;
pub mod close;
pub mod completions;
pub mod deliver;
pub mod flush;
pub mod init;
pub mod list;
mod logged;
pub mod man;
mod modules;
mod mta;
pub mod mutt;
pub mod policy;
pub mod reindex;
pub mod reply;
pub mod restore;
mod routed;
pub mod show;
pub(crate) mod text;
pub mod verify;

use crate::part::{BuiltIn, Command};

/// What people do every day. In `--help`, the commands of the parts follow.
pub const EVERYDAY: [&dyn Command; 7] = [
    &BuiltIn::<deliver::Deliver>::COMMAND,
    &BuiltIn::<list::List>::COMMAND,
    &BuiltIn::<show::Show>::COMMAND,
    &BuiltIn::<reply::Reply>::COMMAND,
    &BuiltIn::<mutt::Mutt>::COMMAND,
    &BuiltIn::<close::Close>::COMMAND,
    &BuiltIn::<close::Reopen>::COMMAND,
];

/// What keeps a desk running.
pub const UPKEEP: [&dyn Command; 11] = [
    &BuiltIn::<flush::Flush>::COMMAND,
    &BuiltIn::<reindex::Reindex>::COMMAND,
    &BuiltIn::<restore::Restore>::COMMAND,
    &BuiltIn::<address::Address>::COMMAND,
    &BuiltIn::<verify::Verify>::COMMAND,
    &BuiltIn::<policy::Policy>::COMMAND,
    &BuiltIn::<check::Check>::COMMAND,
    &BuiltIn::<init::Init>::COMMAND,
    &BuiltIn::<modules::Modules>::COMMAND,
    &BuiltIn::<completions::Completions>::COMMAND,
    &BuiltIn::<man::Man>::COMMAND,
];
