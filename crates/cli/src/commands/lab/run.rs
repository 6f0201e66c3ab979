//! `npo lab run`: runs an experiment and keeps what comes of it in a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use npo_lab::experiment::{Experiment, Setting};
use npo_lab::folder::Folder;
use npo_lab::recovery;
use npo_lab::results::Summary;
use npo_lab::runner::{Ending, Progress, episodes_left, run_all};
use npo_lab::shipped;
use npo_lab::summary::summary;

use crate::exit::{Answer, Failure};
use crate::options::{Options, shown};
use crate::output::say;
use crate::progress::bar;
use crate::text::count;
use crate::text::table::Table;

/// How the bar over episodes looks.
const EPISODES: &str = "{prefix} {wide_bar} {human_pos}/{human_len} episodes {per_sec} {eta}";
/// Seeds asked for on the command line at most; the experiment has the same limit.
const SEEDS_MAX: u64 = 1_000_000;

#[derive(Debug, Args)]
#[command(after_help = experiments())]
pub(crate) struct Run {
    /// A file, or the name of one that comes with npo, such as quick
    #[arg(value_name = "FILE|NAME")]
    pub(super) experiment: String,
    /// Keep the results in this folder [default: lab-results/NAME]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Run so many seeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=SEEDS_MAX))]
    pub(super) seeds: Option<u64>,
    /// Run on so many threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Set a key of the experiment, such as worlds.A_paper.override_cost=9
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    pub(super) set: Vec<Setting>,
}

/// What there is to run without a file, for the help.
fn experiments() -> String {
    let all = shipped::EXPERIMENTS.iter().chain(&shipped::OTHERS);
    let names: Vec<&str> = all.map(|(name, _)| *name).collect();
    format!(
        "Experiments that come with npo:\n  {}\nA folder's experiment.toml can be copied, changed and run as well.",
        names.join(", ")
    )
}

/// `KEY=VALUE`.
fn setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.trim().is_empty())
        .ok_or_else(|| format!("found `{text}`, expected KEY=VALUE"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

impl Run {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let (text, beside) = self.text()?;
        if recovery::Settings::is_meant(&text) {
            return super::recovery::run(&self, &text, options);
        }
        let experiment = self.read(&text, &beside)?;
        let path =
            self.out.clone().unwrap_or_else(|| Path::new("lab-results").join(&experiment.name));
        let mut folder = Folder::open(&path, &experiment)
            .map_err(|error| Failure::could_not("could not use the folder of results", error))?;
        if folder.set_aside() > 0 {
            let dir = shown(&path);
            say(&format!(
                "{} in {dir} are not of this experiment as it is now, and are kept in {dir}/{}; to compare before and after, run one of the two with `--out` another folder",
                count(folder.set_aside() as u64, "finished run"),
                npo_lab::folder::SET_ASIDE,
            ));
        }
        let ending = self.run_into(&mut folder, &experiment)?;
        folder
            .finish()
            .map_err(|error| Failure::could_not("could not write the results", error))?;
        print(&folder, options)?;
        let dir = shown(&path);
        if ending == Ending::Stopped {
            say(&format!(
                "stopped; the same command goes on where it was, results so far in {dir}"
            ));
            return Ok(Answer::No);
        }
        say(&format!("results in {dir}; `npo lab report {dir}` makes a page of them"));
        Ok(Answer::Yes)
    }

    /// The text of the experiment, shipped or in a file, and the folder in which it includes others.
    fn text(&self) -> Result<(String, PathBuf), Failure> {
        let name = &self.experiment;
        let path = Path::new(name);
        // A file wins over a shipped name only when it is written as one.
        let written_as_file = path.components().count() > 1 || path.extension().is_some();
        match shipped::experiment(name).filter(|_| !written_as_file) {
            Some(text) => Ok((text.to_owned(), PathBuf::from("."))),
            None => {
                let text = shipped::read(path).map_err(|error| {
                    let all = shipped::EXPERIMENTS.iter().chain(&shipped::OTHERS);
                    let names: Vec<&str> = all.map(|(name, _)| *name).collect();
                    let what = format!(
                        "could not read `{name}`; experiments that come with npo are {}",
                        names.join(", ")
                    );
                    Failure::could_not(what, error)
                })?;
                Ok((text, path.parent().unwrap_or(Path::new(".")).to_owned()))
            }
        }
    }

    /// The experiment, with the settings of the command line.
    fn read(&self, text: &str, folder: &Path) -> Result<Experiment, Failure> {
        let name = &self.experiment;
        let mut settings = self.set.clone();
        settings.extend(self.seeds.map(|seeds| ("seeds.count".to_owned(), seeds.to_string())));
        Experiment::read(text, &settings, &|included| shipped::find(folder, included))
            .map_err(|error| Failure::could_not(format!("`{name}` is no experiment"), error))
    }

    fn run_into(&self, folder: &mut Folder, experiment: &Experiment) -> Result<Ending, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // A second one ends the process at once.
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
                .map_err(|error| Failure::could_not("could not listen for signals", error))?;
        }
        let done = folder.done();
        if !done.is_empty() {
            say(&format!("{} runs are done already", done.len()));
        }
        let threads = self.threads.map_or(experiment.threads, usize::from);
        let bar = bar("runs", episodes_left(experiment, &done), EPISODES);
        let mut unwritten = None;
        let ending = run_all(experiment, &done, threads, &stop, |progress| match progress {
            Progress::Episodes(count) => bar.inc(count),
            Progress::Done(record) => {
                if unwritten.is_none()
                    && let Err(error) = folder.add(*record)
                {
                    unwritten = Some(error);
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        bar.finish_and_clear();
        if let Some(error) = unwritten {
            return Err(Failure::could_not("could not keep a run", error));
        }
        ending.map_err(|error| Failure::could_not("a run went wrong", error))
    }
}

/// A line per world and method.
fn print(folder: &Folder, options: &Options) -> Result<(), Failure> {
    let summary = summary(folder.records());
    let mut out = options.out();
    if out.is_json() {
        let rows = summary.iter().flat_map(|((world, method), metrics)| {
            metrics.iter().map(move |(metric, estimate)| {
                serde_json::json!({
                    "world": world,
                    "method": method,
                    "metric": metric,
                    "mean": estimate.mean,
                    "half_width": estimate.half_width,
                    "interval": estimate.interval,
                    "seeds": estimate.n,
                    "runs": estimate.runs,
                })
            })
        });
        for row in rows {
            out.raw(&row.to_string())?;
        }
        return out.flush();
    }
    out.lines(&table(&summary).lines())?;
    out.flush()
}

/// Columns of numbers: heading, metric, digits.
const COLUMNS: [(&str, &str, usize); 10] = [
    (">REGRET", "regret", 1),
    (">LOSS", "loss", 3),
    (">LATENT", "latent", 3),
    (">F", "fidelity", 3),
    (">RETRAINS", "retrains", 1),
    (">OVERRIDE", "override_rate", 3),
    (">COVERAGE", "coverage", 3),
    (">AUTOMATIC", "certified_share", 3),
    (">ABOVE", "certified_above", 3),
    (">FIRST", "first_certificate", 0),
];

/// A row per world and method; columns that no run has a number for are left out.
fn table(summary: &BTreeMap<(String, String), BTreeMap<String, Summary>>) -> Table {
    let [a, b, c, d, e, f, g, h, i, j] = COLUMNS.map(|(heading, _, _)| heading);
    let headings = ["WORLD", "METHOD", ">SEEDS", a, b, c, d, e, f, g, h, i, j];
    let mut table =
        Table::new(&headings).sparing(&["RETRAINS", "F", "LATENT", "OVERRIDE", "FIRST"]);
    for ((world, method), metrics) in summary {
        let seeds = metrics.values().next().map_or(0, |estimate| estimate.runs);
        let cell = |name: &str, digits: usize| match metrics.get(name) {
            Some(estimate) => {
                let part = estimate.part().map_or(String::new(), |part| format!(" ({part})"));
                format!("{}{part}", told(*estimate, digits))
            }
            None => "–".to_owned(),
        };
        let [a, b, c, d, e, f, g, h, i, j] =
            COLUMNS.map(|(_, metric, digits)| cell(metric, digits));
        let (world, method) = (world.clone(), method.clone());
        table.row([world, method, seeds.to_string(), a, b, c, d, e, f, g, h, i, j]);
    }
    let nowhere = |metric: &str| summary.values().all(|metrics| !metrics.contains_key(metric));
    let empty = COLUMNS.iter().filter(|(_, metric, _)| nowhere(metric));
    empty.fold(table, |table, (heading, _, _)| table.without(heading.trim_start_matches('>')))
}

/// A mean with half its interval.
pub(super) fn told(Summary { mean, half_width, interval, .. }: Summary, digits: usize) -> String {
    match (half_width, interval) {
        // Limits of a share, which lie unevenly around it.
        (None, Some((low, high))) => format!("{mean:.digits$} [{low:.digits$}, {high:.digits$}]"),
        (Some(half), _) => format!("{mean:.digits$} ±{half:.digits$}"),
        (None, None) => format!("{mean:.digits$}"),
    }
}

#[cfg(test)]
mod tests {
    use npo_lab::record::RunRecord;

    use super::*;

    fn text(metrics: &[(&str, f64)]) -> String {
        let run = |seed| RunRecord {
            world: "w".to_owned(),
            method: "m".to_owned(),
            seed,
            metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            curves: [].into(),
            checkpoints: vec![10],
        };
        let runs: Vec<RunRecord> = (1..=2).map(run).collect();
        let lines = table(&summary(runs.iter())).lines();
        lines.iter().map(|line| format!("{}\n", line.text().trim_end())).collect()
    }

    #[test]
    fn columns_are_those_that_some_run_has_a_number_for() {
        let found = text(&[("loss", 0.25), ("coverage", 0.5)]);
        let words: Vec<&str> = found.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(words, ["WORLD", "METHOD", "SEEDS", "LOSS", "COVERAGE"]);
        let found = text(&[
            ("certified_share", 0.4),
            ("certified_above", 0.0),
            ("first_certificate", 813.0),
        ]);
        let words: Vec<&str> = found.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(words, ["WORLD", "METHOD", "SEEDS", "AUTOMATIC", "ABOVE", "FIRST"]);
        assert!(found.contains("0.000 [0.000, 0.658]") && found.contains("813 ±0"), "{found}");
    }
}
