//! Application keys: wrong ones are counted by where they come from, right ones pay nothing.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::turn::{Count, Lock};
use super::{Bucket, Guard, Kind, Origin, Source, Turn};
use crate::clock::Clock;
use crate::error::AuthError;
use crate::pepper::Pepper;
use crate::token::TokenDigest;

/// How many keys are remembered with the sources that sent them.
const REMEMBERED: usize = 65_536;

/// The keys that were looked at lately, each with its source.
///
/// The same key from the same source once more is no new guess, right or wrong. So a service that
/// asks again and again with a right key costs no look at the counts and is not refused when others
/// at its address guess; and one that goes on with an old key locks nobody out.
#[derive(Clone)]
pub(super) struct TriedKeys(Arc<Cache<TokenDigest, ()>>);

impl Default for TriedKeys {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED)))
    }
}

/// A try with a key that was granted. One that is dropped counts as wrong.
pub(crate) struct KeyTurn<'g> {
    tried: &'g TriedKeys,
    pair: TokenDigest,
    /// `None` if that key came from that source lately.
    turn: Option<Turn<'g>>,
}

impl Guard {
    /// Takes a try with a key, before it is looked up.
    pub(crate) async fn key_turn<'g>(
        &'g self,
        pepper: &Pepper,
        clock: &'g dyn Clock,
        key: &str,
        origin: &Origin,
    ) -> Result<KeyTurn<'g>, AuthError> {
        let host = origin.source.map(Source::host);
        let pair = pepper.digest_of(&[
            b"tried key",
            origin.realm.name().as_bytes(),
            key.as_bytes(),
            host.as_deref().unwrap_or_default().as_bytes(),
        ]);
        let mut granted = KeyTurn {
            tried: &self.tried,
            pair,
            turn: None,
        };
        if self.tried.0.get(&pair).is_some() {
            return Ok(granted);
        }
        let network = origin.source.map(Source::network);
        let places = [
            (host, &self.limits.key),
            (network, &self.limits.network),
            (None, &self.limits.everywhere),
        ];
        let mut turn = self.empty_turn(clock, None);
        for (place, budget) in places {
            let bucket = Bucket::new(pepper, Kind::Key, None, None, place);
            let lock = Lock::Refuses;
            let count = Count {
                bucket,
                budget,
                lock,
            };
            turn.take(count, origin).await?;
        }
        granted.turn = Some(turn);
        Ok(granted)
    }
}

impl KeyTurn<'_> {
    /// Records how the check of the key ended, and returns the same.
    pub(crate) async fn settle<T>(mut self, outcome: Result<T, AuthError>) -> Result<T, AuthError> {
        match &outcome {
            Ok(_) => {
                self.tried.0.insert(self.pair, ());
                if let Some(turn) = &mut self.turn {
                    turn.was_right().await?;
                }
            }
            Err(error) if error.is_wrong_guess() => self.tried.0.insert(self.pair, ()),
            Err(_) => {
                if let Some(turn) = &mut self.turn {
                    turn.give_back().await?;
                }
            }
        }
        outcome
    }
}
