//! Resource servers that ask the gateway about the tokens they receive.

mod callers;
mod credentials;
mod forward_auth;
mod introspect;
mod store_outage;
mod token_exchange;
mod token_extraction;

use isogloss_testkit::{Builder, Gateway, Request, Response, Store};
use serde_json::Value;

/// Starts a gateway that also issues JWTs.
fn gateway() -> Gateway {
    gateway_on(Store::Memory)
}

fn gateway_on(store: Store) -> Gateway {
    builder().store(store).start().unwrap()
}

fn builder() -> Builder {
    let jwt = "[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"services\"\naudiences = [\"archive\"]";
    Gateway::builder(crate::PROGRAM).config_text(jwt).env(
        "ISOGLOSS__JWT__SECRET",
        "a secret of this test, of at least thirty-two bytes",
    )
}

/// Posts a form with a key and returns the response.
fn post(gateway: &Gateway, path: &str, form: &[(&str, &str)]) -> Response {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    Request::post(path)
        .header("Authorization", "Bearer demo-introspection-key")
        .form(body)
        .send(gateway.management())
        .unwrap()
}

/// Returns the introspection of a token.
fn introspect(gateway: &Gateway, token: &str) -> Value {
    let answer = post(gateway, "/introspect", &[("token", token)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}
