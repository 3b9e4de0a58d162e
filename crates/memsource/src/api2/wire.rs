//! Responses of `api2`: user numbers are strings, and there are more members.

use actix_web::cookie::Cookie;
use isogloss_core::{IssuedToken, User};
use serde::Serialize;

use crate::Settings;
use crate::wire::{format_expiry, format_token};

/// Returns the `uid` of a user, with which a `userUid` is compared.
pub(super) fn user_uid(user: &User) -> String {
    user.id.to_string()
}

/// The response to `login` and `loginOther`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Api2LoginAnswer)]
pub(crate) struct LoginResponse<'a> {
    user: UserResponse<'a>,
    token: String,
    expires: String,
}

impl<'a> LoginResponse<'a> {
    pub(super) fn new(issued: &'a IssuedToken, settings: &Settings) -> Self {
        Self {
            user: UserResponse::new(&issued.session.user),
            token: format_token(issued),
            expires: format_expiry(issued.session.expires_at(), settings.expires_style),
        }
    }
}

/// The response to `loginToSession`.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Api2SessionAnswer)]
pub(crate) struct SessionResponse<'a> {
    user: UserResponse<'a>,
    /// The value of a header `Cookie` that opens the session.
    cookie: String,
    /// The session's handle, which services that use the gateway know as `jti`. It is not a credential, and
    /// a page of another origin cannot know it.
    csrf_token: String,
}

impl<'a> SessionResponse<'a> {
    pub(super) fn new(issued: &'a IssuedToken, cookie: &Cookie<'_>) -> Self {
        Self {
            user: UserResponse::new(&issued.session.user),
            cookie: cookie.stripped().to_string(),
            csrf_token: issued.session.digest.to_string(),
        }
    }
}

/// The response to `whoAmI`.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Api2WhoAmIAnswer)]
pub(crate) struct WhoAmIResponse<'a> {
    user: UserResponse<'a>,
    /// There is no browser session that it could guard.
    csrf_token: (),
    organization: OrganizationResponse<'a>,
    edition: EditionResponse,
    features: FeaturesResponse,
}

impl<'a> WhoAmIResponse<'a> {
    pub(super) fn new(user: &'a User) -> Self {
        Self {
            user: UserResponse::new(user),
            csrf_token: (),
            organization: OrganizationResponse {
                id: user.organisation.id.to_string(),
                name: &user.organisation.name,
            },
            edition: EditionResponse::default(),
            features: FeaturesResponse { reject_jobs: false },
        }
    }
}

/// The numbers are strings and the role is in upper case, or three clients fail.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Api2User)]
struct UserResponse<'a> {
    user_name: &'a str,
    uid: String,
    id: String,
    first_name: &'a str,
    last_name: &'a str,
    role: &'static str,
    email: Option<&'a str>,
}

impl<'a> UserResponse<'a> {
    fn new(user: &'a User) -> Self {
        Self {
            user_name: &user.user_name,
            uid: user_uid(user),
            id: user.number.to_string(),
            first_name: &user.first_name,
            last_name: &user.last_name,
            role: user.role.name(),
            email: user.email.as_deref(),
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Api2Organization)]
struct OrganizationResponse<'a> {
    id: String,
    name: &'a str,
}

/// The edition that the organisation has bought; always the largest one.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Api2Edition)]
struct EditionResponse {
    id: &'static str,
    name: &'static str,
    title: &'static str,
}

impl Default for EditionResponse {
    fn default() -> Self {
        Self {
            id: "1",
            name: "ULTIMATE",
            title: "Ultimate",
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Api2Features)]
struct FeaturesResponse {
    reject_jobs: bool,
}
