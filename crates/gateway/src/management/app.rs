//! The application of the management listener.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error};
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, Passwords};

use super::metrics::Metrics;
use super::{Readiness, configure};
use crate::administration::Administration;
use crate::backends::Backends;
use crate::measured::Requests;
use crate::{headers, slow};

/// What it is made of.
#[derive(Clone)]
pub(crate) struct Ingredients {
    pub(crate) readiness: Readiness,
    pub(crate) auth: Auth,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) passwords: Passwords,
    pub(crate) metrics: Metrics,
    pub(crate) backends: Backends,
    pub(crate) body_timeout: Duration,
}

/// Builds it.
pub(crate) fn app(
    ingredients: Ingredients,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let Ingredients {
        readiness,
        auth,
        directory,
        passwords,
        metrics,
        backends,
        body_timeout,
    } = ingredients;
    let requests = Requests::of("");
    let administration = Administration {
        directory: directory.clone(),
        audit: auth.audit().clone(),
    };
    // Layers run from the bottom up: the last `wrap` sees a request first.
    App::new()
        .app_data(Data::new(readiness))
        .app_data(Data::new(auth))
        .app_data(Data::new(directory))
        .app_data(Data::new(administration))
        .app_data(Data::new(passwords))
        .app_data(Data::new(metrics))
        .configure(configure)
        .configure(|cfg| backends.configure(cfg))
        .wrap(from_fn(move |request, next| {
            requests.clone().measure(request, next)
        }))
        .wrap(from_fn(move |request, next| {
            slow::bound(body_timeout, request, next)
        }))
        .wrap(headers::protective())
}
