//! Hostile clients and proxies at the level of connections.

mod behind_nginx;
mod connection_limit;
mod connection_probes;
mod management_listener;
mod nginx;
mod request_smuggling;
mod slow_clients;
mod unlisted;

use isogloss_testkit::dialects::dialects;
use isogloss_testkit::{Builder, Gateway};

/// Returns a builder for a gateway with short time-outs that logs each request.
fn impatient() -> Builder {
    let mut builder = Gateway::builder(crate::PROGRAM);
    for (key, value) in [
        ("SERVER__KEEP_ALIVE", "1s"),
        ("SERVER__HEAD_TIMEOUT", "1s"),
        ("SERVER__BODY_TIMEOUT", "1s"),
        ("LOGGING__LEVEL", "debug"),
    ] {
        builder = builder.env(format!("ISOGLOSS__{key}"), value);
    }
    builder
}

/// Checks that new clients are served, in every dialect.
fn assert_served(gateway: &Gateway) {
    for dialect in dialects() {
        let login = dialect.login(gateway.public(), "admin", "admin-demo");
        let (response, token) = login.unwrap();
        assert!(token.is_some(), "{}: {response:?}", dialect.name);
    }
}
