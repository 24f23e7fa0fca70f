//! Whether a signer is one of those that are trusted.

use std::borrow::Cow;

use problem::Problem;
use unix_time::UnixTime;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::certificate::SignerCertificate;
use super::excerpt;
use super::signed::PolicySigner;

/// Extensions that are understood, by their object identifiers: BasicConstraints, KeyUsage, subject and authority key
/// identifiers, and extended key usage, which says nothing about policies.
const UNDERSTOOD: [&str; 5] = ["2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35", "2.5.29.37"];

/// Why a signer is none of those that are trusted. Names are the certificates' own words, cut to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerTrustError {
    /// The chain ends at no certificate that is trusted.
    #[error("its certificates lead to none that is trusted")]
    NotTrusted,
    /// A certificate is not signed by the next one.
    #[error("certificate of `{subject}` is not signed by the one after it")]
    Broken {
        /// Whose it is.
        subject: String,
    },
    /// A certificate signed another one and is no authority.
    #[error("certificate of `{subject}` may not sign certificates")]
    NotAuthority {
        /// Whose it is.
        subject: String,
    },
    /// There are more authorities below a certificate than it allows.
    #[error("certificate of `{subject}` allows fewer authorities below it")]
    PathLength {
        /// Whose it is.
        subject: String,
    },
    /// Its KeyUsage does not allow what the key did.
    #[error("certificate of `{subject}` has a key for other uses")]
    KeyUsage {
        /// Whose it is.
        subject: String,
    },
    /// It has a critical extension that is not understood.
    #[error("certificate of `{subject}` has the critical extension {extension}")]
    CriticalExtension {
        /// Whose it is.
        subject: String,
        /// Which one.
        extension: String,
    },
    /// Its RSA key is too short or too long.
    #[error("certificate of `{subject}` has an RSA key of {bits} bits instead of 2048 to 4096")]
    KeySize {
        /// Whose it is.
        subject: String,
        /// Bits of the modulus; 0 where it is malformed.
        bits: usize,
    },
    /// It is not valid at this time.
    #[error("certificate of `{subject}` has expired, or is not valid yet")]
    OutsideValidity {
        /// Whose it is.
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
            Self::Broken { .. } => "send the signer's certificate first, after each the one that signed it",
            Self::NotAuthority { .. } | Self::PathLength { .. } | Self::KeyUsage { .. } => {
                "have certificates issued by an authority: CA in BasicConstraints, keyCertSign in KeyUsage; the signer's own \
                 needs digitalSignature"
            }
            Self::CriticalExtension { .. } => "have a certificate issued without it",
            Self::KeySize { .. } => "have certificates issued with RSA keys of 2048 to 4096 bits, or keys on P-256",
            Self::OutsideValidity { .. } => "have a certificate issued that is valid now",
        }
        .into()
    }
}

impl PolicySigner {
    /// The trusted certificate that stands behind this signer at the time `at`.
    ///
    /// 1. From the first certificate on, each is looked for among the trusted ones, byte for byte. The first that is there is
    ///    the anchor; failing that a trusted certificate that signed the last one.
    /// 2. Each certificate below the anchor is signed by the next one.
    /// 3. Each that signed another one is an authority (BasicConstraints), may sign certificates (KeyUsage, where there is
    ///    one), and allows as many authorities below it as there are.
    /// 4. The first one may sign (digitalSignature in KeyUsage, where there is one).
    /// 5. None has a critical extension that is not understood, and RSA keys have 2048 to 4096 bits.
    /// 6. Those below the anchor are valid now. The anchor is trusted because somebody configured it, whatever its dates:
    ///    removing it is its end.
    ///
    /// What was sent beyond the anchor is not looked at.
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
    // The signer itself is no authority; the first certificate above it has none below it.
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
