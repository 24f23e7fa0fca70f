//! Another verifier: dcap-qvl.

use std::collections::BTreeMap;

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use serde_json::value::RawValue;
use simulator::Collateral;

use super::NOW;

/// Collateral in dcap-qvl's form.
pub fn collateral(made: Collateral) -> QuoteCollateralV3 {
    let split = |document: &[u8], member: &str| {
        let parsed: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(document).unwrap();
        let signature: String = serde_json::from_str(parsed["signature"].get()).unwrap();
        (parsed[member].get().to_owned(), hex::decode(signature).unwrap())
    };
    let (tcb_info, tcb_info_signature) = split(&made.tcb_info, "tcbInfo");
    let (qe_identity, qe_identity_signature) = split(&made.qe_identity, "enclaveIdentity");
    QuoteCollateralV3 {
        pck_crl_issuer_chain: made.pck_crl_chain_pem,
        root_ca_crl: made.root_crl,
        pck_crl: made.pck_crl,
        tcb_info_issuer_chain: made.tcb_info_chain_pem,
        tcb_info,
        tcb_info_signature,
        qe_identity_issuer_chain: made.qe_identity_chain_pem,
        qe_identity,
        qe_identity_signature,
        pck_certificate_chain: None,
    }
}

/// The status that dcap-qvl finds under that root, or its complaint.
pub fn verdict(quote: &[u8], made: Collateral, root: &[u8]) -> Result<String, String> {
    let verdict = QuoteVerifier::new(root.to_vec()).verify(quote, &collateral(made), NOW.unsigned_abs());
    verdict.map(|report| report.status).map_err(|error| format!("{error:#}"))
}
