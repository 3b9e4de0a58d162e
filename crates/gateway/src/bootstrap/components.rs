//! From configuration to the parts that core is made of.

mod access;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use isogloss_core::audit::Audit;
use isogloss_core::directory::{
    DigestKeys, Directory, PostgresAccess, PostgresDirectory, PostgresSettings, SqliteDirectory,
};
use isogloss_core::store::{Caps, TokenStore};
use isogloss_core::throttle::{Guard, MemoryThrottle, Throttle};
use isogloss_core::{Auth, Parts, PasswordSettings, Passwords, Peppers, SecondUse, SystemClock};
use isogloss_store_embedded::EmbeddedStore;
use isogloss_store_redis::{Eviction, RedisAccess, RedisSettings, RedisStore};
use secrecy::SecretString;

pub(crate) use self::access::Access;
use super::open_stores::{Open, close_at_the_end};
use super::{audit, secrets};
use crate::config::{self, Config, DirectoryAddress, RedisEviction, Sections, TokenStoreAddress};
use crate::dialects::Mount;

/// What becomes of a file that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// It is made: by `serve` and by commands that fill a directory.
    Make,
    /// It is an error: a command that looks into the wrong place must not leave an empty database there.
    Refuse,
}

/// Opens everything that the gateway needs, and makes what is missing.
pub(crate) async fn open(config: &Config) -> Result<Components> {
    open_parts(config, Absent::Make).await
}

async fn open_parts(config: &Config, absent: Absent) -> Result<Components> {
    let sections = &config.sections;
    let remembers = config.mounts.iter().any(Mount::remembers);
    let peppers = match absent {
        Absent::Make => secrets::peppers(&sections.tokens)?,
        Absent::Refuse => secrets::existing_peppers(&sections.tokens)?,
    };
    let digests = DigestKeys::under(peppers.clone(), Arc::new(SystemClock));
    let settings = &sections.directory;
    let (directory, postgres) =
        directory_keeping(settings, settings.near_cache, digests, absent).await?;
    let Stores {
        tokens,
        throttle,
        redis,
    } = stores(&sections.tokens, remembers)?;
    let passwords = passwords(&sections.passwords)?;
    let throttle = sections.throttle.enabled.then_some(throttle);
    let limits = sections.throttle.limits();
    Ok(Components {
        directory,
        tokens,
        passwords,
        peppers,
        second_use: sections.tokens.second_use,
        guard: throttle
            .clone()
            .map(|throttle| Guard::new(throttle, limits)),
        throttle,
        audit: Audit::default(),
        access: Access { redis, postgres },
    })
}

/// The same for a command beside a gateway, if the token store is one that several processes can
/// open.
pub(crate) async fn open_shared(config: &Config) -> Result<Option<Components>> {
    match TokenStoreAddress::of(&config.sections.tokens)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(_) => {
            let mut opened = open_parts(config, Absent::Refuse).await?;
            opened.audit = audit::open_beside(&config.sections.audit, &opened.directory)?;
            Ok(Some(opened))
        }
    }
}

/// What [`open`] opened.
pub(crate) struct Components {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) passwords: Passwords,
    pub(crate) peppers: Peppers,
    /// Nowhere, until it is said.
    pub(crate) audit: Audit,
    pub(crate) access: Access,
    /// What counts tries, if anything does.
    pub(crate) throttle: Option<Arc<dyn Throttle>>,
    second_use: config::SecondUse,
    guard: Option<Guard>,
}

impl Components {
    /// Puts the parts together.
    pub(crate) fn into_auth(self) -> Auth {
        Auth::new(Parts {
            directory: self.directory,
            tokens: self.tokens,
            passwords: self.passwords,
            peppers: self.peppers,
            second_use: match self.second_use {
                config::SecondUse::Refuse => SecondUse::Refuse,
                config::SecondUse::EndSession => SecondUse::EndSession,
            },
            guard: self.guard,
            audit: self.audit,
            clock: Arc::new(SystemClock),
        })
    }
}

/// Opens the directory for a command. It must be there.
pub(crate) async fn directory(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens);
    let (directory, _) = directory_keeping(&sections.directory, 0, digests, Absent::Refuse).await?;
    Ok(directory)
}

/// Opens the directory for a command that fills it, and makes it if it is missing.
pub(crate) async fn directory_to_fill(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens);
    let (directory, _) = directory_keeping(&sections.directory, 0, digests, Absent::Make).await?;
    Ok(directory)
}

/// Opens the directory for a command that only looks.
pub(crate) async fn directory_to_look_at(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens).read_only();
    let (directory, _) = directory_keeping(&sections.directory, 0, digests, Absent::Refuse).await?;
    Ok(directory)
}

/// What opens the directory's digest keys, as far as a command knows the pepper: it makes none, and most
/// do without.
fn digest_keys(settings: &config::Tokens) -> DigestKeys {
    let clock = Arc::new(SystemClock);
    match settings.read_pepper() {
        Ok(Some(current)) => {
            let previous = settings.read_previous_pepper().ok().flatten();
            DigestKeys::under(Peppers { current, previous }, clock)
        }
        Ok(None) | Err(_) => DigestKeys::without_pepper(clock),
    }
}

/// Opens the directory, and keeps so many users near. PostgreSQL may come up later than we do.
async fn directory_keeping(
    settings: &config::Directory,
    users: usize,
    digests: DigestKeys,
    absent: Absent,
) -> Result<(Arc<dyn Directory>, Option<PostgresAccess>)> {
    let (directory, access) = open_directory(settings, users, digests, absent).await?;
    close_at_the_end(Open::Directory(directory.clone()));
    Ok((directory, access))
}

async fn open_directory(
    settings: &config::Directory,
    users: usize,
    digests: DigestKeys,
    absent: Absent,
) -> Result<(Arc<dyn Directory>, Option<PostgresAccess>)> {
    match DirectoryAddress::of(settings)? {
        DirectoryAddress::Sqlite(file) => {
            let place = || format!("{}: {}", settings.url_key(), file.display());
            let directory = match absent {
                Absent::Make => SqliteDirectory::open(&file).await,
                Absent::Refuse => {
                    let maker = "isogloss serve and isogloss directory import make it";
                    refuse_missing(settings.url_key(), &file, maker)?;
                    SqliteDirectory::open_existing(&file).await
                }
            };
            let directory = directory.with_context(place)?;
            let directory = directory.digesting(digests);
            match NonZeroUsize::new(users) {
                None => Ok((Arc::new(directory), None)),
                Some(users) => {
                    let directory = directory.keeping(users).await.with_context(place)?;
                    Ok((Arc::new(directory), None))
                }
            }
        }
        DirectoryAddress::Postgres(url) => {
            let directory = PostgresDirectory::new(&postgres(settings, url));
            let directory = directory.context(settings.url_key())?;
            let access = directory.access();
            Ok((Arc::new(directory.digesting(digests)), Some(access)))
        }
    }
}

/// How the directory's PostgreSQL is reached.
pub(crate) fn postgres(settings: &config::Directory, url: SecretString) -> PostgresSettings {
    PostgresSettings {
        url,
        connections: settings.connections.get(),
        timeout: settings.timeout,
        ca_file: settings.ca_file.clone(),
    }
}

/// The token store, what counts tries, and how both enter Redis, if they do.
struct Stores {
    tokens: Arc<dyn TokenStore>,
    throttle: Arc<dyn Throttle>,
    redis: Option<RedisAccess>,
}

/// Opens the token store, and what counts tries: on the same Redis, or in this process.
fn stores(settings: &config::Tokens, remembers: bool) -> Result<Stores> {
    let store = match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory => EmbeddedStore::in_memory(caps(settings))?,
        TokenStoreAddress::Embedded(file) => {
            let store = EmbeddedStore::open(&file, caps(settings));
            store.with_context(|| format!("{}: {}", settings.store_key(), file.display()))?
        }
        TokenStoreAddress::Redis(url) => {
            let store = RedisStore::new(&redis(settings, url, remembers)?, caps(settings));
            let store = store.context(settings.store_key())?;
            let throttle = store.throttle();
            let access = store.access();
            let store = Arc::new(store);
            close_at_the_end(Open::Tokens(store.clone()));
            return Ok(Stores {
                tokens: store,
                throttle: Arc::new(throttle),
                redis: Some(access),
            });
        }
    };
    let store = Arc::new(store);
    close_at_the_end(Open::Tokens(store.clone()));
    Ok(Stores {
        tokens: store,
        throttle: Arc::new(MemoryThrottle::default()),
        redis: None,
    })
}

/// The token store, and what counts tries there, if it is one that several processes can open.
pub(crate) fn shared_stores(sections: &Sections, remembers: bool) -> Result<Option<SharedStores>> {
    let settings = &sections.tokens;
    match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(url) => {
            let redis = RedisSettings {
                near_cache: 0,
                ..redis(settings, url, remembers)?
            };
            let store = RedisStore::new(&redis, caps(settings)).context(settings.store_key())?;
            let throttle: Arc<dyn Throttle> = Arc::new(store.throttle());
            let throttle = sections.throttle.enabled.then_some(throttle);
            let store = Arc::new(store);
            close_at_the_end(Open::Tokens(store.clone()));
            Ok(Some((store, throttle)))
        }
    }
}

/// The token store, if it is one that several processes can open.
pub(crate) fn shared_tokens(sections: &Sections) -> Result<Option<Arc<dyn TokenStore>>> {
    let stores = shared_stores(sections, false)?;
    Ok(stores.map(|(tokens, _)| tokens))
}

/// Where tokens are, and what counts attempts, if anything does.
pub(crate) type SharedStores = (Arc<dyn TokenStore>, Option<Arc<dyn Throttle>>);

/// Refuses a file that is not there, which a setting names.
fn refuse_missing(key: &str, file: &Path, maker: &str) -> Result<()> {
    let is_there = file.try_exists();
    if is_there.with_context(|| format!("{key}: {}", file.display()))? {
        Ok(())
    } else {
        bail!(secrets::missing(key, file, maker))
    }
}

/// Opens the token store in that file, which must be there; `None` if another process has it open.
pub(crate) fn embedded_tokens(
    settings: &config::Tokens,
    file: &Path,
) -> Result<Option<Arc<dyn TokenStore>>> {
    refuse_missing(settings.store_key(), file, "isogloss serve makes it")?;
    embedded_tokens_to_fill(settings, file)
}

/// Opens the token store in that file for a command that fills it, and makes it if it is missing; `None` if
/// another process has it open.
pub(crate) fn embedded_tokens_to_fill(
    settings: &config::Tokens,
    file: &Path,
) -> Result<Option<Arc<dyn TokenStore>>> {
    let store = EmbeddedStore::open_unless_in_use(file, caps(settings));
    let store = store.with_context(|| format!("{}: {}", settings.store_key(), file.display()))?;
    Ok(store.map(|store| {
        let store: Arc<dyn TokenStore> = Arc::new(store);
        close_at_the_end(Open::Tokens(store.clone()));
        store
    }))
}

fn redis(settings: &config::Tokens, url: SecretString, remembers: bool) -> Result<RedisSettings> {
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
        remembers,
    })
}

fn caps(settings: &config::Tokens) -> Caps {
    Caps {
        per_user: settings.per_user.get(),
        per_client: settings.per_client.get(),
        one_time_per_user: settings.one_time_per_user.get(),
    }
}

/// Starts the hashing threads.
pub(crate) fn passwords(settings: &config::Passwords) -> Result<Passwords> {
    Ok(Passwords::start(PasswordSettings {
        bcrypt_cost: settings.bcrypt_cost,
        threads: settings.threads,
        queue: settings.queue.get(),
        queue_timeout: settings.queue_timeout,
        allow_weak: settings.allow_weak,
        low_priority: settings.low_priority,
        lanes: settings.lanes,
        account_share: settings.account_share.get(),
        source_share: settings.source_share.get(),
    })?)
}
