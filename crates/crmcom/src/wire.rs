//! Requests and the envelope of every answer, as the vendor writes them.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, web::Bytes};
use isogloss_core::{AccessCard, Token};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::errors::Error;

/// `POST authentication/token`.
pub(crate) struct TokenRequest {
    pub(crate) login: Login,
    pub(crate) organisation: String,
    pub(crate) unit: Option<String>,
}

/// The two ways to log in.
pub(crate) enum Login {
    Password {
        username: String,
        password: SecretString,
    },
    Card(AccessCard),
}

impl TokenRequest {
    fn parse(body: &[u8]) -> Result<Self, Error> {
        let body: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Error::Malformed)?;
        let username = text(&body, "username")?;
        let password = text(&body, "password")?;
        // An older revision of the page spells it the American way.
        let organisation = text(&body, "organisation")?.or(text(&body, "organization")?);
        let unit = text(&body, "unit")?;
        let login = match body.get("access_token_identifier") {
            None | Some(Value::Null) => Login::Password {
                username: username.ok_or(Error::Missing("username"))?,
                password: password.ok_or(Error::Missing("password"))?.into(),
            },
            Some(Value::Object(_)) if username.is_some() || password.is_some() => {
                return Err(Error::SemiOptional("username", "access_token_identifier"));
            }
            Some(Value::Object(identifier)) => Login::Card(card(identifier)?),
            Some(_) => return Err(Error::Invalid("access_token_identifier")),
        };
        Ok(Self {
            login,
            organisation: organisation.ok_or(Error::Missing("organisation"))?,
            unit,
        })
    }
}

fn card(identifier: &Map<String, Value>) -> Result<AccessCard, Error> {
    let code = text(identifier, "authentication_code")?;
    let name = text(identifier, "identifier")?;
    let pass_code = text(identifier, "pass_code")?;
    match (code, name, pass_code) {
        (Some(code), None, None) => Ok(AccessCard::Code(code.into())),
        (None, Some(identifier), Some(pass_code)) => Ok(AccessCard::Identifier {
            identifier,
            pass_code: pass_code.into(),
        }),
        (None, Some(_), None) => Err(Error::Missing("pass_code")),
        (Some(_), None, Some(_)) => Err(Error::SemiOptional("authentication_code", "pass_code")),
        (Some(_), Some(_), _) | (None, None, _) => {
            Err(Error::SemiOptional("authentication_code", "identifier"))
        }
    }
}

/// A string member. Clients send configured values, empty ones too: empty and `null` are absent.
fn text(object: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Error> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Error::Invalid(name))
        }
    }
}

impl FromRequest for TokenRequest {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let readable = is_json(request);
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let body = body.await?;
            readable.then_some(()).ok_or(Error::Malformed)?;
            Self::parse(&body)
        })
    }
}

/// JSON under its own name, as text, or unnamed. Forms are no part of this dialect.
fn is_json(request: &HttpRequest) -> bool {
    let Some(value) = request.headers().get(CONTENT_TYPE) else {
        return true;
    };
    let value = value.to_str().unwrap_or("?").to_ascii_lowercase();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.is_empty() || essence.ends_with("json") || essence == "text/plain"
}

/// The envelope of every answer.
#[derive(Serialize)]
pub(crate) struct Envelope<'a> {
    pub(crate) status: Status<'a>,
    pub(crate) data: Data,
}

/// `OK` without texts, or a code with both.
#[derive(Serialize)]
pub(crate) struct Status<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
}

/// The token, or nothing.
#[derive(Serialize)]
pub(crate) struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl Envelope<'static> {
    /// A login's answer: 32 upper-case hexadecimal digits.
    pub(crate) fn token(token: &Token) -> Self {
        Self {
            status: Status {
                code: "OK",
                message: None,
                description: None,
            },
            data: Data {
                token: Some(token.hex().to_ascii_uppercase()),
            },
        }
    }
}

/// An envelope as an answer.
pub(crate) fn json(response: &mut HttpResponseBuilder, envelope: &Envelope<'_>) -> HttpResponse {
    response
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(serde_json::to_vec(envelope).unwrap_or_default())
}
