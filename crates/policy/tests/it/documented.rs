//! The 40 policy texts that Microsoft documents: what each means, or what is wrong with it and where.

use std::collections::BTreeMap;

use policy::{Claim, Domain, Issuer, KnownProperty, Policy, Refusal, Section, Value};

use crate::{FREE, claim};

/// What becomes of a text.
enum Expected {
    /// It is refused: code, line, column, and words of the help.
    Wrong(&'static [(&'static str, usize, usize, &'static str)]),
    /// It is a policy, and over these claims issues that, as `name=value` in the order of issue.
    Issues(Vec<Claim>, &'static [&'static str]),
    /// It is a policy that issues nothing, and over these claims makes that and nothing else that is no JSON.
    Makes(Vec<Claim>, &'static [&'static str]),
    /// It is a policy, and over these claims does not permit.
    Refuses(Vec<Claim>),
}
use Expected::{Issues, Makes, Refuses, Wrong};

/// The event log of a machine that started as it should.
const EVENTS: &str = r#"{"Events": [
  {"EventSeq": 1, "PcrIndex": 7, "EventTypeString": "EV_EFI_VARIABLE_DRIVER_CONFIG", "ProcessedData":
    {"VariableGuid": "8BE4DF61-93CA-11D2-AA0D-00E098032B8C", "UnicodeName": "SecureBoot", "VariableData": "AQ"}},
  {"EventSeq": 2, "PcrIndex": 7, "EventTypeString": "EV_EFI_VARIABLE_DRIVER_CONFIG", "ProcessedData":
    {"VariableGuid": "8BE4DF61-93CA-11D2-AA0D-00E098032B8C", "UnicodeName": "PK", "VariableData": "UEs"}},
  {"EventSeq": 3, "PcrIndex": 1, "EventTypeString": "EV_EFI_VARIABLE_BOOT", "ProcessedData":
    {"UnicodeName": "BootOrder", "VariableData": "AAE"}},
  {"EventSeq": 4, "PcrIndex": 12, "EventTypeString": "EV_EVENT_TAG", "ProcessedData": {"EVENT_TRUSTBOUNDARY":
    {"EVENT_CODEINTEGRITY": true, "EVENT_BOOTDEBUGGING": false, "EVENT_VBS_VSM_REQUIRED": true,
     "EVENT_VBS_HVCI_POLICY": {"String": "HypervisorEnforcedCodeIntegrityEnable", "Value": 1},
     "EVENT_BITLOCKER_UNLOCK": {"Value": 0},
     "EVENT_LOADEDMODULE_AGGREGATION": [
       {"EVENT_IMAGEVALIDATED": true, "EVENT_FILEPATH": "\\Windows\\System32\\Drivers\\WdBoot.sys"}]}}},
  {"EventSeq": 5, "PcrIndex": 19, "EventTypeString": "EV_EVENT_TAG", "ProcessedData": {"EVENT_TRUSTBOUNDARY":
    {"EVENT_BITLOCKER_UNLOCK": {"Value": 2}}}},
  {"EventSeq": 6, "PcrIndex": 20, "EventTypeString": "EV_EVENT_TAG", "ProcessedData":
    {"EVENT_DRTM_SMM": {"Value": 30}}},
  {"EventSeq": 7, "PcrIndex": 20, "EventTypeString": "EV_EVENT_TAG", "ProcessedData": {"EVENT_TRUSTBOUNDARY":
    {"EVENT_DRTM_STATE_AUTH": {"SignatureValid": true}}}},
  {"EventSeq": 8, "PcrIndex": 10, "EventTypeString": "IMA_MEASUREMENT_EVENT", "ProcessedData":
    {"KernelVersion": "6.8", "Keyring": ".builtin_trusted_keys", "CertificateSubject": "CN=Kernel"}}
]}"#;

fn events() -> Vec<Claim> {
    vec![claim("events", EVENTS), claim("aikValidated", true)]
}

/// All four registers as the third sample wants them (a digest each, where the log's description has lists), but for one bit of the last where `is_good` is false.
fn pcrs(is_good: bool) -> Vec<Claim> {
    let digests = [
        "4c833b1c361fceffd8dc0f81eec76081b71e1a0eb2193caed0b6e1c7735ec33e",
        "8c25e3be6ad6f5bd33c9ae40d5d5461e88c1a7366df0c9ee5c7e5ff40d3d1d0e",
        "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969",
        if is_good { "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969" } else { "00" },
    ];
    let pcr = |(index, digest): (usize, &str)| format!(r#"{{"Index": {index}, "Digests": {{"SHA256": "{digest}"}}}}"#);
    let pcrs: Vec<String> = digests.into_iter().enumerate().map(pcr).collect();
    vec![claim("pcrs", format!(r#"{{"PCRs": [{}]}}"#, pcrs.join(", ")).as_str())]
}

fn started(values: &[(&str, bool)]) -> Vec<Claim> {
    values.iter().map(|(name, value)| claim(name, *value)).collect()
}

fn keys() -> Vec<Claim> {
    let key = r#"{"jwk": {"kty": "RSA"}, "info": {"tpm_quote": {"hash_alg": "sha-256"},
        "tpm_certify": {"name_alg": 11, "obj_attr": 50, "auth_policy": "AQIDBA"}}}"#;
    vec![claim("x-ms-tpm-request-key", key), claim("x-ms-tpm-other-keys", format!("[{key}, {key}]").as_str())]
}

fn enclave(is_debuggable: bool, signer: &str) -> Vec<Claim> {
    vec![
        claim("x-ms-sgx-is-debuggable", is_debuggable),
        claim("x-ms-sgx-mrsigner", signer),
        claim("x-ms-sgx-mrenclave", "bb"),
        claim("x-ms-sgx-product-id", 1),
        claim("x-ms-sgx-svn", 3),
        claim("x-ms-attestation-type", "sgx"),
    ]
}

fn names() -> Vec<Claim> {
    vec![Claim { issuer: Issuer::CustomClaim, ..claim("OSName", "Linux") }, claim("OSName", "Linux")]
}

const GOOD_START: [(&str, bool); 6] = [
    ("aikValidated", true),
    ("secureBootEnabled", true),
    ("bootDebuggingDisabled", true),
    ("vbsEnabled", true),
    ("notWinPE", true),
    ("notSafeMode", true),
];

fn expectations() -> BTreeMap<&'static str, Expected> {
    let json = |name: &str, value: &str| vec![claim(name, value)];
    let three = |a: &str, b: &str, c: &str| {
        vec![claim("JsonIntegerData", a), claim("JsonBooleanData", b), claim("JsonStringData", c)]
    };
    BTreeMap::from([
        (
            "author-sign-policy.01",
            Wrong(&[
                ("single-equals", 4, 12, "write == in a condition"),
                ("semicolon-missing", 4, 74, "close the rule with ;"),
                ("single-equals", 9, 12, "write =="),
                ("semicolon-missing", 9, 80, "close the rule"),
                ("single-equals", 10, 12, "write =="),
                ("semicolon-missing", 10, 74, "close the rule"),
            ]),
        ),
        ("author-sign-policy.02", Refuses(enclave(false, "aa"))),
        ("author-sign-policy.03", Refuses(started(&[("secureBootEnabled", false)]))),
        ("author-sign-policy.04", Issues(started(&GOOD_START), &["SecurityLevelValue=100"])),
        ("claim-rule-functions.01", Makes(vec![], &["JmesPathResult=\"\"bar\"\""])),
        ("claim-rule-functions.02", Wrong(&[("single-equals", 2, 9, "write ==")])),
        (
            "claim-rule-functions.03",
            Makes(three("100", "true", "abc"), &["IntegerResult=100", "BooleanResult=true", "StringResult=\"abc\""]),
        ),
        (
            "claim-rule-functions.04",
            Makes(json("JsonData", "[1, \"a\", true]"), &["Result=1", "Result=\"a\"", "Result=true"]),
        ),
        ("claim-rule-functions.05", Makes(json("JsonData", "null"), &[])),
        (
            "claim-rule-functions.06",
            Makes(vec![claim("Subset", 1), claim("Superset", 2), claim("Superset", 1)], &["IsSubset=true"]),
        ),
        ("claim-rule-functions.07", Wrong(&[("identifier-unknown", 2, 86, "this rule names `c`, `c2`")])),
        ("claim-rule-functions.08", Wrong(&[("function-unknown", 2, 47, "did you mean NegateBool?")])),
        ("claim-rule-functions.09", Wrong(&[("argument-count", 2, 45, "write ContainsOnlyValue(set, value)")])),
        ("claim-rule-functions.10", Wrong(&[("semicolon-missing", 2, 51, "close the rule with ;")])),
        ("claim-rule-functions.11", Wrong(&[("single-equals", 13, 38, "write == in a condition")])),
        ("claim-rule-grammar.01", Issues(names(), &["OSName=\"Linux\""])),
        ("claim-sets.01", Issues(enclave(false, "mrsigner1"), &[])),
        ("claim-sets.02", Issues(enclave(false, "mrsigner2"), &[])),
        ("claim-sets.03", Refuses(enclave(false, "mrsigner1"))),
        ("custom-tcb-baseline-enforcement.01", Wrong(&[("curly-quote", 5, 42, "straight double quotes")])),
        ("policy-examples.01", Wrong(&[("placeholder", 5, 50, "put your own value in its place")])),
        (
            "policy-examples.02",
            Issues(
                enclave(true, "aa"),
                &[
                    "is-debuggable=true",
                    "sgx-mrsigner=\"aa\"",
                    "sgx-mrenclave=\"bb\"",
                    "product-id=1",
                    "svn=3",
                    "tee=\"sgx\"",
                ],
            ),
        ),
        ("policy-examples.03", Refuses(enclave(false, "mrsigner1"))),
        ("policy-version-1-0.01", Issues(started(&GOOD_START), &["PlatformAttested=true"])),
        (
            "policy-version-1-1.01",
            Issues([&[("aikValidated", false)], &GOOD_START[1..]].map(started).concat(), &["PlatformAttested=false"]),
        ),
        // The claim that the check of the antimalware driver reads is made nowhere.
        (
            "policy-version-1-2.01",
            Makes(events(), &["secureBootEnabled=true", "WindowsDefenderElamDriverLoaded=false"]),
        ),
        ("tpm-attestation-concepts.01", Issues(started(&GOOD_START[..2]), &["PlatformAttested=true"])),
        // `true` without backticks is a member that no module has.
        ("tpm-attestation-concepts.02", Issues(events(), &["hvciEnabled=true", "MaliciousDriverLoaded=true"])),
        (
            "tpm-attestation-concepts.03",
            Issues(
                events(),
                &[
                    "bootOrder=\"AAE\"",
                    "secureBootEnabled=true",
                    "platformKey=\"UEs\"",
                    "keyExchangeKey=false",
                    "keyDatabase=false",
                    "forbiddenSignatures=false",
                    "kernelVersions=\"6.8\"",
                    "builtintrustedkeys=\"CN=Kernel\"",
                ],
            ),
        ),
        (
            "tpm-attestation-concepts.04",
            Issues(
                keys(),
                &[
                    "requestKeyType=\"RSA\"",
                    "otherKeysTypes=\"RSA\"",
                    "requestKeyQuoteHashAlg=\"sha-256\"",
                    "requestKeyCertifyNameAlg=11",
                    "requestKeyCertifyObjAttr=50",
                    "requestKeyCertifyAuthPolicy=\"AQIDBA\"",
                    "otherKeysCertifyNameAlgs=11",
                    "otherKeysCertifyObjAttr=50",
                    "otherKeysCertifyAuthPolicy=\"AQIDBA\"",
                ],
            ),
        ),
        ("tpm-attestation-sample-policies.01", Issues(started(&GOOD_START), &["PlatformAttested=true"])),
        (
            "tpm-attestation-sample-policies.02",
            Issues(
                events(),
                &[
                    "aikValidated=true",
                    "SecureBootEnabled=true",
                    "CodeIntegrityEnabled=true",
                    "BitlockerStatus=true",
                    "ELAMDriverLoaded=true",
                ],
            ),
        ),
        ("tpm-attestation-sample-policies.03", Issues(pcrs(true), &[])),
        ("tpm-attestation-sample-policies.04", Issues(events(), &["drtmMleValid=true", "smmLevel=30"])),
        (
            "tpm-attestation-sample-policies.05",
            Issues(
                vec![
                    claim("vsmReportPresent", true),
                    claim("enclaveAuthorId", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                    claim("enclaveImageId", "AQEAAAAAAAAAAAAAAAAAAA"),
                    claim("enclaveSvn", 0),
                ],
                &[],
            ),
        ),
        ("tpm-attestation-sample-policies.06", Issues(json("bootEvents", "{}"), &["outputBootEvents=\"{}\""])),
        // Numbers in quotes are never equal to numbers; neither the log of the state nor the debugger is found.
        (
            "tpm-attestation-sample-policies.07",
            Issues(
                events(),
                &[
                    "secureBootEnabled=true",
                    "bootDebuggingDisabled=false",
                    "vbsEnabled=true",
                    "vbsEnabled=true",
                    "drtmMleValid=false",
                ],
            ),
        ),
        (
            "tpm-attestation-sample-policies.08",
            Issues(
                events(),
                &[
                    "bootOrder=\"AAE\"",
                    "secureBootEnabled=true",
                    "platformKey=\"UEs\"",
                    "keyExchangeKey=false",
                    "keyDatabase=false",
                    "forbiddenSignatures=false",
                    "kernelVersions=\"6.8\"",
                    "builtintrustedkeys=\"CN=Kernel\"",
                ],
            ),
        ),
        (
            "tpm-attestation-sample-policies.09",
            Issues(json("events", r#"{"Events": []}"#), &["alldriverloads=\"[]\"", "DriverLoadPolicy=\"null\""]),
        ),
        (
            "tpm-attestation-sample-policies.10",
            Wrong(&[
                ("action-elsewhere", 8, 78, "issue belongs to issuancerules"),
                ("action-elsewhere", 13, 85, "issue belongs to issuancerules"),
            ]),
        ),
    ])
}

#[test]
fn every_documented_text_means_what_is_expected_or_says_what_is_wrong() {
    let Some(directory) = test_support::recorded("policies") else { return };
    let expectations = expectations();
    assert_eq!(expectations.len(), 40);
    for (name, expected) in &expectations {
        let text = std::fs::read_to_string(directory.join(format!("{name}.txt"))).unwrap();
        // Rules without a policy around them.
        let text = if text.contains("version") { text } else { whole(&text) };
        match expected {
            Wrong(mistakes) => {
                let errors = Policy::parse(&text).expect_err(name);
                let found: Vec<_> = errors.iter().map(|error| (error.code, error.at.line, error.at.column)).collect();
                let places: Vec<_> = mistakes.iter().map(|(code, line, column, _)| (*code, *line, *column)).collect();
                assert_eq!(found, places, "{name}");
                for (error, (.., help)) in errors.iter().zip(*mistakes) {
                    assert!(error.help.contains(help), "{name}: {error}");
                }
            }
            Issues(claims, expected) => {
                let (issued, _) = outcome(name, &text, claims).expect(name);
                assert_eq!(issued, *expected, "{name}");
            }
            Makes(claims, expected) => {
                let (issued, made) = outcome(name, &text, claims).expect(name);
                assert_eq!(
                    (issued.as_slice(), made),
                    (&[][..], expected.iter().map(|made| (*made).to_owned()).collect()),
                    "{name}"
                );
            }
            Refuses(claims) => {
                let refusal = outcome(name, &text, claims).unwrap_err();
                assert!(!matches!(refusal, Refusal::Evaluation(_)), "{name}: {refusal}");
            }
        }
    }
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".txt") {
            assert!(expectations.contains_key(name), "{name} has no expected outcome");
        }
    }
}

#[test]
fn a_register_of_another_value_is_not_permitted() {
    let Some(path) = test_support::recorded("policies/tpm-attestation-sample-policies.03.txt") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(outcome("pcrs", &text, &pcrs(false)).unwrap_err(), Refusal::NoPermit);
}

fn whole(rules: &str) -> String {
    format!("version=1.2;issuancerules{{\n{rules}}};authorizationrules{{=>permit();}};")
}

/// What is issued, and what is made that is no list or object of JSON, as `name=value`.
fn outcome(name: &str, text: &str, claims: &[Claim]) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let policy = Policy::parse(text).unwrap_or_else(|errors| panic!("{name}\n{errors}"));
    let mut vocabulary = FREE.clone();
    let property = |name, section, domain| KnownProperty { name, section, domain, default: Some(Value::Boolean(true)) };
    vocabulary.properties.extend([
        property("required_pcr_mask", Section::Configuration, Domain::Integer(0, 0xff_ffff)),
        property("require_valid_aik_cert", Section::Configuration, Domain::Boolean),
        property("report_validity_in_minutes", Section::Issuance, Domain::Integer(1, 525_600)),
    ]);
    policy.configure(&vocabulary)?;
    // None of them comes near the end of its fuel.
    let mut fuel = policy::Fuel::full();
    let _ = policy.decide_within(claims, &vocabulary, &mut fuel);
    assert!(fuel.spent() < policy::limits::MAX_STEPS / 20, "{name} takes {} steps", fuel.spent());
    let explanation = policy.explain(claims, &vocabulary);
    let shown = |claim: &Claim| format!("{}={}", claim.name, claim.value);
    let is_json = |claim: &&Claim| matches!(&claim.value, Value::String(text) if text.starts_with(['[', '{']));
    let made = explanation.claims[explanation.incoming..].iter().filter(|claim| !is_json(claim)).map(shown).collect();
    Ok((explanation.outcome?.issued.iter().map(shown).collect(), made))
}
