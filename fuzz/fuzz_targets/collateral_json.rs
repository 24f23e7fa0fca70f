//! Any bytes as TCB Info or an enclave identity, within their wrapper and without.
#![no_main]

use dcap::{Document, EnclaveIdentity, SignedDocument, TcbInfo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = TcbInfo::from_json(bytes);
    let _ = EnclaveIdentity::from_json(bytes);
    read::<TcbInfo>(bytes);
    read::<EnclaveIdentity>(bytes);
});

fn read<T: Document + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(document) = SignedDocument::<T>::from_wrapper(bytes) {
        assert_eq!(SignedDocument::from_wrapper(&document.wrapped()).unwrap(), document);
    }
}
