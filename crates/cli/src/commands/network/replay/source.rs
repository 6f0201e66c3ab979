//! Where replayed samples come from: a recording's files, or a Prometheus server's past.

use std::collections::VecDeque;

use npo_network::prometheus::Interval;
use npo_network::recording::{LabelledEvent, Recording};
use npo_network::{Cabling, Catalog, Sample, WatchConfig, Watchers};
use npo_server::prometheus::{Backfill, Settings, Telemetry};

use super::super::prometheus::{no_telemetry, say_notes};
use crate::exit::Failure;
use crate::progress;

/// Where samples come from.
pub(super) enum Source {
    Recording(Box<Recording>),
    Prometheus(Box<Past>),
}

/// A stretch of a server's past, read piece by piece.
pub(super) struct Past {
    telemetry: Telemetry,
    interval: Interval,
    backfill: Backfill,
    waiting: VecDeque<Sample>,
    events: Vec<LabelledEvent>,
}

impl Past {
    pub(super) fn new(
        settings: &Settings,
        from_ms: i64,
        to_ms: i64,
        events: Vec<LabelledEvent>,
    ) -> Result<Self, Failure> {
        if from_ms >= to_ms {
            return Err(Failure::cannot("--from is not before --to, expected a stretch of time"));
        }
        let telemetry = Telemetry::new(settings)
            .map_err(|error| Failure::could_not("the server cannot be asked", error))?;
        let interval = Interval { from_ms, to_ms };
        let backfill = telemetry.backfill(interval);
        Ok(Self { telemetry, interval, backfill, waiting: VecDeque::new(), events })
    }

    /// The server's host and port.
    pub(super) fn name(&self) -> String {
        self.telemetry.address().to_string().trim_start_matches("http://").to_owned()
    }

    /// Reads on until there is a sample or nothing more.
    fn fill(&mut self) -> Result<(), Failure> {
        let mut samples = Vec::new();
        while self.waiting.is_empty() {
            let more = self.backfill.advance(&mut self.telemetry, &mut samples);
            if !more.map_err(|error| no_telemetry(self.telemetry.address(), error))? {
                break;
            }
            self.waiting.extend(samples.drain(..));
        }
        Ok(())
    }

    /// What the first piece with samples says settles which ports there are and how often they report.
    fn watchers(&mut self) -> Result<Watchers, Failure> {
        self.fill()?;
        let failed = |telemetry: &Telemetry, error| no_telemetry(telemetry.address(), error);
        if self.waiting.is_empty() {
            return Err(failed(&self.telemetry, self.telemetry.nothing_found()));
        }
        let cabling: Cabling = match self.telemetry.read_cabling() {
            Ok(cabling) => cabling,
            Err(error) => return Err(failed(&self.telemetry, error)),
        };
        let reader = self.telemetry.reader();
        let config =
            reader.interval_ms().map_or_else(WatchConfig::default, WatchConfig::for_interval);
        Ok(Watchers::new(reader.catalog(), &cabling, config))
    }
}

impl Source {
    /// Watchers for what it holds.
    pub(super) fn watchers(&mut self) -> Result<Watchers, Failure> {
        match self {
            Self::Recording(recording) => {
                let (catalog, cabling) = (recording.catalog(), recording.cabling());
                Ok(Watchers::new(catalog, cabling, WatchConfig::default()))
            }
            Self::Prometheus(past) => past.watchers(),
        }
    }

    /// The next sample in order of time; `None` at the end.
    pub(super) fn next_sample(&mut self) -> Result<Option<Sample>, Failure> {
        match self {
            Self::Recording(recording) => recording.next_sample().map_err(super::unreadable),
            Self::Prometheus(past) => {
                past.fill()?;
                Ok(past.waiting.pop_front())
            }
        }
    }

    /// Names of what was seen so far.
    pub(super) fn catalog(&self) -> &Catalog {
        match self {
            Self::Recording(recording) => recording.catalog(),
            Self::Prometheus(past) => past.telemetry.reader().catalog(),
        }
    }

    /// What is known to have happened.
    pub(super) fn labelled_events(&self) -> &[LabelledEvent] {
        match self {
            Self::Recording(recording) => recording.labelled_events(),
            Self::Prometheus(past) => &past.events,
        }
    }

    /// How much is done, of how much: bytes of a recording, milliseconds of a server's past.
    pub(super) fn progress(&self) -> (u64, u64) {
        match self {
            Self::Recording(recording) => {
                let progress = recording.progress();
                (progress.bytes_done, progress.bytes_total)
            }
            Self::Prometheus(past) => {
                let done_ms = past.backfill.done_ms().saturating_sub(past.interval.from_ms);
                let ms = |ms: i64| u64::try_from(ms).unwrap_or(0);
                (ms(done_ms), ms(past.interval.length_ms()))
            }
        }
    }

    /// How a bar over that looks.
    pub(super) fn progress_template(&self) -> &'static str {
        match self {
            Self::Recording(_) => progress::BYTES,
            Self::Prometheus(_) => progress::TIME,
        }
    }

    /// Says what of a server's answers was left out.
    pub(super) fn say_notes(&self) {
        if let Self::Prometheus(past) = self {
            say_notes(past.telemetry.reader().notes());
        }
    }
}
