//! A subcommand that is built in.

use super::{Command, Context, Run};
use crate::error::Status;
use anyhow::Result;
use clap::ArgMatches;
use std::ffi::OsString;
use std::marker::PhantomData;

/// A built-in subcommand.
pub struct BuiltIn<T>(PhantomData<fn() -> T>);

impl<T: Run> BuiltIn<T> {
    /// The entry for a table of commands.
    pub const COMMAND: BuiltIn<T> = BuiltIn(PhantomData);
}

impl<T: Run> Command for BuiltIn<T> {
    fn name(&self) -> &str {
        T::NAME
    }

    fn describe(&self) -> clap::Command {
        T::augment_args(clap::Command::new(T::NAME))
    }

    fn arrange(&self, args: Vec<OsString>) -> Vec<OsString> {
        T::arrange(args)
    }

    fn run(&self, given: &ArgMatches, cx: &Context) -> Result<Status> {
        loop {
            match T::from_arg_matches(given)?.run(cx) {
                Err(e) if T::READS && cx.begins_anew(&e) => {}
                done => return done,
            }
        }
    }
}
