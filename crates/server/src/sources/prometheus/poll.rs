//! The thread that polls: first the history, so that watchers know what is normal, then what is new.
//!
//! What began within the history and lasts is told, unless people are being asked about it already;
//! what ended within it is withdrawn. A restart of npo therefore neither asks twice nor forgets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use npo_engine::{Engine, Refusal};
use npo_network::prometheus::Interval;
use npo_network::{Finding, FindingState, Output, Sample, WatchConfig, Watchers};
use npo_policy::EVALUATION_STACK_BYTES;

use super::health::SourceHealth;
use super::settings::{Settings, SettingsError};
use super::telemetry::{SourceError, Telemetry};
use crate::sources::finding::Proposer;

/// Handle of the machine person that proposes.
const HANDLE: &str = "prometheus";

/// How often a waiting thread looks whether it should end.
const TICK: Duration = Duration::from_millis(250);

/// The longest pause after failures; a server that is back should be noticed within minutes.
const PAUSE_MAX: Duration = Duration::from_secs(120);

/// Interval of scrapes that is assumed until it is known, ms.
const SCRAPE_MS: i64 = 60_000;

/// What a scrape may be late by beyond its interval, ms.
const LATE_MS: i64 = 5_000;

/// After so long without an answer the past is read in pieces again, ms.
const WINDOW_MAX_MS: i64 = 600_000;

/// Why the source cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting makes no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The machine person could not be added.
    #[error("the person `{HANDLE}` could not be added")]
    Person(#[source] Refusal),
    /// No thread could be started.
    #[error("no thread could be started for the source `{HANDLE}`")]
    Thread(#[source] std::io::Error),
}

/// Starts to poll on a thread of its own; it ends when `stop` is set and the answer that it waits for
/// has come or is overdue.
pub(crate) fn start(
    settings: &Settings,
    engine: Engine,
    health: Arc<SourceHealth>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<()>, StartError> {
    let mut telemetry = Telemetry::new(settings)?;
    // A file that cannot be read is better said now than in the log.
    if let Err(error) = telemetry.read_cabling() {
        tracing::warn!(error = %chain(&error), "prometheus: the cabling cannot be read yet");
    }
    let proposer =
        Proposer::new(engine, HANDLE, "Prometheus telemetry").map_err(StartError::Person)?;
    let settings = settings.clone();
    let work = move || {
        Poller { settings, proposer, health, stop, failures: 0, aliases: BTreeMap::new() }.run();
    };
    std::thread::Builder::new()
        .name("npo-prometheus".into())
        // Proposals are judged by the policy on this thread.
        .stack_size(EVALUATION_STACK_BYTES)
        .spawn(work)
        .map_err(StartError::Thread)
}

struct Poller {
    settings: Settings,
    proposer: Proposer,
    health: Arc<SourceHealth>,
    stop: Arc<AtomicBool>,
    /// Failures in a row.
    failures: u32,
    /// Conditions of an earlier run that go on, by what they are called in this one.
    aliases: BTreeMap<String, String>,
}

/// What goes on once the history is known.
struct Watching {
    telemetry: Telemetry,
    watchers: Watchers,
    output: Output,
    answered: Instant,
    answered_ms: i64,
}

impl Poller {
    fn run(mut self) {
        let mut watching: Option<Watching> = None;
        while !self.stop.load(Ordering::Relaxed) {
            let result = match &mut watching {
                Some(watching) => self.poll(watching),
                None => self.begin().map(|begun| watching = begun),
            };
            let pause = match result {
                Ok(()) => self.succeeded(watching.as_ref()),
                Err(error) => self.failed(&error),
            };
            self.wait(pause);
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(self.settings.interval_s)
    }

    fn succeeded(&mut self, watching: Option<&Watching>) -> Duration {
        let (Some(watching), false) = (watching, self.stop.load(Ordering::Relaxed)) else {
            return Duration::ZERO;
        };
        if self.failures > 0 {
            tracing::warn!(failures = self.failures, "prometheus: answers again");
        }
        self.failures = 0;
        let reader = watching.telemetry.reader();
        self.health.update(|numbers| {
            numbers.successes += 1;
            numbers.failing = None;
            numbers.last_success_ms = Some(watching.answered_ms);
            numbers.newest_sample_ms = reader.newest_ms();
            numbers.interfaces = reader.catalog().port_count() as u64;
            numbers.left_out = reader.notes().iter().map(|(_, count, _)| count).sum();
        });
        self.interval()
    }

    fn failed(&mut self, error: &SourceError) -> Duration {
        if self.failures == 0 {
            tracing::warn!(error = %chain(error), "prometheus: no telemetry; asked again from now on");
        } else {
            tracing::debug!(error = %chain(error), failures = self.failures, "prometheus: still none");
        }
        self.failures = self.failures.saturating_add(1);
        self.health.update(|numbers| {
            numbers.failures += 1;
            numbers.failing = Some(error.kind());
        });
        pause(self.interval(), self.failures, rand::random())
    }

    fn wait(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left.min(TICK));
        }
    }

    /// Reads the history; `None` if told to stop meanwhile.
    fn begin(&mut self) -> Result<Option<Watching>, SourceError> {
        let mut telemetry = Telemetry::new(&self.settings)?;
        let answered = Instant::now();
        let now_ms = Engine::now().0;
        let history_ms = i64::try_from(self.settings.history_s * 1000).unwrap_or(i64::MAX);
        let interval = Interval { from_ms: now_ms.saturating_sub(history_ms), to_ms: now_ms };
        let mut backfill = telemetry.backfill(interval);
        let mut samples = Vec::new();
        while backfill.advance(&mut telemetry, &mut samples)? {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
        if samples.is_empty() {
            return Err(telemetry.nothing_found());
        }
        let cabling = telemetry.read_cabling()?;
        let interval_ms = telemetry.reader().interval_ms().unwrap_or(SCRAPE_MS);
        let config = WatchConfig::for_interval(interval_ms);
        let watchers = Watchers::new(telemetry.reader().catalog(), &cabling, config);
        let output = Output::default();
        let mut watching = Watching { telemetry, watchers, output, answered, answered_ms: now_ms };
        self.watch(&mut watching, samples);
        self.tell_what_lasts(std::mem::take(&mut watching.output.findings));
        let reader = watching.telemetry.reader();
        for (note, count, example) in reader.notes().iter() {
            tracing::warn!(count, example, "prometheus: {note}");
        }
        let (devices, interfaces) =
            (reader.catalog().device_count(), reader.catalog().port_count());
        tracing::info!(devices, interfaces, interval_ms, "prometheus: history read");
        Ok(Some(watching))
    }

    /// Reads what is new, with a margin for scrapes that take long.
    fn poll(&mut self, watching: &mut Watching) -> Result<(), SourceError> {
        let asked = Instant::now();
        let now_ms = Engine::now().0;
        let since = asked.saturating_duration_since(watching.answered);
        let since_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let scrape_ms = watching.telemetry.reader().interval_ms().unwrap_or(SCRAPE_MS);
        let window_ms = since_ms.saturating_add(2 * scrape_ms + LATE_MS);
        let mut samples = Vec::new();
        if window_ms <= WINDOW_MAX_MS.max(4 * scrape_ms) {
            watching.telemetry.poll(window_ms, &mut samples)?;
        } else {
            let history_ms = i64::try_from(self.settings.history_s * 1000).unwrap_or(i64::MAX);
            let from_ms = now_ms.saturating_sub(window_ms.min(history_ms));
            let mut backfill = watching.telemetry.backfill(Interval { from_ms, to_ms: now_ms });
            while backfill.advance(&mut watching.telemetry, &mut samples)? {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
        }
        (watching.answered, watching.answered_ms) = (asked, now_ms);
        self.watch(watching, samples);
        let findings = std::mem::take(&mut watching.output.findings);
        self.health.update(|numbers| numbers.findings += findings.len() as u64);
        for mut finding in findings {
            if let Some(known_as) = self.aliases.get(&finding.correlation) {
                finding.correlation.clone_from(known_as);
            }
            if finding.state == FindingState::Resolved {
                self.aliases.retain(|_, known_as| *known_as != finding.correlation);
            }
            let _ = self.proposer.tell(&finding);
        }
        Ok(())
    }

    fn watch(&self, watching: &mut Watching, samples: Vec<Sample>) {
        let Watching { telemetry, watchers, output, .. } = watching;
        self.health.update(|numbers| numbers.samples += samples.len() as u64);
        let catalog = telemetry.reader().catalog();
        samples.iter().for_each(|sample| watchers.observe(catalog, sample, output));
        output.shifts.clear();
    }

    /// Tells what of a history's findings still holds, and withdraws what does not.
    fn tell_what_lasts(&mut self, findings: Vec<Finding>) {
        let mut told = 0;
        for mut finding in what_lasts(findings) {
            let known_as = self.proposer.known_as(&finding);
            match (finding.state, known_as) {
                (FindingState::Raised, Some(known_as)) => {
                    if known_as != finding.correlation {
                        self.aliases.insert(finding.correlation, known_as);
                    }
                    continue;
                }
                (FindingState::Resolved, None) => continue,
                (FindingState::Resolved, Some(known_as)) => finding.correlation = known_as,
                (FindingState::Raised, None) => {}
            }
            told += 1;
            let _ = self.proposer.tell(&finding);
        }
        self.health.update(|numbers| numbers.findings += told);
    }
}

/// The last word on every condition, in order of time.
fn what_lasts(findings: Vec<Finding>) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<Finding> = findings
        .into_iter()
        .rev()
        .filter(|finding| seen.insert(finding.correlation.clone()))
        .collect();
    last.reverse();
    last
}

/// How long to wait after so many failures in a row: twice as long every time up to a bound, and less
/// by up to half, as `draw` from [0, 1) says, so that many sources do not ask in step.
fn pause(interval: Duration, failures: u32, draw: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = interval.saturating_mul(1 << doublings).min(PAUSE_MAX.max(interval));
    longest.mul_f64(1.0 - draw.clamp(0.0, 1.0) / 2.0)
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_are_never_in_step() {
        let check = |failures, draw, expected_ms| {
            let found = pause(Duration::from_secs(15), failures, draw);
            assert_eq!(found, Duration::from_millis(expected_ms), "{failures} {draw}");
        };
        check(1, 0.0, 15_000);
        check(2, 0.0, 30_000);
        check(2, 0.5, 22_500);
        check(4, 0.0, 120_000);
        check(u32::MAX, 1.0, 60_000);
        assert_eq!(pause(Duration::from_secs(600), 9, 0.0), Duration::from_secs(600));
    }

    #[test]
    fn of_every_condition_the_last_word_counts() {
        let finding = |state, correlation: &str| Finding {
            at_ms: 0,
            state,
            scenario_type: "link-flapping",
            entity: "leaf1:e1".into(),
            site: "lab".into(),
            action: "remove-link",
            target: String::new(),
            features: Vec::new(),
            facts: Vec::new(),
            evidence: Vec::new(),
            correlation: correlation.into(),
        };
        let (raised, resolved) = (FindingState::Raised, FindingState::Resolved);
        let said = [(raised, "a"), (raised, "b"), (raised, "a"), (resolved, "b"), (raised, "c")];
        let last = what_lasts(said.map(|(state, what)| finding(state, what)).into());
        let last: Vec<_> = last.iter().map(|f| (f.state, f.correlation.as_str())).collect();
        assert_eq!(last, [(raised, "a"), (resolved, "b"), (raised, "c")]);
    }
}
