//! Every section but the dialects, with its defaults.

use std::collections::BTreeMap;
use std::path::Path;

use ::config::{Map, Value};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::account::Account;
use super::audit::Audit;
use super::authorities::{self, ConfiguredAuthority};
use super::directory::Directory;
use super::error::{self, ConfigError};
use super::forward_auth::ForwardAuth;
use super::introspection::Introspection;
use super::jwt::Jwt;
use super::logging::Logging;
use super::mail::Mail;
use super::passwords::Passwords;
use super::paths;
use super::refusals::Refusals;
use super::server::{Management, Server};
use super::sunset::{self, Sunset};
use super::throttle::Throttle;
use super::tokens::Tokens;
use super::tracing::Tracing;
use super::usage::Usage;

/// The names of all sections.
pub(super) const NAMES: [&str; 19] = [
    "server",
    "management",
    "tokens",
    "directory",
    "authorities",
    "passwords",
    "throttle",
    "mail",
    "account",
    "audit",
    "jwt",
    "forward_auth",
    "introspection",
    "usage",
    "refusals",
    "sunset",
    "logging",
    "tracing",
    "dialects",
];

/// Every section but the dialects.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Sections {
    /// The public listener.
    pub server: Server,
    /// The management listener.
    pub management: Management,
    /// The token store.
    pub tokens: Tokens,
    /// The directory of users.
    pub directory: Directory,
    /// Other systems that judge passwords, such as LDAP servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorities: Vec<ConfiguredAuthority>,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// Limits for guessing passwords.
    pub throttle: Throttle,
    /// How e-mails are sent.
    pub mail: Mail,
    /// The page on which people set their passwords.
    pub account: Account,
    /// The audit log.
    pub audit: Audit,
    /// JWTs for services.
    pub jwt: Jwt,
    /// Headers for applications that read the user from a header of their own.
    pub forward_auth: ForwardAuth,
    /// What services learn about tokens.
    pub introspection: Introspection,
    /// Counts which clients use each dialect.
    pub usage: Usage,
    /// Refused requests with their true causes.
    pub refusals: Refusals,
    /// How dialects are retired, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sunset: BTreeMap<String, Sunset>,
    /// Log messages.
    pub logging: Logging,
    /// Where traces are sent.
    pub tracing: Tracing,
}

impl Sections {
    /// Converts the tables of all sections but `dialects`, and checks them. Fails if a section is unknown or
    /// invalid.
    pub(super) fn read(mut tables: Map<String, Value>, folder: &Path) -> Result<Self, ConfigError> {
        let mut sections = Self {
            server: section(&mut tables, "server")?,
            management: section(&mut tables, "management")?,
            tokens: section(&mut tables, "tokens")?,
            directory: section(&mut tables, "directory")?,
            authorities: authorities::read(tables.remove("authorities"))?,
            passwords: section(&mut tables, "passwords")?,
            throttle: section(&mut tables, "throttle")?,
            mail: section(&mut tables, "mail")?,
            account: section(&mut tables, "account")?,
            audit: section(&mut tables, "audit")?,
            jwt: section(&mut tables, "jwt")?,
            forward_auth: section(&mut tables, "forward_auth")?,
            introspection: section(&mut tables, "introspection")?,
            usage: section(&mut tables, "usage")?,
            refusals: section(&mut tables, "refusals")?,
            sunset: sunset::read(tables.remove("sunset"))?,
            logging: section(&mut tables, "logging")?,
            tracing: section(&mut tables, "tracing")?,
        };
        if let Some(unknown) = tables.into_keys().next() {
            let reason = format!("no such section, expected one of {}", NAMES.join(", "));
            return Err(ConfigError::new(unknown, reason));
        }
        paths::resolve_defaults(&mut sections, folder)?;
        sections.check()
    }

    /// Returns the sections unchanged. Fails with the error of the first section that is invalid.
    fn check(self) -> Result<Self, ConfigError> {
        self.server.check()?;
        self.management.check()?;
        self.tokens.check()?;
        self.directory.check()?;
        self.mail.check()?;
        self.account.check()?;
        self.jwt.check()?;
        self.forward_auth.check(&self.jwt)?;
        self.introspection.check(&self.jwt, &self.management)?;
        self.logging.check()?;
        self.tracing.check()?;
        Ok(self)
    }
}

/// Removes a section from `tables` and returns its settings, or the defaults if it is missing. Fails if it is
/// invalid.
fn section<S: DeserializeOwned + Default>(
    tables: &mut Map<String, Value>,
    name: &str,
) -> Result<S, ConfigError> {
    match tables.remove(name) {
        None => Ok(S::default()),
        Some(value) => error::deserialize(name, value),
    }
}
