//! What a refusal of each dialect looks like, whatever its reason.

use isogloss_testkit::Response;
use serde_json::{Map, Value, json};

const UTF8_JSON: &[&str] = &["application/json; charset=utf-8"];
/// `TokenLogin` follows what the caller sent.
const EITHER_JSON: &[&str] = &[
    "application/json; charset=utf-8",
    "text/json; charset=utf-8",
];
const PLAIN_JSON: &[&str] = &["application/json"];
const PAGE: &str = "text/html; charset=utf-8";

/// The media types that a dialect's JSON may have.
pub(crate) fn medias(dialect: &str) -> &'static [&'static str] {
    match dialect {
        "bimplus" | "crmcom" => UTF8_JSON,
        "tokenlogin" => EITHER_JSON,
        _ => PLAIN_JSON,
    }
}

/// Whether this is a refusal in the dialect's own words: status, media type and the body's members.
pub(crate) fn check(dialect: &str, response: &Response) -> Result<(), String> {
    let media = response.header("Content-Type").unwrap_or("none");
    if dialect == "memsource" && media == PAGE {
        return check_page(response);
    }
    let medias = medias(dialect);
    if !medias.contains(&media) {
        return Err(format!("the media type is {media}, not one of {medias:?}"));
    }
    let body = response.json().map_err(|failure| failure.to_string())?;
    let Value::Object(members) = &body else {
        return Err("the body is no object".to_owned());
    };
    let known_path = dialect == "crmcom" && !matches!(response.status, 404 | 405);
    let refused = if known_path {
        response.status == 200
    } else {
        (400..500).contains(&response.status)
    };
    let shaped = match dialect {
        "bimplus" => is_bimplus(members),
        "crmcom" => is_envelope(&body),
        "tokenlogin" => is_http_error(members) || is_login_data(&body),
        _ => is_memsource(members),
    };
    match (refused, shaped) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("{} is no refusal", response.status)),
        (true, false) => Err(format!("{body} is no refusal of {dialect}")),
    }
}

/// An answer for the reader of a failed test.
pub(crate) fn shown(response: &Response) -> String {
    let media = response.header("Content-Type").unwrap_or("no Content-Type");
    format!("{} {media}\n{}", response.status, response.text())
}

fn is_bimplus(members: &Map<String, Value>) -> bool {
    members.len() == 3
        && ["error", "error_description", "message"]
            .iter()
            .all(|name| is_text(members.get(*name)))
        && members["error_description"] == members["message"]
}

fn is_envelope(body: &Value) -> bool {
    let text = |name: &str| body.pointer(&format!("/status/{name}"));
    let (code, message) = (text("code"), text("message"));
    let expected = json!({
        "status": {"code": code, "message": message, "description": message},
        "data": {},
    });
    *body == expected
        && is_text(message)
        && code
            .and_then(Value::as_str)
            .is_some_and(|code| code.starts_with("COM.CRM.EXCEPTION."))
}

fn is_http_error(members: &Map<String, Value>) -> bool {
    let state = members.get("ModelState");
    is_text(members.get("Message"))
        && state.is_none_or(Value::is_object)
        && members.len() == 1 + usize::from(state.is_some())
}

fn is_login_data(body: &Value) -> bool {
    *body
        == json!({"Authenticated": false, "ReAuthenticationToken": "", "Me": null, "SessionToken": ""})
}

fn is_memsource(members: &Map<String, Value>) -> bool {
    members.len() == 2
        && is_text(members.get("errorCode"))
        && members
            .get("errorDescription")
            .is_some_and(|text| text.is_null() || is_text(Some(text)))
}

/// What a browser at `authByToken` is shown.
fn check_page(response: &Response) -> Result<(), String> {
    let refused = (400..500).contains(&response.status);
    if refused && response.text().starts_with("<!DOCTYPE html>") {
        Ok(())
    } else {
        Err("no page of a refusal".to_owned())
    }
}

fn is_text(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_str)
        .is_some_and(|text| !text.trim().is_empty())
}
