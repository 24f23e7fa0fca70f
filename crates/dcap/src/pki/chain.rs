//! Certificate chains of the DCAP hierarchy: who may sign what, and down from which root.
//!
//! The hierarchy is fixed (root, one CA, leaf; or root, signer), so each rule of RFC 5280 that bears on it is one step here.

use std::borrow::Cow;
use std::fmt;

use problem::Problem;

use crate::memo::signatures::{Encoding, Signatures};
use crate::pki::certificate::Certificate;
use crate::pki::certificate::error::MalformedCertificate;
use crate::pki::crl::Crl;
use crate::pki::root::{Root, TrustedRoots};
use unix_time::{OutsideValidity, UnixTime, ValidityPeriod};

/// The part a certificate plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Intel SGX Root CA.
    Root,
    /// Intel SGX PCK Platform CA or Processor CA.
    PckCa,
    /// The platform's provisioning certification key.
    Pck,
    /// Signer of TCB Info and enclave identities.
    TcbSigning,
}

impl Role {
    /// Common names that Intel gives to certificates of this role.
    const fn common_names(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["Intel SGX Root CA"],
            Self::PckCa => &[PLATFORM_CA, PROCESSOR_CA],
            Self::Pck => &["Intel SGX PCK Certificate"],
            Self::TcbSigning => &["Intel SGX TCB Signing"],
        }
    }

    /// CA certificates allowed below one of this role, or none where it is no CA.
    const fn cas_below(self) -> Option<u8> {
        match self {
            Self::Root => Some(1),
            Self::PckCa => Some(0),
            Self::Pck | Self::TcbSigning => None,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Root => "root_certificate",
            Self::PckCa => "pck_ca_certificate",
            Self::Pck => "pck_certificate",
            Self::TcbSigning => "tcb_signing_certificate",
        }
    }
}

pub(crate) const PLATFORM_CA: &str = "Intel SGX PCK Platform CA";
pub(crate) const PROCESSOR_CA: &str = "Intel SGX PCK Processor CA";

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root certificate",
            Self::PckCa => "PCK CA certificate",
            Self::Pck => "PCK certificate",
            Self::TcbSigning => "TCB signing certificate",
        })
    }
}

/// A certificate that may not play its part: which, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{role}")]
pub struct CertificateError {
    /// The part it should play.
    pub role: Role,
    /// Why it may not.
    #[source]
    pub fault: CertificateFault,
}

/// Why a certificate may not play its part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedCertificate),
    /// Intel names this role otherwise.
    #[error("its common name is `{0}`, which is not one of this role")]
    WrongSubject(String),
    /// Its issuer is not the subject of the certificate above it.
    #[error("its issuer `{issuer}` is not the subject of the certificate above it, `{above}`")]
    WrongIssuer {
        /// The issuer it names.
        issuer: String,
        /// The subject above.
        above: String,
    },
    /// Its authority key identifier is not the subject key identifier of the certificate above it.
    #[error("its authority key identifier is not that of the certificate above it")]
    WrongIssuerKey,
    /// The certificate above it did not sign it.
    #[error("its signature does not verify with the key of the certificate above it")]
    BadSignature,
    /// It signs certificates and is no CA, or the reverse, or has the wrong key usage.
    #[error("its basic constraints or key usage do not fit this role")]
    WrongConstraints,
    /// Judged before it begins or after it ends.
    #[error(transparent)]
    OutsideValidity(#[from] OutsideValidity),
    /// The root CRL or PCK CRL lists it.
    #[error("it is revoked")]
    Revoked,
    /// The root is none of the trusted ones.
    #[error("its key is not a trusted root key")]
    Untrusted,
}

impl CertificateFault {
    /// The end of its code, after the certificate's role.
    const fn suffix(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::WrongSubject(_) => "wrong_subject",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongIssuerKey => "wrong_issuer_key",
            Self::BadSignature => "bad_signature",
            Self::WrongConstraints => "wrong_constraints",
            Self::OutsideValidity(OutsideValidity::NotYetValid { .. }) => "not_yet_valid",
            Self::OutsideValidity(OutsideValidity::Expired { .. }) => "expired",
            Self::Revoked => "revoked",
            Self::Untrusted => "untrusted",
        }
    }
}

impl Problem for CertificateFault {
    fn code(&self) -> Cow<'static, str> {
        format!("certificate_{}", self.suffix()).into()
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::Malformed(_) => "the evidence is damaged or not made by Intel's tools; obtain it again",
            Self::WrongSubject(_) => "the chain must run from leaf to root with Intel's common names; check its order",
            Self::WrongIssuer { .. } | Self::WrongIssuerKey | Self::BadSignature | Self::WrongConstraints => {
                "the chain is forged or mixed from several chains; do not trust this evidence"
            }
            Self::OutsideValidity(OutsideValidity::NotYetValid { .. }) => {
                "check the clock or the time given to judge at; it lies before the certificate was issued"
            }
            Self::OutsideValidity(OutsideValidity::Expired { .. }) => {
                "fetch a new certificate, or judge as of a time when this one was valid"
            }
            Self::Revoked => "Intel withdrew this certificate; nothing signed under it can be accepted",
            Self::Untrusted => {
                "the evidence is rooted in another key than the trusted one; for a simulated machine name its root as trusted"
            }
        };
        text.into()
    }
}

impl Problem for CertificateError {
    /// Names role and fault, such as `pck_certificate_not_yet_valid`.
    fn code(&self) -> Cow<'static, str> {
        format!("{}_{}", self.role.code(), self.fault.suffix()).into()
    }

    fn help(&self) -> Cow<'_, str> {
        self.fault.help()
    }
}

pub(crate) fn fault(role: Role, fault: impl Into<CertificateFault>) -> CertificateError {
    CertificateError { role, fault: fault.into() }
}

/// Proves that the last certificate is a trusted root and each one signs the one before it, whatever the time.
///
/// `chain` runs from leaf to root with one role each. Revocation is not looked at here, and time is for
/// [`check_validity`].
pub(crate) fn prove(
    chain: &[(&Certificate, Role)],
    roots: &TrustedRoots,
    signatures: &Signatures,
) -> Result<Root, CertificateError> {
    let &(root_certificate, root_role) = chain.last().ok_or(fault(Role::Root, CertificateFault::Untrusted))?;
    // Appraisal step 1.1: the pinned key comes first, so that nothing is computed with keys of a stranger's making.
    let root = roots.find(root_certificate).ok_or(fault(root_role, CertificateFault::Untrusted))?;
    check_names(root_certificate, root_certificate, root_role)?;
    if !roots.knows_as_self_signed(root_certificate) {
        check_signature(root_certificate, root_certificate, root_role, signatures)?;
    }
    for pair in chain.windows(2).rev() {
        if let &[(below, role), (above, _)] = pair {
            check_link(above, below, role, signatures)?;
        }
    }
    Ok(root)
}

/// Which certificate is outside its validity at `at`, if one is; the period in which all are valid, if none is.
pub(crate) fn check_validity(
    periods: impl IntoIterator<Item = (Role, ValidityPeriod)>,
    at: UnixTime,
) -> Result<ValidityPeriod, CertificateError> {
    periods.into_iter().try_fold(ValidityPeriod::ALWAYS, |all, (role, period)| {
        period.check(at).map_err(|outside| fault(role, outside))?;
        Ok(all.and(period))
    })
}

/// One link: names, constraints, key identifiers, signature. RFC 5280 section 6.1.3 and 6.1.4 for this hierarchy.
pub(crate) fn check_link(
    above: &Certificate,
    below: &Certificate,
    role: Role,
    signatures: &Signatures,
) -> Result<(), CertificateError> {
    check_names(above, below, role)?;
    check_signature(above, below, role, signatures)
}

/// Appraisal steps 1.2, 1.4 and 1.5, and 1.3 in between: common name, issuer and key identifier.
fn check_names(above: &Certificate, below: &Certificate, role: Role) -> Result<(), CertificateError> {
    if !role.common_names().contains(&below.common_name()) {
        return Err(fault(role, CertificateFault::WrongSubject(excerpt(below.common_name()))));
    }
    check_constraints(below, role)?;
    if below.issuer() != above.subject() {
        return Err(fault(
            role,
            CertificateFault::WrongIssuer {
                issuer: excerpt(&below.issuer_text()),
                above: excerpt(&above.subject_text()),
            },
        ));
    }
    if below.authority_key_id() != above.subject_key_id() {
        return Err(fault(role, CertificateFault::WrongIssuerKey));
    }
    Ok(())
}

/// Appraisal step 1.6: the key of the certificate above made the signature.
fn check_signature(
    above: &Certificate,
    below: &Certificate,
    role: Role,
    signatures: &Signatures,
) -> Result<(), CertificateError> {
    let (message, signature) = below.signed_bytes();
    if signatures.signed(above.key(), message, signature, Encoding::Der) {
        Ok(())
    } else {
        Err(fault(role, CertificateFault::BadSignature))
    }
}

/// A name as messages show it: nothing is proven of it yet.
fn excerpt(name: &str) -> String {
    problem::untrusted::excerpt(name, 200)
}

/// Appraisal step 1.3: basic constraints and key usage fit the role.
fn check_constraints(certificate: &Certificate, role: Role) -> Result<(), CertificateError> {
    let fits = match role.cas_below() {
        Some(cas_below) => {
            certificate.is_ca()
                && certificate.path_length().is_none_or(|length| length >= cas_below)
                && certificate.may_sign_certificates()
                && certificate.may_sign_crls()
        }
        None => !certificate.is_ca() && !certificate.may_sign_certificates() && certificate.may_sign_data(),
    };
    if fits { Ok(()) } else { Err(fault(role, CertificateFault::WrongConstraints)) }
}

/// Refuses a certificate that the CRL of its issuer lists.
pub(crate) fn check_not_revoked(serial: &[u8], role: Role, crl: &Crl) -> Result<(), CertificateError> {
    if crl.revokes(serial) { Err(fault(role, CertificateFault::Revoked)) } else { Ok(()) }
}
