//! Policy bundles.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bundle to check and keep: files by their path inside the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleUpload {
    /// The files; at most 4 MiB in all.
    pub files: Vec<BundleFile>,
    /// Put it in force if it passes.
    #[serde(default)]
    pub activate: bool,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleFile {
    /// Relative path with `/`.
    pub path: String,
    /// Text.
    pub content: String,
}

/// A bundle that passed its checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    /// SHA-256 of its files, hexadecimal.
    pub digest: String,
    /// Name from its manifest.
    pub name: String,
    /// Version from its manifest.
    pub version: String,
    /// What its manifest says about it.
    pub description: String,
    /// Whether it is in force.
    pub active: bool,
    /// `vm` where the bytecode machine agrees with the interpreter on all tests, else
    /// `interpreter`.
    pub evaluator: String,
    /// Why the interpreter is used, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator_reason: Option<String>,
    /// Tests in the bundle, all passed.
    pub tests: u32,
}

/// All bundles known to the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyList {
    /// The bundles.
    pub items: Vec<Policy>,
}
