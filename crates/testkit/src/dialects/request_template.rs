//! Requests with placeholders.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Request;

/// A request with placeholders in its texts, like `{user}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestTemplate {
    #[serde(default = "post")]
    method: String,
    /// Path and query, relative to the mount path.
    path: String,
    /// The header `Authorization`.
    authorization: Option<String>,
    /// The members of a JSON body.
    json: Option<Value>,
    /// The parameters of a form.
    form: Option<Map<String, Value>>,
    /// Where the response has a token for `{previous}` of the next step.
    pub(super) at: Option<String>,
}

impl RequestTemplate {
    /// Returns the request, with the value of each placeholder.
    ///
    /// # Panics
    /// If a placeholder has no value.
    pub(super) fn fill(&self, mount: &str, value: &dyn Fn(&str) -> Option<String>) -> Request {
        let path = format!("{mount}{}", filled(&self.path, value));
        let mut request = Request::new(&self.method, path);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", filled(authorization, value));
        }
        if let Some(json) = &self.json {
            request = request.json(&filled_value(json, value));
        }
        if let Some(form) = &self.form {
            let mut text = form_urlencoded::Serializer::new(String::new());
            for (name, field) in form {
                text.append_pair(name, &filled(field.as_str().unwrap(), value));
            }
            request = request.form(text.finish());
        }
        request
    }
}

/// Returns the text with the value of each placeholder.
///
/// # Panics
/// If a placeholder has no value.
pub(super) fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut pieces = text.split('{');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap();
        let found = value(name).unwrap_or_else(|| panic!("{text}: no value for {{{name}}}"));
        whole += &found;
        whole += rest;
    }
    whole
}

/// Returns JSON with the value of each placeholder in its strings. Lists are returned unchanged.
///
/// # Panics
/// If a placeholder has no value.
pub(super) fn filled_value(json: &Value, value: &dyn Fn(&str) -> Option<String>) -> Value {
    match json {
        Value::String(text) => filled(text, value).into(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), filled_value(member, value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => json.clone(),
    }
}

fn post() -> String {
    "POST".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_path_header_and_body() {
        let template: RequestTemplate = toml::from_str(
            "path = '/in?key={key}'\nauthorization = 'Pass {key}'\njson = { a = '{key}', b = 1 }",
        )
        .unwrap();
        let value = |name: &str| (name == "key").then(|| "x\"{y}".to_owned());
        let message = template.fill("/v1", &value).message("h:1");
        let message = String::from_utf8(message).unwrap();
        assert!(
            message.starts_with("POST /v1/in?key=x\"{y} HTTP/1.1\r\n"),
            "{message}"
        );
        assert!(
            message.contains("Authorization: Pass x\"{y}\r\n"),
            "{message}"
        );
        assert!(message.ends_with(r#"{"a":"x\"{y}","b":1}"#), "{message}");
    }

    #[test]
    fn a_form_is_escaped() {
        let template: RequestTemplate =
            toml::from_str("path = '/in'\nform = { a = '{key}' }").unwrap();
        let message = template
            .fill("", &|_| Some("ä &\u{0}".to_owned()))
            .message("h:1");
        assert!(message.ends_with(b"a=%C3%A4+%26%00"));
    }
}
