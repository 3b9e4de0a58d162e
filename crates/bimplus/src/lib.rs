#![doc = include_str!("../README.md")]

mod authorization;
mod configurations;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ids;
mod json_body;
mod login;
mod openapi;
mod password_reset;
mod portal_url;
mod profile;
mod requests;
mod routes;
#[cfg(test)]
mod sdk_compatibility;
mod settings;
mod team_ids;
mod teams;
mod wire;

use actix_web::dev::RequestHead;
use actix_web::web::ServiceConfig;
use isogloss_core::{BearerToken, Realm};
use isogloss_dialect::{Dialect, TokenLifetimeClass, TokenPlaces, cors};
use utoipa::openapi::OpenApi;

use error::Error;

pub use configurations::{Environment, Link};
pub use portal_url::PortalUrl;
pub use settings::{Applications, LoginsPerClient, Settings};

const REALM: Realm = Realm::new(Bimplus::NAME);

/// The dialect of BIMplus v2.
#[derive(Debug)]
pub struct Bimplus;

impl Dialect for Bimplus {
    const NAME: &'static str = "bimplus";
    const DEFAULT_PATH: &'static str = "/v2";
    const TOKEN_LIFETIME: TokenLifetimeClass = TokenLifetimeClass::Remembered;
    const TOKEN_TYPE: &'static str = wire::TOKEN_TYPE;
    /// Keys of the realm are the ids of applications.
    const HAS_PUBLIC_KEYS: bool = true;

    type Settings = Settings;
    type Error = Error;

    fn add_scope(
        settings: &Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    ) {
        let scope = cors::scope(settings.cors(), cfg);
        cfg.service(scope.configure(add_routes));
    }

    fn add_routes(settings: &Settings, cfg: &mut ServiceConfig) {
        routes::add_routes(settings, cfg);
    }

    /// Returns the token in the header `Authorization`, or in the query, where downloads have it. `None` if neither has
    /// one.
    fn find_token(_settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
        authorization::find_token(head)
    }

    /// Returns the header and, for downloads, the query. `?token=` is for the portal, which is another host.
    fn token_places(_settings: &Settings) -> TokenPlaces {
        TokenPlaces {
            schemes: &[wire::TOKEN_TYPE, "Bearer"],
            query: &["access_token", "api-token"],
            ignore_case: true,
            ..TokenPlaces::default()
        }
    }

    fn parse_token(text: &str) -> Option<BearerToken> {
        authorization::parse_token(text)
    }

    fn openapi() -> OpenApi {
        openapi::openapi()
    }
}
