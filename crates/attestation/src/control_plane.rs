//! Making, changing and deleting providers.

mod error;
mod request;
mod rotation;
mod withdrawal;

use std::sync::Arc;

use crate::policy_jws::SignerCertificate;
use cache::EndorsementCache;
use store::{NewProvider, PolicySigner, StoreError};
use unix_time::UnixTime;

use crate::access::Caller;
use crate::administration::MAX_SIGNERS;
use crate::audit::Change;
use crate::hashes::sha256;
use crate::provider::{Provider, ProviderName, Settings, TrustModel};
use crate::providers::Providers;

pub use error::ControlError;
pub use request::{Location, ProviderRoot, ProviderSpec, SettingsChange};

/// Providers of a service.
const MAX_PROVIDERS: usize = 10_000;
/// Bytes of a root certificate in PEM.
const MAX_ROOT: usize = 16 << 10;

impl Providers {
    /// Makes a provider with a key of its own. Nothing is kept of one that is refused.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn create(
        &self,
        name: &ProviderName,
        spec: ProviderSpec,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<Arc<Provider>, ControlError> {
        let ProviderSpec { location, settings, root, signers, is_shared, is_default } = spec;
        settings.check()?;
        let root_pem = root.pem;
        let trust_model = trust_model(is_shared, &signers)?;
        let endorsements = self.open_endorsements(root_pem.clone(), &settings).await?;
        let _one_at_a_time = self.administration.lock().await;
        if self.count() >= MAX_PROVIDERS {
            return Err(ControlError::TooMany);
        }
        if self.store.provider(name.as_str()).await?.is_some() {
            return Err(ControlError::Exists(name.clone()));
        }
        let key = self.first_key(name, &settings, endorsements.anchors().root_sha256(), now).await?;
        let provider = store::Provider {
            name: name.to_string(),
            root_pem,
            trust_model: trust_model.as_str().to_owned(),
            location: location.as_str().to_owned(),
            is_location_default: is_default,
            settings: settings.to_json(),
            created_at: now,
            created_by: caller.name.clone(),
            revision: 0,
            revocations: 0,
        };
        let signers = signers.iter().map(|certificate| signer(name, certificate, caller, now)).collect();
        let new = &NewProvider { provider, key, signers };
        let write = |entry| async move { self.store.create_provider(new, &entry).await };
        self.change(name, &Change::ProviderCreated(new), &caller.name, now, write).await?.ok_or(ControlError::Unusable)
    }

    /// Changes what may be changed about a provider.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn change_settings(
        &self,
        provider: &Provider,
        change: SettingsChange,
        caller: &Caller,
        now: UnixTime,
    ) -> Result<Arc<Provider>, ControlError> {
        let _one_at_a_time = self.administration.lock().await;
        let state = self.store.provider(provider.name.as_str()).await?.ok_or(StoreError::UnknownProvider)?;
        let settings = change.applied_to(provider.settings.clone())?;
        if settings.token_algorithm != provider.settings.token_algorithm {
            return Err(ControlError::AlgorithmIsFixed);
        }
        let _in_use = self.open_endorsements(state.provider.root_pem.clone(), &settings).await?;
        // As it was read: whoever changed it in the meantime is not overwritten.
        let (name, revision, json) = (&provider.name, provider.revision, settings.to_json());
        let write = |entry| async move { self.store.change_settings(name.as_str(), revision, &json, &entry).await };
        let change = Change::SettingsChanged { provider: name, settings: &settings };
        self.change(name, &change, &caller.name, now, write).await?.ok_or(ControlError::Unusable)
    }

    /// Deletes a provider with its keys and policies. Its tokens cannot be verified any more.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn delete(&self, name: &ProviderName, caller: &Caller, now: UnixTime) -> Result<(), ControlError> {
        if name.is_default() {
            return Err(ControlError::DefaultStays);
        }
        let _one_at_a_time = self.administration.lock().await;
        let write = |entry| async move { self.store.delete_provider(name.as_str(), &entry).await };
        self.change(name, &Change::ProviderDeleted { provider: name }, &caller.name, now, write).await?;
        Ok(())
    }

    /// The root of a new provider: Intel's, or another one in PEM, which only a service takes that strangers do not reach.
    ///
    /// # Errors
    /// [`ControlError::OtherRoot`], and [`ControlError::Endorsements`] if it is too long.
    pub fn root(&self, pem: Option<&str>) -> Result<ProviderRoot, ControlError> {
        match pem {
            None => Ok(ProviderRoot { pem: None }),
            Some(_) if !self.takes_other_roots() => Err(ControlError::OtherRoot),
            Some(pem) if pem.len() > MAX_ROOT => Err(ControlError::Endorsements(evidence::AnchorsError::Root.into())),
            Some(pem) => Ok(ProviderRoot { pem: Some(pem.to_owned()) }),
        }
    }

    /// Loads root and collateral before anything is written. The provider will use the same cache if it is held until then.
    async fn open_endorsements(
        &self,
        root_pem: Option<String>,
        settings: &Settings,
    ) -> Result<Arc<EndorsementCache>, ControlError> {
        let (source, caches) = (self.source_of(settings), Arc::clone(&self.caches));
        // Reading and parsing many files takes its time.
        let loading = tokio::task::spawn_blocking(move || caches.open(root_pem.as_deref(), source));
        Ok(loading.await.map_err(|_| ControlError::Unusable)??)
    }
}

fn trust_model(is_shared: bool, certificates: &[SignerCertificate]) -> Result<TrustModel, ControlError> {
    match (is_shared, certificates.len()) {
        (true, 0) => Ok(TrustModel::Shared),
        (true, _) => Err(ControlError::SharedWithCertificates),
        (false, 0) => Ok(TrustModel::Aad),
        (false, count) if count > MAX_SIGNERS => Err(ControlError::TooManyCertificates),
        (false, _) => Ok(TrustModel::Isolated),
    }
}

fn signer(name: &ProviderName, certificate: &SignerCertificate, caller: &Caller, now: UnixTime) -> PolicySigner {
    PolicySigner {
        provider: name.to_string(),
        sha256: sha256(&[certificate.der()]),
        certificate: certificate.der().to_vec(),
        added_at: now,
        added_by: caller.name.clone(),
    }
}
