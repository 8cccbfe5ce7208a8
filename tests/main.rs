//! Black-box tests of the binary.

mod bench;
mod close;
mod crash;
mod deliver;
mod mbox;
mod restore;
