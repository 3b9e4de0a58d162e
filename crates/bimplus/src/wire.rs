//! Responses in the vendor's format.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use isogloss_core::{IssuedToken, Session};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::Id;

/// The scheme of the `Authorization` header, and the `token_type` of every response.
pub(crate) const TOKEN_TYPE: &str = "BimPlus";

/// The response to a login with a password or a cross token.
#[derive(Serialize)]
pub(crate) struct AccessTokenResponse {
    access_token: String,
    expires_in: i64,
    client_id: String,
    token_type: &'static str,
}

impl AccessTokenResponse {
    pub(crate) fn new(access: &IssuedToken, client: Id) -> Self {
        Self {
            access_token: access.token.hex(),
            expires_in: access.expires_in(),
            client_id: client.text,
            token_type: TOKEN_TYPE,
        }
    }
}

/// The response to a login with `remember_me`, or by a remember-me token.
#[derive(Serialize)]
pub(crate) struct RememberMeResponse {
    access_token: String,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<String>,
    client_id: String,
    #[serde(flatten)]
    remembered: Option<Remembered>,
    token_type: &'static str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the vendor's names")]
struct Remembered {
    remember_me: bool,
    remember_me_token: String,
    remember_me_expires_in: i64,
}

impl RememberMeResponse {
    /// Returns the response with an access token, and with `remember`, the new remember-me token of a login with a
    /// password, if there is one.
    pub(crate) fn new(
        access: &IssuedToken,
        remember: Option<&IssuedToken>,
        client: Id,
        application: Option<Id>,
    ) -> Self {
        Self {
            access_token: access.token.hex(),
            expires_in: access.expires_in(),
            application_id: application.map(|id| id.text),
            client_id: client.text,
            remembered: remember.map(|remember| Remembered {
                remember_me: true,
                remember_me_token: remember.token.hex(),
                remember_me_expires_in: remember.expires_in(),
            }),
            token_type: TOKEN_TYPE,
        }
    }
}

/// The response to `GET authorize`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TokenInformation {
    user_id: String,
    audience: String,
    expires_in: i64,
}

impl TokenInformation {
    pub(crate) fn new(session: &Session, now: OffsetDateTime) -> Self {
        let client = session.client().and_then(|id| Uuid::try_parse(id).ok());
        Self {
            user_id: session.user.id.to_string(),
            audience: client.unwrap_or_default().to_string(),
            expires_in: session.seconds_left(now),
        }
    }
}

/// The response to `POST cross-token`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = CrossAnswer)]
pub(crate) struct CrossTokenResponse {
    cross_token: String,
    expires_in: i64,
    token_type: &'static str,
}

impl CrossTokenResponse {
    pub(crate) fn new(cross: &IssuedToken) -> Self {
        Self {
            cross_token: cross.token.hex(),
            expires_in: cross.expires_in(),
            token_type: TOKEN_TYPE,
        }
    }
}

/// Returns a JSON response with the media type that the .NET SDK expects, which browsers and proxies must not cache.
pub(crate) fn json(response: &mut HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(serde_json::to_vec(body).unwrap_or_default())
}
