//! The readers of this crate for the fuzz targets in `tests/fuzz`, which see no others of its insides.

use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::test::TestRequest;

use crate::authorization::header_token;
use crate::json_body::JsonObject;
use crate::requests::{AuthorizeRequest, CrossAuthorizeRequest, PasswordResetRequest};
use crate::{Settings, ids::Id};

/// What a member is read as: nothing if it is of a wrong type, and then the text, if there is any.
pub type Text = Option<Option<String>>;

/// The members of those names, as texts; nothing for a body that is refused.
pub fn texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    let mut members = JsonObject::parse(body).ok()?;
    let texts = names.iter().map(|name| members.text(name).ok());
    Some(texts.collect())
}

/// The members of those names, as flags; nothing for one of a wrong type or value.
pub fn flags(body: &[u8], names: &[&'static str]) -> Option<Vec<Option<bool>>> {
    let mut members = JsonObject::parse(body).ok()?;
    let flags = names.iter().map(|name| members.flag(name).ok());
    Some(flags.collect())
}

/// Reads the body as each request that the dialect knows.
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

/// The form in which an id is compared, for one that is there.
pub fn id(body: &[u8], name: &'static str) -> Option<String> {
    let mut members = JsonObject::parse(body).ok()?;
    let id = Id::parse(&mut members, name).ok()??;
    Some(id.canonical())
}

/// The digits of the token that the header `Authorization` holds.
pub fn authorization(value: HeaderValue) -> Option<String> {
    let request = TestRequest::default().insert_header((AUTHORIZATION, value));
    header_token(request.to_http_request().headers()).map(|token| token.hex())
}
