//! `npo policy-child`: what `npo` starts to look at a policy bundle, so that a bundle that ends the
//! process that reads it ends this one.

use std::process::{Command, ExitCode};

use crate::exit::Failure;

/// Address space that the child's allocator reserves at a time, in KiB. Its usual gigabyte is more
/// than the child is allowed in all.
const ARENA_KIB: &str = "65536";

/// Checks the bundle on standard input.
pub(crate) fn run() -> ExitCode {
    npo_policy::child_main()
}

/// The command that starts this child.
pub(crate) fn command() -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::could_not("could not find the npo program to check the bundle with", error)
    })?;
    let mut command = Command::new(program);
    command.arg("policy-child").env("MIMALLOC_ARENA_RESERVE", ARENA_KIB);
    Ok(command)
}
