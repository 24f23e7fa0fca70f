//! What a decision costs: the default policy, a thousand rules, a trace. One core; contenders in turns.
//!
//! - `copy`: the six claims of the default policy picked by name and cloned, by hand: the least that a decision can do.
//! - `decide`: the default policy of SGX, read before, over the claims that the service gives.
//! - `explain`: the same with a trace.
//! - `read`: its text to a policy.
//!
//! Ends with `ratio NAME VALUE` lines; docs/benchmarks.md gives their bounds.

#[allow(dead_code, reason = "another benchmark prepares its contenders")]
#[path = "../../dcap/benches/verify/measure.rs"]
mod measure;

use std::hint::black_box;

use measure::{Contender, measure};
use policy::{Claim, Issuer, Policy, Value, Vocabulary};

/// What the default policy copies, from which name to which.
const COPIED: [(&str, &str); 6] = [
    ("x-ms-sgx-is-debuggable", "is-debuggable"),
    ("x-ms-sgx-mrsigner", "sgx-mrsigner"),
    ("x-ms-sgx-mrenclave", "sgx-mrenclave"),
    ("x-ms-sgx-product-id", "product-id"),
    ("x-ms-sgx-svn", "svn"),
    ("x-ms-attestation-type", "tee"),
];

fn main() {
    let ratios = [default_policy(), many_rules()].concat();
    println!();
    for (name, value) in ratios {
        println!("ratio {name} {value:.3}");
    }
}

fn default_policy() -> Vec<(&'static str, f64)> {
    let rules = COPIED.map(|(from, to)| format!("c:[type==\"{from}\"] => issue(type=\"{to}\", value=c.value);"));
    let text = format!("version= 1.0;authorizationrules{{=> permit();}};issuancerules{{{}}};", rules.concat());
    let policy = Policy::parse(&text).unwrap();
    let (claims, vocabulary) = (claims(12), Vocabulary::empty());
    assert_eq!(policy.decide(&claims, &vocabulary).unwrap().issued, copy(&claims));
    let [copied, decided, _, _] = measure(
        "default",
        [
            Contender::new("copy", |_| drop(black_box(copy(black_box(&claims))))),
            Contender::new("decide", |_| drop(black_box(policy.decide(black_box(&claims), &vocabulary)))),
            Contender::new("explain", |_| drop(black_box(policy.explain(black_box(&claims), &vocabulary)))),
            Contender::new("read", |_| drop(black_box(Policy::parse(black_box(&text))))),
        ],
    );
    vec![("default-policy/us", decided.percentile(50)), ("default-policy/copy", decided.over(&copied))]
}

/// The same number of comparisons, as rules and as claims: each costs what it costs among few.
fn many_rules() -> Vec<(&'static str, f64)> {
    let policy = |rules: usize| {
        let rules: String =
            (0..rules).map(|number| format!("[type==\"x-ms-sgx-svn\", value=={number}] => deny();")).collect();
        Policy::parse(&format!("version=1.0;authorizationrules{{{rules}}};")).unwrap()
    };
    let (hundred, thousand) = (policy(100), policy(1000));
    let (some, many) = (claims(12), claims(12 + 9 * 22));
    let vocabulary = Vocabulary::empty();
    let decide = |policy: &Policy, claims: &[Claim]| drop(black_box(policy.decide(black_box(claims), &vocabulary)));
    let [few_few, many_few, many_many, traced] = measure(
        "rules",
        [
            Contender::new("100 over 22", |_| decide(&hundred, &some)),
            Contender::new("1000 over 22", |_| decide(&thousand, &some)),
            Contender::new("1000 over 220", |_| decide(&thousand, &many)),
            Contender::new("1000 over 22, traced", |_| {
                drop(black_box(thousand.explain(black_box(&some), &vocabulary)));
            }),
        ],
    );
    vec![
        ("per-rule/1000-to-100", many_few.over(&few_few) / 10.0),
        ("per-claim/220-to-22", many_many.over(&many_few) / 10.0),
        ("traced/untraced", traced.over(&many_few)),
    ]
}

/// Claims as the service gives them of an enclave, with so many more that no rule asks for.
fn claims(others: usize) -> Vec<Claim> {
    let digest = "1b1f1c5a3b2d4e6f70819a2b3c4d5e6f1b1f1c5a3b2d4e6f70819a2b3c4d5e6f";
    let text = |text: &str| Value::String(text.to_owned());
    let mut claims = vec![
        ("x-ms-attestation-type", text("sgx")),
        ("$tee", text("sgx")),
        ("x-ms-sgx-is-debuggable", Value::Boolean(false)),
        ("$is-debuggable", Value::Boolean(false)),
        ("x-ms-sgx-mrenclave", text(digest)),
        ("$sgx-mrenclave", text(digest)),
        ("x-ms-sgx-mrsigner", text(digest)),
        ("x-ms-sgx-product-id", Value::Integer(1)),
        ("x-ms-sgx-report-data", text(&digest.repeat(2))),
        ("x-ms-sgx-svn", Value::Integer(-1)),
    ];
    claims.extend((0..others).map(|number| ("x-veritee-other", Value::Integer(number as i64))));
    let claim =
        |(name, value): (&str, Value)| Claim { name: name.to_owned(), value, issuer: Issuer::AttestationService };
    claims.into_iter().map(claim).collect()
}

fn copy(claims: &[Claim]) -> Vec<Claim> {
    let copied = COPIED.iter().filter_map(|(from, to)| {
        let found = claims.iter().find(|claim| claim.name == *from)?;
        Some(Claim { name: (*to).to_owned(), value: found.value.clone(), issuer: Issuer::AttestationPolicy })
    });
    copied.collect()
}
