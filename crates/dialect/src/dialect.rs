//! The trait that each dialect implements.

use actix_web::dev::RequestHead;
use actix_web::guard::fn_guard;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpRequest, ResponseError};
use isogloss_core::{Auth, AuthError, BearerToken, RefusalCause, Session};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::OpenApi;

use crate::back_end::{BackEndError, SharedBackEnd};
use crate::body::BodyError;
use crate::forward_auth::forward_auth;
use crate::relay::relay_claimed;
use crate::route::PathCase;
use crate::token_places::TokenPlaces;

/// A login dialect: its name, its settings, its routes, and how its tokens are spelled.
///
/// The type that implements it has no values; [`Settings`](Self::Settings) holds what differs between two
/// gateways.
pub trait Dialect: 'static {
    /// The dialect's name in configuration, logs and metrics, and its realm.
    const NAME: &'static str;
    /// The path below which the routes are mounted unless the operator sets another.
    const DEFAULT_PATH: &'static str;
    /// Whether letter case matters in the mount path.
    const PATH_CASE: PathCase = PathCase::Sensitive;
    /// How long clients are meant to use the longest-lived token.
    const TOKEN_LIFETIME: TokenLifetimeClass = TokenLifetimeClass::Session;
    /// What clients call their token: the scheme of a header, or a parameter.
    const TOKEN_TYPE: &'static str;
    /// Whether keys of the dialect's realm are public identifiers of applications, and not credentials.
    const HAS_PUBLIC_KEYS: bool = false;

    /// What an operator may set, under `[dialects.<name>]`.
    type Settings: Clone + DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static;
    /// Why a request is refused, and the response to it.
    type Error: ResponseError + From<AuthError> + From<BodyError> + From<BackEndError> + 'static;

    /// Adds one scope with the middleware of the dialect, and in it the routes of `add_routes`.
    fn add_scope(
        settings: &Self::Settings,
        cfg: &mut ServiceConfig,
        add_routes: impl FnOnce(&mut ServiceConfig),
    );

    /// Adds the routes, and as default service of all other paths and methods [`relay_or`](crate::relay_or) with the
    /// error response.
    fn add_routes(settings: &Self::Settings, cfg: &mut ServiceConfig);

    /// Returns the token of a request, from the place where this dialect has it. `None` if there is none, or if it does
    /// not have the format of this dialect's tokens.
    fn find_token(settings: &Self::Settings, head: &RequestHead) -> Option<BearerToken>;

    /// Returns the places in which calls of the dialect's other routes carry the token.
    fn token_places(settings: &Self::Settings) -> TokenPlaces;

    /// Parses a token that is sent on its own. `None` if it does not have the format of this dialect's tokens.
    fn parse_token(text: &str) -> Option<BearerToken>;

    /// Returns the OpenAPI document of the routes, with paths relative to the mount path.
    fn openapi() -> OpenApi;

    /// Returns the session of the token that was found in a request. The gateway uses it for forward-auth requests
    /// and for calls to the back end.
    ///
    /// # Errors
    /// The dialect's own error, if the token is missing (always for `None`), invalid or expired, or if a store is
    /// unreachable.
    fn authorize(
        auth: &Auth,
        _settings: &Self::Settings,
        _request: &HttpRequest,
        token: Option<BearerToken>,
    ) -> impl Future<Output = Result<Session, Self::Error>> {
        async {
            let token = token.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
            Ok(auth.validate_bearer(&token).await?)
        }
    }

    /// Checks a call that needs no token and has none, before it goes to the back end. The default accepts every call.
    ///
    /// # Errors
    /// The dialect's own error, if the vendor requires something of every call that this one does not have, such as the
    /// key of an application, or if a store is unreachable.
    fn authorize_anonymous(
        _auth: &Auth,
        _settings: &Self::Settings,
        _request: &HttpRequest,
    ) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }

    /// Adds the dialect's settings and routes below the path where the gateway mounts it. Calls that `back_end` claims,
    /// and those for which there is no route, go to it.
    fn configure(
        settings: &Self::Settings,
        back_end: Option<SharedBackEnd>,
        cfg: &mut ServiceConfig,
    ) where
        Self: Sized,
    {
        cfg.app_data(Data::new(settings.clone()));
        Self::add_scope(settings, cfg, |cfg| {
            let Some(back_end) = back_end else {
                return Self::add_routes(settings, cfg);
            };
            cfg.app_data(SharedBackEnd::clone(&back_end));
            let is_own = fn_guard(move |context| !back_end.claims(context));
            // The only scope in this one: the router looks for the route of a call in the first scope that has its path.
            let own = scope("").guard(is_own);
            cfg.service(own.configure(|cfg| Self::add_routes(settings, cfg)));
            cfg.default_service(to(relay_claimed::<Self>));
        });
    }

    /// Adds a scope in which every call goes to the back end, with the middleware of the dialect. The gateway mounts
    /// it at paths outside the dialect's own.
    fn configure_back_end(
        settings: &Self::Settings,
        back_end: SharedBackEnd,
        cfg: &mut ServiceConfig,
    ) where
        Self: Sized,
    {
        cfg.app_data(Data::new(settings.clone()));
        Self::add_scope(settings, cfg, |cfg| {
            cfg.app_data(back_end);
            cfg.default_service(to(relay_claimed::<Self>));
        });
    }

    /// Adds a scope that responds to forward-auth requests of any path, with the middleware of the dialect:
    /// with status 204 and the [`Session`] in the response's extensions, or with the dialect's error.
    ///
    /// An [`AuthError`] in the request's extensions is an error that the gateway has found already; it is the
    /// response.
    fn configure_forward_auth(settings: &Self::Settings, cfg: &mut ServiceConfig)
    where
        Self: Sized,
    {
        cfg.app_data(Data::new(settings.clone()));
        Self::add_scope(settings, cfg, |cfg| {
            cfg.default_service(to(forward_auth::<Self>));
        });
    }
}

/// How long clients of a dialect are meant to use a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLifetimeClass {
    /// For a session: users log in again every day or more often.
    Session,
    /// For weeks: devices hold tokens instead of passwords. They must survive a restart of the token store.
    Remembered,
}
