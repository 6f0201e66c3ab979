//! `npo feedback give`: answers a decision and prints what was learned.

use clap::{Args, ValueEnum};
use npo_api::feedback::{Feedback, FeedbackRequest, Signal};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::explanation;

/// Answer a decision, and see what npo learned.
#[derive(Debug, Args)]
pub(crate) struct Give {
    /// Id of the decision, such as d42
    id: String,
    /// Your answer; override is the red button on this one decision
    #[arg(value_enum)]
    signal: Word,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Say how sure you are, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = confidence)]
    confidence: Option<f64>,
    /// Count the answer for the metrics only; nothing is learned from it
    #[arg(long)]
    no_consent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Like,
    Override,
    Neutral,
    Skipped,
}

fn confidence(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err(format!("found `{text}`, expected a number from 0 to 1")),
    }
}

impl Give {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { id, signal, reason, confidence, no_consent } = self;
        let signal = match signal {
            Word::Like => Signal::Like,
            Word::Override => Signal::Override,
            Word::Neutral => Signal::Neutral,
            Word::Skipped => Signal::Skipped,
        };
        let request = FeedbackRequest {
            signal,
            reason,
            confidence,
            viewed_ms: None,
            explanation_version: None,
            channel: Some("cli".to_owned()),
            consent: !no_consent,
        };
        let received: Received<Feedback> =
            options.client()?.post(&path("/v1/decisions/{}/feedback", &[&id]), &request, None)?;
        let mut out = options.out();
        out.received(&received, |answer| explanation::lesson(answer, output::columns()))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
