#![doc = include_str!("../README.md")]

mod error;
mod openapi;
mod routes;
mod wire;

use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::web::{ServiceConfig, scope};
use isogloss_core::{BearerToken, Realm};
use isogloss_dialect::{Dialect, TokenPlaces};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::openapi::OpenApi;

use error::Error;

const REALM: Realm = Realm::new(Tollgate::NAME);

/// The dialect of Tollgate.
#[derive(Debug)]
pub struct Tollgate;

impl Dialect for Tollgate {
    const NAME: &'static str = "tollgate";
    const DEFAULT_PATH: &'static str = "/tollgate";
    const TOKEN_TYPE: &'static str = "Tollgate";

    type Settings = Settings;
    type Error = Error;

    fn add_scope(
        _settings: &Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    ) {
        cfg.service(scope("").configure(add_routes));
    }

    fn add_routes(_settings: &Settings, cfg: &mut ServiceConfig) {
        routes::add_routes(cfg);
    }

    fn find_token(_settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
        wire::find_pass(&head.headers).map(BearerToken::access)
    }

    fn token_places(_settings: &Settings) -> TokenPlaces {
        TokenPlaces {
            schemes: &[Self::TOKEN_TYPE],
            ..TokenPlaces::default()
        }
    }

    fn parse_token(text: &str) -> Option<BearerToken> {
        wire::parse_pass(text.trim()).map(BearerToken::access)
    }

    fn openapi() -> OpenApi {
        openapi::openapi()
    }
}

/// What an operator may set, under `[dialects.tollgate]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The lifetime of a pass, from the login.
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
