//! Access cards of CRM.COM and API keys of TokenLogin.

use serde_json::json;

use super::{Attempt, JSON, Outcome, UNKNOWN_TOKEN, WRONG_KEY, all, typed};
use crate::marked_secrets::{API_KEY, CARD_CODE, CARD_IDENTIFIER, LOSER, PASS_CODE, PASSWORD};

/// Returns logins by access card and with API keys.
pub(crate) fn attempts() -> impl Iterator<Item = Attempt> {
    cards().into_iter().chain(keys())
}

/// Returns logins with access cards of CRM.COM.
fn cards() -> Vec<Attempt> {
    let login = |identifier: &str| {
        let body =
            format!(r#"{{"organisation": "CRMDEMO", "access_token_identifier": {identifier}}}"#);
        typed(
            "/crmapi/rest/v2/authentication/token",
            JSON,
            body.as_bytes(),
        )
    };
    let code = format!(r#"{{"authentication_code": "{CARD_CODE}"}}"#);
    let identifier =
        format!(r#"{{"identifier": "{CARD_IDENTIFIER}", "pass_code": "{PASS_CODE}"}}"#);
    let wrong = [
        format!(r#"{{"authentication_code": "x{CARD_CODE}"}}"#),
        format!(r#"{{"authentication_code": ["{CARD_CODE}"]}}"#),
        format!(r#"{{"authentication_code": "{CARD_CODE}", "pass_code": "{PASS_CODE}"}}"#),
        format!(r#"{{"identifier": "{CARD_IDENTIFIER}", "pass_code": "x{PASS_CODE}"}}"#),
        format!(r#"{{"identifier": "{CARD_IDENTIFIER}"}}"#),
        format!(r#"{{"{CARD_CODE}": "{PASS_CODE}"}}"#),
        format!(r#""{CARD_CODE}""#),
        format!(r#"{{"authentication_code": "{CARD_CODE}"#),
    ];
    let mut attempts: Vec<_> =
        all(Outcome::Accepted, vec![login(&code), login(&identifier)]).collect();
    attempts.extend(all(
        Outcome::Refused,
        wrong.iter().map(|card| login(card)).collect(),
    ));
    attempts
}

/// Returns logins with the developer's key of TokenLogin, wrong and in other places.
fn keys() -> impl Iterator<Item = Attempt> {
    let body = json!({"userName": LOSER, "password": PASSWORD}).to_string();
    let queries = [
        format!("?APIKey={WRONG_KEY}"),
        format!("?APIKey={WRONG_KEY}&APIKey={API_KEY}"),
        format!("?APIKey=%20{API_KEY}%ff%zz"),
        format!("?Key={API_KEY}"),
        format!("?APIKey={API_KEY}&suppressResponseCodes={API_KEY}"),
        format!("?APIKey={API_KEY}&fields={API_KEY}"),
        format!("?APIKey={API_KEY}&APIToken={UNKNOWN_TOKEN}"),
    ];
    let routes = ["Login", "TokenLogin"].into_iter();
    let messages = routes.flat_map(|route| {
        let target = |query: &String| format!("/api/v1/Authentication/{route}{query}");
        let targets: Vec<_> = queries.iter().map(target).collect();
        targets
            .into_iter()
            .map(|target| typed(&target, JSON, body.as_bytes()))
            .collect::<Vec<_>>()
    });
    all(Outcome::Refused, messages.collect())
}
