//! A method: a profile of the core with some settings of its own.

use npo_core::Profile;
use npo_core::learning::utility::threshold;
use npo_core::oversight::Level;
use npo_core::profile::Selector;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::error::{ExperimentError, wrong_at};
use super::resolve::overlay;
use super::world::WorldSettings;

/// Thresholds to choose from at most; the loop has the same limit.
const ARMS_MAX: usize = 64;

/// A method to compare.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Method {
    /// The loop's profile, whole.
    pub profile: Profile,
    /// What the method takes an override to cost, in likes; the world's cost if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_cost: Option<f64>,
    /// Whether the threshold is fixed where surfacing pays in the world, c/(1 + c).
    pub paying_threshold: bool,
    /// Up to which level the loop may act by itself; *automatic* begins in shadow and asks about
    /// everything until something is certified.
    pub autonomy: Level,
}

/// A method as it stands in a file, its inheritance resolved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    base: String,
    #[serde(default)]
    profile: Table,
    override_cost: Option<f64>,
    #[serde(default)]
    paying_threshold: bool,
    #[serde(default)]
    autonomy: Level,
}

impl Method {
    pub(super) fn from_table(table: Table) -> Result<Self, ExperimentError> {
        let written: Written = typed(Value::Table(table))?;
        let base = Profile::named(&written.base).ok_or_else(|| {
            let message = format!(
                "found base `{}`, expected `paper`, `calibrated` or another method",
                written.base
            );
            wrong_at(&["base"], message)
        })?;
        let mut profile =
            Table::try_from(&base).map_err(|error| wrong_at(&["profile"], error.to_string()))?;
        overlay(&mut profile, &written.profile, true);
        let profile: Profile =
            typed(Value::Table(profile)).map_err(|error| error.under("profile"))?;
        check_arms(&profile.selector).map_err(|error| error.under("profile.selector"))?;
        profile.validate().map_err(|error| {
            let message = format!("found {}, expected {}", error.found, error.expected);
            wrong_at(&["profile", error.setting], message)
        })?;
        if let Some(cost) = written.override_cost
            && !(cost.is_finite() && (0.01..=1000.0).contains(&cost))
        {
            let message = format!("found {cost}, expected a number from 0.01 to 1000");
            return Err(wrong_at(&["override_cost"], message));
        }
        if written.autonomy == Level::Automatic && profile.certificate.is_none() {
            let message =
                "found `automatic`, expected another level: the profile certifies no thresholds";
            return Err(wrong_at(&["autonomy"], message.to_owned()));
        }
        let Written { override_cost, paying_threshold, autonomy, .. } = written;
        Ok(Self { profile, override_cost, paying_threshold, autonomy })
    }

    /// The profile for a run in this world.
    #[must_use]
    pub fn profile_in(&self, world: &WorldSettings) -> Profile {
        let mut profile = self.profile.clone();
        if self.paying_threshold {
            profile.selector = Selector::Fixed { theta: threshold(self.cost_in(world)) };
        }
        // Outcomes do not come up, so nothing needs to be remembered for them.
        profile.retention_s = 1;
        profile.in_flight_s = 1;
        profile
    }

    /// What the method takes an override to cost in this world, in likes.
    #[must_use]
    pub fn cost_in(&self, world: &WorldSettings) -> f64 {
        self.override_cost.unwrap_or(world.override_cost)
    }
}

/// An arm given twice would be drawn twice as often and learned of half as fast.
fn check_arms(selector: &Selector) -> Result<(), ExperimentError> {
    let (kind, arms) = match selector {
        Selector::Random { arms } => ("random", arms),
        Selector::Thompson { arms, .. } => ("thompson", arms),
        Selector::Fixed { .. } | Selector::Utility { .. } => return Ok(()),
    };
    if !(1..=ARMS_MAX).contains(&arms.len()) {
        let message = format!("found {} thresholds, expected 1 to {ARMS_MAX}", arms.len());
        return Err(wrong_at(&[kind, "arms"], message));
    }
    let twice = arms.iter().enumerate().find(|(at, arm)| arms[..*at].contains(arm));
    match twice {
        Some((_, arm)) => {
            let message = format!("found {arm} more than once, expected thresholds that differ");
            Err(wrong_at(&[kind, "arms"], message))
        }
        None => Ok(()),
    }
}

/// A value in its type; the error's path says where in the value it is.
pub(super) fn typed<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ExperimentError> {
    npo_wording::typed(value)
}
