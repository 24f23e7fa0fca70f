//! The attestation provider: the unit of tenancy.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use collateral::LoadError;
use dcap::{Certificate, Requirements, TrustedRoots, UnixTime, Verifier, pem};
use store::{Store, StoreError};
use token::{Jwks, SigningKey};

use crate::hashes;
use crate::keeper::Keeper;
use crate::policies::{Policies, PolicyError, PolicyInForce};
use crate::policy_type::PolicyType;
use crate::public_url::{InvalidPublicUrl, PublicUrl};

/// Seconds for which a signing key's certificate is made out: ten years, for rotation replaces keys and not this date.
const CERTIFICATE_LIFETIME: i64 = 10 * 365 * 86_400;
/// Seconds by which a certificate begins before its making, for relying parties with slow clocks.
const CERTIFICATE_SLACK: i64 = 86_400;

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

    pub(crate) const fn is_dangerous(self) -> bool {
        matches!(self, Self::Dangerous(_))
    }
}

/// How a provider is opened; what it keeps itself (roots, keys, policies) is in the store.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Its name.
    pub name: String,
    /// Where it is reached.
    pub public_url: PublicUrl,
    /// The one root it trusts, in PEM; none is Intel's. Fixed when the provider is made.
    pub root_pem: Option<String>,
    /// File or directory of collateral.
    pub collateral: Option<PathBuf>,
    /// What a verified quote has to meet before policy is asked.
    pub requirements: Requirements,
    /// As of when evidence is judged.
    pub clock: VerificationClock,
}

/// Why a provider does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error("provider `{name}` cannot be read from the store")]
    Store {
        /// Which provider.
        name: String,
        /// Why.
        source: StoreError,
    },
    /// The provider was made with other roots.
    #[error("provider `{name}` was made with {kept} as its root, and is opened with {asked}")]
    OtherRoot {
        /// Which provider.
        name: String,
        /// The root it has.
        kept: String,
        /// The root it is opened with.
        asked: String,
    },
    /// The kept root certificate cannot be read.
    #[error("root certificate of provider `{0}` cannot be read")]
    Root(String),
    /// Collateral cannot be loaded.
    #[error("collateral cannot be loaded")]
    Collateral(#[from] LoadError),
    /// A kept policy does not parse.
    #[error("{attestation_type} policy of provider `{name}` is refused")]
    Policy {
        /// Which provider.
        name: String,
        /// Which policy.
        attestation_type: &'static str,
        /// Why.
        source: PolicyError,
    },
    /// The signing key cannot be made or read.
    #[error("signing key cannot be made or read")]
    Key(#[from] token::KeyError),
    /// Its certificate cannot be made.
    #[error("signing certificate cannot be made")]
    Certificate(#[from] token::CertificateError),
    /// The public URL is none.
    #[error(transparent)]
    PublicUrl(#[from] InvalidPublicUrl),
}

impl OpenError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::OtherRoot { .. } => {
                "a provider keeps its roots for life; use another data directory, or start it as it was made \
                 (a simulated one with --simulated)"
            }
            Self::Collateral(_) => "check the path given to --collateral: a directory of pieces, or dcap-qvl's JSON",
            Self::Policy { .. } => "mend the kept policy, or set another",
            Self::PublicUrl(_) => "give the URL that clients use, such as https://attest.example:8443",
            Self::Store { .. } | Self::Root(_) | Self::Key(_) | Self::Certificate(_) => {
                "restore the data directory from a copy, or start with a new one"
            }
        }
    }
}

/// One provider, open.
pub struct Provider {
    name: String,
    is_simulated: bool,
    public_url: PublicUrl,
    verifier: Verifier,
    requirements: Requirements,
    clock: VerificationClock,
    collateral: Option<PathBuf>,
    snapshot: ArcSwap<Snapshot>,
    pub(crate) store: Arc<dyn Store>,
    /// Held while something is changed: what is in force is what was kept last.
    pub(crate) administration: tokio::sync::Mutex<()>,
}

/// What one attestation reads: it is replaced whole and never changed.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) policies: Arc<Policies>,
    pub(crate) collateral: Arc<Keeper>,
    pub(crate) key: Arc<SigningKey>,
    pub(crate) jwks: Arc<Jwks>,
}

impl Provider {
    /// Opens a provider, and makes it on first use: row, signing key and certificate.
    ///
    /// # Errors
    /// See [`OpenError`]. A provider never opens under another root than the one it was made with.
    pub async fn open(store: Arc<dyn Store>, config: ProviderConfig, now: UnixTime) -> Result<Self, OpenError> {
        let roots = roots(&config)?;
        // Before anything is written: a wrong path must leave nothing behind.
        let collateral = Arc::new(Keeper::load(config.collateral.as_deref())?);
        keep_provider(&*store, &config, now).await?;
        let keys = signing_keys(&*store, &config, now).await?;
        let policies = policies_of(&*store, &config.name).await?;
        let snapshot = Snapshot {
            policies: Arc::new(policies),
            collateral,
            key: Arc::new(keys.newest),
            jwks: Arc::new(keys.published),
        };
        if let VerificationClock::Dangerous(at) = config.clock {
            tracing::warn!(provider = config.name, verification_time = %at, "DANGEROUS: evidence is judged as of a fixed time");
        }
        let is_simulated = roots != TrustedRoots::intel();
        if is_simulated {
            tracing::warn!(
                provider = config.name,
                "provider trusts another root than Intel's: its tokens are marked as simulated"
            );
        }
        Ok(Self {
            is_simulated,
            name: config.name,
            public_url: config.public_url,
            verifier: Verifier::new(roots),
            requirements: config.requirements,
            clock: config.clock,
            collateral: config.collateral,
            snapshot: ArcSwap::from_pointee(snapshot),
            store,
            administration: tokio::sync::Mutex::new(()),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it trusts another root than Intel's, so that its tokens say nothing about genuine hardware.
    pub const fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    /// Where it is reached.
    pub const fn public_url(&self) -> &PublicUrl {
        &self.public_url
    }

    /// The issuer of its tokens.
    pub fn issuer(&self) -> &str {
        self.public_url.as_str()
    }

    /// The published keys.
    pub fn jwks(&self) -> Arc<Jwks> {
        Arc::clone(&self.snapshot.load().jwks)
    }

    /// Loads collateral anew where its files have changed; what is in use stays in use until that succeeded.
    ///
    /// # Errors
    /// Where the files cannot be loaded.
    pub fn refresh_collateral(&self) -> Result<bool, LoadError> {
        let Some(path) = self.collateral.as_deref() else { return Ok(false) };
        let current = self.snapshot.load();
        if !current.collateral.is_stale(path) {
            return Ok(false);
        }
        let collateral = Arc::new(Keeper::load(Some(path))?);
        self.snapshot.rcu(|current| Snapshot { collateral: Arc::clone(&collateral), ..Snapshot::clone(current) });
        Ok(true)
    }

    /// Puts a policy in force, or none.
    pub(crate) fn put_in_force(&self, policy_type: PolicyType, policy: Option<Arc<PolicyInForce>>) {
        self.snapshot.rcu(|current| {
            let policies = Arc::new(current.policies.with(policy_type, policy.clone()));
            Snapshot { policies, ..Snapshot::clone(current) }
        });
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(crate) const fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    pub(crate) const fn clock(&self) -> VerificationClock {
        self.clock
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

fn roots(config: &ProviderConfig) -> Result<TrustedRoots, OpenError> {
    let Some(pem) = &config.root_pem else { return Ok(TrustedRoots::intel()) };
    let unreadable = || OpenError::Root(config.name.clone());
    let blocks = pem::blocks(pem.as_bytes(), "CERTIFICATE").map_err(|_| unreadable())?;
    let [der] = blocks.as_slice() else { return Err(unreadable()) };
    Ok(TrustedRoots::only(&Certificate::from_der(der).map_err(|_| unreadable())?))
}

async fn keep_provider(store: &dyn Store, config: &ProviderConfig, now: UnixTime) -> Result<(), OpenError> {
    let failed = |source| OpenError::Store { name: config.name.clone(), source };
    let collateral_path = config.collateral.as_ref().map(|path| path.to_string_lossy().into_owned());
    let Some(kept) = store.provider(&config.name).await.map_err(failed)? else {
        let row = store::Provider {
            name: config.name.clone(),
            public_url: config.public_url.as_str().to_owned(),
            root_pem: config.root_pem.clone(),
            collateral_path,
            created_at: now.seconds(),
        };
        return store.create_provider(&row).await.map_err(failed);
    };
    if kept.root_pem != config.root_pem {
        let name_of = |pem: &Option<String>| match pem {
            None => "Intel's root".to_owned(),
            Some(pem) => {
                format!("a root of its own (SHA-256 of its PEM {:.16}…)", hashes::sha256_hex(&[pem.as_bytes()]))
            }
        };
        return Err(OpenError::OtherRoot {
            name: config.name.clone(),
            kept: name_of(&kept.root_pem),
            asked: name_of(&config.root_pem),
        });
    }
    store.update_provider(&config.name, config.public_url.as_str(), collateral_path.as_deref()).await.map_err(failed)
}

struct Keys {
    newest: SigningKey,
    published: Jwks,
}

/// The keys for this issuer, the newest of which signs; one is made where there is none.
async fn signing_keys(store: &dyn Store, config: &ProviderConfig, now: UnixTime) -> Result<Keys, OpenError> {
    let failed = |source| OpenError::Store { name: config.name.clone(), source };
    let issuer = config.public_url.as_str();
    let mut kept = store.signing_keys(&config.name, issuer).await.map_err(failed)?;
    if kept.is_empty() {
        let key = SigningKey::generate()?;
        let (from, until) =
            (now.seconds().saturating_sub(CERTIFICATE_SLACK), now.seconds().saturating_add(CERTIFICATE_LIFETIME));
        let row = store::SigningKey {
            kid: key.kid().to_owned(),
            provider: config.name.clone(),
            issuer: issuer.to_owned(),
            pkcs8: key.to_pkcs8()?,
            certificate: key.self_signed(issuer, from, until)?,
            created_at: now.seconds(),
        };
        store.add_signing_key(&row).await.map_err(failed)?;
        tracing::info!(provider = config.name, kid = row.kid, "signing key made");
        kept.push(row);
    }
    let newest = kept.first().ok_or_else(|| failed(StoreError::Missing("signing key")))?;
    let newest = SigningKey::from_pkcs8(&newest.pkcs8)?;
    let published = Jwks::new(kept.iter().map(|row| token::Jwk::new(&row.kid, &row.certificate)).collect());
    Ok(Keys { newest, published })
}

/// The policies in force: as they were last set, or the defaults.
async fn policies_of(store: &dyn Store, name: &str) -> Result<Policies, OpenError> {
    let mut policies = Policies::default();
    for policy_type in PolicyType::ALL {
        let attestation_type = policy_type.as_str();
        let refused = |source| OpenError::Policy { name: name.to_owned(), attestation_type, source };
        let failed = |source| OpenError::Store { name: name.to_owned(), source };
        let kept = store.policy(name, attestation_type).await.map_err(failed)?;
        let in_force = match kept.and_then(|change| change.set) {
            Some(set) => Some(Arc::new(PolicyInForce::from_jws(&set.jws, policy_type).map_err(refused)?)),
            None => Policies::default_of(policy_type).map_err(|errors| refused(PolicyError::Text(errors)))?,
        };
        policies = policies.with(policy_type, in_force);
    }
    Ok(policies)
}
