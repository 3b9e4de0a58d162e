//! Resource servers that ask the gateway about the tokens they receive.

mod bound_keys;
mod callers;
mod chosen_headers;
mod claims;
mod credentials;
mod forward_auth;
mod introspect;
mod metadata;
mod rfc_6749;
mod rfc_6750;
mod rfc_7662;
mod rfc_8414;
mod rfc_8693;
mod rfc_9068;
mod signing_keys;
mod store_outage;
mod token_exchange;
mod token_extraction;

use data_encoding::BASE64URL_NOPAD;
use isogloss_testkit::dialects::TestUser;
use isogloss_testkit::{Builder, Gateway, Request, Response};
use serde_json::{Value, json};

const KEY: &str = "demo-introspection-key";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Starts a gateway that also issues JWTs.
fn gateway() -> Gateway {
    builder().start().unwrap()
}

fn builder() -> Builder {
    let jwt = "[jwt]\nenabled = true\nissuer = \"https://login.example.com\"\naudience = \"services\"\naudiences = [\"archive\"]";
    Gateway::builder(crate::PROGRAM).config_text(jwt).env(
        "ISOGLOSS__JWT__SECRET",
        "a secret of this test, of at least thirty-two bytes",
    )
}

/// Returns the body of a form.
fn form(parameters: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters).finish()
}

/// Returns the response of the key set.
fn key_set(gateway: &Gateway) -> Response {
    let keys = Request::get("/.well-known/jwks.json");
    keys.send(gateway.management()).unwrap()
}

/// Posts a form with a key and returns the response.
fn post(gateway: &Gateway, path: &str, parameters: &[(&str, &str)]) -> Response {
    Request::post(path)
        .header("Authorization", format!("Bearer {KEY}"))
        .form(form(parameters))
        .send(gateway.management())
        .unwrap()
}

/// Returns the introspection of a token.
fn introspect(gateway: &Gateway, token: &str) -> Value {
    let answer = post(gateway, "/introspect", &[("token", token)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

/// Exchanges a token, and returns the response. `more` are further parameters, or others of the same names.
fn exchange(gateway: &Gateway, token: &str, more: &[(&str, &str)]) -> Response {
    let mut parameters = vec![
        ("grant_type", EXCHANGE),
        ("subject_token_type", ACCESS_TOKEN),
        ("subject_token", token),
    ];
    parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parameters.extend(more);
    post(gateway, "/token", &parameters)
}

/// Exchanges a token for a JWT.
fn jwt(gateway: &Gateway, token: &str, more: &[(&str, &str)]) -> String {
    let answer = exchange(gateway, token, more);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json().unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Returns the header (0) or the claims (1) of a JWT.
fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

/// Returns a new token of the demo's administrator, with which clients of the dialect call services.
fn token(gateway: &Gateway, dialect: &str) -> String {
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let mut tokens = tokens.into_iter();
    let held = tokens.find(|held| {
        held.kind.dialect == dialect && matches!(held.kind.name, "access" | "session")
    });
    held.unwrap().text
}

/// Returns a new token of the demo's administrator in the dialect `bimplus`. `more` are further members of the login.
fn bimplus_token(gateway: &Gateway, more: &Value) -> String {
    let mut login = json!({"user_id": "admin", "password": "admin-demo"});
    let members = login.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let answer = Request::post("/v2/authorize").json(&login);
    let answer = answer.send(gateway.public()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json().unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Ends a token of the dialect `bimplus`.
fn log_out(gateway: &Gateway, token: &str) {
    let request = Request::new("DELETE", "/v2/authorize");
    let request = request.header("Authorization", format!("BimPlus {token}"));
    assert_eq!(request.send(gateway.public()).unwrap().status, 200);
}

/// Creates a key of the realm `introspection` with these members, and returns its text.
fn key(gateway: &Gateway, members: &Value) -> String {
    let label = uuid::Uuid::new_v4().to_string();
    let mut new = json!({"realm": "introspection", "label": label});
    let all = new.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    let made = Request::post("/admin/keys")
        .header("Authorization", "Bearer demo-admin-key")
        .json(&new)
        .send(gateway.management())
        .unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json().unwrap();
    made["key"].as_str().unwrap().to_owned()
}
