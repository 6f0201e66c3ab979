//! `npo`, the command line: noun then verb, one file per verb under `commands/`.
//!
//! Data goes to stdout, talk to stderr, and the exit code tells yes, no, usage and could-not-ask
//! apart ([`exit`]).
//! A verb reads its arguments, asks the server ([`client`]) or works on local files, and prints;
//! what may happen and what it means is decided elsewhere.

mod client;
mod commands;
mod exit;
mod files;
mod options;
mod output;
mod progress;
#[cfg(test)]
mod sample;
mod text;
mod watch;

use std::process::ExitCode;

use clap::Parser;

/// A decision makes a few dozen short-lived allocations on several threads, which the system's
/// allocator spends a fifth of the server's time on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::Cli::parse().run()
}
