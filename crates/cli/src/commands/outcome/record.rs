//! `npo outcome record`: what the world did, apart from what people thought of it.

use clap::{Args, ValueEnum};
use npo_api::feedback::{Outcome, OutcomeResult, Recorded};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::Line;

/// Record what the world did after the action.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Id of the decision, such as d42
    id: String,
    /// What happened
    #[arg(value_enum)]
    result: Word,
    /// Milliseconds from the action until recovery
    #[arg(long, value_name = "MS", value_parser = milliseconds, allow_negative_numbers = true)]
    time_to_recover_ms: Option<u64>,
    /// Add a note
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

fn milliseconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("found `{text}`, expected a whole number of milliseconds"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Recovered,
    Unchanged,
    Worsened,
    NotCarriedOut,
}

impl Record {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { id, result, time_to_recover_ms, note } = self;
        let result = match result {
            Word::Recovered => OutcomeResult::Recovered,
            Word::Unchanged => OutcomeResult::Unchanged,
            Word::Worsened => OutcomeResult::Worsened,
            Word::NotCarriedOut => OutcomeResult::NotCarriedOut,
        };
        let outcome = Outcome { result, time_to_recover_ms, note };
        let recorded: Received<Recorded> =
            options.client()?.post(&path("/v1/decisions/{}/outcome", &[&id]), &outcome, None)?;
        let mut out = options.out();
        out.received(&recorded, |recorded| {
            vec![Line::plain(format!("recorded at position {} of the log", recorded.position))]
        })?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
