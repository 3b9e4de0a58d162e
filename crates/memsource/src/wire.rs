//! Responses in the vendor's format, and the spelling of tokens.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use isogloss_core::{IssuedToken, Role, Token, User};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::REALM;
use crate::settings::{ExpiresStyle, RoleStyle, Settings};

/// Returns the token of a login in the vendor's format: `30-` and 32 hexadecimal digits, for the user with number 30.
pub(crate) fn format_token(issued: &IssuedToken) -> String {
    format_parts(issued.session.user.number, &issued.token)
}

/// Returns a user's number, a dash, and the token as 32 lower-case hexadecimal digits.
fn format_parts(number: i64, token: &Token) -> String {
    format!("{number}-{}", token.hex())
}

/// Parses the user's number and the token. `None` unless the text is spelled exactly as [`format_token`] spells it: for
/// a client a token has no parts, so another spelling is another token.
pub(crate) fn parse_token(text: &str) -> Option<(i64, Token)> {
    let text = text.trim();
    let (number, token) = text.split_once('-')?;
    let (number, token) = (number.parse().ok()?, Token::from_hex(REALM, token)?);
    (format_parts(number, &token) == text).then_some((number, token))
}

/// The response to `login` and `loginOther`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = LoginAnswer)]
pub(crate) struct LoginResponse<'a> {
    user: UserResponse<'a>,
    token: String,
    expires: String,
}

impl<'a> LoginResponse<'a> {
    pub(crate) fn new(issued: &'a IssuedToken, settings: &Settings) -> Self {
        Self {
            user: UserResponse::new(&issued.session.user, settings),
            token: format_token(issued),
            expires: format_expiry(issued.session.expires_at(), settings.expires_style),
        }
    }
}

/// The response to `whoAmI`.
#[derive(Serialize)]
pub(crate) struct WhoAmIResponse<'a> {
    user: UserResponse<'a>,
    #[serde(flatten)]
    extras: Option<Extras<'a>>,
}

/// Undocumented members of the vendor's server in 2016.
#[derive(Serialize)]
struct Extras<'a> {
    #[serde(rename = "csrfToken")]
    csrf_token: (),
    organization: OrganizationResponse<'a>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OrganizationAnswer)]
pub(crate) struct OrganizationResponse<'a> {
    name: &'a str,
    logo: (),
}

impl<'a> WhoAmIResponse<'a> {
    pub(crate) fn new(user: &'a User, settings: &Settings) -> Self {
        let extras = settings.who_am_i_extras.then(|| Extras {
            csrf_token: (),
            organization: OrganizationResponse {
                name: &user.organisation.name,
                logo: (),
            },
        });
        Self {
            user: UserResponse::new(user, settings),
            extras,
        }
    }
}

/// Exactly these five members: one client fails on any other.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserAnswer)]
pub(crate) struct UserResponse<'a> {
    id: i64,
    first_name: &'a str,
    last_name: &'a str,
    user_name: &'a str,
    role: &'static str,
}

impl<'a> UserResponse<'a> {
    fn new(user: &'a User, settings: &Settings) -> Self {
        Self {
            id: user.number,
            first_name: &user.first_name,
            last_name: &user.last_name,
            user_name: &user.user_name,
            role: role(user.role, settings.role_style),
        }
    }
}

/// Returns the name of a role in this style. In title case, `_` included, only the case differs from the
/// documented values: the vendor ignores the case when it compares names of roles.
fn role(role: Role, style: RoleStyle) -> &'static str {
    match (style, role) {
        (RoleStyle::Upper, role) => role.name(),
        (RoleStyle::Title, Role::Admin) => "Admin",
        (RoleStyle::Title, Role::ProjectManager) => "Project_Manager",
        (RoleStyle::Title, Role::Linguist) => "Linguist",
    }
}

/// Returns a timestamp in this style. Every recorded response of the vendor has `+0000`, and two clients accept nothing
/// else.
pub(crate) fn format_expiry(timestamp: OffsetDateTime, style: ExpiresStyle) -> String {
    const OFFSET: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+0000");
    const ZULU: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let format = match style {
        ExpiresStyle::Offset => OFFSET,
        ExpiresStyle::Zulu => ZULU,
    };
    timestamp.format(format).unwrap_or_default()
}

/// Returns a JSON response. Its media type has no charset, because one client compares the whole header.
pub(crate) fn json(response: &mut HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(serde_json::to_vec(body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn expiry_is_spelt_without_a_colon_in_the_offset() {
        let moment = datetime!(2014-12-12 16:55:02.5 UTC);
        assert_eq!(
            format_expiry(moment, ExpiresStyle::Offset),
            "2014-12-12T16:55:02+0000"
        );
        assert_eq!(
            format_expiry(moment, ExpiresStyle::Zulu),
            "2014-12-12T16:55:02Z"
        );
    }

    #[test]
    fn only_number_dash_hex_is_a_token() {
        let (number, token) = parse_token("30-a3bf70333f8f1316cb7841cd774c9ce8").unwrap();
        assert_eq!(
            (number, token.hex().as_str()),
            (30, "a3bf70333f8f1316cb7841cd774c9ce8")
        );
        for text in [
            "",
            "30",
            "30-",
            "-a3bf70333f8f1316cb7841cd774c9ce8",
            "x-a3bf70333f8f1316cb7841cd774c9ce8",
            "a3bf70333f8f1316cb7841cd774c9ce8",
            "30-a3bf",
            "+30-a3bf70333f8f1316cb7841cd774c9ce8",
            "030-a3bf70333f8f1316cb7841cd774c9ce8",
            "30-A3BF70333F8F1316CB7841CD774C9CE8",
            "30-a3bf7033-3f8f-1316-cb78-41cd774c9ce8",
        ] {
            assert!(parse_token(text).is_none(), "{text}");
        }
    }
}
