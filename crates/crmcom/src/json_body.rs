//! The body: a JSON object, parsed as leniently as the vendor's clients need it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web::Bytes};
use isogloss_dialect::{media_type, read_body};
use serde_json::{Map, Value};

use crate::error::Error;

/// .NET's text writers put it before UTF-8 by default.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A body before it is parsed.
pub(crate) struct Body {
    is_json: bool,
    bytes: Bytes,
}

/// The members of an object.
#[derive(Default)]
pub(crate) struct JsonObject(Map<String, Value>);

impl Body {
    /// Returns the body as a JSON object. `Err` if it is missing, is not an object, or has another media type.
    pub(crate) fn object(&self) -> Result<JsonObject, Error> {
        if !self.is_json {
            return Err(Error::Malformed);
        }
        JsonObject::parse(&self.bytes)
    }

    /// Returns the body as a JSON object, empty for an empty body of any media type: PHP calls it a form. `Err` if the
    /// body is not an object, or has another media type.
    pub(crate) fn optional_object(&self) -> Result<JsonObject, Error> {
        if self.bytes.trim_ascii().is_empty() {
            return Ok(JsonObject::default());
        }
        self.object()
    }
}

impl JsonObject {
    /// Parses a JSON object, with a byte order mark or without. `Err` if it is not one.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        let bytes = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let members = serde_json::from_slice(bytes);
        members.map(Self).map_err(|_| Error::Malformed)
    }

    /// Returns a string member. `None` if it is absent, `null` or empty, because clients also send configured values
    /// that are empty. `Err` if it has another type.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(Error::Invalid(name))
            }
        }
    }

    /// Returns a string member. `Err` if it is absent, `null`, empty or of another type.
    pub(crate) fn mandatory(&self, name: &'static str) -> Result<String, Error> {
        self.text(name)?.ok_or(Error::Missing(name))
    }

    /// Returns an object member. `None` if it is absent or `null`; `Err` if it has another type.
    pub(crate) fn object(&self, name: &'static str) -> Result<Option<Self>, Error> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self(members.clone()))),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(Error::Invalid(name))
            }
        }
    }
}

impl FromRequest for Body {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let bytes = read_body(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            Ok(Self { is_json, bytes })
        })
    }
}

/// Returns true if the media type of the body is JSON or plain text, or absent. This dialect has no forms.
fn is_json(request: &HttpRequest) -> bool {
    let Some(value) = request.headers().get(CONTENT_TYPE) else {
        return true;
    };
    let essence = media_type(value.to_str().unwrap_or("?"));
    essence.is_empty() || essence.ends_with("json") || essence == "text/plain"
}
