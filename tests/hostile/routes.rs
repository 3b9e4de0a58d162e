//! Every public route, and what it does when nothing useful is sent.

use std::net::SocketAddr;

use isogloss_testkit::{Response, Result, roundtrip};

use crate::refusal;

/// Whether a route looks at the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Read,
    /// Read, with JSON as its only type, and refused for its type, its text or its caller.
    JsonOnly,
    Ignored,
}

/// A method at an address.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) dialect: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) query: &'static str,
    pub(crate) body: Body,
    /// The status of the refusal of a request that brings nothing.
    pub(crate) bare: u16,
}

const fn route(
    dialect: &'static str,
    method: &'static str,
    path: &'static str,
    body: Body,
    bare: u16,
) -> Route {
    let query = "";
    Route {
        dialect,
        method,
        path,
        query,
        body,
        bare,
    }
}

const fn with_key(route: Route) -> Route {
    let query = "APIKey=demo-api-key";
    Route { query, ..route }
}

const fn open(path: &'static str) -> Route {
    route("bimplus", "GET", path, Body::Ignored, 200)
}

/// The routes that refuse no caller.
const OPEN: &[Route] = &[
    open("/v2/hello"),
    open("/v2/configurations"),
    open("/v2/configurations/ForgotPassword"),
    open("/v2/configurations/NotRegistered"),
    open("/v2/configurations/TeamLink"),
    open("/v2/configurations/PortalUrl"),
];

/// Every route that can refuse.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    route("bimplus", "POST", "/v2/authorize", Body::Read, 400),
    route("bimplus", "GET", "/v2/authorize", Body::Ignored, 401),
    route("bimplus", "DELETE", "/v2/authorize", Body::Ignored, 401),
    route("bimplus", "GET", "/v2/tokeninfo", Body::Ignored, 401),
    route("bimplus", "GET", "/v2/user", Body::Ignored, 401),
    route("bimplus", "GET", "/v2/teams", Body::Ignored, 401),
    route("bimplus", "POST", "/v2/cross-token", Body::Ignored, 401),
    route("bimplus", "POST", "/v2/cross-authorize", Body::Read, 400),
    route("bimplus", "POST", "/v2/auth-forgot", Body::Read, 400),
    route("crmcom", "POST", "/crmapi/rest/v2/authentication/token", Body::Read, 200),
    route("crmcom", "POST", "/crmapi/rest/v2/authentication/token/release", Body::Read, 200),
    route("crmcom", "POST", "/crmapi/rest/v2/authentication/web_api_key/token", Body::Read, 200),
    with_key(route("tokenlogin", "POST", "/api/v1/Authentication/Login", Body::Read, 400)),
    with_key(route("tokenlogin", "POST", "/api/v1/Authentication/TokenLogin", Body::Read, 400)),
    with_key(route("tokenlogin", "POST", "/api/v1/Authentication/Logout", Body::Ignored, 401)),
    with_key(route("tokenlogin", "POST", "/api/v1/Authentication/RequestPasswordReset", Body::Read, 400)),
    with_key(route("tokenlogin", "POST", "/api/v1/Authentication/FinishPasswordReset", Body::Read, 400)),
    with_key(route("tokenlogin", "GET", "/api/v1/Users/Me", Body::Ignored, 401)),
    with_key(route("tokenlogin", "GET", "/api/v1/Company", Body::Ignored, 401)),
    route("memsource", "GET", "/web/api/v2/auth/login", Body::Ignored, 400),
    route("memsource", "POST", "/web/api/v2/auth/login", Body::Read, 400),
    route("memsource", "GET", "/web/api/v3/auth/login", Body::Ignored, 400),
    route("memsource", "POST", "/web/api/v3/auth/login", Body::Read, 400),
    route("memsource", "GET", "/web/api/v3/auth/loginOther", Body::Ignored, 401),
    route("memsource", "POST", "/web/api/v3/auth/loginOther", Body::Read, 401),
    route("memsource", "GET", "/web/api/v3/auth/logout", Body::Ignored, 401),
    route("memsource", "POST", "/web/api/v3/auth/logout", Body::Read, 401),
    route("memsource", "GET", "/web/api/v3/auth/whoAmI", Body::Ignored, 401),
    route("memsource", "POST", "/web/api/v3/auth/whoAmI", Body::Read, 401),
    route("memsource", "POST", "/web/api2/v1/auth/login", Body::JsonOnly, 400),
    route("memsource", "POST", "/web/api2/v3/auth/login", Body::JsonOnly, 400),
    route("memsource", "POST", "/web/api2/v1/auth/loginToSession", Body::JsonOnly, 400),
    route("memsource", "POST", "/web/api2/v3/auth/loginToSession", Body::JsonOnly, 400),
    route("memsource", "POST", "/web/api2/v1/auth/loginOther", Body::JsonOnly, 401),
    route("memsource", "POST", "/web/api2/v3/auth/loginOther", Body::JsonOnly, 401),
    route("memsource", "POST", "/web/api2/v1/auth/logout", Body::Ignored, 401),
    route("memsource", "GET", "/web/api2/v1/auth/whoAmI", Body::Ignored, 401),
    route("memsource", "GET", "/web/login/authByToken", Body::Ignored, 401),
];

/// Every route.
pub(crate) fn every_route() -> impl Iterator<Item = Route> {
    ROUTES.iter().chain(OPEN).copied()
}

/// The routes of a dialect.
pub(crate) fn routes_of(dialect: &str) -> impl Iterator<Item = Route> {
    every_route().filter(move |route| route.dialect == dialect)
}

impl Route {
    /// Whether it grants whatever name it is given, and tells nobody whether there is such a user.
    pub(crate) fn takes_any_name(&self) -> bool {
        self.path == "/v2/auth-forgot"
    }

    /// Path and query, with `query` behind the route's own.
    pub(crate) fn target(&self, query: &[u8]) -> Vec<u8> {
        let parts = [self.query.as_bytes(), query];
        let query = parts.into_iter().filter(|part| !part.is_empty());
        let mut target = self.path.as_bytes().to_vec();
        for (index, part) in query.enumerate() {
            target.push(if index == 0 { b'?' } else { b'&' });
            target.extend_from_slice(part);
        }
        target
    }

    /// The request as the wire has it. A `Content-Length` is the caller's to give.
    pub(crate) fn message(&self, query: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
        message(self.method, &self.target(query), head, body)
    }

    /// Sends lines of a head (each with its line end) and a body with its length, and reads the answer.
    pub(crate) fn send(
        &self,
        authority: SocketAddr,
        head: impl AsRef<[u8]>,
        body: impl AsRef<[u8]>,
    ) -> Result<Response> {
        let (head, body) = (head.as_ref(), body.as_ref());
        let length = format!("Content-Length: {}\r\n", body.len());
        let head = [head, length.as_bytes()].concat();
        roundtrip(&authority.to_string(), &self.message(b"", &head, body))
    }

    /// Asserts the dialect's own refusal, with that status if the route reads bodies and the dialect has
    /// more than one.
    pub(crate) fn assert_refused(&self, what: &str, status: u16, response: &Result<Response>) {
        let status = match (self.dialect, self.body) {
            ("crmcom", _) => 200,
            (_, Body::Read | Body::JsonOnly) => status,
            (_, Body::Ignored) => self.bare,
        };
        self.assert_refused_with(what, &[status], response);
    }

    /// Asserts the dialect's own refusal, with one of these statuses.
    pub(crate) fn assert_refused_with(
        &self,
        what: &str,
        statuses: &[u16],
        response: &Result<Response>,
    ) {
        let Route {
            dialect,
            method,
            path,
            ..
        } = self;
        let what = format!("{what} to {method} {path}");
        let response = response
            .as_ref()
            .unwrap_or_else(|failure| panic!("{what}: {failure}"));
        let came = refusal::shown(response);
        assert_eq!(refusal::check(dialect, response), Ok(()), "{what}: {came}");
        let more: &[u16] = match self.body {
            Body::JsonOnly => &[400, 401, 415],
            Body::Read | Body::Ignored => &[],
        };
        assert!(
            statuses.contains(&response.status) || more.contains(&response.status),
            "{what}: expected {statuses:?}, came {came}"
        );
    }
}

/// A request to any target, with `Host` and `Connection: close`.
pub(crate) fn message(method: &str, target: &[u8], head: &[u8], body: &[u8]) -> Vec<u8> {
    [
        method.as_bytes(),
        b" ",
        target,
        b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
        head,
        b"\r\n",
        body,
    ]
    .concat()
}
