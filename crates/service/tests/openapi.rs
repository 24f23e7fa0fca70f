//! The description of the API: it is served as it is committed, is complete, and leaves no object open.

mod running;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{StatusCode, header};
use running::{described, request, running};
use serde_json::{Value, json};

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let service = running().await;
    let served = service.get("/openapi.json").await;
    assert_eq!((served.status, served.body.as_slice()), (StatusCode::OK, service::OPENAPI.as_bytes()));
    assert_eq!(served.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
}

/// The other direction is tested twice: `running::described` checks the answer to each request of each test, and the unit test
/// of the routes compares the paths.
#[tokio::test]
async fn the_operations_described_are_those_that_are_there() {
    let service = running().await;
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (method, path, _) in described::operations() {
        paths.entry(path).or_default().insert(method);
    }
    assert!(paths.len() > 35, "{}", paths.len());
    for (template, described) in paths {
        let path = template
            .replace("{attestationType}", "SgxEnclave")
            .replace("{after}", "0")
            .replace("{sha256}", &"0".repeat(64))
            .replace("{platform}", &"0".repeat(64))
            .replace("/Tee/{type}", "/Tee/SgxEnclave")
            .replace("/attest/{type}", "/attest/Tpm")
            .replace("{type}", "SgxEnclave");
        let parts = path.split('/').map(|part| if part.starts_with('{') { "one" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        // A route with GET answers HEAD too.
        for method in ["get", "put", "post", "delete", "options", "patch", "trace"] {
            let asked = request(&method.to_uppercase(), &path).body(Body::empty());
            let answer = service.send(asked.unwrap_or_else(|error| panic!("{path}: {error}"))).await;
            let is_there = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_there, described.contains(method), "{method} {template}: {}", answer.status);
            if answer.status == StatusCode::NOT_FOUND {
                assert_ne!(answer.refusal().2, "route_unknown", "{method} {template}");
            }
        }
    }
}

#[test]
fn every_operation_has_a_summary_and_its_own_success() {
    for (method, path, operation) in described::operations() {
        let what = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what} has no summary");
        assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{what} has no tag");
        assert!(operation["security"].as_array().is_some_and(|security| !security.is_empty()), "{what}");
        let named = path.matches('{').count();
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(in_path, named, "{what} does not describe each parameter of its path");
    }
}

#[test]
fn every_refusal_lists_its_codes() {
    for (method, path, operation) in described::operations() {
        let responses = operation["responses"].as_object().unwrap();
        assert!(!responses.contains_key("default"), "{method} {path} leaves refusals open");
        // These can happen to every request.
        for status in ["400", "404", "408", "421", "500", "503"] {
            assert!(responses.contains_key(status), "{method} {path} {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let response = described::resolved(response);
            let is_sentence = response["content"]["application/json"]["schema"] == json!({"type": "string"});
            let count = described::codes(response).count();
            assert_eq!(count == 0, is_sentence, "{method} {path} {status} lists {count} codes");
        }
    }
}

#[test]
fn no_schema_of_a_request_or_an_answer_is_open() {
    let mut schemas = Schemas::default();
    for (method, path, operation) in described::operations() {
        schemas.content(&format!("{method} {path} request"), &operation["requestBody"]["content"], Side::Request);
        for (status, response) in operation["responses"].as_object().unwrap() {
            schemas.content(
                &format!("{method} {path} {status}"),
                &described::resolved(response)["content"],
                Side::Answer,
            );
        }
    }
    assert!(schemas.faults.is_empty(), "{:#?}", schemas.faults);
    let components = described::document()["components"]["schemas"].as_object().unwrap();
    let unused: Vec<_> = components.keys().filter(|name| !schemas.seen.iter().any(|(seen, _)| seen == *name)).collect();
    assert!(unused.is_empty(), "not used: {unused:?}");
}

#[test]
fn an_open_schema_is_found() {
    let open = [
        json!({}),
        json!({"description": "anything"}),
        json!({"type": "object"}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {}}),
        json!({"type": "object", "additionalProperties": false}),
        json!({"type": ["object", "null"], "properties": {}}),
        json!({"properties": {"a": {"type": "string"}}}),
        json!({"type": "array"}),
        json!({"type": "array", "items": {"type": "object"}}),
        json!({"anyOf": [{"type": "string"}, {"type": "object"}]}),
    ];
    for schema in open {
        for side in [Side::Request, Side::Answer] {
            let mut schemas = Schemas::default();
            schemas.schema("it", &schema, side);
            assert!(!schemas.faults.is_empty(), "{schema}");
        }
    }
    let said = json!({"type": "object", "description": "Unknown members are ignored.", "properties": {}});
    let typed = json!({"type": "object", "additionalProperties": {"type": "string"}});
    for (schema, side, faults) in [(&said, Side::Request, 0), (&said, Side::Answer, 1), (&typed, Side::Answer, 0)] {
        let mut schemas = Schemas::default();
        schemas.schema("it", schema, side);
        assert_eq!(schemas.faults.len(), faults, "{schema}: {:?}", schemas.faults);
    }
}

/// Who sends what a schema describes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Request,
    Answer,
}

/// The schemas that were looked at, and what is wrong with them.
#[derive(Default)]
struct Schemas {
    seen: BTreeSet<(String, Side)>,
    faults: Vec<String>,
}

impl Schemas {
    fn content(&mut self, place: &str, content: &Value, side: Side) {
        for (media_type, described) in content.as_object().into_iter().flatten() {
            // Other bodies are bytes.
            if media_type == "application/json" || media_type == "application/x-www-form-urlencoded" {
                self.schema(place, &described["schema"], side);
            }
        }
    }

    fn schema(&mut self, place: &str, schema: &Value, side: Side) {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            let component = &described::document()["components"]["schemas"][name];
            assert!(component.is_object(), "{place}: {reference} is not there");
            if self.seen.insert((name.to_owned(), side)) {
                self.schema(name, component, side);
            }
            return;
        }
        let mut fault = |what: &str| self.faults.push(format!("{place}: {what}: {schema}"));
        let description = schema["description"].as_str().unwrap_or_default();
        let may_ignore = side == Side::Request && description.contains("Unknown members are ignored");
        let is_unread = side == Side::Request && description == "The body is not read.";
        let is_of = |name: &str| match &schema["type"] {
            Value::String(only) => only == name,
            Value::Array(several) => several.iter().any(|one| one == name),
            _ => false,
        };
        let alternatives = ["anyOf", "oneOf"].iter().filter_map(|name| schema[name].as_array()).flatten();
        let alternatives: Vec<&Value> = alternatives.collect();
        if schema["type"].is_null() && alternatives.is_empty() && !is_unread {
            fault("says nothing");
        }
        let additional = &schema["additionalProperties"];
        if is_of("object") && !additional.is_object() {
            if !schema["properties"].is_object() {
                fault("names no members");
            }
            if additional != &json!(false) && schema["unevaluatedProperties"] != json!(false) && !may_ignore {
                fault("is open");
            }
        }
        if is_of("array") && schema["items"].is_null() && schema["maxItems"] != json!(0) {
            fault("has items of any kind");
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            self.schema(&format!("{place}.{name}"), member, side);
        }
        if additional.is_object() {
            self.schema(&format!("{place}.*"), additional, side);
        }
        if schema["items"].is_object() {
            self.schema(&format!("{place}[]"), &schema["items"], side);
        }
        for alternative in alternatives {
            self.schema(place, alternative, side);
        }
    }
}
