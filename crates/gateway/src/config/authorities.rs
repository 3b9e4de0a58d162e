//! `[[authorities]]`: other systems that judge passwords, such as an LDAP server.

mod constructed;
mod http;
mod ldap;
mod oidc;
mod read;
mod words;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use isogloss_core::Role;
use isogloss_core::authority::{Authority, AuthoritySettings, MaxDisable};
use isogloss_core::throttle::Budget;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::http::HttpTable;
pub use self::ldap::{GroupEntry, LdapAttributes, LdapPreset, LdapScope, LdapTable};
pub use self::oidc::{OidcClaims, OidcTable, RoleEntry};
pub(super) use self::read::read;
pub use self::words::{AuthorityKind, LinkBy, NewUsers, PasswordOwner};
use super::error::ConfigError;

/// Another system that judges passwords, such as an LDAP server. The order counts: users who are unknown here are looked
/// for in the first authority first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfiguredAuthority {
    /// The name, by which users belong to the authority, and which the audit log and metrics show: up to 64 letters `a` to
    /// `z`, digits and any of `-_.`. Do not change it while users belong to the authority.
    pub name: String,
    /// The protocol, which decides which of the tables below is read.
    pub kind: AuthorityKind,
    /// Who judges passwords after the first login.
    #[serde(default)]
    pub mode: PasswordOwner,
    /// What happens at the login of a user who is unknown here.
    #[serde(default)]
    pub users: NewUsers,
    /// The organisation of users for whom the authority names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The most powerful role that the authority can give. It lowers a more powerful one.
    #[serde(default, deserialize_with = "words::role")]
    #[schemars(schema_with = "words::role_schema")]
    pub highest_role: Role,
    /// What links a user who was imported without an identifier of the authority, at the first login. Without it, such
    /// users cannot log in. Administrators are never linked in this way.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub match_by: Option<LinkBy>,
    /// How long after the authority accepted a password the hash of that password suffices here. `0s`: each login asks.
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "30days"))]
    pub trust: Duration,
    /// The same while the authority is unavailable. `0s`: its users cannot log in then.
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "30days"))]
    pub trust_while_unavailable: Duration,
    /// How long a judgement may take, including the wait for its turn.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "100ms"), extend("x-maximum" = "1m"))]
    pub timeout: Duration,
    /// Maximum number of logins that it judges concurrently. Further ones wait for their turn.
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1, max = 10_000))]
    pub concurrency: NonZeroUsize,
    /// How many wrong passwords of one user are passed on to it. Set it lower than the number with which it locks an
    /// account.
    #[serde(default = "default_attempts")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub attempts: NonZeroU32,
    /// Time after which one of them is restored.
    #[serde(default = "default_attempts_refill", with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "30days"))]
    pub attempts_refill: Duration,
    /// How often its users are synchronised with its list of users: only of `kind = "ldap"`. `0s`: only by
    /// `isogloss directory sync`.
    #[serde(
        default,
        deserialize_with = "words::interval",
        serialize_with = "humantime_serde::serialize"
    )]
    #[schemars(with = "Duration", extend("x-minimum" = "0s"), extend("x-maximum" = "30days"))]
    pub sync: Duration,
    /// How many of its active users a synchronisation may disable, as a share such as `10%` or as a number. If more are
    /// gone, it changes nothing.
    #[serde(default)]
    #[schemars(with = "String", extend("pattern" = "^[0-9]+ *%?$"))]
    pub max_disable: MaxDisable,
    /// The LDAP server, for `kind = "ldap"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldap: Option<LdapTable>,
    /// The web hook, for `kind = "http"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpTable>,
    /// The OpenID provider, for `kind = "oidc"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcTable>,
}

const fn default_timeout() -> Duration {
    Duration::from_secs(5)
}

const fn default_concurrency() -> NonZeroUsize {
    const { NonZeroUsize::new(16).unwrap() }
}

const fn default_attempts() -> NonZeroU32 {
    const { NonZeroU32::new(3).unwrap() }
}

const fn default_attempts_refill() -> Duration {
    Duration::from_mins(15)
}

impl ConfiguredAuthority {
    /// Returns the settings that do not depend on the protocol.
    pub(crate) fn settings(&self) -> AuthoritySettings {
        AuthoritySettings {
            name: self.name.clone(),
            mode: self.mode.into(),
            unknown_users: self.users.into(),
            match_by: self.match_by.map(Into::into),
            organisation: self.organisation.clone(),
            mapped_organisations: self.mapped_organisations(),
            any_organisation: self.reads_organisations()
                || (self.http.is_some() && self.organisation.is_none()),
            highest_role: self.highest_role,
            trust: self.trust,
            trust_while_unavailable: self.trust_while_unavailable,
            timeout: self.timeout,
            concurrency: self.concurrency.get(),
            attempts: Budget {
                tries: self.attempts.get(),
                refill: self.attempts_refill,
                first_lock: self.attempts_refill,
                longest_lock: self.attempts_refill,
            },
            sync: self.sync,
            max_disable: self.max_disable,
        }
    }

    /// Builds the authority from the table of its kind. Reads the files that the table names, and opens no connection.
    /// `section` is the name of the table in errors. Fails if a setting is invalid or a file cannot be used.
    pub(crate) fn open(&self, section: &str) -> Result<Arc<dyn Authority>, ConfigError> {
        let table = format!("{section}.{}", self.kind.name());
        let missing = || {
            let reason = format!(
                "missing, expected the table [authorities.{}]",
                self.kind.name()
            );
            ConfigError::new(table.clone(), reason)
        };
        let timeout = self.timeout;
        match self.kind {
            AuthorityKind::Ldap => self
                .ldap
                .as_ref()
                .ok_or_else(missing)?
                .open(&table, timeout),
            AuthorityKind::Http => self
                .http
                .as_ref()
                .ok_or_else(missing)?
                .open(&table, timeout),
            AuthorityKind::Oidc => self
                .oidc
                .as_ref()
                .ok_or_else(missing)?
                .open(&table, timeout),
        }
    }

    /// Returns the servers of the authority, for people.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let ldap = self.ldap.iter().flat_map(|table| table.urls.clone());
        let http = self.http.iter().map(|table| table.url.clone());
        let oidc = self.oidc.iter().map(|table| table.issuer.clone());
        ldap.chain(http).chain(oidc).collect()
    }

    /// Returns every organisation that the configuration assigns to users of the authority, each once.
    pub(crate) fn organisations(&self) -> Vec<String> {
        let mut all: Vec<_> = self.organisation.iter().cloned().collect();
        all.extend(self.mapped_organisations());
        all.sort();
        all.dedup();
        all
    }

    /// Returns the organisations that rules assign.
    fn mapped_organisations(&self) -> Vec<String> {
        let groups = self.ldap.iter().flat_map(|table| &table.groups);
        let groups = groups.filter_map(|rule| rule.organisation.clone());
        let roles = self.oidc.iter().flat_map(|table| &table.roles);
        let roles = roles.filter_map(|rule| rule.organisation.clone());
        groups.chain(roles).collect()
    }

    /// Returns whether the authority may name the organisation of a user.
    fn maps_organisations(&self) -> bool {
        self.http.is_some() || self.reads_organisations() || !self.mapped_organisations().is_empty()
    }

    /// Returns whether an attribute or a claim names the organisation of a user.
    fn reads_organisations(&self) -> bool {
        let is_set = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
        let by_attribute = self
            .ldap
            .iter()
            .any(|table| is_set(&table.attributes.organisation));
        let by_claim = self
            .oidc
            .iter()
            .any(|table| is_set(&table.claims.organisation));
        // A hook may say it in any answer.
        by_attribute || by_claim
    }

    /// Returns the secrets, with the path of each within the table of the authority.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&'static str, &SecretString)> {
        let ldap = self
            .ldap
            .as_ref()
            .and_then(|table| table.bind_password.as_ref());
        let http = self.http.as_ref().and_then(|table| table.secret.as_ref());
        let oidc = self
            .oidc
            .as_ref()
            .and_then(|table| table.client_secret.as_ref());
        let all = [
            ("ldap.bind_password", ldap),
            ("http.secret", http),
            ("oidc.client_secret", oidc),
        ];
        all.into_iter()
            .filter_map(|(key, secret)| Some((key, secret?)))
    }

    /// Returns the files that the table names.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let ldap = self.ldap.iter().flat_map(LdapTable::files);
        let http = self.http.iter().flat_map(HttpTable::files);
        let oidc = self.oidc.iter().flat_map(OidcTable::files);
        ldap.chain(http).chain(oidc)
    }
}
