//! Tokens whose end moves with use, and whose every use is recorded.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use isogloss_core::store::{Idle, Record, TokenStore as _};
use isogloss_core::{Clock as _, SystemClock};
use isogloss_store_redis::{RedisSettings, RedisStore};
use isogloss_testkit::Gateway;
use tokio::runtime::Runtime;

use super::{CAPS, Place, USER};

/// A use is recorded once half of this span has passed since the last one, so very soon. The tokens stay valid:
/// they were issued for longer, and a use never shortens a life.
const IDLE: Idle = Idle {
    span: 2,
    until: None,
};

/// Issues BIMplus tokens of one user in the Redis of a gateway on which no user has logged in.
pub(crate) fn issue_noted(gateway: &Gateway, redis: &str, many: usize) -> Result<Vec<String>> {
    let place = Place::of(gateway);
    Runtime::new()?.block_on(async {
        let settings = RedisSettings::at(redis.to_owned());
        let store = Arc::new(RedisStore::new(&settings, CAPS)?);
        let tokens = place.issue(store.clone(), many).await?;
        let auth = place.auth(store.clone()).await?;
        let user = auth.find(USER).await?.context("no such user")?;
        let now = SystemClock.now();
        for (digest, before) in store.list_by_user(user.id).await? {
            let after = Record {
                idle: Some(IDLE),
                ..before.clone()
            };
            let is_replaced = store.replace(digest, &before, &after, now).await?;
            ensure!(is_replaced, "a token was changed by another writer");
        }
        Ok(tokens)
    })
}
