//! What openapi.json says of an answer. Every answer of every test is put to it, so the description cannot drift from the service.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::header;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(service::OPENAPI).unwrap());

/// Compiled once for each operation and status.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The operations, each with method and path.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap();
        operations.iter().map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

/// Fails where the document does not allow the answer.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let asked = within_provider(path.split('?').next().unwrap());
    let status = answer.status.as_u16();
    let Some((template, operation)) = operation(method, &asked) else {
        assert!((400..500).contains(&status), "{method} {path} answers {status} and is not described");
        return;
    };
    // Where providers have hosts of their own, a path below `/p/` is not that of an operation.
    let is_below_provider = path.to_ascii_lowercase().starts_with("/p/");
    if status == 404 && is_below_provider && answer.refusal().2 == "route_unknown" {
        return;
    }
    let responses = operation["responses"].as_object().unwrap();
    let what = format!("{method} {template} {status}");
    let Some(response) = responses.get(&status.to_string()) else {
        panic!("{what} is not described: {}", String::from_utf8_lossy(&answer.body))
    };
    let response = resolved(response);
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{what} is described without a body");
        return;
    };
    let content_type = answer.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
    let content_type = content_type.split(';').next().unwrap();
    let Some(described) = content.get(content_type) else { panic!("{what} is of the type `{content_type}`") };
    if content_type == "application/json" {
        let validator = validator(&format!("{method} {template} {status}"), &described["schema"]);
        let body = answer.json();
        let faults: Vec<String> =
            validator.iter_errors(&body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{what} is described otherwise: {faults:?}\n{body}");
        if status >= 400 {
            check_code(&what, response, &body);
        }
    }
}

/// Fails where the description of a refusal does not list its code, in backticks. `name_*` stands for every code that begins so.
fn check_code(what: &str, response: &Value, body: &Value) {
    // The code of RFC 6749 is itself the member `error`; a sentence has no code.
    let Some(code) = body["error"]["innererror"]["code"].as_str().or_else(|| body["error"].as_str()) else { return };
    let is_it = |listed: &str| match listed.strip_suffix('*') {
        Some(family) => !family.is_empty() && code.starts_with(family),
        None => listed == code,
    };
    let is_listed = codes(response).any(is_it);
    assert!(is_listed, "{what} is described without the code {code}");
}

/// The codes that the description of a refusal lists.
pub fn codes(response: &Value) -> impl Iterator<Item = &str> {
    response["description"].as_str().unwrap_or_default().split('`').skip(1).step_by(2)
}

/// The response itself, where a reference leads to it.
pub fn resolved(response: &'static Value) -> &'static Value {
    match response["$ref"].as_str() {
        Some(reference) => {
            let name = reference.strip_prefix("#/components/responses/").unwrap();
            let response = &DOCUMENT["components"]["responses"][name];
            assert!(response.is_object(), "{reference} is not there");
            response
        }
        None => response,
    }
}

/// The path below the provider's URL.
fn within_provider(path: &str) -> String {
    let path = path.to_ascii_lowercase();
    match path.strip_prefix("/p/").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("/{rest}"),
        None => path,
    }
}

/// The operation whose path has the fewest places left open.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let fitting = operations().filter(|(other, template, _)| {
        other.eq_ignore_ascii_case(method) && fits(&template.to_ascii_lowercase(), path)
    });
    let chosen = fitting.min_by_key(|(_, template, _)| template.matches('{').count());
    chosen.map(|(_, template, operation)| (template, operation))
}

fn fits(template: &str, path: &str) -> bool {
    let (templates, segments): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(template, segment): (&&str, &&str)| match (template.find('{'), template.find('}')) {
        (Some(from), Some(to)) => {
            let middle =
                segment.strip_prefix(&template[..from]).and_then(|rest| rest.strip_suffix(&template[to + 1..]));
            middle.is_some_and(|middle| !middle.is_empty() && !middle.contains(':'))
        }
        _ => template == segment,
    };
    templates.len() == segments.len() && templates.iter().zip(&segments).all(fits)
}

/// References lead into the components of the document.
fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap();
    let compile = || {
        let mut root: Map<String, Value> = schema.as_object().unwrap().clone();
        root.insert("components".to_owned(), json!({"schemas": DOCUMENT["components"]["schemas"]}));
        Arc::new(jsonschema::draft202012::new(&Value::Object(root)).unwrap_or_else(|fault| panic!("{name}: {fault}")))
    };
    Arc::clone(validators.entry(name.to_owned()).or_insert_with(compile))
}
