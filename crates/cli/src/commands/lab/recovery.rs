//! `npo lab run recovery` and its report: time to recovery on a simulated fabric.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use npo_lab::recovery::{self, Method, RecoveryRecord, Row, Settings};
use npo_lab::results::{EXPERIMENT_FILE, RUNS_FILE};
use npo_lab::shipped;

use super::run::Run;
use crate::exit::{Answer, Failure};
use crate::options::{Options, shown};
use crate::output::say;
use crate::progress::bar;
use crate::text::table::Table;

/// How the bar over runs looks.
const RUNS: &str = "{prefix} {wide_bar} {human_pos}/{human_len} {eta}";

/// Runs the experiment of `text` and keeps what comes of it.
pub(super) fn run(asked: &Run, text: &str, options: &Options) -> Result<Answer, Failure> {
    let name = &asked.experiment;
    let no_experiment = |error| Failure::could_not(format!("`{name}` is no experiment"), error);
    let mut settings = Settings::read(text, &asked.set).map_err(no_experiment)?;
    if let Some(count) = asked.seeds {
        settings.seeds.count = count;
        settings.check().map_err(no_experiment)?;
    }
    let path = asked.out.clone().unwrap_or_else(|| Path::new("lab-results").join(&settings.name));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::could_not("could not listen for signals", error))?;
    }
    let threads = asked.threads.map_or(0, usize::from);
    let bar = bar("runs", settings.seeds.count * Method::ALL.len() as u64, RUNS);
    let records = recovery::run_all(&settings, threads, &stop, || bar.inc(1));
    bar.finish_and_clear();
    let records = records.map_err(|error| Failure::could_not("a run went wrong", error))?;
    if stop.load(Ordering::Relaxed) {
        say("stopped; runs of this kind begin anew, nothing was kept");
        return Ok(Answer::No);
    }
    keep(&path, &settings, &records)?;
    print(&recovery::rows(&records), &settings, options)?;
    let dir = shown(&path);
    say(&format!("results in {dir}; `npo lab report {dir}` makes a page of them"));
    Ok(Answer::Yes)
}

/// The page of a folder, if it is one of recovery.
pub(super) fn page(folder: &Path) -> Result<Option<String>, Failure> {
    let experiment = folder.join(EXPERIMENT_FILE);
    let Ok(text) = shipped::read(&experiment) else { return Ok(None) };
    if !Settings::is_meant(&text) {
        return Ok(None);
    }
    let settings = Settings::read(&text, &[]).map_err(|error| {
        Failure::could_not(format!("`{}` is no experiment", experiment.display()), error)
    })?;
    let runs = folder.join(RUNS_FILE);
    let unread = |error| Failure::could_not(format!("could not read `{}`", runs.display()), error);
    let text = fs::read_to_string(&runs).map_err(|error| unread(std::io::Error::other(error)))?;
    let mut records: Vec<RecoveryRecord> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let record = serde_json::from_str(line).map_err(|error| {
            unread(std::io::Error::other(format!(
                "line {}: {}",
                n + 1,
                npo_wording::plain(&error.to_string())
            )))
        })?;
        records.push(record);
    }
    Ok(Some(recovery::page(&settings, &records)))
}

fn keep(path: &Path, settings: &Settings, records: &[RecoveryRecord]) -> Result<(), Failure> {
    let unwritten =
        |error| Failure::could_not(format!("could not write into `{}`", path.display()), error);
    fs::create_dir_all(path).map_err(unwritten)?;
    let text = toml::to_string_pretty(settings).expect("numbers and words are TOML");
    fs::write(path.join(EXPERIMENT_FILE), text).map_err(unwritten)?;
    let lines: String = records
        .iter()
        .map(|record| serde_json::to_string(record).expect("numbers and words are JSON") + "\n")
        .collect();
    fs::write(path.join(RUNS_FILE), lines).map_err(unwritten)
}

/// A line per method, and what was assumed.
fn print(rows: &[Row], settings: &Settings, options: &Options) -> Result<(), Failure> {
    let mut out = options.out();
    if out.is_json() {
        for row in rows {
            out.raw(&serde_json::to_string(row).expect("numbers and words are JSON"))?;
        }
        return out.flush();
    }
    let mut table = Table::new(&[
        "METHOD",
        ">SEEDS",
        ">ALL: MEAN s",
        ">CURABLE: MEAN s",
        ">CURABLE: MEDIAN s",
        ">CURABLE: 90 % s",
        ">LOST ppm",
        ">ACTIONS/d",
        ">NEEDLESS/d",
        ">WORSE/d",
        ">ASKED/d",
    ])
    .sparing(&["SEEDS", "CURABLE: 90 % s"]);
    for row in rows {
        let cell = |name: &str, digits: usize| {
            row.numbers.get(name).map_or_else(|| "–".to_owned(), |n| super::run::told(*n, digits))
        };
        table.row([
            row.method.clone(),
            row.seeds.to_string(),
            cell("mean_s", 0),
            cell("curable_mean_s", 0),
            cell("curable_median_s", 0),
            cell("curable_p90_s", 0),
            cell("lost_ppm", 0),
            cell("actions_per_day", 1),
            cell("needless_per_day", 1),
            cell("worsened_per_day", 2),
            cell("asked_per_day", 1),
        ]);
    }
    out.lines(&table.lines())?;
    out.flush()?;
    recovery::lines(settings).iter().for_each(|line| say(line));
    Ok(())
}
