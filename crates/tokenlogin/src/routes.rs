//! The routes, and the responses to unknown paths and methods.

use actix_web::http::Method;
use actix_web::web::{Payload, ServiceConfig, resource, to};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};
use isogloss_dialect::relay_or;
use isogloss_dialect::route::case_insensitive;

use crate::error::Error;
use crate::login::{login, logout, token_login};
use crate::{TokenLogin, account, password_reset};

/// The result of every handler.
pub(crate) type HandlerResult = Result<HttpResponse, Error>;

/// Adds the dialect's routes, which match in any letter case.
pub(crate) fn add_routes(cfg: &mut ServiceConfig) {
    cfg.service(post("authentication/login", to(login)))
        .service(post("authentication/tokenlogin", to(token_login)))
        .service(post("authentication/logout", to(logout)))
        .service(post(
            "authentication/requestpasswordreset",
            to(password_reset::request),
        ))
        .service(post(
            "authentication/finishpasswordreset",
            to(password_reset::finish),
        ))
        .service(get("users/me", to(account::me)))
        .service(get("company", to(account::company)))
        .default_service(to(not_found));
}

fn get(path: &str, handler: Route) -> Resource {
    action(path, Method::GET, handler)
}

fn post(path: &str, handler: Route) -> Resource {
    action(path, Method::POST, handler)
}

/// Returns the resource of a path with one method, and the error for all other methods.
fn action(path: &str, method: Method, handler: Route) -> Resource {
    resource(case_insensitive(path, ""))
        .route(handler.method(method.clone()))
        .default_service(to(move |request: HttpRequest, payload: Payload| {
            let refusal = Error::MethodNotAllowed {
                requested: request.method().clone(),
                allowed: method.clone(),
            };
            relay_or::<TokenLogin>(request, payload, refusal)
        }))
}

/// Relays a request to an unknown path to the back end. `Err` without a back end, or if it does not respond. The text
/// for an unknown path has the address without the query, which contains keys and tokens.
async fn not_found(request: HttpRequest, payload: Payload) -> HandlerResult {
    let address = {
        let connection = request.connection_info();
        let (scheme, host) = (connection.scheme(), connection.host());
        format!("{scheme}://{host}{}", request.path())
    };
    relay_or::<TokenLogin>(request, payload, Error::NotFound(address)).await
}
