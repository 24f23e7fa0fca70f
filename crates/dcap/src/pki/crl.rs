//! Certificate revocation lists of Intel's root and PCK CAs.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_DELTA_CRL_INDICATOR, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::{Decode, Tag, Tagged};
use problem::Problem;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use crate::pki::certificate::error::MAX_EXTENSIONS;
use crate::pki::certificate::{Certificate, name};
use crate::pki::x509::{self, CrlForm, ExtensionForm, RevokedForm};
use unix_time::ValidityPeriod;

/// More bytes than a list of some 20,000 revoked platforms has.
pub const MAX_CRL: usize = 1 << 20;

/// What lists carry that hold a part of all revocations. They must be critical; refused even where they are not.
const PARTIAL: [ObjectIdentifier; 2] = [ID_CE_DELTA_CRL_INDICATOR, ID_CE_ISSUING_DISTRIBUTION_POINT];

/// Why bytes are no revocation list of Intel's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCrl {
    /// Longer than [`MAX_CRL`].
    #[error("revocation list is longer than {MAX_CRL} bytes")]
    TooLong,
    /// Not the DER of a CRL.
    #[error("revocation list is no X.509 CRL in DER")]
    Der(#[source] der::Error),
    /// Signed with something else than ecdsa-with-SHA256, or not version 2.
    #[error("revocation list is not of version 2 signed with ecdsa-with-SHA256")]
    Algorithm,
    /// It does not say until when it may be used.
    #[error("revocation list has no nextUpdate")]
    NoNextUpdate,
    /// CRL number or authority key identifier is absent or empty.
    #[error("revocation list lacks the extension {0}")]
    MissingExtension(&'static str),
    /// More extensions than Intel's lists have, which are two.
    #[error("revocation list has {0} extensions")]
    TooManyExtensions(usize),
    /// An extension twice, one that is critical and unknown, or one of delta and partial lists.
    #[error("revocation list has extension `{0}` twice, critical and unknown, or is partial by it")]
    Extension(ObjectIdentifier),
}

impl Problem for MalformedCrl {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::TooLong => "crl_too_long",
            Self::Der(_) => "crl_not_der",
            Self::Algorithm => "crl_algorithm_unsupported",
            Self::NoNextUpdate => "crl_without_next_update",
            Self::MissingExtension(_) => "crl_missing_extension",
            Self::TooManyExtensions(_) => "crl_too_many_extensions",
            Self::Extension(_) => "crl_extension_unsupported",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "the revocation list is damaged or none of Intel's; fetch it again from Intel or your cache".into()
    }
}

/// A revocation list as it was read; nothing about it is proven. Clones share what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    der: Vec<u8>,
    to_be_signed: Range<usize>,
    signature: Box<[u8]>,
    /// DER of a distinguished name without its head.
    issuer: Box<[u8]>,
    authority_key_id: Vec<u8>,
    number: Vec<u8>,
    validity: ValidityPeriod,
    /// Sorted.
    revoked: Vec<Box<[u8]>>,
}

impl Crl {
    /// Reads a list from DER; trailing bytes are refused.
    ///
    /// # Errors
    /// See [`MalformedCrl`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, MalformedCrl> {
        if bytes.len() > MAX_CRL {
            return Err(MalformedCrl::TooLong);
        }
        let form = CrlForm::from_der(bytes).map_err(MalformedCrl::Der)?;
        let body = &form.body;
        let algorithms = [&form.signature_algorithm, &body.signature_algorithm];
        if body.version != x509::CRL_VERSION_2 || !algorithms.into_iter().all(x509::is_ecdsa_with_sha256) {
            return Err(MalformedCrl::Algorithm);
        }
        let extensions = body.extensions.as_deref().unwrap_or_default();
        if extensions.len() > MAX_EXTENSIONS {
            return Err(MalformedCrl::TooManyExtensions(extensions.len()));
        }
        if let Some(oid) = x509::duplicate(extensions) {
            return Err(MalformedCrl::Extension(oid));
        }
        if let Some(extension) = extensions.iter().find(|e| e.critical || PARTIAL.contains(&e.oid)) {
            return Err(MalformedCrl::Extension(extension.oid));
        }
        body.issuer.tag().assert_eq(Tag::Sequence).map_err(MalformedCrl::Der)?;
        let next_update = body.next_update.as_ref().ok_or(MalformedCrl::NoNextUpdate)?;
        Ok(Self(Arc::new(Parts {
            der: bytes.to_vec(),
            to_be_signed: x509::to_be_signed(bytes).map_err(MalformedCrl::Der)?,
            signature: x509::whole_bytes(&form.signature).map_err(MalformedCrl::Der)?.into(),
            issuer: body.issuer.value().into(),
            authority_key_id: authority_key_id(extensions)?,
            number: number(extensions)?,
            validity: ValidityPeriod { from: x509::unix_time(&body.this_update), until: x509::unix_time(next_update) },
            revoked: serials(body.revoked.as_deref().unwrap_or_default())?,
        })))
    }

    /// The bytes it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// From thisUpdate to nextUpdate.
    pub fn validity(&self) -> ValidityPeriod {
        self.0.validity
    }

    /// CRL number, big-endian.
    pub fn number(&self) -> &[u8] {
        &self.0.number
    }

    /// How many certificates it lists.
    pub fn len(&self) -> usize {
        self.0.revoked.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.0.revoked.is_empty()
    }

    /// Distinguished name of the issuer as text, for people.
    pub fn issuer_text(&self) -> String {
        name::text(&self.0.issuer)
    }

    /// Whether that CA issued and signed it: name, key identifier, signature. Says nothing of whether the CA is trusted.
    pub fn is_issued_by(&self, ca: &Certificate) -> bool {
        let signed = self.0.der.get(self.0.to_be_signed.clone()).unwrap_or_default();
        self.names(ca) && ca.key().verifies_der(signed, &self.0.signature)
    }

    /// Whether its issuer name and key identifier are that CA's.
    pub(crate) fn names(&self, ca: &Certificate) -> bool {
        *self.0.issuer == *ca.subject() && self.0.authority_key_id == ca.subject_key_id()
    }

    /// Whether it lists that serial number (big-endian, as certificates carry it).
    pub fn revokes(&self, serial: &[u8]) -> bool {
        self.0.revoked.binary_search_by(|listed| (**listed).cmp(serial)).is_ok()
    }
}

fn authority_key_id(extensions: &[ExtensionForm<'_>]) -> Result<Vec<u8>, MalformedCrl> {
    const NAME: &str = "authority key identifier";
    let extension =
        x509::find(extensions, ID_CE_AUTHORITY_KEY_IDENTIFIER).ok_or(MalformedCrl::MissingExtension(NAME))?;
    let id = AuthorityKeyIdentifier::from_der(extension.value.as_bytes()).map_err(MalformedCrl::Der)?;
    let id = id.key_identifier.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
    if id.is_empty() { Err(MalformedCrl::MissingExtension(NAME)) } else { Ok(id) }
}

fn number(extensions: &[ExtensionForm<'_>]) -> Result<Vec<u8>, MalformedCrl> {
    let extension = x509::find(extensions, ID_CE_CRL_NUMBER).ok_or(MalformedCrl::MissingExtension("CRL number"))?;
    let number = der::asn1::UintRef::from_der(extension.value.as_bytes()).map_err(MalformedCrl::Der)?;
    Ok(number.as_bytes().to_vec())
}

/// The listed serial numbers, sorted. A critical entry extension would change whose certificate is meant: refused.
fn serials(entries: &[RevokedForm<'_>]) -> Result<Vec<Box<[u8]>>, MalformedCrl> {
    let mut serials = Vec::with_capacity(entries.len());
    for entry in entries {
        let extensions = entry.extensions.as_deref().unwrap_or_default();
        if let Some(extension) = extensions.iter().find(|extension| extension.critical) {
            return Err(MalformedCrl::Extension(extension.oid));
        }
        serials.push(x509::serial(&entry.serial).map_err(MalformedCrl::Der)?);
    }
    serials.sort_unstable();
    Ok(serials)
}
