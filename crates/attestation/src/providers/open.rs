//! Opening the providers that the store has, and making the first.

use std::borrow::Cow;

use problem::Problem;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use cache::{CacheError, Caches};
use evidence::Anchors;
use store::{NewProvider, ProviderState, Store, StoreError};
use unix_time::UnixTime;

use super::freshness::Freshness;
use super::{Providers, ServiceConfig};
use crate::audit::{BY_ITSELF, Change};
use crate::hashes;
use crate::pool::Pool;
use crate::provider::{
    KeysError, Owner, ProviderName, Settings, TrustModel, UnusableProvider, VerificationClock, is_for, make_key,
    settings_of,
};
use crate::vault::is_unbound_signing_key;

/// Why a service does not open its providers.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error("providers cannot be read from the store")]
    Store(#[from] StoreError),
    /// The provider `default` was made with other roots.
    #[error("provider `default` was made with {kept} as its root, and is opened with {asked}")]
    OtherRoot {
        /// The root it has.
        kept: String,
        /// The root it is opened with.
        asked: String,
    },
    /// A provider over another root than Intel's, where others could take its tokens for genuine ones.
    #[error("a root other than Intel's is not served beyond loopback")]
    BeyondLoopback,
    /// Root or collateral cannot be used.
    #[error(transparent)]
    Endorsements(#[from] CacheError),
    /// What the store has of the provider `default` makes no provider.
    #[error("provider `default` cannot be used")]
    Default(#[source] Arc<UnusableProvider>),
    /// The threads that evaluate policies cannot be started.
    #[error("threads that evaluate policies cannot be started")]
    Threads(#[source] std::io::Error),
    /// A key cannot be made.
    #[error("a signing key cannot be made")]
    Keys(#[from] KeysError),
}

impl Problem for OpenError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Store(_) => "providers_unreadable".into(),
            Self::OtherRoot { .. } => "provider_mismatch".into(),
            Self::BeyondLoopback => "simulated_beyond_loopback".into(),
            Self::Endorsements(error) => error.code(),
            Self::Default(_) => "provider_unusable".into(),
            Self::Threads(_) => "threads_unavailable".into(),
            Self::Keys(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::OtherRoot { .. } => {
                "a provider keeps its roots for life; use another data directory, or start it as it was made \
                 (a simulated one with --simulated)"
            }
            Self::BeyondLoopback => {
                "listen on loopback, and give a public URL and a provider domain of `localhost`, a name that ends in \
                 `.localhost`, or a loopback address"
            }
            Self::Endorsements(CacheError::Collateral(_)) => {
                "check the path given to --collateral: a directory of pieces, or dcap-qvl's JSON"
            }
            Self::Endorsements(CacheError::Root(_)) => "give one certificate in PEM",
            Self::Threads(_) => "allow the service more threads, or free memory",
            Self::Store(_) | Self::Default(_) | Self::Keys(_) => {
                "restore the data directory from a copy, or start with a new one"
            }
        };
        text.into()
    }
}

impl Providers {
    /// Opens the providers of a store, and makes `default` on first use: row, signing key and certificate.
    ///
    /// # Errors
    /// See [`OpenError`]. A provider never opens under another root than the one it was made with. One beside `default` that
    /// cannot be used is logged, and its requests are refused.
    pub async fn open(store: Arc<dyn Store>, config: ServiceConfig, now: UnixTime) -> Result<Self, OpenError> {
        let caches = Arc::new(Caches::default());
        // Before anything is written: a wrong path must leave nothing behind.
        let endorsements = caches.open(config.root_pem.as_deref(), config.collateral.clone().into())?;
        let pool = Pool::start().map_err(OpenError::Threads)?;
        let (slots, freshness) = (ArcSwap::from_pointee(HashMap::new()), Freshness::default());
        let (administration, loading, revoking) = Default::default();
        let providers = Self { store, config, caches, slots, administration, loading, revoking, freshness, pool };
        if endorsements.anchors().is_simulated() && !providers.takes_other_roots() {
            return Err(OpenError::BeyondLoopback);
        }
        providers.keep_default(endorsements.anchors().root_sha256(), now).await?;
        let asked = Instant::now();
        let states = providers.store.providers().await?;
        providers.freshness.confirmed(asked);
        for state in states {
            match ProviderName::parse(&state.provider.name) {
                Ok(name) => providers.open_one(&name, state, now).await?,
                Err(error) => tracing::error!(%error, "provider in the store cannot be used"),
            }
        }
        if let Some(Err(error)) = providers.slots.load().get(&ProviderName::default_provider()) {
            return Err(OpenError::Default(Arc::clone(error)));
        }
        if let VerificationClock::Dangerous(at) = providers.config.clock {
            tracing::warn!(verification_time = %at, "DANGEROUS: evidence is judged as of a fixed time");
        }
        if endorsements.anchors().is_simulated() {
            tracing::warn!("provider `default` trusts another root than Intel's: its tokens are marked as simulated");
        }
        Ok(providers)
    }

    async fn open_one(&self, name: &ProviderName, mut state: ProviderState, now: UnixTime) -> Result<(), OpenError> {
        let unbound = state.keys.iter().filter(|key| is_unbound_signing_key(&key.sealed));
        let unbound: Vec<String> = unbound.map(|key| key.kid.clone()).collect();
        for kid in &unbound {
            // It may have been moved from another provider, so it is not even published.
            let write = |entry| async move { self.store.remove_signing_key(name.as_str(), kid, &entry).await };
            self.config.audit.change(&Change::KeyDeleted { provider: name, kid }, BY_ITSELF, now, write).await?;
            tracing::warn!(
                provider = name.as_str(),
                kid,
                "an earlier version sealed this signing key without binding it to its provider; it is replaced, and tokens that it \
                 signed cannot be verified any more"
            );
        }
        if !unbound.is_empty() {
            state = self.store.provider(name.as_str()).await?.unwrap_or(state);
        }
        let issuer = self.url_of(name).as_str().to_owned();
        let has_key = |state: &ProviderState| state.keys.iter().any(|key| is_for(key, &issuer));
        // A service that moved to another URL needs keys whose certificates name it.
        let root_pem = state.provider.root_pem.as_deref();
        if let (false, Ok(settings), Ok(anchors)) =
            (has_key(&state), settings_of(&state.provider), Anchors::from_pem(root_pem))
        {
            let key = self.first_key(name, &settings, anchors.root_sha256(), now).await?;
            let (created, revision) = (&key, state.provider.revision);
            let write = |entry| async move { self.store.add_signing_key(created, revision, &entry).await };
            let change = Change::KeyCreated { provider: name, kid: &created.kid };
            match self.config.audit.change(&change, BY_ITSELF, now, write).await {
                Ok(()) => {}
                // Another process started at the same time, and was first.
                Err(StoreError::Changed(_)) => {}
                Err(error) => return Err(error.into()),
            }
            state = self.store.provider(name.as_str()).await?.unwrap_or(state);
        }
        self.put(name, &state);
        Ok(())
    }

    /// A key that signs from the beginning, of a provider with that root.
    pub(crate) async fn first_key(
        &self,
        name: &ProviderName,
        settings: &Settings,
        root_sha256: &[u8; 32],
        now: UnixTime,
    ) -> Result<store::SigningKey, KeysError> {
        let issuer = self.url_of(name);
        let owner = Owner { provider: name.as_str(), issuer: issuer.as_str(), root_sha256 };
        let (vault, quoter) = (&self.config.vault, self.config.quoter.as_ref());
        make_key(owner, settings.token_algorithm, vault, quoter, (now, now)).await
    }

    /// Makes the provider `default` where there is none; one with another root is refused.
    async fn keep_default(&self, root_sha256: &[u8; 32], now: UnixTime) -> Result<(), OpenError> {
        let name = ProviderName::default_provider();
        let Some(kept) = self.store.provider(name.as_str()).await? else {
            let settings = Settings::default();
            let key = self.first_key(&name, &settings, root_sha256, now).await?;
            let provider = store::Provider {
                name: name.to_string(),
                root_pem: self.config.root_pem.clone(),
                trust_model: TrustModel::Aad.as_str().to_owned(),
                location: self.config.location.clone(),
                is_location_default: true,
                settings: settings.to_json(),
                created_at: now,
                created_by: BY_ITSELF.to_owned(),
                revision: 0,
                revocations: 0,
            };
            let new = NewProvider { provider, key, signers: Vec::new() };
            let created = &new;
            let write = |entry| async move { self.store.create_provider(created, &entry).await };
            let made = self.config.audit.change(&Change::ProviderCreated(created), BY_ITSELF, now, write).await;
            return match made {
                // Another process started at the same time, and was first.
                Err(StoreError::Exists("provider")) => Ok(()),
                other => Ok(other?),
            };
        };
        let (kept, asked) = (&kept.provider.root_pem, &self.config.root_pem);
        if kept == asked {
            return Ok(());
        }
        Err(OpenError::OtherRoot { kept: name_of(kept.as_deref()), asked: name_of(asked.as_deref()) })
    }
}

fn name_of(root_pem: Option<&str>) -> String {
    match root_pem {
        None => "Intel's root".to_owned(),
        Some(pem) => format!("a root of its own (SHA-256 of its PEM {:.16}…)", hashes::sha256_hex(&[pem.as_bytes()])),
    }
}
