//! The identity of the client of a request, as far as it becomes known while the request is handled.

use std::sync::Arc;
use std::time::Duration;

use uuid::{Builder, Uuid};

use crate::error::AuthError;
use crate::observed_request::ObservedRequest;
use crate::refusal_cause::RefusalCause;
use crate::user::User;

/// A function that returns `true` if a client is blocked. Called each time more becomes known about the client.
pub type ClientFilter = Arc<dyn Fn(&ClientIdentity) -> bool + Send + Sync>;

/// The identity of a client, as far as a request has revealed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The application, if the dialect names it.
    pub application: Option<String>,
    /// The device or program, if the dialect names it.
    pub client: Option<String>,
    /// The label of the key that the request presented.
    pub key: Option<String>,
    /// The id of the user of the request.
    pub user: Option<Uuid>,
    /// Whether credentials of the request were right, rather than a token.
    pub has_logged_in: bool,
    /// The expired token that the request presented.
    pub expired: Option<Expired>,
}

/// An expired token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// How long ago the token was issued.
    pub age: Duration,
    /// Whether this gateway sees the token for the first time since its end.
    pub first: bool,
}

impl ClientIdentity {
    /// Returns a new random identifier for a client that names none but must be given one. The identifier does
    /// not identify the client: each login would have another. Its GUID version 8 (RFC 9562) distinguishes it
    /// from those that clients generate.
    pub fn unnamed() -> Uuid {
        Builder::from_custom_bytes(*Uuid::new_v4().as_bytes()).into_uuid()
    }

    /// Returns the name that the client gave itself. `None` if the client gave none, or only a GUID of version
    /// 8, as [`ClientIdentity::unnamed`] returns.
    pub fn given_name(&self) -> Option<&str> {
        const CUSTOM: usize = 8;

        let is_given = |name: &&str| {
            let guid = Uuid::try_parse(name);
            !guid.is_ok_and(|guid| guid.get_version_num() == CUSTOM)
        };
        self.client.as_deref().filter(is_given)
    }

    /// Records that the request presented an expired token, and the client and application to which the token
    /// was issued. Fails with [`AuthError::Forbidden`] if the client is blocked.
    pub(crate) fn record_expired(
        client: Option<&String>,
        application: Option<&String>,
        expired: Expired,
    ) -> Result<(), AuthError> {
        Self::record(|observed| {
            observed.client = client.or(observed.client.as_ref()).cloned();
            observed.application = application.or(observed.application.as_ref()).cloned();
            observed.expired = Some(expired);
        })
    }

    /// Records the key that the request presented. Fails with [`AuthError::Forbidden`] if the client is blocked.
    pub(crate) fn record_key(label: &str) -> Result<(), AuthError> {
        Self::record(|client| client.key = Some(label.to_owned()))
    }

    /// Records that credentials of the request were right.
    pub(crate) fn record_login() {
        // A blocked client was refused before.
        ObservedRequest::record_client(|client| client.has_logged_in = true);
    }

    /// Records the user of the request, and the client and application of a token that was or will be issued.
    /// Fails with [`AuthError::Forbidden`] if the client is blocked.
    pub(crate) fn record_user(
        user: &User,
        client: Option<&String>,
        application: Option<&String>,
    ) -> Result<(), AuthError> {
        Self::record(|observed| {
            observed.user = Some(user.id);
            observed.client = client.or(observed.client.as_ref()).cloned();
            observed.application = application.or(observed.application.as_ref()).cloned();
        })
    }

    /// Changes the observed identity. Fails with [`AuthError::Forbidden`] if the client is blocked.
    fn record(change: impl FnOnce(&mut Self)) -> Result<(), AuthError> {
        if ObservedRequest::record_client(change) {
            return Err(AuthError::Forbidden(RefusalCause::ClientBlocked));
        }
        Ok(())
    }
}
