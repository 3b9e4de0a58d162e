//! From configuration to the parts that core is made of.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::directory::{Directory, SqliteDirectory};
use isogloss_core::store::{Caps, EmbeddedStore, RedisSettings, RedisStore, TokenStore};
use isogloss_core::throttle::{Guard, MemoryThrottle, Throttle};
use isogloss_core::{
    Auth, Parts, PasswordSettings, Passwords, Pepper, Peppers, SecondUse, SystemClock,
    create_private_file,
};
use secrecy::SecretString;
use tracing::{info, warn};

use crate::config::{self, Sections, TokenStoreAddress, directory_file};

/// Opens everything that the gateway needs.
pub(crate) async fn open(sections: &Sections) -> Result<Opened> {
    let directory = directory(&sections.directory).await?;
    let (tokens, throttle) = stores(&sections.tokens)?;
    let passwords = passwords(&sections.passwords)?;
    let limits = sections.throttle.limits();
    Ok(Opened {
        directory,
        tokens,
        passwords,
        peppers: peppers(&sections.tokens)?,
        second_use: sections.tokens.second_use,
        guard: (sections.throttle.enabled).then(|| Guard::new(throttle, limits)),
    })
}

/// The same for a command beside a gateway, if the token store is one that several processes can
/// open.
pub(crate) async fn open_shared(sections: &Sections) -> Result<Option<Opened>> {
    match TokenStoreAddress::of(&sections.tokens)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(_) => open(sections).await.map(Some),
    }
}

/// What [`open`] opened.
pub(crate) struct Opened {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) passwords: Passwords,
    pub(crate) peppers: Peppers,
    second_use: config::SecondUse,
    guard: Option<Guard>,
}

impl Opened {
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
            clock: Arc::new(SystemClock),
        })
    }
}

/// Opens the directory.
pub(crate) async fn directory(settings: &config::Directory) -> Result<Arc<dyn Directory>> {
    let file = directory_file(settings)?;
    let directory = SqliteDirectory::open(&file).await;
    let directory = directory.with_context(|| format!("directory.url: {}", file.display()));
    Ok(Arc::new(directory?))
}

/// Opens the token store, and what counts tries: on the same Redis, or in this process.
fn stores(settings: &config::Tokens) -> Result<(Arc<dyn TokenStore>, Arc<dyn Throttle>)> {
    let store = match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory => EmbeddedStore::in_memory(caps(settings))?,
        TokenStoreAddress::Embedded(file) => {
            let store = EmbeddedStore::open(&file, caps(settings));
            store.with_context(|| format!("tokens.store: {}", file.display()))?
        }
        TokenStoreAddress::Redis(url) => {
            let store = redis(settings, url)?;
            let throttle = store.throttle();
            return Ok((Arc::new(store), Arc::new(throttle)));
        }
    };
    Ok((Arc::new(store), Arc::new(MemoryThrottle::default())))
}

/// The token store, if it is one that several processes can open.
pub(crate) fn shared_tokens(settings: &config::Tokens) -> Result<Option<Arc<dyn TokenStore>>> {
    match TokenStoreAddress::of(settings)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(url) => Ok(Some(Arc::new(redis(settings, url)?))),
    }
}

fn redis(settings: &config::Tokens, url: SecretString) -> Result<RedisStore> {
    let redis = RedisSettings {
        url,
        connections: settings.redis_connections.get(),
        timeout: settings.redis_timeout,
    };
    RedisStore::new(&redis, caps(settings)).context("tokens.store")
}

fn caps(settings: &config::Tokens) -> Caps {
    Caps {
        per_user: settings.per_user.get(),
        per_client: settings.per_client.get(),
    }
}

/// Starts the hashing threads.
pub(crate) fn passwords(settings: &config::Passwords) -> Result<Passwords> {
    Ok(Passwords::start(PasswordSettings {
        bcrypt_cost: settings.bcrypt_cost,
        threads: settings.threads,
        queue: settings.queue.get(),
    })?)
}

fn peppers(settings: &config::Tokens) -> Result<Peppers> {
    Ok(Peppers {
        current: pepper(settings)?,
        previous: settings.read_previous_pepper()?,
    })
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

/// Applies the directory file of the configuration, unless this version of it was applied before:
/// what was changed since by other means stays.
pub(crate) async fn import(opened: &Opened, file: &Path) -> Result<()> {
    use isogloss_core::directory::file::{File, import};

    if file.as_os_str().is_empty() {
        return Ok(());
    }
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("directory.import: cannot read {}", file.display()))?;
    for pepper in opened.peppers.each() {
        let fingerprint = pepper.fingerprint(text.as_bytes());
        if opened.directory.was_imported(&fingerprint).await? {
            return Ok(());
        }
    }
    let fingerprint = opened.peppers.current.fingerprint(text.as_bytes());
    let parsed = File::parse(file, &text).context("directory.import")?;
    let applied = import(opened.directory.as_ref(), &opened.passwords, parsed, |_| {})
        .await
        .context("directory.import")?;
    opened.directory.note_import(&fingerprint).await?;
    info!(
        file = %file.display(),
        created = applied.created,
        updated = applied.updated,
        unchanged = applied.unchanged,
        "applied the directory file"
    );
    Ok(())
}
