//! `tickets modules`: modules from outside, found, switched on and off, and what they bring.

mod config;
mod data;
mod ends;
mod kit;
mod page;
mod points;
mod rests;
pub mod shelf;
pub mod switch;
mod tried;
