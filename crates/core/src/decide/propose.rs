//! Judging a proposal: score, threshold, audit, disposition.

use std::sync::Arc;

use super::{Draws, Inputs, Out, check_name, check_text};
use crate::event::{DecisionMade, Disposition, Event, NewScenario, Threshold, Verdict};
use crate::ids::{ScenarioId, TypeId};
use crate::learning::math::{predictive, sigmoid};
use crate::learning::posterior::Logit;
use crate::learning::utility::{AuditDraw, optimistic, threshold, value_of_information};
use crate::learning::{effect::Effect, math::dot};
use crate::oversight::Level;
use crate::profile::{Profile, Scorer, Selector};
use crate::proposal::{
    ENTITY_MAX, EVIDENCE_MAX, FACTS_MAX, FactValue, LINE_MAX, Proposal, ScenarioRef, Text,
};
use crate::rejection::Rejection;
use crate::scenario_type::{InvalidFeature, NAME_MAX};
use crate::state::{Open, State, TypeState};
use crate::{Vector, zeros};

/// A proposal as a source words it: everything by name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedProposal<'a> {
    /// Scenario type.
    pub scenario_type: &'a str,
    /// Entity.
    pub entity: &'a str,
    /// Site; may be empty.
    pub site: &'a str,
    /// Action.
    pub action: &'a str,
    /// Raw feature values.
    pub features: Features<'a>,
    /// Words that travel along.
    pub text: Text,
}

/// Raw feature values, by name or in schema order.
#[derive(Debug, Clone, PartialEq)]
pub enum Features<'a> {
    /// By name, in any order.
    Named(Vec<(&'a str, f64)>),
    /// In the order that the scenario type declares.
    Ordered(Vector),
}

/// Puts a named proposal into the terms of the state.
///
/// # Errors
/// Names the scenario type, action, feature or text that does not fit.
pub fn resolve(state: &State, named: NamedProposal<'_>) -> Result<Proposal, Rejection> {
    let (type_id, type_state) = state.require_type(named.scenario_type)?;
    let definition = type_state.definition();
    check_name("entity", named.entity, ENTITY_MAX, false)?;
    check_name("site", named.site, ENTITY_MAX, true)?;
    check_words(&named.text)?;
    let action = definition.action_named(named.action).ok_or_else(|| Rejection::UnknownAction {
        action: named.action.chars().take(NAME_MAX).collect(),
        scenario_type: definition.name.clone(),
        known: definition
            .actions
            .iter()
            .map(|a| format!("`{}`", a.name))
            .collect::<Vec<_>>()
            .join(", "),
    })?;
    let raw = match named.features {
        Features::Named(pairs) => definition.raw_from_named(pairs.into_iter())?,
        Features::Ordered(raw) => {
            definition.check_raw(&raw)?;
            raw
        }
    };
    let scenario = match state.scenarios().find(type_id, named.entity) {
        Some(id) => {
            check_site(state, id, named.site)?;
            ScenarioRef::Known(id)
        }
        None => ScenarioRef::Named { entity: named.entity.into(), site: named.site.into() },
    };
    let text = (named.text != Text::default()).then(|| Arc::new(named.text));
    Ok(Proposal { type_id, scenario, action, raw, text })
}

fn check_words(text: &Text) -> Result<(), Rejection> {
    let count = |field: &str, found: usize, max: usize| {
        if found <= max {
            return Ok(());
        }
        let expected = format!("at most {max}");
        Err(Rejection::Field { field: field.into(), found: format!("{found} entries"), expected })
    };
    count("facts", text.facts.len(), FACTS_MAX)?;
    count("evidence", text.evidence.len(), EVIDENCE_MAX)?;
    count("what_if", text.what_if.len(), FACTS_MAX)?;
    check_name("action.target", &text.target, ENTITY_MAX, true)?;
    if let Some(correlation) = &text.correlation {
        check_name("correlation", correlation, LINE_MAX, false)?;
    }
    for line in &text.evidence {
        check_text("evidence", line, LINE_MAX, false)?;
    }
    let finite = |field: String, value: f64| {
        if value.is_finite() {
            return Ok(());
        }
        let expected = "a finite number".to_owned();
        Err(Rejection::Field { field, found: value.to_string(), expected })
    };
    // Policies look facts up by name: of two with one name, which one counts would be the source's
    // secret.
    let mut names: Vec<&str> = text.facts.iter().map(|fact| fact.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Rejection::Field {
            field: format!("facts.{}", twice[0].chars().take(NAME_MAX).collect::<String>()),
            found: "given twice".into(),
            expected: "each fact once".into(),
        });
    }
    for fact in &text.facts {
        check_name("facts.name", &fact.name, NAME_MAX, false)?;
        check_name("facts.unit", &fact.unit, NAME_MAX, true)?;
        check_text("facts.source", &fact.source, ENTITY_MAX, true)?;
        match &fact.value {
            FactValue::Number(number) => finite(format!("facts.{}", fact.name), *number)?,
            FactValue::Text(value) => check_text("facts.value", value, LINE_MAX, true)?,
            FactValue::Flag(_) => {}
        }
    }
    for item in &text.what_if {
        check_name("what_if.name", &item.name, NAME_MAX, false)?;
        check_name("what_if.unit", &item.unit, NAME_MAX, true)?;
        finite(format!("what_if.{}.before", item.name), item.before)?;
        finite(format!("what_if.{}.after", item.name), item.after)?;
    }
    Ok(())
}

/// An entity is where it was first said to be: limits per site would mean nothing otherwise.
fn check_site(state: &State, id: ScenarioId, site: &str) -> Result<(), Rejection> {
    match state.scenario(id) {
        Some(known) if !site.is_empty() && known.site != site => Err(Rejection::Field {
            field: "site".into(),
            found: format!("`{site}`"),
            expected: format!("`{}`, where `{}` is known to be", known.site, known.entity),
        }),
        _ => Ok(()),
    }
}

/// What a scorer says about one input.
struct Scored {
    effect: f64,
    logit: Option<Logit>,
    score: f64,
}

pub(super) fn propose(
    state: &State,
    proposal: &Proposal,
    inputs: &Inputs,
    out: &mut Out,
) -> Result<(), Rejection> {
    let Proposal { type_id, action, .. } = *proposal;
    let Proposal { scenario, raw, text, .. } = proposal;
    let type_state = state.known_type(type_id)?;
    let definition = type_state.definition();
    if usize::from(action) >= definition.actions.len() || raw.len() != definition.features.len() {
        // Resolved against a version that has been replaced since.
        return Err(InvalidFeature::Missing {
            name: format!("#{}", raw.len() + 1),
            scenario_type: definition.name.clone(),
            expected: format!(
                "{} features and an action of version {}",
                definition.features.len(),
                definition.version
            ),
        }
        .into());
    }
    // The version in force may not be the one that the values were checked against.
    let mut x = Vector::new();
    definition.input_into(raw, action, &mut x)?;
    let (scenario, new_scenario) = place(state, type_id, scenario)?;
    let known = state.scenarios().effect(scenario).filter(|_| new_scenario.is_none());
    let scored = score(state, type_state, known, &x);
    let threshold = choose(state, type_state, &inputs.draws);
    let compared = match (&threshold, scored.logit) {
        (Threshold::Utility { optimism, .. }, Some(logit)) => optimistic(logit, *optimism),
        _ => scored.score,
    };
    let verdict = inputs.verdict.clone().unwrap_or_else(|| Arc::new(no_verdict()));
    let oversight = &type_state.oversight;
    let level = oversight.level();
    let certified = oversight.certificate.map(|certificate| certificate.theta);
    let held = if state.holds().is_empty() {
        None
    } else {
        let site = match &new_scenario {
            Some(new) => new.site.as_str(),
            None => state.scenario(scenario).map_or("", |known| known.site),
        };
        state.hold_on(type_id, site)
    };
    let above = compared >= threshold.theta();
    // What people deny as a whole is theirs to decide, certified or not.
    let automatic = level == Level::Automatic
        && !oversight.escalated
        && certified.is_some_and(|theta| scored.score >= theta);
    let audit = match (&state.profile().audit, &state.profile().certificate, scored.logit) {
        _ if !verdict.allow || held.is_some() => None,
        (_, Some(settings), _) if automatic => {
            Some(certain(settings.audit_rate, type_state.voi_average, inputs.draws.audit))
        }
        _ if above => None,
        // People review everything until something is certified.
        _ if level == Level::Shadow => {
            Some(certain(1.0, type_state.voi_average, inputs.draws.audit))
        }
        (Some(settings), _, Some(logit)) => {
            let voi = value_of_information(logit, definition.override_cost);
            Some(AuditDraw::new(settings, voi, type_state.voi_average, inputs.draws.audit))
        }
        _ => None,
    };
    let chosen = audit.is_some_and(|draw| draw.chosen());
    let disposition = match (verdict.allow, held) {
        (false, _) => Disposition::Blocked,
        (true, Some(_)) => Disposition::Abstained,
        (true, None) if automatic => Disposition::Automatic,
        (true, None) if above && oversight.escalated => Disposition::Escalated,
        (true, None) if above => Disposition::Surfaced,
        (true, None) if chosen => Disposition::Audit,
        (true, None) => Disposition::Abstained,
    };
    let asked = match disposition {
        Disposition::Surfaced | Disposition::Escalated => 1.0,
        _ => audit.map_or(0.0, |draw| draw.probability),
    };
    let held = held.map(|hold| Box::new(hold.scope.clone()));
    let (expires_at, definition_version) =
        (out.at.plus_seconds(definition.expires_after_s), definition.version);
    let Scored { effect, logit, score } = scored;
    // Written in its place, vectors and all: a decision is too large to be moved about.
    let room = Box::<DecisionMade>::new_uninit();
    let made = DecisionMade {
        id: state.open().next_id(),
        type_id,
        type_version: definition_version,
        generation: type_state.generation,
        model_updates: type_state.updates(),
        profile: state.profile_revision(),
        scenario,
        new_scenario,
        action,
        raw: Vector::new(),
        contributions: Vector::new(),
        x: Vector::new(),
        effect,
        logit,
        score,
        compared,
        threshold,
        audit,
        verdict,
        disposition,
        expires_at,
        text: text.clone(),
        level,
        certified,
        alpha: oversight.certificate.map(|certificate| certificate.alpha),
        asked,
        held,
    };
    let asks = made.asks();
    let mut made = Box::write(room, made);
    made.raw = Vector::from_slice(raw);
    made.x = x;
    contribute(type_state, logit, &mut made);
    out.push(Event::DecisionMade(made));
    if !asks {
        super::answer::close_episodes(state, type_id, 1, None, out);
    }
    Ok(())
}

/// Where the scenario is, or will be.
fn place(
    state: &State,
    type_id: TypeId,
    scenario: &ScenarioRef,
) -> Result<(ScenarioId, Option<Box<NewScenario>>), Rejection> {
    match scenario {
        &ScenarioRef::Known(id) => match state.scenarios().type_of(id) {
            Some(known) if known == type_id => Ok((id, None)),
            _ => Err(Rejection::UnknownScenario(id.to_string())),
        },
        // Two proposals may have named the same new entity at the same time.
        ScenarioRef::Named { entity, site } => match state.scenarios().find(type_id, entity) {
            Some(id) => Ok((id, None)),
            None => {
                let next = u32::try_from(state.scenarios().len()).unwrap_or(u32::MAX);
                let (entity, site) = (entity.clone(), site.clone());
                Ok((ScenarioId(next), Some(Box::new(NewScenario { entity, site }))))
            }
        },
    }
}

fn score(state: &State, type_state: &TypeState, known: Option<&Effect>, x: &Vector) -> Scored {
    match (&state.profile().scorer, &type_state.posterior) {
        (Scorer::Hierarchical(settings), Some(posterior)) => {
            let (mean, variance) = known.map_or((0.0, settings.effect_variance), |effect| {
                let drift = settings.effect_drift;
                (
                    effect.mean,
                    effect.variance_at(type_state.decisions, drift, settings.effect_variance),
                )
            });
            let logit = posterior.logit(x, mean, variance);
            Scored {
                effect: mean,
                logit: Some(logit),
                score: predictive(logit.mean, logit.variance),
            }
        }
        _ => Scored {
            effect: 0.0,
            logit: None,
            score: known.map_or_else(|| prior_score(type_state, x), |effect| effect.score),
        },
    }
}

/// What each input adds to the logit; nothing for a scorer without one.
fn contribute(type_state: &TypeState, logit: Option<Logit>, made: &mut DecisionMade) {
    let (Some(posterior), Some(_)) = (&type_state.posterior, logit) else { return };
    let DecisionMade { x, contributions, .. } = made;
    *contributions = zeros(x.len());
    for (product, (x, w)) in contributions.iter_mut().zip(x.iter().zip(&posterior.mean)) {
        *product = x * w;
    }
}

/// The score of a scenario that nothing is known about: σ(prior·x). The fold needs it too.
pub(crate) fn prior_score(type_state: &TypeState, x: &[f64]) -> f64 {
    sigmoid(dot(&type_state.definition().prior(), x))
}

fn choose(state: &State, type_state: &TypeState, draws: &Draws) -> Threshold {
    let arm_of = |arm: u8, arms: &[f64]| arms.get(usize::from(arm)).copied();
    match &state.profile().selector {
        Selector::Fixed { theta } => Threshold::Fixed { theta: *theta },
        Selector::Random { arms } => {
            let count = u64::try_from(arms.len()).unwrap_or(1).max(1);
            let drawn = u8::try_from(draws.seed % count).unwrap_or(0);
            let arm = draws.arm.filter(|arm| arm_of(*arm, arms).is_some()).unwrap_or(drawn);
            Threshold::Random { arm, theta: arm_of(arm, arms).unwrap_or(1.0) }
        }
        Selector::Thompson { arms, .. } => {
            let Some(bandit) = &type_state.bandit else {
                return Threshold::Fixed { theta: 1.0 };
            };
            let (arm, draw) = match draws.arm.filter(|arm| arm_of(*arm, arms).is_some()) {
                Some(arm) => (arm, None),
                None => {
                    let (arm, draw) = bandit.sample(draws.seed);
                    (arm, Some(draw))
                }
            };
            let i = usize::from(arm);
            Threshold::Thompson {
                arm,
                theta: arm_of(arm, arms).unwrap_or(1.0),
                draw,
                alpha: bandit.alpha[i],
                beta: bandit.beta[i],
            }
        }
        Selector::Utility { optimism } => {
            let override_cost = type_state.definition().override_cost;
            let theta = threshold(override_cost);
            Threshold::Utility { theta, override_cost, optimism: *optimism }
        }
    }
}

/// An audit draw of a probability that does not depend on the value of a label.
fn certain(probability: f64, voi_average: f64, draw: f64) -> AuditDraw {
    AuditDraw { voi: 0.0, voi_average, probability, draw }
}

/// From which score on everybody was asked about everything: the region that a label can speak for.
pub(crate) fn evidence_from(profile: &Profile, made: &DecisionMade, escalated: bool) -> f64 {
    if made.level == Level::Shadow {
        return 0.0;
    }
    let surfaced_from = match &profile.selector {
        // With a malus instead of a bonus, a high score that is uncertain is not surfaced either.
        Selector::Utility { optimism } if *optimism < 0.0 => f64::INFINITY,
        Selector::Fixed { .. } | Selector::Utility { .. } => made.threshold.theta(),
        // Below the highest arm, people were asked on some days and not on others.
        Selector::Random { arms } | Selector::Thompson { arms, .. } => {
            arms.iter().copied().fold(0.0, f64::max)
        }
    };
    match made.certified {
        Some(theta) if made.level == Level::Automatic && !escalated => surfaced_from.min(theta),
        _ => surfaced_from,
    }
}

fn no_verdict() -> Verdict {
    Verdict {
        allow: false,
        bundle: [0; 32],
        rules: vec![],
        error: Some("no verdict was gathered, which denies".into()),
    }
}

/// What is remembered of a decision while people are asked about it.
pub(crate) fn remember(made: &DecisionMade, at: crate::Millis) -> Option<Box<Open>> {
    made.disposition.asks().then(|| {
        let room = Box::<Open>::new_uninit();
        let open = Open {
            at,
            expires_at: made.expires_at,
            type_id: made.type_id,
            generation: made.generation,
            scenario: made.scenario,
            x: Vector::from_slice(&made.x),
            arm: made.threshold.arm(),
            disposition: made.disposition,
            score: made.score,
            asked: made.asks(),
            counted: false,
            answers: smallvec::SmallVec::new(),
            closing: crate::state::Closing::Open,
            outcome: false,
            correlation: made.text.as_ref().and_then(|text| text.correlation.clone()),
        };
        Box::write(room, open)
    })
}
