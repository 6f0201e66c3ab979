//! `npo network evaluate`: how well episodes of traffic imbalance can be predicted on a network's own traffic.
//!
//! Topology and matrices come from files in any of the formats; every step is routed, and the forecasts are measured on
//! the last part of the steps, which none of them has learned from.

mod page;

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use npo_network::Positive;
use npo_network::format::{
    Error, ImportOptions, ImportReport, Imported, ImportedTraffic, RateUnit, TrafficOptions, open,
    parse_rate,
};
use npo_network::imbalance::carried::middle_capacity;
use npo_network::imbalance::evaluate::Split;
use npo_network::imbalance::{Carried, Definition, Evaluation, Options as Asked, evaluate};
use npo_network::topology::Topology;
use npo_network::topology::weights::Weighting;
use serde::Serialize;

use crate::exit::{Answer, Failure, chain};
use crate::options::Options;
use crate::progress;

/// Say how well episodes of traffic imbalance can be predicted on a network's traffic.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// Topology: GraphML, SNDlib (native or XML), JSON
    #[arg(long, value_name = "FILE")]
    topology: PathBuf,
    /// Traffic matrices over time: CSV, or a folder of SNDlib XML files
    #[arg(long, value_name = "FILE|DIR")]
    traffic: PathBuf,
    /// Look so many steps ahead
    #[arg(long, value_name = "STEPS", default_value_t = 3, value_parser = horizon)]
    horizon: usize,
    /// Steps to measure against [default: a day of them, else 300]
    #[arg(long, value_name = "STEPS", value_parser = window)]
    window: Option<usize>,
    /// Shares of the steps to fit and to calibrate; the rest is the test
    #[arg(long, value_name = "FIT,CALIBRATE", default_value = "0.5,0.2")]
    split: Shares,
    /// Routing weights: as given, 1 per hop, or the largest capacity over each link's own
    #[arg(long, value_name = "given|unit|inverse-capacity", default_value = "inverse-capacity")]
    weights: Weighting,
    /// Capacity of links that state none, such as 10G [default: the median of those stated]
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    assume_capacity: Option<Positive>,
    /// Take capacities without a unit to be in this one [default: Mbit/s]
    #[arg(long, value_name = "UNIT")]
    unit: Option<RateUnit>,
    /// Take traffic without a unit to be in this one [default: that of --unit]
    #[arg(long, value_name = "UNIT")]
    traffic_unit: Option<RateUnit>,
    /// Let links that are stated for one direction carry traffic both ways
    #[arg(long)]
    both_ways: bool,
    /// Draw so many times for the intervals
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=20_000))]
    draws: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Shares of the steps, as in `0.5,0.2`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shares(Split);

impl FromStr for Shares {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}` is no split, expected two shares above 0 with a sum below 1, as `0.5,0.2`"
            )
        };
        let (train, calibration) = text.split_once(',').ok_or_else(expected)?;
        let share = |text: &str| text.trim().parse::<f64>().ok().filter(|share| *share > 0.0);
        let (train, calibration) = share(train).zip(share(calibration)).ok_or_else(expected)?;
        // A sum such as 0.7 + 0.3 may come out a little below 1.
        if train + calibration > 0.99 {
            return Err(expected());
        }
        Ok(Self(Split { train, calibration }))
    }
}

fn horizon(text: &str) -> Result<usize, String> {
    steps(text, 1, Definition::HORIZON_MAX)
}

fn window(text: &str) -> Result<usize, String> {
    steps(text, Definition::WINDOW_MIN, Definition::WINDOW_MAX)
}

fn steps(text: &str, min: usize, max: usize) -> Result<usize, String> {
    let steps = text.parse().ok().filter(|steps| (min..=max).contains(steps));
    steps.ok_or_else(|| format!("`{text}` is no number of steps from {min} to {max}"))
}

/// Everything that is printed.
#[derive(Debug, Serialize)]
struct Document {
    topology: ImportReport,
    traffic: ImportReport,
    weights: &'static str,
    /// Length of a step, s, where it is known.
    step_s: Option<f64>,
    /// What was assumed or cannot be used.
    assumed: Vec<String>,
    evaluation: Evaluation,
}

/// Window where nothing is known of the length of a step.
const WINDOW_STEPS: usize = 300;
const DAY_MS: i64 = 86_400_000;

impl Evaluate {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let mut assumed = Vec::new();
        let network = self.network(&mut assumed)?;
        let unit = self.traffic_unit.or(self.unit);
        let traffic = open::traffic(&self.traffic, &TrafficOptions { unit })
            .map_err(|error| unread("the traffic was not read", &error))?;
        let (rows, step_ms) = carry(&network.topology, &traffic, &mut assumed)?;
        let season = day_steps(step_ms, rows.len());
        if season.is_none() && self.window.is_none() {
            assumed.push(window_words(step_ms));
        }
        let window = self.window.or(season).unwrap_or(WINDOW_STEPS);
        let asked = Asked {
            definition: Definition { horizon: self.horizon, window },
            season,
            split: self.split.0,
            draws: self.draws as usize,
            seed: self.seed,
        };
        let evaluation = evaluate(&rows, &asked)
            .map_err(|untaught| Failure::Refused(format!("nothing to evaluate: {untaught}")))?;
        let document = Document {
            topology: network.report,
            traffic: traffic.report,
            weights: self.weights.name(),
            step_s: step_ms.map(|ms| ms as f64 / 1e3),
            assumed,
            evaluation,
        };
        let mut out = options.out();
        out.value(&document, page::lines)?;
        out.flush()?;
        Ok(Answer::Yes)
    }

    /// The network with every capacity and its routing weights.
    fn network(&self, assumed: &mut Vec<String>) -> Result<Imported, Failure> {
        let options = ImportOptions {
            unit: self.unit,
            assume_capacity: self.assume_capacity,
            weighting: Weighting::Given,
            both_ways: self.both_ways,
        };
        let mut network = open::topology(&self.topology, &options)
            .map_err(|error| unread("the network was not read", &error))?;
        let arcs = network.topology.arcs();
        let missing = arcs.iter().filter(|arc| arc.capacity_bps.is_none()).count();
        let middle = middle_capacity(&network.topology);
        if missing == arcs.len() {
            assumed.push("no capacity is stated: all links are taken to be equal".into());
        } else if missing > 0 {
            assumed.push(format!(
                "{missing} of {} directions state no capacity and are given the middle one, {}",
                arcs.len(),
                npo_network::format::rate_words(middle.get())
            ));
        }
        let weighted = network.topology.assuming_capacity(middle).weighted(self.weights);
        network.topology =
            weighted.map_err(|error| Failure::could_not("the network cannot be routed", error))?;
        Ok(network)
    }
}

/// Routes every step.
fn carry(
    topology: &Topology,
    traffic: &ImportedTraffic,
    assumed: &mut Vec<String>,
) -> Result<(Vec<Vec<f64>>, Option<i64>), Failure> {
    let series = traffic.series.resolve(topology);
    let series = series.map_err(|unknown| Failure::Refused(unknown.to_string()))?;
    let bar = progress::bar("routing", series.len() as u64, STEPS);
    let carried = Carried::route(topology, &series, &mut || bar.inc(1));
    bar.finish_and_clear();
    if carried.stranded > 0.0 {
        assumed.push(format!(
            "{:.2} % of the traffic finds no way and is left out",
            100.0 * carried.stranded
        ));
    }
    Ok((carried.rows, traffic.series.step_ms().filter(|ms| *ms > 0)))
}

const STEPS: &str = "{prefix} {wide_bar} {human_pos}/{human_len} steps {eta}";

/// Steps of a day, where a day is at least a window's worth of steps and the series has two of them.
fn day_steps(step_ms: Option<i64>, steps: usize) -> Option<usize> {
    let day = usize::try_from(DAY_MS / step_ms?).ok()?;
    ((Definition::WINDOW_MIN..=Definition::WINDOW_MAX).contains(&day) && 2 * day <= steps)
        .then_some(day)
}

fn window_words(step_ms: Option<i64>) -> String {
    let why = match step_ms {
        None => "the length of a step is unknown".to_owned(),
        Some(ms) => format!("steps of {} s make no window of a day here", ms as f64 / 1e3),
    };
    format!("{why}: the window is {WINDOW_STEPS} steps, and no season is used")
}

fn unread(what: &str, error: &Error) -> Failure {
    Failure::cannot(format!("{what}: {}", chain(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_leaves_something_to_test() {
        let check = |text: &str, expected: Option<(f64, f64)>| {
            let found = text.parse::<Shares>().ok().map(|s| (s.0.train, s.0.calibration));
            assert_eq!(found, expected, "{text}");
        };
        check("0.5,0.2", Some((0.5, 0.2)));
        check(" 0.6 , 0.1 ", Some((0.6, 0.1)));
        check("0.7,0.3", None);
        check("0,0.3", None);
        check("NaN,0.1", None);
        check("0.5", None);
        check("-0.5,0.2", None);
    }

    #[test]
    fn a_season_is_a_day_that_the_steps_can_show() {
        let check = |step_s: Option<i64>, steps: usize, expected: Option<usize>| {
            assert_eq!(day_steps(step_s.map(|s| s * 1000), steps), expected, "{step_s:?} {steps}");
        };
        check(Some(300), 4032, Some(288));
        check(Some(900), 100, None);
        check(Some(86_400), 28, None);
        check(Some(1), 172_800, Some(86_400));
        check(None, 10_000, None);
    }
}
