//! The response of a web hook.

use std::time::Duration;

use isogloss_core::Role;
use isogloss_core::authority::{Cause, CauseKind, Decision, DisabledReason, Identity};
use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

/// The body of a response. A member that is named twice, or of another type, makes it invalid.
#[derive(Deserialize)]
struct Answer {
    decision: Word,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    reason: Option<Reason>,
    /// In seconds.
    #[serde(default)]
    retry_after: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Accepted,
    Rejected,
    Unknown,
    Disabled,
    SecondFactor,
    Throttled,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Disabled,
    AccountExpired,
    Restricted,
    PasswordExpired,
}

#[derive(Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the document"
)]
struct User {
    external_id: String,
    #[serde(default)]
    user_name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    image_url: Option<String>,
    /// What is no text is ignored, like a text that is no language tag.
    #[serde(default)]
    language: Option<Value>,
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    units: Option<Vec<String>>,
    #[serde(default)]
    number: Option<i64>,
}

/// Returns the decision in the body of a response with status 200.
pub(crate) fn decision(body: &[u8]) -> Decision {
    let answer = match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => answer,
        Err(error) => return invalid(&problem(&error)),
    };
    match answer.decision {
        Word::Accepted => match answer.user {
            Some(user) if !user.external_id.trim().is_empty() => {
                Decision::Accepted(Box::new(user.into()))
            }
            Some(_) | None => invalid("the response accepts a user without an external_id"),
        },
        Word::Rejected => Decision::Rejected,
        Word::Unknown => Decision::UnknownUser,
        Word::Disabled => Decision::Disabled(match answer.reason {
            None | Some(Reason::Disabled) => DisabledReason::Disabled,
            Some(Reason::AccountExpired) => DisabledReason::AccountExpired,
            Some(Reason::Restricted) => DisabledReason::Restricted,
            Some(Reason::PasswordExpired) => DisabledReason::PasswordExpired,
        }),
        Word::SecondFactor => Decision::SecondFactorRequired,
        Word::Throttled => Decision::Throttled {
            retry_after: answer.retry_after.map(u64::from).map(Duration::from_secs),
        },
    }
}

fn invalid(detail: &str) -> Decision {
    Decision::Unavailable(Cause::new(CauseKind::Response, detail))
}

/// Returns what is wrong with a body, and where. The parser's own messages quote the body.
fn problem(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Io | Category::Syntax => "is no JSON",
        Category::Eof => "ends early",
        Category::Data => "has a member with another value or type than documented",
    };
    let (line, column) = (error.line(), error.column());
    format!("the response {what}: line {line}, column {column}")
}

impl From<User> for Identity {
    fn from(user: User) -> Self {
        Self {
            external_id: user.external_id,
            user_name: user.user_name,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            image_url: user.image_url,
            language: user.language.as_ref().map(text_or_json),
            role: user.role,
            organisation: user.organisation,
            units: user.units,
            number: user.number,
        }
    }
}

/// Returns the text of a value. For one of another type, this is its JSON, which is no language tag: it is ignored.
fn text_or_json(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_responses_are_understood() {
        let throttled = |seconds: Option<u64>| Decision::Throttled {
            retry_after: seconds.map(Duration::from_secs),
        };
        for (body, expected) in [
            (r#"{"decision": "rejected"}"#, Decision::Rejected),
            (
                r#"{"decision": "unknown", "more": 1}"#,
                Decision::UnknownUser,
            ),
            (
                r#"{"decision": "second_factor"}"#,
                Decision::SecondFactorRequired,
            ),
            (r#"{"decision": "throttled"}"#, throttled(None)),
            (
                r#"{"decision": "throttled", "retry_after": 7}"#,
                throttled(Some(7)),
            ),
            (
                r#"{"decision": "disabled"}"#,
                Decision::Disabled(DisabledReason::Disabled),
            ),
            (
                r#"{"decision": "disabled", "reason": "password_expired"}"#,
                Decision::Disabled(DisabledReason::PasswordExpired),
            ),
        ] {
            assert_eq!(decision(body.as_bytes()), expected, "{body}");
        }
        let accepted = br#"{"decision": "accepted", "user": {"external_id": "7", "user_name": "kim", "language": "de-AT", "role": "PROJECT_MANAGER", "units": ["U1"], "number": 5}}"#;
        let Decision::Accepted(identity) = decision(accepted) else {
            panic!("accepted")
        };
        let expected = Identity {
            external_id: "7".to_owned(),
            user_name: Some("kim".to_owned()),
            language: Some("de-AT".to_owned()),
            role: Some(Role::ProjectManager),
            units: Some(vec!["U1".to_owned()]),
            number: Some(5),
            ..Identity::default()
        };
        assert_eq!(*identity, expected);
    }

    #[test]
    fn a_language_of_another_type_fails_no_login() {
        for (value, expected) in [
            ("null", None),
            ("7", Some("7")),
            ("[\"de\"]", Some("[\"de\"]")),
            ("\"\"", Some("")),
        ] {
            let body = format!(
                r#"{{"decision": "accepted", "user": {{"external_id": "7", "language": {value}}}}}"#
            );
            let Decision::Accepted(identity) = decision(body.as_bytes()) else {
                panic!("{value}")
            };
            assert_eq!(identity.language.as_deref(), expected);
        }
    }

    #[test]
    fn every_other_response_is_no_judgement() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "true",
            r#""accepted""#,
            r#"{"decision": "accepted"}"#,
            r#"{"decision": "Accepted", "user": {"external_id": "7"}}"#,
            r#"{"decision": "accepted", "user": {}}"#,
            r#"{"decision": "accepted", "user": {"external_id": ""}}"#,
            r#"{"decision": "accepted", "user": {"external_id": 7}}"#,
            r#"{"decision": "accepted", "user": {"external_id": "7", "role": "ROOT"}}"#,
            r#"{"decision": "accepted", "user": {"external_id": "7", "units": "U1"}}"#,
            r#"{"decision": "rejected", "decision": "accepted", "user": {"external_id": "7"}}"#,
            r#"{"decision": "rejected"} x"#,
            r#"{"decision": "rejected""#,
            r#"{"decision": "no"}"#,
            r#"{"decision": true}"#,
            r#"{"decision": "disabled", "reason": "other"}"#,
            r#"{"decision": "throttled", "retry_after": -1}"#,
        ] {
            let decision = decision(body.as_bytes());
            assert_eq!(decision.name(), "unavailable", "{body}");
        }
        assert_eq!(decision(b"{\"decision\": \"\xff\"}").name(), "unavailable");
    }
}
