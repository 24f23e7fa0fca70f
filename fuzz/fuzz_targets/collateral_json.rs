//! Any bytes as TCB Info or an enclave identity, within their wrapper and without.
#![no_main]

use dcap::{EnclaveIdentity, SignedJson, TcbInfo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = TcbInfo::from_json(bytes);
    let _ = EnclaveIdentity::from_json(bytes);
    for member in ["tcbInfo", "enclaveIdentity"] {
        if let Ok(document) = SignedJson::from_wrapper(bytes, member) {
            let _ = TcbInfo::from_json(document.body());
            let _ = EnclaveIdentity::from_json(document.body());
            assert_eq!(SignedJson::from_wrapper(&document.wrapped(member), member).unwrap(), document);
        }
    }
});
