#![doc = include_str!("../README.md")]

mod authorization;
mod errors;
mod ids;
mod members;
mod routes;
mod wire;

use std::time::Duration;

use isogloss_core::Realm;
use serde::{Deserialize, Serialize};

pub use routes::configure;

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "bimplus";

const REALM: Realm = Realm::new(NAME);

/// What an operator may set, under `[dialects.bimplus]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long an access token lives.
    #[serde(with = "humantime_serde")]
    pub access_lifetime: Duration,
    /// How long a remember-me token lives.
    #[serde(with = "humantime_serde")]
    pub remember_lifetime: Duration,
    /// How long a cross token waits to be used.
    #[serde(with = "humantime_serde")]
    pub cross_lifetime: Duration,
    /// Which application ids may log in.
    pub applications: Applications,
}

/// Which application ids may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Applications {
    /// Any, or none.
    Any,
    /// Those that are keys of the realm `bimplus` in the directory, or none.
    Known,
}

impl TryFrom<String> for Applications {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "any" => Ok(Self::Any),
            "known" => Ok(Self::Known),
            _ => Err("expected any or known"),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_lifetime: Duration::from_hours(8),
            remember_lifetime: Duration::from_hours(30 * 24),
            cross_lifetime: Duration::from_mins(5),
            applications: Applications::Any,
        }
    }
}
