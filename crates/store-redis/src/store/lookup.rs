//! Lookups of records: of one over a lookup connection, of several over the pool.

use isogloss_core::backend::{NearCache, decode_or_log};
use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{cmd, pipe};

use crate::RedisStore;
use crate::error_class::ErrorClass;
use crate::near_cache::{EncodedRecord, RemoveWhenDone};

impl RedisStore {
    /// Returns a guard that removes a token from the near cache when it is dropped, at the end of the change
    /// that begins now, before the invalidation of Redis arrives. `None` without a near cache.
    pub(crate) fn remove_when_done(&self, digest: TokenDigest) -> Option<RemoveWhenDone<'_>> {
        self.near_cache
            .as_ref()
            .map(|near| near.remove_when_done(digest))
    }

    /// Returns the near cache. `None` if there is none, or while it is not valid.
    pub(crate) fn valid_near_cache(&self) -> Option<&NearCache<TokenDigest, EncodedRecord>> {
        self.near_cache.as_ref()?.valid_cache()
    }

    /// Looks up the encoded record of a token. `None` if there is no such token. Uses this thread's
    /// connection to the only primary, if there is one; after an error other than a time-out, uses the pool,
    /// which finds out what is wrong. Fails if Redis is unreachable or returns an error.
    pub(crate) async fn look_up(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<EncodedRecord>, StoreError> {
        let mut get = cmd("GET");
        get.arg(self.client.keys().token(digest));
        let encoded = |value: Option<Vec<u8>>| value.map(EncodedRecord::from);
        let connections = self
            .near_cache
            .as_ref()
            .and_then(|near| near.lookup_connections());
        let connection = connections.and_then(|connections| {
            Some((
                connections,
                connections.get(&self.client.access().connector)?,
            ))
        });
        if let Some((connections, mut connection)) = connection {
            match get.query_async(&mut connection.connection).await {
                Ok(value) => return Ok(encoded(value)),
                Err(error) => {
                    if ErrorClass::of_error(&error).closes_connection() {
                        connections.discard(&connection, &error);
                    }
                    if error.is_timeout() {
                        return Err(self.client.timeout_error());
                    }
                }
            }
        }
        let request = Box::pin(self.client.run(&get));
        Ok(encoded(request.await?))
    }

    /// Checks that the connections for lookups respond, including those of other threads. Fails if a
    /// connection timed out.
    pub(crate) async fn ping_lookups(&self) -> Result<(), StoreError> {
        match self
            .near_cache
            .as_ref()
            .and_then(|near| near.lookup_connections())
        {
            Some(connections) => connections.ping().await,
            None => Ok(()),
        }
    }

    /// Returns the records of those tokens that exist and can be decoded. Fails if Redis fails.
    pub(crate) async fn records(
        &self,
        digests: Vec<TokenDigest>,
    ) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for digest in &digests {
            lookup.cmd("GET").arg(self.client.keys().token(*digest));
        }
        let values: Vec<Option<Vec<u8>>> = self.client.run_pipeline(&lookup).await?;
        let found = digests.into_iter().zip(values);
        let found = found.filter_map(|(digest, value)| {
            let record = decode_or_log(digest, &value?)?;
            Some((digest, record))
        });
        Ok(found.collect())
    }
}
