//! `[authorities.ldap]`: an LDAP server or Active Directory.

mod mapping;
mod words;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use isogloss_authority_ldap::{LdapAuthority, LdapSettings};
use isogloss_core::authority::Authority;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::mapping::{GroupEntry, LdapAttributes};
pub use self::words::{LdapPreset, LdapScope};
use super::constructed::{address, problem, secret};
use crate::config::ConfigError;
use crate::config::redact::masked;

const EXPECTED_URL: &str = "expected ldaps://host[:port], or ldap://host[:port] with start_tls";

/// An LDAP server or Active Directory, which is searched for the user and then judges the password.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct LdapTable {
    /// The servers, all with the same users: `ldaps://host[:port]` or `ldap://host[:port]`. The first that works is used.
    pub urls: Vec<String>,
    /// The kind of server, which decides the filter and the attributes that are not set here.
    pub preset: LdapPreset,
    /// The distinguished name of the entry below which the users are.
    pub base: String,
    /// How far below `base` users are looked for.
    pub scope: LdapScope,
    /// The filter that finds a user by the login name `{login}`, such as `(uid={login})`. Default: that of the preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The distinguished name with which users are looked for. Default: anonymously.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_dn: Option<String>,
    /// The password of `bind_dn`.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub bind_password: Option<SecretString>,
    /// A file with the password of `bind_dn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_password_file: Option<PathBuf>,
    /// Whether connections to `ldap://` servers are made secure with StartTLS.
    pub start_tls: bool,
    /// Certificates (PEM) of the authorities to trust for the servers, instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Whether passwords may cross a network without TLS. Loopback addresses need no permission.
    pub allow_plain: bool,
    /// The attributes of a user, where they are not those of the preset. An empty text: it is not read.
    pub attributes: LdapAttributes,
    /// What membership in a group gives. The first rule of the most powerful role decides role and organisation; units add
    /// up.
    pub groups: Vec<GroupEntry>,
    /// Whether members of a group that is a member of a group are members of both.
    pub nested_groups: bool,
    /// The entry below which nested groups are looked for, if the server cannot resolve them. Default: `base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_base: Option<String>,
    /// Whether a password that is right, but has expired or must be changed, is accepted.
    pub accept_expired: bool,
    /// Maximum number of connections that look for users. Each login has one more while its password is judged.
    #[schemars(range(min = 1, max = 1000))]
    pub connections: NonZeroUsize,
    /// How long a connection to one server may take, with TLS.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1m"))]
    pub connect_timeout: Duration,
    /// How long a search, or the bind of `bind_dn`, may take at one server.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-maximum" = "1m"))]
    pub search_timeout: Duration,
}

impl Default for LdapTable {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            preset: LdapPreset::default(),
            base: String::new(),
            scope: LdapScope::default(),
            filter: None,
            bind_dn: None,
            bind_password: None,
            bind_password_file: None,
            start_tls: false,
            ca_file: None,
            allow_plain: false,
            attributes: LdapAttributes::default(),
            groups: Vec::new(),
            nested_groups: false,
            group_base: None,
            accept_expired: false,
            connections: const { NonZeroUsize::new(LdapSettings::DEFAULT_CONNECTIONS).unwrap() },
            connect_timeout: LdapSettings::DEFAULT_CONNECT_TIMEOUT,
            search_timeout: LdapSettings::DEFAULT_SEARCH_TIMEOUT,
        }
    }
}

impl LdapTable {
    /// Builds the authority. Fails if a setting is invalid or a file cannot be used.
    pub(super) fn open(
        &self,
        section: &str,
        timeout: Duration,
    ) -> Result<Arc<dyn Authority>, ConfigError> {
        let settings = self.settings(section, timeout)?;
        let authority = LdapAuthority::new(settings).map_err(|error| problem(section, error))?;
        Ok(Arc::new(authority))
    }

    /// Returns the settings of the authority. Fails if an address is invalid or a secret cannot be read.
    fn settings(&self, section: &str, timeout: Duration) -> Result<LdapSettings, ConfigError> {
        let urls =
            self.urls.iter().enumerate().map(|(index, url)| {
                address(&format!("{section}.urls[{index}]"), url, EXPECTED_URL)
            });
        let urls: Vec<_> = urls.collect::<Result<_, _>>()?;
        if self.base.trim().is_empty() {
            let expected = "expected the entry below which the users are, like dc=example,dc=com";
            return Err(ConfigError::new(format!("{section}.base"), expected));
        }
        let (password, file) = (&self.bind_password, &self.bind_password_file);
        let bind_password = secret(section, "bind_password", password.as_ref(), file.as_ref())?;
        Ok(LdapSettings {
            scope: self.scope.into(),
            filter: self.filter.clone(),
            bind_dn: self.bind_dn.clone(),
            bind_password,
            start_tls: self.start_tls,
            ca_file: self.ca_file.clone(),
            allow_plain: self.allow_plain,
            attributes: self.attributes.to_map(),
            groups: self.groups.iter().map(GroupEntry::to_rule).collect(),
            nested_groups: self.nested_groups,
            group_base: self.group_base.clone(),
            accept_expired: self.accept_expired,
            connections: self.connections.get(),
            connect_timeout: self.connect_timeout,
            search_timeout: self.search_timeout,
            timeout,
            ..LdapSettings::new(urls, self.preset.into(), self.base.clone())
        })
    }

    /// Returns the files that the table names.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.bind_password_file.iter().chain(&self.ca_file)
    }
}
