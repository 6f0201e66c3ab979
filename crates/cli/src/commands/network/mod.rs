//! `npo network …`

mod check_prometheus;
mod prometheus;
mod replay;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on network telemetry.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the watchers over a recording or a stretch of Prometheus' past
    Replay(replay::Replay),
    /// Say what a Prometheus server's telemetry is good for
    CheckPrometheus(check_prometheus::CheckPrometheus),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Replay(replay) => replay.run(options),
            Self::CheckPrometheus(check) => check.run(options),
        }
    }
}
