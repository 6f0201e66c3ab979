//! `npo network what-if`: what a change would do to a network, in words.

mod best;
mod report;
mod traffic;

use std::path::PathBuf;

use clap::Args;
use npo_network::picture::{Theme, neighbourhood, svg};
use npo_network::traffic::forecast::forecast;
use npo_network::what_if::{Baseline, Change, LIMIT_DEFAULT, Scratch, develop, summary};

use self::report::{Ahead, Report, ranked};
use self::traffic::Case;
use super::source::Source;
use crate::exit::{Answer, Failure};
use crate::options::Options;

/// Longest look ahead; beyond two days a forecast of this kind says little.
const HOURS_MAX: u32 = 48;
/// Time between two looks ahead, ms.
const LOOK_EVERY_MS: i64 = 900_000;

/// Say what a change would do to a network
///
/// Links are named as in the file, or `A--B` for all links between two nodes, `A--B#2` for one of
/// several, `A->B` for one direction. Several changes are made at once.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("asked").required(true).multiple(true))]
pub(crate) struct WhatIf {
    #[command(flatten)]
    source: Source,
    /// Take the step of the traffic with the highest total, not the last
    #[arg(long, requires = "traffic")]
    peak: bool,
    /// Remove a link, all links between two nodes, or a node
    #[arg(long, value_name = "A--B", group = "asked")]
    remove: Vec<String>,
    /// Let no traffic pass through a node; its own goes on
    #[arg(long, value_name = "NODE", group = "asked")]
    drain: Vec<String>,
    /// Set a routing weight
    #[arg(long, value_name = "A--B=N", group = "asked", value_parser = named::<u32>)]
    weight: Vec<(String, u32)>,
    /// Move a share of what a link carries to the other equal-cost next hops
    #[arg(long, value_name = "A--B=0.5", group = "asked", value_parser = named::<f64>)]
    shift: Vec<(String, f64)>,
    /// Rank all failures of a single link, the worst first
    #[arg(long, group = "asked")]
    sweep: bool,
    /// Say how idle the fullest direction could be, if all traffic went the best ways
    #[arg(long, group = "asked")]
    optimum: bool,
    /// Ways that each demand may take in the optimum, the shortest first
    #[arg(long, value_name = "N", default_value_t = best::WAYS_DEFAULT, requires = "optimum", value_parser = best::ways)]
    ways: usize,
    /// Show so many failures of a sweep
    #[arg(long, value_name = "N", default_value_t = 10, requires = "sweep")]
    worst: usize,
    /// Utilisation that should not be passed
    #[arg(long, default_value_t = LIMIT_DEFAULT, value_parser = limit)]
    limit: f64,
    /// Follow the change over the coming hours under forecast traffic
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=i64::from(HOURS_MAX)))]
    forecast: Option<u32>,
    /// Draw what the change touches, now and after, to a file
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
}

impl WhatIf {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let case = Case::new(self.source.read()?, self.source.traffic.as_deref(), self.peak)?;
        let changes = self.changes(&case)?;
        let baseline = Baseline::new(case.topology.clone(), case.matrix.clone())
            .map_err(|error| Failure::could_not("the network is too large", error))?;
        if changes.is_empty() && self.svg.is_some() {
            return Err(Failure::cannot("`--svg` draws a change; there is none"));
        }
        let mut scratch = Scratch::new(&baseline);
        let (summary, drawn) = if changes.is_empty() {
            (None, None)
        } else {
            let overlay = Change::overlay(baseline.topology(), &changes).map_err(refused)?;
            let effect = scratch.apply(&baseline, &overlay);
            let drawn = self.svg.is_some().then(|| neighbourhood(&effect, self.limit));
            (Some(summary(effect, &changes, self.limit)), drawn)
        };
        let reliefs = best::reliefs(&baseline, &changes);
        let optimum = if self.optimum { Some(best::optimum(&baseline, self.ways)?) } else { None };
        let development = match self.forecast {
            Some(hours) if !changes.is_empty() => Some(self.develop(&case, &changes, hours)?),
            Some(_) => return Err(Failure::cannot("`--forecast` follows a change; there is none")),
            None => None,
        };
        let sweep = self.sweep.then(|| ranked(&baseline, self.limit, self.worst));
        let report = Report {
            network: baseline.topology().name(),
            traffic: &case.words,
            summary,
            reliefs,
            optimum,
            development,
            sweep,
        };
        if let (Some(path), Some(drawn), Some(summary)) = (&self.svg, &drawn, &report.summary) {
            let title = title(&summary.changes);
            std::fs::write(path, svg(drawn, &title, Theme::Auto)).map_err(|error| {
                Failure::could_not(format!("{} was not written", path.display()), error)
            })?;
        }
        let mut out = options.out();
        out.value(&report, Report::lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }

    fn changes(&self, case: &Case) -> Result<Vec<Change>, Failure> {
        let topology = &case.topology;
        let mut changes = Vec::new();
        for name in &self.remove {
            changes.extend(Change::remove(topology, name).map_err(refused)?);
        }
        for name in &self.drain {
            changes.push(Change::drain(topology, name).map_err(refused)?);
        }
        for (name, weight) in &self.weight {
            changes.extend(Change::weight(topology, name, *weight).map_err(refused)?);
        }
        for (name, share) in &self.shift {
            changes.extend(Change::shift(topology, name, *share).map_err(refused)?);
        }
        Ok(changes)
    }

    fn develop(&self, case: &Case, changes: &[Change], hours: u32) -> Result<Ahead, Failure> {
        let Some((series, now)) = case.series() else {
            let why = "`--forecast` needs traffic over time; give it with `--traffic`";
            return Err(Failure::cannot(why));
        };
        let end_ms = i64::from(hours) * 3_600_000;
        let ahead: Vec<i64> = (1..=end_ms / LOOK_EVERY_MS).map(|n| n * LOOK_EVERY_MS).collect();
        let found = forecast(series, now, &ahead)
            .map_err(|error| Failure::could_not("the coming hours cannot be told", error))?;
        let matrices = ahead.into_iter().zip(case.matrices(&found.rows)?);
        let development = develop(&case.topology, changes, self.limit, matrices);
        let method = report::method_words(found.method);
        Ok(Ahead { method, development: development.map_err(refused)? })
    }
}

/// What is done, for a picture's title: a line, not a list.
fn title(changes: &[String]) -> String {
    match changes {
        [] => String::new(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    }
}

/// What stands for nothing or cannot be done was asked, and the answer is no.
fn refused(error: npo_network::what_if::Error) -> Failure {
    Failure::Refused(error.to_string())
}

/// `NAME=VALUE`; the last `=` counts, because names may hold one.
fn named<T: std::str::FromStr>(text: &str) -> Result<(String, T), String>
where
    T::Err: std::fmt::Display,
{
    let (name, value) =
        text.rsplit_once('=').ok_or_else(|| format!("`{text}` has no `=`, expected A--B=VALUE"))?;
    let value = value.trim().parse().map_err(|error| format!("`{value}`: {error}"))?;
    Ok((name.to_owned(), value))
}

fn limit(text: &str) -> Result<f64, String> {
    let found = text.parse::<f64>().ok().filter(|limit| *limit > 0.0 && *limit <= 10.0);
    found.ok_or_else(|| format!("`{text}`, expected a utilisation above 0, such as 0.8"))
}
