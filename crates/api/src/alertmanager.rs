//! Alertmanager's webhook, version 4.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A notification about one group of alerts. Fields that npo does not use are ignored, as
/// Alertmanager may add some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertmanagerNotification {
    /// Version of the webhook: `4`.
    pub version: String,
    /// Identifies the group.
    pub group_key: String,
    /// Alerts left out because of Alertmanager's own limit.
    #[serde(default)]
    pub truncated_alerts: u64,
    /// firing or resolved.
    pub status: AlertStatus,
    /// Which receiver of Alertmanager's configuration this is.
    pub receiver: String,
    /// Labels that the group was formed by.
    #[serde(default)]
    pub group_labels: BTreeMap<String, String>,
    /// Labels that all alerts of the group share.
    #[serde(default)]
    pub common_labels: BTreeMap<String, String>,
    /// Annotations that all alerts of the group share.
    #[serde(default)]
    pub common_annotations: BTreeMap<String, String>,
    /// Where Alertmanager is.
    #[serde(default, rename = "externalURL")]
    pub external_url: String,
    /// The alerts.
    pub alerts: Vec<Alert>,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// It holds.
    Firing,
    /// It ended.
    Resolved,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// firing or resolved.
    pub status: AlertStatus,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// When it began, RFC 3339.
    #[serde(default)]
    pub starts_at: String,
    /// When it ended, RFC 3339.
    #[serde(default)]
    pub ends_at: String,
    /// Where its expression can be seen.
    #[serde(default, rename = "generatorURL")]
    pub generator_url: String,
    /// Identifies the alert by its labels.
    #[serde(default)]
    pub fingerprint: String,
}

/// What became of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AlertmanagerReceipt {
    /// Ids of decisions, new or already there.
    pub decisions: Vec<String>,
    /// Ids of decisions that were withdrawn.
    pub withdrawn: Vec<String>,
}
