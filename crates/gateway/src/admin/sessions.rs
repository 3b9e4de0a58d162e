//! Queries and views of sessions, for the command line and the management listener.

use anyhow::{Context as _, Result};
use isogloss_core::directory::Directory;
use isogloss_core::{Reach, SessionCursor, SessionFilter, SessionInfo, TokenDigest, User};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Default maximum of listed sessions.
pub(crate) const LIMIT: usize = 100;

/// Which sessions are meant: those to which all of it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionQuery {
    /// Sessions of this user (name or e-mail address), or in which this user acts for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// Only the entry with this handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<String>,
    /// Sessions of this device or program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    /// Sessions of this dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dialect: Option<String>,
    /// Sessions issued before this time, such as `2026-11-22T09:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_before: Option<String>,
    /// All entries, without a filter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
    /// Do not end the sessions derived from the matching ones: those handed over, remembered, or begun for
    /// another user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) without_derived: bool,
    /// Maximum number of entries.
    #[serde(
        default,
        deserialize_with = "crate::management::limit",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) limit: Option<usize>,
    /// Only sessions issued earlier: `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// Reason why a query selects nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionQueryError {
    /// There is no such user.
    #[error("{0}: no such user")]
    UnknownUser(String),
    /// The handle or the timestamp cannot be parsed.
    #[error("{0}")]
    Malformed(String),
    /// The directory is unreachable.
    #[error(transparent)]
    Unavailable(#[from] isogloss_core::StoreError),
}

impl SessionQuery {
    /// Returns the query for all sessions of one user.
    pub(crate) fn of_user(user: &User) -> Self {
        Self {
            user: Some(user.user_name.clone()),
            ..Self::default()
        }
    }

    /// Returns whether the query has a filter, or says `all`. A query without either must not end all sessions
    /// by accident.
    pub(crate) fn is_explicit(&self) -> bool {
        let chosen = [
            &self.user,
            &self.handle,
            &self.client,
            &self.dialect,
            &self.issued_before,
        ];
        self.all || chosen.into_iter().any(Option::is_some)
    }

    /// Returns the parsed handle and timestamp of the query, each `None` if it is not given. Fails with `Malformed`
    /// if one cannot be parsed; callers parse the query before they send a request to a gateway or prompt for a key.
    pub(crate) fn parse(
        &self,
    ) -> Result<(Option<TokenDigest>, Option<OffsetDateTime>), SessionQueryError> {
        let malformed = |what: &str| SessionQueryError::Malformed(what.to_owned());
        let handle = self.handle.as_deref().map(|text| {
            let handle = TokenDigest::from_handle(text);
            handle.ok_or_else(|| malformed("expected a handle of 26 letters and digits"))
        });
        let issued_before = self.issued_before.as_deref().map(|text| {
            OffsetDateTime::parse(text, &Rfc3339)
                .map_err(|_| malformed("expected a time such as 2026-11-22T09:00:00Z or …+01:00"))
        });
        Ok((handle.transpose()?, issued_before.transpose()?))
    }

    /// Returns the place after which the page begins. Fails with `Malformed` if it is none.
    pub(crate) fn cursor(&self) -> Result<Option<SessionCursor>, SessionQueryError> {
        let cursor = self.after.as_deref().map(|text| {
            parse_cursor(text).ok_or_else(|| {
                let reason = "after: expected `next` of the previous page";
                SessionQueryError::Malformed(reason.to_owned())
            })
        });
        cursor.transpose()
    }

    /// Converts the query to core's filter, and looks up its user. Fails with `Malformed` if the handle or the
    /// timestamp cannot be parsed, `UnknownUser` if there is no such user, and `Unavailable` if the directory
    /// is unreachable.
    pub(crate) async fn filter(
        &self,
        directory: &dyn Directory,
    ) -> Result<SessionFilter, SessionQueryError> {
        let (handle, issued_before) = self.parse()?;
        let user = match &self.user {
            None => None,
            Some(name) => {
                let account = directory.account(name).await?;
                let account =
                    account.ok_or_else(|| SessionQueryError::UnknownUser(name.clone()))?;
                Some(account.user.id)
            }
        };
        Ok(SessionFilter {
            handle,
            user,
            dialect: self.dialect.clone(),
            client: self.client.clone(),
            issued_before,
            reach: if self.without_derived {
                Reach::Chosen
            } else {
                Reach::Derived
            },
        })
    }
}

/// Formats the place of a session for the next query: the issue in milliseconds since 1970, and the handle.
pub(crate) fn format_cursor(cursor: SessionCursor) -> String {
    let since = cursor.issued_at - OffsetDateTime::UNIX_EPOCH;
    format!("{},{}", since.whole_milliseconds(), cursor.handle)
}

/// Parses the place of a session, as [`format_cursor`] returns it. Returns `None` for any other text.
fn parse_cursor(text: &str) -> Option<SessionCursor> {
    let (milliseconds, handle) = text.split_once(',')?;
    let since = Duration::milliseconds(milliseconds.parse().ok()?);
    Some(SessionCursor {
        issued_at: OffsetDateTime::UNIX_EPOCH.checked_add(since)?,
        handle: TokenDigest::from_handle(handle)?,
    })
}

/// A session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    pub(crate) handle: String,
    /// The handle of the token that it was issued for, which may have ended.
    pub(crate) parent: Option<String>,
    /// The handle of the login that it is derived from, which may have ended.
    pub(crate) root: String,
    pub(crate) dialect: String,
    pub(crate) user: String,
    pub(crate) user_id: Uuid,
    pub(crate) purpose: String,
    pub(crate) client: Option<String>,
    pub(crate) application: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) actor_id: Option<Uuid>,
    /// When the user logged in with a password or another credential of their own.
    pub(crate) login_at: String,
    /// The address of that login, if it is known.
    #[serde(default)]
    pub(crate) login_address: Option<String>,
    pub(crate) issued_at: String,
    pub(crate) used_at: String,
    pub(crate) expires_at: String,
}

impl SessionView {
    /// Converts a session of core for display. Fails if a timestamp is out of the range of RFC 3339.
    pub(crate) fn new(listed: SessionInfo) -> Result<Self> {
        let moment = |moment: OffsetDateTime| {
            let seconds = moment.replace_nanosecond(0).unwrap_or(moment);
            seconds.format(&Rfc3339).context("a time is out of range")
        };
        Ok(Self {
            handle: listed.handle.to_string(),
            parent: listed.parent.map(|parent| parent.to_string()),
            root: listed.root.to_string(),
            dialect: listed.dialect,
            user: listed.user_name,
            user_id: listed.user,
            purpose: listed.purpose.name().to_owned(),
            client: listed.client,
            application: listed.application,
            unit: listed.unit,
            actor: listed.actor_name,
            actor_id: listed.actor,
            login_at: moment(listed.login_at)?,
            login_address: listed.login_address.map(|address| address.to_string()),
            issued_at: moment(listed.issued_at)?,
            used_at: moment(listed.used_at)?,
            expires_at: moment(listed.expires_at)?,
        })
    }
}
