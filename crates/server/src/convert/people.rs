//! People and tokens on the wire, and roles back.

use npo_api::Problem;
use npo_api::people as api;
use npo_core::people::{Group, Person, Role, Token};
use npo_core::{PersonId, State};

use super::time;
use crate::http::problem::field;

/// A person.
pub(crate) fn person(id: PersonId, person: &Person) -> api::Person {
    let Person { handle, name, roles, active, group } = person;
    let (site, team) = names(group);
    api::Person {
        id: id.to_string(),
        handle: handle.clone(),
        name: name.clone(),
        roles: roles.iter().map(|role| role.name().to_owned()).collect(),
        active: *active,
        site,
        team,
    }
}

/// The site and the team of a group, where they have names.
pub(crate) fn names(group: &Group) -> (Option<String>, Option<String>) {
    let named = |name: &String| (!name.is_empty()).then(|| name.clone());
    (named(&group.site), named(&group.team))
}

/// A token, without its secret and without its digest.
pub(crate) fn token(state: &State, token: &Token) -> api::Token {
    let Token { id, person, digest: _, label, issued, expires, revoked } = token;
    api::Token {
        id: id.to_string(),
        person: handle(state, *person),
        label: label.clone(),
        issued_at: time::text(*issued),
        expires_at: expires.map(time::text),
        revoked: *revoked,
    }
}

/// The handle of a person.
pub(crate) fn handle(state: &State, id: PersonId) -> String {
    state.person(id).map_or_else(|| id.to_string(), |person| person.handle.clone())
}

/// The roles that are named.
pub(crate) fn roles(names: &[String]) -> Result<Vec<Role>, Problem> {
    let role = |name: &String| {
        Role::from_name(name).ok_or_else(|| {
            let known: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
            let found: String = name.chars().take(64).collect();
            field("roles", &format!("`{found}`"), &format!("one of {}", known.join(", ")))
        })
    };
    names.iter().map(role).collect()
}
