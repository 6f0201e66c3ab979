//! `npo decision show`: a decision with everything known about it.

use clap::Args;
use npo_api::decision::DecisionDetail;

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::explanation;

/// Show a decision with its explanation.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id of the decision, such as d42
    id: String,
}

impl Show {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let detail: Received<DecisionDetail> =
            options.client()?.get(&path("/v1/decisions/{}", &[&self.id]), &[])?;
        let mut out = options.out();
        out.received(&detail, |detail| explanation::full(detail, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
