//! Any bytes as a certificate, as Intel's extension in one, and as PEM.
#![no_main]

use dcap::{Certificate, SgxExtension, SgxExtensionDescription, pem};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = SgxExtension::from_der(bytes).map(|extension| SgxExtensionDescription::from(&extension));
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let _ = (certificate.subject_text(), certificate.issuer_text(), certificate.is_self_issued());
        let _ = certificate.sgx_extension().map(SgxExtension::from_der);
        assert_eq!(certificate.der(), bytes);
    }
    if let Ok(blocks) = pem::blocks(bytes, "CERTIFICATE") {
        let written: String = blocks.iter().map(|der| pem::encode(der, "CERTIFICATE")).collect();
        assert_eq!(pem::blocks(written.as_bytes(), "CERTIFICATE").unwrap(), blocks);
    }
});
