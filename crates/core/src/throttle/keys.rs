//! Application keys: wrong ones are counted by their source, right ones cost nothing.

use std::sync::Arc;

use quick_cache::sync::Cache;
use time::OffsetDateTime;

use super::attempt::{Charge, Lock};
use super::attempt_target::address;
use super::{Attempt, Bucket, BucketKind, ClientIp, LoginOrigin, LoginThrottle};
use crate::clock::Clock;
use crate::error::AuthError;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;

/// The maximum number of keys that are remembered with the sources that sent them.
const REMEMBERED: usize = 65_536;

/// The realms of the management listener. Their keys are so long that guesses, even all together, do not come
/// near one, and a lock of all callers would do more harm than the guesses.
const OF_MANAGEMENT: [&str; 2] = ["admin", "introspection"];

/// The keys that were checked recently, each with its source and a timestamp.
///
/// A repeated key from the same source is no new guess, right or wrong. So a service that calls repeatedly with
/// a right key causes no query of the counts, and is not refused when others at its address guess; and one that
/// goes on with an old key locks no other caller out.
#[derive(Clone)]
pub(super) struct TriedKeys(Arc<Cache<TokenDigest, OffsetDateTime>>);

impl Default for TriedKeys {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED)))
    }
}

/// A granted attempt with a key. If it is dropped, it counts as wrong.
pub(crate) struct KeyAttempt<'g> {
    tried: &'g TriedKeys,
    pair: TokenDigest,
    now: OffsetDateTime,
    /// `None` if that key came from that source recently.
    attempt: Option<Attempt<'g>>,
}

impl LoginThrottle {
    /// Takes an attempt with a key, before the key is looked up, and returns the attempt. Each realm has its own
    /// budgets: guesses at one listener lock no other. Fails with [`AuthError::Throttled`] if a lock refuses the
    /// attempt, and with [`AuthError::Unavailable`] if the throttle is unreachable.
    ///
    /// A key that was right at the address of `origin` passes all locks. The throttle remembers such a key for all
    /// gateways and across restarts, for the time that `remember_clients` sets. This process remembers the key,
    /// too, and queries the throttle again after half of that time.
    pub(crate) async fn key_attempt<'g>(
        &'g self,
        pepper: &Pepper,
        clock: &'g dyn Clock,
        key: &str,
        origin: &LoginOrigin,
    ) -> Result<KeyAttempt<'g>, AuthError> {
        let realm = origin.realm.name();
        let now = clock.now();
        let host = origin.source.map(ClientIp::host);
        let pair = pepper.digest_of(&[
            b"tried key",
            realm.as_bytes(),
            key.as_bytes(),
            host.as_deref().unwrap_or_default().as_bytes(),
        ]);
        let mut granted = KeyAttempt {
            tried: &self.tried,
            pair,
            now,
            attempt: None,
        };
        let is_recent = |tried: OffsetDateTime| now - tried < self.limits.remember_clients / 2;
        if self.tried.0.get(&pair).is_some_and(is_recent) {
            return Ok(granted);
        }
        let known_as = address(pepper, origin).map(|address| {
            let key = pepper.digest_of(&[b"right key", realm.as_bytes(), key.as_bytes()]);
            (key, address)
        });
        let mut attempt = self.empty_attempt(clock, known_as);
        if !self.knows(known_as, now).await? {
            for count in self.key_charges(pepper, origin) {
                attempt.charge(count, origin).await?;
            }
        }
        granted.attempt = Some(attempt);
        Ok(granted)
    }

    /// Returns the buckets an attempt with a key is charged to: those of its source and its network, and, unless
    /// the realm is of the management listener, the one of all keys of the realm.
    fn key_charges(&self, pepper: &Pepper, origin: &LoginOrigin) -> Vec<Charge<'_>> {
        let realm = origin.realm.name();
        let of_realm = pepper.digest_of(&[b"keys of a realm", realm.as_bytes()]);
        let count = |place, budget| Charge {
            bucket: Bucket::new(pepper, BucketKind::Key, None, Some(of_realm), place),
            budget,
            lock: Lock::Refuses,
        };
        let host = origin.source.map(ClientIp::host);
        let network = origin.source.map(ClientIp::network);
        let mut counts = vec![
            count(host, &self.limits.key),
            count(network, &self.limits.network),
        ];
        if !OF_MANAGEMENT.contains(&realm) {
            counts.push(count(None, &self.limits.everywhere));
        }
        counts
    }
}

impl KeyAttempt<'_> {
    /// Reports the outcome of the check of the key, and returns that outcome. Fails with
    /// [`AuthError::Unavailable`] instead if the throttle cannot record it; for a right key that is known at its
    /// address, this failure is ignored.
    pub(crate) async fn settle<T>(mut self, outcome: Result<T, AuthError>) -> Result<T, AuthError> {
        match &outcome {
            Ok(_) => {
                if let Some(attempt) = &mut self.attempt {
                    // A key that is known here cost no attempt. Remembering it for longer is not worth refusing
                    // it while the store accepts no changes.
                    let is_known = attempt.held.is_empty();
                    let settled = attempt.succeed().await;
                    if !is_known {
                        settled?;
                    }
                    self.tried.0.insert(self.pair, self.now);
                }
            }
            Err(error) if error.is_wrong_guess() => {
                self.tried.0.insert(self.pair, self.now);
                if let Some(attempt) = &mut self.attempt {
                    attempt.fail().await;
                }
            }
            Err(_) => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.refund().await?;
                }
            }
        }
        outcome
    }
}
