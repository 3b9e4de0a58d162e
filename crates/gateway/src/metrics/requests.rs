//! Requests below one mount, counted and timed by route.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _};
use isogloss_dialect::route::readable;

use super::outcome::Outcome;
use super::route::{Route, method};
use crate::store_health::Doubt;

/// What no route is for. The path is the client's own, and is not told.
const UNMATCHED: &str = "unmatched";

/// Requests below one mount, in one worker.
pub(crate) struct Requests {
    dialect: &'static str,
    unmatched: Rc<Route>,
    /// By the router's pattern, of which there are as many as routes.
    routes: RefCell<HashMap<String, Rc<Route>>>,
    /// By the path, for routes in which nothing is the client's to choose: the router takes its time to
    /// tell the pattern.
    paths: RefCell<HashMap<String, Rc<Route>>>,
}

/// Clients write a path in upper and lower case, as they like, in two dialects.
const MOST_PATHS: usize = 64;

impl Requests {
    /// Counts under that dialect; none, if what is mounted is no dialect's.
    pub(crate) fn of(dialect: &'static str) -> Rc<Self> {
        Rc::new(Self {
            dialect,
            unmatched: Rc::new(Route::new(dialect, UNMATCHED.to_owned(), None)),
            routes: RefCell::default(),
            paths: RefCell::default(),
        })
    }

    /// A request begins.
    pub(crate) fn begin(&self, request: &ServiceRequest) -> RequestTimer {
        RequestTimer {
            route: self.route(request),
            method: method(request.method()),
            begun: Instant::now(),
        }
    }

    /// Wraps what is mounted, where there is nothing else to do around it.
    pub(crate) async fn measure<B: MessageBody>(
        self: Rc<Self>,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        let under_way = self.begin(&request);
        under_way.end(next.call(request).await)
    }

    fn route(&self, request: &ServiceRequest) -> Rc<Route> {
        if let Some(route) = self.paths.borrow().get(request.path()) {
            return route.clone();
        }
        let Some(pattern) = request.match_pattern() else {
            return self.unmatched.clone();
        };
        let route = self.route_of(pattern);
        let mut paths = self.paths.borrow_mut();
        if route.name.eq_ignore_ascii_case(request.path()) && paths.len() < MOST_PATHS {
            paths.insert(request.path().to_owned(), route.clone());
        }
        route
    }

    fn route_of(&self, pattern: String) -> Rc<Route> {
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

/// What a request is counted under, if what answers it knows that better than the router does: put into
/// the request's extensions.
#[derive(Clone)]
pub(crate) struct Counted(Rc<Route>);

impl Counted {
    /// Counts under that dialect and route.
    pub(crate) fn under(dialect: &'static str, route: String) -> Self {
        Self(Rc::new(Route::new(dialect, route, None)))
    }
}

/// A request that is being answered.
pub(crate) struct RequestTimer {
    route: Rc<Route>,
    method: &'static str,
    begun: Instant,
}

impl RequestTimer {
    /// The route's name, if there is a route.
    pub(crate) fn route(&self) -> Option<&str> {
        Some(self.route.name.as_ref()).filter(|name| *name != UNMATCHED)
    }

    /// The router's pattern, likewise.
    pub(crate) fn pattern(&self) -> Option<&str> {
        self.route.pattern.as_deref()
    }

    /// It has been answered.
    pub(crate) fn end<B>(
        self,
        outcome: Result<ServiceResponse<B>, Error>,
    ) -> Result<ServiceResponse<B>, Error> {
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let ended = Outcome::of(&outcome);
        if let (Outcome::Unavailable, Ok(response)) = (ended, &outcome)
            && let Some(doubt) = response.request().app_data::<Data<Doubt>>()
        {
            doubt.raise();
        }
        let counted = outcome.as_ref().ok().and_then(|response| {
            let extensions = response.request().extensions();
            extensions.get::<Counted>().cloned()
        });
        let route = counted.map_or(self.route, |counted| counted.0);
        let ending = (self.method, status, ended);
        route.note(self.begun.elapsed(), ending);
        outcome
    }
}
