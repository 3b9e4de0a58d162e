//! All public routes of all dialects.

use std::sync::LazyLock;

pub(crate) use isogloss_testkit::dialects::{Body, Route, message};
use isogloss_testkit::dialects::{Dialect, dialects};

/// Routes that can return an error.
pub(crate) static ROUTES: LazyLock<Vec<Route>> =
    LazyLock::new(|| every_route().filter(Route::can_refuse).collect());

/// Returns all routes.
pub(crate) fn every_route() -> impl Iterator<Item = Route> {
    static EVERY: LazyLock<Vec<Route>> =
        LazyLock::new(|| dialects().iter().flat_map(Dialect::routes).collect());
    EVERY.iter().copied()
}

/// Returns the routes of a dialect.
pub(crate) fn routes_of(dialect: &str) -> impl Iterator<Item = Route> {
    every_route().filter(move |route| route.dialect == dialect)
}
