//! From configuration to the parts that core is made of.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::directory::{Directory, PostgresDirectory, PostgresSettings, SqliteDirectory};
use isogloss_core::store::{EmbeddedStore, RedisSettings, RedisStore, TokenStore};
use isogloss_core::{
    Auth, Parts, PasswordSettings, Passwords, Pepper, SystemClock, create_private_file,
};
use secrecy::SecretString;
use tracing::warn;

use crate::config::{self, DirectoryAddress, Sections, TokenStoreAddress};

/// Opens everything that the gateway needs.
pub(crate) async fn open(sections: &Sections) -> Result<Opened> {
    let directory = directory(&sections.directory).await?;
    let tokens = tokens(&sections.tokens)?;
    let passwords = passwords(&sections.passwords)?;
    let pepper = pepper(&sections.tokens)?;
    Ok(Opened {
        directory,
        tokens,
        passwords,
        pepper,
    })
}

/// What [`open`] opened.
pub(crate) struct Opened {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) passwords: Passwords,
    pub(crate) pepper: Pepper,
}

impl Opened {
    /// Puts the parts together.
    pub(crate) fn into_auth(self) -> Auth {
        Auth::new(Parts {
            directory: self.directory,
            tokens: self.tokens,
            passwords: self.passwords,
            pepper: self.pepper,
            clock: Arc::new(SystemClock),
        })
    }
}

/// Opens the directory. PostgreSQL may come up later than we do.
pub(crate) async fn directory(settings: &config::Directory) -> Result<Arc<dyn Directory>> {
    match DirectoryAddress::of(settings)? {
        DirectoryAddress::Sqlite(file) => {
            let directory = SqliteDirectory::open(&file).await;
            let directory = directory.with_context(|| format!("directory.url: {}", file.display()));
            Ok(Arc::new(directory?))
        }
        DirectoryAddress::Postgres(url) => {
            let postgres = PostgresSettings {
                url,
                connections: settings.connections.get(),
                timeout: settings.timeout,
                ca_file: settings.ca_file.clone(),
            };
            let directory = PostgresDirectory::new(&postgres);
            Ok(Arc::new(directory.context("directory.url")?))
        }
    }
}

/// Opens the token store.
fn tokens(settings: &config::Tokens) -> Result<Arc<dyn TokenStore>> {
    let per_user = settings.per_user.get();
    match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory => Ok(Arc::new(EmbeddedStore::in_memory(per_user)?)),
        TokenStoreAddress::Embedded(file) => {
            let store = EmbeddedStore::open(&file, per_user);
            let store = store.with_context(|| format!("tokens.store: {}", file.display()));
            Ok(Arc::new(store?))
        }
        TokenStoreAddress::Redis(url) => redis(settings, url),
    }
}

/// The token store, if it is one that several processes can open.
pub(crate) fn shared_tokens(settings: &config::Tokens) -> Result<Option<Arc<dyn TokenStore>>> {
    match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(url) => redis(settings, url).map(Some),
    }
}

fn redis(settings: &config::Tokens, url: SecretString) -> Result<Arc<dyn TokenStore>> {
    let redis = RedisSettings {
        url,
        connections: settings.redis_connections.get(),
        timeout: settings.redis_timeout,
    };
    let store = RedisStore::new(&redis, settings.per_user.get());
    Ok(Arc::new(store.context("tokens.store")?))
}

/// Starts the hashing threads.
pub(crate) fn passwords(settings: &config::Passwords) -> Result<Passwords> {
    Ok(Passwords::start(PasswordSettings {
        bcrypt_cost: settings.bcrypt_cost,
        threads: settings.threads,
        queue: settings.queue.get(),
    })?)
}

/// The pepper of the configuration, or of its file, which is made if it is missing.
fn pepper(settings: &config::Tokens) -> Result<Pepper> {
    match settings.read_pepper()? {
        Some(pepper) => Ok(pepper),
        None => make_pepper(&settings.pepper_file),
    }
}

fn make_pepper(path: &Path) -> Result<Pepper> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("no random numbers")?;
    let pepper = hex::encode(bytes);
    let write = || match create_private_file(path)? {
        Some(mut file) => {
            file.write_all(pepper.as_bytes())?;
            file.sync_all()
        }
        None => Err(std::io::ErrorKind::AlreadyExists.into()),
    };
    write().with_context(|| format!("cannot write the pepper to {}", path.display()))?;
    warn!(
        file = %path.display(),
        "made a pepper: keep this file, and give it to every gateway of the same token store"
    );
    Pepper::new(pepper.as_bytes()).context("the pepper is too short")
}
