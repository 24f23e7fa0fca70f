//! Reading policy JWSs: every spelling that clients send, and one JWS for each refusal.

use attestation::policy_jws::{MAX_LENGTH, PolicyJws, PolicyJwsError, unsecured, unsecured_reset};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use jose::Algorithm;
use problem::Problem;
use proptest::prelude::*;
use rcgen::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::json;

use crate::policy_fixture::{Signer, TEXT, curve_key, der, p256, payload, payload_of, rsa, unsecured_of};

fn read(jws: &str) -> PolicyJws {
    PolicyJws::read(jws).unwrap_or_else(|error| panic!("{jws}: {error}: {error:?}"))
}

fn refusal(jws: &str) -> PolicyJwsError {
    let error = PolicyJws::read(jws).unwrap_err();
    assert!(error.code().starts_with("policy_jws_") && !error.help().is_empty());
    error
}

/// A policy signed with RS256.
fn signed() -> String {
    rsa().jws(&json!({"alg": "RS256", "x5c": rsa().x5c()}), &payload(TEXT))
}

fn segments(jws: &str) -> [String; 3] {
    jws.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn what_we_write_unsecured_is_azures_to_the_byte_and_reads() {
    assert_eq!(unsecured_reset(), "eyJhbGciOiJub25lIn0..");
    let jws = unsecured(TEXT);
    // The hash of this very JWS is on record.
    assert_eq!(token::hash::policy_token_hash(&jws), "c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ");
    assert_eq!((read(&jws).text(), read(&jws).signer()), (Some(TEXT), None));
    assert_eq!((read(&unsecured_reset()).text(), read(&unsecured_reset()).signer()), (None, None));
}

#[test]
fn an_unsecured_policy_may_lack_its_last_dot() {
    for jws in [unsecured(TEXT), unsecured_reset()] {
        assert_eq!(read(jws.strip_suffix('.').unwrap()), read(&jws));
    }
}

#[test]
fn payloads_may_have_white_space_and_further_members() {
    let text = URL_SAFE_NO_PAD.encode(TEXT);
    let spaced = format!(" {{ \"iat\" : 1,\r\n \"AttestationPolicy\" : \"{text}\" }}\n");
    assert_eq!(read(&unsecured_of(&spaced)).text(), Some(TEXT));
}

#[test]
fn the_old_signing_tools_text_is_read_as_it_stands() {
    assert_eq!(read(&unsecured_of(&json!({"AttestationPolicy": TEXT}).to_string())).text(), Some(TEXT));
}

#[test]
fn segments_and_policies_may_be_padded_and_in_either_alphabet() {
    // In base64 this text has `+` and `/`, and padding.
    let text = "version=1.0; // ~~~>>>???ÿÿÿ\nauthorizationrules{=> permit();};";
    assert!(STANDARD.encode(text).contains(['+', '/']) && STANDARD.encode(text).ends_with('='));
    for inner in [STANDARD.encode(text), URL_SAFE.encode(text), URL_SAFE_NO_PAD.encode(text)] {
        let json = json!({"AttestationPolicy": inner}).to_string();
        for outer in [STANDARD.encode(&json), URL_SAFE.encode(&json), URL_SAFE_NO_PAD.encode(&json)] {
            for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIn0="] {
                assert_eq!(read(&format!("{header}.{outer}.")).text(), Some(text));
            }
        }
    }
}

/// What earlier versions took, where they kept it, is read.
#[test]
fn refuses_signatures_in_other_spellings_but_reads_those_that_were_kept() {
    let p384 = Signer::of(curve_key(&PKCS_ECDSA_P384_SHA384), "P-384 signer");
    for (signer, alg) in [(rsa(), "RS256"), (p256(), "ES256"), (&p384, "ES384")] {
        let jws = signer.jws(&json!({"alg": alg, "x5c": signer.x5c()}), &payload(TEXT));
        let (input, signature) = jws.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut spelled = vec![STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)];
        if STANDARD.encode(&bytes).contains(['+', '/']) {
            spelled.push(STANDARD_NO_PAD.encode(&bytes));
        }
        // As RFC 7515 spells it where there is no padding and nothing of the other alphabet.
        spelled.retain(|other| other != signature);
        for other in spelled {
            let jws = format!("{input}.{other}");
            assert!(matches!(refusal(&jws), PolicyJwsError::SignatureEncoding(_)), "{jws}");
            assert_eq!(PolicyJws::read_kept(&jws).unwrap().text(), Some(TEXT));
        }
        // 96 bytes leave no bits over.
        if let Some(stray) = with_stray_bits(signature, bytes.len()) {
            let jws = format!("{input}.{stray}");
            assert!(matches!(refusal(&jws), PolicyJwsError::SignatureEncoding(_)), "{jws}");
            assert!(PolicyJws::read_kept(&jws).is_err(), "nobody ever read it");
        }
        if alg == "RS256" {
            continue;
        }
        let der = der(&bytes);
        let jws = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&der));
        let refused = refusal(&jws);
        assert!(
            matches!(refused, PolicyJwsError::SignatureLength { length, expected, .. }
                if length == der.len() && expected == bytes.len()),
            "{refused:?}"
        );
        assert_eq!(PolicyJws::read_kept(&jws).unwrap().text(), Some(TEXT));
        let forged =
            format!("{input}.{}", URL_SAFE_NO_PAD.encode([&der[..der.len() - 1], &[!der[der.len() - 1]]].concat()));
        assert!(matches!(PolicyJws::read_kept(&forged), Err(PolicyJwsError::Signature)));
    }
}

/// The same signature with the lowest bit of its last character set.
fn with_stray_bits(signature: &str, length: usize) -> Option<String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if length.is_multiple_of(3) {
        return None;
    }
    let (most, last) = signature.split_at(signature.len() - 1);
    let at = ALPHABET.find(last).unwrap() | 1;
    Some(format!("{most}{}", &ALPHABET[at..=at]))
}

#[test]
fn refuses_a_payload_that_is_a_signer_request_too_unless_it_was_kept() {
    let text = URL_SAFE_NO_PAD.encode(TEXT);
    let both = json!({"AttestationPolicy": text, "policyCertificate": {"x5c": p256().x5c()}}).to_string();
    let jws = rsa().jws(&json!({"alg": "RS256", "x5c": rsa().x5c()}), &payload_of(&both));
    assert!(matches!(refusal(&jws), PolicyJwsError::TwoPurposes { name: "policyCertificate" }));
    assert_eq!(PolicyJws::read_kept(&jws).unwrap().text(), Some(TEXT));
}

#[test]
fn microsofts_names_of_algorithms_and_places_of_certificates_are_known() {
    let (rsa, p256) = (rsa(), p256());
    for (signer, alg, algorithm) in [
        (rsa, "RS256", Algorithm::Rs256),
        (rsa, "RSA256", Algorithm::Rs256),
        (p256, "ES256", Algorithm::Es256),
        (p256, "ECDH256", Algorithm::Es256),
    ] {
        let (x5c, jwk) = (signer.x5c(), json!({"x5c": signer.x5c(), "kty": "any"}));
        for header in [
            json!({"alg": alg, "x5c": x5c}),
            json!({"alg": alg, "jwk": jwk}),
            json!({"alg": alg, "jwk": jwk, "x5c": x5c, "kid": "ignored"}),
        ] {
            for (payload, text) in [(payload(TEXT), Some(TEXT)), (String::new(), None)] {
                let read = read(&signer.jws(&header, &payload));
                assert_eq!(read.text(), text);
                let by = read.signer().unwrap();
                assert_eq!((by.algorithm(), by.certificates()[0].der()), (algorithm, &**signer.certificate.der()));
            }
        }
    }
}

#[test]
fn json_escapes_inside_certificates_are_resolved() {
    let certificate = STANDARD.encode(rsa().certificate.der()).replace('+', "\\u002B");
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RSA256","x5c":["{certificate}"]}}"#));
    let input = format!("{header}.{}", payload(TEXT));
    let signature = rcgen::SigningKey::sign(&rsa().key, input.as_bytes()).unwrap();
    assert!(read(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))).signer().is_some());
}

#[test]
fn other_curves_sign_too() {
    let signer = Signer::of(curve_key(&PKCS_ECDSA_P384_SHA384), "P-384 signer");
    let jws = signer.jws(&json!({"alg": "ES384", "x5c": signer.x5c()}), &payload(TEXT));
    assert_eq!(read(&jws).signer().unwrap().algorithm().name(), "ES384");
}

#[test]
fn a_signers_certificate_says_whose_it_is() {
    let jws = read(&signed());
    let certificate = &jws.signer().unwrap().certificates()[0];
    assert!(certificate.subject().contains("RSA signer"), "{}", certificate.subject());
    assert_eq!((certificate.thumbprint_sha1().len(), certificate.thumbprint_sha256().len()), (40, 64));
    assert_eq!(certificate.thumbprint_sha1(), certificate.thumbprint_sha1().to_uppercase());
    assert!(certificate.validity().from < certificate.validity().until);
    assert!(certificate.signed(certificate));
    let other = attestation::policy_jws::SignerCertificate::from_der(p256().certificate.der()).unwrap();
    assert!(!certificate.signed(&other) && !other.signed(certificate));
}

#[test]
fn refuses_too_long_text() {
    let jws = "a".repeat(MAX_LENGTH + 1);
    assert!(matches!(refusal(&jws), PolicyJwsError::TooLong { length } if length == MAX_LENGTH + 1));
}

#[test]
fn refuses_other_numbers_of_segments() {
    for jws in ["", "eyJhbGciOiJub25lIn0", "a.b.c.d", "eyJhbGciOiJub25lIn0...", "version=1;"] {
        assert!(matches!(refusal(jws), PolicyJwsError::Segments), "{jws}");
    }
}

#[test]
fn refuses_what_is_no_base64() {
    let [header, payload, signature] = segments(&signed());
    assert!(matches!(refusal(&format!("{header}.{payload}.{signature}\n")), PolicyJwsError::SignatureEncoding(_)));
    for (jws, segment) in [
        (format!("{header}!.{payload}.{signature}"), "header"),
        (format!("{header}.{payload}é.{signature}"), "payload"),
        (rsa().jws(&json!({"alg": "RS256", "x5c": ["MII*"]}), &payload), "certificate"),
        (unsecured_of(r#"{"AttestationPolicy":"a"}"#), "policy"),
        (unsecured_of(r#"{"AttestationPolicy":"aGk+aGk_"}"#), "policy"),
    ] {
        assert!(matches!(refusal(&jws), PolicyJwsError::Base64 { part, .. } if part == segment), "{segment}");
    }
}

#[test]
fn refuses_malformed_headers() {
    for header in ["", "[]", r#"{"alg":"none","alg":"none"}"#, r#"{"alg":"none"} x"#, "\u{0}"] {
        let jws = format!("{}..", URL_SAFE_NO_PAD.encode(header));
        assert!(matches!(refusal(&jws), PolicyJwsError::Header(_)), "{header}");
    }
    for header in [r#"{}"#, r#"{"alg":7}"#, r#"{"alg":"none","x5c":"a"}"#, r#"{"alg":"none","jwk":[1]}"#] {
        let jws = format!("{}..", URL_SAFE_NO_PAD.encode(header));
        assert!(matches!(refusal(&jws), PolicyJwsError::Parameters(_)), "{header}");
    }
}

#[test]
fn refuses_extensions() {
    for extension in ["crit", "b64"] {
        let header = json!({"alg": "RS256", "x5c": rsa().x5c(), extension: null});
        let error = refusal(&rsa().jws(&header, &payload(TEXT)));
        assert!(matches!(error, PolicyJwsError::Extension { name } if name == extension));
    }
}

#[test]
fn refuses_other_algorithms() {
    for named in ["HS256", "None", "NONE", "rs256", "EdDSA", "RS1", ""] {
        let error = refusal(&rsa().jws(&json!({"alg": named, "x5c": rsa().x5c()}), &payload(TEXT)));
        assert!(matches!(error, PolicyJwsError::Algorithm { alg } if alg == named), "{named}");
    }
}

#[test]
fn refuses_an_unsecured_policy_with_a_signature() {
    let jws = rsa().jws(&json!({"alg": "none", "x5c": rsa().x5c()}), &payload(TEXT));
    assert!(matches!(refusal(&jws), PolicyJwsError::UnsecuredWithSignature));
}

#[test]
fn refuses_a_signed_policy_without_signature() {
    let [header, payload, _] = segments(&signed());
    for jws in [format!("{header}.{payload}."), format!("{header}.{payload}"), format!("{header}..")] {
        assert!(matches!(refusal(&jws), PolicyJwsError::NoSignature), "{jws}");
    }
}

#[test]
fn refuses_a_signed_policy_without_certificate() {
    for header in [
        json!({"alg": "RS256"}),
        json!({"alg": "RS256", "x5c": []}),
        json!({"alg": "RS256", "jwk": {}}),
        json!({"alg": "RS256", "x5c": null, "jwk": {"x5c": []}}),
    ] {
        assert!(matches!(refusal(&rsa().jws(&header, &payload(TEXT))), PolicyJwsError::NoCertificate), "{header}");
    }
}

#[test]
fn refuses_two_chains() {
    let header = json!({"alg": "RS256", "x5c": rsa().x5c(), "jwk": {"x5c": p256().x5c()}});
    assert!(matches!(refusal(&rsa().jws(&header, &payload(TEXT))), PolicyJwsError::TwoChains));
}

#[test]
fn five_certificates_are_read_and_six_refused() {
    let certificate = STANDARD.encode(rsa().certificate.der());
    let with = |count| rsa().jws(&json!({"alg": "RS256", "x5c": vec![&certificate; count]}), &payload(TEXT));
    assert_eq!(read(&with(5)).signer().unwrap().certificates().len(), 5);
    assert!(matches!(refusal(&with(6)), PolicyJwsError::TooManyCertificates { count: 6 }));
}

#[test]
fn refuses_what_is_no_certificate() {
    let good = STANDARD.encode(rsa().certificate.der());
    let header = json!({"alg": "RS256", "x5c": [good, "MAA="]});
    let error = refusal(&rsa().jws(&header, &payload(TEXT)));
    assert!(matches!(error, PolicyJwsError::Certificate { number: 2, .. }));
}

#[test]
fn refuses_algorithms_of_other_keys() {
    let ed25519 = Signer::of(curve_key(&PKCS_ED25519), "Ed25519 signer");
    let p384 = Signer::of(curve_key(&PKCS_ECDSA_P384_SHA384), "P-384 signer");
    for (signer, named, kind_of_key) in [
        (p256(), "RS256", "P-256"),
        (rsa(), "ES256", "RSA"),
        (&p384, "ES256", "P-384"),
        (p256(), "ES512", "P-256"),
        (&ed25519, "ES256", "unknown"),
    ] {
        let error = refusal(&signer.jws(&json!({"alg": named, "x5c": signer.x5c()}), &payload(TEXT)));
        assert!(matches!(error, PolicyJwsError::KeyKind { kind, .. } if kind == kind_of_key), "{named} {kind_of_key}");
    }
}

#[test]
fn refuses_signatures_of_something_else() {
    let [header, payload_segment, signature] = segments(&signed());
    let other = rsa().jws(&json!({"alg": "RS256", "x5c": rsa().x5c()}), &payload("version=1.0;"));
    let pss = json!({"alg": "PS256", "x5c": rsa().x5c()});
    let sha384 = json!({"alg": "RS384", "x5c": rsa().x5c()});
    for jws in [
        format!("{header}.{}.{signature}", payload("version=1.0;")),
        // A reset made of a signed policy.
        format!("{header}..{signature}"),
        format!("{header}.{payload_segment}.{}", segments(&other)[2]),
        format!("{header}.{payload_segment}.AAAA"),
        rsa().jws(&pss, &payload_segment),
        rsa().jws(&sha384, &payload_segment),
    ] {
        assert!(matches!(refusal(&jws), PolicyJwsError::Signature), "{jws}");
    }
}

#[test]
fn refuses_a_payload_that_is_spelled_otherwise_than_it_was_signed() {
    let payload = payload_of(r#"{"AttestationPolicy":""}"#) + "IA";
    let jws = rsa().jws(&json!({"alg": "RS256", "x5c": rsa().x5c()}), &payload);
    assert_eq!(read(&jws).text(), Some(""));
    let respelled = jws.replace(&format!(".{payload}."), &format!(".{payload}==."));
    assert_ne!(respelled, jws);
    assert!(matches!(refusal(&respelled), PolicyJwsError::Signature));
}

#[test]
fn refuses_a_swapped_certificate() {
    let other = Signer::of(crate::policy_fixture::rsa_key(), "RSA signer");
    let jws = rsa().jws(&json!({"alg": "RS256", "x5c": other.x5c()}), &payload(TEXT));
    assert!(matches!(refusal(&jws), PolicyJwsError::Signature));
    // The signer's own certificate does not help anywhere but in the first place.
    let [mut chain, own] = [other.x5c(), rsa().x5c()];
    chain.as_array_mut().unwrap().extend(own.as_array().unwrap().clone());
    let jws = rsa().jws(&json!({"alg": "RS256", "x5c": chain}), &payload(TEXT));
    assert!(matches!(refusal(&jws), PolicyJwsError::Signature));
}

#[test]
fn refuses_malformed_payloads() {
    let text = URL_SAFE_NO_PAD.encode(TEXT);
    for json in [
        "[]".to_owned(),
        "null".to_owned(),
        TEXT.to_owned(),
        r#"{"AttestationPolicy":7}"#.to_owned(),
        r#"{"AttestationPolicy":null}"#.to_owned(),
        format!(r#"{{"AttestationPolicy":7,"text":"{text}"}}"#),
        format!(r#"{{"AttestationPolicy":"{text}","AttestationPolicy":"{text}"}}"#),
    ] {
        assert!(matches!(refusal(&unsecured_of(&json)), PolicyJwsError::Payload(_)), "{json}");
    }
}

#[test]
fn refuses_payloads_without_a_policy() {
    for json in ["{}", r#"{"attestationPolicy":"AA"}"#, r#"{"policy":"AA"}"#, r#"{"Text":"AA"}"#] {
        let error = refusal(&unsecured_of(json));
        assert!(matches!(error, PolicyJwsError::NoPolicy), "{json}: {error:?}");
        assert!(error.help().contains("AttestationPolicy"));
    }
}

/// The script in Microsoft's guide names the member so; its prose, its documentation and its clients do not.
#[test]
fn refuses_the_member_text_by_its_name_whoever_signed() {
    let json = json!({ "text": TEXT }).to_string();
    let header = json!({"typ": "JWT", "alg": "RS256", "x5c": rsa().x5c()});
    for jws in [unsecured_of(&json), rsa().jws(&header, &payload_of(&json)), unsecured_of(r#"{"text":7}"#)] {
        let error = refusal(&jws);
        assert_eq!(error.code(), "policy_jws_text_member");
        assert!(error.to_string().contains("`text` instead of `AttestationPolicy`"), "{error}");
        assert!(error.help().contains("`AttestationPolicy`"));
    }
    // Beside a policy it is a further member.
    let both = json!({"text": "version=1.0;", "AttestationPolicy": URL_SAFE_NO_PAD.encode(TEXT)}).to_string();
    assert_eq!(read(&unsecured_of(&both)).text(), Some(TEXT));
}

#[test]
fn refuses_policies_that_are_no_text() {
    let jws = unsecured_of(&json!({"AttestationPolicy": URL_SAFE_NO_PAD.encode([0xff, 0xfe])}).to_string());
    assert!(matches!(refusal(&jws), PolicyJwsError::NotUtf8(_)));
}

#[test]
fn every_flipped_bit_of_a_signed_policy_is_refused() {
    let jws = p256().signing_key().sign(Some(TEXT), None, None).unwrap();
    read(&jws);
    let parts = segments(&jws).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    for (part, bytes) in parts.iter().enumerate() {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = parts.clone();
            flipped[part][bit / 8] ^= 1 << (bit % 8);
            let jws = flipped.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
            assert!(PolicyJws::read(&jws).is_err(), "bit {bit} of segment {part}");
        }
    }
}

#[test]
fn signed_policies_allow_seven() {
    let allowed = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"];
    // Everything in the table, and what must never be in it.
    let others = ["none", "HS256", "HS384", "HS512", "PS384", "PS512", "EdDSA", "ES256K"];
    for name in Algorithm::ALL.iter().map(|algorithm| algorithm.name()).chain(others) {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": name}).to_string());
        let error = PolicyJws::read(&format!("{header}..AA")).unwrap_err();
        assert_eq!(matches!(error, PolicyJwsError::NoCertificate), allowed.contains(&name), "{name}: {error}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_reading_panic(text in ".{0,200}", header in ".{0,60}", payload in ".{0,60}") {
        let _ = PolicyJws::read(&text);
        let _ = PolicyJws::read(&format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), payload_of(&payload)));
    }

    #[test]
    fn every_text_comes_back(text in ".*") {
        let read = read(&unsecured(&text));
        prop_assert_eq!(read.text(), Some(text.as_str()));
    }
}
