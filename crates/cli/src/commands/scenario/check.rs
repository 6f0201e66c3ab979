//! `npo scenario check`: whether a TOML file is a scenario type, without a server.

use std::path::PathBuf;

use clap::Args;

use super::show;
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;

/// Check a scenario type's TOML file, without a server.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The TOML file, - for stdin
    file: PathBuf,
}

impl Check {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let definition = super::upload_form(&super::read(&self.file)?)?;
        let mut out = options.out();
        out.value(&definition, |definition| show::definition_lines(definition, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
