//! People, tokens, set-up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Id, such as `p3`.
    pub id: String,
    /// Unique short name.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// viewer, operator, approver, engineer, admin, auditor, source.
    pub roles: Vec<String>,
    /// Whether they have access.
    pub active: bool,
    /// Site they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Team they belong to; teams of one name at two sites are two teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// Everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonList {
    /// The people.
    pub items: Vec<Person>,
}

/// Somebody to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Unique short name: lower-case letters, digits, `-`, `_`, `.`.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// Roles, at least one.
    pub roles: Vec<String>,
    /// Site they belong to, up to 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Team they belong to, up to 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// A change to somebody; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonChange {
    /// New name.
    pub name: Option<String>,
    /// New roles.
    pub roles: Option<Vec<String>>,
    /// Whether they have access.
    pub active: Option<bool>,
    /// New site; empty for none.
    pub site: Option<String>,
    /// New team; empty for none.
    pub team: Option<String>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Id, such as `t2`.
    pub id: String,
    /// Handle of whose it is.
    pub person: String,
    /// What it is for.
    pub label: String,
    /// When it was issued, RFC 3339.
    pub issued_at: String,
    /// When it stops working, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// All tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// The tokens.
    pub items: Vec<Token>,
}

/// A token to issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Handle of whose it is; your own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What it is for, 1 to 64 bytes.
    pub label: String,
    /// Days until it stops working, 1 to 3650; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// A token with its secret, shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// The bearer secret; only its digest is kept.
    pub secret: String,
}

/// The first administrator, made with the one-time code that the server printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The code from the set-up link.
    pub code: String,
    /// Your handle.
    pub handle: String,
    /// Your name.
    pub name: String,
}

/// Who a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoAmI {
    /// The person.
    pub person: Person,
    /// The token that asks.
    pub token: Token,
}
