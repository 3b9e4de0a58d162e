#![doc = include_str!("../README.md")]

mod binding;
mod errors;
mod query;
mod quirks;
mod routes;
mod wire;

use std::time::Duration;

use isogloss_core::Realm;
use serde::{Deserialize, Serialize};

pub use routes::configure;

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "tokenlogin";

const REALM: Realm = Realm::new(NAME);

/// What an operator may set, under `[dialects.tokenlogin]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a session token lives, counted from the login.
    #[serde(with = "humantime_serde")]
    pub session_lifetime: Duration,
    /// How long a re-authentication token lives, counted from the login that asked for it.
    #[serde(with = "humantime_serde")]
    pub reauthentication_lifetime: Duration,
    /// Whether `TokenLogin` answers with the token it was given, rather than with none.
    pub echo_reauthentication_token: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_lifetime: Duration::from_hours(12),
            reauthentication_lifetime: Duration::from_hours(30 * 24),
            echo_reauthentication_token: false,
        }
    }
}
