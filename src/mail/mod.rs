//! Mail as bytes and values; knows no ticket and touches nothing outside memory.

pub mod authres;
pub mod automatic;
pub mod debbugs;
pub mod decode;
pub mod entry;
pub mod envelope;
pub mod mbox;
pub mod message;
pub mod render;
pub mod submission;
pub mod words;
