//! What the log itself would have done, as probabilities: surfaced by the threshold that was drawn,
//! asked by an audit.

use npo_core::State;
use npo_core::event::{DecisionMade, Disposition, Threshold};
use npo_core::learning::utility::{AuditDraw, value_of_information};
use npo_core::oversight::Level;
use npo_core::state::TypeState;

use super::arms::{Arms, Drawn};
use super::row::Kind;

/// What became of a proposal.
pub(super) fn kind(made: &DecisionMade) -> Kind {
    match made.disposition {
        Disposition::Blocked => Kind::Blocked,
        Disposition::Audit => Kind::Audit,
        Disposition::Automatic => Kind::Automatic,
        Disposition::Surfaced | Disposition::Escalated => Kind::Surfaced,
        Disposition::Abstained if made.held.is_some() => Kind::Held,
        Disposition::Abstained => Kind::Abstained,
    }
}

/// How likely a decision was to be surfaced and to be audited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chances {
    pub(super) surfaced: f64,
    pub(super) audit: f64,
}

/// The chances of what another profile decided; `drawn` says how its arm came about.
pub(super) fn chances(
    arms: &mut Arms,
    state: &State,
    type_state: &TypeState,
    made: &DecisionMade,
    drawn: Drawn,
) -> Chances {
    let (kind, cost) = (kind(made), type_state.definition().override_cost);
    let surfaced = match drawn {
        Drawn::Freely => surfaced(arms, state, type_state, made, kind).0,
        // Its selector chooses as it does whatever the arm that the log had it take.
        Drawn::Given(_) => {
            let seen = matches!(kind, Kind::Surfaced | Kind::Automatic);
            f64::from(u8::from(seen))
        }
    };
    Chances { surfaced, audit: audit(state, type_state, made, kind, surfaced, cost) }
}

/// Probability that the log's own draw surfaced it, and whether there was a draw.
pub(super) fn surfaced(
    arms: &mut Arms,
    state: &State,
    type_state: &TypeState,
    made: &DecisionMade,
    kind: Kind,
) -> (f64, bool) {
    let above = made.compared >= made.threshold.theta();
    let seen = match kind {
        Kind::Blocked => above,
        Kind::Surfaced => true,
        Kind::Audit | Kind::Abstained => false,
        // No threshold was asked.
        Kind::Automatic => return (1.0, false),
        Kind::Held => return (0.0, false),
    };
    // What happened is a probability too, of a threshold taken as given; it supports less.
    let given = (f64::from(u8::from(seen)), false);
    let drawn = match &made.threshold {
        Threshold::Random { .. } => true,
        // An arm that came from outside, or a bandit that is not the one of the event, has unknown
        // probabilities.
        Threshold::Thompson { arm, draw, alpha, beta, .. } => {
            let arm = usize::from(*arm);
            let now = type_state.bandit.as_ref();
            let now = now.and_then(|b| b.alpha.get(arm).zip(b.beta.get(arm)));
            draw.is_some() && now == Some((alpha, beta))
        }
        _ => false,
    };
    if !drawn || seen != above {
        return given;
    }
    let ix = made.type_id.0 as usize;
    let selector = &state.profile().selector;
    arms.at_most(selector, ix, type_state, made.compared).map_or(given, |p| (p, true))
}

/// Probability of an audit, had it not been surfaced.
pub(super) fn audit(
    state: &State,
    type_state: &TypeState,
    made: &DecisionMade,
    kind: Kind,
    surfaced: f64,
    cost: f64,
) -> f64 {
    match (&made.audit, &state.profile().audit, made.logit) {
        (Some(draw), ..) => draw.probability,
        // A drawn threshold surfaced it; with another draw it could have been audited.
        _ if kind == Kind::Surfaced && made.level == Level::Shadow => 1.0,
        (None, Some(settings), Some(logit)) if kind == Kind::Surfaced && surfaced < 1.0 => {
            let voi = value_of_information(logit, cost);
            AuditDraw::new(settings, voi, type_state.voi_average, 0.0).probability
        }
        _ => 0.0,
    }
}
