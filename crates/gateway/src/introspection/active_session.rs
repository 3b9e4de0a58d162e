//! The session of a token that a service sends for a check, unless its dialect or its client is being retired.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use isogloss_core::{Auth, AuthError, KeyLimits, ObservedRequest, Session};
use time::OffsetDateTime;

use super::IntrospectionApi;
use super::oauth_error::OAuthError;
use super::token_extraction::find_session;
use crate::dialects::Mount;
use crate::jwt::{KeysUnavailable, VerifiedJwt};
use crate::refusals::{Cause, Fault};
use crate::sunset;

/// The reason why a token is not valid, as the rest of a sentence about the token.
pub(super) type InvalidTokenReason = &'static str;

const NOT_VALID: InvalidTokenReason = "is not valid";

/// A check of a token by a service.
#[derive(Clone, Copy)]
pub(super) struct Check<'c> {
    pub(super) auth: &'c Auth,
    pub(super) request: &'c HttpRequest,
    /// The route of the management listener, under which the check is counted as use of the dialect.
    pub(super) route: &'static str,
    /// The limits of the service's key.
    pub(super) limits: &'c KeyLimits,
    /// The only dialect whose tokens are valid. `None` for all that the key may see.
    pub(super) dialect: Option<&'c str>,
}

/// A JWT of this gateway, and the session of the token that it was issued for.
pub(super) struct ActiveJwt<'m> {
    pub(super) jwt: VerifiedJwt,
    pub(super) session: Session,
    pub(super) mount: &'m Mount,
}

impl IntrospectionApi {
    /// Returns the session of a token and its dialect, or the reason why the token is not valid. `token` may
    /// have any form in which a service received it. Tokens of dialects that the key does not allow are not valid.
    ///
    /// # Errors
    /// The dialect is not enabled or is in a brownout, or a store is unreachable.
    pub(super) async fn check_token(
        &self,
        check: Check<'_>,
        token: &str,
    ) -> Result<Result<(Session, &Mount), InvalidTokenReason>, OAuthError> {
        let mounts = self.mounts_named(check.dialect)?;
        // A token of another dialect is not looked up, so that no brownout of that dialect shows that it is valid.
        let mounts = mounts.filter(|mount| check.limits.allows_dialect(mount.name));
        let (found, observed) =
            ObservedRequest::observe(None, Box::pin(find_session(check.auth, mounts, token))).await;
        let Some((session, mount)) = found? else {
            self.record_refusal(check, None, (observed, Fault::no_token()));
            return Ok(Err(NOT_VALID));
        };
        let accepted = self.apply_sunset(check, mount, observed)?;
        Ok(accepted.map(|()| (session, mount)))
    }

    /// Returns the claims of a JWT of this gateway with the session of its token, or the reason why it is not valid:
    /// it is valid only as long as that token. `None` if the text is no JWT that this gateway has signed, or if that
    /// has expired. A JWT is not valid unless the key allows its dialect and one of its audiences.
    ///
    /// # Errors
    /// The dialect is not enabled or is in a brownout, or a store or the keys of JWTs are unavailable.
    pub(super) async fn check_jwt(
        &self,
        check: Check<'_>,
        text: &str,
    ) -> Result<Option<Result<ActiveJwt<'_>, InvalidTokenReason>>, OAuthError> {
        let mut mounts = self.mounts_named(check.dialect)?;
        let Some(jwt) = self.verify(text, check.auth.now())? else {
            return Ok(None);
        };
        // Before any look-up, as for other tokens.
        let mount = mounts.find(|mount| is_of(&jwt, mount) && is_allowed(&jwt, check.limits));
        let Some(mount) = mount else {
            return Ok(Some(Err(NOT_VALID)));
        };
        let found = check.auth.validate_by_digest(jwt.handle);
        let (found, observed) = ObservedRequest::observe(None, Box::pin(found)).await;
        let session = match found {
            Ok(session) => session,
            Err(AuthError::InvalidToken(_)) => {
                self.record_refusal(check, Some(mount), (observed, Fault::no_token()));
                return Ok(Some(Err(NOT_VALID)));
            }
            Err(error) => return Err(error.into()),
        };
        let accepted = self.apply_sunset(check, mount, observed)?;
        Ok(Some(accepted.map(|()| ActiveJwt {
            jwt,
            session,
            mount,
        })))
    }

    /// Returns a JWT that stands alone or after `Bearer`. `None` if this gateway has not signed it, or if it has
    /// expired.
    ///
    /// # Errors
    /// The text has the shape of a JWT, and the keys are unavailable that would tell.
    fn verify(
        &self,
        text: &str,
        now: OffsetDateTime,
    ) -> Result<Option<VerifiedJwt>, KeysUnavailable> {
        let text = text.trim();
        let jwt = match text.split_once(' ') {
            Some((scheme, jwt)) if scheme.eq_ignore_ascii_case("bearer") => jwt.trim_start(),
            Some(_) | None => text,
        };
        let is_shaped = jwt.split('.').count() == 3 && !jwt.contains(char::is_whitespace);
        let Some(jwts) = self.jwts.as_ref().filter(|_| is_shaped) else {
            return Ok(None);
        };
        let verified = jwts.verify(jwt, now);
        if verified.is_none() {
            jwts.check_available(now)?;
        }
        Ok(verified)
    }

    /// Counts a check of a valid token as use of its dialect. Returns the reason why the token is not valid if its
    /// dialect or its client has been retired.
    ///
    /// # Errors
    /// The dialect is in a brownout.
    fn apply_sunset(
        &self,
        check: Check<'_>,
        mount: &Mount,
        observed: ObservedRequest,
    ) -> Result<Result<(), InvalidTokenReason>, OAuthError> {
        let now = check.auth.now();
        let client = &observed.client;
        let rejection = self.usage.rejection(mount, client, now);
        let refused = rejection.is_some();
        self.usage
            .record((mount, check.route), check.request, (client, refused));
        if let Some(rejection) = rejection {
            self.record_refusal(check, Some(mount), (observed, rejection.into()));
        }
        match rejection {
            None => Ok(Ok(())),
            Some(sunset::Rejection::Blocked) => Ok(Err("is one of a blocked client")),
            Some(sunset::Rejection::ShutDown) => {
                Ok(Err("is of a dialect that is no longer served"))
            }
            Some(brownout @ sunset::Rejection::Brownout { .. }) => Err(OAuthError::Brownout {
                retry_after: brownout.retry_after(now).unwrap_or_default(),
            }),
        }
    }
}

impl IntrospectionApi {
    /// Records that the service learned that a token is not valid.
    fn record_refusal(
        &self,
        check: Check<'_>,
        mount: Option<&Mount>,
        (observed, fault): (ObservedRequest, Fault),
    ) {
        let dialect = mount.map(|mount| mount.name);
        let cause = Cause {
            observed,
            fault: Some(fault),
        };
        let route = (dialect, check.route);
        self.usage
            .record_refusal(route, check.request, (StatusCode::OK, cause));
    }
}

/// Returns whether a JWT was issued for a token of the dialect.
fn is_of(jwt: &VerifiedJwt, mount: &Mount) -> bool {
    let dialect = jwt.claims.get("dialect");
    dialect.and_then(|dialect| dialect.as_str()) == Some(mount.name)
}

/// Returns whether the holder of a key with these limits may see a JWT: its dialect and one of its audiences are allowed.
fn is_allowed(jwt: &VerifiedJwt, limits: &KeyLimits) -> bool {
    let text = |claim: &str| jwt.claims.get(claim).and_then(|value| value.as_str());
    let audiences = jwt.claims.get("aud").and_then(|value| value.as_array());
    let mut audiences = audiences
        .into_iter()
        .flatten()
        .filter_map(|audience| audience.as_str())
        .chain(text("aud"));
    text("dialect").is_some_and(|dialect| limits.allows_dialect(dialect))
        && audiences.any(|audience| limits.allows_audience(audience))
}
