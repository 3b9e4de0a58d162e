//! Views of the uses by users.

use isogloss_core::usage::{NamedUse, UseCursor};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;
use uuid::Uuid;

use super::report::format_timestamp;

/// The use of a dialect by a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserUsage)]
pub(crate) struct UserUseView {
    pub(crate) dialect: String,
    pub(crate) user: String,
    pub(crate) user_id: Uuid,
    pub(crate) user_number: i64,
    pub(crate) email: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) organisation: String,
    /// The first use that was recorded.
    pub(crate) first_used: String,
    /// The last use, at most an hour too early.
    pub(crate) last_used: String,
    pub(crate) last_login: Option<String>,
    /// The address of the client at the last recorded use.
    pub(crate) address: Option<String>,
    /// The device or program then, if it named itself.
    pub(crate) client: Option<String>,
    pub(crate) user_agent: String,
}

impl From<NamedUse> for UserUseView {
    fn from(one: NamedUse) -> Self {
        Self {
            dialect: one.dialect,
            user: one.user_name,
            user_id: one.user,
            user_number: one.number,
            email: one.email,
            first_name: one.first_name,
            last_name: one.last_name,
            organisation: one.organisation,
            first_used: format_timestamp(one.first_used_at),
            last_used: format_timestamp(one.last_used_at),
            last_login: one.last_login_at.map(format_timestamp),
            address: one.address,
            client: one.client,
            user_agent: one.user_agent,
        }
    }
}

/// Returns the place of a use in the list of a dialect, in milliseconds since 1970 and the user's identifier.
pub(crate) fn format_cursor(one: &NamedUse) -> String {
    let milliseconds = (one.last_used_at - OffsetDateTime::UNIX_EPOCH).whole_milliseconds();
    format!("{milliseconds},{}", one.user.simple())
}

/// Parses a place, as [`format_cursor`] returns it. Returns `None` for any other text.
pub(crate) fn parse_cursor(text: &str) -> Option<UseCursor> {
    let (milliseconds, user) = text.split_once(',')?;
    let since = Duration::milliseconds(milliseconds.parse().ok()?);
    Some(UseCursor {
        at: OffsetDateTime::UNIX_EPOCH.checked_add(since)?,
        user: Uuid::try_parse(user).ok()?,
    })
}
