//! The check that a signer is trusted.

use std::borrow::Cow;

use problem::Problem;
use unix_time::UnixTime;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::certificate::SignerCertificate;
use super::excerpt;
use super::signed::PolicySigner;

/// The object identifiers of supported extensions: BasicConstraints, KeyUsage, subject and authority key identifiers, and extended
/// key usage, which does not concern policies.
const UNDERSTOOD: [&str; 5] = ["2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35", "2.5.29.37"];

/// Why a signer is not trusted. Subjects come from the certificates and are cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerTrustError {
    /// The chain does not end at a trusted certificate.
    #[error("its certificates do not chain to a trusted certificate")]
    NotTrusted,
    /// A certificate is not signed by the next one.
    #[error("certificate of `{subject}` is not signed by the one after it")]
    Broken {
        /// Its subject.
        subject: String,
    },
    /// A certificate signed another one but is not a CA.
    #[error("certificate of `{subject}` is not a CA")]
    NotAuthority {
        /// Its subject.
        subject: String,
    },
    /// There are more CAs below a certificate than its path length allows.
    #[error("certificate of `{subject}` allows fewer CAs below it")]
    PathLength {
        /// Its subject.
        subject: String,
    },
    /// Its KeyUsage does not allow the signature.
    #[error("certificate of `{subject}` has a KeyUsage that does not allow this signature")]
    KeyUsage {
        /// Its subject.
        subject: String,
    },
    /// It has an unsupported critical extension.
    #[error("certificate of `{subject}` has the unsupported critical extension {extension}")]
    CriticalExtension {
        /// Its subject.
        subject: String,
        /// Its object identifier.
        extension: String,
    },
    /// Its RSA key is too short or too long.
    #[error("certificate of `{subject}` has an RSA key of {bits} bits, expected 2048 to 4096")]
    KeySize {
        /// Its subject.
        subject: String,
        /// The bits of the modulus; 0 if it is malformed.
        bits: usize,
    },
    /// It is not valid at this time.
    #[error("certificate of `{subject}` has expired or is not yet valid")]
    OutsideValidity {
        /// Its subject.
        subject: String,
    },
}

impl Problem for SignerTrustError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NotTrusted => "signer_not_trusted",
            Self::Broken { .. } => "signer_chain_broken",
            Self::NotAuthority { .. } => "signer_not_authority",
            Self::PathLength { .. } => "signer_path_length",
            Self::KeyUsage { .. } => "signer_key_usage",
            Self::CriticalExtension { .. } => "signer_critical_extension",
            Self::KeySize { .. } => "signer_key_size",
            Self::OutsideValidity { .. } => "signer_outside_window",
        }
        .into()
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::NotTrusted => "sign with a key under one of the certificates that GET /certificates lists",
            Self::Broken { .. } => "send the signer's certificate first, and after each certificate the one that signed it",
            Self::NotAuthority { .. } | Self::PathLength { .. } | Self::KeyUsage { .. } => {
                "use certificates issued by a CA: cA in BasicConstraints, keyCertSign in KeyUsage; the signer's own certificate \
                 needs digitalSignature"
            }
            Self::CriticalExtension { .. } => "use a certificate without that extension",
            Self::KeySize { .. } => "use certificates with RSA keys of 2048 to 4096 bits, or keys on P-256",
            Self::OutsideValidity { .. } => "use a certificate that is valid now",
        }
        .into()
    }
}

impl PolicySigner {
    /// Returns the trusted certificate to which this signer chains at the time `at`.
    ///
    /// 1. The anchor is the first of the signer's certificates that equals a trusted one, byte for byte; otherwise a trusted
    ///    certificate that signed the last one.
    /// 2. Each certificate below the anchor is signed by the next one.
    /// 3. Each that signed another one is a CA (BasicConstraints), may sign certificates (KeyUsage, if present), and allows the
    ///    number of CAs below it (path length).
    /// 4. The first one may sign (digitalSignature in KeyUsage, if present).
    /// 5. None has an unsupported critical extension, and RSA keys have 2048 to 4096 bits.
    /// 6. Those below the anchor are valid at `at`. The validity period of the anchor is ignored: it is trusted by configuration
    ///    until it is removed.
    ///
    /// Certificates after the anchor are ignored.
    ///
    /// # Errors
    /// [`SignerTrustError`].
    pub fn chains_to<'t>(
        &self,
        trusted: &'t [SignerCertificate],
        at: UnixTime,
    ) -> Result<&'t SignerCertificate, SignerTrustError> {
        let (below, anchor) = anchor_of(self.certificates(), trusted)?;
        check_signatures(below, anchor)?;
        check_authorities(below, anchor)?;
        check_signer(below.first().unwrap_or(anchor))?;
        for certificate in below.iter().chain([anchor]) {
            check_extensions(certificate)?;
            check_key(certificate)?;
        }
        check_validity(below, at)?;
        Ok(anchor)
    }
}

fn subject(certificate: &SignerCertificate) -> String {
    excerpt(&certificate.subject())
}

/// Step 1: the certificates below the anchor, and the anchor.
fn anchor_of<'c, 't>(
    chain: &'c [SignerCertificate],
    trusted: &'t [SignerCertificate],
) -> Result<(&'c [SignerCertificate], &'t SignerCertificate), SignerTrustError> {
    for (place, certificate) in chain.iter().enumerate() {
        if let Some(anchor) = trusted.iter().find(|anchor| *anchor == certificate) {
            return Ok((chain.get(..place).unwrap_or_default(), anchor));
        }
    }
    let signed_last = |anchor: &&SignerCertificate| chain.last().is_some_and(|last| anchor.signed(last));
    let anchor = trusted.iter().find(signed_last).ok_or(SignerTrustError::NotTrusted)?;
    Ok((chain, anchor))
}

/// Step 2.
fn check_signatures(below: &[SignerCertificate], anchor: &SignerCertificate) -> Result<(), SignerTrustError> {
    let issuers = below.iter().skip(1).chain([anchor]);
    match below.iter().zip(issuers).find(|(certificate, issuer)| !issuer.signed(certificate)) {
        Some((certificate, _)) => Err(SignerTrustError::Broken { subject: subject(certificate) }),
        None => Ok(()),
    }
}

/// Step 3.
fn check_authorities(below: &[SignerCertificate], anchor: &SignerCertificate) -> Result<(), SignerTrustError> {
    // The signer itself is not a CA; the first certificate that signed it has no CA below it.
    let issuers = below.iter().skip(1).chain((!below.is_empty()).then_some(anchor));
    for (authorities_below, issuer) in (0_usize..).zip(issuers) {
        let body = issuer.certificate().tbs_certificate();
        let constraints = match body.get_extension::<BasicConstraints>() {
            Ok(Some((_, constraints))) if constraints.ca => constraints,
            _ => return Err(SignerTrustError::NotAuthority { subject: subject(issuer) }),
        };
        if constraints.path_len_constraint.is_some_and(|most| authorities_below > usize::from(most)) {
            return Err(SignerTrustError::PathLength { subject: subject(issuer) });
        }
        check_usage(issuer, KeyUsage::key_cert_sign)?;
    }
    Ok(())
}

/// Step 4.
fn check_signer(signer: &SignerCertificate) -> Result<(), SignerTrustError> {
    check_usage(signer, KeyUsage::digital_signature)
}

fn check_usage(certificate: &SignerCertificate, allows: fn(&KeyUsage) -> bool) -> Result<(), SignerTrustError> {
    match certificate.certificate().tbs_certificate().get_extension::<KeyUsage>() {
        Ok(None) => Ok(()),
        Ok(Some((_, usage))) if allows(&usage) => Ok(()),
        _ => Err(SignerTrustError::KeyUsage { subject: subject(certificate) }),
    }
}

/// Step 5.
fn check_extensions(certificate: &SignerCertificate) -> Result<(), SignerTrustError> {
    let extensions = certificate.certificate().tbs_certificate().extensions();
    let mut critical = extensions.into_iter().flatten().filter(|extension| extension.critical);
    match critical.find(|extension| !UNDERSTOOD.contains(&extension.extn_id.to_string().as_str())) {
        Some(extension) => {
            let extension = extension.extn_id.to_string();
            Err(SignerTrustError::CriticalExtension { subject: subject(certificate), extension })
        }
        None => Ok(()),
    }
}

/// Step 5, of keys.
fn check_key(certificate: &SignerCertificate) -> Result<(), SignerTrustError> {
    let refused = |bits| SignerTrustError::KeySize { subject: subject(certificate), bits };
    certificate.check_key_size().map_err(refused)
}

/// Step 6.
fn check_validity(below: &[SignerCertificate], at: UnixTime) -> Result<(), SignerTrustError> {
    let is_valid = |certificate: &&SignerCertificate| certificate.validity().check(at).is_ok();
    match below.iter().find(|certificate| !is_valid(certificate)) {
        Some(certificate) => Err(SignerTrustError::OutsideValidity { subject: subject(certificate) }),
        None => Ok(()),
    }
}
