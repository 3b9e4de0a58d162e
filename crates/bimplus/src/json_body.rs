//! The members of a JSON body, read as leniently as the vendor's server reads them.
//!
//! Its samples have a comma before `}` and a boolean in quotes. Its JSON parser compares names without
//! case, uses the last of repeated names, and accepts a number for a string.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use isogloss_dialect::{media_type, parse_lenient, read_body, utf8_text};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::error::Error;

/// The members of a JSON object by lower-case name.
pub(crate) struct JsonObject(HashMap<String, Value>);

impl JsonObject {
    /// Parses a body as a JSON object, or as JSON5 like the vendor's parser. `Err` if it is not UTF-8, not an object,
    /// or nested too deeply.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        let text = utf8_text(body).ok_or(Error::Malformed)?;
        parse_lenient(text).ok_or(Error::Malformed)
    }

    /// Removes a string member. A number becomes its digits. `None` if the member is absent or `null`; `Err` if it has
    /// another type.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(Error::Invalid(name)),
        }
    }

    /// Removes a boolean member and returns its value: true for `true`, `"True"` and 1. False if it is absent, `null`
    /// or empty; `Err` for any other value.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Error> {
        let value = match self.0.remove(name) {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::Bool(flag)) => return Ok(flag),
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(_) | Value::Object(_)) => return Err(Error::Invalid(name)),
        };
        match value.trim() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err(Error::Invalid(name)),
        }
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = JsonObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject, A::Error> {
                let mut members = HashMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    members.insert(name.to_lowercase(), value);
                }
                Ok(JsonObject(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl FromRequest for JsonObject {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let readable = is_json(request);
        let body = read_body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            readable.then_some(()).ok_or(Error::MediaType)?;
            Self::parse(&body)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str, name: &'static str) -> Option<String> {
        JsonObject::parse(body.as_bytes()).ok()?.text(name).ok()?
    }

    #[test]
    fn lenient_json_is_read() {
        for body in [
            r#"{"user_id": "a"}"#,
            r#"{"user_id": "a",}"#,
            r#"{"USER_ID": "a"}"#,
            "{'user_id': 'a'}",
            "{/* who */ user_id: 'a'}",
            "\u{feff}{\"user_id\": \"a\"}",
            r#"{"user_id": "b", "user_id": "a"}"#,
            r#"{"user_id": "b", "User_Id": "a"}"#,
            r#"{"user_id": "a", "more": {"deep": [1, 2]}}"#,
        ] {
            assert_eq!(text(body, "user_id").as_deref(), Some("a"), "{body}");
        }
        assert_eq!(
            text(r#"{"password": 1234}"#, "password").as_deref(),
            Some("1234")
        );
        assert_eq!(
            text(r#"{"password": "\ud83d\udd11",}"#, "password").as_deref(),
            Some("🔑")
        );
        assert_eq!(text(r#"{"user_id": null}"#, "user_id"), None);
    }

    /// Checks a difference that fuzzing found: the strict parser rounded differently from the lenient one.
    #[test]
    fn a_number_is_the_same_text_in_strict_and_in_lenient_json() {
        for number in [
            "66666000000010000000000000000000000000000000000000000000000",
            "0.1000000000000000055511151231257827",
            "18446744073709551616",
        ] {
            let strict = text(&format!("{{\"password\": {number}}}"), "password");
            let lenient = text(&format!("{{\"password\": {number},}}"), "password");
            assert_eq!(strict, lenient);
            let parsed: f64 = number.parse().unwrap();
            assert_eq!(strict.unwrap().parse(), Ok(parsed));
        }
    }

    #[test]
    fn everything_else_is_malformed() {
        let deep = "[".repeat(60_000);
        for body in [
            "",
            "null",
            "[]",
            "\"text\"",
            "{",
            "{\"a\"",
            "user_id=a",
            &deep,
        ] {
            assert!(JsonObject::parse(body.as_bytes()).is_err(), "{body:.9}");
        }
        assert!(JsonObject::parse(b"{\"a\": \"\xff\"}").is_err());
    }

    #[test]
    fn flags_come_in_many_forms() {
        let flag = |value: &str| {
            let body = format!("{{\"remember_me\": {value}}}");
            JsonObject::parse(body.as_bytes())
                .ok()?
                .flag("remember_me")
                .ok()
        };
        for value in ["true", "\"true\"", "\"True\"", "1", "\"1\""] {
            assert_eq!(flag(value), Some(true), "{value}");
        }
        for value in ["false", "\"FALSE\"", "0", "null", "\"\""] {
            assert_eq!(flag(value), Some(false), "{value}");
        }
        for value in ["2", "\"yes\"", "[]", "{}"] {
            assert_eq!(flag(value), None, "{value}");
        }
    }
}
