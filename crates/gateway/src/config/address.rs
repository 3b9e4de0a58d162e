//! Where token store and directory are, read from their addresses.

use std::path::{Path, PathBuf};

use isogloss_core::directory::PostgresDirectory;
use isogloss_core::store::{RedisSettings, RedisStore};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::directory::Directory;
use super::mail::Mail;
use super::problem::Problem;
use super::tokens::Tokens;
use crate::cli::Database;

/// Where tokens live.
pub(crate) enum TokenStoreAddress {
    /// In this process.
    Memory,
    /// In a file.
    Embedded(PathBuf),
    /// In Redis.
    Redis(SecretString),
}

impl TokenStoreAddress {
    /// Reads `tokens.store`, or the file named in its place.
    pub(crate) fn of(tokens: &Tokens) -> Result<Self, Problem> {
        let store = read("tokens.store", &tokens.store, tokens.store_file.as_deref())?;
        match store.expose_secret().split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("embedded", path)) if !path.is_empty() => Ok(Self::Embedded(path.into())),
            _ if RedisStore::accepts(store.expose_secret()) => Ok(Self::Redis(store)),
            _ => Err(Problem::new(
                "tokens.store",
                format!(
                    "expected memory:, embedded:PATH, {}",
                    RedisSettings::EXPECTED
                ),
            )),
        }
    }
}

/// Where the directory is.
pub(crate) enum DirectoryAddress {
    /// In a SQLite file.
    Sqlite(PathBuf),
    /// At a PostgreSQL server.
    Postgres(SecretString),
}

impl DirectoryAddress {
    /// What kind of database it is.
    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(_) => Database::Sqlite,
            Self::Postgres(_) => Database::Postgres,
        }
    }

    /// Reads `directory.url`, or the file named in its place.
    pub(crate) fn of(directory: &Directory) -> Result<Self, Problem> {
        let url = read(
            "directory.url",
            &directory.url,
            directory.url_file.as_deref(),
        )?;
        match url.expose_secret().split_once(':') {
            Some(("sqlite", path)) if !matches!(path, "" | "//") => {
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            Some(("postgres" | "postgresql", _)) => {
                let ca_file = directory.ca_file.as_deref();
                PostgresDirectory::check(url.expose_secret(), ca_file)
                    .map_err(|error| Problem::new("directory.url", error))?;
                Ok(Self::Postgres(url))
            }
            _ => Err(Problem::new(
                "directory.url",
                "expected sqlite:PATH or postgres://[user:password@]host[:port]/database[?sslmode=verify-full]",
            )),
        }
    }
}

/// What sends letters.
pub(crate) enum MailAddress {
    /// Nothing does.
    Nowhere,
    /// They are put into a folder.
    Folder(PathBuf),
    /// A mail server does.
    Smtp(SecretString),
}

impl MailAddress {
    /// Reads `mail.transport`, or the file named in its place.
    pub(crate) fn of(mail: &Mail) -> Result<Self, Problem> {
        let transport = read(
            "mail.transport",
            &mail.transport,
            mail.transport_file.as_deref(),
        )?;
        match transport.expose_secret().split_once(':') {
            None if transport.expose_secret() == "none" => Ok(Self::Nowhere),
            Some(("folder", path)) if !path.is_empty() => Ok(Self::Folder(path.into())),
            Some(("smtp" | "smtps", rest)) if rest.starts_with("//") => Ok(Self::Smtp(transport)),
            _ => Err(Problem::new(
                "mail.transport",
                "expected none, folder:PATH, or smtps://[user:password@]host[:port]",
            )),
        }
    }
}

/// An address for people to read.
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
        // It may hold one in a place where nobody looks for it.
        Err(_) => "***".to_owned(),
    }
}

fn read(key: &str, value: &SecretString, file: Option<&Path>) -> Result<SecretString, Problem> {
    match file {
        None => Ok(value.clone()),
        Some(file) => read_secret(file).map_err(|error| {
            Problem::new(
                format!("{key}_file"),
                format!("{}: {error}", file.display()),
            )
        }),
    }
}

/// Tells whether there is such a file. A folder that may not be searched is a problem, not a file that is
/// yet to be made.
pub(super) fn is_there(key: &str, file: &Path) -> Result<bool, Problem> {
    file.try_exists()
        .map_err(|error| Problem::new(key, format!("{}: {error}", file.display())))
}

/// A secret from a file of its own; the line feed at the end is no part of it.
pub(crate) fn read_secret(file: &Path) -> std::io::Result<SecretString> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}
