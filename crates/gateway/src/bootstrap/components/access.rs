//! Replaces the credentials of Redis and PostgreSQL at run time.

use anyhow::{Context as _, Result};
use isogloss_core::AccessChange;
use isogloss_directory_sql::PostgresAccess;
use isogloss_store_redis::RedisAccess;

use super::{postgres, redis};
use crate::config::{self, DirectoryAddress, TokenStoreAddress};

/// Access to the credentials of the stores that are servers.
#[derive(Clone)]
pub(crate) struct CredentialAccess {
    pub(super) redis: Option<RedisAccess>,
    pub(super) postgres: Option<PostgresAccess>,
}

impl CredentialAccess {
    /// Uses the credentials and certificate authorities of `settings` for Redis from now on. Returns whether
    /// that was possible, or needs a restart. Fails if the settings are invalid or the server does not accept
    /// them.
    pub(crate) async fn replace_tokens(&self, settings: &config::Tokens) -> Result<AccessChange> {
        match (&self.redis, TokenStoreAddress::from_settings(settings)?) {
            (Some(access), TokenStoreAddress::Redis(url)) => {
                let change = access.replace(&redis(settings, url, false)?).await;
                change.context("tokens.store")
            }
            _ => Ok(AccessChange::NeedsRestart),
        }
    }

    /// Uses the credentials and certificate authorities of `settings` for PostgreSQL from now on. Returns
    /// whether that was possible, or needs a restart. Fails if the settings are invalid or the server does not
    /// accept them.
    pub(crate) async fn replace_directory(
        &self,
        settings: &config::Directory,
    ) -> Result<AccessChange> {
        match (&self.postgres, DirectoryAddress::from_settings(settings)?) {
            (Some(access), DirectoryAddress::Postgres(url)) => {
                let change = access.replace(&postgres(settings, url)).await;
                change.context("directory.url")
            }
            _ => Ok(AccessChange::NeedsRestart),
        }
    }
}
