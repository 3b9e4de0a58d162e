//! The routes of the console.

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::web::{Data, ServiceConfig, get, post, resource, scope, to};
use actix_web::{HttpMessage as _, HttpResponse, Resource, Route};

use super::error::ConsoleError;
use super::layout::Bar;
use super::pages::{
    audit, dialects, export, keys, overview, people, person, person_acts, refusals, sessions,
    throttle, token, trial, way_over,
};
use super::{Console, PATH, assets, sign_in};

impl Console {
    /// Adds the routes of the console to `cfg`.
    pub(crate) fn configure(self, cfg: &mut ServiceConfig) {
        let pages = scope(PATH)
            .app_data(Data::new(self))
            .wrap_fn(|request, service| {
                let response = service.call(request);
                async move { Ok(with_navigation(response.await?)) }
            })
            .service(page("", get().to(sign_in::enter)))
            .service(page("/", get().to(sign_in::enter)))
            .service(page("/assets/{name}", get().to(assets::show)))
            .service(
                resource("/sign-in")
                    .route(get().to(sign_in::show))
                    .route(post().to(sign_in::submit))
                    .default_service(no_method("GET, POST")),
            )
            .service(act("/sign-out", post().to(sign_in::sign_out)))
            .service(page("/overview", get().to(overview::show)))
            .service(page("/dialects", get().to(dialects::list)))
            .service(page("/dialects/{dialect}", get().to(dialects::show)))
            .service(page("/people", get().to(people::list)))
            .service(page("/people/{id}", get().to(person::show)))
            .service(act("/people/{id}/state", post().to(person_acts::set_state)))
            .service(act(
                "/people/{id}/sessions",
                post().to(person_acts::end_sessions),
            ))
            .service(act("/people/{id}/forgive", post().to(person_acts::forgive)))
            .service(act("/people/{id}/invite", post().to(person_acts::invite)))
            .service(act(
                "/people/{id}/second-factor",
                post().to(person_acts::disable_totp),
            ))
            .service(act(
                "/people/{id}/app-passwords",
                post().to(person_acts::add_app_password),
            ))
            .service(act(
                "/people/{id}/app-passwords/revoke",
                post().to(person_acts::revoke_app_password),
            ))
            .service(act("/people/{id}/try-login", post().to(trial::try_login)))
            .service(page("/way-over", get().to(way_over::show)))
            .service(page("/way-over/users.csv", get().to(export::users)))
            .service(
                resource("/keys")
                    .route(get().to(keys::list))
                    .route(post().to(keys::add))
                    .default_service(no_method("GET, POST")),
            )
            .service(act("/keys/revoke", post().to(keys::revoke)))
            .service(page("/throttle", get().to(throttle::list)))
            .service(act("/throttle/clear", post().to(throttle::clear)))
            .service(page("/refusals", get().to(refusals::list)))
            .service(page("/audit", get().to(audit::list)))
            .service(page("/audit/events.jsonl", get().to(export::events)))
            .service(page("/sessions", get().to(sessions::list)))
            .service(act("/sessions/token", post().to(token::show)))
            .service(act("/sessions/end", post().to(sessions::end)))
            .default_service(to(|| async {
                HttpResponse::from_error(ConsoleError::NoPage)
            }));
        cfg.service(pages);
    }
}

/// Returns the response; if it says why something was refused to a visitor, with the navigation of the visitor.
fn with_navigation<B: MessageBody + 'static>(response: ServiceResponse<B>) -> ServiceResponse {
    let error = response.response().error();
    let error = error.and_then(|error| error.as_error::<ConsoleError>());
    let bar = response.request().extensions().get::<Bar>().cloned();
    match (error, bar) {
        (Some(error), Some(bar)) => {
            let page = error.page(&bar);
            response.into_response(page)
        }
        (None, _) | (_, None) => response.map_into_boxed_body(),
    }
}

/// Returns a page that can only be read.
fn page(path: &str, route: Route) -> Resource {
    resource(path)
        .route(route)
        .default_service(no_method("GET"))
}

/// Returns the target of a form.
fn act(path: &str, route: Route) -> Resource {
    resource(path)
        .route(route)
        .default_service(no_method("POST"))
}

fn no_method(allowed: &'static str) -> Route {
    to(move || async move { HttpResponse::from_error(ConsoleError::NoMethod(allowed)) })
}
