//! Who was asked and why: what autonomy, certificates and the red button made of a decision.

use super::fmt;
use crate::event::{DecisionMade, Disposition};
use crate::oversight::{Level, Scope};

/// Such as `the red button is pressed on site fra1`.
pub(super) fn held(scope: &Scope) -> String {
    format!("the red button is pressed on {}", place(scope))
}

pub(super) fn place(scope: &Scope) -> String {
    match scope {
        Scope::All => "everything".to_owned(),
        Scope::ScenarioType(_) => "this kind of situation".to_owned(),
        Scope::Site(site) => format!("site {site}"),
    }
}

/// Whether people were asked, or not, for another reason than what a label would be worth.
pub(super) fn decides_who_is_asked(made: &DecisionMade) -> bool {
    made.disposition == Disposition::Automatic || made.level == Level::Shadow || made.held.is_some()
}

/// One sentence and a space; empty where the score and its threshold say everything.
pub(super) fn sentence(made: &DecisionMade) -> String {
    if let Some(scope) = &made.held {
        let held = held(scope);
        return format!("Nothing is recommended, audited or carried out while {held}. ");
    }
    let certified = made.certified.map(|theta| (theta, promise(made, theta)));
    match (made.disposition, certified) {
        (Disposition::Blocked, _) => String::new(),
        (Disposition::Automatic, Some((theta, promise))) => {
            let (score, theta) = fmt::pair(made.score, theta);
            format!(
                "It was carried out without asking, since its score, {score}, reaches the certified threshold of {theta}: {promise}; {}. ",
                audited(made)
            )
        }
        (Disposition::Automatic, None) => "It was carried out without asking. ".into(),
        (Disposition::Escalated, _) => "It went to an approver, since people contradict what the scores of this kind of situation say and nobody has settled it yet. ".into(),
        (Disposition::Audit, _) if made.level == Level::Shadow => "People are asked about everything that policy allows, so this was sent for a label although its score does not recommend it. ".into(),
        (_, _) if made.level == Level::Shadow => {
            "People are asked about everything that policy allows. ".into()
        }
        (_, Some((theta, _))) if made.level == Level::Automatic && made.score >= theta => {
            "Nothing of this kind is carried out without asking, since people contradict what its scores say and nobody has settled it yet. ".into()
        }
        (_, Some((theta, promise))) if made.level == Level::Automatic => {
            let (score, theta) = fmt::pair(made.score, theta);
            format!(
                "Its score, {score}, is below the certified threshold of {theta}, from which on nobody is asked first: {promise}. "
            )
        }
        _ => String::new(),
    }
}

/// What a certificate says, and what it does not.
fn promise(made: &DecisionMade, theta: f64) -> String {
    let theta = fmt::probability(theta);
    match made.alpha {
        Some(alpha) => format!(
            "people override at most {} of what scores {theta} or more, as far as their answers certify it (α = {}); this does not cover an abrupt shift, which is noticed only after some overrides",
            fmt::quantity(100.0 * alpha, "%"),
            fmt::number(alpha)
        ),
        None => "the certificate does not cover an abrupt shift".into(),
    }
}

fn audited(made: &DecisionMade) -> String {
    let Some(audit) = &made.audit else { return "nobody was asked about it".into() };
    let probability = fmt::probability(audit.probability);
    if audit.chosen() {
        format!("one of those drawn for a label, each with probability {probability}")
    } else {
        format!(
            "others are drawn for a label, each with probability {probability}, and this one was not"
        )
    }
}
