//! What is kept of providers, row by row.

use unix_time::UnixTime;

/// An attestation provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// The root certificate it trusts, in PEM; none is Intel's root. Never changed.
    pub root_pem: Option<String>,
    /// Whose policies it takes. Never changed.
    pub trust_model: String,
    /// Where it is, in its operator's geography. Never changed.
    pub location: String,
    /// Whether it is the one of its location that everybody may use. Never changed.
    pub is_location_default: bool,
    /// What may be changed about it: JSON that the service reads.
    pub settings: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// By whom.
    pub created_by: String,
    /// The number of the last change of anything that belongs to it, except its revoked tokens; the store's alone to set.
    pub revision: i64,
    /// The number of the last revocation of one of its tokens, 0 if there was none; the store's alone to set.
    pub revocations: i64,
}

/// How far a provider has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The provider's name.
    pub name: String,
    /// [`Provider::revision`].
    pub revision: i64,
    /// [`Provider::revocations`].
    pub revocations: i64,
}

/// A provider about to be made, with all that it needs from the first moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProvider {
    /// The provider; its revision is not looked at.
    pub provider: Provider,
    /// The key that signs its tokens.
    pub key: SigningKey,
    /// The certificates that its policies must be signed under.
    pub signers: Vec<PolicySigner>,
}

/// A provider with all that belongs to it, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderState {
    /// The provider.
    pub provider: Provider,
    /// Its signing keys, those that sign last first.
    pub keys: Vec<SigningKey>,
    /// For each attestation type whose policy was ever changed the change in force.
    pub policies: Vec<PolicyChange>,
    /// The certificates that its policies must be signed under, in the order in which they were added.
    pub signers: Vec<PolicySigner>,
    /// Tokens that were revoked, by id; some of them may have expired since.
    pub revoked: Vec<RevokedToken>,
    /// Signing keys that were withdrawn, by id; some of them may no longer have to be listed.
    pub withdrawn: Vec<WithdrawnKey>,
}

/// Who revoked a token; each has a quota of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBy {
    /// The bearer of the token, who may be anybody.
    Bearer,
    /// A contributor of the provider.
    Contributor,
}

/// A token that was revoked before it expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedToken {
    /// Whose token it is.
    pub provider: String,
    /// Its id.
    pub jti: String,
    /// When it expires.
    pub expires_at: UnixTime,
    /// Who revoked it.
    pub by: RevokedBy,
}

/// A signing key that was withdrawn before its last token expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawnKey {
    /// Whose key it was.
    pub provider: String,
    /// Its key id.
    pub kid: String,
    /// When it was withdrawn.
    pub withdrawn_at: UnixTime,
    /// Until when relying parties are told.
    pub listed_until: UnixTime,
}

/// A key that signs a provider's tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Key id in tokens and in the key set.
    pub kid: String,
    /// Whose key it is.
    pub provider: String,
    /// The issuer its certificate names.
    pub issuer: String,
    /// The private key, sealed by the service.
    pub sealed: Vec<u8>,
    /// Its self-signed certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: UnixTime,
    /// From when on it signs.
    pub signs_from: UnixTime,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// A change of policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyChange {
    /// Whose policy it is.
    pub provider: String,
    /// What it decides about, such as `SgxEnclave`.
    pub attestation_type: String,
    /// Its number, from 1; the highest of a type is in force.
    pub number: i64,
    /// The JWS exactly as it was submitted; none where none was.
    pub jws: Option<String>,
    /// The text in it; none where the policy was reset to its default.
    pub text: Option<String>,
    /// Whom its signer meant it for, where the JWS says.
    pub audience: Option<String>,
    /// The number of the change that this one goes back to.
    pub restores: Option<i64>,
    /// When.
    pub changed_at: UnixTime,
    /// By whom.
    pub changed_by: String,
}

/// A certificate that policies of a provider must be signed under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySigner {
    /// Whose policies.
    pub provider: String,
    /// SHA-256 of the certificate.
    pub sha256: [u8; 32],
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was added.
    pub added_at: UnixTime,
    /// By whom.
    pub added_by: String,
}
