//! Why settings cannot be used.

use isogloss_authority::TlsError;
use url::Url;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LdapSettingsError {
    /// There is no server.
    #[error("urls: name at least one server, such as ldaps://ldap.example.com")]
    NoUrl,
    /// An address is not one of an LDAP server.
    #[error("urls: {0} must be ldap:// or ldaps:// with a host, and no path, user or query")]
    Url(Url),
    /// Passwords would cross a network without TLS.
    #[error(
        "urls: {0} would carry passwords without TLS; use ldaps://, set start_tls, or permit it with allow_plain"
    )]
    Plain(Url),
    /// The entry below which users are looked for is no distinguished name.
    #[error("{key}: `{dn}` must be a distinguished name, such as ou=people,dc=example,dc=com")]
    DistinguishedName {
        /// The setting.
        key: &'static str,
        /// What it says.
        dn: String,
    },
    /// The filter cannot be parsed.
    #[error("filter: `{0}` is not a search filter as RFC 4515 describes it")]
    Filter(String),
    /// The filter does not look for the login name, or not as an equality.
    #[error("filter: `{0}` must compare an attribute with {{login}}, such as (uid={{login}})")]
    FilterWithoutLogin(String),
    /// There is a name without a password, or a password without a name.
    #[error("bind_dn: set both bind_dn and bind_password_file, with a password in it, or neither")]
    BindPassword,
    /// The attribute with the identifier has no name.
    #[error("attributes: external_id must name an attribute")]
    NoExternalId,
    /// A name is not one of an attribute.
    #[error("attributes: `{0}` is not the name of an attribute")]
    Attribute(String),
    /// A number or a duration is zero.
    #[error("{0}: must be more than zero")]
    Zero(&'static str),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There can be no connections.
    #[error("connections: {0}")]
    Connections(String),
}
