//! `npo feedback …`

mod give;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on feedback.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Answer a decision, and see what npo learned
    Give(give::Give),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Give(give) => give.run(options),
        }
    }
}
