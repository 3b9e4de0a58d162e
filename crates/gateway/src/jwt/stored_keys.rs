//! Loads the keys of the directory into the ring, and makes those that are missing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::directory::{Directory, SealedSigningKey};
use isogloss_core::{Auth, StoreError};
use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::JwtSigner;
use super::key::SigningKey;
use super::ring::{KeyName, KeyRing};
use crate::bootstrap::blocking::run_blocking;
use crate::config::JwtAlgorithm;

/// Pause between two looks at the keys of the directory.
const INTERVAL: Duration = Duration::from_mins(1);
/// Pause while no key signs.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The task that keeps the keys of a signer up to date.
pub(crate) struct KeyMaintenance {
    jwts: Arc<JwtSigner>,
    directory: Arc<dyn Directory>,
    auth: Auth,
    is_failing: bool,
}

impl KeyMaintenance {
    /// Loads the keys of `jwts` from `directory`, and returns the task that keeps them up to date; `None` if JWTs are
    /// disabled.
    pub(crate) async fn start(
        jwts: Option<&Arc<JwtSigner>>,
        directory: &Arc<dyn Directory>,
        auth: &Auth,
    ) -> Option<Self> {
        let mut keys = Self {
            jwts: Arc::clone(jwts?),
            directory: Arc::clone(directory),
            auth: auth.clone(),
            is_failing: false,
        };
        keys.refresh().await;
        Some(keys)
    }

    /// Loads the keys once a minute, for as long as the gateway runs; every second while no key signs.
    pub(crate) async fn run(mut self) {
        loop {
            let signs = self.jwts.signs(self.auth.now());
            sleep(if signs { INTERVAL } else { RETRY_INTERVAL }).await;
            self.refresh().await;
        }
    }

    /// Loads the keys, and makes those that are missing. Logs the first of several failures, and the end of them.
    async fn refresh(&mut self) {
        let directory = self.directory.as_ref();
        match self.jwts.refresh_keys(directory, self.auth.now()).await {
            Ok(()) if self.is_failing => {
                info!("the keys of JWTs can be read and stored again");
                self.is_failing = false;
            }
            Ok(()) => {}
            Err(error) if self.is_failing => {
                debug!(%error, "still cannot read or store the keys of JWTs");
            }
            Err(error) => {
                let signs = self.jwts.signs(self.auth.now());
                warn!(%error, signs, "cannot read or store the keys of JWTs, will retry");
                self.is_failing = true;
            }
        }
    }
}

/// Keys that were made and are not stored yet: a key is not made again for each attempt to store it.
#[derive(Default)]
pub(super) struct MadeKeys(Mutex<BTreeMap<KeyName, Arc<SigningKey>>>);

impl MadeKeys {
    /// Returns the key with that name for storage: the one in use, the one that was made before, or a new one. Fails
    /// if none can be made.
    async fn key(&self, ring: &KeyRing, name: KeyName) -> Result<Arc<SigningKey>, StoreError> {
        let known = ring.key(name).or_else(|| self.0.lock().get(&name).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let made = run_blocking(move || SigningKey::generate(name.algorithm)).await;
        let made = Arc::new(made.map_err(failed)?.map_err(failed)?);
        self.0.lock().insert(name, Arc::clone(&made));
        Ok(made)
    }

    fn forget(&self, name: KeyName) {
        self.0.lock().remove(&name);
    }
}

/// Loads the keys of the directory into the ring. Makes the keys of the present and the next period that are missing;
/// if another gateway makes one concurrently, the one that was stored first counts. Fails if the directory is
/// unavailable, a key in it is damaged, or no key can be made; the ring keeps the keys that it has.
pub(super) async fn refresh(
    ring: &KeyRing,
    made: &MadeKeys,
    directory: &dyn Directory,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let algorithms = ring.stored_algorithms();
    let present = ring.period(now);
    if algorithms.is_empty() {
        ring.forget_before(present);
        return Ok(());
    }
    let stored = load(ring, directory, present).await?;
    let mut missing: Vec<_> = ring
        .names([present, present.saturating_add(1)])
        .filter(|name| algorithms.contains(&name.algorithm) && !stored.contains(name))
        .collect();
    missing.retain(|name| {
        let secret = ring.secrets().get(name.secret);
        secret.is_some_and(|secret| secret.makes_keys)
    });
    for name in &missing {
        store(ring, made, directory, (*name, now)).await?;
    }
    if !missing.is_empty() {
        load(ring, directory, present).await?;
        for name in missing {
            made.forget(name);
        }
        directory
            .remove_signing_keys(now - ring.longest_age())
            .await?;
    }
    ring.forget_before(present);
    Ok(())
}

/// Stores a key, unless there is one already. Fails if the directory is unavailable, or the key cannot be made.
async fn store(
    ring: &KeyRing,
    made: &MadeKeys,
    directory: &dyn Directory,
    (name, now): (KeyName, OffsetDateTime),
) -> Result<(), StoreError> {
    let Some(secret) = ring.secrets().get(name.secret) else {
        return Ok(());
    };
    let key = made.key(ring, name).await?;
    let sealed = secret.secret.seal(&key, name.period, now).map_err(failed)?;
    if directory.add_signing_key(&sealed).await? {
        let algorithm = name.algorithm.name();
        info!(algorithm, period = name.period, "made a key of JWTs");
    }
    Ok(())
}

/// Loads all keys that the directory has up to the period after `present`, and returns their names. Fails if the
/// directory is unavailable, or a key is damaged.
async fn load(
    ring: &KeyRing,
    directory: &dyn Directory,
    present: i64,
) -> Result<Vec<KeyName>, StoreError> {
    let secrets = ring.secrets().iter();
    let ids: Vec<_> = secrets.map(|one| one.secret.id().to_owned()).collect();
    let algorithms = ring.stored_algorithms();
    let mut loaded = Vec::new();
    let mut damaged = None;
    for stored in directory.signing_keys(&ids).await? {
        let Some(name) = name_of(ring, &stored).filter(|name| {
            algorithms.contains(&name.algorithm) && name.period <= present.saturating_add(1)
        }) else {
            continue;
        };
        loaded.push(name);
        if ring.is_from(name, &stored.sealed) {
            continue;
        }
        let secret = ring.secrets().get(name.secret);
        match secret.and_then(|secret| secret.secret.open(&stored)) {
            Some(pair) => ring.insert(name, pair, stored.sealed),
            None => damaged = Some(stored),
        }
    }
    match damaged {
        None => Ok(loaded),
        Some(stored) => Err(failed(format_args!(
            "the key {} of the period {} is damaged: remove that row of the table signing_keys",
            stored.algorithm, stored.period
        ))),
    }
}

/// Returns the name of a stored key in the ring, or `None` if its secret or its algorithm is unknown.
fn name_of(ring: &KeyRing, stored: &SealedSigningKey) -> Option<KeyName> {
    Some(KeyName {
        secret: ring.secret_index(&stored.secret_id)?,
        algorithm: JwtAlgorithm::from_name(&stored.algorithm)?,
        period: stored.period,
    })
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("keys of JWTs", error)
}
