//! Addresses of the token store, the directory and the mail server, parsed.

use std::fmt;
use std::path::{Path, PathBuf};

use isogloss_directory_sql::PostgresDirectory;
use isogloss_store_redis::{RedisSettings, RedisStore};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::directory::Directory;
use super::error::ConfigError;
use super::mail::Mail;
use super::paths::secret_address;
use super::secret_file::read_secret;
use super::smtp::SmtpServer;
use super::tokens::Tokens;

/// The token store.
pub(crate) enum TokenStoreAddress {
    /// In this process.
    Memory,
    /// In a file.
    Embedded(PathBuf),
    /// In Redis.
    Redis(SecretString),
}

impl TokenStoreAddress {
    /// Parses `tokens.store`, or the file named in its place. Fails if it is not the address of a token store,
    /// or the file cannot be read.
    pub(crate) fn from_settings(tokens: &Tokens) -> Result<Self, ConfigError> {
        let backend_url = read_url(
            tokens.store_key(),
            &tokens.store,
            tokens.store_file.as_deref(),
        )?;
        let store = &backend_url.address;
        match store.expose_secret().split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("embedded", path)) if !path.is_empty() => Ok(Self::Embedded(path.into())),
            _ if RedisStore::accepts(store.expose_secret()) => Ok(Self::Redis(backend_url.address)),
            _ => Err(backend_url.error(format_args!(
                "expected memory:, embedded:PATH, {}",
                RedisSettings::EXPECTED
            ))),
        }
    }
}

/// Kind of the directory's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Address of the directory.
pub(crate) enum DirectoryAddress {
    /// In a SQLite file.
    Sqlite(PathBuf),
    /// At a PostgreSQL server.
    Postgres(SecretString),
}

impl DirectoryAddress {
    /// Returns the kind of the database.
    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(_) => Database::Sqlite,
            Self::Postgres(_) => Database::Postgres,
        }
    }

    /// Parses `directory.url`, or the file named in its place. Fails if it is not the address of a directory,
    /// or a file cannot be read.
    pub(crate) fn from_settings(directory: &Directory) -> Result<Self, ConfigError> {
        let backend_url = read_url(
            directory.url_key(),
            &directory.url,
            directory.url_file.as_deref(),
        )?;
        let url = &backend_url.address;
        match url.expose_secret().split_once(':') {
            Some(("sqlite", path)) if path.contains('?') || path.ends_with(":memory:") => {
                Err(backend_url.error("expected sqlite:PATH, the path of a file without parameters"))
            }
            Some(("sqlite", path)) if !matches!(path, "" | "//") => {
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            Some(("postgres" | "postgresql", _)) => {
                let ca_file = directory.ca_file.as_deref();
                PostgresDirectory::check(url.expose_secret(), ca_file)
                    .map_err(|error| backend_url.error(error))?;
                Ok(Self::Postgres(backend_url.address))
            }
            _ => Err(backend_url.error(
                "expected sqlite:PATH or postgres://[user:password@]host[:port]/database[?sslmode=verify-full]",
            )),
        }
    }
}

/// Transport of e-mails.
pub(crate) enum MailAddress {
    /// No e-mails are sent.
    Nowhere,
    /// E-mails are written to a folder.
    Folder(PathBuf),
    /// E-mails are sent to a mail server.
    Smtp(SmtpServer),
}

impl MailAddress {
    /// Parses `mail.transport`, or the file named in its place. Fails if it names no way to send e-mails, or
    /// the file cannot be read.
    pub(crate) fn from_settings(mail: &Mail) -> Result<Self, ConfigError> {
        let backend_url = read_url(
            mail.transport_key(),
            &mail.transport,
            mail.transport_file.as_deref(),
        )?;
        let transport = backend_url.address.expose_secret();
        match transport.split_once(':') {
            None if transport == "none" => Ok(Self::Nowhere),
            Some(("folder", path)) if !path.is_empty() => Ok(Self::Folder(path.into())),
            Some(("smtp" | "smtps", _)) => match SmtpServer::parse(transport) {
                Ok(server) => Ok(Self::Smtp(server)),
                Err(wrong) => Err(backend_url.error(wrong)),
            },
            _ => Err(backend_url
                .error("expected none, folder:PATH, or smtps://[user:password@]host[:port]")),
        }
    }
}

/// Returns the address for display, with its password masked.
pub(super) fn without_password(address: &SecretString) -> String {
    let text = address.expose_secret();
    match Url::parse(text) {
        // Sentinels have their password there.
        Ok(url) if url.query().is_some_and(|query| query.contains("password")) => "***".to_owned(),
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("***")) {
            Ok(()) => url.into(),
            Err(()) => "***".to_owned(),
        },
        Ok(_) => text.to_owned(),
        // The password may be in an unexpected part of the address.
        Err(_) => "***".to_owned(),
    }
}

/// An address, and the key that has it, which errors about the address name.
struct BackendUrl {
    key: &'static str,
    address: SecretString,
}

impl BackendUrl {
    /// Returns an error about the setting that has this address.
    fn error(&self, expected: impl fmt::Display) -> ConfigError {
        ConfigError::new(self.key, expected)
    }
}

/// Returns the address in `value`, or in `file` if that is given. A relative path in that file is relative to
/// its folder. Fails if the file cannot be read.
fn read_url(
    key: &'static str,
    value: &SecretString,
    file: Option<&Path>,
) -> Result<BackendUrl, ConfigError> {
    let address = match file {
        None => value.clone(),
        Some(file) => {
            let folder = file.parent().unwrap_or(file);
            secret_address(&read_secret(key, file)?, folder)
                .map_err(|reason| ConfigError::new(key, reason))?
        }
    };
    Ok(BackendUrl { key, address })
}

/// Returns whether the file exists. Fails if the path is empty, or its folder cannot be searched: such a file
/// must not be taken for a missing one.
pub(super) fn file_exists(key: &str, file: &Path) -> Result<bool, ConfigError> {
    if file.as_os_str().is_empty() {
        return Err(ConfigError::new(key, "expected the path of a file"));
    }
    file.try_exists()
        .map_err(|error| ConfigError::new(key, format!("{}: {error}", file.display())))
}
