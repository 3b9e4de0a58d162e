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
use crate::error::failed;
use crate::redis_client::Link;
use crate::scripts::Scripts;

/// The queue of token uses to write.
pub(crate) struct Touches {
    queue: mpsc::Sender<Touch>,
    patience: Duration,
}

/// A token use to write.
struct Touch {
    /// The last of them returns whether the use was written.
    commands: Vec<Cmd>,
    answer: oneshot::Sender<Result<bool, StoreError>>,
}

impl Touches {
    /// Starts to write up to `most` uses at a time, for as long as the link exists. A caller waits at most
    /// `patience`.
    pub(crate) fn start(
        link: &Arc<Link>,
        scripts: &Arc<Scripts>,
        (most, patience): (NonZeroUsize, Duration),
    ) -> Self {
        let (queue, touches) = mpsc::channel(most.get());
        let noting = note_all(Arc::downgrade(link), Arc::clone(scripts), most, touches);
        link.access().dialer.runtime().spawn(noting);
        Self { queue, patience }
    }

    /// Returns the response of the last command. The commands are scripts, called by their digests.
    async fn note(&self, link: &Link, commands: Vec<Cmd>) -> Result<bool, StoreError> {
        let (answer, noted) = oneshot::channel();
        let noting = async {
            let touch = Touch { commands, answer };
            self.queue.send(touch).await.map_err(failed)?;
            noted.await.map_err(failed)?
        };
        let in_time = timeout(self.patience, noting).await;
        in_time.map_err(|_| link.no_answer())?
    }
}

impl RedisStore {
    /// Replaces the record of a used token if it has not changed, and lists the token again if its expiry has
    /// moved. Returns whether the record was replaced. If a response got lost, this may be `false` although it
    /// was.
    pub(crate) async fn note_use(
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
        if let Some(touches) = &self.touches {
            let commands = lists.iter().chain([&replace]).map(Cmd::invoke_script);
            return touches.note(&self.link, commands.collect()).await;
        }
        for list in &lists {
            let _: usize = self.link.script(list).await?;
        }
        self.link.script(&replace).await
    }
}

async fn note_all(
    link: Weak<Link>,
    scripts: Arc<Scripts>,
    most: NonZeroUsize,
    mut queue: mpsc::Receiver<Touch>,
) {
    let mut touches = Vec::with_capacity(most.get());
    while queue.recv_many(&mut touches, most.get()).await > 0 {
        // Callers that have given up will write their use again.
        touches.retain(|touch| !touch.answer.is_closed());
        let Some(link) = link.upgrade() else { return };
        if touches.is_empty() {
            continue;
        }
        let noted: Result<Vec<bool>, _> = link.pipeline(&together(&scripts, &touches)).await;
        for (index, touch) in touches.drain(..).enumerate() {
            let noted = match &noted {
                Ok(noted) => noted.get(index).copied().ok_or_else(|| failed("no answer")),
                Err(error) => Err(error.clone()),
            };
            // The caller may have given up.
            drop(touch.answer.send(noted));
        }
    }
}

/// Returns the commands of all uses. Loads the scripts first: the server may have lost them, and a pipeline is
/// not sent again for that.
fn together(scripts: &Scripts, touches: &[Touch]) -> Pipeline {
    let mut pipeline = scripts.load();
    for touch in touches {
        let last = touch.commands.len().saturating_sub(1);
        for (index, command) in touch.commands.iter().enumerate() {
            pipeline.add_command(command.clone());
            if index < last {
                pipeline.ignore();
            }
        }
    }
    pipeline
}
