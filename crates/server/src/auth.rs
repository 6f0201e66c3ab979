//! Who asks, and may they.
//!
//! A token's secret is checked by its SHA-256 digest; nothing else of it is kept anywhere.
//! Issuing and revoking tokens is the core's; which roles give which permission stands here, once.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use npo_api::Problem;
use npo_api::endpoints::Permission;
use npo_core::ids::{TokenId, hex};
use npo_core::people::Role;
use npo_core::{Digest, Millis, PersonId, State};
use npo_engine::Engine;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};

/// What every secret starts with, so that scanners can tell one that leaked.
const PREFIX: &str = "npo_";
/// Hexadecimal digits of a secret: 256 bits.
const SECRET_DIGITS: usize = 64;

/// Who asks, and with which token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) person: PersonId,
    pub(crate) token: TokenId,
    pub(crate) roles: Vec<Role>,
}

impl Caller {
    /// Whether one of the caller's roles gives `permission`.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| gives(*role, permission))
    }
}

/// A new secret and its digest.
pub(crate) fn new_secret() -> (String, Digest) {
    let secret = format!("{PREFIX}{}", hex(&rand::random::<[u8; SECRET_DIGITS / 2]>()));
    let digest = Sha256::digest(&secret).into();
    (secret, digest)
}

/// Whether `role` gives `permission`.
pub(crate) fn gives(role: Role, permission: Permission) -> bool {
    use Permission::{
        Administer, Answer, Approve, Audit, Engineer, Judge, Known, Model, Propose, Public, Read,
        Stop,
    };
    match permission {
        Public | Known => true,
        // A source that is taken over must not learn what people decide.
        Read => role != Role::Source,
        Answer => matches!(role, Role::Operator | Role::Approver),
        Propose => matches!(role, Role::Engineer | Role::Source),
        // Whoever sees that something goes wrong may stop it; setting it going again takes authority.
        Stop => matches!(role, Role::Operator | Role::Approver | Role::Engineer | Role::Admin),
        Approve => matches!(role, Role::Approver | Role::Admin),
        // An auditor changes nothing else, which makes their verdict an independent one.
        Judge => matches!(role, Role::Approver | Role::Admin | Role::Auditor),
        Model => matches!(role, Role::Engineer | Role::Approver | Role::Admin),
        Engineer => role == Role::Engineer,
        Audit => role == Role::Auditor,
        Administer => role == Role::Admin,
    }
}

/// The permission in a word, for messages.
fn name(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "nothing",
        Permission::Known => "being known",
        Permission::Read => "reading",
        Permission::Answer => "answering",
        Permission::Propose => "proposing",
        Permission::Stop => "pressing the red button on a type, a site or everything",
        Permission::Approve => "approving",
        Permission::Judge => "judging",
        Permission::Model => "managing models",
        Permission::Engineer => "engineering",
        Permission::Audit => "auditing",
        Permission::Administer => "administering",
    }
}

/// Callers kept; beyond that all are looked up anew.
const KEPT_MAX: usize = 4096;

/// Callers by the digest of their token, so that a request does not wait for the engine's lock.
///
/// What is kept is used only while people and tokens are as they were when it was read, so that a
/// revocation counts from the moment when it is taken.
#[derive(Debug, Default)]
pub(crate) struct Callers(RwLock<HashMap<Digest, Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    people_version: u64,
    expires: Option<Millis>,
    caller: Arc<Caller>,
}

impl Callers {
    /// The caller, if they are known and allowed.
    pub(crate) fn authorize(
        &self,
        engine: &Engine,
        headers: &HeaderMap,
        permission: Permission,
    ) -> Result<Arc<Caller>, Problem> {
        let digest = secret_digest(headers)?;
        let (people_version, now) = (engine.people_version(), Engine::now());
        let kept = self.0.read().get(&digest).cloned();
        let holds = |kept: &Kept| {
            kept.people_version == people_version && kept.expires.is_none_or(|at| now < at)
        };
        let caller = match kept.filter(holds) {
            Some(kept) => kept.caller,
            None => self.look_up(engine, digest, people_version, now)?,
        };
        require(&caller, permission)?;
        Ok(caller)
    }

    fn look_up(
        &self,
        engine: &Engine,
        digest: Digest,
        people_version: u64,
        now: Millis,
    ) -> Result<Arc<Caller>, Problem> {
        let kept = engine.read(|state| match state.authenticate(&digest, now) {
            Some((person, token)) => {
                let roles = state.person(person).map(|p| p.roles.clone()).unwrap_or_default();
                let caller = Arc::new(Caller { person, token: token.id, roles });
                Ok(Kept { people_version, expires: token.expires, caller })
            }
            None => Err(why_not(state, &digest)),
        })?;
        let caller = Arc::clone(&kept.caller);
        let mut all = self.0.write();
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        all.insert(digest, kept);
        Ok(caller)
    }
}

/// Refuses a caller without `permission`.
pub(crate) fn require(caller: &Caller, permission: Permission) -> Result<(), Problem> {
    if caller.may(permission) {
        return Ok(());
    }
    let names = |roles: Vec<Role>| roles.iter().map(|r| r.name()).collect::<Vec<_>>().join(", ");
    let giving: Vec<Role> = Role::ALL.into_iter().filter(|role| gives(*role, permission)).collect();
    let give = match giving.len() {
        1 => format!("the role {} gives", names(giving)),
        _ => format!("the roles {} give", names(giving)),
    };
    let detail = format!(
        "this needs the permission of {}, which {give}; you have {}",
        name(permission),
        names(caller.roles.clone()),
    );
    Err(Problem::new(403, "permission-denied", detail))
}

fn secret_digest(headers: &HeaderMap) -> Result<Digest, Problem> {
    let unauthorized = |code, detail| Err(Problem::new(401, code, detail));
    let Some(value) = headers.get(AUTHORIZATION) else {
        let detail = "the header `Authorization` is missing, expected `Bearer npo_…`";
        return unauthorized("token-missing", detail);
    };
    let secret = value.to_str().ok().and_then(|text| {
        let (scheme, secret) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    let fits = |secret: &&str| {
        secret.strip_prefix(PREFIX).is_some_and(|digits| {
            digits.len() == SECRET_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit())
        })
    };
    match secret.filter(fits) {
        Some(secret) => Ok(Sha256::digest(secret).into()),
        None => {
            let detail = "the header `Authorization` does not hold a token, expected `Bearer npo_` and 64 hexadecimal digits";
            unauthorized("token-malformed", detail)
        }
    }
}

/// Why a well-formed token does not work. Whoever holds the secret may know what became of it.
fn why_not(state: &State, digest: &Digest) -> Problem {
    let (code, detail) = match state.tokens().iter().find(|token| token.digest == *digest) {
        None => (
            "token-unknown",
            "this token is not known here; a token is shown once, when it is issued".to_owned(),
        ),
        Some(token) if token.revoked => {
            ("token-revoked", format!("token `{}` was revoked", token.id))
        }
        Some(token) if state.person(token.person).is_some_and(|p| !p.active) => {
            ("inactive-person", format!("the owner of token `{}` has no access any more", token.id))
        }
        Some(token) => {
            let at = token.expires.map(crate::convert::time::text).unwrap_or_default();
            ("token-expired", format!("token `{}` expired at {at}", token.id))
        }
    };
    Problem::new(401, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_proposes_and_reads_nothing() {
        let all = [
            Permission::Read,
            Permission::Answer,
            Permission::Propose,
            Permission::Stop,
            Permission::Approve,
            Permission::Judge,
            Permission::Model,
            Permission::Engineer,
            Permission::Audit,
            Permission::Administer,
        ];
        let given: Vec<_> = all.into_iter().filter(|p| gives(Role::Source, *p)).collect();
        assert_eq!(given, [Permission::Propose]);
    }

    #[test]
    fn secrets_differ_and_have_the_form_that_is_asked_for() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        let mut headers = HeaderMap::new();
        let value = format!("Bearer {}", one.0).parse().expect("a secret is a header value");
        headers.insert(AUTHORIZATION, value);
        assert_eq!(secret_digest(&headers).expect("it is well-formed"), one.1);
    }
}
