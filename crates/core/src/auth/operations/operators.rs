//! Operations for operators, with their audit events.

use crate::audit::{ClaimedName, Event, EventKind};
use crate::auth::{Auth, SessionFilter, ThrottleFilter};
use crate::error::AuthError;

/// Operations for operators.
impl Auth {
    /// Ends all sessions that match, and returns how many live tokens ended. A login that is running
    /// concurrently may be missed.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the token store is unavailable. Some of the sessions may have ended.
    pub async fn end_sessions(&self, filter: &SessionFilter) -> Result<u64, AuthError> {
        let outcome = self.end_all(filter).await;
        let event = Event {
            dialect: filter.dialect.clone(),
            user: filter.user,
            handle: filter.handle,
            client: filter.client.clone(),
            issued_before: filter.issued_before,
            ..self.event(EventKind::EndSessions)
        };
        self.record_count(event, &outcome);
        outcome
    }

    /// Resets the buckets that match, and returns how many there were; 0 if login attempts are not limited.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if a store is unavailable. Some of the buckets may have been reset.
    pub async fn clear_throttle(&self, filter: &ThrottleFilter) -> Result<u64, AuthError> {
        let outcome = self.reset_buckets(filter).await;
        let name = filter.name.as_deref();
        let event = Event {
            name_hash: name.map(|name| self.name_hash(ClaimedName::User(name))),
            handle: filter.handle,
            target: filter.source.map(|source| source.to_string()),
            ..self.event(EventKind::ClearThrottle)
        };
        self.record_count(event, &outcome);
        outcome
    }
}
