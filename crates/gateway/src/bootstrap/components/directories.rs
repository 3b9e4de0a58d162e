//! Opens the directory, in SQLite or PostgreSQL.

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use isogloss_core::directory::{DigestKeys, Directory};
use isogloss_core::{Peppers, SystemClock};
use isogloss_directory_sql::{
    PostgresAccess, PostgresDirectory, PostgresSettings, SqliteDirectory,
};
use secrecy::SecretString;

use super::{MissingFile, refuse_missing};
use crate::bootstrap::open_stores::{OpenResource, close_on_exit};
use crate::config::{self, DirectoryAddress, Sections};

/// Opens the directory for a command. Fails if it does not exist or cannot be opened.
pub(crate) async fn directory(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens);
    let (directory, _) =
        directory_with_cache(&sections.directory, 0, digests, MissingFile::Refuse).await?;
    Ok(directory)
}

/// Opens the directory for a command that fills it, and creates it if it is missing. Fails if it cannot be
/// opened or created.
pub(crate) async fn create_directory(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens);
    let (directory, _) =
        directory_with_cache(&sections.directory, 0, digests, MissingFile::Create).await?;
    Ok(directory)
}

/// Opens the directory for a command that only reads it. Fails if it does not exist or cannot be opened.
pub(crate) async fn directory_read_only(sections: &Sections) -> Result<Arc<dyn Directory>> {
    let digests = digest_keys(&sections.tokens).read_only();
    let (directory, _) =
        directory_with_cache(&sections.directory, 0, digests, MissingFile::Refuse).await?;
    Ok(directory)
}

/// Returns the access to the directory's digest keys: under the pepper if the command can read it, otherwise
/// without one. A command creates no pepper, and most commands need none.
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

/// Opens the directory, registers it to be closed on exit, and returns it with the access to its credentials, or
/// `None` instead of the access if the directory is SQLite. A SQLite directory gets a near cache of `users` users, or
/// none if that is zero. PostgreSQL may start later than the gateway. Fails if the settings are invalid, or a SQLite
/// file cannot be opened or is missing.
pub(super) async fn directory_with_cache(
    settings: &config::Directory,
    users: usize,
    digests: DigestKeys,
    missing: MissingFile,
) -> Result<(Arc<dyn Directory>, Option<PostgresAccess>)> {
    let (directory, access) = open_directory(settings, users, digests, missing).await?;
    close_on_exit(OpenResource::Directory(directory.clone()));
    Ok((directory, access))
}

/// Opens the directory without registering it to be closed on exit, and returns it with the access to its
/// credentials, or `None` instead of the access if the directory is SQLite. Fails if the settings are invalid, or a
/// SQLite file cannot be opened or is missing.
async fn open_directory(
    settings: &config::Directory,
    users: usize,
    digests: DigestKeys,
    missing: MissingFile,
) -> Result<(Arc<dyn Directory>, Option<PostgresAccess>)> {
    match DirectoryAddress::from_settings(settings)? {
        DirectoryAddress::Sqlite(file) => {
            let place = || format!("{}: {}", settings.url_key(), file.display());
            let directory = match missing {
                MissingFile::Create => SqliteDirectory::open(&file).await,
                MissingFile::Refuse => {
                    let maker = "isogloss serve and isogloss directory import make it";
                    refuse_missing(settings.url_key(), &file, maker)?;
                    SqliteDirectory::open_existing(&file).await
                }
            };
            let directory = directory.with_context(place)?;
            let directory = directory.with_digest_keys(digests);
            match NonZeroUsize::new(users) {
                None => Ok((Arc::new(directory), None)),
                Some(users) => {
                    let directory = directory.with_near_cache(users).await.with_context(place)?;
                    Ok((Arc::new(directory), None))
                }
            }
        }
        DirectoryAddress::Postgres(url) => {
            let directory = PostgresDirectory::new(&postgres(settings, url));
            let directory = directory.context(settings.url_key())?;
            let access = directory.access();
            Ok((Arc::new(directory.with_digest_keys(digests)), Some(access)))
        }
    }
}

/// Returns the settings for connections to the directory's PostgreSQL.
pub(crate) fn postgres(settings: &config::Directory, url: SecretString) -> PostgresSettings {
    PostgresSettings {
        url,
        connections: settings.connections.get(),
        timeout: settings.timeout,
        ca_file: settings.ca_file.clone(),
    }
}
