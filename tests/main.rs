//! Black-box tests of the binary.

mod bench;
mod close;
mod crash;
mod deliver;
mod layers;
mod list;
mod mbox;
mod restore;
mod show;
