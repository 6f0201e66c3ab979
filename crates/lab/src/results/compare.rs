//! Comparisons: methods within a world against a baseline, and the same runs in two folders.

use std::collections::BTreeSet;

use serde::Serialize;

use super::about::join;
use super::stats::{self, Paired, Summary};
use super::{Error, Results, metric};
use crate::record::{Better, METRICS};

/// What is compared if nobody says: where the costs show first.
const USUAL_METRICS: [&str; 6] =
    ["regret", "loss", "latent", "override_rate", "coverage", "fidelity"];

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Metrics by name; the usual ones if empty.
    pub metrics: Vec<String>,
    /// The method that others are held against; the experiment's own if absent.
    pub baseline: Option<String>,
    /// Worlds by name; all if empty.
    pub worlds: Vec<String>,
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval leaves 0 out, on the good side.
    Better,
    /// The interval leaves 0 out, on the bad side.
    Worse,
    /// The interval leaves 0 out, of a number that is neither good nor bad.
    Differs,
    /// The interval leaves 0 out, and so it may: the world itself is another one, or another price.
    OtherWorld,
    /// The interval holds 0, or there is none.
    Unclear,
}

/// Folders compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Each folder for itself, in the order asked.
    pub folders: Vec<FolderComparison>,
    /// What later folders changed of the first, for worlds and methods of the same names.
    pub changes: Vec<Change>,
    /// Parameters of the experiments that differ from the first folder's; those of worlds and methods
    /// that only one of the two has are left out.
    pub parameters: Vec<ParameterChange>,
    /// Worlds and methods that only one of the first and a later folder has.
    pub only: Vec<OnlyIn>,
    /// Metrics by which folders are held against each other.
    pub metrics: Vec<String>,
    /// How many pairs of world and method are both in the first and in a later folder.
    pub common: usize,
}

/// One folder's methods against its baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FolderComparison {
    /// The folder as it was named.
    pub folder: String,
    /// The experiment's name.
    pub experiment: String,
    /// Number of runs.
    pub runs: usize,
    /// The method that others are held against.
    pub baseline: Option<String>,
    /// By world.
    pub worlds: Vec<WorldComparison>,
}

/// One world's methods.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorldComparison {
    /// The world.
    pub world: String,
    /// By metric.
    pub metrics: Vec<MetricComparison>,
    /// Metrics that were to be compared and that no run in this world has.
    pub absent: Vec<String>,
}

/// One metric of the methods in a world.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricComparison {
    /// The metric's name.
    pub metric: String,
    /// Its title for people.
    pub title: String,
    /// Its unit; `1` for a share or a ratio.
    pub unit: String,
    /// Which way is better.
    pub better: Better,
    /// By method.
    pub rows: Vec<Row>,
}

/// One method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The method.
    pub method: String,
    /// Its mean.
    pub summary: Summary,
    /// This method less the baseline; `None` for the baseline itself or without common seeds.
    pub difference: Option<Paired>,
    /// What the difference means.
    pub verdict: Option<Verdict>,
}

/// The same world, method and metric in two folders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The first folder.
    pub before_folder: String,
    /// The later folder.
    pub after_folder: String,
    /// The world.
    pub world: String,
    /// The method.
    pub method: String,
    /// The metric's name.
    pub metric: String,
    /// Mean in the first folder.
    pub before: Summary,
    /// Mean in the later folder.
    pub after: Summary,
    /// After less before over common seeds; `None` without any.
    pub difference: Option<Paired>,
    /// Whether every common seed has exactly the same number in both, or none in both; `false`
    /// without common seeds.
    pub unchanged: bool,
    /// What the difference means.
    pub verdict: Verdict,
}

/// A world or method that only one of two folders has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnlyIn {
    /// `world` or `method`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The folder that has it.
    pub folder: String,
    /// The folder that does not.
    pub lacks: String,
}

/// A parameter that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterChange {
    /// The later folder.
    pub folder: String,
    /// Dotted key in the experiment's file.
    pub key: String,
    /// Value in the first folder; `None` if it is not there.
    pub before: Option<String>,
    /// Value in the later folder; `None` if it is not there.
    pub after: Option<String>,
}

impl Comparison {
    /// Whether folders have the same worlds and methods, without a full stop.
    #[must_use]
    pub fn names(&self) -> &'static str {
        match (self.common, self.only.is_empty()) {
            (0, _) => "no world and method of the same name in both",
            (_, true) => "the same worlds and methods in both",
            (_, false) => "not the same worlds and methods in both",
        }
    }

    /// Why nothing could be held against the first folder, without a full stop; `None` where
    /// something was.
    #[must_use]
    pub fn nothing_compared(&self) -> Option<String> {
        match (self.changes.is_empty(), self.common) {
            (false, _) => None,
            (true, 0) => Some(self.names().to_owned()),
            (true, _) if self.metrics.is_empty() => {
                Some("no run has a metric that is compared if none is named".to_owned())
            }
            (true, _) => {
                Some(format!("no world and method has {} in both", self.metrics.join(" or ")))
            }
        }
    }

    /// What came out exactly as in the first folder; `None` where all of it changed.
    #[must_use]
    pub fn unchanged(&self) -> Option<Unchanged<'_>> {
        let same = self.changes.iter().filter(|change| change.unchanged).count();
        (same > 0).then(|| Unchanged {
            same,
            of: self.changes.len(),
            worlds: whole(&self.changes, |change| &change.world),
            methods: whole(&self.changes, |change| &change.method),
        })
    }

    /// What to know where a world's own settings differ, in one sentence without a full stop; `None`
    /// where nothing changed in such a world by more than chance.
    #[must_use]
    pub fn other_worlds(&self) -> Option<String> {
        let mut worlds: Vec<&str> = Vec::new();
        for change in self.changes.iter().filter(|change| change.verdict == Verdict::OtherWorld) {
            if !worlds.contains(&change.world.as_str()) {
                worlds.push(&change.world);
            }
        }
        (!worlds.is_empty()).then(|| {
            format!(
                "settings of the world itself differ in {}, so that a change there is none of the method alone, and may be one of price",
                worlds.join(", ")
            )
        })
    }
}

/// What came out the same in every common seed, among combinations of world, method and metric.
///
/// Shown, it is a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged<'a> {
    /// How many combinations, at least 1.
    pub same: usize,
    /// Of how many.
    pub of: usize,
    /// Worlds in which nothing changed.
    pub worlds: Vec<&'a str>,
    /// Methods of which nothing changed in any world.
    pub methods: Vec<&'a str>,
}

impl Unchanged<'_> {
    /// Which worlds and methods are the same altogether, to be put behind a count; empty if none is.
    #[must_use]
    pub fn among(&self) -> String {
        let among: Vec<String> = [("in", &self.worlds), ("of", &self.methods)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("all {what} {}", names.join(", ")))
            .collect();
        match among.is_empty() {
            true => String::new(),
            false => format!("; among them {}", among.join(" and ")),
        }
    }
}

impl std::fmt::Display for Unchanged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { same, of, .. } = self;
        if same == of {
            return write!(
                f,
                "nothing changed: all {of} combinations of world, method and metric are the same in every common seed"
            );
        }
        write!(
            f,
            "{same} of {of} combinations of world, method and metric did not change at all, not in a single seed{}",
            self.among()
        )
    }
}

/// The names, in order, of which nothing changed.
fn whole(changes: &[Change], name: fn(&Change) -> &String) -> Vec<&str> {
    let changed: BTreeSet<&String> =
        changes.iter().filter(|change| !change.unchanged).map(name).collect();
    let mut names: Vec<&str> = Vec::new();
    for change in changes.iter().filter(|change| !changed.contains(name(change))) {
        if !names.contains(&name(change).as_str()) {
            names.push(name(change));
        }
    }
    names
}

/// Compares results; each comes with the name of its folder.
///
/// # Errors
/// If a metric, method or world was asked for that no folder has.
pub fn compare(folders: &[(String, Results)], asked: &Asked) -> Result<Comparison, Error> {
    check(folders, asked)?;
    let mut compared = Vec::new();
    for (name, results) in folders {
        // A method that one folder lacks is no reason not to compare the others.
        let has = |method: &&str| results.methods().contains(method);
        let baseline = results.baseline(asked.baseline.as_deref().filter(has))?;
        compared.push(folder(name, results, baseline, asked));
    }
    let mut compared = Comparison {
        folders: compared,
        changes: Vec::new(),
        parameters: Vec::new(),
        only: Vec::new(),
        metrics: Vec::new(),
        common: 0,
    };
    if let Some((first, later)) = folders.split_first() {
        compared.metrics = metrics_of(&first.1, asked).into_iter().map(str::to_owned).collect();
        for later in later {
            let only = only_in(first, later, asked);
            compared.changes.extend(changes(first, later, asked));
            compared.parameters.extend(parameter_changes(first, later, &only, asked));
            compared.only.extend(only);
            compared.common += common(&first.1, &later.1, asked);
        }
    }
    Ok(compared)
}

fn common(before: &Results, after: &Results, asked: &Asked) -> usize {
    let both = |world: &str| {
        let methods = before.methods_in(world).into_iter();
        methods.filter(|method| !after.runs(world, method).is_empty()).count()
    };
    worlds_of(before, asked).into_iter().map(both).sum()
}

/// Worlds that were asked for and methods that one of both experiments names and the other does not.
fn only_in(
    (before_folder, before): &(String, Results),
    (after_folder, after): &(String, Results),
    asked: &Asked,
) -> Vec<OnlyIn> {
    let asked_for = |name: &String| asked.worlds.is_empty() || asked.worlds.contains(name);
    let names = |results: &Results, kind: &str| -> Vec<String> {
        match kind {
            "world" => {
                results.about.worlds.iter().filter(|name| asked_for(name)).cloned().collect()
            }
            _ => results.about.methods.clone(),
        }
    };
    let mut only = Vec::new();
    for kind in ["world", "method"] {
        let (first, later) = (names(before, kind), names(after, kind));
        let sides = [
            (&first, &later, before_folder, after_folder),
            (&later, &first, after_folder, before_folder),
        ];
        for (these, others, folder, lacks) in sides {
            only.extend(these.iter().filter(|name| !others.contains(name)).map(|name| OnlyIn {
                kind,
                name: name.clone(),
                folder: folder.clone(),
                lacks: lacks.clone(),
            }));
        }
    }
    only
}

fn check(folders: &[(String, Results)], asked: &Asked) -> Result<(), Error> {
    let all = |names: &dyn Fn(&Results) -> Vec<String>| -> Vec<String> {
        let set: BTreeSet<String> =
            folders.iter().flat_map(|(_, results)| names(results)).collect();
        set.into_iter().collect()
    };
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let known = [
        ("world", all(&|results| owned(results.worlds())), asked.worlds.clone()),
        (
            "method",
            all(&|results| owned(results.methods())),
            Vec::from_iter(asked.baseline.clone()),
        ),
        ("metric", all(&metric_names), asked.metrics.clone()),
    ];
    for (what, known, asked) in known {
        if let Some(name) = asked.iter().find(|name| !known.contains(name)) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(Error::unknown(what, name, &known));
        }
    }
    Ok(())
}

/// Names of all metrics that some run has, known ones first in their order.
pub(crate) fn metric_names(results: &Results) -> Vec<String> {
    let mut found: BTreeSet<&str> =
        results.all().flat_map(|run| run.metrics.keys()).map(String::as_str).collect();
    let known = METRICS.iter().map(|metric| metric.name).filter(|name| found.remove(name));
    let mut names: Vec<String> = known.map(str::to_owned).collect();
    names.extend(found.into_iter().map(str::to_owned));
    names
}

fn metrics_of<'a>(results: &Results, asked: &'a Asked) -> Vec<&'a str> {
    if asked.metrics.is_empty() {
        USUAL_METRICS.into_iter().filter(|name| results.has_metric(name)).collect()
    } else {
        asked.metrics.iter().map(String::as_str).collect()
    }
}

fn worlds_of<'a>(results: &'a Results, asked: &Asked) -> Vec<&'a str> {
    let wanted =
        |world: &&str| asked.worlds.is_empty() || asked.worlds.iter().any(|wanted| wanted == world);
    results.worlds().into_iter().filter(wanted).collect()
}

fn folder(
    name: &str,
    results: &Results,
    baseline: Option<String>,
    asked: &Asked,
) -> FolderComparison {
    let metrics = metrics_of(results, asked);
    let of_world = |world: &str| {
        let (found, absent): (Vec<_>, Vec<_>) = metrics
            .iter()
            .map(|metric| of_metric(results, world, metric, baseline.as_deref()))
            .partition(|compared| !compared.rows.is_empty());
        WorldComparison {
            world: world.to_owned(),
            metrics: found,
            absent: absent.into_iter().map(|compared| compared.metric).collect(),
        }
    };
    FolderComparison {
        folder: name.to_owned(),
        experiment: results.about.name.clone(),
        runs: results.len(),
        worlds: worlds_of(results, asked).into_iter().map(of_world).collect(),
        baseline,
    }
}

/// One metric of all methods in a world against a baseline.
pub(crate) fn of_metric(
    results: &Results,
    world: &str,
    name: &str,
    baseline: Option<&str>,
) -> MetricComparison {
    let known = metric(name);
    let better = known.map_or(Better::Neither, |metric| metric.better);
    let row = |method: &str| {
        let summary = results.summary(world, method, name)?;
        let against = baseline.filter(|baseline| *baseline != method);
        let difference = against.and_then(|against| results.paired(world, method, against, name));
        let verdict = difference.map(|difference| verdict(Some(difference), better));
        Some(Row { method: method.to_owned(), summary, difference, verdict })
    };
    MetricComparison {
        metric: name.to_owned(),
        title: known.map_or(name, |metric| metric.title).to_owned(),
        unit: known.map_or("", |metric| metric.unit).to_owned(),
        better,
        rows: results.methods_in(world).into_iter().filter_map(row).collect(),
    }
}

fn verdict(difference: Option<Paired>, better: Better) -> Verdict {
    match (difference, better) {
        (Some(difference), better) if difference.excludes_zero() => match better {
            Better::Neither => Verdict::Differs,
            Better::Lower if difference.mean < 0.0 => Verdict::Better,
            Better::Higher if difference.mean > 0.0 => Verdict::Better,
            Better::Lower | Better::Higher => Verdict::Worse,
        },
        _ => Verdict::Unclear,
    }
}

fn changes(
    (before_folder, before): &(String, Results),
    (after_folder, after): &(String, Results),
    asked: &Asked,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for world in worlds_of(before, asked) {
        let settings = |results: &Results| {
            let settings = results.about.parameters_of("worlds", world);
            settings.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        let (was, is): (Vec<_>, Vec<_>) = (settings(before), settings(after));
        let same_world = was == is;
        for name in metrics_of(before, asked) {
            for method in before.methods_in(world) {
                let summaries =
                    (before.summary(world, method, name), after.summary(world, method, name));
                let (Some(was), Some(is)) = summaries else { continue };
                let (runs_before, runs_after) =
                    (before.runs(world, method), after.runs(world, method));
                let difference = stats::paired(runs_before, runs_after, name);
                let unchanged = stats::unchanged(runs_before, runs_after, name);
                let better = metric(name).map_or(Better::Neither, |metric| metric.better);
                let verdict = match verdict(difference, better) {
                    Verdict::Unclear => Verdict::Unclear,
                    _ if !same_world => Verdict::OtherWorld,
                    verdict => verdict,
                };
                changes.push(Change {
                    before_folder: before_folder.clone(),
                    after_folder: after_folder.clone(),
                    world: world.to_owned(),
                    method: method.to_owned(),
                    metric: name.to_owned(),
                    before: was,
                    after: is,
                    difference,
                    unchanged,
                    verdict,
                });
            }
        }
    }
    changes
}

fn parameter_changes(
    (_, before): &(String, Results),
    (folder, after): &(String, Results),
    only: &[OnlyIn],
    asked: &Asked,
) -> Vec<ParameterChange> {
    let below = |key: &str, kind: &str, name: &str| {
        key.strip_prefix(&join(kind, name)).is_some_and(|rest| rest.starts_with('.'))
    };
    let told = |key: &&String| {
        let of_one = only.iter().any(|only| below(key, &format!("{}s", only.kind), &only.name));
        let of_others = !asked.worlds.is_empty()
            && key.starts_with("worlds.")
            && !asked.worlds.iter().any(|world| below(key, "worlds", world));
        !of_one && !of_others
    };
    let (before, after) = (&before.about.parameters, &after.about.parameters);
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .filter(told)
        .map(|key| ParameterChange {
            folder: folder.clone(),
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}
