//! `npo policy list`: the bundles that the server knows, and which is in force.

use clap::Args;
use npo_api::policy::{Policy, PolicyList};

use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone};

/// List the bundles that the server knows.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl List {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let list: Received<PolicyList> = options.client()?.get("/v1/policies", &[])?;
        let mut out = options.out();
        out.received(&list, |list| lines(&list.items))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

/// One row a bundle; `activate` shows the one that it put in force.
pub(super) fn lines(policies: &[Policy]) -> Vec<Line> {
    let mut table = Table::new(&["IN FORCE", "NAME", "VERSION", ">TESTS", "EVALUATOR", "DIGEST"]);
    for policy in policies {
        let active = if policy.active { (Tone::Good, "yes") } else { (Tone::Faint, "no") };
        table.toned([
            (active.0, active.1.to_owned()),
            (Tone::Strong, policy.name.clone()),
            (Tone::Plain, policy.version.clone()),
            (Tone::Plain, policy.tests.to_string()),
            (Tone::Plain, policy.evaluator.clone()),
            (Tone::Faint, policy.digest.clone()),
        ]);
    }
    table.lines()
}
