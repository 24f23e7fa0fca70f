//! Who holds a signing key: checked on an appraisal, in three steps.

use collateral::CollateralSet;
use dcap::Certificate;
use evidence::{
    Anchors, Appraisal, Body, Context, EndorsementKey, EvidenceFile, Kind, Request, Requirements, Step, begin,
};
use problem::Problem;
use simulator::{Blueprint, EnclaveReport, TrustDomainReport};
use token::{SignerError, SignerEvidence, SignerExpectations, SigningKey, TokenAlgorithm};
use unix_time::UnixTime;

use crate::fixture::{ISS, NOW, certified};

const AT: UnixTime = UnixTime::from_seconds(1_790_000_000);

/// What a simulated machine quotes, appraised.
fn appraised(made: &Blueprint, quote: &[u8], kind: Kind) -> Appraisal {
    let issued = made.issue().unwrap();
    let anchors = Anchors::only(&Certificate::from_der(&issued.certificates().root).unwrap());
    let context = Context::new(&anchors, AT);
    let begun = begin(&Request { kind, body: Body::of(quote), certificates: None }, &context).unwrap();
    let Step::Needs(needs, pending) = begun else { panic!("quotes need collateral") };
    let [EndorsementKey::Collateral(family)] = needs.as_slice() else { panic!("of one platform family") };
    let pieces = issued.collateral().unwrap();
    let mut set = CollateralSet::default();
    let chain = pieces.tcb_info_chain_pem.into_bytes();
    for piece in [pieces.tcb_info, pieces.qe_identity, pieces.root_crl, pieces.pck_crl, chain] {
        set.add("piece", &piece).unwrap();
    }
    let collateral = anchors.verify_collateral(set.choose(family, AT).unwrap().collateral, AT).unwrap();
    let Ok(Step::Verified(verified)) = pending.supply(&[collateral], &context) else { panic!("not verified") };
    verified.judge(&Requirements::default().left_to_policy()).unwrap()
}

fn quote_about(made: &Blueprint, key: &SigningKey) -> Vec<u8> {
    let enclave = EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 1,
        isv_svn: 1,
        debug: false,
        report_data: key.report_data(),
    };
    made.issue().unwrap().quote(&enclave.on(made.cpu_svn())).unwrap()
}

fn evidence_of(key: &SigningKey, quote: &[u8]) -> SignerEvidence {
    let header = zerocopy::IntoBytes::as_bytes(&abi::open_enclave::header_for(quote.len())).to_vec();
    SignerEvidence::in_certificate(&certified(key, ISS, NOW, NOW + 1, Some(&[header, quote.to_vec()].concat())))
        .unwrap()
}

#[test]
fn the_enclave_that_holds_the_key_is_named_and_its_measurements_are_compared() {
    let (made, key) = (Blueprint::new(AT).unwrap(), SigningKey::generate(TokenAlgorithm::Es256).unwrap());
    let evidence = evidence_of(&key, &quote_about(&made, &key));
    assert_eq!(EvidenceFile::read(evidence.quote()).unwrap().quote(), Ok(evidence.quote()));
    let appraisal = appraised(&made, evidence.quote(), Kind::SgxQuote);
    let holder = evidence.check_holder(&appraisal, &SignerExpectations::default()).unwrap();
    assert_eq!((holder.mr_enclave, holder.mr_signer, holder.simulated), ([1; 32], [2; 32], true));
    assert_eq!(serde_json::to_value(&holder).unwrap()["tcbStatus"], "UpToDate");
    let both = SignerExpectations { mr_signer: Some([2; 32]), mr_enclave: Some([1; 32]) };
    assert!(evidence.check_holder(&appraisal, &both).is_ok());
    for (expected, name) in [
        (SignerExpectations { mr_signer: Some([9; 32]), mr_enclave: None }, "MRSIGNER"),
        (SignerExpectations { mr_signer: None, mr_enclave: Some([9; 32]) }, "MRENCLAVE"),
    ] {
        let error = evidence.check_holder(&appraisal, &expected).unwrap_err();
        assert!(error.to_string().contains(name) && error.code() == "signer_measurement", "{error}");
    }
}

#[test]
fn an_enclave_of_another_key_and_a_trust_domain_hold_nothing() {
    let (made, key) = (Blueprint::new(AT).unwrap(), SigningKey::generate(TokenAlgorithm::Es256).unwrap());
    let evidence = evidence_of(&key, &quote_about(&made, &key));
    let other = quote_about(&made, &SigningKey::generate(TokenAlgorithm::Es256).unwrap());
    let expected = SignerExpectations::default();
    let refused = evidence.check_holder(&appraised(&made, &other, Kind::SgxQuote), &expected);
    assert_eq!(refused, Err(SignerError::AnotherKey));
    let made = Blueprint::for_tdx(AT).unwrap();
    let domain = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: key.report_data() };
    let quote = made.issue().unwrap().quote(&domain.td10()).unwrap();
    let refused = evidence.check_holder(&appraised(&made, &quote, Kind::TdxQuote), &expected).unwrap_err();
    assert_eq!((&refused, refused.code().as_ref()), (&SignerError::NotAnEnclave, "signer_no_enclave"));
}
