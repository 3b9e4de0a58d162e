//! Metrics of requests, by dialect and route, and of calls to the token store.

pub(crate) mod names;
mod outcome;
mod requests;
mod route;
mod token_store;

pub(crate) use self::requests::{CountedRoute, RequestMetrics, RequestTimer};
pub(crate) use self::token_store::InstrumentedTokenStore;
