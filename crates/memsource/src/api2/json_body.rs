//! JSON bodies, parsed as leniently as clients need it: unknown members and nulls are ignored.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use isogloss_dialect::{media_type, read_body};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::Api2Error;
use crate::error::Error;
use crate::parameters::content_type;

/// The body of `login`. An empty member counts as absent.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoginBody {
    #[serde(deserialize_with = "text")]
    pub(crate) user_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) password: Option<String>,
    #[serde(deserialize_with = "code")]
    pub(crate) code: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) user_uid: Option<String>,
}

/// The body of `loginToSession`, which has another name for the code. `captchaCode` is ignored: no picture is
/// shown here.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SessionBody {
    #[serde(flatten)]
    login: LoginBody,
    #[serde(deserialize_with = "code")]
    two_factor_code: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) remember_me: bool,
}

impl From<SessionBody> for LoginBody {
    fn from(body: SessionBody) -> Self {
        let SessionBody {
            login,
            two_factor_code,
            remember_me: _,
        } = body;
        Self {
            code: two_factor_code.or(login.code),
            ..login
        }
    }
}

/// The body of `loginOther`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoginOtherBody {
    #[serde(deserialize_with = "text")]
    pub(crate) user_name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) user_uid: Option<String>,
}

/// Parses a string, or a number that a client did not quote. `None` if it is null or empty; `Err` if it has another
/// type.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("expected text"))
        }
    }
}

/// Parses a code of six digits. The vendor's API has it as a number, which drops leading zeros. `None` if it is null or
/// empty; `Err` if it has another type.
fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if let Value::Number(number) = &value {
        return Ok(Some(format!("{:0>6}", number.to_string())));
    }
    text(value).map_err(serde::de::Error::custom)
}

/// Parses a boolean, in quotes or not. Null, and any other text, is false; `Err` if it has another type.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(flag),
        Value::String(text) => Ok(text.eq_ignore_ascii_case("true")),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("expected a boolean"))
        }
    }
}

type BodyFuture<T> = Pin<Box<dyn Future<Output = Result<T, Api2Error>>>>;

/// Returns a future that reads and parses a JSON body, and is the default for an empty one. `Err` if the body is not a
/// JSON object of the expected members, has another media type, or cannot be read.
fn parse_body<T>(request: &HttpRequest, payload: &mut Payload) -> BodyFuture<T>
where
    T: DeserializeOwned + Default + 'static,
{
    let request = request.clone();
    let body = read_body(&request, payload);
    Box::pin(async move {
        let body = body.await.map_err(Error::from)?;
        if body.is_empty() {
            return Ok(T::default());
        }
        if media_type(content_type(&request)) != "application/json" {
            return Err(Error::MediaType.into());
        }
        // Serde would accept an array, member by member.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(Error::Malformed.into());
        }
        serde_json::from_slice(&body).map_err(|_| Error::Malformed.into())
    })
}

impl FromRequest for LoginBody {
    type Error = Api2Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        parse_body(request, payload)
    }
}

impl FromRequest for SessionBody {
    type Error = Api2Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        parse_body(request, payload)
    }
}

impl FromRequest for LoginOtherBody {
    type Error = Api2Error;
    type Future = BodyFuture<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        parse_body(request, payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(body: &str) -> Option<(Option<String>, bool)> {
        let body: SessionBody = serde_json::from_str(body).ok()?;
        let remember_me = body.remember_me;
        Some((LoginBody::from(body).code, remember_me))
    }

    #[test]
    fn a_code_that_is_a_number_has_its_zeros_in_front_again() {
        for (written, code) in [
            ("12345", Some("012345")),
            ("123456", Some("123456")),
            ("\"012345\"", Some("012345")),
            ("\"abcd-efgh\"", Some("abcd-efgh")),
            ("null", None),
            ("\"\"", None),
        ] {
            let body = format!("{{\"twoFactorCode\": {written}, \"captchaCode\": \"x\"}}");
            let expected = code.map(str::to_owned);
            assert_eq!(session(&body), Some((expected, false)), "{written}");
        }
        assert_eq!(session("{\"twoFactorCode\": []}"), None);
    }

    #[test]
    fn remember_me_is_a_boolean_in_quotes_or_not() {
        for (written, read) in [
            ("true", Some(true)),
            ("\"True\"", Some(true)),
            ("false", Some(false)),
            ("null", Some(false)),
            ("1", None),
            ("{}", None),
        ] {
            let body = format!("{{\"rememberMe\": {written}}}");
            assert_eq!(session(&body).map(|(_, flag)| flag), read, "{written}");
        }
    }
}
