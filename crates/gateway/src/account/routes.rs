//! The routes of the account page on the public listener.

use actix_web::dev::Service as _;
use actix_web::web::{Data, FormConfig, ServiceConfig, get, post, resource, scope, to};
use actix_web::{HttpMessage as _, HttpResponse, Route};
use isogloss_core::audit::RequestContext;

use super::error::PageError;
use super::{AccountPage, enrolment, password, request_link};
use crate::client_ip::TrustedProxies;
use crate::metrics::{CountedRoute, RequestMetrics};
use crate::telemetry;

/// The largest form, in bytes.
const LARGEST_FORM: usize = 8 * 1024;

/// The route of paths that no route matches. The access log has it in place of the path, which may contain the token of a
/// mangled link.
const UNKNOWN_PAGE: &str = "account page";

impl AccountPage {
    /// Adds the routes of the page to `cfg`.
    pub(crate) fn configure(&self, proxies: &TrustedProxies, cfg: &mut ServiceConfig) {
        let (proxies, requests) = (proxies.clone(), RequestMetrics::for_dialect(""));
        let unknown = CountedRoute::new("", UNKNOWN_PAGE.to_owned());
        let forms = FormConfig::default().limit(LARGEST_FORM);
        let forms = forms.error_handler(|error, _| PageError::from(error).into());
        let pages = scope(&self.0.path)
            .app_data(Data::new(self.clone()))
            .app_data(forms)
            .wrap_fn(move |request, service| {
                let timer = requests.start_timer(&request);
                if timer.route().is_none() {
                    request.extensions_mut().insert(unknown.clone());
                }
                let caller = RequestContext {
                    dialect: None,
                    source: proxies.record_client_ip(&request),
                    request_id: telemetry::request_id_of(&request),
                    actor: None,
                };
                let response = caller.scope(service.call(request));
                async move { timer.finish(response.await) }
            })
            .service(
                resource("")
                    .route(get().to(request_link::show))
                    .route(post().to(request_link::submit))
                    .default_service(no_method()),
            )
            .service(
                resource("/password/{token}")
                    .route(get().to(password::show))
                    .route(post().to(password::submit))
                    .default_service(no_method()),
            )
            .service(
                resource("/second-factor/{token}")
                    .route(get().to(enrolment::show))
                    .route(post().to(enrolment::submit))
                    .default_service(no_method()),
            )
            .default_service(to(|| async {
                HttpResponse::from_error(PageError::NotFound)
            }));
        cfg.service(pages);
    }
}

/// Returns the route that refuses other methods than those of a form.
fn no_method() -> Route {
    to(|| async { HttpResponse::from_error(PageError::Method) })
}
