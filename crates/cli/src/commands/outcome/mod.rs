//! `npo outcome …`

mod record;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on outcomes.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Record what the world did after the action
    Record(record::Record),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Record(record) => record.run(options),
        }
    }
}
