//! The attestation of one service: its providers, who may do what with them, and the one task that keeps both up to date.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use problem::chain;
use tokio::task::JoinSet;
use unix_time::UnixTime;

use crate::access::{Access, OpenAccessError, TrustedIssuers};
use crate::audit::Retention;
use crate::providers::Providers;

/// How often keys are replaced that are due, and deleted whose last token has expired.
const KEY_INTERVAL: Duration = Duration::from_secs(600);
/// How often the sources of endorsements are looked at.
const ENDORSEMENT_INTERVAL: Duration = Duration::from_secs(30);
/// How often old records of the audit are looked for.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// The attestation of one service.
///
/// [`Self::run`] has to be polled for as long as the service answers. Unpolled, it fails closed: nothing is attested once the store has
/// not confirmed for [`max_staleness`](crate::ServiceConfig::max_staleness) what is in force.
#[derive(Debug)]
pub struct Attestation {
    providers: Arc<Providers>,
    access: Access,
    issuers: Arc<TrustedIssuers>,
}

impl Attestation {
    /// Opens the attestation of a service over its open providers. Bearer tokens are those of the administrator, whose token the store
    /// has by now, those that the service itself issues, with a key that is made on first use, and those of `issuers`.
    ///
    /// # Errors
    /// Fails if the store does, or if the key of access tokens was sealed under another key-encryption key.
    pub async fn open(providers: Providers, issuers: TrustedIssuers, now: UnixTime) -> Result<Self, OpenAccessError> {
        let (providers, issuers) = (Arc::new(providers), Arc::new(issuers));
        let (config, store) = (&providers.config, Arc::clone(&providers.store));
        let (audit, url) = (Arc::clone(&config.audit), config.addresses.service().as_str());
        let access = Access::open(store, &config.vault, audit, url, Arc::clone(&issuers), now).await?;
        Ok(Self { providers, access, issuers })
    }

    /// Returns the providers of the service.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Returns who may do what.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Keeps everything up to date until `end` completes: follows what other processes change, replaces keys that are due, refreshes
    /// endorsements and the keys of trusted issuers, and writes the audit. Then it writes down which decisions are left, for `grace` at
    /// most.
    pub async fn run(&self, retention: Option<Retention>, end: impl Future<Output = ()>, grace: Duration) {
        let mut tasks = JoinSet::new();
        let providers = || Arc::clone(&self.providers);
        let (following, keeping, refreshing, writing) = (providers(), providers(), providers(), providers());
        tasks.spawn(async move { following.follow().await });
        tasks.spawn(look_after_keys(keeping));
        tasks.spawn(refresh_endorsements(refreshing));
        if let Some(retention) = retention {
            tasks.spawn(retain_audit(providers(), retention));
        }
        self.issuers.spawn_into(&mut tasks);
        let mut audit = tokio::spawn(async move { writing.config.audit.write_behind(&*writing.store).await });
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                Some(ended) = tasks.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "a background task broke off; attestation ends when the store was not confirmed for too long");
                },
            }
        }
        tasks.shutdown().await;
        self.providers.config.audit.close();
        if tokio::time::timeout(grace, &mut audit).await.is_err() {
            tracing::error!("decisions are left that could not be written down");
            audit.abort();
        }
    }
}

async fn look_after_keys(providers: Arc<Providers>) {
    let mut interval = tokio::time::interval(KEY_INTERVAL);
    loop {
        interval.tick().await;
        providers.look_after_keys(UnixTime::of_system_clock()).await;
    }
}

async fn refresh_endorsements(providers: Arc<Providers>) {
    let mut interval = tokio::time::interval(ENDORSEMENT_INTERVAL);
    loop {
        interval.tick().await;
        let refreshing = Arc::clone(&providers);
        // Reading and parsing many files takes its time.
        let refreshed = tokio::task::spawn_blocking(move || refreshing.refresh_collateral()).await;
        // What was loaded, and what could not be, is in the log already.
        drop(refreshed);
    }
}

/// Deletes old records of the audit.
async fn retain_audit(providers: Arc<Providers>, retention: Retention) {
    let mut interval = tokio::time::interval(RETENTION_INTERVAL);
    let mut has_failed = false;
    loop {
        interval.tick().await;
        match providers.retain_audit(&retention, UnixTime::of_system_clock()).await {
            Ok(deleted) => {
                if deleted > 0 {
                    tracing::info!(deleted, "audit retention deleted old records and inputs");
                }
                has_failed = false;
            }
            Err(error) => {
                if !has_failed {
                    tracing::warn!(error = chain(&error), "audit retention failed; trying again");
                }
                has_failed = true;
            }
        }
    }
}
