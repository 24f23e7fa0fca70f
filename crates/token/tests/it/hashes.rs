//! Hashes against values that Azure Attestation is known to give.

use token::hash::{key_digest, key_id, policy_hash, policy_hash_legacy, policy_token_hash};

const MINIMAL: &str = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";

fn rule(from: &str, to: &str) -> String {
    format!(r#"c:[type=="{from}"] => issue(type="{to}", value=c.value);"#)
}

fn sgx_default() -> String {
    let rules: String = [
        ("x-ms-sgx-is-debuggable", "is-debuggable"),
        ("x-ms-sgx-mrsigner", "sgx-mrsigner"),
        ("x-ms-sgx-mrenclave", "sgx-mrenclave"),
        ("x-ms-sgx-product-id", "product-id"),
        ("x-ms-sgx-svn", "svn"),
        ("x-ms-attestation-type", "tee"),
    ]
    .map(|(from, to)| rule(from, to))
    .concat();
    format!("version= 1.0;authorizationrules{{=> permit();}};issuancerules{{{rules}}};")
}

fn sgx_default_of_2020() -> String {
    let names = ["is-debuggable", "sgx-mrsigner", "sgx-mrenclave", "product-id", "svn", "tee"];
    let rules = names.map(|name| rule(&format!("${name}"), name)).concat();
    let condition = r#"c:[type=="$is-debuggable"] => permit();"#;
    format!("version= 1.0;authorizationrules{{{condition}}};issuancerules{{{rules}}};")
}

#[test]
fn policy_hash_of_the_sgx_default_is_azures() {
    assert_eq!(policy_hash(&sgx_default()), "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw");
}

#[test]
fn policy_hash_of_the_minimal_policy_is_azures() {
    assert_eq!(policy_hash(MINIMAL), "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU");
}

#[test]
fn policy_hash_of_the_sev_snp_default_is_azures() {
    let text = "version= 1.0;authorizationrules{=> permit();};";
    assert_eq!(policy_hash(text), "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco");
}

#[test]
fn both_policy_hashes_of_the_sgx_default_of_2020_are_azures() {
    let text = sgx_default_of_2020();
    assert_eq!(text.len(), 479);
    assert_eq!(policy_hash(&text), "egjnANIzEpS2WgpE4Nk-QEwM69XRCgTs42_G0qLlbnk");
    let legacy = "200e2717392bfb187b89c7c498b8e5ebcd6ad136dc0cdb5b897fdb13e344ca40";
    assert_eq!(policy_hash_legacy(&text), legacy);
}

#[test]
fn policy_token_hash_of_the_minimal_unsecured_policy_is_azures() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = format!(r#"{{"AttestationPolicy":"{}"}}"#, URL_SAFE_NO_PAD.encode(MINIMAL));
    let jws = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(payload));
    assert_eq!(policy_token_hash(&jws), "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ");
}

#[test]
fn key_id_wraps_pem_lines_at_64_characters() {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    // 48 bytes are one full line, 51 one line and four characters.
    for (length, lines) in [(48, "A".repeat(64)), (51, format!("{}\nAAAA", "A".repeat(64)))] {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n\0");
        assert_eq!(key_id(&key_digest(&vec![0; length])), STANDARD.encode(digest(&SHA256, pem.as_bytes())));
    }
}
