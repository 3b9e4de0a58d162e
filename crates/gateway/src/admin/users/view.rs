//! A user, as the admin API and the commands show the user.

use isogloss_core::directory::UserRecord;
use isogloss_core::{Language, UserState};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) user_name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) image_url: String,
    pub(crate) role: &'static str,
    /// The organisation's name.
    pub(crate) organisation: String,
    pub(crate) units: Vec<String>,
    /// `active` or `disabled`.
    pub(crate) state: &'static str,
    /// What is stored of the password: `none`, `current` (a bcrypt hash), or `foreign` (a hash of another system,
    /// which the next login replaces).
    pub(crate) password: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) default_unit: Option<String>,
    /// The language of e-mails to the user, such as `de-AT`; missing if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub(crate) language: Option<Language>,
    /// The authority to which the user belongs; missing for a local user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) authority: Option<String>,
    /// The identifier of the user at the authority; missing until the first login if it was not imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) external_id: Option<String>,
    /// Whether the user was adopted from the authority, and logs in by a password of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) adopted: Option<bool>,
    /// The last login, at most a day too early; missing if none was recorded.
    #[serde(
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub(crate) last_login_at: Option<OffsetDateTime>,
}

impl From<UserRecord> for UserView {
    fn from(record: UserRecord) -> Self {
        let UserRecord {
            user,
            link,
            password,
            last_login_at,
        } = record;
        let adopted = link.as_ref().map(|link| link.is_adopted);
        let (authority, external_id) = match link {
            Some(link) => (Some(link.authority), link.external_id),
            None => (None, None),
        };
        Self {
            id: user.id,
            number: user.number,
            user_name: user.user_name,
            first_name: user.first_name,
            last_name: user.last_name,
            image_url: user.image_url,
            role: user.role.name(),
            organisation: user.organisation.name,
            units: user.units,
            state: state_name(user.state),
            password: password.name(),
            email: user.email,
            default_unit: user.default_unit,
            language: user.language,
            authority,
            external_id,
            adopted,
            last_login_at,
        }
    }
}

/// Returns the name of a state in the admin API and in lists.
pub(crate) fn state_name(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}
