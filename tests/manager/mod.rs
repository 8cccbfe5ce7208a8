//! `tickets modules`: modules from outside, found, switched on and off, and what they bring.

mod data;
pub mod shelf;
pub mod switch;
