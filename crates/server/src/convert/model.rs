//! Refitted models and their evaluations on the wire.

use npo_api::model as api;
use npo_api::oversight::Estimate;
use npo_core::event::ModelFitted;
use npo_core::learning::refit::{Calibration, Evaluation, SliceScore};
use npo_core::state::{ModelState, TypeState};
use npo_core::{Envelope, Event};

use super::time;

/// The id of a model.
pub(crate) fn id(number: u32) -> String {
    format!("m{number}")
}

/// The number of a model's id.
pub(crate) fn number(id: &str) -> Option<u32> {
    id.strip_prefix('m').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

/// Models of a scenario type; their evaluations are in the log.
pub(crate) fn of_type(of: &TypeState, models: Vec<api::Model>) -> api::TypeModels {
    api::TypeModels {
        scenario_type: of.definition().name.clone(),
        in_force: id(of.model),
        updates: of.updates(),
        refit_due: of.oversight.watch.retrain_due || of.candidate.is_some(),
        models,
    }
}

/// A model from the event that it was fitted by; none for another event.
pub(crate) fn model(of: &TypeState, known: &ModelState, envelope: &Envelope) -> Option<api::Model> {
    let Event::ModelFitted(fitted) = &envelope.event else { return None };
    let ModelFitted { id: number, type_id: _, dataset, drift, parameters: _, evaluation: judged } =
        fitted.as_ref();
    Some(api::Model {
        id: id(*number),
        scenario_type: of.definition().name.clone(),
        dataset: *dataset,
        fitted_at: time::text(envelope.at),
        position: known.fitted_at,
        in_force: of.model == known.id,
        promoted_at: known.promoted_at,
        usable: known.generation == of.generation,
        drift: *drift,
        evaluation: evaluation(judged),
    })
}

fn evaluation(from: &Evaluation) -> api::Evaluation {
    let Evaluation { trained, held_out, slices, before, after, passed, reason } = from;
    api::Evaluation {
        passed: *passed,
        reason: reason.clone(),
        trained: *trained,
        held_out: *held_out,
        slices: slices.iter().map(slice).collect(),
        before: calibration(before),
        after: calibration(after),
    }
}

fn slice(from: &SliceScore) -> api::SliceScore {
    let SliceScore { slice, rows, before, after, difference: (low, high), regressed } =
        from.clone();
    api::SliceScore { slice, rows, before, after, difference: [low, high], regressed }
}

fn calibration(from: &Calibration) -> api::ModelCalibration {
    let estimate =
        |(value, low, high)| Estimate { value: (from.rows > 0).then_some(value), low, high };
    api::ModelCalibration {
        rows: from.rows,
        brier: estimate(from.brier),
        ece: estimate(from.ece),
        slope: from.slope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text() {
        for number_of in [0, 7, u32::MAX] {
            assert_eq!(number(&id(number_of)), Some(number_of));
        }
        for wrong in ["", "m", "m-1", "m+1", "7", "m4294967296"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
