//! `npo admin openapi`: the document that this version of npo serves at `/openapi.json`.

use clap::Args;

use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Print the OpenAPI document.
#[derive(Debug, Args)]
pub(crate) struct Openapi {}

impl Openapi {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let mut out = options.out();
        out.bytes(npo_api::openapi::document().as_bytes())?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
