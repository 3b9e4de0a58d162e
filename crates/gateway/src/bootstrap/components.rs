//! Component wiring: opens the components of `Auth`, as the configuration says.

mod access;
mod directories;
mod token_stores;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::{DigestKeys, Directory};
use isogloss_core::store::TokenStore;
use isogloss_core::throttle::{LoginThrottle, Throttle};
use isogloss_core::{Auth, AuthComponents, Peppers, SecondUse, SystemClock};
use isogloss_password::{PasswordSettings, Passwords};

pub(crate) use self::access::CredentialAccess;
use self::directories::directory_with_cache;
pub(crate) use self::directories::{create_directory, directory, directory_read_only, postgres};
use self::token_stores::{TokenStores, redis, stores};
pub(crate) use self::token_stores::{
    create_embedded_tokens, embedded_tokens, shared_stores, shared_tokens,
};
use super::{audit, authorities, secrets};
use crate::config::{self, Config, TokenStoreAddress};
use crate::dialects::Mount;

/// Effect of a missing file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MissingFile {
    /// The file is created: by `serve`, and by commands that fill a directory.
    Create,
    /// An error: a command with a wrong path must not leave an empty database there.
    Refuse,
}

/// Opens all components of the gateway, and creates missing files. Fails if one cannot be opened or created.
pub(crate) async fn open(config: &Config) -> Result<Components> {
    open_components(config, MissingFile::Create).await
}

/// Opens all components; `missing` says whether missing files are created. Fails if a component cannot be
/// opened.
async fn open_components(config: &Config, missing: MissingFile) -> Result<Components> {
    let sections = &config.sections;
    let has_long_lived_tokens = config.mounts.iter().any(Mount::has_long_lived_tokens);
    let peppers = match missing {
        MissingFile::Create => secrets::peppers(&sections.tokens)?,
        MissingFile::Refuse => secrets::existing_peppers(&sections.tokens)?,
    };
    let digests = DigestKeys::under(peppers.clone(), Arc::new(SystemClock));
    let settings = &sections.directory;
    let (directory, postgres) =
        directory_with_cache(settings, settings.near_cache, digests, missing).await?;
    let TokenStores {
        tokens,
        throttle,
        redis,
    } = stores(&sections.tokens, has_long_lived_tokens)?;
    let passwords = passwords(&sections.passwords)?;
    // The attempts that are passed on are counted even if those here are not.
    let attempts = throttle.clone();
    let authorities = match missing {
        MissingFile::Create => authorities::open(&sections.authorities, &attempts)?,
        // No command logs a user in.
        MissingFile::Refuse => Authorities::default(),
    };
    let throttle = sections.throttle.enabled.then_some(throttle);
    let limits = sections.throttle.limits();
    Ok(Components {
        directory,
        tokens,
        passwords,
        peppers,
        second_use: sections.tokens.second_use,
        login_throttle: throttle
            .clone()
            .map(|throttle| LoginThrottle::new(throttle, limits)),
        throttle,
        authorities,
        attempts,
        audit: Audit::default(),
        access: CredentialAccess { redis, postgres },
    })
}

/// Opens all components for a command that runs next to a gateway. Returns `None` if only one process can open
/// the token store. Fails if a component cannot be opened.
pub(crate) async fn open_shared(config: &Config) -> Result<Option<Components>> {
    match TokenStoreAddress::from_settings(&config.sections.tokens)? {
        TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_) => Ok(None),
        TokenStoreAddress::Redis(_) => {
            let mut opened = open_components(config, MissingFile::Refuse).await?;
            opened.audit = audit::open_for_command(&config.sections.audit, &opened.directory)?;
            Ok(Some(opened))
        }
    }
}

/// The components that [`open`] opened.
pub(crate) struct Components {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) passwords: Passwords,
    pub(crate) peppers: Peppers,
    /// Records nothing until it is replaced.
    pub(crate) audit: Audit,
    pub(crate) access: CredentialAccess,
    /// Counts attempts; `None` if `throttle.enabled` is off.
    pub(crate) throttle: Option<Arc<dyn Throttle>>,
    /// Counts the passwords that are passed on to authorities.
    pub(crate) attempts: Arc<dyn Throttle>,
    /// Judge the passwords of their users.
    pub(crate) authorities: Authorities,
    second_use: config::SecondUse,
    login_throttle: Option<LoginThrottle>,
}

impl Components {
    /// Builds [`Auth`] from the components.
    pub(crate) fn into_auth(self) -> Auth {
        Auth::new(AuthComponents {
            directory: self.directory,
            tokens: self.tokens,
            passwords: self.passwords,
            peppers: self.peppers,
            second_use: match self.second_use {
                config::SecondUse::Refuse => SecondUse::Refuse,
                config::SecondUse::EndSession => SecondUse::EndSession,
            },
            throttle: self.login_throttle,
            authorities: self.authorities,
            audit: self.audit,
            clock: Arc::new(SystemClock),
        })
    }
}

/// Starts the hashing threads, and returns their pool. Fails if a thread cannot be started.
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

/// Fails if the file that the setting `key` names does not exist, or cannot be looked up. `maker` names the
/// command that creates it.
fn refuse_missing(key: &str, file: &Path, maker: &str) -> Result<()> {
    let is_there = file.try_exists();
    if is_there.with_context(|| format!("{key}: {}", file.display()))? {
        Ok(())
    } else {
        bail!(secrets::missing(key, file, maker))
    }
}
