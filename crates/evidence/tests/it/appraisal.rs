//! Begin, supply, judge: each step, and what it refuses.

use evidence::{
    AcceptedTcb, Anchors, AnchorsError, Body, Claims, Context, Details, EvidenceError, HeldData, Kind, Request,
    Requirements, Slot, begin, verify,
};
use problem::Problem;
use simulator::{Blueprint, TrustDomainReport};

use crate::machine::{DAY, Machine, NOW};

fn sha256(data: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().try_into().unwrap()
}

fn in_open_enclave_framing(quote: &[u8]) -> Vec<u8> {
    [zerocopy::IntoBytes::as_bytes(&abi::open_enclave::header_for(quote.len())), quote].concat()
}

fn trust_domain(machine: &Machine) -> Vec<u8> {
    let domain = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [0; 64] };
    machine.made.issue().unwrap().quote(&domain.td10()).unwrap()
}

#[test]
fn each_kind_is_appraised_and_marked_as_simulated() {
    let enclaves = Machine::new();
    let quote = enclaves.quote(|_| ());
    let domains = Machine::of(Blueprint::for_tdx(NOW).unwrap());
    let (report, domain) = (in_open_enclave_framing(&quote), trust_domain(&domains));
    for (machine, kind, body) in [
        (&enclaves, Kind::SgxQuote, &quote),
        (&enclaves, Kind::OpenEnclaveReport, &report),
        (&domains, Kind::TdxQuote, &domain),
    ] {
        let appraisal = machine.appraise(kind, body, &Requirements::default().left_to_policy()).unwrap();
        assert_eq!(appraisal.kind(), kind);
        assert!(appraisal.is_simulated());
        let Details::Quote(quote) = appraisal.details();
        assert_eq!(quote.tee(), kind.tee());
    }
}

#[test]
fn evidence_of_one_kind_is_never_taken_for_another() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let domain = trust_domain(&Machine::of(Blueprint::for_tdx(NOW).unwrap()));
    let code = |kind, body: &[u8]| machine.begin(kind, body).unwrap_err();
    assert_eq!(code(Kind::TdxQuote, &quote), "quote_not_tdx");
    assert_eq!(code(Kind::SgxQuote, &domain), "quote_not_sgx");
    assert_eq!(code(Kind::OpenEnclaveReport, &in_open_enclave_framing(&domain)), "quote_not_sgx");
    assert_eq!(code(Kind::OpenEnclaveReport, &quote), "open_enclave_report_malformed");
    assert_eq!(code(Kind::SgxQuote, &[]), "quote_truncated");
}

#[test]
fn a_root_that_is_not_trusted_proves_nothing() {
    let quote = Machine::new().quote(|_| ());
    for anchors in [Anchors::intel(), Machine::new().anchors] {
        let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
        let error = begin(&request, &Context::new(&anchors, NOW)).unwrap_err();
        assert_eq!(error.code(), "root_certificate_untrusted");
        assert!(!error.is_after_signatures());
    }
}

#[test]
fn nothing_is_verified_without_the_endorsement_that_was_needed() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let (_, pending) = machine.begin(Kind::SgxQuote, &quote).unwrap();
    let error = pending.supply(&[], &machine.context()).unwrap_err();
    assert_eq!(error.code(), "endorsement_missing");
    assert!(!error.help().is_empty());
}

#[test]
fn an_endorsement_of_another_family_or_root_verifies_nothing() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let (_, pending) = machine.begin(Kind::SgxQuote, &quote).unwrap();
    let refused = |other: &Machine, body: &[u8], kind| {
        let (key, _) = other.begin(kind, body).unwrap();
        pending.supply(&[other.endorsement(&key)], &machine.context()).unwrap_err().code().into_owned()
    };
    let other = Machine::new();
    assert_eq!(refused(&other, &other.quote(|_| ()), Kind::SgxQuote), "root_mismatch");
    let needs = machine.begin(Kind::SgxQuote, &quote).unwrap().0;
    assert_eq!(needs, machine.begin(Kind::SgxQuote, &machine.quote(|report| report.mr_enclave = [9; 32])).unwrap().0);
    assert_ne!(needs, other.begin(Kind::SgxQuote, &other.quote(|_| ())).unwrap().0);
}

#[test]
fn the_time_of_the_context_rules_every_step() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let (key, pending) = machine.begin(Kind::SgxQuote, &quote).unwrap();
    let endorsement = machine.endorsement(&key);
    let late = NOW.plus(60 * DAY);
    assert!(endorsement.is_valid(NOW) && !endorsement.is_valid(late));
    assert!(endorsement.validity().check(NOW).is_ok());
    let context = Context::new(&machine.anchors, late);
    assert_eq!(pending.supply(&[endorsement], &context).unwrap_err().code(), "tcb_info_expired");
    // The same evidence can be supplied again.
    assert!(pending.supply(&[machine.endorsement(&key)], &machine.context()).is_ok());
}

#[test]
fn what_is_not_accepted_is_refused_after_it_is_verified() {
    let machine = Machine::new();
    let debug = machine.quote(|report| report.attributes.flags.set(report.attributes.flags.get() | 2));
    assert!(machine.verify(Kind::SgxQuote, &debug).is_ok());
    let refused = machine.appraise(Kind::SgxQuote, &debug, &Requirements::default());
    assert_eq!(refused.unwrap_err(), "debug_not_allowed");
    for wider in [Requirements::default().left_to_policy(), Requirements::widest()] {
        assert!(machine.appraise(Kind::SgxQuote, &debug, &wider).is_ok());
        let narrowed = wider.minimum_evaluation_data_number(u32::MAX);
        assert_eq!(machine.appraise(Kind::SgxQuote, &debug, &narrowed).unwrap_err(), "evaluation_number_too_low");
    }
}

#[test]
fn data_is_bound_by_its_digest_in_the_right_slot_alone() {
    let machine = Machine::new();
    let (runtime, init) = (HeldData::binary(b"runtime".to_vec()), HeldData::binary(b"init".to_vec()));
    let with = |is_kss: bool| {
        let quote = machine.quote(|report| {
            report.report_data[..32].copy_from_slice(&sha256(b"runtime"));
            report.report_data[32..].fill(7);
            report.config_id[..32].copy_from_slice(&sha256(b"init"));
            let kss = 1 << 7;
            let flags = report.attributes.flags.get();
            report.attributes.flags.set(if is_kss { flags | kss } else { flags & !kss });
        });
        machine.appraise(Kind::SgxQuote, &quote, &Requirements::default()).unwrap()
    };
    let appraisal = with(true);
    assert_eq!(appraisal.bind(Slot::Runtime, &runtime).unwrap().data(), &runtime);
    assert_eq!(appraisal.bind(Slot::InitTime, &init).unwrap().data(), &init);
    assert!(appraisal.bind(Slot::Runtime, &init).is_none() && appraisal.bind(Slot::InitTime, &runtime).is_none());
    assert!(with(false).bind(Slot::InitTime, &init).is_none(), "an enclave without KSS has no CONFIGID");
}

#[test]
fn a_platform_keeps_its_id_and_another_has_another() {
    let (machine, other) = (Machine::new(), Machine::new());
    let id = |machine: &Machine, measurement: u8| {
        let quote = machine.quote(|report| report.mr_enclave = [measurement; 32]);
        *machine.appraise(Kind::SgxQuote, &quote, &Requirements::default()).unwrap().platform_id()
    };
    assert_eq!(id(&machine, 1), id(&machine, 2));
    assert_ne!(id(&machine, 1), id(&other, 1));
}

#[test]
fn claims_say_what_was_accepted_and_the_bound_runtime_data_is_echoed() {
    let machine = Machine::new();
    let runtime = HeldData::json(b"{\"a\":1}\0".to_vec()).unwrap();
    let quote = machine.quote(|report| report.report_data[..32].copy_from_slice(&sha256(runtime.bytes())));
    let appraisal = machine.appraise(Kind::SgxQuote, &quote, &Requirements::default()).unwrap();
    let claims = Claims::of(&appraisal, appraisal.bind(Slot::Runtime, &runtime));
    let incoming = claims.incoming();
    let has = |name: &str| incoming.iter().any(|claim| claim.name == name);
    assert!(has("x-ms-sgx-mrenclave") && has("$sgx-mrenclave") && has("x-ms-runtime") && has("x-veritee-simulated"));
    assert!(!has("x-veritee-dangerous-verification-time"));
    let outgoing = claims.outgoing();
    assert_eq!(outgoing["x-ms-sgx-mrenclave"], "01".repeat(32));
    assert_eq!(outgoing["x-ms-runtime"]["a"], 1);
    assert!(!outgoing.contains_key("$sgx-mrenclave"));
    let digests = appraisal.collateral_digests().unwrap();
    assert_eq!((&digests["quotehash"], digests.len()), (&hex::encode(sha256(&quote)).into(), 7));
}

#[test]
fn claims_of_an_appraisal_at_a_dangerous_time_say_so() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
    let context = Context::dangerous_time(&machine.anchors, NOW.plus(DAY));
    let verified = verify::<EvidenceError>(&request, &context, |key| Ok(machine.endorsement(key))).unwrap();
    let appraisal = verified.judge(&Requirements::default()).unwrap();
    let claims = Claims::of(&appraisal, None).outgoing();
    assert_eq!(claims["x-veritee-dangerous-verification-time"], serde_json::json!(NOW.plus(DAY)));
}

#[test]
fn evidence_whose_endorsement_cannot_be_found_is_refused_with_the_reason() {
    let machine = Machine::new();
    let quote = machine.quote(|_| ());
    let request = Request { kind: Kind::SgxQuote, body: Body::of(&quote), certificates: None };
    let refused = verify(&request, &machine.context(), |_| Err(EvidenceError::EndorsementMissing)).unwrap_err();
    assert_eq!(refused.code(), "endorsement_missing");
}

#[test]
fn json_data_is_an_object_and_may_end_in_a_nul() {
    assert_eq!(HeldData::json(b"{}\0".to_vec()).unwrap().bytes(), b"{}\0");
    for text in ["", "\0", "[]", "{", r#"{"a":1,"a":2}"#, &"{\"a\":".repeat(100)] {
        let error = HeldData::json(text.as_bytes().to_vec()).unwrap_err();
        assert_eq!(error.code(), "held_data_not_json");
    }
    assert!(HeldData::binary(b"{}".to_vec()).object().is_none());
}

#[test]
fn anchors_are_one_certificate_in_pem() {
    let root = Machine::new().root_pem();
    let anchors = Anchors::from_pem(Some(&root)).unwrap();
    assert!(anchors.is_simulated() && !Anchors::intel().is_simulated());
    assert_ne!(anchors.root_sha256(), Anchors::from_pem(None).unwrap().root_sha256());
    for text in ["", "root", &root.repeat(2), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
        let error = Anchors::from_pem(Some(text)).unwrap_err();
        assert_eq!((error, error.code().as_ref()), (AnchorsError::Root, "root_malformed"));
    }
}

#[test]
fn accepted_statuses_are_intels_names_and_revoked_is_none_of_them() {
    let accepted = AcceptedTcb::parse(&["OutOfDate", "SWHardeningNeeded"]).unwrap();
    assert_eq!(serde_json::to_string(&accepted).unwrap(), r#"["OutOfDate","SWHardeningNeeded"]"#);
    assert_eq!(serde_json::from_str::<AcceptedTcb>(r#"["OutOfDate","SWHardeningNeeded"]"#).unwrap(), accepted);
    assert_eq!(AcceptedTcb::parse(&["Revoked"]).unwrap_err().code(), "tcb_status_revoked");
    assert_eq!(AcceptedTcb::parse(&["outofdate"]).unwrap_err().code(), "tcb_status_unknown");
    assert!(serde_json::from_str::<AcceptedTcb>(r#"["Revoked"]"#).is_err());
}
