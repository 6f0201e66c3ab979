//! `npo escalation …`: what the monitor handed to people with more authority.

use clap::{Args, Subcommand};
use npo_api::oversight::{Reason, Threshold};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::threshold;

/// Verbs on escalations.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Settle an escalation, so that operators are asked again
    Settle(Settle),
}

/// Settle an escalation.
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// Name of the scenario type
    name: String,
    /// Say what came of it
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self::Settle(Settle { name, reason }) = self;
        let target = path("/v1/scenario-types/{}/escalation/settle", &[&name]);
        let now: Received<Threshold> = options.client()?.post(&target, &Reason { reason }, None)?;
        let mut out = options.out();
        out.received(&now, |now| threshold(now, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
