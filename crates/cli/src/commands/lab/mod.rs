//! `npo lab`: simulated worlds, methods to compare, real streams, questions to a log.

mod compare;
mod recovery;
mod replay;
mod report;
mod run;
mod stream;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run an experiment: worlds, methods and seeds from a file
    Run(run::Run),
    /// Compare the methods of finished runs
    Compare(compare::Compare),
    /// Write a report of finished runs as one HTML file
    Report(report::Report),
    /// Learn from a labelled CSV stream, predicting first
    Stream(stream::Stream),
    /// Ask a log what another threshold, profile or policy would have done
    Replay(replay::Replay),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Run(run) => run.run(options),
            Self::Compare(compare) => compare.run(options),
            Self::Report(report) => report.run(options),
            Self::Stream(stream) => stream.run(options),
            Self::Replay(replay) => replay.run(options),
        }
    }
}
