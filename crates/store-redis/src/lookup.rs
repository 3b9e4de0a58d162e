//! Records that are looked up, one by the shared connection, several by the pool.

use isogloss_core::backend::{Near, decode_or_log};
use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{cmd, pipe};

use super::RedisStore;
use super::fault::Fault;
use super::near::{Changing, Packed};

impl RedisStore {
    /// Has a token forgotten when what is begun now is over, before Redis tells of it.
    pub(super) fn changing(&self, digest: TokenDigest) -> Option<Changing<'_>> {
        self.near.as_ref().map(|near| near.changing(digest))
    }

    /// Records that are kept here, unless nobody tells of changes.
    pub(super) fn kept_near(&self) -> Option<&Near<TokenDigest, Packed>> {
        self.near.as_ref()?.records()
    }

    /// By this thread's way to the one primary if there is one. If that has an answer of another kind, the
    /// pool finds out what is wrong.
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

    /// Checks that the connections for lookups respond, those of other threads included.
    pub(super) async fn ping_lookups(&self) -> Result<(), StoreError> {
        match self.near.as_ref().and_then(|near| near.wires()) {
            Some(wires) => wires.ping().await,
            None => Ok(()),
        }
    }

    /// Returns those of the records that are there and can be read.
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
