//! Writes uses of tokens to Redis in batches.
//!
//! Uses that arrive while a batch is written wait, and are written together, over one connection and in one round
//! trip.

use std::num::NonZeroUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;

use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{Cmd, Pipeline};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::RedisStore;
use crate::error::redis_error;
use crate::redis_client::RedisClient;
use crate::scripts::Scripts;

/// The queue of token uses to write.
pub(crate) struct LastUsedBatcher {
    queue: mpsc::Sender<LastUsedUpdate>,
    time_limit: Duration,
}

/// A token use to write.
struct LastUsedUpdate {
    /// The last of them returns whether the use was written.
    commands: Vec<Cmd>,
    response: oneshot::Sender<Result<bool, StoreError>>,
}

impl LastUsedBatcher {
    /// Starts a task that writes up to `batch_size` uses at a time, for as long as the client exists. A
    /// caller waits at most `time_limit`.
    pub(crate) fn start(
        client: &Arc<RedisClient>,
        scripts: &Arc<Scripts>,
        (batch_size, time_limit): (NonZeroUsize, Duration),
    ) -> Self {
        let (queue, updates) = mpsc::channel(batch_size.get());
        let writing = write_batches(
            Arc::downgrade(client),
            Arc::clone(scripts),
            batch_size,
            updates,
        );
        client.access().connector.runtime().spawn(writing);
        Self { queue, time_limit }
    }

    /// Adds commands to the next batch, and returns the response of the last one. The commands are scripts,
    /// called by their digests. Fails if the batch fails, or if there is no response within the time limit.
    async fn submit(&self, client: &RedisClient, commands: Vec<Cmd>) -> Result<bool, StoreError> {
        let (response, written) = oneshot::channel();
        let writing = async {
            let update = LastUsedUpdate { commands, response };
            self.queue.send(update).await.map_err(redis_error)?;
            written.await.map_err(redis_error)?
        };
        let in_time = timeout(self.time_limit, writing).await;
        in_time.map_err(|_| client.timeout_error())?
    }
}

impl RedisStore {
    /// Replaces the record of a used token if it has not changed, and lists the token again if its expiry has
    /// moved. Returns whether the record was replaced; if a response got lost, this may be `false` although
    /// it was. Fails if Redis fails.
    pub(crate) async fn record_use(
        &self,
        digest: TokenDigest,
        (before, after): (&Record, &Record),
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let moves = after.expires_at != before.expires_at;
        let lists = moves.then(|| self.scripts.lists(digest, after, now));
        let mut lists = lists.unwrap_or_default();
        lists.extend(
            moves
                .then(|| self.scripts.keep_slot(digest, after, now))
                .flatten(),
        );
        let replace = self.scripts.replace(digest, (before, after), now)?;
        if let Some(batcher) = &self.last_used {
            let commands = lists.iter().chain([&replace]).map(Cmd::invoke_script);
            return batcher.submit(&self.client, commands.collect()).await;
        }
        for list in &lists {
            let _: usize = self.client.run_script(list).await?;
        }
        self.client.run_script(&replace).await
    }
}

async fn write_batches(
    client: Weak<RedisClient>,
    scripts: Arc<Scripts>,
    batch_size: NonZeroUsize,
    mut queue: mpsc::Receiver<LastUsedUpdate>,
) {
    let mut updates = Vec::with_capacity(batch_size.get());
    while queue.recv_many(&mut updates, batch_size.get()).await > 0 {
        // Callers that have given up will write their use again.
        updates.retain(|update| !update.response.is_closed());
        let Some(client) = client.upgrade() else {
            return;
        };
        if updates.is_empty() {
            continue;
        }
        let written: Result<Vec<bool>, _> = client.run_pipeline(&batch(&scripts, &updates)).await;
        for (index, update) in updates.drain(..).enumerate() {
            let written = match &written {
                Ok(written) => written
                    .get(index)
                    .copied()
                    .ok_or_else(|| redis_error("no answer")),
                Err(error) => Err(error.clone()),
            };
            // The caller may have given up.
            drop(update.response.send(written));
        }
    }
}

/// Returns the commands of all uses, preceded by commands that load the scripts: the server may have lost
/// them, and a pipeline is not sent again for that.
fn batch(scripts: &Scripts, updates: &[LastUsedUpdate]) -> Pipeline {
    let mut pipeline = scripts.load();
    for update in updates {
        let last = update.commands.len().saturating_sub(1);
        for (index, command) in update.commands.iter().enumerate() {
            pipeline.add_command(command.clone());
            if index < last {
                pipeline.ignore();
            }
        }
    }
    pipeline
}
