//! Listing and ending sessions, for operators.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Auth;
use super::derived::{Family, Found};
use super::lookup::{is_active_in, may_still_impersonate};
use crate::error::AuthError;
use crate::purpose::Purpose;
use crate::store::Record;
use crate::token_digest::TokenDigest;
use crate::user::User;

/// A filter for sessions. All conditions that are set must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// The session of that handle.
    pub handle: Option<TokenDigest>,
    /// Sessions of that user, or in which that user acts for another.
    pub user: Option<Uuid>,
    /// Sessions of that dialect.
    pub dialect: Option<String>,
    /// Sessions of that device or program.
    pub client: Option<String>,
    /// Sessions that were issued before that timestamp.
    pub issued_before: Option<OffsetDateTime>,
    /// What else is ended. Lists show only the sessions that match.
    pub reach: Reach,
}

/// Which sessions are ended in addition to those that match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// The sessions derived from them: handed-over and remembered sessions, and impersonations.
    #[default]
    Derived,
    /// No other sessions.
    Chosen,
}

/// A session in a list. It names the token by its handle and cannot be used as a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The handle of the token.
    pub handle: TokenDigest,
    /// The dialect.
    pub dialect: String,
    /// The user of the session.
    pub user: Uuid,
    /// The user's login name.
    pub user_name: String,
    /// What the token is for.
    pub purpose: Purpose,
    /// The device or program.
    pub client: Option<String>,
    /// The application.
    pub application: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The administrator who logged in as the user.
    pub actor: Option<Uuid>,
    /// The administrator's login name.
    pub actor_name: Option<String>,
    /// The token from which this one is derived, which may have ended. `None` if it is derived from no token.
    pub parent: Option<TokenDigest>,
    /// The token of the login from which this one is derived, which may have ended; this token itself if it was
    /// issued at a login.
    pub root: TokenDigest,
    /// When the user logged in with a credential of their own.
    pub login_at: OffsetDateTime,
    /// The address of that login. `None` if a release before recorded the token, or if no address was known.
    pub login_address: Option<IpAddr>,
    /// When the token was issued.
    pub issued_at: OffsetDateTime,
    /// When the token was last used, to the hour or, if its end moves with its use, to the minute.
    pub used_at: OffsetDateTime,
    /// When the token ends.
    pub expires_at: OffsetDateTime,
}

impl SessionFilter {
    /// Returns whether the filter has no condition other than the handle.
    fn is_handle_alone(&self) -> bool {
        let alone = Self {
            handle: self.handle,
            reach: self.reach,
            ..Self::default()
        };
        *self == alone
    }

    /// Returns whether the record of `digest` matches all conditions that are set.
    pub(super) fn fits(&self, digest: TokenDigest, record: &Record) -> bool {
        self.handle.is_none_or(|handle| handle == digest)
            && self
                .user
                .is_none_or(|user| user == record.user || Some(user) == record.actor)
            && self.dialect.as_ref().is_none_or(|d| *d == record.realm)
            && (self.client.is_none() || self.client == record.client)
            && self
                .issued_before
                .is_none_or(|moment| record.issued_at < moment)
    }
}

impl Auth {
    /// Returns the sessions that match and whose tokens are valid, the most recently issued first, at most
    /// `limit` of them.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the token store or the directory is unavailable.
    pub async fn sessions(
        &self,
        filter: &SessionFilter,
        limit: usize,
    ) -> Result<Vec<SessionInfo>, AuthError> {
        let page = self.session_page(filter, None, limit).await?;
        Ok(page.sessions)
    }

    /// Returns the session of a record, or `None` if its token is not valid. Fails with [`AuthError::Unavailable`] if
    /// the directory is unavailable.
    pub(super) async fn listed_session(
        &self,
        (handle, record): (TokenDigest, Record),
        users: &mut Users,
    ) -> Result<Option<SessionInfo>, AuthError> {
        let user = users.find(self, record.user).await?;
        let user = user.filter(|user| {
            is_active_in(user, record.generation) && self.has_bound_address(user, &record)
        });
        let Some(user) = user else {
            return Ok(None);
        };
        let actor = match record.actor {
            None => None,
            Some(actor) => match users.find(self, actor).await? {
                Some(actor) if may_still_impersonate(&actor, &record) => Some(actor),
                Some(_) | None => return Ok(None),
            },
        };
        Ok(Some(described(handle, &user, actor.as_deref(), record)))
    }

    /// Ends the sessions that match and returns how many live tokens ended. If the filter reaches derived
    /// sessions, those are ended afterwards: then no token is left from which others can be derived. Fails with
    /// [`AuthError::Unavailable`] if the token store is unavailable; some sessions may have ended.
    pub(super) async fn end_all(&self, filter: &SessionFilter) -> Result<u64, AuthError> {
        let (chosen, ended) = match filter.handle {
            // The record is not read first: a token whose record cannot be decoded is ended, too.
            Some(handle) if filter.is_handle_alone() => self.end_handle(handle).await?,
            Some(_) | None => {
                let chosen = self.records(filter).await?;
                let ended = self.end_each(&chosen).await?;
                (chosen, ended)
            }
        };
        match filter.reach {
            Reach::Chosen => Ok(ended),
            Reach::Derived => {
                let family = Family::chosen(filter, &chosen);
                Ok(ended + self.end_derived(family).await?)
            }
        }
    }

    /// Ends the session of a handle. Returns its record, or an empty map if there was none, and how many live
    /// sessions ended: 0 or 1. Fails with [`AuthError::Unavailable`] if the token store is unavailable.
    async fn end_handle(&self, handle: TokenDigest) -> Result<(Found, u64), AuthError> {
        let taken = self.components.tokens.remove(handle).await?;
        self.recent_tokens.forget(handle);
        let is_live = |record: &Record| record.is_live(self.now());
        let ended = taken.as_ref().is_some_and(is_live);
        let found = taken.map(|record| (handle, record)).into_iter().collect();
        Ok((found, u64::from(ended)))
    }

    /// Returns the matching records, including those of tokens that are no longer live, by the cheapest query:
    /// the handle, the user's list, or all records. Fails with [`AuthError::Unavailable`] if the token store is
    /// unavailable.
    pub(super) async fn records(&self, filter: &SessionFilter) -> Result<Found, AuthError> {
        let fits = |(digest, record): &(TokenDigest, Record)| filter.fits(*digest, record);
        if let Some(handle) = filter.handle {
            let record = self.record_of(handle).await?;
            return Ok(record
                .map(|record| (handle, Arc::unwrap_or_clone(record)))
                .into_iter()
                .filter(fits)
                .collect());
        }
        if let Some(user) = filter.user {
            let records = self.components.tokens.list_by_user(user).await?;
            return Ok(records.into_iter().filter(fits).collect());
        }
        let mut found = Found::new();
        self.components
            .tokens
            .scan(&mut |digest, record| {
                if filter.fits(digest, &record) {
                    found.insert(digest, record);
                }
                ControlFlow::Continue(())
            })
            .await?;
        Ok(found)
    }
}

/// Users who were looked up before.
#[derive(Default)]
pub(super) struct Users(HashMap<Uuid, Option<Arc<User>>>);

impl Users {
    /// Returns the user of that id, which is looked up once. `None` if there is no such user. Fails with
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    async fn find(&mut self, auth: &Auth, id: Uuid) -> Result<Option<Arc<User>>, AuthError> {
        match self.0.entry(id) {
            Entry::Occupied(known) => Ok(known.get().clone()),
            Entry::Vacant(place) => Ok(place.insert(auth.user_of(id).await?).clone()),
        }
    }
}

/// Returns the session as lists show it.
fn described(
    handle: TokenDigest,
    user: &User,
    actor: Option<&User>,
    record: Record,
) -> SessionInfo {
    SessionInfo {
        handle,
        parent: record.parent,
        root: record.root(handle),
        login_at: record.login_at(),
        login_address: record.source,
        dialect: record.realm,
        user: user.id,
        user_name: user.user_name.clone(),
        purpose: record.purpose,
        client: record.client,
        application: record.application,
        unit: record.unit,
        actor: record.actor,
        actor_name: actor.map(|actor| actor.user_name.clone()),
        issued_at: record.issued_at,
        used_at: record.used_at,
        expires_at: record.expires_at,
    }
}
