//! What services learn about tokens, and where they find the metadata of the gateway.

use std::collections::BTreeMap;
use std::time::Duration;

use isogloss_core::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ConfigError;
use super::jwt::Jwt;
use super::metadata_paths::MetadataPaths;
use super::server::Management;
use crate::dialects::{self, Mount};

/// What services learn about tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Introspection {
    /// How long a service may use a result before it must ask again: the latest expiry that an introspection
    /// response or a JWT has. A logout counts after this time at the latest, whatever a service caches. `0s` for
    /// the token's own expiry.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"))]
    pub max_age: Duration,
    /// Whether the metadata and the keys of JWTs are also on the public listener, below `jwt.issuer`.
    pub public_metadata: bool,
    /// The scopes of a user's role, separated by spaces.
    pub scopes: RoleScopes,
    /// The scopes that tokens of a dialect have besides those of the role, by the dialect's name.
    pub dialect_scopes: BTreeMap<String, String>,
}

/// The scopes of each role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleScopes {
    /// The scopes of the role `ADMIN`.
    pub admin: String,
    /// The scopes of the role `PROJECT_MANAGER`.
    pub project_manager: String,
    /// The scopes of the role `LINGUIST`.
    pub linguist: String,
}

impl Default for Introspection {
    fn default() -> Self {
        Self {
            max_age: Duration::from_mins(5),
            public_metadata: false,
            scopes: RoleScopes::default(),
            dialect_scopes: BTreeMap::new(),
        }
    }
}

impl Default for RoleScopes {
    fn default() -> Self {
        Self {
            admin: "read write admin".to_owned(),
            project_manager: "read write".to_owned(),
            linguist: "read write".to_owned(),
        }
    }
}

impl RoleScopes {
    /// Returns the scopes of a role, separated by spaces.
    pub(crate) fn of(&self, role: Role) -> &str {
        match role {
            Role::Admin => &self.admin,
            Role::ProjectManager => &self.project_manager,
            Role::Linguist => &self.linguist,
        }
    }
}

impl Introspection {
    /// Fails if a scope is not one of RFC 6749, if there is no such dialect, or if the metadata would be public
    /// without an issuer below which it is, or without the address of the services' endpoints.
    pub(super) fn check(&self, jwt: &Jwt, management: &Management) -> Result<(), ConfigError> {
        let RoleScopes {
            admin,
            project_manager,
            linguist,
        } = &self.scopes;
        if !self.max_age.is_zero() && self.max_age < Duration::from_secs(1) {
            return Err(problem("max_age", "expected 0s, or at least 1s"));
        }
        check_scopes("scopes.admin", admin)?;
        check_scopes("scopes.project_manager", project_manager)?;
        check_scopes("scopes.linguist", linguist)?;
        for (dialect, scopes) in &self.dialect_scopes {
            let key = format!("dialect_scopes.{dialect}");
            let names = dialects::names();
            if !names.contains(&dialect.as_str()) {
                let names = names.join(", ");
                let reason = format!("no such dialect, expected one of {names}");
                return Err(problem(&key, reason));
            }
            check_scopes(&key, scopes)?;
        }
        if !self.public_metadata {
            return Ok(());
        }
        if !jwt.enabled || MetadataPaths::below(&jwt.issuer).is_none() {
            let reason = "needs jwt.enabled, and as jwt.issuer an address without a query, like https://login.example.com";
            return Err(problem("public_metadata", reason));
        }
        if management.url.is_empty() {
            let reason =
                "needs management.url, the address at which services reach the management listener";
            return Err(problem("public_metadata", reason));
        }
        Ok(())
    }

    /// Fails if a dialect has the public paths of the metadata: its routes and its back end would no longer get those
    /// requests.
    pub(super) fn check_paths(&self, jwt: &Jwt, mounts: &[Mount]) -> Result<(), ConfigError> {
        let paths = MetadataPaths::below(&jwt.issuer).filter(|_| self.public_metadata);
        for path in paths.iter().flat_map(MetadataPaths::all) {
            let taken = mounts.iter().find(|mount| mount.contains(path));
            if let Some(mount) = taken {
                let reason = format!(
                    "{path}, below jwt.issuer, is a path of the dialect {}: expected another jwt.issuer or dialects.{}.path",
                    mount.name, mount.name
                );
                return Err(problem("public_metadata", reason));
            }
        }
        Ok(())
    }
}

fn problem(key: &str, reason: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(format!("introspection.{key}"), reason)
}

/// Fails unless each word of the text is a scope of RFC 6749, section 3.3.
fn check_scopes(key: &str, text: &str) -> Result<(), ConfigError> {
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    if text
        .split_ascii_whitespace()
        .all(|scope| scope.chars().all(allowed))
    {
        return Ok(());
    }
    let reason =
        "expected scopes separated by spaces, of printable ASCII characters other than \" and \\";
    Err(problem(key, reason))
}
