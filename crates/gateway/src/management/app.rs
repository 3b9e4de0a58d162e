//! The application of the management listener.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::Data;
use actix_web::{App, Error};
use isogloss_core::Auth;
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;
use isogloss_password::Passwords;

use super::audit::IsAuditStored;
use super::metrics::Metrics;
use super::{Readiness, configure};
use crate::AccountPage;
use crate::admin::AdminService;
use crate::console::Console;
use crate::http::completion::complete;
use crate::http::security_headers::security_headers;
use crate::http::timeouts;
use crate::introspection::IntrospectionApi;
use crate::metrics::RequestMetrics;
use crate::usage::UsageRecorder;

/// State of the application of the management listener.
#[derive(Clone)]
pub(crate) struct ManagementState {
    pub(crate) readiness: Readiness,
    pub(crate) auth: Auth,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) tokens: Arc<dyn TokenStore>,
    pub(crate) usage: UsageRecorder,
    pub(crate) passwords: Passwords,
    pub(crate) metrics: Metrics,
    pub(crate) introspection: IntrospectionApi,
    pub(crate) body_timeout: Duration,
    pub(crate) is_audit_stored: IsAuditStored,
    pub(crate) account: Option<AccountPage>,
    /// `None` if it is off.
    pub(crate) console: Option<Console>,
}

/// Builds the application of the management listener from its state.
pub(crate) fn app(
    state: ManagementState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let ManagementState {
        readiness,
        auth,
        directory,
        tokens,
        usage,
        passwords,
        metrics,
        introspection,
        body_timeout,
        is_audit_stored,
        account,
        console,
    } = state;
    let requests = RequestMetrics::for_dialect("");
    let drain = readiness.drain();
    let service = AdminService {
        directory: directory.clone(),
        audit: auth.audit().clone(),
    };
    // Layers run from the bottom up: the last `wrap` sees a request first.
    App::new()
        .app_data(Data::new(readiness))
        .app_data(Data::new(auth))
        .app_data(Data::new(directory))
        .app_data(Data::new(tokens))
        .app_data(Data::new(usage))
        .app_data(Data::new(service))
        .app_data(Data::new(passwords))
        .app_data(Data::new(metrics))
        .app_data(Data::new(account))
        .app_data(Data::new(is_audit_stored))
        // The most frequent routes come first.
        .configure(|cfg| introspection.configure(cfg))
        .configure(configure)
        .configure(|cfg| {
            if let Some(console) = console {
                console.configure(cfg);
            }
        })
        .wrap_fn(move |request, service| {
            let timer = requests.start_timer(&request);
            let answer = service.call(request);
            async move { timer.finish(answer.await) }
        })
        .wrap(security_headers())
        .wrap_fn(move |request, service| {
            let answer = service.call(request);
            let drain = drain.clone();
            async move {
                let mut response = answer.await?;
                drain.write(&mut response);
                Ok(response)
            }
        })
        // All that is changed, recorded and counted is below.
        .wrap_fn(|request, service| complete(service.call(request)))
        .wrap_fn(move |request, service| timeouts::enforce(body_timeout, request, service))
}
