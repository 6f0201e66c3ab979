//! `npo monitor verdict`: whether the monitor should have acted in a look.

use clap::{Args, ValueEnum};
use npo_api::oversight::{LookVerdict, VerdictRecorded};

use crate::client::{Received, path};
use crate::commands::decision::rca;
use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Say whether the monitor should have acted in a look.
#[derive(Debug, Args)]
#[command(after_help = "`npo monitor show` lists the looks that wait for a verdict.")]
pub(crate) struct Verdict {
    /// Name of the scenario type
    name: String,
    /// Number of the look
    look: u64,
    /// Whether action was called for
    #[arg(value_enum)]
    should_act: Word,
    /// Add a note
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Yes,
    No,
}

impl Verdict {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { name, look, should_act, note } = self;
        let should_act = should_act == Word::Yes;
        let target = path("/v1/monitor/looks/{}/{}/rca", &[&name, &look.to_string()]);
        let recorded: Received<VerdictRecorded> =
            options.client()?.post(&target, &LookVerdict { should_act, note }, None)?;
        let called = if should_act { "was" } else { "was not" };
        let head = format!("Action {called} called for in look {look} of {name}.");
        let mut out = options.out();
        out.received(&recorded, |recorded| rca::lines(&head, recorded))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
