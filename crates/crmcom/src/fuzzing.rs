//! The parsers of this crate for the fuzz targets in `tests/fuzz`.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;

use crate::json_body::JsonObject;
use crate::requests::{Login, TokenRequest};
use crate::{api_key, wire};

/// A member as text: `None` if it has another type, else the text, if there is one.
pub type Text = Option<Option<String>>;

/// Returns the named members of a body as texts, each `None` if it has another type. `None` for a body that is refused.
pub fn texts(body: &[u8], names: &[&'static str]) -> Option<Vec<Text>> {
    let members = JsonObject::parse(body).ok()?;
    let texts = names.iter().map(|name| members.text(name).ok());
    Some(texts.collect())
}

/// Returns true if the body is a login with a password, false for an access card. `None` if it is not a login.
pub fn login(body: &[u8]) -> Option<bool> {
    let request = TokenRequest::try_from(JsonObject::parse(body).ok()?).ok()?;
    Some(matches!(request.login, Login::Password { .. }))
}

/// Returns the web API key in a header `Authorization`. `None` if it has none.
pub fn authorization(value: HeaderValue) -> Option<String> {
    let headers: HeaderMap = [(AUTHORIZATION, value)].into_iter().collect();
    api_key::find_key(&headers).map(|key| key.expose_secret().to_owned())
}

/// Parses a token and formats it again. `None` if it is not a token.
pub fn token(text: &str) -> Option<String> {
    wire::parse_token(text).map(|token| wire::format_token(&token))
}
