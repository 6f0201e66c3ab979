//! Decisions on the wire, read from their event and the scenario type that it names.

use std::sync::Arc;

use npo_api::decision as api;
use npo_core::event::{DecisionMade, Disposition};
use npo_core::explain;
use npo_core::scenario_type::ScenarioType;
use npo_core::{Millis, Signal, State};

use super::{oversight, time};

/// What of the state a decision needs to be put into words.
pub(crate) struct Subject {
    definition: Arc<ScenarioType>,
    entity: String,
    pub(crate) site: String,
}

impl Subject {
    /// Looks it up; `None` for a decision of another log.
    pub(crate) fn of(state: &State, made: &DecisionMade) -> Option<Self> {
        let definition = Arc::clone(state.definition(made.type_id, made.type_version)?);
        let (entity, site) = match (&made.new_scenario, state.scenario(made.scenario)) {
            (Some(new), _) => (new.entity.clone(), new.site.clone()),
            (None, Some(scenario)) => (scenario.entity.to_owned(), scenario.site.to_owned()),
            (None, None) => return None,
        };
        Some(Self { definition, entity, site })
    }
}

impl From<npo_engine::Judged> for Subject {
    fn from(judged: npo_engine::Judged) -> Self {
        let npo_engine::Judged { definition, entity, site } = judged;
        Self { definition, entity, site }
    }
}

/// Where a decision stands, as far as its reader knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Status.
    pub(crate) status: api::Status,
    /// First answer.
    pub(crate) signal: Option<Signal>,
}

impl Standing {
    /// Where a decision stands at the moment when it is made.
    pub(crate) fn new(made: &DecisionMade) -> Self {
        let status = if made.asks() { api::Status::Open } else { api::Status::Closed };
        Self { status, signal: None }
    }

    /// Where a listed decision stands.
    pub(crate) fn listed(row: &npo_views::DecisionRow) -> Self {
        Self { status: status(row.status), signal: row.signal }
    }
}

/// A decision for lists.
pub(crate) fn decision(
    position: u64,
    at: Millis,
    made: &DecisionMade,
    subject: &Subject,
    standing: Standing,
) -> api::Decision {
    let Subject { definition, entity, site } = subject;
    let [score_low, score_high] = explain::interval(made);
    let target = made.text.as_ref().map(|text| text.target.as_str()).filter(|t| !t.is_empty());
    let action = definition.actions.get(usize::from(made.action));
    api::Decision {
        id: made.id.to_string(),
        made_at: time::text(at),
        expires_at: time::text(made.expires_at),
        scenario_type: definition.name.clone(),
        scenario: made.scenario.to_string(),
        entity: entity.clone(),
        site: site.clone(),
        risk: definition.risk.name().to_owned(),
        action: action.map(|action| action.name.clone()).unwrap_or_default(),
        target: target.unwrap_or(entity).to_owned(),
        disposition: disposition(made.disposition),
        status: standing.status,
        score: made.score,
        score_low,
        score_high,
        compared: made.compared,
        threshold: made.threshold.theta(),
        level: oversight::level(made.level),
        certified: made.certified,
        asked: made.asked,
        held: made.held.as_deref().map(|held| oversight::scope(held, || definition.name.clone())),
        allowed: made.verdict.allow,
        rules: made.verdict.rules.iter().map(|hit| hit.rule.clone()).collect(),
        signal: standing.signal.map(|signal| signal.name().to_owned()),
        headline: explain::headline(made, definition, entity),
        position,
        replayed: false,
    }
}

/// The explanation of a decision.
pub(crate) fn explanation(
    made: &DecisionMade,
    subject: &Subject,
) -> npo_api::explanation::Explanation {
    let Subject { definition, entity, site } = subject;
    super::explanation::explanation(explain::explain(made, definition, entity, site))
}

/// A disposition.
pub(crate) fn disposition(from: Disposition) -> api::Disposition {
    match from {
        Disposition::Surfaced => api::Disposition::Surfaced,
        Disposition::Abstained => api::Disposition::Abstained,
        Disposition::Blocked => api::Disposition::Blocked,
        Disposition::Audit => api::Disposition::Audit,
        Disposition::Escalated => api::Disposition::Escalated,
        Disposition::Automatic => api::Disposition::Automatic,
    }
}

/// A disposition to filter by.
pub(crate) fn disposition_asked(from: api::Disposition) -> Disposition {
    match from {
        api::Disposition::Surfaced => Disposition::Surfaced,
        api::Disposition::Abstained => Disposition::Abstained,
        api::Disposition::Blocked => Disposition::Blocked,
        api::Disposition::Audit => Disposition::Audit,
        api::Disposition::Escalated => Disposition::Escalated,
        api::Disposition::Automatic => Disposition::Automatic,
    }
}

fn status(from: npo_views::Status) -> api::Status {
    match from {
        npo_views::Status::Open => api::Status::Open,
        npo_views::Status::Answered => api::Status::Answered,
        npo_views::Status::Expired => api::Status::Expired,
        npo_views::Status::Withdrawn => api::Status::Withdrawn,
        npo_views::Status::Closed => api::Status::Closed,
    }
}

/// A status to filter by.
pub(crate) fn status_asked(from: api::Status) -> npo_views::Status {
    match from {
        api::Status::Open => npo_views::Status::Open,
        api::Status::Answered => npo_views::Status::Answered,
        api::Status::Expired => npo_views::Status::Expired,
        api::Status::Withdrawn => npo_views::Status::Withdrawn,
        api::Status::Closed => npo_views::Status::Closed,
    }
}
