//! `npo monitor …`

mod divergence;
mod show;
mod verdict;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on the monitor.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show what the monitor watches and did, and how far to trust it
    Show(show::Show),
    /// Say whether the monitor should have acted in a look
    Verdict(verdict::Verdict),
    /// Show where people override what policy allows
    Divergence(divergence::Divergence),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Show(show) => show.run(options),
            Self::Verdict(verdict) => verdict.run(options),
            Self::Divergence(divergence) => divergence.run(options),
        }
    }
}
