//! Tokens, wherever a client may put them.

use isogloss_testkit::dialects::{HeldToken, TestUser};
use serde_json::json;

use super::{Attempt, JSON, NOBODY, Outcome, UNKNOWN_TOKEN, all, message, typed};
use crate::marked_secrets::API_KEY;

/// Returns requests with every token in all valid and in some invalid places, unchanged and altered.
pub(crate) fn attempts(held: &[HeldToken]) -> impl Iterator<Item = Attempt> {
    let unknown = [UNKNOWN_TOKEN.to_owned(), format!("7001-{UNKNOWN_TOKEN}")];
    let mut messages: Vec<_> = unknown.iter().flat_map(|text| presented(text)).collect();
    for HeldToken { text, .. } in held {
        let upper = text.to_uppercase();
        for spelling in [
            text,
            &upper,
            &format!("{text}0"),
            &format!("%7B{text}%7D%ff"),
        ] {
            messages.extend(presented(spelling));
        }
    }
    all(Outcome::Either, messages)
}

fn presented(token: &str) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for scheme in ["BimPlus", "Bearer", "ApiToken", "Basic", ""] {
        let header = format!("Authorization: {scheme} {token}");
        for target in ["/v2/authorize", "/web/api/v3/auth/whoAmI"] {
            messages.push(message("GET", target, &[&header], b""));
        }
    }
    let client = TestUser::admin().client;
    for body in [
        json!({"cross_token": token}),
        json!({"cross_token": [token]}),
        json!({"remember_me_token": token, "client_id": client}),
        json!({"remember_me_token": token, "client_id": token}),
        json!({"reAuthenticationToken": token}),
        json!({"reAuthenticationToken": {token: token}}),
        json!({"token": token}),
    ] {
        let key = format!("/api/v1/Authentication/TokenLogin?APIKey={API_KEY}");
        for target in [
            "/v2/authorize",
            "/v2/cross-authorize",
            &key,
            "/web/api/v3/auth/whoAmI",
        ] {
            messages.push(typed(target, JSON, body.to_string().as_bytes()));
        }
        let broken = body.to_string().replace('}', "");
        messages.push(typed(&key, JSON, broken.as_bytes()));
        messages.push(typed("/v2/cross-authorize", JSON, broken.as_bytes()));
    }
    for target in [
        format!("/v2/authorize?access_token={token}"),
        format!("/api/v1/Authentication/TokenLogin?APIKey={token}&APIToken={token}"),
        format!("/web/api/v3/auth/whoAmI?token={token}&token=other"),
        format!("/web/api/v3/auth/loginOther?token={token}&userName={NOBODY}"),
        format!("/web/login/authByToken?token={token}&url=https://elsewhere.example"),
        format!("/web/nowhere?token={token}"),
        format!("/elsewhere?token={token}"),
    ] {
        messages.push(message("GET", &target, &[], b""));
        messages.push(message("POST", &target, &[], b""));
    }
    messages
}
