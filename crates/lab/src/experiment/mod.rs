//! An experiment: worlds, methods and seeds, as one TOML file.
//!
//! Reading goes text → one table without inheritance ([`resolve`]) → types with every number in its
//! range. Where a file comes from is left to callers.

mod error;
mod method;
mod resolve;
mod world;

use std::collections::BTreeMap;

use npo_core::Profile;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub use error::ExperimentError;
use error::wrong_at;
pub use method::Method;
pub(crate) use resolve::set;
pub use resolve::{Find, Setting, TEXT_MAX};
pub(crate) use world::share_of;
pub use world::{Attack, GoldAction, Reading, Turn, WorldSettings};

/// Longest name of an experiment, world or method, in bytes.
pub const NAME_MAX: usize = 64;
/// Worlds or methods in one experiment at most.
const PARTS_MAX: usize = 256;

/// Which seeds to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// How many.
    pub count: u64,
    /// The first; the others follow one by one.
    #[serde(default = "one")]
    pub first: u64,
}

fn one() -> u64 {
    1
}

/// Two methods to set against each other in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The method in question.
    pub method: String,
    /// What it is compared with.
    pub against: String,
}

/// A whole experiment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// Name, also of its folder.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Which seeds to run.
    pub seeds: Seeds,
    /// Episodes at the end that "final" numbers are about.
    pub tail: u64,
    /// Points of each curve.
    pub checkpoints: u64,
    /// Threads; 0 for as many as there are.
    pub threads: usize,
    /// The method that others are compared with.
    pub baseline: Option<String>,
    /// Further comparisons.
    pub comparisons: Vec<Comparison>,
    /// The worlds.
    pub worlds: BTreeMap<String, WorldSettings>,
    /// The methods.
    pub methods: BTreeMap<String, Method>,
}

/// An experiment as it stands in a file, but for worlds and methods.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    about: String,
    seeds: Seeds,
    tail: Option<u64>,
    #[serde(default = "twenty")]
    checkpoints: u64,
    #[serde(default)]
    threads: usize,
    baseline: Option<String>,
    #[serde(default)]
    comparisons: Vec<Comparison>,
    worlds: BTreeMap<String, Value>,
    methods: BTreeMap<String, Table>,
}

/// Episodes that "final" numbers are about where the file does not say; less where runs are shorter.
const TAIL_USUAL: u64 = 100;

fn twenty() -> u64 {
    20
}

impl Experiment {
    /// Reads an experiment; `settings` go over what the file says, `find` gives included files.
    ///
    /// # Errors
    /// Says where the file is wrong, what was found and what was expected.
    pub fn read(text: &str, settings: &[Setting], find: Find<'_>) -> Result<Self, ExperimentError> {
        let read = || {
            let table = resolve::resolve(text, settings, find)?;
            Self::from_table(table)
        };
        read().map_err(|mut error| {
            let set_outside = settings.iter().any(|(path, _)| *path == error.path);
            if error.line_column.is_none() && !error.path.is_empty() && !set_outside {
                error.line_column = npo_wording::locate(text, &error.path);
            }
            error
        })
    }

    fn from_table(table: Table) -> Result<Self, ExperimentError> {
        let written: Written = method::typed(Value::Table(table))?;
        let mut worlds = BTreeMap::new();
        for (name, table) in written.worlds {
            let under = |error: ExperimentError| error.under(&format!("worlds.{name}"));
            check_name(&name).map_err(under)?;
            let settings: WorldSettings = method::typed(table).map_err(under)?;
            let wrong = settings.out_of_range().or_else(|| settings.contradiction());
            if let Some((key, message)) = wrong {
                return Err(under(wrong_at(&[key], message)));
            }
            worlds.insert(name, settings);
        }
        let mut methods = BTreeMap::new();
        for (name, table) in written.methods {
            let under = |error: ExperimentError| error.under(&format!("methods.{name}"));
            check_name(&name).map_err(under)?;
            methods.insert(name.clone(), Method::from_table(table).map_err(under)?);
        }
        let Written { name, about, seeds, tail, checkpoints, threads, .. } = written;
        let (baseline, comparisons) = (written.baseline, written.comparisons);
        let shortest = worlds.values().map(|world: &WorldSettings| world.horizon).min();
        let tail = tail.unwrap_or_else(|| shortest.unwrap_or(TAIL_USUAL).min(TAIL_USUAL));
        let experiment = Self {
            name,
            about,
            seeds,
            tail,
            checkpoints,
            threads,
            baseline,
            comparisons,
            worlds,
            methods,
        };
        experiment.check()?;
        Ok(experiment)
    }

    fn check(&self) -> Result<(), ExperimentError> {
        let range = |path: &[&str], found: u64, low: u64, high: u64| {
            if (low..=high).contains(&found) {
                return Ok(());
            }
            let message = format!("found {found}, expected a number from {low} to {high}");
            Err(wrong_at(path, message))
        };
        check_name(&self.name).map_err(|error| error.under("name"))?;
        range(&["seeds", "count"], self.seeds.count, 1, 1_000_000)?;
        range(&["seeds", "first"], self.seeds.first, 0, u64::from(u32::MAX))?;
        range(&["tail"], self.tail, 1, 100_000_000)?;
        if let Some((name, world)) = self.worlds.iter().min_by_key(|(_, world)| world.horizon)
            && self.tail > world.horizon
        {
            let message = format!(
                "found {}, expected at most the {} episodes of `worlds.{name}.horizon`",
                self.tail, world.horizon
            );
            return Err(wrong_at(&["tail"], message));
        }
        range(&["checkpoints"], self.checkpoints, 1, 1000)?;
        range(&["threads"], self.threads as u64, 0, 1024)?;
        for (section, count) in [("worlds", self.worlds.len()), ("methods", self.methods.len())] {
            if !(1..=PARTS_MAX).contains(&count) {
                let message = format!("found {count} of them, expected 1 to {PARTS_MAX}");
                return Err(wrong_at(&[section], message));
            }
        }
        let named = self.baseline.iter().map(|method| ("baseline", method)).chain(
            self.comparisons
                .iter()
                .flat_map(|pair| [("comparisons", &pair.method), ("comparisons", &pair.against)]),
        );
        for (key, method) in named {
            if !self.methods.contains_key(method) {
                let known: Vec<&str> = self.methods.keys().map(String::as_str).collect();
                let hint = npo_wording::nearest(method, &known)
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let message = format!("no method is called `{method}`{hint}");
                return Err(wrong_at(&[key], message));
            }
        }
        Ok(())
    }

    /// The experiment with nothing left to resolve, as a file that reads the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut table = Table::try_from(self).expect("an experiment is made of TOML values");
        // A method's profile is whole, so that its base adds nothing but what it takes away: `false`.
        let base =
            Table::try_from(Profile::calibrated()).expect("a profile is made of TOML values");
        if let Some(Value::Table(methods)) = table.get_mut("methods") {
            for method in methods.iter_mut().filter_map(|(_, method)| method.as_table_mut()) {
                method.insert("base".to_owned(), Value::String("calibrated".to_owned()));
                if let Some(Value::Table(profile)) = method.get_mut("profile") {
                    for key in base.keys() {
                        profile.entry(key.as_str()).or_insert(Value::Boolean(false));
                    }
                }
            }
        }
        toml::to_string(&table).expect("a table is TOML")
    }

    /// The seeds, ascending.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        let Seeds { count, first } = self.seeds;
        (0..count).map(move |i| first + i)
    }
}

/// Names become keys of files and columns of tables.
fn check_name(name: &str) -> Result<(), ExperimentError> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+');
    let inner = name.chars().all(plain);
    if inner && (1..=NAME_MAX).contains(&name.len()) {
        return Ok(());
    }
    let shown: String = name.chars().take(NAME_MAX).collect();
    let message = format!(
        "found the name `{}`, expected 1 to {NAME_MAX} letters, digits, `_`, `-` or `+`",
        shown.escape_debug()
    );
    Err(wrong_at(&[], message))
}
