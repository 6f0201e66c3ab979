//! `npo lab replay`: what another threshold, override cost, profile or policy would have done with
//! the decisions of a log.
//!
//! The log is only read, and a server may go on writing it. What the answer says stands in
//! `docs/lab-replay.md`; how it is worked out, in the laboratory's `counterfactual`.

mod show;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use indicatif::ProgressBar;
use npo_core::{Millis, Profile};
use npo_lab::counterfactual::{
    Question, ReplayError, Report, ScanError, Target, replay, replay_export,
};
use npo_log::LogReader;
use npo_log_sqlite::{OpenError, SqliteReader};
use npo_policy::{CheckError, ChildError, EVALUATION_STACK_BYTES, Limits, Spe};
use npo_server::config::profile_from_file;

use super::super::policy_child;
use crate::exit::{Answer, Failure, chain};
use crate::options::Options;
use crate::progress;
use crate::text::when;

/// Events between two moves of the progress bar.
const EVENTS_PER_TICK: u64 = 1024;
/// How files of SQLite begin.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Ask a log what another threshold, profile or policy would have done.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("target").required(true),
    after_help = "Exits 1 if it cannot be told from this log.
Rates are over likes and overrides; utility counts a like 1, an override minus its cost, others 0."
)]
pub(crate) struct Replay {
    /// Data directory of a server, or an exported log
    log: PathBuf,
    /// Surface from this threshold on
    #[arg(long, value_name = "SCORE", group = "target", value_parser = score)]
    threshold: Option<f64>,
    /// Surface where it pays if an override costs this many likes
    #[arg(long, value_name = "LIKES", group = "target", value_parser = cost)]
    override_cost: Option<f64>,
    /// Decide and learn under this profile: `calibrated`, `paper`, or a TOML file
    #[arg(long, value_name = "FILE|NAME", group = "target")]
    profile: Option<String>,
    /// Judge by the policy bundle in this directory
    #[arg(long, value_name = "DIR", group = "target")]
    policy: Option<PathBuf>,
    /// Only decisions made at this time or later, as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Millis>,
    /// Only decisions made before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Millis>,
    /// Only decisions of this scenario type
    #[arg(long, value_name = "NAME")]
    scenario_type: Option<String>,
    /// Confidence of the intervals, from 0.5 to 0.999
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = confidence)]
    confidence: f64,
    /// Resamples of the bootstrap, from 100 to 10000
    #[arg(long, value_name = "NUMBER", default_value = "1000",
          value_parser = clap::value_parser!(u32).range(100..=10_000))]
    resamples: u32,
    /// Seed of everything that is drawn
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
}

fn score(text: &str) -> Result<f64, String> {
    between(text, 0.0, 1.0)
}

fn cost(text: &str) -> Result<f64, String> {
    between(text, 0.01, 1000.0)
}

fn confidence(text: &str) -> Result<f64, String> {
    between(text, 0.5, 0.999)
}

fn between(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("found `{text}`, expected a number from {low} to {high}"))
}

fn time(text: &str) -> Result<Millis, String> {
    let expected = || format!("found `{text}`, expected a time such as 2026-01-31T12:00:00Z");
    when::millis(text).map(Millis).ok_or_else(expected)
}

impl Replay {
    pub(crate) fn run(self, options: &Options) -> Result<Answer, Failure> {
        let spe = self.policy.as_deref().map(bundle).transpose()?;
        let question = self.question(spe.as_ref())?;
        question.validate().map_err(|error| Failure::cannot(error.to_string()))?;
        let mut source = Source::open(&self.log)?;
        let bar = progress::bar("asking", source.total(), source.template());
        let report = on_large_stack(|| source.ask(question, &bar))?;
        bar.finish_and_clear();
        let report = report.map_err(failure)?;
        let answer = if report.told() { Answer::Yes } else { Answer::No };
        let mut out = options.out();
        out.value(&report, show::lines)?;
        out.flush()?;
        Ok(answer)
    }

    fn question<'a>(&self, spe: Option<&'a Spe>) -> Result<Question<'a>, Failure> {
        let target = match (self.threshold, self.override_cost, &self.profile, spe) {
            (Some(theta), ..) => Target::Threshold(theta),
            (_, Some(cost), ..) => Target::OverrideCost(cost),
            (_, _, Some(name), _) => Target::Profile(Box::new(profile(name)?)),
            (.., Some(spe)) => Target::Policy(spe),
            // The group is required.
            (None, None, None, None) => return Err(Failure::cannot("nothing is asked")),
        };
        Ok(Question {
            target,
            since: self.since,
            until: self.until,
            scenario_type: self.scenario_type.clone(),
            confidence: self.confidence,
            resamples: self.resamples,
            seed: self.seed,
        })
    }
}

/// A built-in profile, or one from a file as `npo serve --profile` takes it.
fn profile(name: &str) -> Result<Profile, Failure> {
    if let Some(profile) = Profile::named(name) {
        return Ok(profile);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(Failure::cannot(format!(
            "found the profile `{name}`, expected `calibrated`, `paper` or a file"
        )));
    }
    profile_from_file(path).map_err(|error| Failure::cannot(chain(&error)))
}

/// Checks a bundle in a child process, as a server would, and loads it.
fn bundle(directory: &Path) -> Result<Spe, Failure> {
    let limits = Limits::default();
    let shown = directory.display();
    let report = npo_policy::check(directory, policy_child::command()?, &limits).map_err(
        |error| match error {
            CheckError::Io { .. } | CheckError::Child(ChildError::Start(_)) => {
                Failure::could_not(format!("could not check `{shown}`"), error)
            }
            error => Failure::Refused(format!("`{shown}` is refused: {}", chain(&error))),
        },
    )?;
    let failed = || {
        Failure::Refused(format!("`{shown}` is refused: its own cases fail, see `npo policy test`"))
    };
    let validated = report.validated().ok_or_else(failed)?;
    Spe::load(&validated, &limits)
        .map_err(|error| Failure::could_not(format!("could not load `{shown}`"), error))
}

/// Where the events are.
enum Source {
    Log(SqliteReader, u64),
    Export(File, u64),
}

impl Source {
    /// A data directory, its `log.db`, or an export.
    fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable =
            |error| Failure::could_not(format!("could not read `{}`", path.display()), error);
        let file = if path.is_dir() { path.join("log.db") } else { path.to_owned() };
        if path.is_dir() && !file.exists() {
            return Err(Failure::cannot(format!(
                "`{}` is no data directory of npo: it has no log.db",
                path.display()
            )));
        }
        if path.is_dir() || begins_as_sqlite(&file).map_err(unreadable)? {
            let options = npo_log_sqlite::Options::default();
            let mut reader = SqliteReader::open(&file, &options).map_err(|error| match error {
                OpenError::Corrupt { .. } => Failure::Refused(chain(&error)),
                error => Failure::could_not(format!("could not open `{}`", file.display()), error),
            })?;
            let head = reader
                .head()
                .map_err(|error| Failure::could_not("could not read the log", error))?;
            return Ok(Self::Log(reader, head.position));
        }
        let export = File::open(&file).map_err(unreadable)?;
        let bytes = export.metadata().map_err(unreadable)?.len();
        Ok(Self::Export(export, bytes))
    }

    fn total(&self) -> u64 {
        match self {
            Self::Log(_, total) | Self::Export(_, total) => *total,
        }
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Log(..) => progress::EVENTS,
            Self::Export(..) => progress::BYTES,
        }
    }

    fn ask(&mut self, question: Question<'_>, bar: &ProgressBar) -> Result<Report, ReplayError> {
        match self {
            Self::Log(reader, _) => replay(reader, question, &mut |position| {
                if position.is_multiple_of(EVENTS_PER_TICK) {
                    bar.set_position(position);
                }
            }),
            Self::Export(file, _) => {
                let mut text = BufReader::with_capacity(1 << 20, bar.wrap_read(file));
                replay_export(&mut text, question, &mut |_| ())
            }
        }
    }
}

fn begins_as_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut head)?;
    Ok(head == SQLITE)
}

/// Policies are judged on the asking thread, and their depth needs room.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("npo-replay".into())
            .stack_size(EVALUATION_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| Failure::could_not("could not start a thread", error))?
            .join()
            .map_err(|_| Failure::cannot("the replay panicked"))
    })
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::Question(_) | ReplayError::Scan(ScanError::UnknownType { .. }) => {
            Failure::Refused(chain(&error))
        }
        error => Failure::could_not("the log cannot be asked", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_read_or_named() {
        assert_eq!(score("0.9"), Ok(0.9));
        for wrong in ["NaN", "1.1", "-0.1", "x", "inf", ""] {
            let error = score(wrong).expect_err("refused");
            assert_eq!(error, format!("found `{wrong}`, expected a number from 0 to 1"));
        }
        assert!(cost("9").is_ok() && cost("0").is_err() && cost("NaN").is_err());
        assert_eq!(time("1970-01-01T00:00:01Z"), Ok(Millis(1000)));
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn a_folder_without_a_log_is_no_data_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        let Err(failure) = Source::open(directory.path()) else { panic!("there is no log") };
        let shown = directory.path().display();
        let expected = format!("`{shown}` is no data directory of npo: it has no log.db");
        assert_eq!(failure.to_string(), expected);
    }

    #[test]
    fn profiles_are_named_or_files() {
        assert_eq!(profile("paper").expect("built in").name, "paper");
        let missing = profile("nope").expect_err("refused").to_string();
        assert!(missing.contains("expected `calibrated`, `paper` or a file"), "{missing}");
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("p.toml");
        let text = toml::to_string(&Profile::calibrated()).expect("profiles are TOML");
        std::fs::write(&path, text).expect("writes");
        let found = profile(path.to_str().expect("UTF-8")).expect("reads");
        assert_eq!(found, Profile::calibrated());
        let strict = "base = \"paper\"\nname = \"strict\"\n[selector.fixed]\ntheta = 0.8\n";
        std::fs::write(&path, strict).expect("writes");
        let found = profile(path.to_str().expect("UTF-8")).expect("reads");
        assert_eq!((found.name.as_str(), found.watch), ("strict", None));
        std::fs::write(&path, "certifcate = 1").expect("writes");
        let wrong = profile(path.to_str().expect("UTF-8")).expect_err("refused").to_string();
        assert!(wrong.contains("did you mean `certificate`?"), "{wrong}");
    }
}
