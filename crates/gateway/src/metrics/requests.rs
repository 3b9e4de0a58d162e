//! Counts and times the requests of one mount, by route.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use isogloss_dialect::route::readable;

use super::outcome::RequestOutcome;
use super::route::{Route, UNMATCHED, method};
use crate::access_log;
use crate::store_health::HealthRecheck;

/// Metrics of the requests of one mount, in one worker.
pub(crate) struct RequestMetrics {
    dialect: &'static str,
    unmatched: Rc<Route>,
    /// Routes by the router's pattern. There are as many patterns as routes.
    routes: RefCell<HashMap<String, Rc<Route>>>,
    /// Routes by path, for routes without parameters: to get the pattern from the router takes longer.
    paths: RefCell<HashMap<String, Rc<Route>>>,
}

/// Limit of `paths`: in two dialects, clients may write a path in any mixture of upper and lower case.
const MOST_PATHS: usize = 64;

impl RequestMetrics {
    /// Returns the metrics of a dialect's mount; an empty name is for mounts without a dialect.
    pub(crate) fn for_dialect(dialect: &'static str) -> Rc<Self> {
        Rc::new(Self {
            dialect,
            unmatched: Rc::new(Route::new(dialect, UNMATCHED.to_owned(), None)),
            routes: RefCell::default(),
            paths: RefCell::default(),
        })
    }

    /// Starts the timer of a request.
    pub(crate) fn start_timer(&self, request: &ServiceRequest) -> RequestTimer {
        RequestTimer {
            route: self.route(request),
            method: method(request.method()),
            begun: Instant::now(),
        }
    }

    /// Middleware that counts and times a request, and otherwise passes it on. Fails if the handler fails.
    pub(crate) async fn measure<B: MessageBody>(
        self: Rc<Self>,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        let timer = self.start_timer(&request);
        timer.finish(next.call(request).await)
    }

    /// Returns the metrics of a request's route.
    fn route(&self, request: &ServiceRequest) -> Rc<Route> {
        if let Some(route) = self.paths.borrow().get(request.path()) {
            return route.clone();
        }
        let Some(pattern) = request.match_pattern() else {
            return self.unmatched.clone();
        };
        let route = self.route_for_pattern(pattern);
        let mut paths = self.paths.borrow_mut();
        if route.name.eq_ignore_ascii_case(request.path()) && paths.len() < MOST_PATHS {
            paths.insert(request.path().to_owned(), route.clone());
        }
        route
    }

    /// Returns the metrics of the route with that pattern.
    fn route_for_pattern(&self, pattern: String) -> Rc<Route> {
        let mut routes = self.routes.borrow_mut();
        if let Some(route) = routes.get(&pattern) {
            return route.clone();
        }
        let (name, of) = (readable(&pattern), Some(pattern.clone()));
        let route = Rc::new(Route::new(self.dialect, name, of));
        routes.insert(pattern, route.clone());
        route
    }
}

/// Route under which a request is counted, if its handler knows that better than the router. The handler puts
/// it into the request's extensions.
#[derive(Clone)]
pub(crate) struct CountedRoute(Rc<Route>);

impl CountedRoute {
    /// Returns the route that replaces the router's for a request.
    pub(crate) fn new(dialect: &'static str, route: String) -> Self {
        Self(Rc::new(Route::new(dialect, route, None)))
    }

    /// Returns the route that a handler has put into the request's extensions, or `None` if there is none.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// Returns the name of the route.
    pub(crate) fn name(&self) -> String {
        self.0.name.to_string()
    }
}

/// Timer of a request that is being processed.
pub(crate) struct RequestTimer {
    route: Rc<Route>,
    method: &'static str,
    begun: Instant,
}

impl RequestTimer {
    /// Returns the name of the route, or `None` if the request matches no route.
    pub(crate) fn route(&self) -> Option<&str> {
        self.route.public_name()
    }

    /// Returns the router's pattern, or `None` if the request matches no route.
    pub(crate) fn pattern(&self) -> Option<&str> {
        self.route.pattern.as_deref()
    }

    /// Stops the timer, counts the request, and returns `outcome` unchanged. Requests a check of the stores if
    /// the outcome is "unavailable".
    pub(crate) fn finish<B>(
        self,
        outcome: Result<ServiceResponse<B>, Error>,
    ) -> Result<ServiceResponse<B>, Error> {
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let ended = RequestOutcome::from_result(&outcome);
        if let (RequestOutcome::Unavailable, Ok(response)) = (ended, &outcome)
            && let Some(recheck) = response.request().app_data::<Data<HealthRecheck>>()
        {
            recheck.request();
        }
        let answered = outcome.as_ref().ok();
        let counted = answered.and_then(|response| CountedRoute::of(response.request()));
        let route = counted.map_or(self.route, |counted| counted.0);
        if let Ok(response) = &outcome {
            access_log::record(response.request(), |record| {
                record.route = route.public_name().map(str::to_owned);
                record.outcome = Some(ended.name());
            });
        }
        let labels = (self.method, status, ended);
        route.record(self.begun.elapsed(), labels);
        outcome
    }
}
