//! The routes of the old API and their handlers.

use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ReqData, ServiceConfig, resource, to};
use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Route};
use isogloss_core::{
    Auth, AuthError, ClientIp, Credentials, LoginOrigin, Purpose, RefusalCause, SecondFactor,
};
use isogloss_dialect::relay_or;

use crate::authorization::{AuthenticatedCaller, device_tokens};
use crate::cookie::{CookieLifetime, cookie};
use crate::error::{Error, HtmlError};
use crate::parameters::Parameters;
use crate::wire::{LoginResponse, WhoAmIResponse, json, parse_token};
use crate::{Memsource, REALM, Settings, api2, issue, redirect};

pub(crate) type HandlerResult = Result<HttpResponse, Error>;

/// Adds the dialect's routes.
pub(crate) fn add_routes(cfg: &mut ServiceConfig) {
    cfg.service(action("/api/v2/auth/login", login_v2))
        .service(action("/api/v3/auth/login", login))
        .service(action("/api/v3/auth/loginOther", login_other))
        .service(action("/api/v3/auth/logout", logout))
        .service(action("/api/v3/auth/whoAmI", who_am_i))
        .service(
            resource("/login/authByToken")
                .route(web::get().to(auth_by_token))
                .default_service(method_not_allowed("GET")),
        )
        .configure(api2::configure)
        .default_service(to(not_found));
}

/// Returns a resource for GET and POST requests, with the error for all other methods.
fn action<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::post().to(handler))
        .default_service(method_not_allowed("GET, POST"))
}

/// Relays a request to an unknown path to the back end. `Err` without a back end, or if it does not respond.
async fn not_found(request: HttpRequest, payload: Payload) -> HandlerResult {
    relay_or::<Memsource>(request, payload, Error::NotFound).await
}

/// Returns the handler of requests to a path with another method than `allowed`, which go to the back end.
pub(crate) fn method_not_allowed(allowed: &'static str) -> Route {
    to(move |request: HttpRequest, payload: Payload| {
        relay_or::<Memsource>(request, payload, Error::MethodNotAllowed(allowed))
    })
}

/// Responds to `login` with a token. `Err` if a parameter is missing, if the credentials are refused, or if a
/// store is unreachable.
async fn login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    mut parameters: Parameters,
) -> HandlerResult {
    let token = parameters.optional("token");
    let credentials = Credentials {
        name: parameters.mandatory("userName")?,
        password: parameters.mandatory("password")?.into(),
        factor: SecondFactor::Code(parameters.optional("code").map(Into::into)),
        organisation: None,
        origin: LoginOrigin {
            device_tokens: device_tokens(&settings, request.head(), token.as_deref()),
            ..LoginOrigin::new(REALM, source.as_deref().copied())
        },
    };
    let user = auth.login(credentials).await?;
    let issued = issue::access(&auth, &settings, &user).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &LoginResponse::new(&issued, &settings),
    ))
}

/// Responds to `login` of version 2 like version 3, with `username` as another name of `userName`: the vendor's
/// own module for Drupal sends it. `Err` as for version 3, and if the two names have different values.
async fn login_v2(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    mut parameters: Parameters,
) -> HandlerResult {
    parameters.alias("username", "userName")?;
    login(auth, settings, source, request, parameters).await
}

/// Responds to `loginOther` with a token for another user of the administrator's organisation. `Err` if the caller
/// may not do that, if the user's name is missing, if there is no such user, or if a store is unreachable.
async fn login_other(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    mut parameters: Parameters,
) -> HandlerResult {
    let caller = AuthenticatedCaller::authenticate(&auth, &request, &mut parameters).await?;
    let name = parameters.mandatory("userName")?;
    let user = auth.impersonate(&caller.session, &name, None).await?;
    let user = user.ok_or(Error::UnknownUser)?;
    let issued = issue::impersonation(&auth, &settings, &caller.session, &user).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &LoginResponse::new(&issued, &settings),
    ))
}

/// Responds to `logout`: ends the caller's token. `Err` if the token is not valid, or if a store is unreachable.
async fn logout(
    auth: Data<Auth>,
    request: HttpRequest,
    mut parameters: Parameters,
) -> HandlerResult {
    let caller = AuthenticatedCaller::for_logout(&auth, &request, &mut parameters).await?;
    auth.revoke_by_digest(caller.session.digest).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Responds to `whoAmI` with the caller. `Err` if the token is not valid, or if a store is unreachable.
async fn who_am_i(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    mut parameters: Parameters,
) -> HandlerResult {
    let caller = AuthenticatedCaller::authenticate(&auth, &request, &mut parameters).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &WhoAmIResponse::new(&caller.session.user, &settings),
    ))
}

/// Responds to `authByToken`: exchanges a `loginOther` token for a browser session and redirects the browser. The
/// target is checked before the token is redeemed. `Err`, an HTML page, if the parameters, the target or the token
/// are refused, or if a store is unreachable.
async fn auth_by_token(
    auth: Data<Auth>,
    settings: Data<Settings>,
    parameters: Result<Parameters, Error>,
) -> Result<HttpResponse, HtmlError> {
    let mut parameters = parameters?;
    let target = redirect::resolve_target(&settings, parameters.optional("url").as_deref())?;
    let text = parameters.optional("token");
    let parsed = text.as_deref().and_then(parse_token);
    let (number, token) = parsed.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
    let meant = auth.validate(&token, &[Purpose::Impersonation]).await?;
    if meant.user.number != number {
        return Err(AuthError::InvalidToken(RefusalCause::OtherUser).into());
    }
    let spent = auth.redeem(&token, Purpose::Impersonation).await?;
    let session = issue::browser_session(&auth, &settings, &spent).await?;
    let cookie = cookie(&settings, &session, CookieLifetime::BrowserSession);
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, target))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .cookie(cookie)
        .finish())
}
