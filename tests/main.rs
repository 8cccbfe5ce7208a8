//! Black-box tests of the binary.

mod bench;
mod deliver;
mod mbox;
