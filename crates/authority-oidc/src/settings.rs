//! Which provider is asked, and what its claims mean.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use isogloss_authority::{GroupRule, TlsError, UrlError};
use secrecy::SecretString;
use thiserror::Error;
use url::Url;

/// The settings of an OpenID provider with the password grant.
pub struct OidcSettings {
    /// The issuer, below which its metadata are.
    pub issuer: Url,
    /// The identifier of the gateway as a client of the provider.
    pub client_id: String,
    /// The secret of that client. Without one, the client is public.
    pub client_secret: Option<SecretString>,
    /// The scopes that are requested, separated by spaces.
    pub scope: String,
    /// The names of the claims of a user.
    pub claims: ClaimMap,
    /// What values of the claim of roles give. The group of a rule is such a value.
    pub roles: Vec<GroupRule>,
    /// Certificates (PEM) of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether requests may cross a network without TLS.
    pub allow_plain: bool,
    /// Refused if set: a provider says nothing about a user whose password has expired.
    pub accept_expired: bool,
    /// How long a judgement may take.
    pub timeout: Duration,
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OidcSettings({}, …)", self.issuer)
    }
}

/// The names of the claims of a user. A name with dots is a path, such as `realm_access.roles`, unless there is a claim
/// of exactly that name. `None` is the default, and an empty text means that the claim is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimMap {
    /// The identifier that never changes. Default: `sub`. Cannot be empty.
    pub external_id: Option<String>,
    /// The login name. Default: `preferred_username`.
    pub user_name: Option<String>,
    /// The e-mail address. Default: `email`.
    pub email: Option<String>,
    /// The first name. Default: `given_name`.
    pub first_name: Option<String>,
    /// The last name. Default: `family_name`.
    pub last_name: Option<String>,
    /// The URL of a picture. Default: `picture`.
    pub image_url: Option<String>,
    /// The preferred language. Default: `locale`.
    pub language: Option<String>,
    /// The name of the organisation. Default: none.
    pub organisation: Option<String>,
    /// The number of the user. Default: none.
    pub number: Option<String>,
    /// The roles or groups that rules name. Default: `roles`.
    pub roles: Option<String>,
}

/// Why a provider cannot be used as it is configured. Each message begins with the name of a setting.
#[derive(Debug, Error)]
pub enum OidcSettingsError {
    /// The issuer is not permitted.
    #[error("issuer: {0}")]
    Issuer(#[from] UrlError),
    /// The issuer has a query or a fragment.
    #[error("issuer: expected an address without ? and #")]
    IssuerParts,
    /// There is no client.
    #[error(
        "client_id: missing, expected the identifier of the gateway as a client of the provider"
    )]
    NoClientId,
    /// No ID token would be issued.
    #[error("scope: expected scopes separated by spaces, with openid among them")]
    Scope,
    /// Users would have no identifier.
    #[error(
        "claims: external_id cannot be empty, expected a claim that never changes, such as sub"
    )]
    NoExternalId,
    /// Providers issue no tokens for such passwords.
    #[error(
        "accept_expired: expected false, because a provider issues no token for a password that has expired"
    )]
    AcceptExpired,
    /// A file cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
