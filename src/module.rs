//! Modules: what joins in from outside. A module is an executable with a manifest; it is asked with one line of JSON,
//! and the message behind it, on its standard input, and answers in JSON on its standard output.
//!
//! What a module is told is a stranger's text, so no byte of a message is in its arguments or its environment (G7).
//! What it says is judged as a stranger's, too: whatever goes wrong is a [`Failure`] with a name, and costs a limited
//! time. docs/modules.md is the manual of the protocol.

mod ask;
mod data;
mod entries;
mod failure;
mod findings;
mod found;
mod head;
mod health;
mod home;
mod known;
mod lines;
mod manifest;
mod one;
mod page;
mod raw;
mod tree;
mod verb;

pub use ask::{Answer, Asking, Request, depth, is_for_observer, set_depth};
pub use data::Upgraded;
pub use entries::{JobEntry, KindEntry, NAME_RULE, NamedEntry, is_name};
pub use failure::Failure;
pub use findings::{FindingLevel, ModuleFinding, findings, found};
pub use found::{MANIFEST, Runnable, claims, find, names};
pub use head::{Head, clean};
pub use health::{Health, News};
pub use home::Home;
pub use lines::AnswerLines;
pub use manifest::{Manifest, Point, unknown_point};
pub use one::{Host, Module, OnFailure, Switched};
pub use page::PageRequest;
pub use raw::RawMail;
pub use verb::{VerbAnswer, VerbCall};

#[cfg(test)]
mod tests;
