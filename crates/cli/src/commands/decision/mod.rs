//! `npo decision …`

mod list;
mod propose;
pub(super) mod rca;
mod show;
mod watch;
mod withdraw;

use clap::Subcommand;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Verbs on decisions.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask npo to judge a proposal, or a batch of them
    Propose(Box<propose::Propose>),
    /// List decisions, newest first
    List(list::List),
    /// Show a decision with its explanation
    Show(show::Show),
    /// Watch decisions arrive, and answer them
    Watch(watch::Watch),
    /// Take a decision back
    Withdraw(withdraw::Withdraw),
    /// Judge a decision afterwards, with authority
    Rca(rca::Rca),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Propose(propose) => propose.run(options),
            Self::List(list) => list.run(options),
            Self::Show(show) => show.run(options),
            Self::Watch(watch) => watch.run(options),
            Self::Withdraw(withdraw) => withdraw.run(options),
            Self::Rca(rca) => rca.run(options),
        }
    }
}
