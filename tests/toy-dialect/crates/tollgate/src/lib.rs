#![doc = include_str!("../README.md")]

pub mod behind;
mod errors;
mod openapi;
mod routes;
mod wire;

use std::time::Duration;

use isogloss_core::Realm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use openapi::openapi;
pub use routes::configure;

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "tollgate";

const REALM: Realm = Realm::new(NAME);

/// What an operator may set, under `[dialects.tollgate]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a pass lives, counted from the login.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration")]
    pub pass_lifetime: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pass_lifetime: Duration::from_hours(1),
        }
    }
}
