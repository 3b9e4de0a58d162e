#![doc = include_str!("../README.md")]

mod api2;
mod authorization;
mod cookie;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod issue;
mod multipart;
mod openapi;
mod parameters;
mod quirks;
mod redirect;
mod routes;
mod settings;
mod wire;

use actix_web::dev::RequestHead;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use isogloss_core::{BearerToken, Realm};
use isogloss_dialect::{Dialect, TokenPlaces, cors};
use utoipa::openapi::OpenApi;

use error::Error;

pub use settings::{ExpiresStyle, Login, RoleStyle, Settings};

const REALM: Realm = Realm::new(Memsource::NAME);

/// The dialect of Memsource, in its API versions 2 and 3 and `api2`.
#[derive(Debug)]
pub struct Memsource;

impl Dialect for Memsource {
    const NAME: &'static str = "memsource";
    const DEFAULT_PATH: &'static str = "/web";
    const TOKEN_TYPE: &'static str = "ApiToken";

    type Settings = Settings;
    type Error = Error;

    fn add_scope(
        settings: &Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    ) {
        let scope = cors::scope(settings.cors(), cfg).wrap(from_fn(quirks::set_headers));
        cfg.service(scope.configure(add_routes));
    }

    fn add_routes(_settings: &Settings, cfg: &mut ServiceConfig) {
        routes::add_routes(cfg);
    }

    /// Returns the token in the parameter `token` of the query, else in the header, else in the cookie of a browser
    /// session. A service that accepts tokens in bodies has to extract them itself. `None` if there is none, or if it
    /// is malformed.
    fn find_token(settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
        authorization::find_token(settings, head)
    }

    /// Returns query and forms of the old API, whose calls may mix them; header and query of `api2`; and the cookie
    /// of a browser session.
    fn token_places(settings: &Settings) -> TokenPlaces {
        TokenPlaces {
            schemes: &[Self::TOKEN_TYPE, "Bearer"],
            query: &["token"],
            cookies: vec![settings.cookie_name.clone()],
            body: &["token"],
            ignore_case: false,
        }
    }

    fn parse_token(text: &str) -> Option<BearerToken> {
        authorization::parse_token(text)
    }

    fn openapi() -> OpenApi {
        openapi::openapi()
    }
}
