//! The routes and their handlers.

use actix_web::web::{self, Data, Payload, ReqData, ServiceConfig, resource, to};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{
    Auth, AuthError, ClientIp, Credentials, IssuedToken, KeyLogin, LoginOrigin, Purpose,
    RefusalCause, RequestedAccess, Terms, User,
};
use isogloss_dialect::{Dialect as _, relay_or};
use secrecy::ExposeSecret as _;

use crate::error::Error;
use crate::json_body::Body;
use crate::requests::{Login, TokenRequest};
use crate::wire::{self, EMPTY_TEXT, Envelope, json};
use crate::{Crmcom, REALM, Settings, api_key};

pub(crate) type HandlerResult = Result<HttpResponse, Error>;

/// Adds the dialect's routes.
pub(crate) fn add_routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/authentication/token")
            .route(web::post().to(token))
            .default_service(to(method_not_allowed)),
    )
    .service(
        resource("/authentication/token/release")
            .route(web::post().to(release))
            .default_service(to(method_not_allowed)),
    )
    .service(
        resource("/authentication/web_api_key/token")
            .route(web::post().to(key_token))
            .default_service(to(method_not_allowed)),
    )
    .default_service(to(not_found));
}

/// Responds to `POST authentication/token` with a token for a unit of the user. `Err` if the body is invalid, if
/// the credentials or the unit are refused, or if a store is unreachable.
async fn token(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    body: Body,
) -> HandlerResult {
    let mut wanted = TokenRequest::try_from(body.object()?)?;
    let unit = wanted.unit.take();
    let in_body = wanted
        .token
        .take()
        .and_then(|token| Crmcom::parse_token(&token));
    let presented = Crmcom::find_token(&settings, request.head());
    let presented = presented.into_iter().chain(in_body);
    let origin = LoginOrigin {
        device_tokens: presented.map(|presented| presented.token).collect(),
        requested: Some(RequestedAccess::Unit(unit.clone())),
        ..LoginOrigin::new(REALM, source.as_deref().copied())
    };
    let user = log_in(&auth, &settings, wanted, origin).await?;
    let terms = Terms::new(Purpose::Access, settings.lifetime());
    let issued = issue(&auth, &user, unit, terms).await?;
    Ok(ok(&Envelope::token(
        &issued.token,
        settings.release.empty_text(),
    )))
}

/// Responds to `POST authentication/token/release`: ends a token. `Err` if the body is invalid, if the token is
/// not valid, or if a store is unreachable. Of several concurrent requests with one token, one succeeds; the
/// others get `Err`.
async fn release(auth: Data<Auth>, body: Body) -> HandlerResult {
    let text = body.object()?.mandatory("token")?;
    let token = wire::parse_token(&text).ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
    auth.revoke(&token, Purpose::Access).await?;
    Ok(ok(&Envelope::success()))
}

/// Responds to `POST authentication/web_api_key/token` with a token of the user that the key acts as. `Err` if the
/// body is invalid, if the key or the unit is refused, or if a store is unreachable.
async fn key_token(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    body: Body,
) -> HandlerResult {
    let unit = body.optional_object()?.text("unit")?;
    let origin = LoginOrigin {
        requested: Some(RequestedAccess::Unit(unit.clone())),
        ..LoginOrigin::new(REALM, source.as_deref().copied())
    };
    let key = api_key::find_key(request.headers());
    let key = key.ok_or(Error::Key(AuthError::InvalidCredentials(
        RefusalCause::UnknownKey,
    )))?;
    let login = auth.login_by_key(key.expose_secret(), &origin).await;
    let KeyLogin { user, label } = login.map_err(|error| login_error(error, Error::Key))?;
    let terms = Terms {
        registered_application: Some(label),
        ..Terms::new(Purpose::Access, settings.key_lifetime())
    };
    let issued = issue(&auth, &user, unit, terms).await?;
    Ok(ok(&Envelope::token(&issued.token, EMPTY_TEXT)))
}

/// Returns the user of a login with a password or an access card. `Err` if the credentials or the requested unit
/// are refused, or if a store is unreachable.
async fn log_in(
    auth: &Auth,
    settings: &Settings,
    request: TokenRequest,
    origin: LoginOrigin,
) -> Result<User, Error> {
    let organisation = settings
        .organisation_match
        .organisation_name(request.organisation);
    match request.login {
        Login::Password { username, password } => {
            let credentials = Credentials {
                name: username,
                password,
                factor: settings.factor(),
                organisation: Some(organisation),
                origin,
            };
            let user = auth.login(credentials).await;
            user.map_err(|error| login_error(error, Error::Auth))
        }
        Login::Card(card) => {
            let user = auth.login_by_card(card, &organisation, &origin).await;
            user.map_err(|error| login_error(error, Error::Card))
        }
    }
}

/// Returns the dialect's error for a refused login: core forbids a login only because of the requested unit, and
/// `otherwise` wraps any other error.
fn login_error(error: AuthError, otherwise: fn(AuthError) -> Error) -> Error {
    if matches!(error, AuthError::Forbidden(_)) {
        Error::Unit
    } else {
        otherwise(error)
    }
}

/// Issues a token for the requested unit of the user, else for the default one. `Err` if the user does not have
/// the unit or no longer exists, if the client is blocked, or if a store is unreachable.
async fn issue(
    auth: &Auth,
    user: &User,
    unit: Option<String>,
    terms: Terms,
) -> Result<IssuedToken, Error> {
    let unit = unit.or_else(|| user.default_unit.clone());
    let unit = unit.filter(|unit| user.units.contains(unit));
    let terms = Terms {
        unit: Some(unit.ok_or(Error::Unit)?),
        ..terms
    };
    Ok(auth.issue(REALM, user, terms).await?)
}

/// Relays a request with another method to the back end. `Err` without a back end, or if it does not respond.
async fn method_not_allowed(request: HttpRequest, payload: Payload) -> HandlerResult {
    relay_or::<Crmcom>(request, payload, Error::MethodNotAllowed).await
}

/// Relays a request to an unknown path to the back end. `Err` without a back end, or if it does not respond.
async fn not_found(request: HttpRequest, payload: Payload) -> HandlerResult {
    relay_or::<Crmcom>(request, payload, Error::NotFound).await
}

/// Returns a 200 response with this envelope.
fn ok(envelope: &Envelope<'_>) -> HttpResponse {
    json(&mut HttpResponse::Ok(), envelope)
}
