//! The desk with the real programs around it: Exim, Postfix, mutt and the shell that installs them.
//!
//! Each test builds a small mail site in a mount namespace of its own ([`site::Site`]): there,
//! /etc/exim4, the spool and the home of the desk's user are the test's, and the machine's
//! own stay as they are. So what is tested is what a reader of the README has afterwards:
//! `contrib/exim4/install`, the stock configuration, /usr/sbin/sendmail, ~/tickets.
//!
//! Postfix is not even installed: see [`postfix_site`]. A site needs root, an MTA, mutt and tmux; `tests/setup` installs them. Where something is
//! missing a test says so on stderr and passes, and with TICKETS_E2E=required it fails.

mod authserv;
#[allow(dead_code, reason = "the black-box tests use all of it")]
#[path = "../bench.rs"]
mod bench;
mod bytes;
mod check;
mod conversation;
#[allow(dead_code, reason = "the black-box tests look at what is wanted, too")]
#[path = "../corpus.rs"]
mod corpus;
#[path = "../corpus_gen.rs"]
mod corpus_gen;
mod crowd;
mod dns;
mod edited;
mod exim;
mod keys;
mod machine;
mod mail;
mod modules;
mod mutt;
mod overwritten;
mod people;
mod postfix;
mod postfix_site;
mod readers;
mod recipes;
mod secret;
mod site;
mod smtp;
mod statuses;
mod story;
#[path = "../tally.rs"]
mod tally;
mod terminal;
mod together;
mod two_desks;
#[path = "../until.rs"]
mod until;
