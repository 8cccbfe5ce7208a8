//! Black-box tests of the binary.

mod authserv;
mod bench;
mod check;
mod close;
mod corpus;
mod corpus_gen;
mod crash;
mod deliver;
mod export;
mod import;
mod import_corpus;
mod import_crash;
mod import_numbers;
mod import_sources;
mod index;
mod init;
mod layers;
mod list;
mod locks;
#[allow(dead_code, reason = "the tests with a real MTA read Maildirs, too")]
#[path = "e2e/mail.rs"]
mod mail;
mod manual;
mod mbox;
mod memory;
mod mutt;
mod one_ticket;
mod policy;
mod power;
mod races;
mod reply;
mod restore;
mod robots;
mod search;
mod search_files;
mod secret;
mod shim;
mod show;
mod stats;
mod stats_data;
mod story;
mod tally;
mod timeline;
mod verify;
mod walk;
mod who;
