//! `npo network show`: what a network is, for somebody who sees it for the first time.

mod document;
mod page;

use clap::Args;

use self::document::Document;
use super::source::Source;
use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Say what a network is: nodes, links, capacities, single points of failure, traffic.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    source: Source,
    /// Show so many rows of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
}

impl Show {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let read = self.source.read()?;
        let document = Document::of(&read);
        let mut out = options.out();
        out.value(&document, |document| page::lines(document, self.rows))?;
        out.flush()?;
        Ok(Answer::Yes)
    }
}
