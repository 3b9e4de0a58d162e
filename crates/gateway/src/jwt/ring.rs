//! The keys of a gateway: those that sign, and those that are published.
//!
//! A key is named by the secret that protects it, its algorithm and its period. Keys of `EdDSA` are derived from these;
//! the others are random, and the directory stores them for all gateways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use time::OffsetDateTime;

use super::key::SigningKey;
use super::key_files::KeyFiles;
use super::public_key::PublicKey;
use super::secret::Secret;
use crate::config::{Jwt as Settings, JwtAlgorithm, JwtSecrets};

/// The keys of a gateway.
pub(super) struct KeyRing {
    /// The one whose keys sign first.
    secrets: Vec<RingSecret>,
    /// The algorithms of the keys that gateways make. The first one signs, unless a key of a file does.
    algorithms: Vec<JwtAlgorithm>,
    files: KeyFiles,
    /// Length of a period, in seconds.
    lifetime: i64,
    keys: RwLock<BTreeMap<KeyName, RingKey>>,
}

/// A secret whose keys are published.
pub(super) struct RingSecret {
    pub(super) secret: Secret,
    /// Whether gateways make the keys of coming periods under it: no key of the previous secret signs again.
    pub(super) makes_keys: bool,
}

/// The name of a key in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyName {
    /// The index of the secret in the ring.
    pub(super) secret: usize,
    pub(super) algorithm: JwtAlgorithm,
    pub(super) period: i64,
}

/// A key, and the form in which the directory stores it; without that, it was derived.
struct RingKey {
    pair: Arc<SigningKey>,
    sealed: Option<Vec<u8>>,
}

impl KeyRing {
    /// Returns the ring of these secrets and files. It has no key of the directory yet.
    pub(super) fn new(settings: &Settings, secrets: &JwtSecrets, files: KeyFiles) -> Self {
        let JwtSecrets {
            current,
            previous,
            next,
        } = secrets;
        let mut known: Vec<RingSecret> = Vec::new();
        for (secret, makes_keys) in [(current, true), (previous, false), (next, true)] {
            let Some(secret) = secret.as_ref().map(Secret::new) else {
                continue;
            };
            match known.iter_mut().find(|one| one.secret.id() == secret.id()) {
                Some(same) => same.makes_keys |= makes_keys,
                None => known.push(RingSecret { secret, makes_keys }),
            }
        }
        let lifetime = settings.key_lifetime.as_secs();
        Self {
            secrets: known,
            algorithms: settings.made_algorithms(),
            files,
            lifetime: i64::try_from(lifetime).unwrap_or(i64::MAX).max(1),
            keys: RwLock::default(),
        }
    }

    /// Returns the key that signs at `now`: that of the present period, or the newest one before. `None` if there is
    /// none.
    pub(super) fn signing_key(&self, now: OffsetDateTime) -> Option<Arc<SigningKey>> {
        if let Some(pair) = self.files.pairs.first() {
            return Some(Arc::clone(pair));
        }
        let present = KeyName {
            secret: 0,
            algorithm: *self.algorithms.first()?,
            period: self.period(now),
        };
        self.key(present).or_else(|| {
            let first = KeyName {
                period: i64::MIN,
                ..present
            };
            let keys = self.keys.read();
            let (_, newest) = keys.range(first..present).next_back()?;
            Some(Arc::clone(&newest.pair))
        })
    }

    /// Returns all public keys, the one that verifies what is signed now first: those of the files, and for each secret
    /// and algorithm those of the present, the previous and the next period, because JWTs are valid beyond the end of
    /// their key's period, services cache keys, and clocks differ. `None` if there is no key that signs.
    pub(super) fn published(&self, now: OffsetDateTime) -> Option<Vec<Arc<PublicKey>>> {
        let signing = self.signing_key(now)?;
        let mut all = vec![Arc::clone(signing.public())];
        let pairs = self.files.pairs.iter();
        all.extend(pairs.map(|pair| Arc::clone(pair.public())));
        let present = self.period(now);
        for name in self.names([
            present,
            present.saturating_sub(1),
            present.saturating_add(1),
        ]) {
            all.extend(self.key(name).map(|pair| Arc::clone(pair.public())));
        }
        all.extend(self.files.next.iter().cloned());
        let mut known = BTreeSet::new();
        all.retain(|key| known.insert(key.id().to_owned()));
        Some(all)
    }

    /// Returns the names of the keys of these periods, for each secret and algorithm.
    pub(super) fn names<const N: usize>(&self, periods: [i64; N]) -> impl Iterator<Item = KeyName> {
        let secrets = 0..self.secrets.len();
        secrets.flat_map(move |secret| {
            let algorithms = self.algorithms.iter();
            algorithms.flat_map(move |algorithm| {
                periods.map(|period| KeyName {
                    secret,
                    algorithm: *algorithm,
                    period,
                })
            })
        })
    }

    /// Returns the key with that name. `None` if the directory has it, but it was not loaded.
    pub(super) fn key(&self, name: KeyName) -> Option<Arc<SigningKey>> {
        if let Some(known) = self.keys.read().get(&name) {
            return Some(Arc::clone(&known.pair));
        }
        if name.algorithm != JwtAlgorithm::EdDsa {
            return None;
        }
        let pair = self.secrets.get(name.secret)?.secret.derive(name.period);
        let pair = Arc::new(pair.ok()?);
        let derived = RingKey {
            pair: Arc::clone(&pair),
            sealed: None,
        };
        self.keys.write().insert(name, derived);
        Some(pair)
    }

    /// Returns whether the key with that name was read from these bytes.
    pub(super) fn is_from(&self, name: KeyName, sealed: &[u8]) -> bool {
        let keys = self.keys.read();
        let known = keys.get(&name).and_then(|known| known.sealed.as_deref());
        known == Some(sealed)
    }

    /// Adds a key of the directory, in place of another one with that name.
    pub(super) fn insert(&self, name: KeyName, pair: SigningKey, sealed: Vec<u8>) {
        let loaded = RingKey {
            pair: Arc::new(pair),
            sealed: Some(sealed),
        };
        self.keys.write().insert(name, loaded);
    }

    /// Removes the keys of periods that are over for more than one period. Of each secret and algorithm, the newest key
    /// stays that may sign.
    pub(super) fn forget_before(&self, present: i64) {
        let mut keys = self.keys.write();
        let mut newest = BTreeMap::new();
        for name in keys.keys().filter(|name| name.period <= present) {
            newest.insert((name.secret, name.algorithm), name.period);
        }
        keys.retain(|name, _| {
            name.period >= present.saturating_sub(1)
                || newest.get(&(name.secret, name.algorithm)) == Some(&name.period)
        });
    }

    /// Returns the secrets.
    pub(super) fn secrets(&self) -> &[RingSecret] {
        &self.secrets
    }

    /// Returns the index of the secret with that identifier, or `None` if there is none.
    pub(super) fn secret_index(&self, id: &str) -> Option<usize> {
        self.secrets.iter().position(|one| one.secret.id() == id)
    }

    /// Returns the algorithms whose keys the directory stores.
    pub(super) fn stored_algorithms(&self) -> Vec<JwtAlgorithm> {
        let algorithms = self.algorithms.iter().copied();
        algorithms
            .filter(|one| *one != JwtAlgorithm::EdDsa)
            .collect()
    }

    /// Returns the algorithms of the keys that are published; several of them may be the same.
    pub(super) fn published_algorithms(&self) -> impl Iterator<Item = JwtAlgorithm> {
        let pairs = self
            .files
            .pairs
            .iter()
            .map(|pair| pair.public().algorithm());
        let next = self.files.next.iter().map(|key| key.algorithm());
        self.algorithms.iter().copied().chain(pairs).chain(next)
    }

    /// Returns the number of the period of `now`.
    pub(super) fn period(&self, now: OffsetDateTime) -> i64 {
        now.unix_timestamp().div_euclid(self.lifetime)
    }

    /// Returns the age at which a key is no longer published anywhere: it is made in the period before its own at the
    /// earliest, and published in the period after it. An hour more, because clocks differ.
    pub(super) fn longest_age(&self) -> Duration {
        let periods = Duration::from_secs(self.lifetime.unsigned_abs()).saturating_mul(3);
        periods.saturating_add(Duration::from_hours(1))
    }
}
