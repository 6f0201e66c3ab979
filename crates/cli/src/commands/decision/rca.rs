//! `npo decision rca`: judges a decision afterwards, with authority.

use clap::{Args, ValueEnum};
use npo_api::oversight::{DecisionVerdict, VerdictRecorded};

use crate::client::{Received, path};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output;
use crate::text::oversight::prose;
use crate::text::{Line, Tone, clean};

/// Judge a decision afterwards, with authority.
#[derive(Debug, Args)]
pub(crate) struct Rca {
    /// Id of the decision, such as d42
    id: String,
    /// Whether the proposed action was right
    #[arg(value_enum)]
    verdict: Word,
    /// Add a note
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Right,
    Wrong,
}

impl Rca {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let Self { id, verdict, note } = self;
        let right = verdict == Word::Right;
        let recorded: Received<VerdictRecorded> = options.client()?.post(
            &path("/v1/decisions/{}/rca", &[&id]),
            &DecisionVerdict { right, note },
            None,
        )?;
        let mut out = options.out();
        let head = format!("{id} was {}.", if right { "right" } else { "wrong" });
        out.received(&recorded, |recorded| lines(&head, recorded))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}

/// A verdict as it was recorded.
pub(crate) fn lines(head: &str, recorded: &VerdictRecorded) -> Vec<Line> {
    let mut lines = vec![Line::of(Tone::Strong, clean(head))];
    lines.extend(prose(Tone::Plain, &recorded.lesson, output::columns()));
    for answer in &recorded.answers {
        let (tone, word) = if answer.right { (Tone::Good, "right") } else { (Tone::Bad, "wrong") };
        lines.push(Line::plain(format!("  {} was ", clean(&answer.by))).and(tone, word));
    }
    lines
}
