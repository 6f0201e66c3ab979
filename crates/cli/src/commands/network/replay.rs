//! `npo network replay`: a recording through the watchers, their findings to the server, and at the
//! end what was found of what is known to have happened.
//!
//! A second replay of the same recording gets the same decisions: every proposal's idempotency key is
//! made of the recording, the condition and the recorded time.

mod labels;
mod pace;
mod proposal;
mod report;
mod sender;

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use npo_network::recording::{Limits, Recording};
use npo_network::{Output, Reading, WatchConfig, Watchers};

use self::labels::{Detection, Span};
use self::pace::{Pace, Speed};
use self::sender::{Sender, Sent};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::Out;
use crate::progress;

/// Samples between two looks at the progress bar.
const SAMPLES_PER_TICK: u64 = 4096;

/// Run the watchers over a recording and propose what they find.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Directory of the recording
    directory: PathBuf,
    /// Replay at the recorded pace, at so many times it, or as fast as it goes
    #[arg(long, value_name = "recorded|Nx|max", default_value = "max")]
    speed: Speed,
    /// Name the site that the devices are in
    #[arg(long, default_value = "lab")]
    site: String,
    /// Print findings only; no server is asked
    #[arg(long)]
    dry_run: bool,
}

/// What a replay came to.
struct Replayed {
    samples: u64,
    detections: Vec<Detection>,
    sent: Vec<Sent>,
    withdrawn: usize,
}

impl Replay {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let name = recording_name(&self.directory);
        let mut recording =
            Recording::open(&self.directory, &self.site, &Limits::default()).map_err(unreadable)?;
        let mut out = options.out();
        let mut sender = match self.dry_run {
            true => Sender::dry(),
            false => Sender::to(options.client()?, &name, self.speed == Speed::Max),
        };
        let bar = progress::bar("replaying", recording.progress().bytes_total, progress::BYTES);
        let replayed = self.replay(&mut recording, &mut sender, &mut out, &bar);
        bar.finish_and_clear();
        let replayed = replayed?;
        report::print(&mut out, &name, &replayed, self.dry_run)?;
        out.flush()?;
        Ok(Answer::Yes)
    }

    fn replay(
        &self,
        recording: &mut Recording,
        sender: &mut Sender,
        out: &mut Out,
        bar: &ProgressBar,
    ) -> Result<Replayed, Failure> {
        let mut watchers =
            Watchers::new(recording.catalog(), recording.cabling(), WatchConfig::default());
        let mut pace = Pace::new(self.speed);
        let mut output = Output::default();
        let mut span = Span::default();
        let mut alarms = labels::Alarms::default();
        let mut samples = 0_u64;
        while let Some(sample) = recording.next_sample().map_err(unreadable)? {
            if let Reading::Counters(_) = sample.reading {
                span.include(sample.at_ms);
            }
            pace.wait_until(sample.at_ms);
            watchers.observe(recording.catalog(), &sample, &mut output);
            samples += 1;
            if samples.is_multiple_of(SAMPLES_PER_TICK) {
                bar.set_position(recording.progress().bytes_done);
                bar.set_message(format!("{} findings", sender.findings()));
            }
            output.shifts.drain(..).for_each(|shift| alarms.shift(&shift));
            for finding in output.findings.drain(..) {
                alarms.finding(&finding, sender.findings());
                sender.send(&finding, out)?;
            }
        }
        sender.flush()?;
        let (sent, withdrawn) = sender.finish();
        let detections = labels::match_events(recording.labelled_events(), &alarms, span, &sent);
        Ok(Replayed { samples, detections, sent, withdrawn })
    }
}

fn unreadable(error: npo_network::recording::Error) -> Failure {
    Failure::could_not("the recording cannot be replayed", error)
}

/// The name that keys and conditions of this recording begin with.
fn recording_name(directory: &Path) -> String {
    let absolute = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    absolute
        .file_name()
        .map_or_else(|| "recording".to_owned(), |name| name.to_string_lossy().into_owned())
}
