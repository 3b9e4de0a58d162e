//! The scopes of one dialect in the public application: below its path, and at the paths of its back end outside of it.

use std::rc::Rc;

use actix_web::dev::{HttpServiceFactory, Service, ServiceRequest, ServiceResponse};
use actix_web::guard::fn_guard;
use actix_web::web::{ServiceConfig, scope};
use actix_web::{Error, HttpMessage as _};
use isogloss_core::audit::RequestContext;
use isogloss_dialect::back_end::SharedBackEnd;

use super::dialect_middleware::DialectMiddleware;
use super::original_target;
use super::public::PublicState;
use super::self_probe;
use crate::access_log;
use crate::back_end::{self, BackEnds};
use crate::client_ip::TrustedProxies;
use crate::dialects::Mount;
use crate::metrics::{CountedRoute, RequestMetrics, RequestTimer};
use crate::telemetry;

/// What the scopes of a dialect share, in one thread.
pub(super) struct DialectScopes {
    mount: Mount,
    back_end: Option<SharedBackEnd>,
    back_ends: BackEnds,
    proxies: TrustedProxies,
    requests: Rc<RequestMetrics>,
    middleware: Rc<DialectMiddleware>,
    /// Route of calls that go to the back end.
    relayed: CountedRoute,
}

impl DialectScopes {
    /// Returns the scopes of a mounted dialect.
    pub(super) fn new(mount: &Mount, state: &PublicState) -> Rc<Self> {
        Rc::new(Self {
            mount: mount.clone(),
            back_end: state.back_ends.for_worker(mount.name),
            back_ends: state.back_ends.clone(),
            proxies: state.proxies.clone(),
            requests: RequestMetrics::for_dialect(mount.name),
            middleware: DialectMiddleware::new(mount, state),
            relayed: CountedRoute::new(mount.name, back_end::ROUTE.to_owned()),
        })
    }

    /// Returns the scope of the dialect's path.
    pub(super) fn own(self: &Rc<Self>) -> impl HttpServiceFactory + use<> {
        let scopes = Rc::clone(self);
        scope(&self.mount.pattern())
            .wrap_fn(move |request, service| scopes.call(request, service))
            .configure(|cfg| self.middleware.configure(&self.mount, cfg))
            .configure(|cfg| self.mount.configure(self.back_end.clone(), cfg))
    }

    /// Adds the scope of the paths outside of all dialects that go to the back end, if there are any.
    pub(super) fn add_outside(self: &Rc<Self>, cfg: &mut ServiceConfig) {
        let name = self.mount.name;
        let Some(back_end) = self.back_end.clone() else {
            return;
        };
        if !self.back_ends.has_paths_outside(name) {
            return;
        }
        let (scopes, back_ends) = (Rc::clone(self), self.back_ends.clone());
        let is_own = fn_guard(move |context| back_ends.owner_outside(context.head()) == Some(name));
        let outside = scope("")
            .guard(is_own)
            .wrap_fn(move |request, service| scopes.call(request, service))
            .configure(|cfg| self.middleware.configure(&self.mount, cfg))
            .configure(|cfg| self.mount.configure_back_end(back_end, cfg));
        cfg.service(outside);
    }

    /// Middleware of every scope: counts and times a call, finds its client IP, and applies the dialect's retirement. Fails if
    /// the handler fails.
    fn call<S, B>(
        self: &Rc<Self>,
        mut request: ServiceRequest,
        service: &S,
    ) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    {
        let name = self.mount.name;
        self_probe::record_dialect(name, &request);
        let timer = self.requests.start_timer(&request);
        let is_relayed = self.is_relayed(&request, &timer);
        let (route, pattern) = if is_relayed {
            request.extensions_mut().insert(self.relayed.clone());
            (Some(back_end::ROUTE), Some(back_end::ROUTE))
        } else {
            (timer.route(), timer.pattern())
        };
        telemetry::record_dialect(name, route);
        access_log::record(&request, |record| {
            record.dialect = Some(name);
            record.route = route.map(str::to_owned);
        });
        // A probe of `isogloss doctor` reports a client IP on purpose.
        if !self_probe::is_probe(&request) {
            self.proxies.warn_of_unlisted_peer(&request);
        }
        let caller = RequestContext {
            dialect: Some(name),
            source: self.proxies.record_client_ip(&request),
            request_id: telemetry::request_id_of(&request),
            actor: None,
        };
        self.proxies.remove_forwarded_headers(&mut request);
        original_target::restore(&mut request);
        let call = self.middleware.start(&request, pattern, caller.source);
        let response = call.finish(caller.scope(service.call(request)));
        async move { timer.finish(response.await) }
    }

    /// Returns whether a call goes to the back end, as far as its path shows. Calls to a route of the dialect with another
    /// method are found later.
    fn is_relayed(&self, request: &ServiceRequest, timer: &RequestTimer) -> bool {
        self.back_end.as_ref().is_some_and(|back_end| {
            timer.route().is_none() || back_end.claims(&request.guard_ctx())
        })
    }
}
