//! Lists of sessions, page by page.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use time::OffsetDateTime;

use super::Auth;
use super::sessions::{SessionFilter, SessionInfo, Users};
use crate::error::AuthError;
use crate::store::Record;
use crate::token_digest::TokenDigest;

/// How many more records than sessions are kept: some tokens are not valid.
const SPARE: usize = 64;

/// A page of a list of sessions, the most recently issued one first.
#[derive(Debug, Clone)]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<SessionInfo>,
    /// Where the next page begins. `None` if this is the last one.
    pub next: Option<SessionCursor>,
}

/// A place in a list of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCursor {
    /// When the token was issued.
    pub issued_at: OffsetDateTime,
    /// The handle of the token.
    pub handle: TokenDigest,
}

/// The order of a list.
type Place = (Reverse<OffsetDateTime>, TokenDigest);

impl SessionCursor {
    fn of(handle: TokenDigest, record: &Record) -> Self {
        let issued_at = record.issued_at;
        Self { issued_at, handle }
    }

    fn place(self) -> Place {
        (Reverse(self.issued_at), self.handle)
    }
}

impl Auth {
    /// Returns a page of the sessions that match and whose tokens are valid, the most recently issued first, at most
    /// `limit` of them. Without a user and a handle, all tokens of the store are read, but no more of them are kept in
    /// memory than the page needs.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the token store or the directory is unavailable.
    pub async fn session_page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: usize,
    ) -> Result<SessionPage, AuthError> {
        let room = limit.saturating_add(SPARE);
        let mut after = after;
        let mut users = Users::default();
        let mut sessions = Vec::new();
        loop {
            let newest = self.newest(filter, after, room).await?;
            let is_last = newest.len() < room;
            for (handle, record) in newest {
                if sessions.len() == limit {
                    let next = after;
                    return Ok(SessionPage { sessions, next });
                }
                after = Some(SessionCursor::of(handle, &record));
                let session = self.listed_session((handle, record), &mut users).await?;
                sessions.extend(session);
            }
            if is_last || sessions.len() == limit {
                let next = after.filter(|_| !is_last);
                return Ok(SessionPage { sessions, next });
            }
        }
    }

    /// Returns the first records after a place whose tokens have not expired, at most `room` of them. Fails with
    /// [`AuthError::Unavailable`] if the token store is unavailable.
    async fn newest(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        room: usize,
    ) -> Result<Vec<(TokenDigest, Record)>, AuthError> {
        let now = self.now();
        let after = after.map(SessionCursor::place);
        let mut newest: BTreeMap<Place, Record> = BTreeMap::new();
        let mut add = |digest, record: Record| {
            let place = SessionCursor::of(digest, &record).place();
            if record.is_live(now) && after.is_none_or(|after| place > after) {
                newest.insert(place, record);
                if newest.len() > room {
                    newest.pop_last();
                }
            }
        };
        if filter.handle.is_some() || filter.user.is_some() {
            for (digest, record) in self.records(filter).await? {
                add(digest, record);
            }
        } else {
            self.components
                .tokens
                .scan(&mut |digest, record| {
                    if filter.fits(digest, &record) {
                        add(digest, record);
                    }
                    ControlFlow::Continue(())
                })
                .await?;
        }
        let newest = newest.into_iter();
        Ok(newest
            .map(|((_, digest), record)| (digest, record))
            .collect())
    }
}
