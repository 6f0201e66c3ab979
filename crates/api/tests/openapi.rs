//! The document is complete, and the committed copy is fresh.

use std::collections::BTreeSet;
use std::path::Path;

use npo_api::endpoints::{Body, ENDPOINTS, Method};
use npo_api::openapi::document;
use serde_json::Value;

fn parsed() -> Value {
    serde_json::from_str(&document()).expect("the document is JSON")
}

fn walk(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                visit(target);
            }
            fields.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_committed_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/npo.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document(),
        "openapi/npo.json is not what the code says; refresh it with `npo admin openapi > openapi/npo.json`"
    );
}

#[test]
fn every_reference_resolves() {
    let document = parsed();
    let mut seen = 0;
    walk(&document, &mut |target| {
        seen += 1;
        let pointer = target.strip_prefix('#').expect("references stay inside the document");
        assert!(document.pointer(pointer).is_some(), "`{target}` leads nowhere");
    });
    assert!(seen > ENDPOINTS.len(), "only {seen} references were found");
}

#[test]
fn every_endpoint_is_there_with_its_schemas() {
    let document = parsed();
    let mut ids = BTreeSet::new();
    for endpoint in ENDPOINTS {
        assert!(ids.insert(endpoint.id), "`{}` is used twice", endpoint.id);
        let method = match endpoint.method {
            Method::Get => "get",
            Method::Post => "post",
            Method::Patch => "patch",
            Method::Delete => "delete",
        };
        let operation = &document["paths"][endpoint.path][method];
        assert_eq!(operation["operationId"], endpoint.id, "{} {}", method, endpoint.path);
        assert_eq!(operation["responses"]["default"]["$ref"], "#/components/responses/Problem");
        for body in [endpoint.request, endpoint.success.1] {
            if let Body::Json(name) | Body::Lines(name) = body {
                assert!(
                    document["components"]["schemas"][name].is_object(),
                    "schema `{name}` is missing"
                );
            }
        }
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|p| p["name"].as_str())
            .collect();
        for part in
            endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            assert!(names.contains(&part), "{}: `{part}` is no parameter", endpoint.id);
        }
        assert_eq!(
            names.contains(&"Idempotency-Key"),
            endpoint.method == Method::Post,
            "{}",
            endpoint.id
        );
        if endpoint.query.is_some_and(|query| query != "VisualQuery") {
            assert!(names.contains(&"limit"), "{}: found {names:?}", endpoint.id);
        }
    }
}

#[test]
fn only_public_endpoints_need_no_token() {
    let document = parsed();
    let open: Vec<&str> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .filter(|(_, operation)| operation["security"].is_null())
        .filter_map(|(_, operation)| operation["operationId"].as_str())
        .collect();
    let mut open_sorted = open.clone();
    open_sorted.sort_unstable();
    assert_eq!(open_sorted, ["health", "metrics", "openapi", "ready", "set_up", "set_up_page"]);
}
