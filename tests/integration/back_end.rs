//! Calls that go on to the back end of a dialect: forged ones, back ends that fail, long bodies, and the habits of
//! clients.

mod faults;
mod forged;
mod habits;
mod streams;

use std::fmt::Write as _;

use isogloss_testkit::dialects::{Carried, Dialect, HeldToken, TokenKind, dialect, dialects};
use isogloss_testkit::{BackEndServer, Builder, Gateway, RecordedRequest, Request, Response, Step};

/// The headers that tell a back end the identity of a call, of which each is always there.
pub(crate) const IDENTITY_HEADERS: [&str; 17] = [
    "X-Isogloss-User",
    "X-Isogloss-User-Name",
    "X-Isogloss-User-Number",
    "X-Isogloss-Email",
    "X-Isogloss-Organisation",
    "X-Isogloss-Organisation-Id",
    "X-Isogloss-Unit",
    "X-Isogloss-Role",
    "X-Isogloss-Dialect",
    "X-Isogloss-Client",
    "X-Isogloss-Application",
    "X-Isogloss-Team",
    "X-Isogloss-Project",
    "X-Isogloss-Claimed-Project",
    "X-Isogloss-Actor",
    "X-Isogloss-Expires",
    "X-Isogloss-Jwt",
];

/// What a test sets of every dialect, as lines of TOML.
#[derive(Default)]
struct Settings<'a> {
    /// In `[dialects.D]`.
    dialect: &'a str,
    /// In `[dialects.D.proxy]`.
    proxy: &'a str,
}

/// A gateway whose dialects have one back end.
struct Site {
    gateway: Gateway,
    back_end: BackEndServer,
}

impl Site {
    fn start(
        settings: &Settings<'_>,
        script: impl Fn(&RecordedRequest) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let back_end = BackEndServer::start(script).unwrap();
        Self::with(back_end, settings, |builder| builder)
    }

    /// Starts the gateway that `change` returns, for a back end that has started.
    fn with(
        back_end: BackEndServer,
        settings: &Settings<'_>,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let builder = Gateway::builder(crate::PROGRAM);
        let builder = builder.config_text(relays_to(&back_end.url(), settings));
        let gateway = change(builder).start().unwrap();
        Self { gateway, back_end }
    }

    /// Logs the user in through a dialect.
    fn log_in(&self, dialect: &Dialect, user: &str) -> HeldToken {
        let login = dialect.login(self.gateway.public(), user, &format!("{user}-demo"));
        let (response, token) = login.unwrap();
        let kind = dialect.kinds().next().unwrap();
        HeldToken {
            kind: TokenKind::of(dialect.name, kind.name),
            text: token.unwrap_or_else(|| panic!("{}: {}", dialect.name, response.text())),
            client: String::new(),
        }
    }

    /// Checks that logins succeed in every dialect.
    fn assert_logins_succeed(&self) {
        for dialect in dialects() {
            self.log_in(dialect, "sample");
        }
    }

    fn send(&self, request: &Request) -> Response {
        request.send(self.gateway.public()).unwrap()
    }

    /// Returns the requests that arrived at the back end with that text in their heads.
    fn arrived(&self, text: &str) -> Vec<RecordedRequest> {
        let mut requests = self.back_end.requests();
        requests.retain(|request| request.text().contains(text));
        requests
    }

    /// Returns the only request that arrived at the back end with that text in its head.
    fn only(&self, text: &str) -> RecordedRequest {
        let mut requests = self.arrived(text);
        assert_eq!(requests.len(), 1, "{text}: {requests:?}");
        requests.remove(0)
    }
}

/// Returns the settings that send the calls of every dialect to the back end at `url`.
fn relays_to(url: &str, settings: &Settings<'_>) -> String {
    let mut text = String::new();
    for Dialect { name, .. } in dialects() {
        writeln!(text, "[dialects.{name}]\nbackend = \"{url}\"").unwrap();
        writeln!(text, "{}\n[dialects.{name}.proxy]", settings.dialect).unwrap();
        writeln!(text, "{}", settings.proxy).unwrap();
    }
    text
}

/// Returns a path of the dialect for which the gateway has no route, with `name` at its end.
fn path(dialect: &Dialect, name: &str) -> String {
    format!("{}/elsewhere/{name}", dialect.mount)
}

/// Returns the name that [`path`] has put at the end of the path of a request.
fn name_of(request: &RecordedRequest) -> String {
    let target = request.target();
    let path = target.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Returns a request with a token where clients of the dialect usually put it.
fn call(held: &HeldToken, method: &str, name: &str) -> Request {
    carry(
        &held.carried()[0],
        method,
        &path(&dialect(held.kind.dialect), name),
    )
}

/// Returns a request with a token in that place.
fn carry(carried: &Carried, method: &str, path: &str) -> Request {
    match carried {
        Carried::Header(name, value) => Request::new(method, path).header(name, value),
        Carried::Query(query) => Request::new(method, format!("{path}?{query}")),
    }
}
