//! The words that settings of authorities can be.

use std::time::Duration;

use isogloss_core::Role;
use isogloss_core::authority::{AuthorityMode, MatchBy, UnknownUsers};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, IntoDeserializer as _};
use serde::{Deserialize, Deserializer, Serialize};

/// The protocol of an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum AuthorityKind {
    /// An LDAP server or Active Directory.
    Ldap,
    /// A web hook: a service of your own.
    Http,
    /// An OpenID provider with the password grant.
    Oidc,
}

impl AuthorityKind {
    /// What a setting of this type can be.
    pub(super) const EXPECTED: &str = "expected ldap, http or oidc";

    /// Returns the name of the kind, and of its table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ldap => "ldap",
            Self::Http => "http",
            Self::Oidc => "oidc",
        }
    }
}

impl TryFrom<String> for AuthorityKind {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "ldap" => Ok(Self::Ldap),
            "http" => Ok(Self::Http),
            "oidc" => Ok(Self::Oidc),
            _ => Err(Self::EXPECTED),
        }
    }
}

/// Who judges passwords after the first login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum PasswordOwner {
    /// The authority, at each login.
    #[default]
    Delegate,
    /// The gateway: the first password that the authority accepts becomes the user's own, and the authority is not asked
    /// again.
    Adopt,
}

impl PasswordOwner {
    /// Returns the word in the configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delegate => "delegate",
            Self::Adopt => "adopt",
        }
    }
}

impl TryFrom<String> for PasswordOwner {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "delegate" => Ok(Self::Delegate),
            "adopt" => Ok(Self::Adopt),
            _ => Err("expected delegate or adopt"),
        }
    }
}

impl From<PasswordOwner> for AuthorityMode {
    fn from(owner: PasswordOwner) -> Self {
        match owner {
            PasswordOwner::Delegate => Self::Delegate,
            PasswordOwner::Adopt => Self::Adopt,
        }
    }
}

/// What happens at the login of a user who is unknown here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum NewUsers {
    /// The authority is asked, and a user whom it accepts is created.
    #[default]
    Create,
    /// The login is refused. Only users who were imported can log in.
    Known,
}

impl NewUsers {
    /// Returns the word in the configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Known => "known",
        }
    }
}

impl TryFrom<String> for NewUsers {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "create" => Ok(Self::Create),
            "known" => Ok(Self::Known),
            _ => Err("expected create or known"),
        }
    }
}

impl From<NewUsers> for UnknownUsers {
    fn from(users: NewUsers) -> Self {
        match users {
            NewUsers::Create => Self::Create,
            NewUsers::Known => Self::Known,
        }
    }
}

/// What links a user who was imported without an identifier of the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum LinkBy {
    /// The login name that the authority says.
    UserName,
    /// The e-mail address that the authority says.
    Email,
}

impl TryFrom<String> for LinkBy {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "user_name" => Ok(Self::UserName),
            "email" => Ok(Self::Email),
            _ => Err("expected user_name or email"),
        }
    }
}

impl From<LinkBy> for MatchBy {
    fn from(by: LinkBy) -> Self {
        match by {
            LinkBy::UserName => Self::UserName,
            LinkBy::Email => Self::Email,
        }
    }
}

/// Reads an interval, such as `15m`; an empty text is none. Fails if it is not one.
pub(super) fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Ok(Duration::ZERO);
    }
    humantime_serde::deserialize(text.into_deserializer())
}

/// Reads the name of a role. Fails with the names that exist, and without the text: the library would quote it.
pub(super) fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = String::deserialize(deserializer)?;
    let role = Role::ALL.into_iter().find(|role| role.name() == name);
    role.ok_or_else(|| D::Error::custom("expected ADMIN, PROJECT_MANAGER or LINGUIST"))
}

/// Reads the name of a role that need not be set. Fails like [`role`].
pub(super) fn optional_role<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Role>, D::Error> {
    role(deserializer).map(Some)
}

/// Returns the schema of the name of a role.
pub(super) fn role_schema(_: &mut SchemaGenerator) -> Schema {
    let names = Role::ALL.map(Role::name);
    schemars::json_schema!({ "type": "string", "enum": names })
}
