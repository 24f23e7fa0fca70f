//! The policy language, from the outside.

use std::sync::LazyLock;

use policy::{Claim, Domain, Fault, Issuer, KnownProperty, OwnedNames, Permit, Policy, Position, Refusal, Section};
use policy::{Value, Vocabulary};

mod bounds;
mod decisions;
mod documented;
mod formatting;
mod functions;
mod language;
mod linting;
mod mistakes;
mod reports;
mod tracing;

/// Owns no name, knows no claim, and has one property of each section that may set some.
static FREE: LazyLock<Vocabulary> = LazyLock::new(|| {
    let property = |name, section, domain, default| KnownProperty { name, section, domain, default };
    Vocabulary {
        properties: vec![
            property(
                "x-ms-sgx-tcbidentifier",
                Section::Configuration,
                Domain::WordOrNumber("azuredefault"),
                Some(Value::String("azuredefault".into())),
            ),
            property("minutes", Section::Issuance, Domain::Integer(1, 60), Some(Value::Integer(10))),
            property("seconds", Section::Issuance, Domain::Integer(1, 60), None),
        ],
        ..Vocabulary::empty()
    }
});

fn owning(exact: &'static [&'static str], prefixes: &'static [&'static str]) -> Vocabulary {
    Vocabulary { owned: OwnedNames::new(exact, prefixes), ..Vocabulary::empty() }
}

fn claim(name: &str, value: impl Into<Text>) -> Claim {
    Claim { name: name.to_owned(), value: value.into().0, issuer: Issuer::AttestationService }
}

/// Literals of tests as values.
struct Text(Value);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Value::String(text.to_owned()))
    }
}

impl From<i64> for Text {
    fn from(number: i64) -> Self {
        Self(Value::Integer(number))
    }
}

impl From<bool> for Text {
    fn from(truth: bool) -> Self {
        Self(Value::Boolean(truth))
    }
}

fn enclave() -> Vec<Claim> {
    vec![
        claim("x-ms-sgx-is-debuggable", false),
        claim("x-ms-sgx-mrsigner", "aa"),
        claim("x-ms-sgx-mrenclave", "bb"),
        claim("x-ms-sgx-product-id", 1),
        claim("x-ms-sgx-svn", 3),
        claim("x-ms-attestation-type", "sgx"),
    ]
}

fn parse(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

fn decide(text: &str, claims: &[Claim]) -> Result<Permit, Refusal> {
    parse(text).decide(claims, &FREE)
}

fn authorize(rules: &str, claims: &[Claim]) -> Result<Permit, Refusal> {
    decide(&format!("version=1.2; authorizationrules {{ {rules} }}; issuancerules {{}};"), claims)
}

/// The text of a policy with these issuance rules.
fn issuing(rules: &str) -> String {
    format!("version=1.2; authorizationrules {{ => permit(); }}; issuancerules {{ {rules} }};")
}

/// The claims that the rules issue, as name and value.
fn issue(rules: &str, claims: &[Claim]) -> Vec<(String, Value)> {
    let permit = decide(&issuing(rules), claims).unwrap_or_else(|refusal| panic!("{rules}: {refusal}"));
    permit.issued.into_iter().map(|claim| (claim.name, claim.value)).collect()
}

fn named(name: &str, value: impl Into<Text>) -> (String, Value) {
    (name.to_owned(), value.into().0)
}

/// What ended the evaluation.
fn fault_of(refused: Result<Permit, Refusal>) -> Fault {
    match refused {
        Err(Refusal::Evaluation(error)) => error.fault,
        other => panic!("ended with {other:?}"),
    }
}

fn position(line: usize, column: usize) -> Position {
    Position { line, column }
}
