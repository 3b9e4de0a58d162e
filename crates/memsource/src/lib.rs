#![doc = include_str!("../README.md")]

mod caller;
mod errors;
mod parameters;
mod quirks;
mod redirect;
mod routes;
mod wire;

use std::time::Duration;

use isogloss_core::Realm;
use serde::{Deserialize, Serialize};

pub use routes::configure;

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "memsource";

const REALM: Realm = Realm::new(NAME);

/// What an operator may set, under `[dialects.memsource]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a token lives, counted from the login.
    #[serde(with = "humantime_serde")]
    pub token_lifetime: Duration,
    /// Where `authByToken` goes when it is not told.
    pub default_redirect: String,
    /// Origins (`https://host[:port]`) that `authByToken` may go to, beside paths of this host.
    pub redirect_origins: Vec<String>,
    /// The name of the browser session's cookie.
    pub cookie_name: String,
    /// Whether that cookie is for HTTPS only.
    pub cookie_secure: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_hours(24),
            default_redirect: "/web".to_owned(),
            redirect_origins: Vec::new(),
            cookie_name: "isogloss_session".to_owned(),
            cookie_secure: true,
        }
    }
}
