//! Why the threshold is where it is.

use super::{Contribution, ThresholdReason, autonomy, flip, fmt};
use crate::event::{DecisionMade, Disposition, Threshold};
use crate::scenario_type::ScenarioType;

pub(super) fn reason(
    made: &DecisionMade,
    definition: &ScenarioType,
    contributions: &[Contribution],
) -> ThresholdReason {
    let (posterior, override_cost) = match made.threshold {
        Threshold::Thompson { alpha, beta, .. } => (Some([alpha, beta]), None),
        Threshold::Utility { override_cost, .. } => (None, Some(override_cost)),
        Threshold::Fixed { .. } | Threshold::Random { .. } => (None, None),
    };
    ThresholdReason {
        selector: made.threshold.selector(),
        value: made.threshold.theta(),
        compared: made.compared,
        posterior,
        override_cost,
        audit_probability: made.audit.map(|audit| audit.probability),
        sentence: format!("{}{}{}.", autonomy::sentence(made), selection(made), audit(made)),
        flip: flip::flip(made, definition, contributions),
    }
}

fn selection(made: &DecisionMade) -> String {
    let shown = fmt::probability(made.threshold.theta());
    match made.threshold {
        Threshold::Fixed { .. } => format!("The threshold is configured to be {shown}"),
        Threshold::Random { arm, .. } => {
            format!(
                "The threshold {shown} (arm {arm}) was drawn from the configured ones, each as likely as the others"
            )
        }
        Threshold::Thompson { arm, draw, alpha, beta, .. } => {
            let drawn = match draw {
                Some(draw) => {
                    format!("it drew {}, the highest of all arms", fmt::probability(draw))
                }
                None => "the arm was given from outside".into(),
            };
            format!(
                "Thompson sampling chose the threshold {shown} (arm {arm}): with evidence of {} for it and {} against it, {drawn}",
                fmt::number(alpha),
                fmt::number(beta)
            )
        }
        Threshold::Utility { override_cost, optimism, .. } => {
            let likes = if override_cost == 1.0 { "like" } else { "likes" };
            format!(
                "One override costs as much as {} {likes}, so showing pays from {shown}{}",
                fmt::number(override_cost),
                bonus(made, optimism)
            )
        }
    }
}

/// What optimism made of it, if it made a difference. It raises the logit's mean, not the score:
/// a score that averages over much that is not known may lie above what is compared.
fn bonus(made: &DecisionMade, optimism: f64) -> String {
    if made.logit.is_none() || optimism == 0.0 {
        return String::new();
    }
    let (compared, score) = fmt::pair(made.compared, made.score);
    format!(
        "; compared with it is {compared}, the logit's mean plus {} of its standard deviations as the benefit of the doubt; the score, {score}, averages over what is not known, which draws it towards one half",
        fmt::number(optimism)
    )
}

fn audit(made: &DecisionMade) -> String {
    // Where nothing was weighed, the sentence about autonomy says why people are asked.
    let Some(audit) = made.audit.as_ref().filter(|_| !autonomy::decides_who_is_asked(made)) else {
        return String::new();
    };
    let probability = fmt::probability(audit.probability);
    if made.disposition == Disposition::Audit {
        format!(
            "; not shown for approval but sent for a label: audited with probability {probability}"
        )
    } else {
        format!(
            "; it would have been sent for a label with probability {probability}, and the draw fell otherwise"
        )
    }
}
