#![doc = include_str!("../README.md")]

mod account;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod login;
mod model;
mod model_binding;
mod model_state;
mod openapi;
mod password_policy;
mod password_reset;
mod query;
mod quirks;
mod reset_email;
mod routes;
mod settings;
mod wire;

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use isogloss_core::{Auth, BearerToken, Realm, Session, Token};
use isogloss_dialect::route::PathCase;
use isogloss_dialect::{Dialect, TokenLifetimeClass, TokenPlaces, cors};
use utoipa::openapi::OpenApi;

use error::Error;
use query::DeveloperRequest;

pub use password_policy::PasswordPolicy;
pub use settings::{LifetimeFrom, LogoutEnds, Settings};

const REALM: Realm = Realm::new(TokenLogin::NAME);

/// The dialect of TokenLogin.
#[derive(Debug)]
pub struct TokenLogin;

impl Dialect for TokenLogin {
    const NAME: &'static str = "tokenlogin";
    const DEFAULT_PATH: &'static str = "/api/v1";
    const PATH_CASE: PathCase = PathCase::Insensitive;
    const TOKEN_LIFETIME: TokenLifetimeClass = TokenLifetimeClass::Remembered;
    const TOKEN_TYPE: &'static str = "APIToken";

    type Settings = Settings;
    type Error = Error;

    fn add_scope(
        settings: &Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    ) {
        let scope = cors::scope(settings.cors(), cfg).wrap(from_fn(quirks::adapt_response));
        cfg.service(scope.configure(add_routes));
    }

    fn add_routes(_settings: &Settings, cfg: &mut ServiceConfig) {
        routes::add_routes(cfg);
    }

    /// Returns the token in the parameter `APIToken` of the query, in any letter case. `None` if it is absent or
    /// malformed.
    fn find_token(_settings: &Settings, head: &RequestHead) -> Option<BearerToken> {
        Self::parse_token(&query::api_token(head.uri.query()?)?)
    }

    /// Returns the query, the only place that the vendor's pages name.
    fn token_places(_settings: &Settings) -> TokenPlaces {
        TokenPlaces {
            query: &["APIToken"],
            ignore_case: true,
            ..TokenPlaces::default()
        }
    }

    fn parse_token(text: &str) -> Option<BearerToken> {
        Token::from_guid(REALM, text.trim()).map(BearerToken::access)
    }

    fn openapi() -> OpenApi {
        openapi::openapi()
    }

    /// Returns the session of the token of a request. `Err` if the developer's key or the token is missing or not
    /// valid, or if a store is unreachable.
    async fn authorize(
        auth: &Auth,
        _settings: &Settings,
        request: &HttpRequest,
        token: Option<BearerToken>,
    ) -> Result<Session, Error> {
        DeveloperRequest::authenticate(auth, request).await?;
        query::session_of(auth, token).await
    }

    /// Checks the developer's key, which the vendor's pages require on every call. `Err` if it is missing or unknown, or
    /// if the directory is unreachable.
    async fn authorize_anonymous(
        auth: &Auth,
        _settings: &Settings,
        request: &HttpRequest,
    ) -> Result<(), Error> {
        DeveloperRequest::authenticate(auth, request).await?;
        Ok(())
    }
}
