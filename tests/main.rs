//! Black-box tests of the binary.

mod bench;
mod mbox;
