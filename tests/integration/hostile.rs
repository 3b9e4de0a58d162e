//! Every request to a dialect's route is refused in the dialect's format, and does no harm.

mod bodies;
mod body_size;
mod documented_requests;
mod error_shape;
mod headers;
mod media_types;
mod methods;
mod mutated_requests;
mod properties;
mod readme_routes;
mod routes;
mod security_headers;
mod slow_body;
mod strategies;
mod tokens;
mod too_many_parts;
mod user_names;

use isogloss_testkit::Gateway;
use isogloss_testkit::dialects::dialects;

use self::routes::ROUTES;

fn gateway() -> Gateway {
    Gateway::builder(crate::PROGRAM).start().unwrap()
}

#[test]
fn every_dialect_has_its_routes_here() {
    for dialect in dialects() {
        let name = dialect.name;
        assert!(
            ROUTES.iter().any(|route| route.dialect == name),
            "crates/{name}/testing.toml has no route: see docs/adding-a-dialect.md"
        );
    }
}

/// Checks that valid logins still work, and that the log has no panic and no internal error.
fn assert_unharmed(gateway: &mut Gateway) {
    for dialect in dialects() {
        let (response, token) = dialect
            .login(gateway.public(), "admin", "admin-demo")
            .unwrap();
        assert!(
            token.is_some(),
            "{} after all that: {response:?}",
            dialect.name
        );
    }
    assert!(gateway.terminate().unwrap().success());
    for line in gateway.log() {
        let bad = line.contains("panic") || line.contains("\"ERROR\"");
        assert!(!bad, "{line}");
    }
}
