//! The query language of `tickets search`.
//!
//! No query is refused for the characters in it: what is no operator is a word, and a word without
//! letters means nothing. Only what was meant as an operator and cannot be one is refused, and the
//! place is shown. How a search is done is not known here.

mod keys;
mod mistake;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod value;

pub(crate) use mistake::Mistake;
pub(crate) use tree::{Phrase, Query, SearchField, Standing};
