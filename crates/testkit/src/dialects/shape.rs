//! The shape of responses: of errors, and of what each route grants.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Dialect;
use super::route::Route;
use crate::Response;

/// What an error of a dialect looks like, whatever its reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorShape {
    /// The status of every error at a known path. If absent, any from 400 to 499.
    pub(super) status: Option<u16>,
    /// The bodies that it may have. A text in braces stands for any value, and for the same one where its name is
    /// repeated: `{name}`. `{name:text}` is a text that is not blank, `{name:text?}` may be null, `{name:object}`
    /// and `{name:null}` are what they say. A member whose name ends with `?` may be missing.
    pub(super) bodies: Vec<Value>,
    /// The media type of HTML pages, if some errors are such.
    pub(super) page: Option<String>,
}

/// What a route grants.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// A JSON object with these members. One whose name ends with `?` may be missing.
    Object(Vec<String>),
    /// A JSON list of objects with these members.
    List(Vec<String>),
    /// A JSON body, as the bodies of errors are written.
    Body(Value),
    /// No body, and this status.
    Status(u16),
    /// A redirect with a cookie, and this status.
    Redirect(u16),
}

/// How much of the documented response must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Some of its members: the caller may have asked for these only.
    Some,
}

impl Dialect {
    /// Returns the media types that a JSON response may have.
    pub fn media_types(&self) -> &'static [String] {
        &self.description.media_types
    }

    /// Returns whether a parameter of the query can leave members out of a success, or change the status of an
    /// error.
    pub fn query_shapes_responses(&self) -> bool {
        self.description.query_shapes_responses
    }

    /// Returns the status that all errors at known paths have. `None` if errors may have any status from 400 to 499.
    pub fn only_error_status(&self) -> Option<u16> {
        self.description.error.status
    }

    /// Checks that `response` is an error of the dialect: status, media type and the members of the body.
    ///
    /// # Errors
    /// If it is not; the text says what is different.
    pub fn check_error(&self, response: &Response) -> Result<(), String> {
        let shape = &self.description.error;
        let media = response.header("Content-Type").unwrap_or("none");
        if shape.page.as_deref() == Some(media) {
            return check_page(response);
        }
        let medias = self.media_types();
        if !medias.iter().any(|known| known == media) {
            return Err(format!("the media type is {media}, not one of {medias:?}"));
        }
        let body = response.json().map_err(|failure| failure.to_string())?;
        let is_known_path = !matches!(response.status, 404 | 405);
        let is_error = match shape.status.filter(|_| is_known_path) {
            Some(status) => response.status == status,
            None => (400..500).contains(&response.status),
        };
        if !is_error {
            return Err(format!("{} is no status of an error", response.status));
        }
        if !shape.bodies.iter().any(|shape| matches(shape, &body)) {
            return Err(format!("{body} is no error of {}", self.name));
        }
        Ok(())
    }
}

impl Route {
    /// Checks that `response` is what the route grants: status, media type and the members of the body. With
    /// [`Extent::Some`], members may be missing.
    ///
    /// # Errors
    /// If it is not; the text says what is different.
    pub fn check_success(&self, extent: Extent, response: &Response) -> Result<(), String> {
        let success = self.success();
        let status = match success {
            Success::Status(status) | Success::Redirect(status) => *status,
            Success::Object(_) | Success::List(_) | Success::Body(_) => 200,
        };
        if response.status != status {
            return Err(format!("{} is no success here", response.status));
        }
        let media = response.header("Content-Type");
        if matches!(success, Success::Status(_) | Success::Redirect(_)) {
            let headers = ["Location", "Set-Cookie"].map(|name| response.header(name).is_some());
            let leads = headers == [matches!(success, Success::Redirect(_)); 2];
            let empty = response.body.is_empty() && media.is_none();
            return (empty && leads)
                .then_some(())
                .ok_or_else(|| "not the empty response that is documented".to_owned());
        }
        let medias = self.dialect().media_types();
        if !media.is_some_and(|media| medias.iter().any(|known| known == media)) {
            return Err(format!(
                "the media type is {media:?}, not one of {medias:?}"
            ));
        }
        let body = response.json().map_err(|failure| failure.to_string())?;
        let is_documented = match (success, &body) {
            (Success::Object(names), Value::Object(members)) => {
                has(members, names)
                    || extent == Extent::Some && !members.is_empty() && has_some(members, names)
            }
            (Success::List(names), Value::Array(items)) => items
                .iter()
                .all(|item| item.as_object().is_some_and(|item| has(item, names))),
            (Success::Body(shape), _) => matches(shape, &body),
            _ => false,
        };
        is_documented
            .then_some(())
            .ok_or_else(|| format!("{body} is not what is documented"))
    }
}

/// Returns whether the members are those in `names`. A member whose name ends with `?` there may be missing.
fn has(members: &Map<String, Value>, names: &[String]) -> bool {
    let mut mandatory = names.iter().filter(|name| !name.ends_with('?'));
    mandatory.all(|name| members.contains_key(name)) && has_only(members, names)
}

/// Returns whether each member is a mandatory one of `names`; some of these may be missing.
fn has_some(members: &Map<String, Value>, names: &[String]) -> bool {
    let mut members = members.keys();
    members.all(|member| names.contains(member))
}

fn has_only(members: &Map<String, Value>, names: &[String]) -> bool {
    let is_known = |member: &String| {
        names
            .iter()
            .any(|name| name.trim_end_matches('?') == member)
    };
    members.keys().all(is_known)
}

/// Returns whether a body has that shape, as [`ErrorShape::bodies`] says.
pub(super) fn matches(shape: &Value, body: &Value) -> bool {
    matches_with(shape, body, &mut HashMap::new())
}

fn matches_with<'s>(shape: &'s Value, body: &Value, known: &mut HashMap<&'s str, Value>) -> bool {
    match (shape, body) {
        (Value::String(shape), _) => matches_text(shape, body, known),
        (Value::Object(shape), Value::Object(body)) => {
            let names: Vec<_> = shape.keys().cloned().collect();
            has(body, &names)
                && shape.iter().all(|(name, shape)| {
                    let member = body.get(name.trim_end_matches('?'));
                    member.is_none_or(|member| matches_with(shape, member, known))
                })
        }
        _ => shape == body,
    }
}

fn matches_text<'s>(shape: &'s str, body: &Value, known: &mut HashMap<&'s str, Value>) -> bool {
    let Some((prefix, placeholder)) = shape.strip_suffix('}').and_then(|s| s.split_once('{'))
    else {
        return body == shape;
    };
    let (name, kind) = placeholder.split_once(':').unwrap_or((placeholder, "any"));
    if !prefix.is_empty() {
        return body.as_str().is_some_and(|text| text.starts_with(prefix));
    }
    let is_text = body.as_str().is_some_and(|text| !text.trim().is_empty());
    let is_of_kind = match kind {
        "any" => true,
        "text" => is_text,
        "text?" => is_text || body.is_null(),
        "object" => body.is_object(),
        "null" => body.is_null(),
        _ => panic!("{shape}: no such kind of value"),
    };
    is_of_kind && known.entry(name).or_insert_with(|| body.clone()) == body
}

fn check_page(response: &Response) -> Result<(), String> {
    let refused = (400..500).contains(&response.status);
    if refused && response.text().starts_with("<!DOCTYPE html>") {
        Ok(())
    } else {
        Err("not the page of an error".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_says_names_kinds_and_equal_values() {
        let shape =
            json!({"a": "{x:text}", "b": "{x:text}", "c?": "{y:object}", "d": "P.{rest}", "e": 1});
        let body = json!({"a": "t", "b": "t", "d": "P.q", "e": 1});
        assert!(matches(&shape, &body));
        for (name, value) in [
            ("a", json!("other")),
            ("b", json!(null)),
            ("c", json!("text")),
            ("d", json!("Q.q")),
            ("e", json!(2)),
            ("f", json!("unknown")),
        ] {
            let mut changed = body.clone();
            changed[name] = value;
            assert!(!matches(&shape, &changed), "{changed}");
        }
        let mut with_object = body.clone();
        with_object["c"] = json!({"any": "thing"});
        assert!(matches(&shape, &with_object));
        let mut without = body;
        without.as_object_mut().unwrap().remove("a");
        assert!(!matches(&shape, &without));
    }

    #[test]
    fn blank_text_is_no_text_and_null_only_where_it_may_be() {
        for (kind, value, expected) in [
            ("{x:text}", json!(" "), false),
            ("{x:text}", json!(null), false),
            ("{x:text?}", json!(null), true),
            ("{x:text?}", json!(""), false),
            ("{x:null}", json!(null), true),
            ("{x:null}", json!("t"), false),
            ("{x}", json!([1]), true),
            ("t", json!("t"), true),
            ("", json!(""), true),
            ("", json!("t"), false),
        ] {
            assert_eq!(matches(&json!(kind), &value), expected, "{kind} {value}");
        }
    }
}
