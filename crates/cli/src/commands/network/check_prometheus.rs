//! `npo network check-prometheus`: what a server's telemetry is good for, before anything relies on
//! it. Nothing is proposed and no npo server is asked.

use clap::Args;
use npo_network::prometheus::{Interval, Notes, Survey, Watchable};
use npo_server::prometheus::Telemetry;
use serde::Serialize;

use super::prometheus::{PrometheusArgs, no_telemetry};
use crate::exit::{Answer, Failure};
use crate::options::Options;
use crate::text::table::Table;
use crate::text::{Line, Tone, when};

/// How many scrapes may be missed before telemetry counts as stopped.
const MISSED_MAX: i64 = 3;
/// Interval that is assumed where only one sample was found, ms.
const INTERVAL_MS: i64 = 60_000;

/// Say what a Prometheus server's telemetry is good for: devices, counters, age.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 1 if there is no telemetry, if it has stopped, or if nothing can be watched with it."
)]
pub(crate) struct CheckPrometheus {
    /// Address of the Prometheus server, http://HOST:PORT
    #[arg(required_unless_present = "config")]
    url: Option<String>,
    /// Look at what was scraped in the last so many minutes
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    #[command(flatten)]
    telemetry: PrometheusArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    url: String,
    devices: usize,
    interfaces: usize,
    ports: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_a_port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_sample: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_age_s: Option<f64>,
    /// Whether the newest sample is too old for its interval.
    stopped: bool,
    links: usize,
    fields: Vec<FieldReport>,
    watchable: Vec<WatchableReport>,
    left_out: Vec<NoteReport>,
}

#[derive(Debug, Serialize)]
struct FieldReport {
    field: &'static str,
    ports: usize,
}

#[derive(Debug, Serialize)]
struct WatchableReport {
    scenario_type: &'static str,
    ports: usize,
    takes: &'static str,
}

#[derive(Debug, Serialize)]
struct NoteReport {
    what: String,
    count: u64,
    example: String,
}

impl CheckPrometheus {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let settings = self.telemetry.settings(self.url.as_deref())?;
        let mut telemetry = Telemetry::new(&settings)
            .map_err(|error| Failure::could_not("the server cannot be asked", error))?;
        let now_ms = when::now_ms();
        let from_ms = now_ms - i64::from(self.minutes) * 60_000;
        let mut backfill = telemetry.backfill(Interval { from_ms, to_ms: now_ms });
        let mut samples = Vec::new();
        loop {
            match backfill.advance(&mut telemetry, &mut samples) {
                Ok(true) => samples.clear(),
                Ok(false) => break,
                Err(error) => return Err(no_telemetry(telemetry.address(), error)),
            }
        }
        if telemetry.reader().newest_ms().is_none() {
            let nothing = telemetry.nothing_found();
            return Err(Failure::Refused(crate::exit::chain(&no_telemetry(
                telemetry.address(),
                nothing,
            ))));
        }
        let survey = telemetry.reader().survey();
        let watchable = telemetry.reader().watchable();
        let links = match telemetry.read_cabling() {
            Ok(cabling) => cabling.ends().count() / 2,
            Err(error) => return Err(no_telemetry(telemetry.address(), error)),
        };
        let url = telemetry.address().to_string();
        let report = report(url, survey, watchable, links, telemetry.reader().notes(), now_ms);
        let mut out = options.out();
        out.value(&report, lines)?;
        out.flush()?;
        let is_good = !report.stopped && report.watchable.iter().any(|watch| watch.ports > 0);
        Ok(if is_good { Answer::Yes } else { Answer::No })
    }
}

fn report(
    url: String,
    survey: Survey,
    watchable: Vec<Watchable>,
    links: usize,
    notes: &Notes,
    now_ms: i64,
) -> Report {
    let Survey { devices, interfaces, ports, not_a_port, having, interval_ms, newest_ms } = survey;
    let age_ms = newest_ms.map(|newest| now_ms.saturating_sub(newest).max(0));
    let seconds = |ms: i64| ms as f64 / 1000.0;
    Report {
        url,
        devices,
        interfaces,
        ports,
        not_a_port,
        interval_s: interval_ms.map(seconds),
        newest_sample: newest_ms.map(when::rfc3339),
        newest_age_s: age_ms.map(seconds),
        stopped: age_ms.is_some_and(|age| age > MISSED_MAX * interval_ms.unwrap_or(INTERVAL_MS)),
        links,
        fields: having
            .into_iter()
            .map(|(field, ports)| FieldReport { field: field.name(), ports })
            .collect(),
        watchable: watchable
            .into_iter()
            .map(|Watchable { scenario_type, ports, takes }| WatchableReport {
                scenario_type,
                ports,
                takes,
            })
            .collect(),
        left_out: notes
            .iter()
            .map(|(note, count, example)| NoteReport {
                what: note.to_string(),
                count,
                example: example.to_owned(),
            })
            .collect(),
    }
}

fn lines(report: &Report) -> Vec<Line> {
    let Report { url, devices, interfaces, ports, .. } = report;
    let mut lines = vec![Line::plain(format!(
        "{url}: {devices} devices, {interfaces} interfaces, {ports} of them ports that people cable"
    ))];
    if let Some(other) = &report.not_a_port {
        lines.push(Line::of(Tone::Faint, format!("not a port by its name: {other}")));
    }
    lines.push(age(report));
    lines.push(Line::plain(match report.links {
        0 => {
            "no cabling: busy ports of one device and speed are assumed to share traffic".to_owned()
        }
        links => format!("{links} links in the cabling"),
    }));
    lines.push(Line::empty());
    let share = |found: usize| match found {
        found if found == report.ports && found > 0 => (Tone::Good, "all".to_owned()),
        0 => (Tone::Bad, "none".to_owned()),
        found => (Tone::Care, format!("{found} of {}", report.ports)),
    };
    let mut table = Table::new(&["TOLD", "ON PORTS"]);
    for FieldReport { field, ports } in &report.fields {
        table.toned([(Tone::Plain, (*field).to_owned()), share(*ports)]);
    }
    lines.extend(table.lines());
    lines.push(Line::empty());
    let mut table = Table::new(&["CAN BE FOUND", "ON PORTS", "TAKES"]);
    for WatchableReport { scenario_type, ports, takes } in &report.watchable {
        let plain = |text: &str| (Tone::Plain, text.to_owned());
        table.toned([plain(scenario_type), share(*ports), plain(takes)]);
    }
    lines.extend(table.lines());
    if !report.left_out.is_empty() {
        lines.push(Line::empty());
    }
    for NoteReport { what, count, example } in &report.left_out {
        lines.push(Line::of(Tone::Care, format!("{what} ({count}), such as {example}")));
    }
    lines
}

fn age(report: &Report) -> Line {
    let every = report
        .interval_s
        .map_or_else(|| "one reading each".to_owned(), |s| format!("a reading every {s:.0} s"));
    #[expect(clippy::cast_possible_truncation, reason = "an age in ms")]
    let age = report.newest_age_s.map_or_else(String::new, |s| when::length((s * 1000.0) as i64));
    match report.stopped {
        true => Line::of(Tone::Bad, format!("{every}; it stopped {age} ago")),
        false => Line::plain(format!("{every}; the newest is {age} old")),
    }
}
