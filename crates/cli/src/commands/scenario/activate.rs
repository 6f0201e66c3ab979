//! `npo scenario activate`: puts a version of a scenario type in force.

use std::path::PathBuf;

use clap::Args;
use npo_api::scenario::ScenarioTypeDetail;

use super::show;
use crate::client::Received;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;

/// Put a version of a scenario type in force.
#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The TOML file, - for stdin
    file: PathBuf,
}

impl Activate {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let definition = super::upload_form(&super::read(&self.file)?)?;
        let detail: Received<ScenarioTypeDetail> =
            options.client()?.post("/v1/scenario-types", &definition, None)?;
        let mut out = options.out();
        out.received(&detail, |detail| show::lines(detail, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
