//! How far from best the network is, and the split that would be best.

use npo_network::optimum::{Error, PATHS_MAX, Whole, whole};
use npo_network::what_if::{Baseline, Change, NoRelief, Relief, relieve};
use serde::Serialize;

use crate::exit::Failure;
use crate::text::percent;

/// Ways of each demand, unless somebody says otherwise.
pub(super) const WAYS_DEFAULT: usize = 4;
/// Most directions whose split is asked for; a shift of more is a change of routing, not of one link.
const RELIEFS_MAX: usize = 4;

/// The best split in front of a direction that a shift takes traffic from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Best {
    Split(Relief),
    None(String),
}

/// The best splits in front of the directions that are shifted; those that carry nothing have none to speak of.
pub(super) fn reliefs(baseline: &Baseline, changes: &[Change]) -> Vec<Best> {
    let arcs = changes.iter().filter_map(|change| match change {
        Change::Shift(arc, _) => Some(*arc),
        _ => None,
    });
    let found = arcs.map(|arc| relieve(baseline, arc));
    let told = found.filter(|found| !matches!(found, Err(NoRelief::Idle(_))));
    let best = |found: Result<Relief, NoRelief>| match found {
        Ok(relief) => Best::Split(relief),
        Err(none) => Best::None(none.to_string()),
    };
    told.take(RELIEFS_MAX).map(best).collect()
}

/// Solves for the whole network.
pub(super) fn optimum(baseline: &Baseline, ways: usize) -> Result<Whole, Failure> {
    whole(baseline, ways).map_err(|error| match error {
        Error::NoCapacity => Failure::cannot(
            "no capacity is known, so that no direction is more or less full; give `--assume-capacity`",
        ),
        error => Failure::could_not("the optimum was not found", error),
    })
}

pub(super) fn ways(text: &str) -> Result<usize, String> {
    let found = text.parse::<usize>().ok().filter(|ways| (1..=PATHS_MAX).contains(ways));
    found.ok_or_else(|| format!("`{text}`, expected 1 to {PATHS_MAX} ways"))
}

impl Best {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Split(relief) => relief.words(),
            Self::None(why) => format!("No better split: {why}."),
        }
    }
}

/// How far from its best the network is, in words.
pub(super) fn optimum_words(whole: &Whole) -> String {
    let Whole { ways, now, best } = *whole;
    let (now_words, best_words) = (percent(now), percent(best));
    let ways = match ways {
        1 => "the shortest way alone".to_owned(),
        ways => format!("up to {ways} ways for each demand"),
    };
    if best / now > 0.995 {
        return format!(
            "The network is at its best over {ways}: the fullest direction is at {now_words}."
        );
    }
    format!(
        "At best, over {ways}, the fullest direction would be at {best_words}; now it is at {now_words}, {:.2} times \
             as full.",
        now / best
    )
}
