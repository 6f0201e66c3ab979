//! `npo autonomy …`: what people grant.

use clap::{Args, Subcommand, ValueEnum};
use npo_api::oversight::{AutonomyGrant, Level, Threshold};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::threshold;

/// Verbs on autonomy.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Grant a scenario type autonomy up to a level
    Grant(Grant),
}

/// Grant a scenario type autonomy up to a level.
#[derive(Debug, Args)]
#[command(after_help = "Levels, each with more autonomy than the one before:
  shadow     people are asked about everything that policy allows
  recommend  what is above the threshold is recommended; people act
  approve    as recommend, and a like approves the action
  automatic  what is above a certified threshold is carried out without asking;
             until a threshold is certified, people review everything")]
pub(crate) struct Grant {
    /// Name of the scenario type
    name: String,
    /// Up to which level
    #[arg(value_enum)]
    level: Word,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Shadow,
    Recommend,
    Approve,
    Automatic,
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self::Grant(Grant { name, level, reason }) = self;
        let level = match level {
            Word::Shadow => Level::Shadow,
            Word::Recommend => Level::Recommend,
            Word::Approve => Level::Approve,
            Word::Automatic => Level::Automatic,
        };
        let target = path("/v1/scenario-types/{}/autonomy", &[&name]);
        let now: Received<Threshold> =
            options.client()?.post(&target, &AutonomyGrant { level, reason }, None)?;
        let mut out = options.out();
        out.received(&now, |now| threshold(now, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
