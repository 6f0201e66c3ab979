//! `npo network …`

mod replay;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on network telemetry.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the watchers over a recording and propose what they find
    Replay(replay::Replay),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Replay(replay) => replay.run(options),
        }
    }
}
