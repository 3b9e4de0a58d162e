//! Whom a call comes from, in headers for the service behind the proxy.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{HeaderName, HeaderValue};
use isogloss_core::Session;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::identity::Identity;

/// What is escaped in a value, beside all that is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Every header, whether there is something to say or not: what a client sent under such a name is
/// replaced in any case.
pub(super) fn write(
    answer: &mut HttpResponseBuilder,
    session: &Session,
    dialect: &str,
    jwt: Option<String>,
) {
    let identity = Identity::new(session, dialect);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let values: [(&'static str, String); 16] = [
        ("x-isogloss-user", identity.sub.to_string()),
        ("x-isogloss-user-name", identity.username.to_owned()),
        ("x-isogloss-user-number", identity.number.to_string()),
        ("x-isogloss-email", text(identity.email)),
        ("x-isogloss-organisation", identity.organisation.to_owned()),
        (
            "x-isogloss-organisation-id",
            identity.organisation_id.to_string(),
        ),
        ("x-isogloss-unit", text(identity.unit)),
        ("x-isogloss-role", identity.role.to_owned()),
        ("x-isogloss-dialect", identity.dialect.to_owned()),
        ("x-isogloss-client", text(identity.client_id)),
        ("x-isogloss-application", text(identity.application)),
        ("x-isogloss-team", text(identity.team)),
        ("x-isogloss-project", text(identity.project)),
        (
            "x-isogloss-actor",
            identity
                .act
                .map_or_else(String::new, |act| act.sub.to_string()),
        ),
        (
            "x-isogloss-expires",
            session.expires_at.unix_timestamp().to_string(),
        ),
        ("x-isogloss-jwt", jwt.unwrap_or_default()),
    ];
    for (name, value) in values {
        answer.insert_header((HeaderName::from_static(name), escaped(&value)));
    }
}

/// Names may hold any character; a header may not.
fn escaped(text: &str) -> HeaderValue {
    let text = utf8_percent_encode(text, ESCAPED).to_string();
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
