//! What the operator says about an LDAP server.

use std::path::PathBuf;
use std::time::Duration;

use isogloss_authority::GroupRule;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{LdapSettingsError, Preset};

/// The settings of an [`LdapAuthority`](crate::LdapAuthority).
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct LdapSettings {
    /// The servers, `ldap://` or `ldaps://`, all with the same users. The first that works is used.
    pub urls: Vec<Url>,
    /// The kind of server, which decides what the other settings leave open.
    pub preset: Preset,
    /// The distinguished name of the entry below which the users are.
    pub base: String,
    /// How far below `base` users are looked for.
    pub scope: Scope,
    /// The filter that finds a user, with `{login}` where the login name belongs. `None`: that of the preset.
    pub filter: Option<String>,
    /// The distinguished name with which users are looked for. `None`: anonymously.
    pub bind_dn: Option<String>,
    /// The password of `bind_dn`. Not empty.
    pub bind_password: Option<SecretString>,
    /// Whether connections to `ldap://` servers are made secure with StartTLS.
    pub start_tls: bool,
    /// The file with the PEM certificates of the authorities that sign the servers' certificates. `None`: those of the
    /// system.
    pub ca_file: Option<PathBuf>,
    /// Whether passwords may cross a network without TLS.
    pub allow_plain: bool,
    /// The attributes of a user, where they are not those of the preset.
    pub attributes: AttributeMap,
    /// What membership in a group gives.
    pub groups: Vec<GroupRule>,
    /// Whether members of a group that is a member of a group are members of both.
    pub nested_groups: bool,
    /// The entry below which nested groups are looked for, if the server cannot resolve them. `None`: `base`.
    pub group_base: Option<String>,
    /// Whether a password that is right, but has expired or must be changed, is accepted.
    pub accept_expired: bool,
    /// The maximum number of connections that look for users. Each login has one more while its password is judged.
    pub connections: usize,
    /// How long a connection to one server may take, with TLS.
    pub connect_timeout: Duration,
    /// How long a search, or the bind of `bind_dn`, may take at one server.
    pub search_timeout: Duration,
    /// How long the judgement of a password may take.
    pub timeout: Duration,
}

impl LdapSettings {
    /// The default of [`connections`](Self::connections).
    pub const DEFAULT_CONNECTIONS: usize = 16;
    /// The default of [`connect_timeout`](Self::connect_timeout).
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
    /// The default of [`search_timeout`](Self::search_timeout).
    pub const DEFAULT_SEARCH_TIMEOUT: Duration = Duration::from_secs(2);
    /// The default of [`timeout`](Self::timeout).
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

    /// Returns settings for an anonymous search below `base`, with every default.
    pub fn new(urls: Vec<Url>, preset: Preset, base: impl Into<String>) -> Self {
        Self {
            urls,
            preset,
            base: base.into(),
            scope: Scope::Subtree,
            filter: None,
            bind_dn: None,
            bind_password: None,
            start_tls: false,
            ca_file: None,
            allow_plain: false,
            attributes: AttributeMap::default(),
            groups: Vec::new(),
            nested_groups: false,
            group_base: None,
            accept_expired: false,
            connections: Self::DEFAULT_CONNECTIONS,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            search_timeout: Self::DEFAULT_SEARCH_TIMEOUT,
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }

    /// Checks what no other part does. Fails if a name is no distinguished name, a password is missing or empty, or a
    /// number is zero.
    pub(crate) fn check(&self) -> Result<(), LdapSettingsError> {
        let names = [
            ("base", Some(&self.base)),
            ("bind_dn", self.bind_dn.as_ref()),
            ("group_base", self.group_base.as_ref()),
        ];
        let groups = self.groups.iter().map(|rule| ("groups", Some(&rule.group)));
        for (key, dn) in names.into_iter().chain(groups) {
            // Active Directory also takes `user@domain` and `DOMAIN\user` for a bind.
            let is_account = |dn: &str| key == "bind_dn" && dn.contains(['@', '\\']);
            if let Some(dn) = dn.filter(|dn| !dn.contains('=') && !is_account(dn)) {
                let dn = dn.clone();
                return Err(LdapSettingsError::DistinguishedName { key, dn });
            }
        }
        let password = self
            .bind_password
            .as_ref()
            .map(|password| password.expose_secret().is_empty());
        match (&self.bind_dn, password) {
            (None, None) | (Some(_), Some(false)) => {}
            _ => return Err(LdapSettingsError::BindPassword),
        }
        let durations = [
            ("connect_timeout", self.connect_timeout),
            ("search_timeout", self.search_timeout),
            ("timeout", self.timeout),
        ];
        let zero = durations
            .into_iter()
            .find(|(_, duration)| duration.is_zero());
        if self.connections == 0 {
            return Err(LdapSettingsError::Zero("connections"));
        }
        zero.map_or(Ok(()), |(key, _)| Err(LdapSettingsError::Zero(key)))
    }
}

/// How far below the base users are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Directly below the base.
    OneLevel,
    /// At any depth.
    #[default]
    Subtree,
}

/// The names of the attributes of a user. `None`: that of the preset. An empty name: it is not read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttributeMap {
    /// The identifier that never changes. Cannot be empty.
    pub external_id: Option<String>,
    /// The login name.
    pub user_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The URL of a picture. No preset has one.
    pub image_url: Option<String>,
    /// The preferred language.
    pub language: Option<String>,
    /// The name of the organisation. No preset has one. A group's organisation counts more.
    pub organisation: Option<String>,
    /// The number of the user. No preset has one.
    pub number: Option<String>,
}
