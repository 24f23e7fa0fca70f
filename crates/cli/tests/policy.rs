//! `veritee policy check`, `lint`, `fmt`, `explain`, `test` and `default`, as a person runs them.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{Ran, sample, veritee};

const POLICY: &str = "version=1.2;

authorizationrules {
    [type==\"x-ms-sgx-is-debuggable\", value==true] => deny();
    [type==\"x-ms-sgx-svn\", value>=3] => permit();
    [type==\"x-ms-sgx-product-id\", value==7] => permit();
};

issuancerules {
    c:[type==\"x-ms-sgx-svn\"] => issue(type=\"version\", value=c.value);
};
";

struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().unwrap() };
        bench.write("a.policy", POLICY);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// `veritee policy …`, where words that name files of the bench are their paths.
    fn run(&self, line: &str) -> Ran {
        let words = line.split_whitespace().map(|word| {
            let path = self.path(word);
            if path.exists() { path.into_os_string() } else { word.into() }
        });
        veritee([std::ffi::OsString::from("policy")].into_iter().chain(words))
    }
}

#[test]
fn a_policy_is_checked_and_counted() {
    let bench = Bench::new();
    let ran = bench.run("check a.policy").expect(0);
    assert!(ran.stdout.contains("version 1.2, 4 rules: 0 errors, 0 warnings"), "{}", ran.stdout);
    bench.run("lint a.policy --type SgxEnclave").expect(0);
    let json = bench.run("check a.policy --json").expect(0).json();
    assert_eq!((json["version"].as_str(), json["rules"].as_u64()), (Some("1.2"), Some(4)));
    assert_eq!(json["hash"], token_hash(POLICY));
}

fn token_hash(text: &str) -> String {
    let bench = Bench::new();
    let path = bench.write("hashed", text);
    let json = veritee(["policy".into(), "hash".into(), path.into_os_string(), "--json".into()]).expect(0).json();
    json["x-ms-policy-hash"].as_str().unwrap().to_owned()
}

#[test]
fn mistakes_stand_beside_their_source_with_their_help() {
    let bench = Bench::new();
    bench.write("b.policy", "version=1.0;\nauthorizationrules {\n    [type=\"svn\"] => permit()\n};\n");
    let ran = bench.run("check b.policy").expect(1);
    for words in
        ["error[single-equals]", "b.policy:3:10", "3 |     [type=\"svn\"] => permit()", "help: write ==", "2 errors"]
    {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
    assert_eq!(ran.stderr, "");
    let json = bench.run("check b.policy --json").expect(1).json();
    let first = &json["diagnostics"][0];
    assert_eq!(
        (first["code"].as_str(), first["line"].as_u64(), first["column"].as_u64()),
        (Some("single-equals"), Some(3), Some(10))
    );
    assert_eq!((json["errors"].as_u64(), json["version"].is_null()), (Some(2), true));
}

#[test]
fn warnings_fail_lint_and_not_check() {
    let bench = Bench::new();
    bench.write("b.policy", "version=1.0;authorizationrules{[type==\"$svn\", value==\"3\"] => permit();};");
    let checked = bench.run("check b.policy").expect(0);
    assert!(checked.stdout.contains("warning[deprecated-name]") && checked.stdout.contains("0 errors, 2 warnings"));
    let linted = bench.run("lint b.policy").expect(1);
    assert!(linted.stdout.contains("write 3 without quotes"), "{}", linted.stdout);
    // The type decides what is known.
    bench.write("c.policy", "version=1.0;authorizationrules{[type==\"secureBootEnabled\", value==true] => permit();};");
    bench.run("lint c.policy").expect(0);
    bench.run("lint c.policy --type tpm").expect(0);
    assert!(bench.run("lint c.policy --type SgxEnclave").expect(1).stdout.contains("SgxEnclave evidence never has"));
    assert!(bench.run("lint c.policy --type Sgx").expect(2).stderr.contains("choose from SgxEnclave"));
}

#[test]
fn what_is_no_policy_is_told_what_it_is() {
    let bench = Bench::new();
    bench.write("empty", "");
    bench.write("jws", "eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6IiJ9.");
    fs::write(bench.path("binary"), [0xff, 0xfe]).unwrap();
    bench.write("long", &format!("version=1.0;{}", " ".repeat(70_000)));
    bench.write("control", "version=1.0;\u{1b}[31m");
    for (name, exit, words) in [
        ("empty", 1, "the smallest one is"),
        ("jws", 1, "veritee policy decode"),
        ("long", 1, "policy is too long"),
        ("control", 1, "does not have"),
    ] {
        let ran = bench.run(&format!("check {name}")).expect(exit);
        assert!(ran.stdout.contains(words), "{name}: {}", ran.stdout);
        assert!(!ran.stdout.contains('\u{1b}'));
    }
    assert!(bench.run("check binary").expect(1).stderr.contains("is not UTF-8 text"));
    assert!(bench.run("check nothing").expect(3).stderr.contains("cannot read `nothing`"));
    assert!(
        veritee(["policy".into(), "check".into(), bench.directory.path().as_os_str().to_owned()])
            .expect(3)
            .stderr
            .contains("help:")
    );
}

#[test]
fn a_policy_is_laid_out_in_place_or_only_looked_at() {
    let bench = Bench::new();
    bench.run("fmt --check a.policy").expect(0);
    let loose = bench.write("b.policy", "version = 1.0; // first\nauthorizationrules{=>permit( );};");
    assert!(bench.run("fmt --check a.policy b.policy").expect(1).stdout.contains("b.policy would change"));
    assert!(fs::read_to_string(&loose).unwrap().contains("version = 1.0"));
    assert!(bench.run("fmt a.policy b.policy").expect(0).stdout.trim_end().ends_with("b.policy"));
    assert_eq!(
        fs::read_to_string(&loose).unwrap(),
        "version=1.0; // first\n\nauthorizationrules {\n    => permit();\n};\n"
    );
    assert_eq!(bench.run("fmt b.policy").expect(0).stdout, "");
    bench.write("c.policy", "version=1.0;authorizationrules{=>permit()};");
    let refused = bench.run("fmt c.policy").expect(1);
    assert!(refused.stdout.contains("semicolon-missing") && refused.stderr.contains("is no policy: 1 error"));
    assert!(bench.run("fmt").expect(2).stderr.contains("<POLICIES>"));
}

#[test]
fn a_denial_is_explained_by_the_rule_its_line_the_claim_and_its_value() {
    let bench = Bench::new();
    bench.write("claims.json", r#"{"x-ms-sgx-is-debuggable": true, "x-ms-sgx-svn": 3}"#);
    let ran = bench.run("explain a.policy --claims claims.json").expect(1);
    for words in [
        "denied by rule 1 of authorizationrules, line 4",
        "4 | [type==\"x-ms-sgx-is-debuggable\", value==true] => deny()",
        "matched x-ms-sgx-is-debuggable = true (AttestationService)",
    ] {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
    let json = bench.run("explain a.policy --claims claims.json --json").expect(1).json();
    assert_eq!((json["decision"].as_str(), json["decidingRule"]["line"].as_u64()), (Some("deny"), Some(4)));
    let matched = json["decidingRule"]["conditions"][0]["matched"][0].as_u64().unwrap() as usize;
    assert_eq!(json["claims"][matched]["value"], true);
}

#[test]
fn a_permit_says_what_it_issues_and_a_missing_one_what_nearly_matched() {
    let bench = Bench::new();
    bench.write("old.json", r#"{"x-ms-sgx-svn": 2}"#);
    let ran = bench.run("explain a.policy --claims old.json").expect(1);
    assert!(
        ran.stdout.starts_with("not permitted: no rule of authorizationrules with permit() fired"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("x-ms-sgx-svn = 2 (AttestationService) does not pass value>=3"));
    bench.write(
        "list.json",
        r#"[{"type": "x-ms-sgx-svn", "value": 9}, {"type": "x", "value": "y", "issuer": "CustomClaim"}]"#,
    );
    let ran = bench.run("explain a.policy --claims list.json").expect(0);
    assert!(ran.stdout.contains("issues\n  version = 9"), "{}", ran.stdout);
    let json = bench.run("explain a.policy --claims list.json --json").expect(0).json();
    assert_eq!(json["issued"][0], serde_json::json!({"type": "version", "value": 9, "issuer": "AttestationPolicy"}));
    assert_eq!(json["properties"]["configuration"]["x-ms-sgx-tcbidentifier"], "azuredefault");
}

#[test]
fn configuration_and_errors_are_explained_too() {
    let bench = Bench::new();
    bench.write("claims.json", r#"{"events": {"Events": []}, "n": ["1", "2"]}"#);
    let text = "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=15);};\nauthorizationrules{=>permit();};\nissuancerules{c:[type==\"n\"]=>issue(type=\"m\",value=AppendString(c.value,\"\"));};";
    bench.write("b.policy", text);
    let ran = bench.run("explain b.policy --claims claims.json").expect(1);
    assert!(ran.stdout.contains("set property required_pcr_mask = 15"), "{}", ran.stdout);
    assert!(ran.stdout.contains("needs one value and gets 2"), "{}", ran.stdout);
    let text = "version=1.2;configurationrules{=>issueproperty(type=AppendString(\"no\",\"ne\"),value=15);};authorizationrules{=>permit();};";
    bench.write("c.policy", text);
    let ran = bench.run("explain c.policy --claims claims.json").expect(1);
    assert!(ran.stdout.contains("sets the property `none`, which nothing here heeds"), "{}", ran.stdout);
}

#[test]
fn the_lifetime_that_a_policy_sets_and_the_claims_that_it_does_not_get_are_explained() {
    let bench = Bench::new();
    bench.write("claims.json", r#"{"x-ms-sgx-svn": 1}"#);
    let text = "version=1.0;authorizationrules{[type==\"x-ms-sgx-svn\"]=>permit();};\nissuancerules{\n=>issue(type=\"aas-ehd\",value=\"mine\");\n=>issueproperty(type=\"report_validity_in_minutes\",value=5);};";
    bench.write("d.policy", text);
    let ran = bench.run("explain d.policy --type SgxEnclave --claims claims.json").expect(0);
    for words in [
        "withheld from the token: aas-ehd = \"mine\"",
        "set property report_validity_in_minutes = 5",
        "issues no claim\nwithholds aas-ehd: the token has the service's own value, or none",
        "the token is valid for 5 minutes, or for the provider's lifetime if that is shorter",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let json = bench.run("explain d.policy --type SgxEnclave --claims claims.json --json").expect(0).json();
    assert_eq!(
        (&json["issued"], &json["withheld"][0]["type"]),
        (&serde_json::json!([]), &serde_json::json!("aas-ehd"))
    );
    assert_eq!(json["properties"]["issuance"], serde_json::json!({"report_validity_in_minutes": 5}));
    for policy_type in ["SgxEnclave", "OpenEnclave", "TdxVm", "SevSnpVm", "AzureGuest", "Tpm", "VBSEnclave"] {
        let bad = "version=1.0;authorizationrules{=>permit();};issuancerules{=>issueproperty(type=\"report_validity_in_minutes\",value=0);};";
        bench.write("e.policy", bad);
        let ran = bench.run(&format!("lint e.policy --type {policy_type}")).expect(1);
        assert!(ran.stdout.contains("from 1 to 525600"), "{}", ran.stdout);
    }
    let ran = bench.run("lint d.policy --type SgxEnclave").expect(1);
    assert!(ran.stdout.contains("the token never gets"), "{}", ran.stdout);
    bench.run("check d.policy --type SgxEnclave").expect(0);
}

#[test]
fn claims_that_are_none_are_refused_with_their_reason() {
    let bench = Bench::new();
    for (text, words) in [
        ("{", "holds no claims"),
        ("3", "they are an object, or a list"),
        (r#"{"a": null}"#, "leave the claim out"),
        (r#"{"a": 1.5}"#, "no integer of 64 bits"),
        (r#"{"a": 1, "a": 2}"#, "holds no claims"),
        (r#"[{"type": "a"}]"#, "has type, value"),
        (r#"[{"type": "a", "value": 1, "issuer": "me"}]"#, "the issuers are"),
        (r#"[{"type": "a", "value": 1, "valuetype": "x"}]"#, "`valuetype` is no member"),
    ] {
        bench.write("claims.json", text);
        let ran = bench.run("explain a.policy --claims claims.json").expect(2);
        assert!(ran.stderr.contains(words) && ran.stderr.contains("help:"), "{text}: {}", ran.stderr);
    }
    assert!(bench.run("explain a.policy").expect(2).stderr.contains("--claims <JSON>|--quote <QUOTE>"));
    assert!(bench.run("explain a.policy --quote a.policy").expect(2).stderr.contains("--collateral"));
}

#[test]
fn the_claims_of_a_quote_are_those_that_a_service_gives() {
    let (bench, (quote, collateral)) = (Bench::new(), sample());
    let explain = |more: &[&str]| {
        let mut words: Vec<std::ffi::OsString> = vec!["policy".into(), "explain".into(), bench.path("a.policy").into()];
        words.extend(["--quote".into(), quote.clone().into(), "--collateral".into(), collateral.clone().into()]);
        words.extend(more.iter().map(std::ffi::OsString::from));
        veritee(words)
    };
    let json = explain(&["--at", "2025-06-20T00:00:00Z", "--json"]);
    let json = json.json();
    let names: Vec<_> = json["claims"].as_array().unwrap().iter().filter_map(|claim| claim["type"].as_str()).collect();
    for name in ["x-ms-sgx-mrenclave", "$svn", "x-veritee-tcb-status", "x-veritee-advisory-ids"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let samples = quote.parent().unwrap();
    let (td, its_collateral) = (samples.join("tdx_quote"), samples.join("tdx_quote_collateral.json"));
    let mut words: Vec<std::ffi::OsString> = vec!["policy".into(), "explain".into(), bench.path("a.policy").into()];
    words.extend(["--quote".into(), td.into(), "--collateral".into(), its_collateral.into()]);
    words.extend(["--at", "2025-06-20T00:00:00Z", "--json"].map(Into::into));
    let json = veritee(words).json();
    let names: Vec<_> = json["claims"].as_array().unwrap().iter().filter_map(|claim| claim["type"].as_str()).collect();
    for name in ["tdx_mrtd", "attester_tcb_status", "x-veritee-tcb-status"] {
        assert!(names.contains(&name), "{names:?}");
    }
    // A quote that does not verify has no claims.
    let expired = explain(&["--at", "2035-06-20T00:00:00Z"]).expect(1);
    assert!(expired.stderr.contains("error:") && expired.stdout.is_empty(), "{}", expired.stderr);
}

const TEST: &str = r#"
policy = "a.policy"
type = "SgxEnclave"

[[case]]
name = "debug enclaves are refused"
claims = { x-ms-sgx-is-debuggable = true }
decision = "deny"
denied-by = 1

[[case]]
name = "the version is issued"
claims = { x-ms-sgx-svn = 3 }
decision = "permit"
issued = { version = 3 }
"#;

#[test]
fn policies_are_tested_and_untested_rules_named() {
    let bench = Bench::new();
    bench.write("a.policy-test.toml", TEST);
    let ran = bench.run("test a.policy-test.toml --coverage").expect(0);
    for words in
        ["ok   ", "3 of 4 rules fired", "rule 3 of authorizationrules, line 6, never fired", "2 passed, 0 failed"]
    {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
    // A directory is searched.
    fs::create_dir(bench.path("deeper")).unwrap();
    let deeper = TEST.replace("a.policy\"", "../a.policy\"");
    bench.write("deeper/b.policy-test.toml", &deeper);
    let json = veritee([
        "policy".into(),
        "test".into(),
        bench.directory.path().as_os_str().to_owned(),
        "--json".into(),
        "--coverage".into(),
    ]);
    let json = json.expect(0).json();
    assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(4), Some(0)));
    assert_eq!(json["coverage"][0]["rules"][2]["fired"], 0);
}

#[test]
fn a_failing_case_shows_what_differs() {
    let bench = Bench::new();
    let test = TEST.replace("version = 3", "version = 4, more = \"x\"").replace("denied-by = 1", "denied-by = 2");
    bench.write("a.policy-test.toml", &test);
    let ran = bench.run("test a.policy-test.toml").expect(1);
    for words in [
        "FAIL ",
        "denied-by\n       - 2\n       + 1",
        "issued\n       - more = \"x\"\n       - version = 4\n       + version = 3",
        "0 passed, 2 failed",
    ] {
        assert!(ran.stdout.contains(words), "{words}\n{}", ran.stdout);
    }
    let test = TEST.replace("decision = \"deny\"\ndenied-by = 1", "decision = \"permit\"");
    bench.write("a.policy-test.toml", &test);
    let ran = bench.run("test a.policy-test.toml").expect(1);
    assert!(ran.stdout.contains("- permit\n       + deny (by rule 1 of authorizationrules, line 4)"), "{}", ran.stdout);
}

#[test]
fn every_expectation_of_a_case_is_looked_at() {
    let bench = Bench::new();
    let of = |case: &str| {
        let text = "version=1.2;authorizationrules{c:[type==\"a\"]=>permit();[type==\"b\"]=>deny();};issuancerules{c:[type==\"a\"]=>issue(type=\"n\",value=NegateBool(c.value));=>issueproperty(type=\"omit_x5c\",value=true);};";
        let test = format!("policy-text = '''{text}'''\ntype = \"Tpm\"\n[[case]]\nname = \"x\"\n{case}");
        bench.write("x.policy-test.toml", &test);
        bench.run("test x.policy-test.toml").exit
    };
    for (case, exit) in [
        ("decision = \"no-permit\"", 0),
        ("decision = \"error\"", 1),
        ("claims = { a = true }\ndecision = \"permit\"", 0),
        ("claims = { a = true }\ndecision = \"permit\"\nissued = { n = false }\nproperties = { omit_x5c = true }", 0),
        ("claims = { a = true }\ndecision = \"permit\"\nissued = {}", 1),
        ("claims = { a = true }\ndecision = \"permit\"\nproperties = { omit_x5c = false }", 1),
        ("claims = { a = 1 }\ndecision = \"error\"\nerror = \"NegateBool\"", 0),
        ("claims = { a = 1 }\ndecision = \"error\"\nerror = \"other words\"", 1),
        ("claim = [{ type = \"b\", value = 1, issuer = \"CustomClaim\" }]\ndecision = \"deny\"\ndenied-by = 2", 0),
        ("claims = { a = [true, false] }\ndecision = \"error\"", 0),
    ] {
        assert_eq!(of(case), exit, "{case}");
    }
}

#[test]
fn test_files_that_are_none_are_refused_with_their_reason() {
    let bench = Bench::new();
    for (text, words) in [
        ("nonsense", "is not a policy test"),
        ("policy = \"a.policy\"", "no [[case]]"),
        ("[[case]]\nname=\"x\"\ndecision=\"permit\"", "either policy"),
        ("policy=\"a.policy\"\npolicy-text=\"\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"", "either policy"),
        ("policy=\"a.policy\"\ntype=\"Sgx\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"", "choose from"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"allow\"", "allow"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\nisued={}", "isued"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\ndenied-by=1", "goes with"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"deny\"\nissued={}", "go with"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\nerror=\"x\"", "goes with"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\nclaims={a=1.5}", "case `x`: `a`"),
        ("policy=\"a.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"\nclaims={a=1979-05-27}", "no times"),
    ] {
        bench.write("x.policy-test.toml", text);
        let ran = bench.run("test x.policy-test.toml").expect(2);
        assert!(ran.stderr.contains(words) && ran.stderr.contains("help:"), "{text}: {}", ran.stderr);
    }
    bench.write("x.policy-test.toml", "policy=\"gone.policy\"\n[[case]]\nname=\"x\"\ndecision=\"permit\"");
    assert!(bench.run("test x.policy-test.toml").expect(3).stderr.contains("gone.policy"));
    let empty = tempfile::tempdir().unwrap();
    let ran = veritee(["policy".into(), "test".into(), empty.path().as_os_str().to_owned()]).expect(2);
    assert!(ran.stderr.contains(".policy-test.toml"));
}

#[test]
fn defaults_are_printed_to_the_byte() {
    let bench = Bench::new();
    let printed = bench.run("default SgxEnclave").expect(0).stdout;
    assert_eq!(token_hash(&printed), "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw");
    let json = bench.run("default tdxvm --json").expect(0).json();
    assert_eq!(json["x-ms-policy-hash"], "B56nbp5slhw66peoRYkpdq1WykMkEworvdol08hnMXE");
    assert!(bench.run("default Tpm").expect(1).stderr.contains("has no default policy"));
    assert!(bench.run("default sgx").expect(2).stderr.contains("choose from"));
}

/// docs/policy-language.md: each `policy` block is one; a `toml` block after it holds cases for it.
#[test]
fn every_example_of_the_page_about_the_language_is_a_policy_that_does_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy-language.md");
    let page = fs::read_to_string(page).unwrap();
    let bench = Bench::new();
    let mut blocks = page.split("```").skip(1).step_by(2).peekable();
    let mut examples = 0;
    while let Some(block) = blocks.next() {
        let Some(policy) = block.strip_prefix("policy\n") else { panic!("a block without its policy: {block}") };
        examples += 1;
        bench.write("example.policy", policy);
        let formatted = bench.run("fmt --check example.policy");
        assert_eq!(formatted.exit, 0, "{policy}");
        let cases = blocks.next_if(|next| next.starts_with("toml\n")).unwrap_or("toml\n").trim_start_matches("toml\n");
        let (head, is_linted) = (cases, !cases.contains("lint = false\n"));
        let policy_type = if head.contains("type = \"Tpm\"") { "Tpm" } else { "SgxEnclave" };
        if is_linted {
            let linted = bench.run(&format!("lint example.policy --type {policy_type}"));
            assert_eq!(linted.exit, 0, "{}", linted.stdout);
        }
        let head = "policy = \"example.policy\"\n".to_owned();
        let typed = if cases.contains("type = \"Tpm\"") { "" } else { "type = \"SgxEnclave\"\n" };
        bench.write("example.policy-test.toml", &(head + typed + &cases.replace("lint = false\n", "")));
        let tested = bench.run("test example.policy-test.toml --coverage");
        assert_eq!(tested.exit, 0, "{policy}{}{}", tested.stdout, tested.stderr);
    }
    assert!(examples >= 11, "{examples}");
}
