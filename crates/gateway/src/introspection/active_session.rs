//! The session of a token that a service sends for a check, unless its dialect or its client is being retired.

use actix_web::HttpRequest;
use isogloss_core::{Auth, ClientIdentity, Session};

use super::IntrospectionApi;
use super::oauth_error::OAuthError;
use super::token_extraction::find_session;
use crate::dialects::Mount;
use crate::sunset;

/// The reason why a token is not valid, as the rest of a sentence about the token.
pub(super) type InvalidTokenReason = &'static str;

impl IntrospectionApi {
    /// Returns the session of a token and its dialect, or the reason why the token is not valid. `token` may
    /// have any form in which a service received it. Counts the check as use of the dialect at `route`, a route
    /// of the management listener.
    ///
    /// # Errors
    /// The dialect is not enabled or is in a brownout, or a store is unreachable.
    pub(super) async fn check_token(
        &self,
        (auth, request, route): (&Auth, &HttpRequest, &'static str),
        dialect: Option<&str>,
        token: &str,
    ) -> Result<Result<(Session, &Mount), InvalidTokenReason>, OAuthError> {
        let mounts = self.mounts_named(dialect)?;
        let (found, client) =
            ClientIdentity::observe(None, Box::pin(find_session(auth, mounts, token))).await;
        let Some((session, mount)) = found? else {
            return Ok(Err("is not valid"));
        };
        let rejection = self.usage.rejection(mount, &client, auth.now());
        let refused = rejection.is_some();
        self.usage
            .record((mount, route), request, (client, refused));
        match rejection {
            None => Ok(Ok((session, mount))),
            Some(sunset::Rejection::Blocked) => Ok(Err("is one of a blocked client")),
            Some(sunset::Rejection::ShutDown) => {
                Ok(Err("is of a dialect that is no longer served"))
            }
            Some(brownout @ sunset::Rejection::Brownout { .. }) => Err(OAuthError::Brownout {
                retry_after: brownout.retry_after(auth.now()).unwrap_or_default(),
            }),
        }
    }
}
