//! People and tokens.

use super::{Out, check_name};
use crate::event::Event;
use crate::ids::{Digest, Millis, PersonId, TokenId};
use crate::people::{Group, HANDLE_MAX, NPO, Person, Role, Token};
use crate::proposal::ENTITY_MAX;
use crate::rejection::Rejection;
use crate::state::State;

/// Somebody to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPerson {
    /// Unique short name: lower-case letters, digits, `-`, `_`, `.`.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// Roles, at least one.
    pub roles: Vec<Role>,
    /// Where they belong.
    pub group: Group,
}

/// A token to issue. The secret itself stays with whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// SHA-256 of the secret.
    pub digest: Digest,
    /// What it is for.
    pub label: String,
    /// When it stops working, if ever.
    pub expires: Option<Millis>,
}

/// A change to somebody; what is absent stays.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonChange {
    /// Who.
    pub id: PersonId,
    /// New name for people.
    pub name: Option<String>,
    /// New roles.
    pub roles: Option<Vec<Role>>,
    /// Whether they have access.
    pub active: Option<bool>,
    /// New site; empty for none.
    pub site: Option<String>,
    /// New team; empty for none.
    pub team: Option<String>,
}

pub(super) fn set_up(
    state: &State,
    person: NewPerson,
    token: NewToken,
    out: &mut Out,
) -> Result<(), Rejection> {
    if state.has_admin() {
        return Err(Rejection::AlreadySetUp);
    }
    let id = next_person(state);
    add(state, person, out)?;
    // Set-up is the one order that nobody known can give; its author is who it creates.
    out.actor = id;
    out.so_far().iter_mut().for_each(|envelope| envelope.actor = id);
    push_token(state, id, token, out)
}

pub(super) fn add(state: &State, person: NewPerson, out: &mut Out) -> Result<(), Rejection> {
    let NewPerson { handle, name, roles, group } = person;
    check_name("name", &name, ENTITY_MAX, false)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if handle.is_empty() || handle.len() > HANDLE_MAX || !handle.chars().all(fits) {
        return Err(Rejection::Field {
            field: "handle".into(),
            found: format!("`{}`", handle.chars().take(HANDLE_MAX).collect::<String>()),
            expected: format!("1 to {HANDLE_MAX} lower-case letters, digits, `-`, `_` or `.`"),
        });
    }
    if state.person_named(&handle).is_some() {
        return Err(Rejection::HandleTaken(handle));
    }
    let group = check_group(group)?;
    let person = Person { handle, name, roles: check_roles(roles)?, active: true, group };
    out.push(Event::PersonAdded { id: next_person(state), person });
    Ok(())
}

pub(super) fn change(state: &State, change: PersonChange, out: &mut Out) -> Result<(), Rejection> {
    let PersonChange { id, name, roles, active, site, team } = change;
    let before = known(state, id)?;
    let mut person = before.clone();
    if let Some(name) = name {
        check_name("name", &name, ENTITY_MAX, false)?;
        person.name = name;
    }
    if let Some(roles) = roles {
        person.roles = check_roles(roles)?;
    }
    person.active = active.unwrap_or(person.active);
    if site.is_some() || team.is_some() {
        let Group { site: old_site, team: old_team } = person.group;
        let (site, team) = (site.unwrap_or(old_site), team.unwrap_or(old_team));
        person.group = check_group(Group { site, team })?;
    }
    let is_admin = |p: &Person| p.active && p.roles.contains(&Role::Admin);
    let others = (0u32..).zip(state.people()).any(|(other, p)| other != id.0 && is_admin(p));
    if is_admin(before) && !is_admin(&person) && !others {
        return Err(Rejection::LastAdmin(before.handle.clone()));
    }
    if person != *before {
        out.push(Event::PersonChanged { id, person });
    }
    Ok(())
}

pub(super) fn issue(
    state: &State,
    person: PersonId,
    token: NewToken,
    out: &mut Out,
) -> Result<(), Rejection> {
    known(state, person)?;
    push_token(state, person, token, out)
}

pub(super) fn revoke(state: &State, id: TokenId, out: &mut Out) -> Result<(), Rejection> {
    let token =
        state.tokens().get(id.0 as usize).ok_or_else(|| Rejection::UnknownToken(id.to_string()))?;
    if !token.revoked {
        out.push(Event::TokenRevoked(id));
    }
    Ok(())
}

fn push_token(
    state: &State,
    person: PersonId,
    token: NewToken,
    out: &mut Out,
) -> Result<(), Rejection> {
    let NewToken { digest, label, expires } = token;
    check_name("label", &label, HANDLE_MAX, false)?;
    if state.token_digest_known(&digest) {
        // It would authenticate one person by the secret of another.
        return Err(Rejection::Field {
            field: "token".into(),
            found: "the digest of a token issued before".into(),
            expected: "a fresh secret".into(),
        });
    }
    let id = TokenId(u32::try_from(state.tokens().len()).unwrap_or(u32::MAX));
    let issued = out.at;
    out.push(Event::TokenIssued(Token {
        id,
        person,
        digest,
        label,
        issued,
        expires,
        revoked: false,
    }));
    Ok(())
}

fn next_person(state: &State) -> PersonId {
    PersonId(u32::try_from(state.people().len()).unwrap_or(u32::MAX))
}

fn known(state: &State, id: PersonId) -> Result<&Person, Rejection> {
    state.person(id).filter(|_| id != NPO).ok_or_else(|| Rejection::UnknownPerson(id.to_string()))
}

fn check_group(group: Group) -> Result<Group, Rejection> {
    check_name("site", &group.site, HANDLE_MAX, true)?;
    check_name("team", &group.team, HANDLE_MAX, true)?;
    Ok(group)
}

fn check_roles(mut roles: Vec<Role>) -> Result<Vec<Role>, Rejection> {
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        return Err(Rejection::Field {
            field: "roles".into(),
            found: "empty".into(),
            expected: "at least one role".into(),
        });
    }
    Ok(roles)
}
