//! Everything believed: a fold over the log.
//!
//! The state is plain data; it changes only through [`State::apply`] and serialises to the same
//! bytes wherever the same log was folded.

mod groups;
mod open;
mod requests;
mod scenarios;
mod tally;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use groups::Standing;
pub use open::{Answer, Closing, InFlight, Open, OpenDecisions};
pub use requests::{REQUESTS_KEPT, Requests};
pub use scenarios::{Scenario, Scenarios};
pub use tally::Tally;
pub use types::{ModelState, TypeState};

use crate::event::PolicyRef;
use crate::guarantee::doubt::Doubt;
use crate::ids::{DecisionId, Digest, Millis, PersonId, ScenarioId, TokenId, TypeId};
use crate::learning::refit::Parameters;
use crate::learning::trust::Trust;
use crate::oversight::{Hold, Scope};
use crate::people::{Group, NPO, Person, Role, Token};
use crate::profile::Profile;
use crate::rejection::Rejection;
use crate::scenario_type::ScenarioType;

/// The state of the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Events folded so far, which is the log position of the last one.
    pub(crate) position: u64,
    /// When the last event happened.
    pub(crate) last_at: Millis,
    pub(crate) profile: Profile,
    /// How often a profile came into force.
    pub(crate) profile_revision: u32,
    pub(crate) policy: Option<PolicyRef>,
    pub(crate) types: Vec<TypeState>,
    pub(crate) scenarios: Scenarios,
    pub(crate) open: OpenDecisions,
    pub(crate) people: Vec<Person>,
    pub(crate) trust: Vec<Trust>,
    /// The part of each belief that does not come from own answers.
    pub(crate) starts: Vec<Trust>,
    pub(crate) doubts: Vec<Doubt>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) token_digests: BTreeMap<Digest, TokenId>,
    pub(crate) requests: Requests,
    pub(crate) holds: Vec<Hold>,
    /// Decisions that have a verdict. People give them one by one, so they stay few; one is taken for
    /// ever, because it may come long after the decision is forgotten.
    pub(crate) judged: BTreeSet<DecisionId>,
    /// Datasets frozen so far.
    pub(crate) datasets: u32,
    /// Models fitted so far.
    pub(crate) models: u32,
}

impl Default for State {
    fn default() -> Self {
        Self::new(Profile::calibrated())
    }
}

impl State {
    /// The state before the first event, under `profile`.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let mut state = Self {
            position: 0,
            last_at: Millis(0),
            profile,
            profile_revision: 0,
            policy: None,
            types: Vec::new(),
            scenarios: Scenarios::default(),
            open: OpenDecisions::default(),
            people: Vec::new(),
            trust: Vec::new(),
            starts: Vec::new(),
            doubts: Vec::new(),
            tokens: Vec::new(),
            token_digests: BTreeMap::new(),
            requests: Requests::default(),
            holds: Vec::new(),
            judged: BTreeSet::new(),
            datasets: 0,
            models: 0,
        };
        state.add_person(Person {
            handle: "npo".into(),
            name: "npo itself".into(),
            roles: vec![],
            active: true,
            group: Group::default(),
        });
        state
    }

    /// Events folded so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// When the last event happened.
    #[must_use]
    pub fn last_at(&self) -> Millis {
        self.last_at
    }

    /// The profile in force.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How often a profile came into force.
    #[must_use]
    pub fn profile_revision(&self) -> u32 {
        self.profile_revision
    }

    /// The policy bundle in force.
    #[must_use]
    pub fn policy(&self) -> Option<&PolicyRef> {
        self.policy.as_ref()
    }

    /// All scenario types, by id.
    #[must_use]
    pub fn types(&self) -> &[TypeState] {
        &self.types
    }

    /// The scenario type with this id.
    #[must_use]
    pub fn type_state(&self, id: TypeId) -> Option<&TypeState> {
        self.types.get(id.0 as usize)
    }

    /// The scenario type called `name`.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<(TypeId, &TypeState)> {
        (0u32..).map(TypeId).zip(&self.types).find(|(_, t)| t.definition().name == name)
    }

    /// As [`Self::type_named`], as an order would ask for it.
    ///
    /// # Errors
    /// [`Rejection::UnknownScenarioType`] names what there is.
    pub fn require_type(&self, name: &str) -> Result<(TypeId, &TypeState), Rejection> {
        self.type_named(name).ok_or_else(|| Rejection::UnknownScenarioType {
            name: name.chars().take(crate::scenario_type::NAME_MAX).collect(),
            known: self
                .types
                .iter()
                .map(|t| format!("`{}`", t.definition().name))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// As [`Self::type_state`], as an order would ask for it.
    ///
    /// # Errors
    /// [`Rejection::UnknownScenarioType`] with the id.
    pub(crate) fn known_type(&self, id: TypeId) -> Result<&TypeState, Rejection> {
        let unknown =
            || Rejection::UnknownScenarioType { name: id.to_string(), known: String::new() };
        self.type_state(id).ok_or_else(unknown)
    }

    /// The definition of a version of a scenario type.
    #[must_use]
    pub fn definition(&self, id: TypeId, version: u32) -> Option<&Arc<ScenarioType>> {
        self.type_state(id)?.versions.iter().find(|definition| definition.version == version)
    }

    /// All scenarios.
    #[must_use]
    pub fn scenarios(&self) -> &Scenarios {
        &self.scenarios
    }

    /// Open decisions.
    #[must_use]
    pub fn open(&self) -> &OpenDecisions {
        &self.open
    }

    /// Everybody, by id.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The person with this id.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(id.0 as usize)
    }

    /// The person with this handle.
    #[must_use]
    pub fn person_named(&self, handle: &str) -> Option<(PersonId, &Person)> {
        (0u32..).map(PersonId).zip(&self.people).find(|(_, p)| p.handle == handle)
    }

    /// Belief about a person's reliability.
    #[must_use]
    pub fn trust(&self, id: PersonId) -> Option<&Trust> {
        self.trust.get(id.0 as usize)
    }

    /// Evidence that a person's answers are by now wrong more often than right.
    #[must_use]
    pub fn doubt(&self, id: PersonId) -> Option<&Doubt> {
        self.doubts.get(id.0 as usize)
    }

    /// Whether a person is wrong more often than right: over their record, or by now.
    #[must_use]
    pub fn is_adverse(&self, id: PersonId) -> bool {
        let Some(settings) = &self.profile.trust else { return false };
        self.trust(id).is_some_and(Trust::is_adverse)
            || self.doubt(id).is_some_and(|doubt| doubt.accuses(settings.alarm_run_length))
    }

    /// Whether somebody can administer.
    #[must_use]
    pub fn has_admin(&self) -> bool {
        self.people.iter().any(|p| p.active && p.roles.contains(&Role::Admin))
    }

    /// All tokens, by id.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whose token has this digest, if it works at `now`.
    #[must_use]
    pub fn authenticate(&self, digest: &Digest, now: Millis) -> Option<(PersonId, &Token)> {
        let token = self.tokens.get(self.token_digests.get(digest)?.0 as usize)?;
        let works = !token.revoked && token.expires.is_none_or(|expires| now < expires);
        let active = self.person(token.person).is_some_and(|p| p.active && token.person != NPO);
        (works && active).then_some((token.person, token))
    }

    /// Whether a token with this digest was ever issued.
    pub(crate) fn token_digest_known(&self, digest: &Digest) -> bool {
        self.token_digests.contains_key(digest)
    }

    /// Scopes on which recommending and acting is held, in the order of their holding.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// What holds a scenario type at a site, if something does.
    #[must_use]
    pub fn hold_on(&self, type_id: TypeId, site: &str) -> Option<&Hold> {
        self.holds.iter().find(|hold| match &hold.scope {
            Scope::All => true,
            Scope::ScenarioType(held) => *held == type_id,
            Scope::Site(held) => held == site,
        })
    }

    /// Whether a decision has its verdict.
    #[must_use]
    pub fn is_judged(&self, id: DecisionId) -> bool {
        self.judged.contains(&id)
    }

    /// Datasets frozen so far.
    #[must_use]
    pub fn datasets(&self) -> u32 {
        self.datasets
    }

    /// Models fitted so far.
    #[must_use]
    pub fn models(&self) -> u32 {
        self.models
    }

    /// The numbers of the model in force of a scenario type.
    #[must_use]
    pub fn parameters(&self, type_id: TypeId) -> Option<Parameters> {
        let posterior = self.type_state(type_id)?.posterior.as_ref()?;
        Some(Parameters {
            mean: posterior.mean.clone(),
            covariance: posterior.covariance().to_vec(),
            effects: self.scenarios.learned(type_id, self.effect_variance()),
        })
    }

    /// The position of the event that answered a request key, and the content it was asked with.
    #[must_use]
    pub fn answered_request(&self, key: &[u8; 16]) -> Option<(u64, [u8; 8])> {
        self.requests.get(key)
    }

    /// The entity and site of a scenario, and its type.
    #[must_use]
    pub fn scenario(&self, id: ScenarioId) -> Option<Scenario<'_>> {
        self.scenarios.get(id)
    }

    pub(crate) fn add_person(&mut self, person: Person) {
        self.people.push(person);
        self.doubts.push(Doubt::default());
        let start = match &self.profile.trust {
            Some(settings) => Trust::new(settings),
            None => Trust { right: 1.0, wrong: 0.0 },
        };
        self.trust.push(start);
        self.starts.push(start);
    }
}
