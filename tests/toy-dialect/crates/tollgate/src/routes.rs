//! The routes and their handlers: parse the request, call core, build the response.

use actix_web::web::{self, Data, Payload, ReqData, ServiceConfig, resource, to};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};
use isogloss_core::{
    Auth, AuthError, BearerToken, ClientIp, Purpose, RefusalCause, Session, Terms,
};
use isogloss_dialect::relay_or;

use crate::error::Error;
use crate::wire::{self, EnterRequest, EnterResponse, WhoResponse};
use crate::{REALM, Settings, Tollgate};

pub(crate) type HandlerResult = Result<HttpResponse, Error>;

/// Adds the dialect's routes.
pub(crate) fn add_routes(cfg: &mut ServiceConfig) {
    cfg.service(action("/enter", "POST", web::post().to(enter)))
        .service(action("/who", "GET", web::get().to(who)))
        .service(action("/leave", "POST", web::post().to(leave)))
        .default_service(to(|request: HttpRequest, payload: Payload| {
            relay_or::<Tollgate>(request, payload, Error::NotFound)
        }));
}

/// Returns the resource of a path with one method. All other methods go to the back end, or are an error.
fn action(path: &str, method: &'static str, route: Route) -> Resource {
    resource(path).route(route).default_service(to(
        move |request: HttpRequest, payload: Payload| {
            relay_or::<Tollgate>(request, payload, Error::MethodNotAllowed(method))
        },
    ))
}

/// Responds to `POST enter` with a new pass. `Err` if the credentials are refused.
async fn enter(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: EnterRequest,
) -> HandlerResult {
    let mut credentials = request.0;
    credentials.origin.source = source.as_deref().copied();
    let user = auth.login(credentials).await?;
    let terms = Terms::new(Purpose::Access, settings.pass_lifetime);
    let issued = auth.issue(REALM, &user, terms).await?;
    let response = EnterResponse::new(&issued);
    Ok(wire::json(&mut HttpResponse::Ok(), &response))
}

/// Responds to `GET who` with the owner of the pass. `Err` if the pass is not valid.
async fn who(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let response = WhoResponse::from(&*session(&auth, &request).await?.user);
    Ok(wire::json(&mut HttpResponse::Ok(), &response))
}

/// Responds to `POST leave`: ends the pass. `Err` if it is not valid.
async fn leave(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    auth.revoke_by_digest(session(&auth, &request).await?.digest)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Returns the session of the pass in a request. `Err` if there is no valid pass, or if a store is unreachable.
async fn session(auth: &Auth, request: &HttpRequest) -> Result<Session, Error> {
    let presented = wire::find_pass(request.headers()).map(BearerToken::access);
    Ok(auth
        .validate_bearer(&presented.ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?)
        .await?)
}
