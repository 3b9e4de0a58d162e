//! The endpoint and the API revision of a call, from its route pattern.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use isogloss_dialect::route::readable;

use crate::back_end;
use crate::dialects::Mount;

/// Stands for the endpoint of calls to a path without a route.
const NO_ROUTE: &str = "(no route)";

/// An endpoint of a dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Written as in the dialect's documentation.
    pub(crate) pattern: String,
    /// Such as `v3` or `api2 v1`, or the configured release.
    pub(crate) revision: String,
}

impl Endpoint {
    /// Returns the pattern. `None` for calls to a path without a route.
    pub(crate) fn route(&self) -> Option<&str> {
        Some(self.pattern.as_str()).filter(|pattern| *pattern != NO_ROUTE)
    }
}

/// The endpoints of one dialect, each computed once.
pub(crate) struct Endpoints {
    release: Option<String>,
    path: String,
    known: RefCell<HashMap<String, Arc<Endpoint>>>,
}

impl Endpoints {
    /// Returns the endpoints of a dialect, of which none is computed yet.
    pub(crate) fn for_mount(mount: &Mount) -> Self {
        let release = mount.settings.get("release").and_then(|r| r.as_str());
        Self {
            release: release.map(str::to_owned),
            path: mount.path.clone(),
            known: RefCell::default(),
        }
    }

    /// Returns the endpoint of a route pattern. `None` stands for a call without a route.
    pub(crate) fn find(&self, pattern: Option<&str>) -> Arc<Endpoint> {
        let Some(pattern) = pattern else {
            return Arc::new(self.unrouted(NO_ROUTE));
        };
        if let Some(known) = self.known.borrow().get(pattern) {
            return Arc::clone(known);
        }
        let endpoint = Arc::new(if pattern == back_end::ROUTE {
            self.unrouted(pattern)
        } else {
            self.parse(&readable(pattern))
        });
        let mut known = self.known.borrow_mut();
        known.insert(pattern.to_owned(), Arc::clone(&endpoint));
        endpoint
    }

    /// Returns an endpoint that is not a route of the dialect, with the dialect's revision.
    pub(crate) fn unrouted(&self, route: &str) -> Endpoint {
        Endpoint {
            pattern: route.to_owned(),
            ..self.parse(&self.path)
        }
    }

    /// Returns the endpoint of a pattern, with the revision in its path or the configured release.
    fn parse(&self, pattern: &str) -> Endpoint {
        let segments = pattern.split('/').filter(|segment| is_revision(segment));
        let revision = segments.collect::<Vec<_>>().join(" ");
        Endpoint {
            pattern: pattern.to_owned(),
            revision: self.release.clone().unwrap_or(revision),
        }
    }
}

/// Returns whether a path segment is a revision, such as `v3`, `v1.2` or `api2`.
fn is_revision(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    let number = lower
        .strip_prefix('v')
        .or_else(|| lower.strip_prefix("api"));
    number.is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(path: &str, release: Option<&str>) -> Endpoints {
        Endpoints {
            release: release.map(str::to_owned),
            path: path.to_owned(),
            known: RefCell::default(),
        }
    }

    #[test]
    fn the_pattern_names_endpoint_and_revision() {
        for (pattern, expected, revision) in [
            ("/web/api/v3/auth/login", "/web/api/v3/auth/login", "v3"),
            (
                "/web/api2/v1/auth/whoAmI",
                "/web/api2/v1/auth/whoAmI",
                "api2 v1",
            ),
            ("/v2/{team}/authorize", "/v2/{team}/authorize", "v2"),
            ("/web/login/authByToken", "/web/login/authByToken", ""),
            (
                "/{_mount0:(?i:api)}/{_mount1:(?i:v1)}/{_:(?i:Authentication)}/{_a:(?i:TokenLogin)}",
                "/api/v1/Authentication/TokenLogin",
                "v1",
            ),
        ] {
            let found = endpoints("/web", None).find(Some(pattern));
            assert_eq!(found.pattern, expected);
            assert_eq!(found.revision, revision, "{pattern}");
        }
    }

    #[test]
    fn a_release_is_the_configured_one() {
        let endpoints = endpoints("/crmapi/rest/v2", Some("r10"));
        assert_eq!(endpoints.find(None).pattern, NO_ROUTE);
        assert_eq!(endpoints.find(None).revision, "r10");
    }
}
