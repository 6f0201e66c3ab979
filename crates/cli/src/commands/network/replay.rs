//! `npo network replay`: a recording, or what a Prometheus server holds of the past, through the
//! watchers, their findings to the server, and at the end what was found of what is known to have
//! happened.
//!
//! A second replay of the same recording gets the same decisions: every proposal's idempotency key is
//! made of the recording, the condition and the recorded time.

mod labels;
mod pace;
mod proposal;
mod report;
mod sender;
mod source;

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;
use npo_network::recording::{Limits, Recording, read_events};
use npo_network::{Output, Reading};

use self::labels::{Detection, Score, Span};
use self::pace::{Pace, Speed};
use self::sender::{Sender, Sent};
use self::source::{Past, Source};
use super::prometheus::{Instant, PrometheusArgs};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::output::Out;
use crate::progress;
use crate::text::when;

/// Samples between two looks at the progress bar.
const SAMPLES_PER_TICK: u64 = 4096;

/// Run the watchers over a recording or a stretch of Prometheus' past, and propose what they find.
#[derive(Debug, Args)]
#[command(after_help = "Times are RFC 3339, or how long ago: 90m, 6h, 2d.")]
pub(crate) struct Replay {
    /// Directory of the recording
    #[arg(required_unless_present_any = ["prometheus", "config"], conflicts_with_all = ["prometheus", "config"])]
    directory: Option<PathBuf>,
    /// Replay at the recorded pace, at so many times it, or as fast as it goes
    #[arg(long, value_name = "recorded|Nx|max", default_value = "max")]
    speed: Speed,
    /// Name the site that the devices are in
    #[arg(long, default_value = "lab")]
    site: String,
    /// Print findings only; no server is asked
    #[arg(long)]
    dry_run: bool,
    /// Read from the Prometheus server at this address instead of a recording
    #[arg(long, value_name = "URL", requires = "from", help_heading = "Prometheus")]
    prometheus: Option<String>,
    /// Begin at this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Prometheus")]
    from: Option<Instant>,
    /// End at this time [default: now]
    #[arg(long, value_name = "TIME", requires = "from", help_heading = "Prometheus")]
    to: Option<Instant>,
    /// Compare with a CSV file of what happened: timestamp,event,device,interface
    #[arg(long, value_name = "FILE", requires = "from", help_heading = "Prometheus")]
    events: Option<PathBuf>,
    #[command(flatten)]
    telemetry: PrometheusArgs,
}

/// What a replay came to.
struct Replayed {
    samples: u64,
    detections: Vec<Detection>,
    /// `None` where nothing is known of what happened.
    score: Option<Score>,
    sent: Vec<Sent>,
    withdrawn: usize,
}

impl Replay {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (name, mut source) = self.source()?;
        let mut out = options.out();
        let mut sender = match self.dry_run {
            true => Sender::dry(),
            false => Sender::to(options.client()?, &name, self.speed == Speed::Max),
        };
        let bar = progress::bar("replaying", source.progress().1, source.progress_template());
        let replayed = self.replay(&mut source, &mut sender, &mut out, &bar);
        bar.finish_and_clear();
        let replayed = replayed?;
        report::print(&mut out, &name, &replayed, self.dry_run)?;
        source.say_notes();
        out.flush()?;
        Ok(Answer::Yes)
    }

    /// What is replayed, and the name that keys and conditions of it begin with.
    fn source(&self) -> Result<(String, Source), Failure> {
        if let Some(directory) = &self.directory {
            let recording =
                Recording::open(directory, &self.site, &Limits::default()).map_err(unreadable)?;
            return Ok((recording_name(directory), Source::Recording(Box::new(recording))));
        }
        let mut settings = self.telemetry.settings(self.prometheus.as_deref())?;
        if self.telemetry.config.is_none() {
            settings.site.clone_from(&self.site);
        }
        let now_ms = when::now_ms();
        let from = self.from.ok_or_else(|| Failure::cannot("--from is missing: since when?"))?;
        let (from_ms, to_ms) = (from.ms(now_ms), self.to.map_or(now_ms, |to| to.ms(now_ms)));
        let events = match &self.events {
            Some(path) => read_events(path, &Limits::default()).map_err(unreadable)?,
            None => Vec::new(),
        };
        let past = Past::new(&settings, from_ms, to_ms, events)?;
        Ok((past.name(), Source::Prometheus(Box::new(past))))
    }

    fn replay(
        &self,
        source: &mut Source,
        sender: &mut Sender,
        out: &mut Out,
        bar: &ProgressBar,
    ) -> Result<Replayed, Failure> {
        let mut watchers = source.watchers()?;
        let mut pace = Pace::new(self.speed);
        let mut output = Output::default();
        let mut span = Span::default();
        let mut alarms = labels::Alarms::default();
        let mut samples = 0_u64;
        while let Some(sample) = source.next_sample()? {
            if let Reading::Counters(_) = sample.reading {
                span.include(sample.at_ms);
            }
            pace.wait_until(sample.at_ms);
            watchers.observe(source.catalog(), &sample, &mut output);
            samples += 1;
            if samples.is_multiple_of(SAMPLES_PER_TICK) {
                bar.set_position(source.progress().0);
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
        let events = source.labelled_events();
        let detections = labels::match_events(events, &alarms, span, &sent);
        let score = (!events.is_empty()).then(|| labels::score(events, &alarms, span, &detections));
        Ok(Replayed { samples, detections, score, sent, withdrawn })
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
