//! The list of endpoints, once: the router, the permissions and the OpenAPI document follow it.

/// What a caller must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Nothing: open to everybody.
    Public,
    /// Being known.
    Known,
    /// Reading decisions, scenarios and metrics.
    Read,
    /// Answering decisions.
    Answer,
    /// Proposing, withdrawing, reporting outcomes.
    Propose,
    /// Pressing the red button on a type, a site or everything.
    Stop,
    /// Granting autonomy, releasing what the red button holds, settling escalations.
    Approve,
    /// Giving later, authoritative verdicts.
    Judge,
    /// Refitting, promoting and rolling back models.
    Model,
    /// Managing scenario types and policies.
    Engineer,
    /// Reading the whole log.
    Audit,
    /// Managing people and tokens.
    Administer,
}

/// HTTP methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Orders.
    Post,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

/// One endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Unique name, used for routing and as the OpenAPI operation id.
    pub id: &'static str,
    /// Method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: &'static str,
    /// What a caller must be allowed to do.
    pub permission: Permission,
    /// What it does, in a line that starts with a verb.
    pub summary: &'static str,
    /// Schema of the query string.
    pub query: Option<&'static str>,
    /// Schema of the request body; see [`Body`].
    pub request: Body,
    /// Status and body of success.
    pub success: (u16, Body),
}

/// A body and its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    None,
    /// JSON of a schema.
    Json(&'static str),
    /// One JSON document of a schema a line.
    Lines(&'static str),
    /// Plain text, HTML or an event stream, by media type.
    Text(&'static str),
}

use Body::{Json, Lines, None as Nothing, Text};
use Method::{Delete, Get, Patch, Post};
use Permission::{
    Administer, Answer, Approve, Audit, Engineer, Judge, Known, Model, Propose, Public, Read, Stop,
};

macro_rules! endpoints {
    ($($id:literal $method:ident $path:literal $permission:ident $summary:literal $query:expr, $request:expr => $status:literal $response:expr;)*) => {
        /// Every endpoint.
        pub const ENDPOINTS: &[Endpoint] = &[$(Endpoint {
            id: $id, method: $method, path: $path, permission: $permission, summary: $summary,
            query: $query, request: $request, success: ($status, $response),
        }),*];
    };
}

endpoints! {
    "propose" Post "/v1/decisions" Propose "Judge one proposal" None, Json("Proposal") => 201 Json("Decision");
    "propose_batch" Post "/v1/decisions/batch" Propose "Judge many proposals, one a line" None, Lines("Proposal") => 200 Lines("BatchLine");
    "list_decisions" Get "/v1/decisions" Read "List decisions, newest first" Some("DecisionQuery"), Nothing => 200 Json("DecisionPage");
    "show_decision" Get "/v1/decisions/{id}" Read "Show a decision with its explanation" None, Nothing => 200 Json("DecisionDetail");
    "show_visual" Get "/v1/decisions/{id}/visual.svg" Read "Draw the network around a decision, before and after its action" Some("VisualQuery"), Nothing => 200 Text("image/svg+xml");
    "give_feedback" Post "/v1/decisions/{id}/feedback" Answer "Answer a decision" None, Json("FeedbackRequest") => 201 Json("Feedback");
    "record_outcome" Post "/v1/decisions/{id}/outcome" Propose "Record what the world did after the action" None, Json("Outcome") => 201 Json("Recorded");
    "withdraw_decision" Post "/v1/decisions/{id}/withdraw" Propose "Take a decision back" None, Json("Withdrawal") => 200 Json("Withdrawn");
    "withdraw" Post "/v1/withdrawals" Propose "Take back all open decisions about a condition" None, Json("Withdrawal") => 200 Json("Withdrawn");
    "list_scenario_types" Get "/v1/scenario-types" Read "List scenario types" None, Nothing => 200 Json("ScenarioTypeList");
    "show_scenario_type" Get "/v1/scenario-types/{name}" Read "Show a scenario type and what was learned" None, Nothing => 200 Json("ScenarioTypeDetail");
    "activate_scenario_type" Post "/v1/scenario-types" Engineer "Put a version of a scenario type in force" None, Json("ScenarioType") => 201 Json("ScenarioTypeDetail");
    "list_scenarios" Get "/v1/scenarios" Read "List scenarios and what was learned about them" Some("ScenarioQuery"), Nothing => 200 Json("ScenarioPage");
    "show_scenario" Get "/v1/scenarios/{id}" Read "Show how a scenario's score moved, and why" None, Nothing => 200 Json("Scenario");
    "list_policies" Get "/v1/policies" Read "List policy bundles" None, Nothing => 200 Json("PolicyList");
    "add_policy" Post "/v1/policies" Engineer "Check a policy bundle, keep it, and put it in force if asked" None, Json("BundleUpload") => 201 Json("Policy");
    "activate_policy" Post "/v1/policies/{digest}/activate" Engineer "Put a policy bundle in force" None, Nothing => 200 Json("Policy");
    "judge_decision" Post "/v1/decisions/{id}/rca" Judge "Judge a decision afterwards, with authority" None, Json("DecisionVerdict") => 201 Json("VerdictRecorded");
    "alignment" Get "/v1/alignment" Read "Show alignment loss, override rates, calibration and trust" None, Nothing => 200 Json("Alignment");
    "thresholds" Get "/v1/thresholds" Read "Show thresholds, certificates and the evidence for them" None, Nothing => 200 Json("ThresholdList");
    "grant_autonomy" Post "/v1/scenario-types/{name}/autonomy" Approve "Grant a scenario type autonomy up to a level" None, Json("AutonomyGrant") => 200 Json("Threshold");
    "settle_escalation" Post "/v1/scenario-types/{name}/escalation/settle" Approve "Settle an escalation" None, Json("Reason") => 200 Json("Threshold");
    "list_holds" Get "/v1/red-button" Read "List what the red button or the monitor holds" None, Nothing => 200 Json("RedButton");
    "press_red_button" Post "/v1/red-button" Stop "Press the red button on everything, a scenario type or a site" None, Json("RedButtonOrder") => 201 Json("RedButton");
    "release_red_button" Post "/v1/red-button/release" Approve "Release everything, a scenario type or a site that is held" None, Json("RedButtonOrder") => 200 Json("RedButton");
    "monitor" Get "/v1/monitor" Read "Show what the monitor watches, what it did, and how far to trust it" None, Nothing => 200 Json("Monitor");
    "judge_look" Post "/v1/monitor/looks/{scenario_type}/{look}/rca" Judge "Judge a look of the monitor: should it have acted?" None, Json("LookVerdict") => 201 Json("VerdictRecorded");
    "divergence" Get "/v1/monitor/divergence" Read "Show where people override what policy allows" None, Nothing => 200 Json("Divergence");
    "list_models" Get "/v1/models" Read "List refitted models with their evaluations" None, Nothing => 200 Json("ModelList");
    "refit_model" Post "/v1/models/refit" Model "Refit a model now; it comes into force if it passes its gate" None, Json("RefitRequest") => 201 Json("Model");
    "promote_model" Post "/v1/models/{id}/promote" Model "Put a refitted model in force" None, Json("Reason") => 200 Json("TypeModels");
    "roll_back_model" Post "/v1/scenario-types/{name}/rollback" Model "Put the model before the present one back in force" None, Json("Reason") => 200 Json("TypeModels");
    "list_events" Get "/v1/events" Audit "List the log" Some("EventQuery"), Nothing => 200 Json("EventPage");
    "stream" Get "/v1/stream" Read "Follow what happens, as server-sent events" None, Nothing => 200 Text("text/event-stream");
    "who_am_i" Get "/v1/whoami" Known "Say whose token this is" None, Nothing => 200 Json("WhoAmI");
    "list_people" Get "/v1/people" Read "List people" None, Nothing => 200 Json("PersonList");
    "add_person" Post "/v1/people" Administer "Add somebody" None, Json("NewPerson") => 201 Json("Person");
    "change_person" Patch "/v1/people/{id}" Administer "Change somebody" None, Json("PersonChange") => 200 Json("Person");
    "list_tokens" Get "/v1/tokens" Administer "List tokens" None, Nothing => 200 Json("TokenList");
    "issue_token" Post "/v1/tokens" Known "Issue a token: for yourself, or as an admin for anybody" None, Json("NewToken") => 201 Json("IssuedToken");
    "revoke_token" Delete "/v1/tokens/{id}" Known "Revoke a token: your own, or as an admin anybody's" None, Nothing => 200 Json("Token");
    "set_up" Post "/v1/setup" Public "Make the first administrator" None, Json("SetUp") => 201 Json("IssuedToken");
    "set_up_page" Get "/setup" Public "Show the set-up page" None, Nothing => 200 Text("text/html");
    "alertmanager" Post "/v1/integrations/alertmanager" Propose "Take an Alertmanager notification (webhook version 4)" None, Json("AlertmanagerNotification") => 200 Json("AlertmanagerReceipt");
    "metrics" Get "/metrics" Public "Show metrics in Prometheus' text format" None, Nothing => 200 Text("text/plain");
    "health" Get "/healthz" Public "Say whether the process lives" None, Nothing => 200 Json("Health");
    "ready" Get "/readyz" Public "Say whether requests are served" None, Nothing => 200 Json("Health");
    "openapi" Get "/openapi.json" Public "Show this document" None, Nothing => 200 Text("application/json");
}

/// The endpoint called `id`.
#[must_use]
pub fn endpoint(id: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.id == id)
}
