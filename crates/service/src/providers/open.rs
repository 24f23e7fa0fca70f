//! Opening the providers that the store has, and making the first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use dcap::UnixTime;
use store::{NewProvider, ProviderState, Store, StoreError};

use super::freshness::Freshness;
use super::{Providers, ServiceConfig};
use crate::audit::BY_ITSELF;
use crate::endorsements::{EndorsementsError, Shelf, Source};
use crate::hashes;
use crate::provider::{
    KeysError, ProviderName, Settings, TrustModel, UnusableProvider, VerificationClock, make_key, settings_of,
};

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
    Endorsements(#[from] EndorsementsError),
    /// What the store has of the provider `default` makes no provider.
    #[error("provider `default` cannot be used")]
    Default(#[source] Arc<UnusableProvider>),
    /// A key cannot be made.
    #[error("a signing key cannot be made")]
    Keys(#[from] KeysError),
}

impl OpenError {
    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::OtherRoot { .. } => {
                "a provider keeps its roots for life; use another data directory, or start it as it was made \
                 (a simulated one with --simulated)"
            }
            Self::BeyondLoopback => {
                "listen on loopback, and give a public URL and a provider domain of `localhost`, a name that ends in \
                 `.localhost`, or a loopback address"
            }
            Self::Endorsements(EndorsementsError::Collateral(_)) => {
                "check the path given to --collateral: a directory of pieces, or dcap-qvl's JSON"
            }
            Self::Endorsements(EndorsementsError::Root) => "give one certificate in PEM",
            Self::Store(_) | Self::Default(_) | Self::Keys(_) => {
                "restore the data directory from a copy, or start with a new one"
            }
        }
    }
}

impl Providers {
    /// Opens the providers of a store, and makes `default` on first use: row, signing key and certificate.
    ///
    /// # Errors
    /// See [`OpenError`]. A provider never opens under another root than the one it was made with. One beside `default` that
    /// cannot be used is logged, and its requests are refused.
    pub async fn open(store: Arc<dyn Store>, config: ServiceConfig, now: UnixTime) -> Result<Self, OpenError> {
        let shelf = Arc::new(Shelf::default());
        // Before anything is written: a wrong path must leave nothing behind.
        let source = Source { root_pem: config.root_pem.clone(), collateral: config.collateral.clone() };
        let endorsements = shelf.get(&source)?;
        let (administration, freshness) = (tokio::sync::Mutex::new(()), Freshness::default());
        let providers =
            Self { store, config, shelf, slots: ArcSwap::from_pointee(HashMap::new()), administration, freshness };
        if endorsements.is_simulated && !providers.takes_other_roots() {
            return Err(OpenError::BeyondLoopback);
        }
        providers.keep_default(now).await?;
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
        if endorsements.is_simulated {
            tracing::warn!("provider `default` trusts another root than Intel's: its tokens are marked as simulated");
        }
        Ok(providers)
    }

    async fn open_one(&self, name: &ProviderName, mut state: ProviderState, now: UnixTime) -> Result<(), OpenError> {
        let issuer = self.url_of(name).as_str().to_owned();
        let has_key = state.keys.iter().any(|key| key.issuer == issuer);
        // A service that moved to another URL needs keys whose certificates name it.
        if let (false, Ok(settings)) = (has_key, settings_of(&state.provider)) {
            let key = self.first_key(name, &settings, now).await?;
            let entry = self.entry_of_key("key.create", name, &key.kid, BY_ITSELF, now);
            self.store.add_signing_key(&key, state.provider.revision, &entry).await?;
            tracing::info!(provider = name.as_str(), kid = key.kid, "signing key made");
            state = self.store.provider(name.as_str()).await?.unwrap_or(state);
        }
        self.put(name, &state);
        Ok(())
    }

    /// A key that signs from the beginning.
    pub(crate) async fn first_key(
        &self,
        name: &ProviderName,
        settings: &Settings,
        now: UnixTime,
    ) -> Result<store::SigningKey, KeysError> {
        let (issuer, algorithm) = (self.url_of(name), settings.token_algorithm);
        let (vault, quoter) = (&self.config.vault, self.config.quoter.as_ref());
        make_key(name, issuer.as_str(), algorithm, vault, quoter, (now, now.seconds())).await
    }

    /// Makes the provider `default` where there is none; one with another root is refused.
    async fn keep_default(&self, now: UnixTime) -> Result<(), OpenError> {
        let name = ProviderName::default_provider();
        let Some(kept) = self.store.provider(name.as_str()).await? else {
            let settings = Settings::default();
            let key = self.first_key(&name, &settings, now).await?;
            let provider = store::Provider {
                name: name.to_string(),
                root_pem: self.config.root_pem.clone(),
                trust_model: TrustModel::Aad.as_str().to_owned(),
                location: self.config.location.clone(),
                is_location_default: true,
                settings: settings.to_json(),
                created_at: now.seconds(),
                created_by: BY_ITSELF.to_owned(),
                revision: 0,
            };
            let new = NewProvider { provider, key, signers: Vec::new() };
            let made = self.store.create_provider(&new, &self.entry_of_new(&new, now)).await;
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
