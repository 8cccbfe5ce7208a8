//! The jobs that every desk has.

mod clean_up;
mod digest;
mod flush;
mod reindex;
mod remind;
mod tickets;
mod upgrade;

pub(super) use clean_up::CleanUp;
pub(super) use digest::DayDigest;
pub(super) use flush::FlushOutbox;
pub(super) use reindex::MendIndex;
pub(super) use remind::Remind;
pub(super) use upgrade::UpgradeModules;
