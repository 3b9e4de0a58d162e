//! What a `testing.toml` holds.
//!
//! Texts may hold placeholders: `{user}`, `{password}`, `{organisation}`, `{api_key}` and `{device}` of the user
//! who logs in, and the name of each token of the dialect. Paths are relative to the mount path.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::request_template::RequestTemplate;
use super::route::RouteDescription;
use super::shape::ErrorShape;
use super::tokens::{ProtectedRequest, TokenDescription};

/// A dialect, for the suites that are about all dialects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    /// The path where it is mounted by default.
    pub(super) mount: String,
    /// Whether letter case does not matter in paths.
    #[serde(default)]
    pub(super) ignores_case: bool,
    /// The media types that a JSON response may have.
    pub(super) media_types: Vec<String>,
    /// Whether a parameter of the query can leave members out of a success, or change the status of an error.
    #[serde(default)]
    pub(super) query_shapes_responses: bool,
    /// A token of another dialect in the spelling of this one: `{digits}` or `{DIGITS}`, and what is around them.
    #[serde(default = "digits")]
    pub(super) spelling: String,
    /// A login with name and password.
    pub(super) login: RequestTemplate,
    /// A login from a device, whose response has every token that a login can give. If absent, `login`.
    pub(super) device_login: Option<RequestTemplate>,
    /// Every kind of token. The first one is the token that each login gives.
    pub(super) tokens: Vec<TokenDescription>,
    /// Requests that are granted to some of the tokens, and to no other token.
    #[serde(default)]
    pub(super) protected_requests: Vec<ProtectedRequest>,
    /// What an error looks like.
    pub(super) error: ErrorShape,
    /// The response while a store does not respond.
    pub(super) unavailable: Unavailable,
    /// For `tests/schemathesis/run`, which reads it.
    #[serde(default, rename = "schemathesis")]
    _schemathesis: IgnoredAny,
    /// For the gateway's tests of its settings, which read it.
    #[serde(rename = "settings")]
    _settings: IgnoredAny,
    /// Every route, as the README of the dialect documents it.
    pub(super) routes: Vec<RouteDescription>,
}

/// The response while a store does not respond.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unavailable {
    pub(super) status: u16,
    /// The whole body, as [`ErrorShape`]'s bodies are written.
    pub(super) body: Value,
}

fn digits() -> String {
    "{digits}".to_owned()
}
