//! Which figures a report has, from what data, and what they say.
//!
//! A figure appears only when its data exist; [`Absent`] says what is missing.
//! One file per kind of figure; drawing is left to [`super::chart`].

mod changes;
mod curves;
mod differences;
mod levels;
mod planes;
mod view;

pub(crate) use changes::changes;
pub(crate) use differences::compared;
pub(crate) use view::View;

use super::chart::Panel;
use super::chart::style::Style;

/// Panels of one figure at most; a page with more is not read.
const PANELS_MAX: usize = 24;

/// A figure: panels that share a legend.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// Name of its files and anchor.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// Methods and how they look; none where rows carry their names.
    pub(crate) keys: Vec<(String, Style)>,
    /// Its panels, at least one.
    pub(crate) panels: Vec<Panel>,
    /// The numbers drawn.
    pub(crate) data: Data,
}

/// Numbers behind a figure, or any table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    /// Headings; the first column, and those beginning with `<`, are words.
    pub(crate) headings: Vec<String>,
    /// As many cells per row as headings.
    pub(crate) rows: Vec<Vec<String>>,
}

/// A figure that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absent {
    /// Its title.
    pub(crate) title: String,
    /// What is missing, in words.
    pub(crate) why: String,
}

/// All figures that the data allow, in reading order, and those that they do not.
pub(crate) fn all(view: &View<'_>) -> (Vec<Figure>, Vec<Absent>) {
    let mut figures = Vec::new();
    let mut absent = Vec::new();
    let mut take_all = |title: &str, why: &str, found: Vec<Figure>| {
        if found.is_empty() {
            absent.push(Absent { title: title.to_owned(), why: why.to_owned() });
        }
        figures.extend(found.into_iter().map(shortened));
    };
    take_all("Regret", "no run has `regret`", levels::regret(view).into_iter().collect());
    take_all(
        "Differences",
        "no baseline, no other method, or neither `regret` nor `loss`",
        differences::differences(view),
    );
    let mut take = |title: &str, why: &str, figure: Option<Figure>| {
        take_all(title, why, figure.into_iter().collect())
    };
    take("Loss over episodes", "no run has the curve `loss`", curves::loss(view));
    take("Regret over episodes", "no run has the curve `regret`", curves::regret(view));
    take(
        "Latent misalignment over episodes",
        "no run has the curve `latent`",
        curves::latent(view),
    );
    take(
        "Reward against loss",
        "no run has both curves `reward` and `loss`",
        planes::reward_loss(view),
    );
    take("Thresholds", "no run has the curve `threshold`", curves::threshold(view));
    take(
        "Coverage against override rate",
        "no run has both `coverage` and `override_rate`",
        planes::coverage_overrides(view),
    );
    take(
        "Fidelity over episodes",
        &unlooked(view).unwrap_or_else(|| "no run has the curve `fidelity`".to_owned()),
        curves::fidelity(view),
    );
    take(
        "Fidelity against never acting",
        &unlooked(view)
            .unwrap_or_else(|| "no run has both `fidelity` and `fidelity_never`".to_owned()),
        levels::fidelity(view),
    );
    absent.extend(without_regret(view));
    (figures, absent)
}

/// Why the monitor was not looked at, if it was in no world.
fn unlooked(view: &View<'_>) -> Option<String> {
    let mut never = Vec::new();
    let mut longer = Vec::new();
    for world in view.results.worlds() {
        let parameters = view.results.about.parameters_of("worlds", world);
        let every: u64 = parameters.get("look_every")?.parse().ok()?;
        match every {
            0 => never.push(world),
            every if view.results.horizon(world).is_some_and(|horizon| horizon < every) => {
                longer.push(world);
            }
            _ => return None,
        }
    }
    let reasons = [("0", never), ("more than all episodes", longer)].into_iter();
    let reasons: Vec<String> = reasons
        .filter(|(_, worlds)| !worlds.is_empty())
        .map(|(what, worlds)| format!("`look_every` is {what} in {}", worlds.join(", ")))
        .collect();
    Some(format!("the monitor was not looked at, for {}", reasons.join(", and ")))
}

/// Worlds that are missing from the figures of regret while others are there, or all of them.
fn without_regret(view: &View<'_>) -> Option<Absent> {
    let reading = |world: &&str| {
        let parameters = view.results.about.parameters_of("worlds", world);
        parameters.get("reading").is_some_and(|reading| *reading == "delta")
    };
    let worlds: Vec<&str> = view.results.worlds().into_iter().filter(reading).collect();
    (!worlds.is_empty()).then(|| Absent {
        title: format!("Regret in {}", worlds.join(", ")),
        why: "with `reading = \"delta\"` people react to the score that they are shown, so that what pays depends on the method's own scores and no oracle is the same for all methods".to_owned(),
    })
}

/// The figure with as many panels as are read.
pub(crate) fn shortened(mut figure: Figure) -> Figure {
    if figure.panels.len() > PANELS_MAX {
        let left = figure.panels.len() - PANELS_MAX;
        figure.panels.truncate(PANELS_MAX);
        let more = format!(" {left} more panels are left out; their numbers are in the tables.");
        figure.caption.push_str(&more);
    }
    figure
}
