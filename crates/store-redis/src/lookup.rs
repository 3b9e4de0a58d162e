//! Lookups of records: of one over a lookup connection, of several over the pool.

use isogloss_core::backend::{NearCache, decode_or_log};
use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{cmd, pipe};

use super::RedisStore;
use super::fault::Fault;
use super::near::{Changing, Packed};

impl RedisStore {
    /// Returns a guard that removes a token from the near cache at the end of the change that begins now, before
    /// the invalidation of Redis arrives. `None` without a near cache.
    pub(super) fn changing(&self, digest: TokenDigest) -> Option<Changing<'_>> {
        self.near.as_ref().map(|near| near.changing(digest))
    }

    /// Returns the near cache. `None` if there is none, or if it is not valid.
    pub(super) fn kept_near(&self) -> Option<&NearCache<TokenDigest, Packed>> {
        self.near.as_ref()?.records()
    }

    /// Looks up a record over this thread's connection to the only primary, if there is one. After an error
    /// other than a time-out, the pool is used, which finds out what is wrong.
    pub(super) async fn look_up(&self, digest: TokenDigest) -> Result<Option<Packed>, StoreError> {
        let mut get = cmd("GET");
        get.arg(self.link.keys().token(digest));
        let packed = |value: Option<Vec<u8>>| value.map(Packed::from);
        let wires = self.near.as_ref().and_then(|near| near.wires());
        let wire = wires.and_then(|wires| Some((wires, wires.get(&self.link.access().dialer)?)));
        if let Some((wires, mut wire)) = wire {
            match get.query_async(&mut wire.connection).await {
                Ok(value) => return Ok(packed(value)),
                Err(error) => {
                    if Fault::of(&error).spoils_the_connection() {
                        wires.give_up(&wire, &error);
                    }
                    if error.is_timeout() {
                        return Err(self.link.no_answer());
                    }
                }
            }
        }
        let asking = Box::pin(self.link.ask(&get));
        Ok(packed(asking.await?))
    }

    /// Checks that the connections for lookups respond, including those of other threads.
    pub(super) async fn ping_lookups(&self) -> Result<(), StoreError> {
        match self.near.as_ref().and_then(|near| near.wires()) {
            Some(wires) => wires.ping().await,
            None => Ok(()),
        }
    }

    /// Returns the records that exist and can be decoded.
    pub(super) async fn records(
        &self,
        digests: Vec<TokenDigest>,
    ) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for digest in &digests {
            lookup.cmd("GET").arg(self.link.keys().token(*digest));
        }
        let values: Vec<Option<Vec<u8>>> = self.link.pipeline(&lookup).await?;
        let found = digests.into_iter().zip(values);
        let found = found.filter_map(|(digest, value)| {
            let record = decode_or_log(digest, &value?)?;
            Some((digest, record))
        });
        Ok(found.collect())
    }
}
