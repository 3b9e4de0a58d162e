//! The parsers of this crate for the fuzz targets in `tests/fuzz`.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;

use crate::authorization::header_token;
use crate::json_body::JsonObject;
use crate::requests::{AuthorizeRequest, CrossAuthorizeRequest, PasswordResetRequest};
use crate::{Settings, ids::Id};

/// A member as text: `None` if it has another type, else the text, if there is one.
pub type Text = Option<Option<String>>;

/// Returns the named members of a body as texts, each `None` if it has another type. Returns
/// `None` if the body is not a JSON object.
pub fn texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    let mut members = JsonObject::parse(body).ok()?;
    let texts = names.iter().map(|name| members.text(name).ok());
    Some(texts.collect())
}

/// Returns the named members of a body as booleans, each `None` if it has another type or value. `None` for a body that
/// is refused.
pub fn flags(body: &[u8], names: &[&'static str]) -> Option<Vec<Option<bool>>> {
    let mut members = JsonObject::parse(body).ok()?;
    let flags = names.iter().map(|name| members.flag(name).ok());
    Some(flags.collect())
}

/// Parses the body as each request of the dialect, under the default settings and under strict ones.
pub fn requests(body: &[u8]) {
    let strict = Settings {
        strict_remember_me: true,
        require_application_id: true,
        ..Settings::default()
    };
    for settings in [Settings::default(), strict] {
        let members = || JsonObject::parse(body).ok();
        drop(members().map(|members| AuthorizeRequest::parse(members, &settings)));
        drop(members().map(|members| CrossAuthorizeRequest::parse(members, &settings)));
        drop(members().map(PasswordResetRequest::try_from));
    }
}

/// Returns the canonical form of the id in a member. `None` if the body or the id is refused, or if the member is
/// absent.
pub fn id(body: &[u8], name: &'static str) -> Option<String> {
    let mut members = JsonObject::parse(body).ok()?;
    let id = Id::parse(&mut members, name).ok()??;
    Some(id.canonical())
}

/// Returns the hexadecimal digits of the token in a header `Authorization`. `None` if it has none.
pub fn authorization(value: HeaderValue) -> Option<String> {
    let request = TestRequest::default().insert_header((AUTHORIZATION, value));
    header_token(request.to_http_request().headers()).map(|token| token.hex())
}
