//! All providers of a service: which one a request is for, and what is in force at each.

mod freshness;
mod open;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use cache::{CacheError, Caches, Source};
use evidence::Requirements;
use http::uri::Authority;
use problem::chain;
use store::{Entry, ProviderState, Revision, Store, StoreError};
use unix_time::UnixTime;

use crate::addresses::Addresses;
use crate::audit::{Audit, Change};
use crate::pool::{Pool, aside};
use crate::provider::{
    Provider, ProviderName, Quoter, Settings, Surroundings, UnusableProvider, VerificationClock, settings_of,
};
use crate::public_url::PublicUrl;
use crate::vault::Vault;

use freshness::Freshness;
pub use open::OpenError;

/// What a service is told when it starts; what it keeps itself (providers with their roots, keys, policies) is in the store.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Where the providers are reached.
    pub addresses: Addresses,
    /// Where it is, in its operator's geography.
    pub location: String,
    /// The one root that the provider `default` trusts, in PEM; none is Intel's. Fixed when the provider is made.
    pub root_pem: Option<String>,
    /// File or directory of collateral, for providers that have none of their own.
    pub collateral: Option<PathBuf>,
    /// What a verified quote has to meet before policy is asked, at providers that do not say it themselves.
    pub requirements: Requirements,
    /// As of when evidence is judged.
    pub clock: VerificationClock,
    /// What keys are sealed under in the store.
    pub vault: Arc<Vault>,
    /// What makes quotes about the service itself, for the certificates of its keys; none where the machine cannot.
    pub quoter: Option<Quoter>,
    /// How long attestation goes on while the store cannot be reached.
    pub max_staleness: Duration,
    /// Whether the service listens on loopback alone. Only then, and only where every address in `addresses` is loopback too,
    /// providers trust another root than Intel's.
    pub listens_on_loopback: bool,
    /// Where changes and decisions are written down.
    pub audit: Arc<Audit>,
}

/// What is known of a provider.
type Slot = Result<Arc<Provider>, Arc<UnusableProvider>>;

/// The providers of a service.
pub struct Providers {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: ServiceConfig,
    pub(crate) caches: Arc<Caches>,
    slots: ArcSwap<HashMap<ProviderName, Slot>>,
    /// Held while something is changed here: what was read is still so when the change is written.
    pub(crate) administration: tokio::sync::Mutex<()>,
    /// Held while a provider or a part of it is read from the store and put in force, so that nothing older replaces it.
    pub(crate) loading: tokio::sync::Mutex<()>,
    /// Held while a token is revoked that its bearer presented.
    pub(crate) revoking: tokio::sync::Mutex<()>,
    freshness: Freshness,
    /// Where policies are evaluated that take long.
    pub(crate) pool: Pool,
}

/// Which provider a request is for.
#[derive(Debug)]
pub enum Target {
    /// That one, with the path within its API.
    Provider(Arc<Provider>, String),
    /// There is none of that name.
    Unknown(String),
    /// What the store has of it makes no provider.
    Unusable(ProviderName),
    /// The request is for somebody else.
    Elsewhere,
}

impl Providers {
    /// The provider that is there from the first start on.
    pub fn default_provider(&self) -> Option<Arc<Provider>> {
        self.get(&ProviderName::default_provider())
    }

    /// The provider of that name.
    pub fn get(&self, name: &ProviderName) -> Option<Arc<Provider>> {
        self.slots.load().get(name).and_then(|slot| slot.as_ref().ok().map(Arc::clone))
    }

    /// Every provider that can be used, by name.
    pub fn all(&self) -> Vec<Arc<Provider>> {
        let slots = self.slots.load();
        let mut all: Vec<_> = slots.values().filter_map(|slot| slot.as_ref().ok().map(Arc::clone)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.load().len()
    }

    /// Loads collateral again where its files have changed: for each source whether it has, or why it could not be loaded.
    pub fn refresh_collateral(&self) -> Vec<(Source, Result<bool, CacheError>)> {
        self.caches.refresh()
    }

    /// Whether providers may trust another root than Intel's: only where nobody else can take their tokens for genuine ones.
    pub(crate) fn takes_other_roots(&self) -> bool {
        self.config.listens_on_loopback && self.config.addresses.are_loopback()
    }

    /// Returns where the endorsements of a provider with these settings come from.
    pub(crate) fn source_of(&self, settings: &Settings) -> Source {
        settings.collateral.clone().or_else(|| self.config.collateral.clone()).into()
    }

    /// Where a provider is reached.
    pub(crate) fn url_of(&self, name: &ProviderName) -> PublicUrl {
        self.config.addresses.of(name)
    }

    /// Whom a request is for, by its authority and path; the path comes back in lower case.
    pub fn target(&self, authority: Option<&Authority>, path: &str) -> Target {
        let Some((name, path)) = self.config.addresses.named(authority, path) else { return Target::Elsewhere };
        let name = match name {
            None => ProviderName::default_provider(),
            Some(name) => match ProviderName::parse(&name) {
                Ok(name) if !name.is_default() => name,
                _ => return Target::Unknown(name.chars().take(40).collect()),
            },
        };
        match self.slots.load().get(&name) {
            Some(Ok(provider)) => Target::Provider(Arc::clone(provider), path),
            Some(Err(_)) => Target::Unusable(name),
            None => Target::Unknown(name.to_string()),
        }
    }

    /// Writes a change of a provider with its entry in the audit, and puts what the store has then in force. There is none after it was
    /// deleted, and none that cannot be used.
    pub(crate) async fn change<T, F>(
        &self,
        name: &ProviderName,
        change: &Change<'_>,
        by: &str,
        now: UnixTime,
        write: impl FnOnce(Entry) -> F,
    ) -> Result<Option<Arc<Provider>>, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        self.config.audit.change(change, by, now, write).await?;
        self.reload(name).await?;
        Ok(self.get(name))
    }

    /// Reads a provider from the store again, and puts what is there in force.
    pub(crate) async fn reload(&self, name: &ProviderName) -> Result<(), StoreError> {
        let _one_at_a_time = self.loading.lock().await;
        match self.store.provider(name.as_str()).await? {
            Some(state) => self.put(name, &state),
            None => {
                self.slots.rcu(|slots| {
                    let mut slots = HashMap::clone(slots);
                    slots.remove(name);
                    slots
                });
            }
        }
        Ok(())
    }

    /// Puts what the store has of a provider in force, unless something newer is.
    fn put(&self, name: &ProviderName, state: &ProviderState) {
        let previous = self.get(name);
        // A policy that changed is read again, which takes as long as an evaluation.
        let made = aside(|| self.make(name, state, previous.as_deref()));
        let slot = made.map(Arc::new).map_err(|error| {
            tracing::error!(provider = name.as_str(), error = chain(&error), "provider cannot be used");
            Arc::new(error)
        });
        self.slots.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            let newer = |known: &Slot| known.as_ref().is_ok_and(|known| known.revision > state.provider.revision);
            if !slots.get(name).is_some_and(newer) {
                slots.insert(name.clone(), slot.clone());
            }
            slots
        });
    }

    fn make(
        &self,
        name: &ProviderName,
        state: &ProviderState,
        previous: Option<&Provider>,
    ) -> Result<Provider, UnusableProvider> {
        let settings = settings_of(&state.provider)?;
        let endorsements = self.caches.open(state.provider.root_pem.as_deref(), self.source_of(&settings))?;
        if endorsements.anchors().is_simulated() && !self.takes_other_roots() {
            return Err(UnusableProvider::BeyondLoopback);
        }
        let surroundings = Surroundings {
            public_url: self.url_of(name),
            requirements: &self.config.requirements,
            clock: self.config.clock,
            endorsements,
            vault: &self.config.vault,
        };
        Provider::of(state, surroundings, previous)
    }

    /// Follows what other processes change, for as long as it is polled.
    pub async fn follow(&self) {
        let mut generation = None;
        let mut is_reached = true;
        loop {
            let asked = Instant::now();
            match self.catch_up(generation).await {
                Ok(current) => {
                    self.freshness.confirmed(asked);
                    generation = Some(current);
                    if !is_reached {
                        tracing::info!("the store answers again");
                    }
                    is_reached = true;
                    // Without news it is asked again after a while: silence may also be a store that is gone.
                    let heartbeat = self
                        .config
                        .max_staleness
                        .checked_div(3)
                        .unwrap_or_default()
                        .clamp(SHORTEST_HEARTBEAT, HEARTBEAT);
                    let _ = tokio::time::timeout(heartbeat, self.store.changed_since(current)).await;
                }
                Err(error) => {
                    if is_reached {
                        tracing::warn!(error = chain(&error), "changes cannot be followed; trying again");
                    }
                    is_reached = false;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Whether the store has not confirmed for too long what is in force here: it may have been revoked since. The time counts
    /// from the start, when the providers were read from the store, whether or not anybody follows it afterwards.
    pub(crate) fn is_stale(&self) -> bool {
        self.freshness.is_stale(self.config.max_staleness, Instant::now())
    }

    /// Reloads every provider whose revision is another one, and what was revoked at the others, where anything changed since
    /// `known`.
    async fn catch_up(&self, known: Option<i64>) -> Result<i64, StoreError> {
        let generation = self.store.generation().await?;
        if known == Some(generation) {
            return Ok(generation);
        }
        let revisions: BTreeMap<String, Revision> =
            self.store.revisions().await?.into_iter().map(|of| (of.name.clone(), of)).collect();
        let slots = self.slots.load_full();
        for (name, of) in &revisions {
            let Ok(name) = ProviderName::parse(name) else { continue };
            match slots.get(&name) {
                Some(Ok(provider)) if provider.revision >= of.revision => {
                    if provider.revoked.number() < of.revocations {
                        self.load_revoked(&name).await?;
                    }
                }
                _ => self.reload(&name).await?,
            }
        }
        for name in slots.keys().filter(|name| !revisions.contains_key(name.as_str())) {
            self.reload(name).await?;
        }
        Ok(generation)
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").field("config", &self.config).finish_non_exhaustive()
    }
}

/// How long the store may say nothing before it is asked.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The same where little staleness is allowed.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(100);
/// How long until a store that failed is asked again.
const RETRY: Duration = Duration::from_secs(1);
