//! `npo decision watch`: a live inbox on a terminal, a line per event elsewhere.

use std::io::{IsTerminal, stdin, stdout};

use clap::Args;

use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::watch;

/// Watch decisions arrive, and answer them.
#[derive(Debug, Args)]
#[command(after_help = "Keys of the inbox:
  j k arrows  move         l like      n neutral    s skip
  o           override, asks for a reason           e evidence or everything
  B           red button on the type, the site or everything
  r           refresh      ? help      q quit")]
pub(crate) struct Watch {
    /// Print a line per event even on a terminal
    #[arg(long)]
    plain: bool,
    /// Print events after this position of the log, with --plain
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
}

impl Watch {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let client = options.client()?;
        let mut out = options.out();
        if self.plain
            || self.after.is_some()
            || out.is_json()
            || !stdout().is_terminal()
            || !stdin().is_terminal()
        {
            watch::plain::run(&client, self.after, &mut out)?;
        } else {
            // The inbox draws on the terminal itself.
            drop(out);
            watch::inbox::run(client)?;
        }
        Ok(Answer::Yes)
    }
}
