//! How far npo agrees with its people, in numbers.

use std::collections::BTreeMap;

use axum::response::Response;
use npo_api::Problem;
use npo_api::metrics as api;
use npo_core::event::Disposition;
use npo_core::guarantee::calibration::{self, Calibration};
use npo_core::guarantee::doubt::Doubt;
use npo_core::learning::math::wilson95;
use npo_core::learning::trust::Trust;
use npo_core::state::{Standing, Tally, TypeState};
use npo_core::{PersonId, Signal, State, TypeId};

use crate::app::App;
use crate::convert::oversight::estimate;
use crate::convert::people::{handle, names};
use crate::http::call::{Call, reply_listed};

/// Probability that an interval which may be looked at at any time ever misses.
const DELTA: f64 = 0.05;

/// Shows alignment loss, override rates, calibration and trust.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let behind = call.views_caught_up().await?;
    let alignment = call.blocking(|app| Ok(alignment(app))).await?;
    reply_listed(behind, &alignment)
}

/// Blocks for the calibration.
fn alignment(app: &App) -> api::Alignment {
    let mut alignment = app.engine.read(|state| api::Alignment {
        profile: state.profile().name.clone(),
        scenario_types: state.types().iter().map(of_type).collect(),
        operators: operators(state),
        teams: teams(state),
    });
    for (type_id, of) in (0u32..).map(TypeId).zip(&mut alignment.scenario_types) {
        let report = app.lists.recent(|recent| recent.calibration(type_id));
        of.calibration = report.map(|report| calibrated(&report));
    }
    alignment
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn of_type(state: &TypeState) -> api::TypeAlignment {
    let tally = &state.tally;
    let decisions = Disposition::ALL.map(|d| (d.name().to_owned(), tally.decisions(d)));
    let answers = Signal::ALL.map(|s| (s.name().to_owned(), tally.answers(s)));
    let (rate, interval) = override_rate(tally);
    let anytime = tally.recommended.interval(DELTA);
    api::TypeAlignment {
        scenario_type: state.definition().name.clone(),
        decisions: BTreeMap::from(decisions),
        answers: BTreeMap::from(answers),
        alignment_loss: tally.mean_loss(),
        episode_loss: (tally.episodes > 0).then(|| tally.episode_loss_sum / tally.episodes as f64),
        reward: tally.reward_average,
        override_rate: rate,
        override_rate_interval: interval,
        override_rate_anytime: [anytime.low, anytime.high],
        expired: tally.expired,
        withdrawn: tally.withdrawn,
        calibration: None,
    }
}

fn calibrated(from: &Calibration) -> api::Calibration {
    let bin = |bin: &calibration::Bin| api::CalibrationBin {
        from: bin.from,
        to: bin.to,
        rows: bin.rows,
        predicted: bin.predicted,
        observed: estimate(bin.observed),
    };
    api::Calibration {
        summary: words(from),
        rows: from.rows,
        brier: estimate(from.brier),
        log_loss: from.log_loss,
        ece: estimate(from.error),
        ece_if_calibrated: estimate(from.error_if_calibrated),
        slope: from.recalibration.map(|fit| fit.slope),
        intercept: from.recalibration.map(|fit| fit.intercept),
        bins: from.bins.iter().map(bin).collect(),
    }
}

/// Fewer answers say nothing about calibration.
const CALIBRATION_ROWS: u64 = 50;
/// Where even a calibrated score might show an error of this much, a smaller one says nothing.
const ERROR_UNSEEN_MAX: f64 = 0.1;

fn words(from: &Calibration) -> String {
    let (found, usual) = (from.error.value.unwrap_or(0.0), from.error_if_calibrated);
    if from.rows < CALIBRATION_ROWS {
        return format!(
            "Not enough answers: {}, where {CALIBRATION_ROWS} say something.",
            from.rows
        );
    }
    let numbers = format!(
        "calibration error {found:.3} on {} answers, where a calibrated score would show {:.3} to {:.3}",
        from.rows, usual.low, usual.high
    );
    if found <= usual.high && usual.high > ERROR_UNSEEN_MAX {
        return format!("Too few answers to tell: {numbers}.");
    }
    if found <= usual.high {
        return format!("No sign of miscalibration: {numbers}.");
    }
    let how = match from.recalibration {
        Some(fit) if fit.slope + 2.0 * fit.slope_error < 1.0 => ", too sure of itself",
        Some(fit) if fit.slope - 2.0 * fit.slope_error > 1.0 => ", not sure enough",
        Some(fit) if fit.intercept < 0.0 => ", too optimistic",
        Some(_) => ", too pessimistic",
        None => "",
    };
    format!("Miscalibrated{how}: {numbers}.")
}

/// Share of overrides among the first likes and overrides of what was recommended, and its 95 % Wilson
/// interval.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of zeros and ones, no more than their number"
)]
pub(crate) fn override_rate(tally: &Tally) -> (Option<f64>, [f64; 2]) {
    let (overrides, answered) = (tally.recommended.sum(), tally.recommended.labels());
    if answered == 0 {
        return (None, [0.0, 1.0]);
    }
    let (low, high) = wilson95(overrides as u64, answered);
    (tally.recommended.interval(DELTA).value, [low, high])
}

/// Belief about everybody whose answers taught something; people without any have the prior, or what
/// is believed of their team.
fn operators(state: &State) -> Vec<api::OperatorTrust> {
    if state.profile().trust.is_none() {
        return Vec::new();
    }
    let people = (0u32..).map(PersonId).take(state.people().len());
    people
        .filter_map(|id| Some((id, state.trust(id)?, state.start(id)?)))
        .filter(|(_, trust, start)| trust.beyond(start).weight() > 1e-9)
        .map(|(id, trust, start)| api::OperatorTrust {
            handle: handle(state, id),
            site: state.person(id).and_then(|person| names(&person.group).0),
            team: state.person(id).and_then(|person| names(&person.group).1),
            start: start.reliability(),
            reliability: trust.reliability(),
            reliability_interval: believed(trust),
            right: trust.right,
            wrong: trust.wrong,
            doubt: state.doubt(id).map_or(0.0, Doubt::value),
            adverse: state.is_adverse(id),
        })
        .collect()
}

/// Where somebody new in each team starts.
fn teams(state: &State) -> Vec<api::TeamTrust> {
    let shown = |standing: Standing| {
        let Standing { group, people, counted, start } = standing;
        let (site, team) = names(&group);
        let (right, wrong) = (counted.right, counted.wrong);
        let (start_weight, start) = (start.weight(), start.reliability());
        api::TeamTrust { site, team, people, right, wrong, start, start_weight }
    };
    state.standings().into_iter().map(shown).collect()
}

/// Central 95 % of the Beta belief about a reliability, by summing its density over the log odds, where
/// it has one hump and no pole.
fn believed(trust: &Trust) -> [f64; 2] {
    const STEPS: i32 = 1000;
    const TAIL: f64 = 0.025;
    let Trust { right: a, wrong: b } = *trust;
    let (center, scale) = ((a / b).ln(), (1.0 / a + 1.0 / b).sqrt());
    let odds = |step: i32| center + scale * 12.0 * f64::from(step) / f64::from(STEPS);
    // ln p = −ln(1 + e^−t), without overflow on either side.
    let ln_share = |t: f64| if t > 0.0 { -(-t).exp().ln_1p() } else { t - t.exp().ln_1p() };
    let density = |t: f64| a * ln_share(t) + b * ln_share(-t);
    let top = density(center);
    let mass: Vec<f64> = (-STEPS..=STEPS).map(|step| (density(odds(step)) - top).exp()).collect();
    let total: f64 = mass.iter().sum();
    let mut below = 0.0;
    let mut interval = [0.0, 1.0];
    for (step, mass) in (-STEPS..=STEPS).zip(&mass) {
        let share = 1.0 / (1.0 + (-odds(step)).exp());
        if below < TAIL * total {
            interval[0] = share;
        }
        below += mass;
        if below >= (1.0 - TAIL) * total {
            interval[1] = share;
            break;
        }
    }
    interval
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_about_reliability_have_the_intervals_of_the_beta_distribution() {
        // Quantiles of Beta(a, b) at 2.5 % and 97.5 %, in closed form where a or b is 1:
        // p^a and 1 − (1 − p)^b.
        let check = |right: f64, wrong: f64, expected: [f64; 2]| {
            let found = believed(&Trust { right, wrong });
            let near = |i: usize| (found[i] - expected[i]).abs() < 0.004;
            assert!(near(0) && near(1), "Beta({right}, {wrong}): {found:?}, expected {expected:?}");
        };
        check(1.0, 1.0, [0.025, 0.975]);
        check(9.0, 1.0, [0.025f64.powf(1.0 / 9.0), 0.975f64.powf(1.0 / 9.0)]);
        check(1.0, 4.0, [1.0 - 0.975f64.powf(0.25), 1.0 - 0.025f64.powf(0.25)]);
        // A normal approximation is good to a thousandth here: 0.75 ± 1.96·√(0.75·0.25/40001).
        check(30_000.0, 10_000.0, [0.7458, 0.7542]);
    }
}
