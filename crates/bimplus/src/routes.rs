//! The routes, and the handlers of all requests but the logins.

use actix_web::web::{self, Data, Payload, ServiceConfig, resource, to};
use actix_web::{HttpRequest, HttpResponse, Route};
use isogloss_core::{Auth, Purpose, Terms};
use isogloss_dialect::relay_or;
use serde::Serialize;
use serde_json::json;

use crate::authorization::AuthenticatedCaller;
use crate::configurations::{self, configuration, configurations};
use crate::error::Error;
use crate::login::{authorize, cross_authorize};
use crate::password_reset::request_reset;
use crate::profile::Profile;
use crate::teams::Team;
use crate::wire::{self, CrossTokenResponse, TokenInformation};
use crate::{Bimplus, REALM, Settings};

pub(crate) type HandlerResult = Result<HttpResponse, Error>;

/// Adds the dialect's routes, and if the setting `company_prefix` is on also below a company's name.
pub(crate) fn add_routes(settings: &Settings, cfg: &mut ServiceConfig) {
    add_below("", cfg);
    if settings.company_prefix {
        add_below("/{company}", cfg);
    }
    cfg.default_service(to(not_found));
}

/// Adds all routes below a prefix.
fn add_below(prefix: &str, cfg: &mut ServiceConfig) {
    let at = |path: &str| resource(format!("{prefix}/{path}"));
    cfg.service(
        at("authorize")
            .route(web::post().to(authorize))
            .route(web::get().to(token_information))
            .route(web::delete().to(revoke))
            .default_service(method_not_allowed("DELETE, GET, POST")),
    );
    let get = |path: &str, route| {
        at(path)
            .route(route)
            .default_service(method_not_allowed("GET"))
    };
    cfg.service(get(
        "tokeninfo",
        web::get().to(token_information_from_query),
    ))
    .service(get("user", web::get().to(user)))
    .service(get("teams", web::get().to(teams)))
    .service(get("hello", web::get().to(hello)))
    .service(get("configurations", web::get().to(configurations)));
    for member in configurations::MEMBERS {
        let path = format!("configurations/{}", member.0);
        cfg.service(get(&path, configuration(member)));
    }
    let post = |path: &str, route| {
        at(path)
            .route(route)
            .default_service(method_not_allowed("POST"))
    };
    cfg.service(post("cross-token", web::post().to(cross_token)))
        .service(post("cross-authorize", web::post().to(cross_authorize)))
        .service(post("auth-forgot", web::post().to(request_reset)));
}

/// Responds to `GET authorize` with the user and the remaining lifetime of the token. Never returns `Err`: the
/// token is checked before.
async fn token_information(auth: Data<Auth>, caller: AuthenticatedCaller) -> HandlerResult {
    Ok(ok(&TokenInformation::new(&caller.session, auth.now())))
}

/// Responds to `GET tokeninfo`, the older form of `GET authorize` with the token in the query. `Err` if the token
/// is not valid, or if a store is unreachable.
async fn token_information_from_query(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let caller = AuthenticatedCaller::from_query(&auth, &request).await?;
    Ok(ok(&TokenInformation::new(&caller.session, auth.now())))
}

/// Responds to `DELETE authorize`: ends the access token. `Err` if the token is not valid, or if a store is
/// unreachable.
async fn revoke(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let caller = AuthenticatedCaller::for_logout(&auth, &request).await?;
    auth.revoke_by_digest(caller.session.digest).await?;
    Ok(ok(&json!({})))
}

/// Responds to `POST cross-token` with a one-time token that another program exchanges for a session. `Err` if the
/// login with a password was too long ago, or if a store is unreachable.
async fn cross_token(
    auth: Data<Auth>,
    settings: Data<Settings>,
    caller: AuthenticatedCaller,
) -> HandlerResult {
    let terms = Terms {
        max_authentication_age: Some(settings.handover_lifetime),
        ..Terms::new(Purpose::Handover, settings.cross_lifetime).derived_from(&caller.session)
    };
    let cross = auth.issue(REALM, &caller.session.user, terms).await?;
    Ok(ok(&CrossTokenResponse::new(&cross)))
}

/// Responds to `GET user` with a description of the caller. `Err` if the directory is unreachable.
async fn user(auth: Data<Auth>, caller: AuthenticatedCaller) -> HandlerResult {
    let user = caller.session.user;
    let teams = Team::all(&user, auth.units(&user).await?);
    Ok(ok(&Profile::new(&user, teams)))
}

/// Responds to `GET teams` with the teams of the caller. `Err` if the directory is unreachable.
async fn teams(auth: Data<Auth>, caller: AuthenticatedCaller) -> HandlerResult {
    let user = caller.session.user;
    Ok(ok(&Team::all(&user, auth.units(&user).await?)))
}

/// Responds to `GET hello`, which shows that the service runs. The vendor documents the names of the members and not
/// their values.
async fn hello() -> HttpResponse {
    ok(&json!({
        "message": "Hello",
        "hello_param": "",
        "server": "Isogloss",
        "environment": "",
        "iisRunning": true,
    }))
}

/// Relays a request to an unknown path to the back end. `Err` without a back end, or if it does not respond.
async fn not_found(request: HttpRequest, payload: Payload) -> HandlerResult {
    relay_or::<Bimplus>(request, payload, Error::NotFound).await
}

/// Returns the handler of requests to a path with another method than `allowed`, which go to the back end.
fn method_not_allowed(allowed: &'static str) -> Route {
    to(move |request: HttpRequest, payload: Payload| {
        relay_or::<Bimplus>(request, payload, Error::MethodNotAllowed(allowed))
    })
}

/// Returns a 200 response with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> HttpResponse {
    wire::json(&mut HttpResponse::Ok(), body)
}
