//! The readers of this crate for the fuzz targets in `tests/fuzz`, which see no others of its insides.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;

use crate::json_body::JsonObject;
use crate::requests::{Login, TokenRequest};
use crate::{api_key, wire};

/// What a member is read as: nothing if it is of a wrong type, and then the text, if there is any.
pub type Text = Option<Option<String>>;

/// The members of those names, as texts; nothing for a body that is refused.
pub fn texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    let members = JsonObject::parse(body).ok()?;
    let texts = names.iter().map(|name| members.text(name).ok());
    Some(texts.collect())
}

/// Whether the body is a login, and then whether it is one with a password.
pub fn login(body: &[u8]) -> Option<bool> {
    let request = TokenRequest::try_from(JsonObject::parse(body).ok()?).ok()?;
    Some(matches!(request.login, Login::Password { .. }))
}

/// The web API key that the header `Authorization` holds.
pub fn authorization(value: HeaderValue) -> Option<String> {
    let headers: HeaderMap = [(AUTHORIZATION, value)].into_iter().collect();
    api_key::find_key(&headers).map(|key| key.expose_secret().to_owned())
}

/// A token that is read and spelt again.
pub fn token(text: &str) -> Option<String> {
    wire::parse_token(text).map(|token| wire::format_token(&token))
}
