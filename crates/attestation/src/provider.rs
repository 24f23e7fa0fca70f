//! The attestation provider: the unit of tenancy.

mod keys;
mod name;
mod settings;
mod trust_model;

use problem::Problem;
use std::borrow::Cow;
use std::sync::Arc;

use crate::policy_jws::SignerCertificate;
use cache::{CacheError, EndorsementCache, Snapshot};
use evidence::{Anchors, Context, Requirements};
use jose::Jwks;
use store::{ProviderState, WithdrawnKey};
use token::SigningKey;
use unix_time::UnixTime;

use crate::policies::{Policies, PolicyError};
use crate::policy_type::PolicyType;
use crate::public_url::PublicUrl;
use crate::revoked_list::RevokedList;
use crate::vault::Vault;

pub use keys::{CertificateError, KeysError, Quoter, signing_certificate};
pub(crate) use keys::{Keys, MAX_KEYS, Owner, is_for, make as make_key};
pub use name::{InvalidProviderName, ProviderName};
pub use settings::{InvalidSettings, Settings};
pub use trust_model::TrustModel;

/// As of when evidence is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerificationClock {
    /// As of now.
    System,
    /// As of a fixed time: expired and revoked evidence may be accepted. Logs and tokens say so.
    Dangerous(UnixTime),
}

impl VerificationClock {
    pub(crate) const fn verification_time(self, now: UnixTime) -> UnixTime {
        match self {
            Self::System => now,
            Self::Dangerous(at) => at,
        }
    }

    /// The conditions under which evidence is judged.
    pub(crate) const fn context(self, anchors: &Anchors, now: UnixTime) -> Context<'_> {
        match self {
            Self::System => Context::new(anchors, now),
            Self::Dangerous(at) => Context::dangerous_time(anchors, at),
        }
    }
}

/// Why what the store has of a provider makes no provider.
#[derive(Debug, thiserror::Error)]
pub enum UnusableProvider {
    /// Name, trust model or settings are not what this version writes.
    #[error("its row cannot be read: {0}")]
    Row(String),
    /// Root or collateral cannot be loaded.
    #[error("its root or collateral cannot be used")]
    Endorsements(#[from] CacheError),
    /// Its root is not Intel's, and others could take its tokens for genuine ones.
    #[error("it trusts a root other than Intel's, and this service is reached beyond loopback")]
    BeyondLoopback,
    /// A kept policy is refused.
    #[error("its {attestation_type} policy is refused")]
    Policy {
        /// Which policy.
        attestation_type: &'static str,
        /// Why.
        source: PolicyError,
    },
    /// A certificate of a policy signer cannot be read.
    #[error("a certificate of its policy signers cannot be read")]
    Signer,
    /// It has no key that can sign.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Problem for UnusableProvider {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Row(_) => "provider_row_malformed".into(),
            Self::Endorsements(error) => error.code(),
            Self::BeyondLoopback => "other_root_beyond_loopback".into(),
            Self::Policy { source, .. } => source.code(),
            Self::Signer => "signer_malformed".into(),
            Self::Keys(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Row(_) | Self::Signer => {
                "start the version of veritee that wrote it, or restore the database from a copy".into()
            }
            Self::Endorsements(error) => error.help(),
            Self::BeyondLoopback => "listen on loopback, or delete the provider".into(),
            Self::Policy { source, .. } => source.help(),
            Self::Keys(error) => error.help(),
        }
    }
}

/// One provider as of one moment: an attestation takes it and reads nothing newer. A change makes another one.
pub struct Provider {
    pub(crate) name: ProviderName,
    pub(crate) public_url: PublicUrl,
    pub(crate) trust_model: TrustModel,
    pub(crate) location: String,
    pub(crate) is_location_default: bool,
    pub(crate) settings: Settings,
    pub(crate) revision: i64,
    pub(crate) created_at: UnixTime,
    pub(crate) created_by: String,
    pub(crate) policies: Policies,
    /// The certificates that its policies must be signed under.
    pub(crate) signers: Vec<SignerCertificate>,
    /// Tokens that were revoked. Alone among the parts of a provider it grows without another snapshot; attestation does not
    /// read it.
    pub(crate) revoked: RevokedList,
    /// Signing keys that were withdrawn; some of them may no longer have to be listed.
    pub(crate) withdrawn: Vec<WithdrawnKey>,
    pub(crate) keys: Keys,
    pub(crate) clock: VerificationClock,
    requirements: Requirements,
    endorsements: Arc<EndorsementCache>,
}

/// What a provider does not decide itself.
pub(crate) struct Surroundings<'a> {
    pub(crate) public_url: PublicUrl,
    /// What is demanded of quotes where a provider says nothing.
    pub(crate) requirements: &'a Requirements,
    pub(crate) clock: VerificationClock,
    pub(crate) endorsements: Arc<EndorsementCache>,
    /// What keys are sealed under.
    pub(crate) vault: &'a Vault,
}

/// The settings in a row.
pub(crate) fn settings_of(row: &store::Provider) -> Result<Settings, UnusableProvider> {
    serde_json::from_str(&row.settings).map_err(|error| UnusableProvider::Row(error.to_string()))
}

impl Provider {
    /// Makes the provider from what the store has of it; `previous` is the same one before the last change.
    pub(crate) fn of(
        state: &ProviderState,
        surroundings: Surroundings<'_>,
        previous: Option<&Self>,
    ) -> Result<Self, UnusableProvider> {
        let row = &state.provider;
        let unreadable = |what: &str| UnusableProvider::Row(format!("`{what}` is unknown"));
        let settings = settings_of(row)?;
        let root_sha256 = surroundings.endorsements.anchors().root_sha256();
        let owner = Owner { provider: &row.name, issuer: surroundings.public_url.as_str(), root_sha256 };
        // A key is known as that of its owner: where any of it is another now, the key is opened again.
        let known = previous.filter(|previous| previous.owner() == owner).map(|previous| &previous.keys);
        let algorithm = settings.token_algorithm;
        let keys = Keys::of(&state.keys, &state.withdrawn, owner, algorithm, surroundings.vault, known)?;
        let signers = state.signers.iter().map(|signer| SignerCertificate::from_der(&signer.certificate));
        Ok(Self {
            name: ProviderName::parse(&row.name).map_err(|_| unreadable(&row.name))?,
            trust_model: TrustModel::from_name(&row.trust_model).ok_or_else(|| unreadable(&row.trust_model))?,
            location: row.location.clone(),
            is_location_default: row.is_location_default,
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by.clone(),
            policies: policies_of(state, previous.map(|previous| &previous.policies))?,
            signers: signers.collect::<Result<_, _>>().map_err(|_| UnusableProvider::Signer)?,
            revoked: RevokedList::new(&state.revoked, row.revocations),
            withdrawn: state.withdrawn.clone(),
            keys,
            clock: surroundings.clock,
            requirements: settings.requirements(surroundings.requirements),
            endorsements: surroundings.endorsements,
            public_url: surroundings.public_url,
            settings,
        })
    }

    /// Its name.
    pub const fn name(&self) -> &ProviderName {
        &self.name
    }

    /// Returns how it is trusted with its policies.
    pub const fn trust_model(&self) -> TrustModel {
        self.trust_model
    }

    /// Returns the location that it was made for, in lower case.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Returns whether it is the default provider of its location.
    pub const fn is_location_default(&self) -> bool {
        self.is_location_default
    }

    /// Returns what may be changed about it.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the number of the last change of it.
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// Returns when it was made.
    pub const fn created_at(&self) -> UnixTime {
        self.created_at
    }

    /// Returns who made it.
    pub fn created_by(&self) -> &str {
        &self.created_by
    }

    /// Returns the keys that were withdrawn. Some of them may no longer have to be listed.
    pub fn withdrawals(&self) -> &[WithdrawnKey] {
        &self.withdrawn
    }

    /// Returns the ids of its signing keys, each with the time from which it signs.
    pub fn key_schedule(&self) -> Vec<(&str, UnixTime)> {
        self.keys.schedule()
    }

    /// Whether it trusts another root than Intel's, so that its tokens say nothing about genuine hardware.
    pub fn is_simulated(&self) -> bool {
        self.endorsements.anchors().is_simulated()
    }

    /// The issuer of its tokens: where it is reached.
    pub fn issuer(&self) -> &str {
        self.public_url.as_str()
    }

    /// What its keys are bound to.
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner {
            provider: self.name.as_str(),
            issuer: self.issuer(),
            root_sha256: self.endorsements.anchors().root_sha256(),
        }
    }

    /// The keys that are published at that time, the one that signs first.
    pub fn jwks(&self, now: UnixTime) -> Jwks {
        self.keys.published(now, self.settings.longest_token_lifetime())
    }

    /// The key that signs at that time.
    pub(crate) fn signing_key(&self, now: UnixTime) -> Result<&SigningKey, KeysError> {
        let algorithm = self.settings.token_algorithm.name();
        self.keys.signing(now).ok_or_else(|| KeysError::Missing { algorithm, issuer: self.issuer().to_owned() })
    }

    pub(crate) fn anchors(&self) -> &Anchors {
        self.endorsements.anchors()
    }

    /// Returns the endorsements in use; an attestation takes them once.
    pub(crate) fn endorsements(&self) -> Arc<Snapshot> {
        self.endorsements.snapshot()
    }

    /// Returns what it demands of quotes before its policy is asked.
    pub const fn requirements(&self) -> &Requirements {
        &self.requirements
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Provider");
        debug.field("name", &self.name.as_str()).field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

/// The policies in force: as they were last set, or the defaults. Those that did not change are not read again.
fn policies_of(state: &ProviderState, previous: Option<&Policies>) -> Result<Policies, UnusableProvider> {
    let refused = |policy_type: PolicyType| {
        move |source| UnusableProvider::Policy { attestation_type: policy_type.as_str(), source }
    };
    let mut policies = Policies::default();
    for change in &state.policies {
        let Some(policy_type) = PolicyType::from_name(&change.attestation_type) else {
            return Err(UnusableProvider::Row(format!("`{}` is no attestation type", change.attestation_type)));
        };
        let unchanged = match (previous, &change.jws, &change.text) {
            (Some(previous), Some(jws), Some(_)) => previous.with_jws(policy_type, jws),
            _ => None,
        };
        let policy = match unchanged {
            Some(policy) => Some(Arc::clone(policy)),
            None => Policies::of_change(change, policy_type).map_err(refused(policy_type))?,
        };
        policies = policies.with(policy_type, policy);
    }
    Ok(policies)
}
