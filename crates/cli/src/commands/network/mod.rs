//! `npo network …`

mod check_prometheus;
mod evaluate;
mod import;
mod prometheus;
mod replay;
mod show;
mod source;
mod what_if;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on networks, their traffic and telemetry.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read a topology and say what was read, missing, assumed and left out
    Import(import::Import),
    /// Say what a network is, and where it must not fail
    Show(show::Show),
    /// Say how well traffic imbalance can be predicted on a network
    Evaluate(evaluate::Evaluate),
    /// Run the watchers over a recording or a stretch of Prometheus' past
    Replay(replay::Replay),
    /// Say what a Prometheus server's telemetry is good for
    CheckPrometheus(check_prometheus::CheckPrometheus),
    /// Say what a change would do to a network
    WhatIf(what_if::WhatIf),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Import(import) => import.run(options),
            Self::Show(show) => show.run(options),
            Self::Evaluate(evaluate) => evaluate.run(options),
            Self::Replay(replay) => replay.run(options),
            Self::CheckPrometheus(check) => check.run(options),
            Self::WhatIf(what_if) => what_if.run(options),
        }
    }
}
