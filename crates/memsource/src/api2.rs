//! The successor API, `api2`: routes, and their handlers.

mod error;
pub(crate) mod json_body;
mod session;
mod wire;

use actix_web::web::{self, Data, ReqData, ServiceConfig, resource};
use actix_web::{Handler, HttpRequest, HttpResponse, Resource, Responder};
use isogloss_core::{
    Auth, ClientIp, Credentials, LoginOrigin, RequestedAccess, SecondFactor, User,
};

pub(crate) use self::error::Api2Error;
use self::json_body::{LoginBody, LoginOtherBody};
use self::session::login_to_session;
pub(crate) use self::wire::{LoginResponse, SessionResponse, WhoAmIResponse};
use crate::authorization::{AuthenticatedCaller, device_tokens};
use crate::error::Error;
use crate::parameters::Parameters;
use crate::routes::method_not_allowed;
use crate::wire::json;
use crate::{REALM, Settings, issue};

type HandlerResult = Result<HttpResponse, Api2Error>;

/// Adds the routes of `api2`.
pub(crate) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(post("/api2/v1/auth/login", login))
        .service(post("/api2/v3/auth/login", login))
        .service(post("/api2/v1/auth/loginToSession", login_to_session))
        .service(post("/api2/v3/auth/loginToSession", login_to_session))
        .service(post("/api2/v1/auth/loginOther", login_other))
        .service(post("/api2/v3/auth/loginOther", login_other))
        .service(post("/api2/v1/auth/logout", logout))
        .service(
            resource("/api2/v1/auth/whoAmI")
                .route(web::get().to(who_am_i))
                .default_service(method_not_allowed("GET")),
        );
}

/// Returns a resource for POST requests, with the error for all other methods.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path)
        .route(web::post().to(handler))
        .default_service(method_not_allowed("POST"))
}

/// Responds to `login` with a token. The header `Authorization` may show that the client is known, and has no
/// other effect: three clients send an invalid one. `Err` if a member is missing, if the credentials are refused,
/// or if a store is unreachable.
async fn login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    body: LoginBody,
) -> HandlerResult {
    let origin = login_origin(&settings, &request, source.as_deref().copied());
    let user = authenticate(&auth, origin, body).await?;
    let issued = issue::access(&auth, &settings, &user).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &LoginResponse::new(&issued, &settings),
    ))
}

/// Returns the user of the name, password and code in a body. An identity has one user here, so a request without
/// `userUid` means that user. `Err` if a member is missing, if the credentials are refused, or if a store is
/// unreachable.
async fn authenticate(
    auth: &Auth,
    origin: LoginOrigin,
    body: LoginBody,
) -> Result<User, Api2Error> {
    let credentials = Credentials {
        name: body.user_name.ok_or(Error::Missing("userName"))?,
        password: body.password.ok_or(Error::Missing("password"))?.into(),
        factor: SecondFactor::Code(body.code.map(Into::into)),
        organisation: None,
        origin: LoginOrigin {
            requested: body.user_uid.map(RequestedAccess::User),
            ..origin
        },
    };
    Ok(auth.login(credentials).await?)
}

/// Returns the origin of a login, with the tokens in its header and query that may show that the client is known.
fn login_origin(
    settings: &Settings,
    request: &HttpRequest,
    source: Option<ClientIp>,
) -> LoginOrigin {
    LoginOrigin {
        device_tokens: device_tokens(settings, request.head(), None),
        ..LoginOrigin::new(REALM, source)
    }
}

/// Responds to `loginOther` with a token for another user of the administrator's organisation. `Err` if the caller
/// may not do that, if the user's name is missing, if there is no such user, or if a store is unreachable.
async fn login_other(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    body: LoginOtherBody,
) -> HandlerResult {
    let caller = authenticated_caller(&auth, &request).await?;
    let name = body.user_name.ok_or(Error::Missing("userName"))?;
    let wanted = body.user_uid.map(RequestedAccess::User);
    let user = auth
        .impersonate(&caller.session, &name, wanted.as_ref())
        .await?
        .ok_or(Error::UnknownUser)?;
    let issued = issue::impersonation(&auth, &settings, &caller.session, &user).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &LoginResponse::new(&issued, &settings),
    ))
}

/// Responds to `logout`: ends the caller's token. `Err` if the token is not valid, or if a store is unreachable.
async fn logout(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let mut parameters = Parameters::from_query(&request)?;
    let caller = AuthenticatedCaller::for_logout(&auth, &request, &mut parameters).await?;
    auth.revoke_by_digest(caller.session.digest).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Responds to `whoAmI` with the caller. `Err` if the token is not valid, or if a store is unreachable.
async fn who_am_i(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let caller = authenticated_caller(&auth, &request).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &WhoAmIResponse::new(&caller.session.user),
    ))
}

/// Returns the caller by the token in the query or the header. `Err` if there is no valid token, or if a store is
/// unreachable.
async fn authenticated_caller(
    auth: &Auth,
    request: &HttpRequest,
) -> Result<AuthenticatedCaller, Error> {
    let mut parameters = Parameters::from_query(request)?;
    AuthenticatedCaller::authenticate(auth, request, &mut parameters).await
}
