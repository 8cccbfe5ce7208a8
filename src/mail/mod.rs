//! Mail as bytes and values; knows no ticket and touches nothing outside memory.

pub mod decode;
