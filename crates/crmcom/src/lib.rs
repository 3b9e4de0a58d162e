#![doc = include_str!("../README.md")]

mod api_key;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod json_body;
mod openapi;
mod quirks;
mod requests;
mod routes;
mod settings;
mod wire;

use actix_web::dev::RequestHead;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{Data, ServiceConfig, scope};
use isogloss_core::{BearerToken, Realm};
use isogloss_dialect::{Dialect, TokenPlaces, cors};
use utoipa::openapi::OpenApi;

use error::Error;

pub use settings::{OrganisationMatch, Release, Settings};

const REALM: Realm = Realm::new(Crmcom::NAME);

/// The dialect of CRM.COM.
#[derive(Debug)]
pub struct Crmcom;

impl Dialect for Crmcom {
    const NAME: &'static str = "crmcom";
    const DEFAULT_PATH: &'static str = "/crmapi/rest/v2";
    const TOKEN_TYPE: &'static str = "token";

    type Settings = Settings;
    type Error = Error;

    fn add_scope(
        settings: &Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    ) {
        let always_ok = Condition::new(!settings.strict_status, from_fn(quirks::always_ok));
        cfg.app_data(Data::new(settings.cors())).service(
            scope("")
                .wrap(always_ok)
                .wrap(from_fn(cors::middleware))
                .configure(add_routes),
        );
    }

    fn add_routes(_settings: &Settings, cfg: &mut ServiceConfig) {
        routes::add_routes(cfg);
    }

    /// Returns the token in the parameter `token` of the query. `None` if the parameter is absent or malformed.
    fn find_token(_settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
        let query = head.uri.query()?;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (_, token) = pairs.find(|(name, _)| name == "token")?;
        Self::parse_token(&token)
    }

    /// Returns the parameter of GET requests, and the member of the bodies of all others.
    fn token_places(_settings: &Settings) -> TokenPlaces {
        TokenPlaces {
            query: &["token"],
            body: &["token"],
            ..TokenPlaces::default()
        }
    }

    fn parse_token(text: &str) -> Option<BearerToken> {
        wire::parse_token(text.trim()).map(BearerToken::access)
    }

    fn openapi() -> OpenApi {
        openapi::openapi()
    }
}
