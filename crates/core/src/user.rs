//! The one user base: users, their organisation and units, and the keys of applications.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::key_limits::KeyLimits;
use crate::language::Language;
use crate::scope::Scopes;

/// A user, as every dialect may show it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id of the user, for dialects that name users by GUID.
    pub id: Uuid,
    /// The number of the user, for dialects that name users by number.
    pub number: i64,
    /// The login name, as written when the user was added.
    pub user_name: String,
    /// The e-mail address, by which the user may also log in.
    pub email: Option<String>,
    /// The first name, may be empty.
    pub first_name: String,
    /// The last name, may be empty.
    pub last_name: String,
    /// The address of a picture, empty if there is none.
    pub image_url: String,
    /// The language that the user prefers in e-mails. `None` if it is not known.
    pub language: Option<Language>,
    /// What the user may do.
    pub role: Role,
    /// The organisation to which the user belongs.
    pub organisation: Organisation,
    /// The units the user may log in to, the default one included.
    pub units: Vec<String>,
    /// The unit of a login that names none: the user's own default, or else that of the organisation.
    pub default_unit: Option<String>,
    /// Whether the user may log in.
    pub state: UserState,
    /// A number that grows with every password change, disabling and forced logout. A session records the
    /// generation in which it was issued, and ends with that generation.
    pub generation: i64,
}

impl User {
    /// Returns the address for e-mails: the e-mail address, or else a user name that contains `@`. `None` if the
    /// user has neither.
    pub fn address(&self) -> Option<&str> {
        let user_name = || Some(self.user_name.as_str()).filter(|name| name.contains('@'));
        self.email.as_deref().or_else(user_name)
    }
}

/// An organisation, as far as users need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The identifier of the organisation.
    pub id: Uuid,
    /// The name of the organisation, which logins spell exactly.
    pub name: String,
}

/// A unit of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The identifier of the unit.
    pub id: String,
    /// The name of the unit, may be empty.
    pub name: String,
}

/// What a user may do. Only [`Role::Admin`] may log in as others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Administers the organisation.
    Admin,
    /// Runs projects.
    ProjectManager,
    /// Works on jobs; the role of a user who was given none.
    #[default]
    Linguist,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Admin, Self::ProjectManager, Self::Linguist];

    /// Returns the name of the role in the directory: `ADMIN`, `PROJECT_MANAGER`, `LINGUIST`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::ProjectManager => "PROJECT_MANAGER",
            Self::Linguist => "LINGUIST",
        }
    }

    /// Returns the role with that name in the directory, in upper or lower case. `None` if there is no such
    /// role.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.name().eq_ignore_ascii_case(name))
    }
}

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// May log in.
    Active,
    /// May not log in; every token is invalid.
    Disabled,
}

/// A key that an application, not a person, presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The operator's name for the key.
    pub label: String,
    /// The user that the key acts as, for keys that log in.
    pub user: Option<Uuid>,
    /// The rights of the key.
    pub scopes: Scopes,
    /// When the key stops being valid.
    pub expires_at: Option<OffsetDateTime>,
}

impl Key {
    /// Returns the dialects and audiences to which the key is bound.
    pub fn limits(&self) -> &KeyLimits {
        self.scopes.limits()
    }
}
