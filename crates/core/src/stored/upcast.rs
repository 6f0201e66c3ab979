//! Older stored forms, and what became of them.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Vector;
use crate::event::{
    Cause, DecisionMade, Disposition, Envelope, Event, MonitorAction, NewScenario, RequestKey,
    Threshold, Verdict,
};
use crate::guarantee::certificate::CertificateSettings;
use crate::ids::{ActionIx, DecisionId, Millis, PersonId, ScenarioId, TypeId};
use crate::learning::posterior::Logit;
use crate::learning::retrain::RetrainSettings;
use crate::learning::trust::TrustSettings;
use crate::learning::utility::{AuditDraw, AuditSettings};
use crate::learning::window::{Finding, MonitorSettings};
use crate::oversight::{Level, Scope, WatchSettings};
use crate::people::{Group, Person, Role};
use crate::profile::{Profile, Scorer, Selector};
use crate::proposal::{Fact, Text, WhatIf};
use crate::signal::FeedbackTable;

/// Kind 1 before profiles certified thresholds and watched.
#[derive(Deserialize)]
struct Profile1<T = Trust1> {
    name: String,
    scorer: Scorer,
    selector: Selector,
    audit: Option<AuditSettings>,
    trust: Option<T>,
    monitor: MonitorSettings,
    retrain: RetrainSettings,
    feedback: FeedbackTable,
    abstain_loss: f64,
    reward_rate: f64,
    in_flight_s: u32,
    retention_s: u32,
}

/// The words of a decision before there were network views.
#[derive(Deserialize)]
struct Text2 {
    target: String,
    facts: Vec<Fact>,
    evidence: Vec<String>,
    what_if: Vec<WhatIf>,
    correlation: Option<String>,
}

/// Kind 1 before anybody's answers were watched as a stream, and with another trust before people
/// had teams: what followed stands behind it.
#[derive(Deserialize)]
struct Profile2<T = Trust1> {
    before: Profile1<T>,
    certificate: Option<CertificateSettings>,
    watch: Option<WatchSettings>,
}

/// Trust of versions 1 and 2.
#[derive(Deserialize)]
struct Trust1 {
    right: f64,
    wrong: f64,
}

/// Trust of version 3, before people had teams.
#[derive(Deserialize)]
struct Trust3 {
    right: f64,
    wrong: f64,
    alarm_run_length: Option<f64>,
}

/// Kind 4 before people had teams.
#[derive(Deserialize)]
struct PersonAdded1 {
    id: PersonId,
    person: Person1,
}

/// Kind 5 before people had teams.
#[derive(Deserialize)]
struct PersonChanged1 {
    id: PersonId,
    person: Person1,
}

/// The person of both.
#[derive(Deserialize)]
struct Person1 {
    handle: String,
    name: String,
    roles: Vec<Role>,
    active: bool,
}

/// Kind 10 before decisions were made under a level of autonomy.
#[derive(Deserialize)]
struct DecisionMade1 {
    id: DecisionId,
    type_id: TypeId,
    type_version: u32,
    generation: u32,
    model_updates: u64,
    profile: u32,
    scenario: ScenarioId,
    new_scenario: Option<Box<NewScenario>>,
    action: ActionIx,
    raw: Vector,
    x: Vector,
    contributions: Vector,
    effect: f64,
    logit: Option<Logit>,
    score: f64,
    compared: f64,
    threshold: Threshold,
    audit: Option<AuditDraw>,
    verdict: Arc<Verdict>,
    disposition: Disposition,
    expires_at: Millis,
    text: Option<Box<Text2>>,
}

/// Kind 10 before decisions had network views: what came with levels of autonomy stands behind version 1.
#[derive(Deserialize)]
struct DecisionMade2 {
    before: DecisionMade1,
    level: Level,
    certified: Option<f64>,
    alpha: Option<f64>,
    asked: f64,
    held: Option<Box<Scope>>,
}

/// Kind 15 before the monitor had other causes than the published rule.
#[derive(Deserialize)]
struct MonitorActed1 {
    type_id: TypeId,
    action: MonitorAction,
    finding: Finding,
}

impl From<Profile1> for Event {
    fn from(before: Profile1) -> Self {
        Profile2 { before, certificate: None, watch: None }.into()
    }
}

impl From<Trust1> for TrustSettings {
    fn from(Trust1 { right, wrong }: Trust1) -> Self {
        Self { right, wrong, alarm_run_length: None, pooled: false }
    }
}

impl From<Trust3> for TrustSettings {
    fn from(Trust3 { right, wrong, alarm_run_length }: Trust3) -> Self {
        Self { right, wrong, alarm_run_length, pooled: false }
    }
}

impl From<Person1> for Person {
    fn from(Person1 { handle, name, roles, active }: Person1) -> Self {
        Self { handle, name, roles, active, group: Group::default() }
    }
}

impl From<PersonAdded1> for Event {
    fn from(PersonAdded1 { id, person }: PersonAdded1) -> Self {
        Self::PersonAdded { id, person: person.into() }
    }
}

impl From<PersonChanged1> for Event {
    fn from(PersonChanged1 { id, person }: PersonChanged1) -> Self {
        Self::PersonChanged { id, person: person.into() }
    }
}

impl<T: Into<TrustSettings>> From<Profile2<T>> for Event {
    fn from(Profile2 { before: old, certificate, watch }: Profile2<T>) -> Self {
        Self::ProfileActivated(Box::new(Profile {
            name: old.name,
            scorer: old.scorer,
            selector: old.selector,
            audit: old.audit,
            trust: old.trust.map(Into::into),
            monitor: old.monitor,
            retrain: old.retrain,
            feedback: old.feedback,
            abstain_loss: old.abstain_loss,
            reward_rate: old.reward_rate,
            in_flight_s: old.in_flight_s,
            retention_s: old.retention_s,
            certificate,
            watch,
        }))
    }
}

impl From<Text2> for Text {
    fn from(old: Text2) -> Self {
        let Text2 { target, facts, evidence, what_if, correlation } = old;
        Self { target, facts, evidence, what_if, correlation, network: None }
    }
}

impl From<DecisionMade1> for Event {
    fn from(before: DecisionMade1) -> Self {
        let asked = match before.disposition {
            Disposition::Surfaced | Disposition::Escalated => 1.0,
            _ => before.audit.map_or(0.0, |draw| draw.probability),
        };
        let level = Level::Recommend;
        DecisionMade2 { before, level, certified: None, alpha: None, asked, held: None }.into()
    }
}

impl From<DecisionMade2> for Event {
    fn from(old: DecisionMade2) -> Self {
        let DecisionMade2 { before, level, certified, alpha, asked, held } = old;
        Self::DecisionMade(Box::new(DecisionMade {
            id: before.id,
            type_id: before.type_id,
            type_version: before.type_version,
            generation: before.generation,
            model_updates: before.model_updates,
            profile: before.profile,
            scenario: before.scenario,
            new_scenario: before.new_scenario,
            action: before.action,
            raw: before.raw,
            x: before.x,
            contributions: before.contributions,
            effect: before.effect,
            logit: before.logit,
            score: before.score,
            compared: before.compared,
            threshold: before.threshold,
            audit: before.audit,
            verdict: before.verdict,
            disposition: before.disposition,
            expires_at: before.expires_at,
            text: before.text.map(|text| Arc::new((*text).into())),
            level,
            certified,
            alpha,
            asked,
            held,
        }))
    }
}

impl From<MonitorActed1> for Event {
    fn from(MonitorActed1 { type_id, action, finding }: MonitorActed1) -> Self {
        Self::MonitorActed { type_id, action, cause: Cause::Window(finding) }
    }
}

/// What stands before the fields of an event in its envelope: who, when, and the number of the
/// event's variant, which says nothing beyond the kind.
type Head = (Millis, PersonId, Option<RequestKey>, u32);

/// Reads an older version of a kind that has later ones; `None` where there never was one.
pub(super) fn older(
    kind: u16,
    version: u8,
    bytes: &[u8],
) -> Option<Result<(Envelope, &[u8]), postcard::Error>> {
    Some(match (kind, version) {
        (1, 1) => read::<Profile1>(bytes),
        (1, 2) => read::<Profile2>(bytes),
        (1, 3) => read::<Profile2<Trust3>>(bytes),
        (4, 1) => read::<PersonAdded1>(bytes),
        (5, 1) => read::<PersonChanged1>(bytes),
        (10, 1) => read::<DecisionMade1>(bytes),
        (10, 2) => read::<DecisionMade2>(bytes),
        (15, 1) => read::<MonitorActed1>(bytes),
        _ => return None,
    })
}

fn read<T: DeserializeOwned + Into<Event>>(
    bytes: &[u8],
) -> Result<(Envelope, &[u8]), postcard::Error> {
    let ((at, actor, request, _), rest) = postcard::take_from_bytes::<Head>(bytes)?;
    let (old, rest) = postcard::take_from_bytes::<T>(rest)?;
    Ok((Envelope { at, actor, request, event: old.into() }, rest))
}
