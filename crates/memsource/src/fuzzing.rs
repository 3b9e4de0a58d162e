//! The parsers of this crate for the fuzz targets in `tests/fuzz`.

use actix_web::FromRequest;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use actix_web::test::TestRequest;
use futures_util::FutureExt as _;

use crate::api2::json_body::LoginBody;
use crate::authorization::header_token;
use crate::parameters::Parameters;
use crate::{Settings, redirect, wire};

/// A request before it is parsed.
pub struct RawRequest<'a> {
    /// The query, without `?`.
    pub query: &'a str,
    /// The header `Content-Type`.
    pub content_type: HeaderValue,
    /// The body.
    pub body: Vec<u8>,
}

impl RawRequest<'_> {
    /// Returns the named parameters of the request. `None` if the request is refused.
    pub fn parameters(self, names: &[&'static str]) -> Option<Vec<Option<String>>> {
        let mut parameters = self.read::<Parameters>()?;
        let values = names.iter().map(|name| parameters.optional(name));
        Some(values.collect())
    }

    /// Returns `userName`, `password`, `code` and `userUid` as `api2` parses them. `None` if the body is refused.
    pub fn login(self) -> Option<[Option<String>; 4]> {
        let body = self.read::<LoginBody>()?;
        Some([body.user_name, body.password, body.code, body.user_uid])
    }

    fn read<T: FromRequest>(self) -> Option<T> {
        let (request, mut payload) = TestRequest::post()
            .uri(&format!("/?{}", self.query))
            .insert_header((CONTENT_TYPE, self.content_type))
            .set_payload(self.body)
            .to_http_parts();
        let read = T::from_request(&request, &mut payload);
        read.now_or_never()?.ok()
    }
}

/// Returns the redirect target for an address if this host and `origin` are allowed. `None` if it is refused.
pub fn redirect(url: &str, origin: &str) -> Option<String> {
    let settings = Settings {
        redirect_origins: vec![origin.to_owned()],
        ..Settings::default()
    };
    redirect::resolve_target(&settings, Some(url)).ok()
}

/// Returns the token in a header `Authorization`, as it is spelled there. `None` if it has none.
pub fn authorization(value: HeaderValue) -> Option<String> {
    let request = TestRequest::default().insert_header((AUTHORIZATION, value));
    header_token(request.to_http_request().headers())
}

/// Returns the user number and the hexadecimal digits of a token. `None` if it is malformed.
pub fn token(text: &str) -> Option<(i64, String)> {
    let (number, token) = wire::parse_token(text)?;
    Some((number, token.hex()))
}
