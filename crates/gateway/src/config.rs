//! The configuration: files in TOML, then the environment, then checks.

mod account;
mod audit;
mod authorities;
mod back_end;
mod backend_url;
mod base_url;
mod bounds;
mod dialects;
mod diff;
mod directory;
mod environment;
mod error;
mod file;
mod file_digests;
mod forward_auth;
mod introspection;
mod jwt;
mod key;
mod layers;
mod legacy_path;
mod log_target;
mod logging;
mod mail;
mod metadata_paths;
mod passwords;
mod paths;
mod redact;
mod reference;
mod refusals;
mod renamed_keys;
mod schema;
mod secret_file;
mod sections;
mod server;
mod smtp;
mod sunset;
mod throttle;
mod tls;
mod tokens;
mod tracing;
mod unrecognized_variables;
mod usage;

use std::path::{Path, PathBuf};

use ::config::{Map, Value};

pub use self::account::Account;
pub use self::audit::Audit;
pub use self::authorities::{
    AuthorityKind, ConfiguredAuthority, GroupEntry, HttpTable, LdapAttributes, LdapPreset,
    LdapScope, LdapTable, LinkBy, NewUsers, OidcClaims, OidcTable, PasswordOwner, RoleEntry,
};
pub(crate) use self::back_end::KEYS as BACK_END_KEYS;
pub use self::back_end::{BackEndAuth, BackEndSettings, ProxySettings, TokenForwarding};
pub(crate) use self::backend_url::{Database, DirectoryAddress, MailAddress, TokenStoreAddress};
pub(crate) use self::base_url::{BaseUrl, InvalidBaseUrl};
pub use self::directory::Directory;
pub use self::error::ConfigError;
use self::error::KeyLocations;
pub(crate) use self::file_digests::{AUTHORITIES, FileDigests};
pub use self::forward_auth::{ForwardAuth, HeaderClaim, ValueEncoding};
pub use self::introspection::{Introspection, RoleScopes};
pub(crate) use self::jwt::JwtSecrets;
pub use self::jwt::{Jwt, JwtAlgorithm};
use self::layers::Merged;
pub use self::log_target::LogTarget;
pub use self::logging::{AccessFormat, LogFormat, Logging};
pub use self::mail::Mail;
pub(crate) use self::metadata_paths::MetadataPaths;
pub use self::passwords::Passwords;
pub(crate) use self::reference::reference;
pub use self::refusals::Refusals;
pub(crate) use self::schema::schema;
pub(crate) use self::secret_file::read_secret;
pub use self::sections::Sections;
pub use self::server::{Management, ProxyHeader, Server};
pub use self::sunset::{AfterSunset, BlockedClient, BrownoutWindow, Sunset, Timestamp};
pub use self::throttle::Throttle;
pub(crate) use self::tls::KeyMaterial;
pub use self::tls::Tls;
pub use self::tokens::{RedisEviction, SecondUse, Tokens};
pub use self::tracing::Tracing;
pub(crate) use self::unrecognized_variables::unrecognized_variables;
pub use self::usage::Usage;
use crate::dialects::Mount;

/// A checked configuration.
#[derive(Clone)]
pub struct Config {
    /// Everything but the dialects.
    pub sections: Sections,
    /// The dialects that are switched on, the longest path first.
    pub mounts: Vec<Mount>,
}

impl Config {
    /// Reads the files in order, then the environment; later values win.
    ///
    /// # Errors
    /// A file cannot be read, or a key or value is invalid. The error names the key, its file, and what was
    /// expected.
    pub fn load(files: &[PathBuf]) -> Result<Self, ConfigError> {
        let Merged { tables, folder, .. } = Merged::read(files)?;
        Self::check(tables, &folder)
    }

    /// Checks the merged tables of all layers, whose default paths are below `folder`, and returns the
    /// configuration. Fails with the location of the invalid key.
    fn check(tables: Map<String, Value>, folder: &Path) -> Result<Self, ConfigError> {
        let locations = KeyLocations::from_tables(&tables);
        Self::read(tables, folder).map_err(|problem| problem.with_location(&locations))
    }

    /// Converts the merged tables to a configuration. Fails if a key or value is invalid.
    fn read(mut tables: Map<String, Value>, folder: &Path) -> Result<Self, ConfigError> {
        bounds::check(&tables)?;
        let tables_of_dialects = match tables.remove("dialects") {
            Some(value) => value
                .into_table()
                .map_err(|error| ConfigError::from_library("dialects", error))?,
            None => Map::new(),
        };
        let sections = Sections::read(tables, folder)?;
        let mounts = dialects::read(tables_of_dialects, &sections.jwt)?;
        sections.introspection.check_paths(&sections.jwt, &mounts)?;
        account::check_path(&sections, &mounts)?;
        Ok(Self { sections, mounts })
    }

    /// Returns the effective configuration as TOML, with secrets masked.
    ///
    /// # Errors
    /// Never in practice: every setting can be written as TOML.
    pub fn show(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::try_from(&self.sections)?;
        let mut dialects = toml::Table::new();
        for mount in &self.mounts {
            let mut settings = toml::Table::from_iter([
                ("enabled".to_owned(), true.into()),
                ("path".to_owned(), mount.path.clone().into()),
            ]);
            settings.extend(toml::Table::try_from(&**mount.back_end())?);
            settings.extend(toml::Table::try_from(&mount.settings)?);
            dialects.insert(mount.name.to_owned(), settings.into());
        }
        table.insert("dialects".to_owned(), dialects.into());
        toml::to_string(&table)
    }
}

#[cfg(test)]
mod tests;
