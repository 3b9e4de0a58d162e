//! From a body to a model, as ASP.NET Web API binds it: JSON by Newtonsoft's rules, or a form.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web::Bytes};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::errors::Error;

/// A body with more brackets than this is none of ours, however deep it nests.
const MOST_BRACKETS: usize = 64;

/// A body's members by lower-case name; none for a body that is no object.
pub(crate) struct Model(HashMap<String, Value>);

/// What is wrong with a model, by member.
#[derive(Debug, Default)]
pub(crate) struct ModelState(Vec<(&'static str, String)>);

impl ModelState {
    /// Notes that a member is wrong.
    pub(crate) fn add(&mut self, member: &'static str, text: impl Into<String>) {
        self.0.push((member, text.into()));
    }

    /// Notes that a member is missing.
    pub(crate) fn required(&mut self, member: &'static str) {
        self.add(member, format!("The {member} field is required."));
    }

    /// The error, if anything was noted. `model` is the name of the action's parameter.
    pub(crate) fn check(self, model: &'static str) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let entries = self.0.into_iter();
        Err(Error::Model(
            entries
                .map(|(member, text)| (format!("{model}.{member}"), text))
                .collect(),
        ))
    }
}

impl Model {
    fn parse(media: Media, body: &[u8]) -> Result<Self, Error> {
        match media {
            Media::Form => Ok(Self(
                form_urlencoded::parse(body)
                    .map(|(name, value)| (name.to_lowercase(), Value::String(value.into_owned())))
                    .collect(),
            )),
            Media::Json => Self::parse_json(body).ok_or_else(|| {
                let text = "The body is not valid JSON.".to_owned();
                Error::Model(vec![(String::new(), text)])
            }),
        }
    }

    fn parse_json(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body)
            .ok()?
            .trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Some(Self(HashMap::new()));
        }
        if text
            .bytes()
            .filter(|byte| matches!(byte, b'{' | b'['))
            .count()
            > MOST_BRACKETS
        {
            return None;
        }
        serde_json::from_str(text)
            .ok()
            .or_else(|| json5::from_str(text).ok())
    }

    /// A string member; blank counts as absent, a number as its digits.
    pub(crate) fn text(&mut self, name: &'static str, state: &mut ModelState) -> Option<String> {
        match self.0.remove(&name.to_lowercase()) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text).filter(|text| !text.trim().is_empty()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                state.add(name, "The value is not valid.");
                None
            }
        }
    }

    /// A boolean member, false when absent.
    pub(crate) fn flag(&mut self, name: &'static str, state: &mut ModelState) -> bool {
        let value = match self.0.remove(&name.to_lowercase()) {
            None | Some(Value::Null) => return false,
            Some(Value::Bool(flag)) => return flag,
            Some(Value::String(text)) => text.trim().to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(_) | Value::Object(_)) => String::from("?"),
        };
        match value.as_str() {
            "true" | "1" => true,
            "false" | "0" | "" => false,
            _ => {
                state.add(name, "The value is not valid.");
                false
            }
        }
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyBody)
    }
}

/// An object's members; of doubled names the last. Any other JSON binds to nothing.
struct AnyBody;

impl<'de> Visitor<'de> for AnyBody {
    type Value = Model;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Model, A::Error> {
        let mut members = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            members.insert(name.to_lowercase(), value);
        }
        Ok(Model(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Model, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Model(HashMap::new()))
    }

    fn visit_unit<E>(self) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }

    fn visit_str<E>(self, _: &str) -> Result<Model, E> {
        Ok(Model(HashMap::new()))
    }
}

#[derive(Clone, Copy)]
enum Media {
    Json,
    Form,
}

impl FromRequest for Model {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type(request);
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            let body = body.await?;
            let media = match media_type.as_str() {
                "application/json" | "text/json" => Media::Json,
                "application/x-www-form-urlencoded" => Media::Form,
                "" if body.is_empty() => Media::Json,
                _ => return Err(Error::MediaType(media_type)),
            };
            Self::parse(media, &body)
        })
    }
}

/// The request's media type without parameters, in lower case; empty when there is none.
pub(crate) fn media_type(request: &HttpRequest) -> String {
    let value = request.headers().get(CONTENT_TYPE);
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(media: Media, body: &str) -> Option<String> {
        let mut state = ModelState::default();
        Model::parse(media, body.as_bytes())
            .ok()?
            .text("userName", &mut state)
    }

    #[test]
    fn newtonsofts_leniency_is_ours() {
        for body in [
            r#"{"userName": "ä"}"#,
            r#"{"USERNAME": "ä",}"#,
            "{'username': 'ä' /* who */}",
            r#"{"userName": "x", "username": "ä"}"#,
            r#"{"userName": "\u00e4", "more": [{}]}"#,
        ] {
            assert_eq!(text(Media::Json, body).as_deref(), Some("ä"), "{body}");
        }
        assert_eq!(
            text(Media::Json, r#"{"userName": 7}"#).as_deref(),
            Some("7")
        );
        assert_eq!(
            text(Media::Form, "UserName=%C3%A4+b").as_deref(),
            Some("ä b")
        );
    }

    #[test]
    fn what_is_no_object_binds_to_nothing() {
        for body in [
            "", " ", "null", "[1, 2]", "\"text\"", "7", "-7", "0.5", "true",
        ] {
            let mut state = ModelState::default();
            let mut model = Model::parse(Media::Json, body.as_bytes()).ok().unwrap();
            assert_eq!(model.text("userName", &mut state), None, "{body}");
        }
    }

    #[test]
    fn broken_json_is_an_error() {
        let deep = "[".repeat(60_000);
        for body in ["{", "{\"a\"", "userName=x", "}{", &deep] {
            assert!(
                Model::parse(Media::Json, body.as_bytes()).is_err(),
                "{body:.9}"
            );
        }
        assert!(Model::parse(Media::Json, b"{\"a\": \"\xff\"}").is_err());
    }
}
