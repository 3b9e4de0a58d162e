//! Opens the token store and the throttle.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::store::{SessionLimits, TokenStore};
use isogloss_core::throttle::{MemoryThrottle, Throttle};
use isogloss_store_embedded::EmbeddedStore;
use isogloss_store_redis::{Eviction, RedisAccess, RedisSettings, RedisStore};
use secrecy::SecretString;

use super::refuse_missing;
use crate::bootstrap::open_stores::{OpenResource, close_on_exit};
use crate::config::{self, RedisEviction, Sections, TokenStoreAddress};

/// The token store, the throttle, and the access to the credentials of Redis if both are there.
pub(super) struct TokenStores {
    pub(super) tokens: Arc<dyn TokenStore>,
    pub(super) throttle: Arc<dyn Throttle>,
    pub(super) redis: Option<RedisAccess>,
}

/// Opens the token store, and the throttle in the same Redis or in this process. `has_long_lived_tokens` says whether
/// tokens must survive a restart of Redis. Fails if the settings are invalid or an embedded store cannot be opened.
pub(super) fn stores(
    settings: &config::Tokens,
    has_long_lived_tokens: bool,
) -> Result<TokenStores> {
    let store = match TokenStoreAddress::from_settings(settings)? {
        TokenStoreAddress::Memory => EmbeddedStore::in_memory(session_limits(settings))?,
        TokenStoreAddress::Embedded(file) => {
            let store = EmbeddedStore::open(&file, session_limits(settings));
            store.with_context(|| format!("{}: {}", settings.store_key(), file.display()))?
        }
        TokenStoreAddress::Redis(url) => {
            let store = RedisStore::new(
                &redis(settings, url, has_long_lived_tokens)?,
                session_limits(settings),
            );
            let store = store.context(settings.store_key())?;
            let throttle = store.throttle();
            let access = store.access();
            let store = Arc::new(store);
            close_on_exit(OpenResource::Tokens(store.clone()));
            return Ok(TokenStores {
                tokens: store,
                throttle: Arc::new(throttle),
                redis: Some(access),
            });
        }
    };
    let store = Arc::new(store);
    close_on_exit(OpenResource::Tokens(store.clone()));
    Ok(TokenStores {
        tokens: store,
        throttle: Arc::new(MemoryThrottle::default()),
        redis: None,
    })
}

/// Opens the token store, and the throttle in the same Redis. Returns `None` if only one process can open the
/// token store. Fails if the settings are invalid.
pub(crate) fn shared_stores(
    sections: &Sections,
    has_long_lived_tokens: bool,
) -> Result<Option<SharedStores>> {
    let settings = &sections.tokens;
    match TokenStoreAddress::from_settings(settings)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(url) => {
            let redis = RedisSettings {
                near_cache: 0,
                ..redis(settings, url, has_long_lived_tokens)?
            };
            let store =
                RedisStore::new(&redis, session_limits(settings)).context(settings.store_key())?;
            let throttle: Arc<dyn Throttle> = Arc::new(store.throttle());
            let throttle = sections.throttle.enabled.then_some(throttle);
            let store = Arc::new(store);
            close_on_exit(OpenResource::Tokens(store.clone()));
            Ok(Some((store, throttle)))
        }
    }
}

/// Opens the token store. Returns `None` if only one process can open it. Fails if the settings are invalid.
pub(crate) fn shared_tokens(sections: &Sections) -> Result<Option<Arc<dyn TokenStore>>> {
    let stores = shared_stores(sections, false)?;
    Ok(stores.map(|(tokens, _)| tokens))
}

/// A token store, and the throttle unless that is switched off.
type SharedStores = (Arc<dyn TokenStore>, Option<Arc<dyn Throttle>>);

/// Opens the token store in `file`. Returns `None` if another process has it open. Fails if the file does not
/// exist or cannot be opened.
pub(crate) fn embedded_tokens(
    settings: &config::Tokens,
    file: &Path,
) -> Result<Option<Arc<dyn TokenStore>>> {
    refuse_missing(settings.store_key(), file, "isogloss serve makes it")?;
    create_embedded_tokens(settings, file)
}

/// Opens the token store in `file` for a command that fills it, and creates it if it is missing. Returns `None`
/// if another process has it open. Fails if the file cannot be opened or created.
pub(crate) fn create_embedded_tokens(
    settings: &config::Tokens,
    file: &Path,
) -> Result<Option<Arc<dyn TokenStore>>> {
    let store = EmbeddedStore::open_unless_in_use(file, session_limits(settings));
    let store = store.with_context(|| format!("{}: {}", settings.store_key(), file.display()))?;
    Ok(store.map(|store| {
        let store: Arc<dyn TokenStore> = Arc::new(store);
        close_on_exit(OpenResource::Tokens(store.clone()));
        store
    }))
}

/// Returns the settings of the Redis client. Fails if the key prefix is invalid or the certificate file cannot
/// be read.
pub(super) fn redis(
    settings: &config::Tokens,
    url: SecretString,
    has_long_lived_tokens: bool,
) -> Result<RedisSettings> {
    Ok(RedisSettings {
        url,
        prefix: settings.key_prefix()?,
        ca: settings.read_redis_ca()?,
        connections: settings.redis_connections.get(),
        connect_timeout: settings.redis_connect_timeout,
        timeout: settings.redis_timeout,
        pool_timeout: settings.redis_pool_timeout,
        wait_replicas: settings.redis_wait_replicas,
        near_cache: settings.redis_near_cache,
        worker_connections: settings.redis_worker_connections,
        touch_batch: settings.redis_touch_batch,
        eviction: match settings.redis_eviction {
            RedisEviction::Refuse => Eviction::Refuse,
            RedisEviction::Warn => Eviction::Warn,
            RedisEviction::Ignore => Eviction::Ignore,
        },
        has_long_lived_tokens,
    })
}

fn session_limits(settings: &config::Tokens) -> SessionLimits {
    SessionLimits {
        per_user: settings.per_user.get(),
        per_client: settings.per_client.get(),
        one_time_per_user: settings.one_time_per_user.get(),
    }
}
