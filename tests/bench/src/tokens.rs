//! Issues hundreds of thousands of tokens without a login.

mod noted;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_core::{
    Auth, AuthComponents, PasswordSettings, Passwords, Pepper, Peppers, Purpose, Realm, SecondUse,
    SystemClock, Terms, TokenDigest,
};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_redis::{RedisSettings, RedisStore};
use isogloss_testkit::Gateway;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;

pub(crate) use self::noted::issue_noted;

/// The user of these tokens.
const USER: &str = "sample";
pub(crate) const LIFE: Duration = Duration::from_hours(8);
/// Concurrent writes.
const AT_ONCE: usize = 64;
/// Limits so high that no token ends because there are too many.
pub(crate) const CAPS: SessionLimits = SessionLimits {
    per_user: usize::MAX,
    per_client: usize::MAX,
    one_time_per_user: usize::MAX,
};

use crate::gateways::pepper;

/// Issues BIMplus tokens of one user in the Redis of a gateway.
pub(crate) fn issue(gateway: &Gateway, redis: &str, many: usize) -> Result<Vec<String>> {
    let place = Place::of(gateway);
    Runtime::new()?.block_on(async { place.issue(store_at(redis)?, many).await })
}

/// Stores records of users that do not exist, five for each. They are not valid, but take memory.
pub(crate) fn put_for_many(gateway: &Gateway, redis: &str, many: usize) -> Result<()> {
    const EACH: usize = 5;
    let place = Place::of(gateway);
    Runtime::new()?.block_on(async {
        let store = store_at(redis)?;
        place.issue(store.clone(), 1).await?;
        let user = place.auth(store.clone()).await?.find(USER).await?;
        let user = user.context("the demo has no such user")?;
        let issued = store.list_by_user(user.id).await?.pop();
        let (_, record) = issued.context("a token that was just issued")?;
        store.remove_user(user.id).await?;
        let mut putting = JoinSet::new();
        for part in 0..AT_ONCE {
            let (store, mut record) = (store.clone(), record.clone());
            putting.spawn(async move {
                for number in 0..(part..many).step_by(AT_ONCE).count() {
                    if number % EACH == 0 {
                        record.user = Uuid::new_v4();
                    }
                    let digest = TokenDigest::from(Uuid::new_v4().into_bytes());
                    store.put(digest, &record, record.issued_at).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(part) = putting.join_next().await {
            part??;
        }
        Ok(())
    })
}

fn store_at(redis: &str) -> Result<Arc<RedisStore>> {
    let settings = RedisSettings::at(redis.to_owned());
    Ok(Arc::new(RedisStore::new(&settings, CAPS)?))
}

/// Where a gateway has its users and its pepper.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) pepper: PathBuf,
}

impl Place {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        Self {
            directory: gateway.folder().join("directory.db"),
            pepper: pepper(),
        }
    }

    /// Issues tokens in a store, which the gateway accepts.
    pub(crate) async fn issue(
        &self,
        store: Arc<dyn TokenStore>,
        many: usize,
    ) -> Result<Vec<String>> {
        let auth = self.auth(store).await?;
        let user = auth
            .find(USER)
            .await?
            .context("the demo has no such user")?;
        let mut issuing = JoinSet::new();
        for part in 0..AT_ONCE {
            let (auth, user) = (auth.clone(), user.clone());
            issuing.spawn(async move {
                let mut tokens = Vec::new();
                for _ in (part..many).step_by(AT_ONCE) {
                    let terms = terms();
                    let issued = auth.issue(Realm::new("bimplus"), &user, terms).await?;
                    tokens.push(issued.token.hex());
                }
                anyhow::Ok(tokens)
            });
        }
        let mut tokens = Vec::with_capacity(many);
        while let Some(part) = issuing.join_next().await {
            tokens.extend(part??);
        }
        Ok(tokens)
    }

    async fn auth(&self, tokens: Arc<dyn TokenStore>) -> Result<Auth> {
        let directory = SqliteDirectory::open(&self.directory).await?;
        let pepper = fs::read_to_string(&self.pepper)?;
        let current = Pepper::new(pepper.trim().as_bytes()).context("the pepper")?;
        Ok(Auth::new(AuthComponents {
            directory: Arc::new(directory),
            tokens,
            passwords: Passwords::start(PasswordSettings::default())?,
            peppers: Peppers {
                current,
                previous: None,
            },
            second_use: SecondUse::Refuse,
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: Arc::new(SystemClock),
        }))
    }
}

/// Returns the terms of a BIMplus session.
fn terms() -> Terms {
    Terms {
        client: Some("0864b512-1776-4a55-8ee5-2b19d7d9b7ea".to_owned()),
        application: Some("0106c8ba-ad46-7c08-e26f-026852cb7525".to_owned()),
        ..Terms::new(Purpose::Access, LIFE)
    }
}
