//! The bodies of requests and responses, and the format of a pass.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder};
use isogloss_core::{Credentials, IssuedToken, LoginOrigin, SecondFactor, Token, User};
use isogloss_dialect::{Dialect as _, read_body};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::{REALM, Tollgate};

const PREFIX: &str = "TG-";

/// Returns the pass in the header `Authorization`. `None` if there is none, or if it is malformed.
pub(crate) fn find_pass(headers: &HeaderMap) -> Option<Token> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, pass) = value.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case(Tollgate::TOKEN_TYPE);
    known.then(|| parse_pass(pass.trim()))?
}

/// Parses a pass. `None` unless it is spelled exactly as it was issued.
pub(crate) fn parse_pass(text: &str) -> Option<Token> {
    let digits = text.strip_prefix(PREFIX)?;
    let exact = *digits == digits.to_uppercase();
    exact.then(|| Token::from_hex(REALM, digits))?
}

/// Returns a pass as clients receive it.
fn format_pass(pass: &Token) -> String {
    format!("{PREFIX}{}", pass.hex().to_uppercase())
}

/// The body of `POST enter`.
pub(crate) struct EnterRequest(pub(crate) Credentials);

impl EnterRequest {
    /// Parses the body of `POST enter`. `Err` if it is not a JSON object with a name and a password.
    fn parse(body: &[u8]) -> Result<Self, Error> {
        let members: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Error::Malformed)?;
        let text = |name| members.get(name).and_then(Value::as_str);
        let (Some(name), Some(password)) = (text("name"), text("password")) else {
            return Err(Error::Malformed);
        };
        Ok(Self(Credentials {
            name: name.to_owned(),
            password: password.into(),
            factor: SecondFactor::Code(None),
            organisation: None,
            origin: LoginOrigin::new(REALM, None),
        }))
    }
}

impl FromRequest for EnterRequest {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.content_type().to_ascii_lowercase();
        let body = read_body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            if media != "application/json" {
                return Err(Error::MediaType);
            }
            Self::parse(&body)
        })
    }
}

/// The answer to `POST enter`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EnterResponse {
    gate: &'static str,
    pass: String,
    seconds: i64,
}

impl EnterResponse {
    pub(crate) fn new(issued: &IssuedToken) -> Self {
        Self {
            gate: "open",
            pass: format_pass(&issued.token),
            seconds: issued.expires_in(),
        }
    }
}

/// The answer to `GET who`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct WhoResponse {
    gate: &'static str,
    name: String,
    number: i64,
    organisation: String,
}

impl From<&User> for WhoResponse {
    fn from(user: &User) -> Self {
        Self {
            gate: "open",
            name: user.user_name.clone(),
            number: user.number,
            organisation: user.organisation.name.clone(),
        }
    }
}

/// Returns a JSON response, which browsers and proxies must not cache.
pub(crate) fn json(response: &mut HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body)
}
