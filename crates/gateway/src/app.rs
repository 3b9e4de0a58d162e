//! The public application: the enabled dialects, each below its path, and nothing else.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{Data, PayloadConfig, scope, to};
use actix_web::{App, Error, HttpResponse};
use isogloss_core::{Auth, Mailer};
use tracing_actix_web::TracingLogger;

use crate::dialects::Mount;
use crate::telemetry::{self, RootSpan};

/// Builds the application that the binary and every test serve. `mounts` stand in the order in
/// which they are tried, the longest path first.
pub fn app(
    auth: Auth,
    mailer: Arc<dyn Mailer>,
    mounts: Vec<Mount>,
    body_limit: usize,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    // Layers run from the bottom up: the last `wrap` sees a request first.
    let mut app = App::new()
        .app_data(Data::new(auth))
        .app_data(Data::from(mailer))
        .app_data(PayloadConfig::new(body_limit));
    for mount in mounts {
        let name = mount.name;
        app = app.service(
            scope(&mount.pattern())
                .wrap_fn(move |request, service| {
                    telemetry::note_dialect(name, &request);
                    service.call(request)
                })
                .configure(|cfg| mount.configure(cfg)),
        );
    }
    app.default_service(to(HttpResponse::NotFound))
        .wrap(NormalizePath::trim())
        .wrap(from_fn(telemetry::request_id))
        .wrap(TracingLogger::<RootSpan>::new())
}
