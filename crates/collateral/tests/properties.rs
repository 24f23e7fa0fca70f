//! Whatever is done to the bytes of collateral, nothing panics, and what is read survives a bundle.

mod made;

use std::sync::LazyLock;

use collateral::{CollateralSet, sniff};
use made::{made, pieces, set, url_encoded};
use problem::Problem;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;
use serde_json::json;

/// One document of each form.
static FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let of = made().collateral().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: {}\r\n\r\n", url_encoded(&of.tcb_info_chain_pem));
    let reference = json!({
        "pck_crl_issuer_chain": of.pck_crl_chain_pem,
        "root_ca_crl": hex::encode(&of.root_crl),
        "pck_crl": hex::encode(&of.pck_crl),
        "tcb_info_issuer_chain": of.tcb_info_chain_pem,
        "tcb_info": str::from_utf8(&of.tcb_info).unwrap(),
        "qe_identity_issuer_chain": of.qe_identity_chain_pem,
        "qe_identity": str::from_utf8(&of.qe_identity).unwrap(),
    });
    vec![
        of.tcb_info.clone(),
        of.pck_crl.clone(),
        hex::encode(&of.pck_crl).into_bytes(),
        of.tcb_info_chain_pem.clone().into_bytes(),
        [head.as_bytes(), &of.tcb_info].concat(),
        reference.to_string().into_bytes(),
        set(&pieces(&of)).to_bundle().unwrap(),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn changed_documents_of_every_form_are_read_or_refused(
        form in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        end in any::<Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = form.get(&FORMS).clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(end.index(bytes.len()));
        }
        let mut read = CollateralSet::default();
        match read.add("changed", &bytes) {
            Err(error) => prop_assert!(!error.code().is_empty() && !error.help().is_empty()),
            Ok(()) => {
                let bundle = read.to_bundle().unwrap();
                let mut again = CollateralSet::default();
                again.add("bundle", &bundle).unwrap();
                prop_assert_eq!(again.to_bundle().unwrap(), bundle);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512), start in 0..6_usize) {
        let starts: [&[u8]; 6] =
            [b"", b"HTTP/1.1 200 OK\n", b"{", b"0\x82", b"{\"format\":\"veritee-collateral-bundle\",", b"-----BEGIN "];
        let _ = sniff(&[starts[start], &bytes].concat());
    }
}
