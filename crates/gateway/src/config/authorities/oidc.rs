//! `[authorities.oidc]`: an OpenID provider with the password grant.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use isogloss_authority_oidc::{ClaimMap, GroupRule, OidcAuthority, OidcSettings};
use isogloss_core::Role;
use isogloss_core::authority::Authority;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::constructed::{address, problem, secret};
use super::words::{optional_role, role_schema};
use crate::config::ConfigError;
use crate::config::redact::masked;

/// An OpenID provider, whose token endpoint judges passwords by the grant `password`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OidcTable {
    /// The issuer, below which its metadata are.
    pub issuer: String,
    /// The identifier of the gateway as a client of the provider.
    pub client_id: String,
    /// The secret of that client. Without one, the client is public.
    #[serde(serialize_with = "masked", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub client_secret: Option<SecretString>,
    /// A file with the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The scopes that are requested, separated by spaces.
    pub scope: String,
    /// The claims of a user, where they are not the standard ones. An empty text: it is not read.
    pub claims: OidcClaims,
    /// What a value of the claim of roles gives. The first rule of the most powerful role decides role and organisation;
    /// units add up.
    pub roles: Vec<RoleEntry>,
    /// Certificates (PEM) of the authorities to trust for the provider, instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Whether passwords may cross a network without TLS. Loopback addresses need no permission.
    pub allow_plain: bool,
}

impl Default for OidcTable {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            client_secret_file: None,
            scope: "openid profile email".to_owned(),
            claims: OidcClaims::default(),
            roles: Vec::new(),
            ca_file: None,
            allow_plain: false,
        }
    }
}

/// The names of the claims of a user. A name with dots is a path, such as `realm_access.roles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OidcClaims {
    /// The identifier that never changes. Default: `sub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The login name. Default: `preferred_username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The e-mail address. Default: `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name. Default: `given_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name. Default: `family_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The URL of a picture. Default: `picture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The preferred language. Default: `locale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name of the organisation. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The number of the user, for dialects that name users by number. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The roles or groups that the rules of `roles` name. Default: `roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<String>,
}

/// What a role or group at the provider gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleEntry {
    /// The value of the claim.
    pub value: String,
    /// The role of users with that value.
    #[serde(
        deserialize_with = "optional_role",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(schema_with = "role_schema")]
    pub role: Option<Role>,
    /// The organisation of users with that value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The identifiers of the units of users with that value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl OidcTable {
    /// Builds the authority. Fails if a setting is invalid or a file cannot be used.
    pub(super) fn open(
        &self,
        section: &str,
        timeout: Duration,
    ) -> Result<Arc<dyn Authority>, ConfigError> {
        let expected = "expected the address of the issuer, like https://login.example.com/realm";
        let issuer = address(&format!("{section}.issuer"), &self.issuer, expected)?;
        if self.client_id.trim().is_empty() {
            let expected = "expected the identifier of the gateway as a client of the provider";
            return Err(ConfigError::new(format!("{section}.client_id"), expected));
        }
        let (text, file) = (
            self.client_secret.as_ref(),
            self.client_secret_file.as_ref(),
        );
        let settings = OidcSettings {
            issuer,
            client_id: self.client_id.clone(),
            client_secret: secret(section, "client_secret", text, file)?,
            scope: self.scope.clone(),
            claims: self.claims.to_map(),
            roles: self.rules(section)?,
            ca_file: self.ca_file.clone(),
            allow_plain: self.allow_plain,
            accept_expired: false,
            timeout,
        };
        let authority = OidcAuthority::new(settings).map_err(|error| problem(section, error))?;
        Ok(Arc::new(authority))
    }

    /// Returns the rules of roles as the authority takes them. Fails if one of them names no value.
    fn rules(&self, section: &str) -> Result<Vec<GroupRule>, ConfigError> {
        let rules = self.roles.iter().enumerate().map(|(index, entry)| {
            if entry.value.trim().is_empty() {
                let key = format!("{section}.roles[{index}].value");
                return Err(ConfigError::new(key, "expected a value of the claim"));
            }
            Ok(entry.to_rule())
        });
        rules.collect()
    }

    /// Returns the files that the table names.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.client_secret_file.iter().chain(&self.ca_file)
    }
}

impl OidcClaims {
    /// Returns the names as the authority takes them.
    fn to_map(&self) -> ClaimMap {
        ClaimMap {
            external_id: self.external_id.clone(),
            user_name: self.user_name.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            image_url: self.image_url.clone(),
            language: self.language.clone(),
            organisation: self.organisation.clone(),
            number: self.number.clone(),
            roles: self.roles.clone(),
        }
    }
}

impl RoleEntry {
    /// Returns the rule as the authority takes it.
    fn to_rule(&self) -> GroupRule {
        GroupRule {
            group: self.value.clone(),
            role: self.role,
            organisation: self.organisation.clone(),
            units: self.units.clone(),
        }
    }
}
