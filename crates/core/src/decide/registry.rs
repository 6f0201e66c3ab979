//! What comes into force: scenario types, policy bundles, profiles.

use std::sync::Arc;

use super::Out;
use super::oversee::lose_certificate;
use crate::event::{Event, PolicyRef};
use crate::ids::TypeId;
use crate::profile::Profile;
use crate::rejection::Rejection;
use crate::scenario_type::{InvalidType, ScenarioType};
use crate::state::State;

/// Scenario types at most: each holds a model.
const TYPES_MAX: usize = 10_000;

pub(super) fn activate_type(
    state: &State,
    definition: ScenarioType,
    out: &mut Out,
) -> Result<(), Rejection> {
    definition.validate()?;
    let known = state.type_named(&definition.name);
    let current = known.map_or(0, |(_, t)| t.definition().version);
    if known.is_some_and(|(_, t)| **t.definition() == definition) {
        return Ok(());
    }
    if definition.version != current + 1 {
        let (found, expected) = (definition.version, current + 1);
        return Err(Rejection::Version { name: definition.name, found, current, expected });
    }
    let next = state.types().len();
    if known.is_none() && next >= TYPES_MAX {
        return Err(Rejection::ScenarioType(InvalidType::Field {
            field: "name".into(),
            found: format!("the {}th scenario type", next + 1),
            expected: "at most 10000 scenario types",
        }));
    }
    let next = TypeId(u32::try_from(next).unwrap_or(u32::MAX));
    let type_id = known.map_or(next, |(id, _)| id);
    let relearned = known.filter(|(_, t)| !t.definition().same_inputs(&definition));
    out.push(Event::ScenarioTypeActivated { type_id, definition: Arc::new(definition) });
    if let Some((_, type_state)) = relearned {
        lose_certificate(type_id, type_state, "the inputs of the scenario type changed", out);
    }
    Ok(())
}

pub(super) fn activate_policy(
    state: &State,
    policy: PolicyRef,
    out: &mut Out,
) -> Result<(), Rejection> {
    if state.policy() == Some(&policy) {
        return Ok(());
    }
    let other = state.policy().is_none_or(|old| old.digest != policy.digest);
    out.push(Event::PolicyActivated(policy));
    if other {
        // What was certified was the rate of what the policy before let through.
        for (type_id, type_state) in (0u32..).map(TypeId).zip(state.types()) {
            lose_certificate(type_id, type_state, "another policy came into force", out);
        }
    }
    Ok(())
}

pub(super) fn activate_profile(
    state: &State,
    profile: Box<Profile>,
    out: &mut Out,
) -> Result<(), Rejection> {
    profile.validate()?;
    if state.profile_revision() == 0 || *state.profile() != *profile {
        let (new, old) = (&*profile, state.profile());
        let keeps = new.learns_as(old) && new.certificate == old.certificate;
        out.push(Event::ProfileActivated(profile));
        for (type_id, type_state) in (0u32..).map(TypeId).zip(state.types()) {
            if !keeps {
                lose_certificate(type_id, type_state, "the profile changed", out);
            }
        }
    }
    Ok(())
}
