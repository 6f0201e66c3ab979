//! The OpenAPI 3.1 document: [`ENDPOINTS`] and the wire types, nothing else.
//!
//! Committed as `openapi/npo.json` and compared by a test, so that a change of the API shows in review.
//! What the endpoints do is left to `server`; what a field means is its doc comment.

use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, HttpMethod, InfoBuilder, KnownFormat, LicenseBuilder,
    ObjectBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, ResponseBuilder, Schema,
    SchemaFormat, SecurityRequirement, Type, path, tag,
};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoints::{Body, ENDPOINTS, Endpoint, Method, Permission};
use crate::{
    alertmanager, decision, event, feedback, metrics, model, monitor, oversight, people, policy,
    problem, scenario,
};

/// Tags with what they are about; the first part of an endpoint's path after `/v1` chooses one.
const TAGS: &[(&str, &str)] = &[
    ("decisions", "Proposals, decisions, feedback, outcomes."),
    ("scenarios", "Scenario types, and what was learned about scenarios."),
    ("policies", "Bundles of the Safety Policy Engine."),
    ("alignment", "How far npo agrees with its people, and what it may do by itself."),
    ("monitor", "What the monitor watches and did, and how far to trust it."),
    ("models", "Refitted models."),
    ("log", "What happened: live, and for audits."),
    ("people", "People, tokens, set-up."),
    ("integrations", "Other systems' formats."),
    ("service", "Health, metrics, this document."),
];

/// The document as pretty JSON with a final line feed.
#[must_use]
pub fn document() -> String {
    let mut text =
        build().to_pretty_json().expect("a document of strings and numbers has a JSON form");
    text.push('\n');
    text
}

type Named = (String, RefOr<Schema>);

/// A wire type with everything that it refers to.
fn collect<T: ToSchema>(schemas: &mut Vec<Named>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn schemas() -> Vec<Named> {
    let mut schemas = Vec::new();
    let all: &mut Vec<Named> = &mut schemas;
    collect::<decision::Proposal>(all);
    collect::<decision::Decision>(all);
    collect::<decision::DecisionDetail>(all);
    collect::<decision::DecisionPage>(all);
    collect::<decision::BatchLine>(all);
    collect::<decision::Withdrawal>(all);
    collect::<decision::Withdrawn>(all);
    collect::<feedback::FeedbackRequest>(all);
    collect::<feedback::Feedback>(all);
    collect::<feedback::Outcome>(all);
    collect::<feedback::Recorded>(all);
    collect::<scenario::ScenarioType>(all);
    collect::<scenario::ScenarioTypeDetail>(all);
    collect::<scenario::ScenarioTypeList>(all);
    collect::<scenario::ScenarioPage>(all);
    collect::<policy::BundleUpload>(all);
    collect::<policy::PolicyList>(all);
    collect::<metrics::Alignment>(all);
    collect::<metrics::Health>(all);
    collect::<oversight::ThresholdList>(all);
    collect::<oversight::AutonomyGrant>(all);
    collect::<oversight::Reason>(all);
    collect::<oversight::RedButton>(all);
    collect::<oversight::RedButtonOrder>(all);
    collect::<oversight::DecisionVerdict>(all);
    collect::<oversight::LookVerdict>(all);
    collect::<oversight::VerdictRecorded>(all);
    collect::<monitor::Monitor>(all);
    collect::<monitor::Divergence>(all);
    collect::<model::ModelList>(all);
    collect::<model::RefitRequest>(all);
    collect::<event::EventPage>(all);
    collect::<people::WhoAmI>(all);
    collect::<people::PersonList>(all);
    collect::<people::NewPerson>(all);
    collect::<people::PersonChange>(all);
    collect::<people::TokenList>(all);
    collect::<people::NewToken>(all);
    collect::<people::IssuedToken>(all);
    collect::<people::SetUp>(all);
    collect::<alertmanager::AlertmanagerNotification>(all);
    collect::<alertmanager::AlertmanagerReceipt>(all);
    collect::<problem::Problem>(all);
    schemas
}

/// Filters are objects in Rust and single parameters on the wire.
fn query_schema(name: &str) -> RefOr<Schema> {
    match name {
        "DecisionQuery" => decision::DecisionQuery::schema(),
        "ScenarioQuery" => scenario::ScenarioQuery::schema(),
        "VisualQuery" => decision::VisualQuery::schema(),
        "EventQuery" => event::EventQuery::schema(),
        other => unreachable!("endpoint list names the unknown query `{other}`"),
    }
}

fn build() -> OpenApi {
    let info = InfoBuilder::new()
        .title("npo")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "An oversight layer between network automation and the people who answer for it. \
             Errors are RFC 9457 problem details with a stable `code`; `/errors/CODE` in the documentation says what it means.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let mut paths = PathsBuilder::new();
    for endpoint in ENDPOINTS {
        paths = paths
            .path(endpoint.path, path::PathItem::new(method(endpoint.method), operation(endpoint)));
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("npo_SECRET")
        .description(Some("A token of a person or a machine; `npo admin token issue` makes one."))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas())
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .response("Problem", problem_response())
        .build();
    let tags = TAGS
        .iter()
        .map(|(name, about)| tag::TagBuilder::new().name(*name).description(Some(*about)).build());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

fn operation(endpoint: &Endpoint) -> path::Operation {
    let Endpoint {
        id,
        method,
        path,
        permission,
        summary,
        query,
        request,
        success: (status, response),
    } = *endpoint;
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .description(Some(who(permission)))
        .tag(tag_of(path))
        .response(status.to_string(), ResponseBuilder::new().description(said(response)))
        .response("default", Ref::from_response_name("Problem"));
    if let Some((media, content)) = content(response) {
        let described = ResponseBuilder::new().description(said(response)).content(media, content);
        operation = operation.response(status.to_string(), described);
    }
    if let Some((media, content)) = content(request) {
        let body = RequestBodyBuilder::new()
            .content(media, content)
            .required(Some(utoipa::openapi::Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    if permission != Permission::Public {
        operation = operation.security(SecurityRequirement::new("bearer", Vec::<String>::new()));
    }
    for parameter in parameters(path, query, method, response) {
        operation = operation.parameter(parameter);
    }
    operation.build()
}

/// Parameters in the order path, query, headers.
fn parameters(path: &str, query: Option<&str>, method: Method, response: Body) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| parameter(name, ParameterIn::Path, path_words(name), text_schema()))
        .collect();
    if let Some(RefOr::T(Schema::Object(object))) = query.map(query_schema) {
        found.extend(
            object.properties.into_iter().map(|(name, schema)| query_parameter(&name, schema)),
        );
    }
    if response == Body::Text("text/event-stream") {
        let after = "Events after this position; from now on if absent.";
        found.push(parameter("after", ParameterIn::Query, after, position_schema()));
        let last = "Position of the last event received; takes precedence over `after`.";
        found.push(parameter("Last-Event-ID", ParameterIn::Header, last, position_schema()));
    }
    if method == Method::Post {
        let key = "1 to 255 visible ASCII characters. The same key with the same body gets the first answer again; with another body it is refused.";
        found.push(parameter("Idempotency-Key", ParameterIn::Header, key, text_schema()));
    }
    found
}

/// A parameter with the description that its field in the query type carries.
fn query_parameter(name: &str, mut schema: RefOr<Schema>) -> Parameter {
    let description = match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description.take(),
        RefOr::T(Schema::OneOf(one_of)) => one_of.description.take(),
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    parameter(name, ParameterIn::Query, description.as_deref().unwrap_or(""), schema)
}

fn parameter(name: &str, place: ParameterIn, words: &str, schema: RefOr<Schema>) -> Parameter {
    let required = if place == ParameterIn::Path {
        utoipa::openapi::Required::True
    } else {
        utoipa::openapi::Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description((!words.is_empty()).then_some(words))
        .schema(Some(schema))
        .build()
}

fn path_words(name: &str) -> &'static str {
    match name {
        "id" => "Id, such as `d42`, `s7`, `p3`, `t2` or `m1`.",
        "name" => "Name of the scenario type.",
        "digest" => "SHA-256 of the bundle, hexadecimal.",
        "scenario_type" => "Name of the scenario type.",
        "look" => "Number of the look within its scenario type, from 1.",
        _ => "",
    }
}

fn text_schema() -> RefOr<Schema> {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()).into()
}

fn position_schema() -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0));
    Schema::Object(object.build()).into()
}

/// Media type and schema of a body.
fn content(body: Body) -> Option<(&'static str, Content)> {
    let of = |name: &str| Content::new(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(name))));
    match body {
        Body::None => None,
        Body::Json(name) => Some(("application/json", of(name))),
        Body::Lines(name) => Some(("application/x-ndjson", of(name))),
        Body::Text("application/json") => Some(("application/json", Content::default())),
        Body::Text(media) => Some((media, Content::new(Some(text_schema())))),
    }
}

fn said(body: Body) -> &'static str {
    match body {
        Body::None => "Done.",
        Body::Json(_) => "Done.",
        Body::Lines(_) => "One JSON document a line, in the order of the request's lines.",
        Body::Text("text/event-stream") => {
            "Events as they become durable: `id` is the position in the log, `event` its kind, `data` an Event."
        }
        Body::Text(_) => "The text.",
    }
}

fn problem_response() -> utoipa::openapi::Response {
    let schema = RefOr::<Schema>::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description("What was found and what was expected, with a stable code.")
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}

fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
    }
}

fn who(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "Open to everybody.",
        Permission::Known => "Needs any valid token.",
        Permission::Read => "Needs permission to read.",
        Permission::Answer => "Needs permission to answer.",
        Permission::Propose => "Needs permission to propose.",
        Permission::Stop => {
            "Needs permission to press the red button on a type, a site or everything."
        }
        Permission::Approve => "Needs permission to approve.",
        Permission::Judge => "Needs permission to judge.",
        Permission::Model => "Needs permission to manage models.",
        Permission::Engineer => "Needs permission to engineer.",
        Permission::Audit => "Needs permission to audit.",
        Permission::Administer => "Needs permission to administer.",
    }
}

fn tag_of(path: &str) -> &'static str {
    let noun = path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next());
    match noun {
        Some("decisions" | "withdrawals") => "decisions",
        Some("scenarios" | "scenario-types") => "scenarios",
        Some("policies") => "policies",
        Some("alignment" | "thresholds" | "red-button") => "alignment",
        Some("monitor") => "monitor",
        Some("models") => "models",
        Some("events" | "stream") => "log",
        Some("integrations") => "integrations",
        Some("people" | "tokens" | "whoami" | "setup") => "people",
        _ if path == "/setup" => "people",
        _ => "service",
    }
}
