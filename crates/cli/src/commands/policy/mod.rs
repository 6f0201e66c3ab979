//! `npo policy …`

mod activate;
mod check;
mod list;
mod test;

use std::path::Path;

use clap::Subcommand;
use npo_policy::{CheckError, CheckReport, ChildError, Limits};

use super::policy_child;
use crate::exit::{Answer, Failure, chain};
use crate::options::Options;

/// Verbs on policy bundles.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check a bundle, without a server
    Check(check::Check),
    /// Run a bundle's own cases, without a server
    Test(test::Test),
    /// List the bundles that the server knows
    List(list::List),
    /// Upload a bundle and put it in force
    Activate(activate::Activate),
}

impl Verb {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        match self {
            Self::Check(check) => check.run(options),
            Self::Test(test) => test.run(options),
            Self::List(list) => list.run(options),
            Self::Activate(activate) => activate.run(options),
        }
    }
}

/// Checks a bundle in a child process; a refused bundle is an answer, an unreadable one is not.
fn inspect(directory: &Path) -> Result<CheckReport, Failure> {
    npo_policy::check(directory, policy_child::command()?, &Limits::default()).map_err(|error| {
        match error {
            CheckError::Io { .. } | CheckError::Child(ChildError::Start(_)) => {
                Failure::could_not(format!("could not check `{}`", directory.display()), error)
            }
            error => {
                Failure::Refused(format!("`{}` is refused: {}", directory.display(), chain(&error)))
            }
        }
    })
}
