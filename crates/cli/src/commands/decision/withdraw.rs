//! `npo decision withdraw`: takes one decision back, or all open ones about a condition.

use clap::Args;
use npo_api::decision::{Withdrawal, Withdrawn};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::{Line, Tone};

/// Take a decision back.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// Id of the decision, such as d42
    #[arg(required_unless_present = "correlation", conflicts_with = "correlation")]
    id: Option<String>,
    /// Take back all open decisions about this condition
    #[arg(long, value_name = "TEXT")]
    correlation: Option<String>,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Withdraw {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { id, correlation, reason } = self;
        let target = match &id {
            Some(id) => path("/v1/decisions/{}/withdraw", &[id]),
            None => "/v1/withdrawals".to_owned(),
        };
        let withdrawn: Received<Withdrawn> =
            options.client()?.post(&target, &Withdrawal { correlation, reason }, None)?;
        let mut out = options.out();
        out.received(&withdrawn, |withdrawn| match &withdrawn.withdrawn[..] {
            [] => vec![Line::of(Tone::Faint, "Nothing was open.")],
            ids => vec![Line::plain(format!("withdrawn: {}", ids.join(", ")))],
        })?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
