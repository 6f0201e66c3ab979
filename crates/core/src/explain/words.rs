//! The sentences around the numbers: headline, what a yes and a no mean, the strongest reasons.
//!
//! Sentences are built so that they hold for any title, singular or plural: a title is followed by
//! "at", never by a verb.

use super::contributions::phrase;
use super::{Contribution, autonomy, fmt};
use crate::event::{DecisionMade, Disposition, Verdict};
use crate::oversight::Level;
use crate::proposal::WhatIf;
use crate::scenario_type::{Action, ScenarioType};

/// Characters of a rule's message or of an error in a headline.
const MESSAGE_SHOWN: usize = 120;
/// Numbers before and after the action that are put into a sentence; all of them stand beside it.
const WHAT_IF_SHOWN: usize = 2;
/// A smaller contribution to the logit is no reason: it moves a score by about a hundredth.
const REASON_LEAST: f64 = 0.05;

/// What is proposed, and on what.
pub(super) struct Subject<'a> {
    action: Option<&'a Action>,
    target: &'a str,
    site: &'a str,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        made: &'a DecisionMade,
        definition: &'a ScenarioType,
        entity: &'a str,
        site: &'a str,
    ) -> Self {
        let named = made.text.as_ref().map_or("", |text| text.target.as_str());
        let target = if named.is_empty() { entity } else { named };
        Self { action: definition.actions.get(usize::from(made.action)), target, site }
    }

    /// Such as `Take the link out of service on leaf4:HundredGigE0/0/0/13`.
    fn proposal(&self) -> String {
        let title = self.action.map_or("An action", |action| action.title.as_str());
        format!("{title} on {}", self.target)
    }
}

pub(super) fn headline(made: &DecisionMade, subject: &Subject<'_>) -> String {
    let outcome = match made.disposition {
        Disposition::Surfaced => "recommended",
        Disposition::Abstained => match &made.held {
            Some(scope) => {
                return format!(
                    "{}: held back, since {}",
                    subject.proposal(),
                    autonomy::held(scope)
                );
            }
            None => "held back",
        },
        Disposition::Blocked => {
            return format!("{}: {}", subject.proposal(), blocked(&made.verdict));
        }
        Disposition::Audit if made.level == Level::Shadow => {
            "not recommended, but people are asked about everything"
        }
        Disposition::Audit => "held back but sent for a label",
        Disposition::Escalated => "handed to somebody with more authority",
        Disposition::Automatic => {
            if let Some(theta) = made.certified {
                let label = if made.asks() { " and sent for a label" } else { "" };
                let (score, theta) = fmt::pair(made.score, theta);
                return format!(
                    "{}: carried out without asking{label}, {score} against a certified threshold of {theta}",
                    subject.proposal()
                );
            }
            "carried out without asking"
        }
    };
    let (compared, threshold) = fmt::pair(made.compared, made.threshold.theta());
    // What is compared may be more than the score, or less: say both, or one of them looks like a
    // mistake. A benefit that lowers would look like another.
    let score = fmt::probability(made.score);
    let score = if score == compared {
        compared
    } else if made.compared > made.score {
        format!("{score} ({compared} with the benefit of the doubt)")
    } else {
        format!("{score} (compared is {compared})")
    };
    format!("{}: {outcome}, {score} against a threshold of {threshold}", subject.proposal())
}

fn blocked(verdict: &Verdict) -> String {
    if let Some(error) = &verdict.error {
        return format!(
            "blocked, since policy could not judge: {}",
            fmt::shortened(error, MESSAGE_SHOWN)
        );
    }
    match verdict.rules.split_first() {
        None => "blocked by policy: no rule allows it".into(),
        Some((first, more)) => {
            let message = match first.message.as_str() {
                "" => String::new(),
                message => format!(" ({})", fmt::shortened(message, MESSAGE_SHOWN)),
            };
            let more = match more.len() {
                0 => String::new(),
                n => format!(" and {}", fmt::count(n as u64, "more rule")),
            };
            format!("blocked by policy: {}{message}{more}", first.rule)
        }
    }
}

pub(super) fn if_yes(made: &DecisionMade, subject: &Subject<'_>, what_if: &[WhatIf]) -> String {
    let action = action_sentence(subject, what_if);
    match made.disposition {
        Disposition::Surfaced => action,
        Disposition::Escalated => format!("It takes an approver to answer. {action}"),
        Disposition::Automatic if made.asks() => format!(
            "It is carried out without asking; a yes is a label: it says that this was right. {action}"
        ),
        Disposition::Automatic => {
            format!("It is carried out without asking, and nobody has to answer. {action}")
        }
        Disposition::Audit => {
            format!("A yes is a label: it says that this should have been recommended. {action}")
        }
        Disposition::Abstained => match &made.held {
            Some(scope) => format!("Nobody is asked, since {}. {action}", autonomy::held(scope)),
            None => format!("Nobody is asked, since it was held back. {action}"),
        },
        Disposition::Blocked => format!("Nobody is asked, since policy forbids it. {action}"),
    }
}

/// What the action does, whether it can be undone, and what it changes.
fn action_sentence(subject: &Subject<'_>, what_if: &[WhatIf]) -> String {
    let site =
        if subject.site.is_empty() { String::new() } else { format!(" at site {}", subject.site) };
    let mut parts = vec![format!("{}{site}", subject.proposal())];
    if let Some(action) = subject.action {
        let first = action.description.split(". ").next().unwrap_or_default();
        parts.push(format!(": {}", fmt::inline(first.trim().trim_end_matches('.'))));
        parts.push(if action.reversible {
            "; it can be undone".into()
        } else {
            "; it cannot be undone".into()
        });
    }
    let changed = what_if.iter().filter(|item| item.before != item.after).take(WHAT_IF_SHOWN);
    parts.extend(changed.map(|item| {
        let name = fmt::inline(&fmt::title(&item.name));
        format!(
            "; {name}: from {} to {}",
            fmt::quantity(item.before, &item.unit),
            fmt::quantity(item.after, &item.unit)
        )
    }));
    format!("{}.", parts.concat())
}

pub(super) fn if_no(
    made: &DecisionMade,
    subject: &Subject<'_>,
    definition: &ScenarioType,
) -> String {
    let answer = match made.disposition {
        Disposition::Surfaced | Disposition::Escalated => {
            format!(
                "{} is left as it is, and the override counts against proposals like this",
                subject.target
            )
        }
        Disposition::Automatic => {
            let no = "An override says that it should not have been done, and counts against acting without asking";
            if !made.asks() {
                return format!("{no}; nobody has to answer.");
            }
            no.into()
        }
        Disposition::Audit => "A no is a label: it says that holding it back was right".into(),
        Disposition::Abstained | Disposition::Blocked => {
            return format!("{} is left as it is; nobody is asked.", subject.target);
        }
    };
    let expiry = fmt::duration(u64::from(definition.expires_after_s));
    if made.disposition == Disposition::Automatic {
        return format!(
            "{answer}; unanswered, the question expires after {expiry} and the action goes on."
        );
    }
    format!("{answer}; unanswered, the decision expires after {expiry}.")
}

pub(super) fn because(
    made: &DecisionMade,
    definition: &ScenarioType,
    contributions: &[Contribution],
) -> Vec<String> {
    let mut reasons = Vec::new();
    if !made.verdict.allow {
        reasons.push(format!(
            "Decisive against it: {}.",
            fmt::inline(policy(&made.verdict).trim_end_matches('.'))
        ));
    }
    if contributions.is_empty() {
        let score = fmt::probability(made.score);
        let origin = match made.new_scenario {
            Some(_) => "what the prior says, since nobody has answered about this scenario",
            None => "the moving average of past answers about this scenario",
        };
        reasons.push(format!(
            "The score, {score}, is {origin}; no single input speaks for or against it."
        ));
        return reasons;
    }
    let strongest = |sign: f64| {
        let speaks = |c: &&Contribution| c.logit * sign >= REASON_LEAST;
        // Where such situations start from is no reason of this one, unless there is no other.
        let of_this = contributions.iter().filter(|c| c.name != "intercept").find(speaks);
        of_this.or_else(|| contributions.iter().find(speaks))
    };
    for (side, sign) in [("For", 1.0), ("Against", -1.0)] {
        reasons.push(match strongest(sign) {
            Some(c) => {
                let phrase = fmt::inline(&phrase(c, definition));
                format!("{side} it most: {phrase} ({}).", fmt::signed(c.logit))
            }
            None => format!("Nothing that was measured speaks {} it.", side.to_lowercase()),
        });
    }
    reasons
}

pub(super) fn policy(verdict: &Verdict) -> String {
    let names: Vec<String> = verdict.rules.iter().map(|hit| format!("`{}`", hit.rule)).collect();
    if let Some(error) = &verdict.error {
        return format!("Denied, since the policy could not judge: {error}.");
    }
    if verdict.allow {
        return match names.as_slice() {
            [] => "Allowed: no rule speaks against it.".into(),
            names => format!("Allowed: {} checked and passed.", fmt::list(names)),
        };
    }
    if names.is_empty() {
        return "Denied: no rule allows it.".into();
    }
    let reasons = verdict.rules.iter().map(|hit| match hit.message.as_str() {
        "" => format!("`{}`", hit.rule),
        message => format!("`{}`: {message}", hit.rule),
    });
    format!("Denied by {}.", reasons.collect::<Vec<_>>().join("; "))
}
