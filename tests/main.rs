//! Black-box tests of the binary.

mod mbox;
