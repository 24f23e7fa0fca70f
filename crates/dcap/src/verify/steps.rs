//! The steps of verification, one function each, in the order of [`Verifier::verify`](crate::Verifier::verify).

use aws_lc_rs::digest::{Context, SHA256};

use crate::documents::enclave_identity::{EnclaveId, EnclaveIdentity};
use crate::documents::tcb_info::TcbInfo;
use crate::documents::verified::VerifiedCollateral;
use crate::memo::signatures::{Encoding, Signatures};
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateFault, Role};
use crate::pki::crl::Crl;
use crate::pki::ecdsa::{self, Key};
use crate::pki::pck::ProvenPck;
use crate::pki::root::{Root, TrustedRoots};
use crate::quote::parse::Quote;
use crate::quote::tee::Tee;
use crate::verify::error::VerifyError;
use unix_time::UnixTime;

/// Appraisal step 4.1: platform and collateral lead to the same root.
pub(crate) fn check_same_root(pck_root: Root, collateral_root: Root) -> Result<(), VerifyError> {
    if pck_root == collateral_root { Ok(()) } else { Err(VerifyError::OtherRoot) }
}

/// Appraisal step 4.2: the root is trusted. Platform and collateral may have been proven under other roots: their types do not
/// say.
pub(crate) fn check_trusted_root(roots: &TrustedRoots, root: Root) -> Result<(), VerifyError> {
    if roots.trusts(root) { Ok(()) } else { Err(chain::fault(Role::Root, CertificateFault::Untrusted).into()) }
}

/// Appraisal steps 4.3 and 4.4: chain and collateral are valid at `at`.
pub(crate) fn check_validity(
    pck: &ProvenPck,
    collateral: &VerifiedCollateral,
    at: UnixTime,
) -> Result<(), VerifyError> {
    pck.check_validity(at)?;
    Ok(collateral.check_validity(at)?)
}

/// Appraisal step 4.5: the PCK CRL is that of the platform's CA.
pub(crate) fn check_pck_ca(pck: &ProvenPck, listed: &Certificate) -> Result<(), VerifyError> {
    let ours = pck.ca();
    if ours.public_key() != listed.public_key() || ours.subject() != listed.subject() {
        return Err(VerifyError::PckCrlOfOtherCa);
    }
    Ok(())
}

/// Appraisal step 4.6: the CA is not revoked. It may have several certificates: this one is not necessarily the one the collateral came with.
pub(crate) fn check_pck_ca_not_revoked(pck: &ProvenPck, root_crl: &Crl) -> Result<(), VerifyError> {
    Ok(chain::check_not_revoked(pck.ca().serial(), Role::PckCa, root_crl)?)
}

/// Appraisal step 4.7: the platform is not revoked.
pub(crate) fn check_pck_not_revoked(pck: &ProvenPck, pck_crl: &Crl) -> Result<(), VerifyError> {
    Ok(chain::check_not_revoked(pck.serial(), Role::Pck, pck_crl)?)
}

/// Appraisal step 4.8: TCB Info is about this TEE, FMSPC and PCEID.
pub(crate) fn check_tcb_info_subject(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    tcb_info: &TcbInfo,
) -> Result<(), VerifyError> {
    if tcb_info.tee != quote.tee() {
        return Err(VerifyError::TcbInfoTee { tcb_info: tcb_info.tee, quote: quote.tee() });
    }
    if tcb_info.fmspc != pck.fmspc() {
        return Err(VerifyError::Fmspc { tcb_info: tcb_info.fmspc, platform: pck.fmspc() });
    }
    if tcb_info.pce_id != *pck.platform().pce_id() {
        return Err(VerifyError::PceId);
    }
    Ok(())
}

/// Appraisal step 4.9: signer and attributes of the TDX module at launch. Attributes must be zero, whatever the mask.
pub(crate) fn check_tdx_module(quote: &Quote<'_>, tcb_info: &TcbInfo) -> Result<(), VerifyError> {
    let (Some(report), Some(modules)) = (quote.report().td_report(), &tcb_info.tdx_modules) else {
        return Ok(());
    };
    let [_, major, ..] = report.tee_tcb_svn;
    let expected = match major {
        0 => &modules.base,
        _ => &modules.identity(major).ok_or(VerifyError::TdxModuleUnknown(major))?.module,
    };
    if report.mr_signer_seam != expected.mr_signer {
        return Err(VerifyError::TdxModuleSigner);
    }
    if report.seam_attributes != expected.attributes || report.seam_attributes != [0; 8] {
        return Err(VerifyError::TdxModuleAttributes);
    }
    Ok(())
}

/// Appraisal step 4.10: the PCK signed the report of the quoting enclave. Every quote of a host has the same report and signature
/// until its QE makes another attestation key, so this signature is cached.
pub(crate) fn check_qe_report_signature(
    quote: &Quote<'_>,
    pck: &ProvenPck,
    signatures: &Signatures,
) -> Result<(), VerifyError> {
    if signatures.signed(&Key::new(*pck.key()), quote.qe_report_bytes(), quote.qe_report_signature(), Encoding::Raw) {
        Ok(())
    } else {
        Err(VerifyError::QeReportSignature)
    }
}

/// Appraisal step 4.11: the first half of report data is SHA-256(attestation key, authentication data), the second half is zero.
pub(crate) fn check_attestation_key_binding(quote: &Quote<'_>) -> Result<(), VerifyError> {
    let mut hash = Context::new(&SHA256);
    hash.update(&quote.attestation().attestation_key);
    hash.update(quote.auth_data());
    let hash = hash.finish();
    let (bound, rest) = quote.qe_report().report_data.split_at(32);
    if bound == hash.as_ref() && rest.iter().all(|&byte| byte == 0) {
        Ok(())
    } else {
        Err(VerifyError::AttestationKeyBinding)
    }
}

/// Appraisal step 4.12: the quoting enclave is the one of the QE identity.
pub(crate) fn check_qe_identity(quote: &Quote<'_>, identity: &EnclaveIdentity) -> Result<(), VerifyError> {
    let needed = match quote.tee() {
        Tee::Sgx => EnclaveId::QE,
        Tee::Tdx => EnclaveId::TD_QE,
    };
    if identity.id != needed {
        return Err(VerifyError::QeIdentityId { identity: identity.id, needed });
    }
    Ok(identity.check(quote.qe_report())?)
}

/// Appraisal step 4.13: the attestation key signed header and body.
pub(crate) fn check_quote_signature(quote: &Quote<'_>) -> Result<(), VerifyError> {
    let attestation = quote.attestation();
    let key = ecdsa::point(&attestation.attestation_key);
    if ecdsa::verifies_raw(&key, quote.signed(), &attestation.signature) {
        Ok(())
    } else {
        Err(VerifyError::QuoteSignature)
    }
}
