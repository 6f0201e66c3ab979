//! People, machines, roles and tokens.
//!
//! Nobody is anonymous: every event names who caused it.
//! Secrets never reach the log; of a bearer token only its SHA-256 digest does.

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, Millis, PersonId, TokenId};

/// `npo` itself: the actor of expiries and of what its own rules do.
pub const NPO: PersonId = PersonId(0);
/// Longest handle or label, in bytes.
pub const HANDLE_MAX: usize = 64;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads decisions, explanations and metrics.
    Viewer,
    /// Answers decisions.
    Operator,
    /// Answers decisions and approves actions.
    Approver,
    /// Connects sources, scenario types and policies.
    Engineer,
    /// Manages people and tokens.
    Admin,
    /// Reads the whole log.
    Auditor,
    /// A machine that proposes, withdraws and reports outcomes, and nothing else.
    Source,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Viewer,
        Self::Operator,
        Self::Approver,
        Self::Engineer,
        Self::Admin,
        Self::Auditor,
        Self::Source,
    ];

    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Engineer => "engineer",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Source => "source",
        }
    }

    /// The role called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Where somebody belongs; whoever belongs nowhere has two empty names.
///
/// A team is known by its site and its name: teams of one name at two sites are two teams.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// The site, by the name that scenarios have it under; may be empty.
    pub site: String,
    /// The team; may be empty.
    pub team: String,
}

impl Group {
    /// Whether it is a site or a team at all.
    #[must_use]
    pub fn is_some(&self) -> bool {
        !(self.site.is_empty() && self.team.is_empty())
    }
}

/// A person, or a machine that acts by token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Unique short name, as typed.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// Roles, ascending, without repeats.
    pub roles: Vec<Role>,
    /// Inactive people keep their history and lose their access.
    pub active: bool,
    /// Where they belong.
    pub group: Group,
}

/// A bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Which token.
    pub id: TokenId,
    /// Whose it is.
    pub person: PersonId,
    /// SHA-256 of the secret.
    pub digest: Digest,
    /// What it is for.
    pub label: String,
    /// When it was issued.
    pub issued: Millis,
    /// When it stops working, if ever.
    pub expires: Option<Millis>,
    /// Revoked tokens stay listed.
    pub revoked: bool,
}
