//! Headers that tell a service the user and the client of a request, for proxies to copy.

use std::borrow::Cow;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use isogloss_core::Session;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::jwt::TokenClaims;

/// The characters that are escaped in a value, besides all that are not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

const USER: HeaderName = HeaderName::from_static("x-isogloss-user");
const USER_NAME: HeaderName = HeaderName::from_static("x-isogloss-user-name");
const USER_NUMBER: HeaderName = HeaderName::from_static("x-isogloss-user-number");
const EMAIL: HeaderName = HeaderName::from_static("x-isogloss-email");
const ORGANISATION: HeaderName = HeaderName::from_static("x-isogloss-organisation");
const ORGANISATION_ID: HeaderName = HeaderName::from_static("x-isogloss-organisation-id");
const UNIT: HeaderName = HeaderName::from_static("x-isogloss-unit");
const ROLE: HeaderName = HeaderName::from_static("x-isogloss-role");
const DIALECT: HeaderName = HeaderName::from_static("x-isogloss-dialect");
const CLIENT: HeaderName = HeaderName::from_static("x-isogloss-client");
const APPLICATION: HeaderName = HeaderName::from_static("x-isogloss-application");
const TEAM: HeaderName = HeaderName::from_static("x-isogloss-team");
/// Held a project that was not verified. Still sent, but empty, so that proxies which copy the header replace a
/// value that a client sent under that name.
const RETIRED_PROJECT: HeaderName = HeaderName::from_static("x-isogloss-project");
const CLAIMED_PROJECT: HeaderName = HeaderName::from_static("x-isogloss-claimed-project");
const ACTOR: HeaderName = HeaderName::from_static("x-isogloss-actor");
const EXPIRES: HeaderName = HeaderName::from_static("x-isogloss-expires");
const JWT: HeaderName = HeaderName::from_static("x-isogloss-jwt");

/// All identity headers.
pub(crate) const NAMES: [HeaderName; 17] = [
    USER,
    USER_NAME,
    USER_NUMBER,
    EMAIL,
    ORGANISATION,
    ORGANISATION_ID,
    UNIT,
    ROLE,
    DIALECT,
    CLIENT,
    APPLICATION,
    TEAM,
    RETIRED_PROJECT,
    CLAIMED_PROJECT,
    ACTOR,
    EXPIRES,
    JWT,
];

/// Sets every identity header, with an empty value if there is none, so that a value that a client sent under
/// such a name is always replaced. Without a session, all values are empty.
pub(crate) fn write(
    headers: &mut HeaderMap,
    session: Option<&Session>,
    dialect: &str,
    jwt: Option<String>,
) {
    headers.reserve(NAMES.len());
    for name in NAMES {
        headers.insert(name, HeaderValue::from_static(""));
    }
    let Some(session) = session else {
        return;
    };
    let identity = TokenClaims::new(session, dialect);
    let actor = identity.act.as_ref().map(|act| act.sub.to_string());
    let expires = session.expires_at().unix_timestamp().to_string();
    let claimed_project = identity.claimed.as_ref().map(|claimed| claimed.project);
    let values: [(HeaderName, Cow<'_, str>); 16] = [
        (USER, identity.sub.to_string().into()),
        (USER_NAME, identity.username.into()),
        (USER_NUMBER, identity.number.to_string().into()),
        (EMAIL, identity.email.unwrap_or_default().into()),
        (ORGANISATION, identity.organisation.into()),
        (ORGANISATION_ID, identity.organisation_id.to_string().into()),
        (UNIT, identity.unit.unwrap_or_default().into()),
        (ROLE, identity.role.into()),
        (DIALECT, identity.dialect.into()),
        (CLIENT, identity.client_id.unwrap_or_default().into()),
        (APPLICATION, identity.application.unwrap_or_default().into()),
        (TEAM, identity.team.unwrap_or_default().into()),
        (CLAIMED_PROJECT, claimed_project.unwrap_or_default().into()),
        (ACTOR, actor.unwrap_or_default().into()),
        (EXPIRES, expires.into()),
        (JWT, jwt.unwrap_or_default().into()),
    ];
    for (name, value) in values {
        headers.insert(name, escaped(&value));
    }
}

/// Returns the text as a header value, with the characters percent-encoded that a header cannot hold: names may
/// contain any character.
fn escaped(text: &str) -> HeaderValue {
    if text.is_empty() {
        return HeaderValue::from_static("");
    }
    let text = Cow::from(utf8_percent_encode(text, ESCAPED));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_its_header() {
        for (text, written) in [
            ("J\u{fc}rgen", "J%C3%BCrgen"),
            (
                "a\r\nX-Isogloss-Role: ADMIN",
                "a%0D%0AX-Isogloss-Role: ADMIN",
            ),
            ("100 %", "100 %25"),
            ("", ""),
        ] {
            assert_eq!(escaped(text), written);
        }
    }
}
